//! The people of a town as a load: where they walk, where they are lured to, what they want.

use consent_gate::ConsentEvent;
use model::{Millis, Timestamp};
use spatial_index::Shape;
use town::{Outing, PersonNo, Troubles, Want, Wish};
use wire::Topics;

use crate::hostile::{self, Aim, Hostile};
use crate::load::letter::Written;
use crate::load::schedule::Schedule;
use crate::load::script::{Changes, Instant, Phones, Said, mixed};
use crate::world::World;

/// The hour of the town's first day at which everybody is out.
const OUT_AT: Millis = Millis::from_hours(10);
/// Messages for which somebody stays where they were lured to.
const N_LURED: u64 = 6;

/// Bad messages come from a phone of their own, and what is a fix after all lies where no town is:
/// they change nothing for the honest one.
const HOSTILE_DEVICE: &str = "hostile";
const NOWHERE: (f64, f64) = (-48.9, -123.4);

/// Longer than any run.
const PAUSE_LASTS: Millis = Millis::from_hours(48);

/// People of a world, in the time of a run.
pub(crate) struct Townsfolk<'w> {
    world: &'w World,
    topics: Topics,
    troubles: Troubles,
    seed: u64,
    lures: Vec<Lure>,
    /// Of a thousand messages, how many are followed by a bad one.
    hostile_per_mille: u64,
}

/// What draws people away from their ways.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Lure {
    /// The middle of a fence, in degrees.
    pub(crate) centre: (f64, f64),
    /// Whose fence it is.
    pub(crate) merchant: usize,
    /// How many in a thousand are drawn.
    pub(crate) per_mille: u64,
    pub(crate) when: When,
}

/// When somebody is drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum When {
    /// All together.
    At { ns: u64 },
    /// Each at a time of their own, between two of their messages; they take everything back as
    /// they come in.
    EachWithin { rounds: (u64, u64) },
}

impl<'w> Townsfolk<'w> {
    pub(crate) fn new(world: &'w World, topics: Topics, troubles: Troubles, seed: u64) -> Self {
        Self { world, topics, troubles, seed, lures: Vec::new(), hostile_per_mille: 0 }
    }

    pub(crate) fn lured_by(self, lures: Vec<Lure>) -> Self {
        Self { lures, ..self }
    }

    pub(crate) fn with_hostile(self, hostile_per_mille: u64) -> Self {
        Self { hostile_per_mille, ..self }
    }

    pub(crate) const fn world(&self) -> &'w World {
        self.world
    }

    /// A round fence that a crowd can be drawn to.
    pub(crate) fn lure(world: &World, seed: u64, per_mille: u64, when: When) -> Option<Lure> {
        let fences = world.fences();
        let first = mixed(seed) as usize % fences.len().max(1);
        let round = fences.iter().cycle().skip(first).take(fences.len());
        round.into_iter().find_map(|fence| {
            let Shape::Circle { center, .. } = &fence.shape else { return None };
            let merchants = world.town.merchants().iter();
            let merchant =
                merchants.enumerate().find(|(_, of)| Some(&of.id) == fence.facts.merchant.as_ref());
            Some(Lure { centre: (center.lat(), center.lng()), merchant: merchant?.0, per_mille, when })
        })
    }

    /// What everybody wants during the run: a share of them something that they mostly take back
    /// before it is over, and those who race to the door to be left alone.
    pub(crate) fn changes(&self, schedule: &Schedule, wishes_per_mille: u64) -> Changes {
        let n = self.world.n_people();
        let mut changes = Changes::new(n);
        for customer in 0..n {
            if self.draw(customer, 1) % 1_000 < wishes_per_mille {
                self.wish(customer, schedule, &mut changes);
            }
            for (no, lure) in (0..).zip(&self.lures) {
                if let Some(round) = self.race_round(customer, no, lure) {
                    let wish = Wish { at: Timestamp::MIN, merchant: lure.merchant, what: Want::Withdraw };
                    // Right behind the fix that comes in, or the one after it.
                    changes.add(customer, round + 1 + self.draw(customer, 3) % 2, wish);
                }
            }
        }
        changes
    }

    fn wish(&self, customer: u32, schedule: &Schedule, changes: &mut Changes) {
        let messages: Vec<u64> = schedule.messages_of(customer).collect();
        let lasts = Millis::new((schedule.lasts_s() * 1_000.0) as i64);
        // The town's wishes come in slots: begun at one, the run holds a whole one.
        let from_ms = (self.out_at().unix_ms() / lasts.ms() + 1) * lasts.ms();
        let from = Timestamp::from_unix_ms(from_ms);
        for wish in self.world.town.wishes(PersonNo(customer), from, from + lasts, lasts) {
            let at_ns = wish.at.since(from).ms() as u64 * 1_000_000;
            let place = messages.partition_point(|k| schedule.due_ns(*k) < at_ns);
            let Some(k) = messages.get(place) else { continue };
            let wish = Wish { at: Timestamp::MIN, ..wish };
            if let Want::Pause { until } = wish.what {
                // It ends by a word and not by itself: whether a late server looked before or after
                // the instant at which it was over, nobody outside could know.
                let until_ns = until.since(from).ms().max(0) as u64 * 1_000_000;
                let ends = messages.partition_point(|k| schedule.due_ns(*k) < until_ns).max(place + 1);
                let resumed = Wish { what: Want::Resume, ..wish };
                if let Some(k) = messages.get(ends) {
                    changes.add(customer, schedule.round(*k), resumed);
                }
            }
            changes.add(customer, schedule.round(*k), wish);
        }
    }

    /// Where somebody is lured to at an instant.
    fn lured(&self, customer: u32, at: Instant) -> Option<(f64, f64)> {
        let lured = |(no, lure): (u64, &Lure)| {
            let (is_there, centre) = match lure.when {
                When::At { ns } => {
                    let is_drawn = self.draw(customer, 10 + no) % 1_000 < lure.per_mille;
                    (is_drawn && ns <= at.due_ns && at.due_ns < ns + N_LURED * 1_000_000_000, lure.centre)
                }
                When::EachWithin { .. } => {
                    let from = self.race_round(customer, no, lure);
                    (from.is_some_and(|from| (from..from + N_LURED).contains(&at.round)), lure.centre)
                }
            };
            // A step from fix to fix, or they would be one and the same.
            let step = 1e-6 * (1 + at.round % 7) as f64;
            is_there.then_some((centre.0 + step, centre.1 - step))
        };
        (0..).zip(&self.lures).find_map(lured)
    }

    fn race_round(&self, customer: u32, no: u64, lure: &Lure) -> Option<u64> {
        let When::EachWithin { rounds: (first, last) } = lure.when else { return None };
        let is_drawn = self.draw(customer, 10 + no) % 1_000 < lure.per_mille;
        is_drawn.then(|| first + self.draw(customer, 20 + no) % (last - first).max(1))
    }

    fn draw(&self, customer: u32, purpose: u64) -> u64 {
        mixed(mixed(self.seed ^ purpose.wrapping_mul(0x9E37_79B9)) ^ u64::from(customer))
    }

    fn out_at(&self) -> Timestamp {
        self.world.town.midnight_at() + OUT_AT
    }
}

impl<'w> Phones for Townsfolk<'w> {
    type Phone = Outing<'w>;

    fn phone(&self, customer: u32) -> Outing<'w> {
        self.world.town.outing(PersonNo(customer), self.out_at(), &self.troubles)
    }

    fn says(&self, phone: &mut Outing<'w>, at: Instant, said: &mut Said) {
        let town_at = self.out_at() + Millis::new((at.due_ns / 1_000_000) as i64);
        said.scratch.clear();
        phone.message(town_at, &mut said.scratch);
        if !self.lures.is_empty()
            && let Some((lat, lng)) = self.lured(phone.person().0, at)
        {
            said.fixes.push(Written::simple(at.wall_ms, lat, lng));
            return;
        }
        let later_ms = at.wall_ms - town_at.unix_ms();
        said.fixes.extend(said.scratch.iter().map(|fix| Written::of(fix).later(later_ms)));
    }

    fn hostile(&self, customer: u32, k: u64, at: Instant) -> Option<(String, Vec<u8>)> {
        if self.hostile_per_mille <= mixed(self.seed ^ mixed(k)) % 1_000 {
            return None;
        }
        let (lat, lng) = NOWHERE;
        let customer = self.world.customer(PersonNo(customer)).as_str();
        let (device, now_ms) = (HOSTILE_DEVICE, at.wall_ms);
        let aim = Aim { topics: &self.topics, customer, device, lat, lng, now_ms };
        let Hostile { topic, payload, .. } = hostile::pick(self.seed, k, &aim);
        Some((topic, payload))
    }

    fn consents(&self, customer: u32, wish: &Wish, at: Instant) -> (String, Vec<ConsentEvent>) {
        let person = PersonNo(customer);
        let wall = Timestamp::from_unix_ms(at.wall_ms);
        let mut wish = Wish { at: wall, ..*wish };
        if let Want::Pause { until } = &mut wish.what {
            *until = wall + PAUSE_LASTS;
        }
        let topic = self.topics.consent(self.world.customer(person).as_str());
        (topic, self.world.consents(person, &wish))
    }
}
