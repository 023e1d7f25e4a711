//! What customers say about themselves.

use chrono_tz::Tz;

/// What a customer declared.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Profile {
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
