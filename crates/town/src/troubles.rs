//! What goes wrong with phones, and how often.

use crate::chance::Chance;

/// How often each trouble begins, in 10,000 fixes of one phone; `skew` is of 10,000 phones.
///
/// A fix has at most one trouble, so all of them together are at most 10,000.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Troubles {
    /// A fix lies some 200 m off and claims 2 m.
    pub liar: u16,
    /// For one to three fixes the phone believes that it is where it was long ago, 300 m to 2 km
    /// off; every other time it claims to be sure.
    pub cold_start: u16,
    /// No way out for one to three minutes: fixes are taken, kept, and handed over at its end.
    pub tunnel: u16,
    /// A fix is handed over 15 to 115 s later, with the fix of that time.
    pub late: u16,
    /// A fix is handed over again with the next one.
    pub twice: u16,
    /// A fix is handed over behind the next one.
    pub out_of_order: u16,
    /// A fix is made up by a developer tool, and says so.
    pub mock: u16,
    /// A phone's clock is wrong, by up to half a minute or, every other one, by up to five.
    pub skew: u16,
}

impl Troubles {
    /// None at all.
    #[must_use]
    pub const fn none() -> Self {
        Self { liar: 0, cold_start: 0, tunnel: 0, late: 0, twice: 0, out_of_order: 0, mock: 0, skew: 0 }
    }

    /// As often as in a town where nothing special happens.
    #[must_use]
    pub const fn usual() -> Self {
        Self {
            liar: 20,
            cold_start: 10,
            tunnel: 5,
            late: 90,
            twice: 70,
            out_of_order: 50,
            mock: 5,
            skew: 300,
        }
    }
}

/// What goes wrong with one fix.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Trouble {
    Liar,
    ColdStart,
    Tunnel,
    Late,
    Twice,
    OutOfOrder,
    Mock,
}

impl Troubles {
    /// What a draw brings to a fix, if anything.
    pub(crate) fn befall(self, draw: u64) -> Option<Trouble> {
        let shares = [
            (self.liar, Trouble::Liar),
            (self.cold_start, Trouble::ColdStart),
            (self.tunnel, Trouble::Tunnel),
            (self.late, Trouble::Late),
            (self.twice, Trouble::Twice),
            (self.out_of_order, Trouble::OutOfOrder),
            (self.mock, Trouble::Mock),
        ];
        let mut left = ((draw >> 32) * 10_000) >> 32;
        for (share, trouble) in shares {
            if left < u64::from(share) {
                return Some(trouble);
            }
            left -= u64::from(share);
        }
        None
    }

    /// How far a phone's clock runs ahead, in milliseconds; for every other wrong one by little.
    pub(crate) fn skew_ms(self, chance: &mut Chance) -> i64 {
        let wrong = self.befalls_phone(chance);
        let most_ms = if chance.once_in(2.0) { 30_000.0 } else { 300_000.0 };
        let skew_ms = chance.between(-most_ms, most_ms) as i64;
        if wrong { skew_ms } else { 0 }
    }

    fn befalls_phone(self, chance: &mut Chance) -> bool {
        chance.below(10_000) < usize::from(self.skew)
    }
}
