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
    /// Where it is in force: ISO 3166-2 such as `US-WA`, a whole country such as `US`, a country where the
    /// region is unknown, `US-?`, or [`RingLaw::EVERYWHERE`].
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
    /// The region of a law that is in force everywhere.
    pub const EVERYWHERE: &'static str = "*";

    /// Whether it may bind a fence near a place.
    ///
    /// Where the region of both is unknown every law may. A known country leaves those of its regions;
    /// one region that is known is that of both, for they lie beside each other, and two regions on
    /// either side of a border bind both.
    pub(crate) fn binds(&self, fence: &FenceFacts, place: &Place) -> bool {
        if !place.category.is_kind_of(self.category) || self.leaves_alone(fence.merchant.as_ref(), place) {
            return false;
        }
        if *self.region == *Self::EVERYWHERE {
            return true;
        }
        let both = [fence, &place.fence.facts];
        let mut regions = both.into_iter().filter_map(|facts| facts.region.as_deref()).peekable();
        let is_of_country = !self.region.contains('-');
        if regions.peek().is_some() && !is_of_country {
            return regions.any(|region| region == &*self.region);
        }
        let country = country_of(&self.region);
        let of_regions = regions.map(country_of);
        let said = both.into_iter().filter_map(|facts| facts.country.as_deref());
        let mut countries = of_regions.chain(said).peekable();
        countries.peek().is_none() || countries.any(|known| known == country)
    }

    fn leaves_alone(&self, merchant: Option<&MerchantId>, place: &Place) -> bool {
        self.own_allowed && merchant.is_some() && merchant == place.operator.as_ref()
    }
}

fn country_of(region: &str) -> &str {
    region.split_once('-').map_or(region, |(country, _)| country)
}

#[cfg(test)]
mod tests;
