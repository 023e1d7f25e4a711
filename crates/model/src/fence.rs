//! What is known of a fence apart from its shape.

use alloc::boxed::Box;
use alloc::vec::Vec;

use crate::{FenceId, MerchantId, Meters};

/// An IANA time zone name as written in a fence file, such as `America/Chicago`.
///
/// Whoever makes one has looked it up in the zone database.
pub type TimeZoneName = Box<str>;

/// Facts about one fence, held beside the index under the same number.
#[derive(Clone, Debug, PartialEq)]
pub struct FenceFacts {
    /// Stable across versions of the set.
    pub id: FenceId,
    /// The store's public name; the id when the file gives none.
    pub name: Box<str>,
    /// Whose fence it is; a fence without a merchant matches but offers nothing.
    pub merchant: Option<MerchantId>,
    /// Labels that offers choose fences by, sorted.
    pub tags: Vec<Box<str>>,
    /// The zone whose wall clock hangs in the store.
    pub tz: Option<TimeZoneName>,
    /// ISO 3166-1 alpha-2.
    pub country: Option<Box<str>>,
    /// ISO 3166-2, such as `US-TX`.
    pub region: Option<Box<str>>,
    /// OSM opening hours, as written.
    pub opening_hours: Option<Box<str>>,
    /// Of a circle its radius, of any other shape sqrt(area / pi).
    pub radius: Meters,
}
