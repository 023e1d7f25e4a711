//! Rings and polygons as callers give them, checked once.

use std::fmt;

use model::{Position, PositionFlaw};

use crate::area::polygon_area_m2;
use crate::plane::{Corner, Edge, Span, turned};
use crate::unroll::{NotUnrolled, unroll};

/// A closed line of straight edges in longitude and latitude. `Debug` shows no coordinate.
///
/// Invariant: at least three distinct corners, an area, every corner a position; closed, without
/// a corner repeated in succession, unrolled over the antimeridian.
#[derive(Clone, PartialEq)]
pub struct Ring {
    corners: Vec<Corner>,
}

/// Why some corners are no ring.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RingFlaw {
    /// A corner is no position.
    Corner {
        /// Counted from 0.
        point: usize,
        /// What is wrong with it.
        flaw: PositionFlaw,
    },
    /// Fewer than three distinct corners.
    TooFewCorners,
    /// Less than 0.01 square metres enclosed: a line, or a way there and back.
    NoArea,
    /// It goes right round the earth, so that nothing says which side is inside.
    RoundAPole,
}

/// Rings that enclose an area by the even-odd rule. `Debug` shows no coordinate.
///
/// Invariant: at least one ring.
#[derive(Clone, PartialEq)]
pub struct Polygon {
    /// All rings one after the other, each with its first corner repeated at its end.
    corners: Vec<Corner>,
    /// Where each ring ends in `corners`.
    ends: Vec<u32>,
    xs: Span,
    ys: Span,
}

impl Ring {
    /// A ring from `[longitude, latitude]` pairs in degrees, as GeoJSON writes them.
    ///
    /// It is closed when it is not, and corners repeated in succession count once; either
    /// direction is welcome, and so are rings that cross themselves. O(n).
    ///
    /// # Errors
    /// The first [`RingFlaw`].
    pub fn new(corners: &[[f64; 2]]) -> Result<Self, RingFlaw> {
        for (point, &[lng, lat]) in corners.iter().enumerate() {
            Position::new(lat, lng).map_err(|flaw| RingFlaw::Corner { point, flaw })?;
        }
        let mut open: Vec<Corner> = corners.iter().map(|&[lng, lat]| Corner::new(lng, lat)).collect();
        open.dedup();
        while 1 < open.len() && open.first() == open.last() {
            open.pop();
        }
        if !has_three_distinct(&open) {
            return Err(RingFlaw::TooFewCorners);
        }
        let corners = unroll(&open).map_err(|reason| match reason {
            NotUnrolled::NoArea => RingFlaw::NoArea,
            NotUnrolled::RoundAPole => RingFlaw::RoundAPole,
        })?;
        Ok(Self { corners })
    }

    /// A ring through positions.
    ///
    /// Positions write the antimeridian as 180 only, so a band round the whole earth needs
    /// [`Ring::new`].
    ///
    /// # Errors
    /// The first [`RingFlaw`].
    pub fn through(positions: &[Position]) -> Result<Self, RingFlaw> {
        let corners: Vec<[f64; 2]> =
            positions.iter().map(|position| [position.lng(), position.lat()]).collect();
        Self::new(&corners)
    }

    pub(crate) fn corners(&self) -> &[Corner] {
        &self.corners
    }
}

impl Polygon {
    /// A polygon from its outer ring and its holes, if any.
    ///
    /// All rings count alike: a hole that lies outside adds its inside.
    #[must_use]
    pub fn new(outer: Ring, holes: Vec<Ring>) -> Self {
        let mut corners = outer.corners;
        let mut ends = vec![corners.len() as u32];
        for hole in holes {
            corners.extend(hole.corners);
            ends.push(corners.len() as u32);
        }
        let xs = Span::of(corners.iter().map(|corner| corner.x));
        let ys = Span::of(corners.iter().map(|corner| corner.y));
        Self { corners, ends, xs, ys }
    }

    /// The rings as `[longitude, latitude]` pairs, the outer one first, each closed;
    /// longitudes within -180..=180.
    pub fn rings(&self) -> impl Iterator<Item = Vec<[f64; 2]>> + '_ {
        let written = |corner: &Corner| {
            let turns = if 180.0 < corner.x { -((corner.x - 180.0) / 360.0).ceil() } else { 0.0 };
            [turned(corner.x, turns), corner.y]
        };
        self.unrolled_rings().map(move |ring| ring.iter().map(written).collect())
    }

    /// How many corners all rings have together.
    #[must_use]
    pub fn n_corners(&self) -> usize {
        self.corners.len() - self.ends.len()
    }

    pub(crate) fn unrolled_rings(&self) -> impl Iterator<Item = &[Corner]> {
        let starts = std::iter::once(0).chain(self.ends.iter().copied());
        starts.zip(&self.ends).map(|(start, &end)| &self.corners[start as usize..end as usize])
    }

    /// Numbers of all edges, for [`Polygon::edge`].
    pub(crate) fn edge_numbers(&self) -> impl Iterator<Item = u32> {
        let starts = std::iter::once(0).chain(self.ends.iter().copied());
        starts.zip(&self.ends).flat_map(|(start, &end)| start..end - 1)
    }

    pub(crate) fn edge(&self, number: u32) -> Edge {
        let i = number as usize;
        Edge::new(self.corners[i], self.corners[i + 1])
    }

    pub(crate) fn edges(&self) -> impl Iterator<Item = Edge> {
        self.edge_numbers().map(|number| self.edge(number))
    }

    /// The longitudes it spans, unrolled.
    pub(crate) const fn xs(&self) -> Span {
        self.xs
    }

    /// The latitudes it spans.
    pub(crate) const fn ys(&self) -> Span {
        self.ys
    }

    /// Bytes that its corners take.
    pub(crate) const fn bytes(&self) -> usize {
        size_of::<Self>() + self.corners.len() * size_of::<Corner>() + self.ends.len() * size_of::<u32>()
    }

    /// Area in square metres; see [`polygon_area_m2`].
    pub(crate) fn area_m2(&self) -> f64 {
        let rings: Vec<&[Corner]> = self.unrolled_rings().collect();
        polygon_area_m2(&rings).max(0.0)
    }
}

impl fmt::Debug for Ring {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Ring({} corners)", self.corners.len() - 1)
    }
}

impl fmt::Debug for Polygon {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Polygon({} rings, {} corners)", self.ends.len(), self.n_corners())
    }
}

fn has_three_distinct(corners: &[Corner]) -> bool {
    let Some(&first) = corners.first() else { return false };
    let Some(&second) = corners.iter().find(|corner| **corner != first) else { return false };
    corners.iter().any(|corner| *corner != first && *corner != second)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn g03_rings_without_an_inside_are_refused() {
        let cases: [(&[[f64; 2]], RingFlaw); 6] = [
            (&[], RingFlaw::TooFewCorners),
            (&[[1.0, 1.0], [1.0, 1.0], [1.0, 1.0]], RingFlaw::TooFewCorners),
            (&[[1.0, 1.0], [2.0, 2.0], [1.0, 1.0], [2.0, 2.0]], RingFlaw::TooFewCorners),
            (&[[1.0, 1.0], [2.0, 2.0], [3.0, 3.0]], RingFlaw::NoArea),
            (
                &[[0.0, 0.0], [1.0, 91.0], [2.0, 0.0]],
                RingFlaw::Corner { point: 1, flaw: PositionFlaw::Latitude },
            ),
            (&[[0.0, 80.0], [120.0, 80.0], [-120.0, 80.0]], RingFlaw::RoundAPole),
        ];
        for (corners, flaw) in cases {
            assert_eq!(Ring::new(corners), Err(flaw), "{corners:?}");
        }
    }

    #[test]
    fn g04_an_open_ring_is_the_same_as_a_closed_one() {
        let open = Ring::new(&[[0.0, 0.0], [1.0, 0.0], [1.0, 0.0], [0.0, 1.0]]).unwrap();
        let closed = Ring::new(&[[0.0, 0.0], [1.0, 0.0], [0.0, 1.0], [0.0, 0.0], [0.0, 0.0]]).unwrap();
        assert_eq!(open, closed);
    }

    #[test]
    fn rings_are_given_back_within_the_map() {
        let corners = [[170.0, 0.0], [-170.0, 0.0], [-170.0, 9.0], [180.0, 9.0], [170.0, 0.0]];
        let polygon = Polygon::new(Ring::new(&corners).unwrap(), Vec::new());
        assert_eq!(polygon.rings().collect::<Vec<_>>(), [corners.to_vec()]);
        assert_eq!(polygon.n_corners(), 4);
    }

    #[test]
    fn debug_shows_no_coordinate() {
        let ring = Ring::new(&[[47.5, 0.0], [48.5, 0.0], [47.5, 1.0]]).unwrap();
        assert_eq!(
            format!("{ring:?} {:?}", Polygon::new(ring.clone(), vec![])),
            "Ring(3 corners) Polygon(1 rings, 3 corners)"
        );
    }
}
