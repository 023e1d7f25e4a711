//! What customers say about themselves.

use chrono_tz::Tz;

/// What a customer declared.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Profile {
    /// Where they live, as `US-WA`.
    pub residence: Option<String>,
    /// Where their number is from.
    pub phone_region: Option<String>,
    /// Where they are at home on the clock.
    pub tz: Option<Tz>,
    /// They are not of age.
    pub minor: bool,
    /// Stores that they like, by fence.
    pub favourites: Vec<u32>,
    /// Kinds of things that they care for.
    pub categories: Vec<String>,
    /// Groups that they belong to, by merchant.
    pub segments: Vec<(u32, String)>,
    /// How much they want to hear.
    pub dial: Dial,
}

/// Their word above every setting.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Dial {
    /// At most so many in 7 days.
    pub per_week: Option<u8>,
    /// Quiet from one minute of the day until another; may reach over midnight.
    pub quiet: Option<(u16, u16)>,
    /// Of these they want to hear nothing.
    pub muted_merchants: Vec<u32>,
    /// Nor of these.
    pub muted_fences: Vec<u32>,
}

impl Profile {
    /// What of it decides whether somebody may be seen and under whose law, if it says anything of that.
    pub(crate) fn bound(self) -> Option<Self> {
        let Self { residence, phone_region, minor, .. } = self;
        let is_there = minor || residence.is_some() || phone_region.is_some();
        is_there.then(|| Self { residence, phone_region, minor, ..Self::default() })
    }
}
