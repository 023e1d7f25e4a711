//! A rehearsal: weeks of people, offers and rules in virtual time, before anybody gets anything.
//!
//! The engine is the one that serves; only the people, their phones and the ledger are played. The
//! same script gives the same account, to the byte, on every machine.

mod account;
mod answers;
pub mod assumed;
mod faults;
mod gauge;
mod made_up;
mod premises;
mod stage;

use std::sync::Arc;

use engine::{House, Policy};
use model::{Millis, Timestamp};
use town::{Cast, CastFlaw, Casting};

pub use account::{Account, Count, Crew, OfferAccount};
pub use faults::{Fault, faults};
pub use gauge::Pressure;
pub use made_up::{made_up_fences, made_up_offers};
pub use premises::{BadDate, Monday, places};

/// What is to be played.
pub struct Script {
    /// Fences and offers.
    pub house: Arc<House>,
    /// The rules.
    pub policy: Policy,
    /// The day on which it begins, by each fence's own clock.
    pub monday: Monday,
    /// How long.
    pub n_days: u32,
    /// The people.
    pub casting: Casting,
}

impl Script {
    /// Plays it; `tell` hears after each day how many are over.
    ///
    /// # Errors
    /// When nobody can live where the fences are.
    pub fn play(&self, tell: &mut dyn FnMut(u32)) -> Result<Account, CastFlaw> {
        let places = places(&self.house, &self.monday);
        let begins_at = places.iter().map(|place| place.midnight_at).min().ok_or(CastFlaw::NoPlaces)?;
        let cast = Cast::gather(&self.casting, &places)?;
        let mut stage = stage::Stage::set(self, cast, begins_at);
        for day in 0..self.n_days {
            stage.play_until(day_after(begins_at, day));
            stage.end_day(begins_at, day);
            tell(day + 1);
        }
        Ok(stage.strike())
    }
}

fn day_after(begins_at: Timestamp, day: u32) -> Timestamp {
    begins_at + Millis::from_days(i64::from(day) + 1)
}

#[cfg(test)]
mod tests;
