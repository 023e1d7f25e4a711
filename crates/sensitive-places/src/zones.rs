//! Hard zones: where a fix is dropped before anybody compares it with a fence.
//!
//! A second directory holds every footprint padded by the most that a zone can reach. It is asked for
//! every position beside the directory of fences; only the few positions that it finds take the exact
//! distance.

use std::fmt;

use model::{FenceNo, Meters, Position};
use spatial_index::{Hits, Index, IndexBytes, RADIUS_MAX, Shape};

use crate::BuildError;

/// How far a zone reaches beyond a footprint.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Margins {
    /// Always.
    pub buffer: Meters,
    /// Of a fix's accuracy at most so much is added.
    pub accuracy_cap: Meters,
}

impl Default for Margins {
    fn default() -> Self {
        Self { buffer: Meters(75.0), accuracy_cap: Meters(200.0) }
    }
}

impl Margins {
    /// How far the zone reaches for a fix of some accuracy.
    ///
    /// The distance to a polygon may come out 1 mm + 0.01 % too large; that much is added, so that no fix
    /// within a zone counts as outside.
    fn reach_m(self, accuracy: Meters) -> f64 {
        let reach_m = self.buffer.0 + accuracy.0.min(self.accuracy_cap.0);
        reach_m * 1.000_1 + 0.001
    }

    /// Further no zone reaches.
    fn reach_max(self) -> Meters {
        Meters(self.reach_m(self.accuracy_cap) + 0.01)
    }
}

/// The hard zones of all places. `Debug` shows no coordinate.
pub struct Zones {
    footprints: Index,
    padded: Index,
    /// Of each padded shape the number of its footprint.
    owners: Vec<FenceNo>,
    margins: Margins,
}

/// Which positions of a batch are hidden; its memory is used again.
#[derive(Debug, Default)]
pub struct Asked {
    hits: Hits,
    hidden: Vec<bool>,
}

impl Asked {
    /// Whether the i-th position of the batch lies in a zone.
    ///
    /// # Panics
    /// When the batch had no i-th position.
    #[must_use]
    pub fn is_hidden(&self, i: usize) -> bool {
        self.hidden[i]
    }

    /// The numbers of the positions that lie in a zone.
    pub fn hidden(&self) -> impl Iterator<Item = usize> {
        self.hidden.iter().enumerate().filter(|(_, hidden)| **hidden).map(|(i, _)| i)
    }
}

impl Zones {
    /// The zones of some footprints.
    ///
    /// # Errors
    /// A footprint that is none, or so large that no index takes its zone; more than an index can hold.
    pub fn build(footprints: Vec<Shape>, margins: Margins) -> Result<Self, BuildError> {
        let by = margins.reach_max();
        let (mut padded, mut owners) = (Vec::with_capacity(footprints.len()), Vec::new());
        for (place, footprint) in (0..).map(FenceNo).zip(&footprints) {
            let shapes = footprint.padded(by);
            if shapes.iter().any(is_too_wide) {
                return Err(BuildError::TooWide { place: place.slot() });
            }
            owners.resize(owners.len() + shapes.len(), place);
            padded.extend(shapes);
        }
        Ok(Self { footprints: Index::build(footprints)?, padded: Index::build(padded)?, owners, margins })
    }

    /// Whether a position lies in a zone.
    #[must_use]
    pub fn hides(&self, position: Position, accuracy: Meters) -> bool {
        let mut near = Vec::new();
        self.padded.match_one(position, &mut near);
        self.is_within(&near, position, accuracy)
    }

    /// The same for many positions with the accuracy of each; what was in `asked` is forgotten.
    pub fn ask(&self, positions: &[Position], accuracy: impl Fn(usize) -> Meters, asked: &mut Asked) {
        asked.hidden.clear();
        if self.is_empty() {
            asked.hidden.resize(positions.len(), false);
            return;
        }
        self.padded.match_batch(positions, &mut asked.hits);
        asked.hidden.extend(positions.iter().enumerate().map(|(i, position)| {
            let near = asked.hits.of(i);
            !near.is_empty() && self.is_within(near, *position, accuracy(i))
        }));
    }

    /// Whether the straight way between two positions comes near any zone, however inexact they are.
    #[must_use]
    pub fn is_met_between(&self, from: Position, to: Position) -> bool {
        let mut met = Vec::new();
        self.padded.crossed(from, to, &mut met);
        !met.is_empty()
    }

    /// How far zones reach.
    #[must_use]
    pub const fn margins(&self) -> Margins {
        self.margins
    }

    /// Whether there is no zone.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.owners.is_empty()
    }

    /// How much memory they take: the footprints, and the directory that is asked.
    #[must_use]
    pub fn bytes(&self) -> [IndexBytes; 2] {
        [self.footprints.bytes(), self.padded.bytes()]
    }

    pub(crate) const fn footprints(&self) -> &Index {
        &self.footprints
    }

    fn is_within(&self, near: &[FenceNo], position: Position, accuracy: Meters) -> bool {
        let reach_m = self.margins.reach_m(accuracy);
        let mut last = None;
        near.iter().any(|padded| {
            let place = self.owners[padded.slot()];
            // Boxes along one border stand side by side.
            last.replace(place) != Some(place)
                && self.footprints.distance_outside(place, position).0 <= reach_m
        })
    }
}

impl fmt::Debug for Zones {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Zones({} places)", self.footprints.len())
    }
}

fn is_too_wide(shape: &Shape) -> bool {
    match shape {
        Shape::Circle { radius, .. } => RADIUS_MAX < *radius,
        Shape::Polygons(_) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn zones(radius_m: f64) -> Result<Zones, BuildError> {
        let center = Position::new(30.0, -97.0).unwrap();
        Zones::build(vec![Shape::Circle { center, radius: Meters(radius_m) }], Margins::default())
    }

    /// So many metres north of the middle.
    fn hides(north_m: f64, accuracy_m: f64) -> bool {
        let position = Position::new(30.0 + north_m / 110_857.0, -97.0).unwrap();
        zones(100.0).unwrap().hides(position, Meters(accuracy_m))
    }

    #[test]
    fn a_zone_is_the_footprint_the_buffer_and_the_accuracy_up_to_its_cap() {
        assert!(hides(0.0, 5.0) && hides(170.0, 0.0) && !hides(180.0, 0.0));
        assert!(hides(220.0, 50.0) && !hides(230.0, 50.0));
        assert!(hides(370.0, 200.0) && !hides(380.0, 200.0));
        assert!(hides(370.0, 5_000.0) && !hides(380.0, 5_000.0), "more than the cap does not count");
    }

    #[test]
    fn a_way_that_leads_past_a_zone_is_met() {
        let zones = zones(100.0).unwrap();
        let at = |lat, lng| Position::new(lat, lng).unwrap();
        assert!(zones.is_met_between(at(29.9, -97.0), at(30.1, -97.0)));
        assert!(!zones.is_met_between(at(29.9, -97.1), at(30.1, -97.1)));
    }

    #[test]
    fn g07_a_place_as_large_as_a_region_is_refused() {
        assert!(zones(99_000.0).is_ok());
        let refused = zones(99_900.0).err();
        assert_eq!(refused, Some(BuildError::TooWide { place: 0 }));
    }

    #[test]
    fn without_places_nothing_is_hidden() {
        let zones = Zones::build(Vec::new(), Margins::default()).unwrap();
        let mut asked = Asked::default();
        zones.ask(&[Position::new(30.0, -97.0).unwrap()], |_| Meters(50.0), &mut asked);
        assert!(zones.is_empty() && !asked.is_hidden(0));
    }

    #[test]
    fn debug_shows_no_coordinate() {
        assert_eq!(format!("{:?}", zones(100.0).unwrap()), "Zones(1 places)");
    }
}
