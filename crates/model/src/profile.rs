//! What a customer has said about themselves, and how much they want to hear.

use alloc::boxed::Box;
use alloc::vec::Vec;

use crate::{FenceId, Jurisdiction, MerchantId, TimeZoneName};

/// What a customer declared, and what a backend knows of them; nothing in it is inferred.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Profile {
    /// Language that they read, such as `de`.
    pub lang: Option<Box<str>>,
    /// Where they are at home on the clock.
    pub tz: Option<TimeZoneName>,
    /// They are not of age.
    pub minor: bool,
    /// Where they live, as a backend knows it.
    pub residence: Option<Jurisdiction>,
    /// Where their phone number is from, as a backend knows it.
    pub phone_region: Option<Jurisdiction>,
    /// Stores that they like, ascending.
    pub favourites: Vec<FenceId>,
    /// Kinds of things that they care for, ascending.
    pub categories: Vec<Box<str>>,
    /// Groups that they declared to a merchant, ascending.
    pub segments: Vec<(MerchantId, Box<str>)>,
    /// How much they want to hear.
    pub dial: Dial,
}

impl Profile {
    /// Entries of each of its lists at most.
    pub const ENTRIES_MAX: usize = 64;

    /// Whether it says nothing.
    #[must_use]
    pub fn is_blank(&self) -> bool {
        *self == Self::default()
    }

    /// Whether a store is one of their favourites.
    #[must_use]
    pub fn likes(&self, fence: &FenceId) -> bool {
        self.favourites.binary_search(fence).is_ok()
    }

    /// Whether they care for a category.
    #[must_use]
    pub fn cares_for(&self, category: &str) -> bool {
        self.categories.binary_search_by(|known| (**known).cmp(category)).is_ok()
    }

    /// Whether they declared to a merchant that they belong to any of some groups.
    #[must_use]
    pub fn belongs_to_any(&self, merchant: &MerchantId, segments: &[Box<str>]) -> bool {
        let of_merchant = self.segments.iter().filter(|(whom, _)| whom == merchant);
        of_merchant.into_iter().any(|(_, segment)| segments.contains(segment))
    }
}

/// The customer's own word, above every setting of a merchant.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Dial {
    /// At most so many in 7 days; 0 is none.
    pub per_week: Option<u8>,
    /// Quiet from one minute of the day until another, on the wall clock; may reach over midnight.
    pub quiet: Option<(u16, u16)>,
    /// Merchants of whom they want to hear nothing, ascending.
    pub muted_merchants: Vec<MerchantId>,
    /// Stores of which they want to hear nothing, ascending.
    pub muted_fences: Vec<FenceId>,
}

impl Dial {
    /// The most that the dial goes up to.
    pub const PER_WEEK_MAX: u8 = 5;

    /// Whether a merchant or a store is muted.
    #[must_use]
    pub fn mutes(&self, merchant: &MerchantId, fence: &FenceId) -> bool {
        self.muted_merchants.binary_search(merchant).is_ok() || self.muted_fences.binary_search(fence).is_ok()
    }
}
