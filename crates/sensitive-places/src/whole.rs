//! All sensitive places of an operator, with what follows from them.

use model::FenceNo;
use spatial_index::{Fence, Shape};
use thiserror::Error;

use crate::{Margins, Place, RingLaw, Rings, Standing, Zones};

/// Sensitive places with their zones and rings; published once and never changed.
#[derive(Debug)]
pub struct SensitivePlaces {
    places: Vec<Place>,
    zones: Zones,
    rings: Rings,
}

/// Why nothing was built of some places.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum BuildError {
    /// A circle that is no index's once it is padded.
    #[error("place {place} is too large for a zone of its own; draw it as a polygon")]
    TooWide {
        /// Its number, in the order of the places.
        place: usize,
    },
    /// A shape that is none, or too many of them.
    #[error(transparent)]
    Index(#[from] spatial_index::BuildError),
}

impl Default for SensitivePlaces {
    fn default() -> Self {
        let built = Self::build(Vec::new(), Margins::default(), Vec::new());
        built.expect("no place at all makes no zone")
    }
}

impl SensitivePlaces {
    /// Zones and rings of places, under some laws. 2 us a circle.
    ///
    /// # Errors
    /// The first place of which no zone can be made.
    pub fn build(places: Vec<Place>, margins: Margins, laws: Vec<RingLaw>) -> Result<Self, BuildError> {
        let shapes: Vec<Shape> = places.iter().map(|place| place.shape().clone()).collect();
        let zones = Zones::build(shapes, margins)?;
        let rings = Rings::of(&places, laws);
        Ok(Self { places, zones, rings })
    }

    /// The places, in their order.
    #[must_use]
    pub fn places(&self) -> &[Place] {
        &self.places
    }

    /// Where fixes are dropped.
    #[must_use]
    pub const fn zones(&self) -> &Zones {
        &self.zones
    }

    /// What the rings make of a fence; none when it lies in no ring.
    #[must_use]
    pub fn standing(&self, fence: &Fence) -> Option<Standing> {
        self.rings.standing(fence, &self.places, self.zones.footprints())
    }

    /// The law and the place of a standing.
    ///
    /// # Panics
    /// When the standing is not of these places.
    #[must_use]
    pub fn reason(&self, standing: Standing) -> (&RingLaw, &Place) {
        let (law, place) = standing.law_and_place();
        (&self.rings.laws()[law], &self.places[place])
    }

    /// Whether these are the same places under the same laws, with zones as far.
    #[must_use]
    pub fn is_same(&self, other: &Self) -> bool {
        self.places == other.places
            && self.zones.margins() == other.zones.margins()
            && self.rings.laws() == other.rings.laws()
    }

    /// Metres from a place's footprint; 0 inside.
    ///
    /// # Panics
    /// When there is no such place.
    #[must_use]
    pub fn distance_outside(&self, place: usize, position: model::Position) -> model::Meters {
        let no = FenceNo(u32::try_from(place).expect("places are fewer than fences may be"));
        self.zones.footprints().distance_outside(no, position)
    }
}
