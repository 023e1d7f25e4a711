//! What people want while they walk: to be left alone, to be asked again, to say what they think.

use model::{Millis, Timestamp};

use crate::chance::Chance;
use crate::{PersonNo, Town};

/// Something that a person wants at an instant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wish {
    /// When.
    pub at: Timestamp,
    /// Of which merchant: a place in [`Town::merchants`].
    pub merchant: usize,
    /// What.
    pub what: Want,
}

/// What a person can want.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Want {
    /// To hear no more and be seen no more.
    Withdraw,
    /// To be left alone for a while.
    Pause {
        /// Until when.
        until: Timestamp,
    },
    /// To be seen and to hear offers.
    Grant,
    /// To be no longer left alone.
    Resume,
    /// To be forgotten, by every merchant.
    Erase,
    /// To say what they think of the last offer they got.
    Feedback(Opinion),
}

/// What somebody makes of an offer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Opinion {
    /// Taps it.
    Opened,
    /// Wipes it away.
    Dismissed,
    /// Uses it.
    Redeemed,
    /// Does not care for it.
    NotRelevant,
    /// Hears too much.
    TooOften,
    /// Feels watched.
    Creepy,
}

impl Town {
    /// What a person wants from `from` until before `to`, about once in every `every`; by time.
    ///
    /// Two spans that touch give together what the span over both gives.
    pub fn wishes(
        &self,
        person: PersonNo,
        from: Timestamp,
        to: Timestamp,
        every: Millis,
    ) -> impl Iterator<Item = Wish> + '_ {
        let every_ms = every.ms().max(1);
        let slot_of = move |at: Timestamp| at.unix_ms().div_euclid(every_ms);
        let slots = slot_of(from)..=slot_of(to - Millis::new(1));
        let wishes = slots.flat_map(move |slot| self.wishes_in(person, slot, every_ms));
        wishes.filter(move |wish| from <= wish.at && wish.at < to)
    }

    /// What a person wants in one slot of time: once something, and later in it the contrary, maybe.
    fn wishes_in(&self, person: PersonNo, slot: i64, every_ms: i64) -> impl Iterator<Item = Wish> + use<> {
        let name = [self.plan.seed, 9, u64::from(person.0), slot.cast_unsigned(), every_ms.cast_unsigned()];
        let mut chance = Chance::of(&name);
        let begins_at = Timestamp::from_unix_ms(slot.saturating_mul(every_ms));
        let mut instant = |low: f64, high: f64| {
            begins_at + Millis::new((chance.between(low, high) * every_ms as f64) as i64)
        };
        let (first_at, then_at) = (instant(0.0, 0.5), instant(0.5, 1.0));
        let merchant = chance.below(self.merchants.len());
        let relents = chance.unit() < 0.8;
        let (first, then) = match chance.below(20) {
            0..7 => (Want::Withdraw, Some(Want::Grant)),
            7..11 => (Want::Pause { until: then_at }, None),
            11..13 => (Want::Pause { until: then_at + Millis::new(every_ms) }, Some(Want::Resume)),
            13 => (Want::Erase, Some(Want::Grant)),
            _ => (Want::Feedback(opinion(&mut chance)), None),
        };
        let then = then.filter(|_| relents).map(|what| Wish { at: then_at, merchant, what });
        [Some(Wish { at: first_at, merchant, what: first }), then].into_iter().flatten()
    }
}

fn opinion(chance: &mut Chance) -> Opinion {
    const OPINIONS: [Opinion; 6] = [
        Opinion::Opened,
        Opinion::Dismissed,
        Opinion::Redeemed,
        Opinion::NotRelevant,
        Opinion::TooOften,
        Opinion::Creepy,
    ];
    OPINIONS[chance.below(OPINIONS.len())]
}
