//! Laws that keep fences away from places.

use model::{FenceFacts, MerchantId, Meters};

use crate::{Category, Place};

/// A law that forbids fences round a kind of place.
#[derive(Clone, Debug, PartialEq)]
pub struct RingLaw {
    /// Its short name, such as `GF-WA`.
    pub id: Box<str>,
    /// Where it is written.
    pub citation: Box<str>,
    /// Where it is in force, ISO 3166-2 such as `US-WA`.
    pub region: Box<str>,
    /// The places that it protects, and their kinds.
    pub category: Category,
    /// How far.
    pub meters: Meters,
    /// From where.
    pub from: MeasuredFrom,
    /// It leaves alone what a merchant does round a place of its own.
    pub own_allowed: bool,
}

/// Where a ring is measured from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MeasuredFrom {
    /// The footprint's border.
    Perimeter,
    /// The middle of a circle. A polygon has no middle that a law names: its border stands in.
    Centre,
}

impl RingLaw {
    /// Whether it may bind a fence near a place.
    ///
    /// Where the region of both is unknown every law may. A known country leaves those of its regions;
    /// one region that is known is that of both, for they lie beside each other, and two regions on
    /// either side of a border bind both.
    pub(crate) fn binds(&self, fence: &FenceFacts, place: &Place) -> bool {
        if !place.category.is_kind_of(self.category) || self.leaves_alone(fence.merchant.as_ref(), place) {
            return false;
        }
        let both = [fence, &place.fence.facts];
        let mut regions = both.into_iter().filter_map(|facts| facts.region.as_deref()).peekable();
        if regions.peek().is_some() {
            return regions.any(|region| region == &*self.region);
        }
        let country = self.region.split('-').next();
        let mut countries = both.into_iter().filter_map(|facts| facts.country.as_deref()).peekable();
        countries.peek().is_none() || countries.any(|known| Some(known) == country)
    }

    fn leaves_alone(&self, merchant: Option<&MerchantId>, place: &Place) -> bool {
        self.own_allowed && merchant.is_some() && merchant == place.operator.as_ref()
    }
}

/// The laws as far as they are known here; the operator's rules may tell others.
#[must_use]
pub fn statutory() -> Vec<RingLaw> {
    let law = |id: &str, citation: &str, region: &str, category, meters, from| RingLaw {
        id: id.into(),
        citation: citation.into(),
        region: region.into(),
        category,
        meters: Meters(meters),
        from,
        own_allowed: region == "US-NY",
    };
    let mut laws = vec![
        law("GF-WA", "RCW 19.373.080", "US-WA", Category::Health, 609.6, MeasuredFrom::Perimeter),
        law("GF-NY", "GBL 394-g", "US-NY", Category::Health, 563.9, MeasuredFrom::Centre),
        law("GF-NV", "SB 370 (2023)", "US-NV", Category::Health, 609.6, MeasuredFrom::Perimeter),
        law("GF-CA", "Civ. Code 1798.99.90", "US-CA", Category::Health, 563.9, MeasuredFrom::Perimeter),
    ];
    for category in [Category::Mental, Category::Reproductive] {
        laws.push(law("GF-CT", "PA 23-56", "US-CT", category, 533.4, MeasuredFrom::Perimeter));
        laws.push(law("GF-MD", "MODPA", "US-MD", category, 533.4, MeasuredFrom::Perimeter));
    }
    laws
}
