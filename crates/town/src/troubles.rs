//! What goes wrong with phones, and how often.

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
