//! Lives for a rehearsal: weeks of people round given places, each after a persona.
//!
//! A life costs the same whatever the size of the world: it knows its own few places on a plane of
//! its own, goes in straight lines, and plans one day at a time.

mod day;
mod kind;
mod life;
mod made_up;
mod neighbourhood;

pub use kind::Persona;
pub use life::Life;
pub use made_up::{MadeUp, made_up};

use model::{Fix, Millis, Timestamp};

use crate::Shape;
use crate::chance::Chance;
use neighbourhood::Neighbourhood;

/// A store that people may visit.
#[derive(Clone, Debug)]
pub struct Place {
    /// Its fence; of several polygons all rings in one list.
    pub shape: Shape,
    /// How many offers call for it: people are drawn to where there are some.
    pub n_offers: u32,
    /// The first midnight by its clock; each day is 24 hours from there.
    pub midnight_at: Timestamp,
}

/// Who is to play.
#[derive(Clone, Copy, Debug)]
pub struct Casting {
    /// Chance.
    pub seed: u64,
    /// How many people.
    pub n_people: u32,
    /// All of them are of this persona; else one in twenty of each of the five and a mixed crowd.
    pub only: Option<Persona>,
    /// A fix so often while awake; else every 30 to 150 s in motion and every 300 s at rest.
    pub every: Option<Millis>,
}

/// Why nobody can live there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CastFlaw {
    /// There is no place to go to.
    NoPlaces,
    /// Every place is within 15 degrees of a pole or one of the antimeridian.
    OffTheMap,
}

impl CastFlaw {
    /// The flaw as a sentence.
    #[must_use]
    pub const fn text(self) -> &'static str {
        match self {
            Self::NoPlaces => "people need a fence to go to",
            Self::OffTheMap => {
                "people live within 75 degrees of the equator and not within a degree of the antimeridian"
            }
        }
    }
}

/// People, and when each of their phones reports next.
pub struct Cast {
    lives: Vec<Life>,
    /// Beside the lives, since all of them are looked through at every step.
    next_at: Vec<Timestamp>,
}

impl Cast {
    /// Settles people round places.
    ///
    /// # Errors
    /// Why nobody can live there.
    pub fn gather(casting: &Casting, places: &[Place]) -> Result<Self, CastFlaw> {
        let neighbourhood = Neighbourhood::of(places)?;
        let person = |no: u32| {
            let persona = casting.only.unwrap_or_else(|| Persona::of_a_crowd(no));
            let mut chance = Chance::of(&[casting.seed, 20, u64::from(no)]);
            let settled = neighbourhood.settle(persona, &mut chance);
            Life::begin(casting, no, persona, settled, chance)
        };
        let lives: Vec<Life> = (0..casting.n_people).map(person).collect();
        let next_at = lives.iter().map(Life::next_at).collect();
        Ok(Self { lives, next_at })
    }

    /// The people; their order is by number, as fixes name them.
    #[must_use]
    pub fn lives(&self) -> &[Life] {
        &self.lives
    }

    /// When the first phone reports next.
    #[must_use]
    pub fn next_at(&self) -> Option<Timestamp> {
        self.next_at.iter().copied().min()
    }

    /// Every fix that is taken before an instant, with the number of whose it is; by number, then
    /// by time.
    pub fn until(&mut self, until: Timestamp, mut tell: impl FnMut(usize, Fix)) {
        for (no, next_at) in self.next_at.iter_mut().enumerate() {
            while *next_at < until {
                let life = &mut self.lives[no];
                tell(no, life.report());
                *next_at = life.next_at();
            }
        }
    }
}

#[cfg(test)]
mod tests;
