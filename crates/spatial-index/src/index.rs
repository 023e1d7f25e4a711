//! The index: all fences of one version of the set, asked by position.

use std::fmt;

use model::{FenceNo, Meters, Position};
use thiserror::Error;

use crate::candidates::{Candidates, Part};
use crate::crossing::way_between;
use crate::exact::{Exact, Prepared, Probe, extents};
use crate::hits::Hits;
use crate::shape::{CircleFlaw, Shape};

/// Which fences hold a position. `FenceNo(i)` is the i-th shape that it was built from.
///
/// Published once and never changed; share it by reference. `Debug` shows no coordinate.
pub struct Index {
    shapes: Vec<Shape>,
    prepared: Vec<Prepared>,
    radii: Vec<Meters>,
    candidates: Candidates,
}

/// Why no index was built.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum BuildError {
    /// A circle without a sensible radius.
    #[error("the circle of fence {} has no radius: {flaw:?}", fence.0)]
    Radius {
        /// Which.
        fence: FenceNo,
        /// What is wrong with its radius.
        flaw: CircleFlaw,
    },
    /// A fence without any polygon.
    #[error("fence {} has no polygon", fence.0)]
    NoPolygon {
        /// Which.
        fence: FenceNo,
    },
    /// More shapes than a [`FenceNo`] can number.
    #[error("more than {} fences", u32::MAX)]
    TooManyFences,
}

impl Index {
    /// An index over shapes. O(n log n + corners); 0.4 s for a million circles.
    ///
    /// # Errors
    /// The first shape that is none; shapes from [`crate::geojson::read`] are all good.
    pub fn build(shapes: Vec<Shape>) -> Result<Self, BuildError> {
        if u32::try_from(shapes.len()).is_err() {
            return Err(BuildError::TooManyFences);
        }
        for (fence, shape) in numbered(&shapes) {
            check(fence, shape)?;
        }
        let prepared = shapes.iter().map(Prepared::of).collect();
        let radii = shapes.iter().map(Shape::radius).collect();
        let parts = numbered(&shapes).flat_map(|(fence, shape)| {
            let parts = extents(shape).into_iter().zip(0..);
            parts.map(move |((ys, xs), part)| (Part { fence, part }, ys, xs))
        });
        let candidates = Candidates::build(parts);
        Ok(Self { shapes, prepared, radii, candidates })
    }

    /// How many fences there are.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.shapes.len()
    }

    /// Whether there is no fence.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.shapes.is_empty()
    }

    /// The shape of a fence.
    ///
    /// # Panics
    /// Like every method that takes a [`FenceNo`]: when it is not of this index.
    #[must_use]
    pub fn shape(&self, fence: FenceNo) -> &Shape {
        &self.shapes[fence.slot()]
    }

    /// Of a circle its radius, of polygons sqrt(area / pi); see [`Shape::radius`].
    #[must_use]
    pub fn radius(&self, fence: FenceNo) -> Meters {
        self.radii[fence.slot()]
    }

    /// Puts the fences that hold a position into `hits`, ascending; what was in it is forgotten.
    ///
    /// O(log n + candidates).
    pub fn match_one(&self, position: Position, hits: &mut Vec<FenceNo>) {
        hits.clear();
        self.append_matches(position, hits);
    }

    /// The same for many positions; what was in `hits` is forgotten, its memory used again.
    pub fn match_batch(&self, positions: &[Position], hits: &mut Hits) {
        hits.clear();
        for &position in positions {
            hits.push_with(|found| self.append_matches(position, found));
        }
    }

    /// Whether a fence holds a position: the exact test itself.
    #[must_use]
    pub fn contains(&self, fence: FenceNo, position: Position) -> bool {
        self.exact(fence).contains(&mut Probe::new(position))
    }

    /// Geodesic distance to the nearest point of a fence; 0 inside.
    ///
    /// Circles: error below 30 nm. Polygons: never too small, too large by less than
    /// 1 mm + 0.01 % up to 5,000 km, than 1 % beyond. About 0.6 us for a circle, 3 us and 10 ns a
    /// corner for polygons, more for those that are hundreds of kilometres away.
    #[must_use]
    pub fn distance_outside(&self, fence: FenceNo, position: Position) -> Meters {
        self.exact(fence).distance_outside(position)
    }

    /// The same for many questions, answered in their order; what was in `out` is forgotten.
    pub fn distances_outside(&self, questions: &[(FenceNo, Position)], out: &mut Vec<Meters>) {
        out.clear();
        out.extend(questions.iter().map(|&(fence, position)| self.distance_outside(fence, position)));
    }

    /// Puts the fences that the way between two positions meets into `hits`, ascending; what was
    /// in it is forgotten.
    ///
    /// The way is the straight line in longitude and latitude, the short way round, both ends
    /// included; a fence that holds an end is met. Exact for polygons. A circle may be missed that
    /// is grazed by less than 1 mm + 0.01 % of its radius.
    pub fn crossed(&self, from: Position, to: Position, hits: &mut Vec<FenceNo>) {
        hits.clear();
        let way = way_between(from, to);
        let mut ends = [Probe::new(from), Probe::new(to)];
        self.candidates.along(way, |Part { fence, part }| {
            if self.exact(fence).part_meets(part as usize, way, &mut ends) {
                hits.push(fence);
            }
        });
        hits.sort_unstable();
        hits.dedup();
    }

    fn append_matches(&self, position: Position, hits: &mut Vec<FenceNo>) {
        let start = hits.len();
        let mut probe = Probe::new(position);
        self.candidates.at(position, |Part { fence, part }| {
            if self.exact(fence).part_contains(part as usize, &mut probe) {
                hits.push(fence);
            }
        });
        sort_from(start, hits);
    }

    fn exact(&self, fence: FenceNo) -> Exact<'_> {
        Exact::new(&self.shapes[fence.slot()], &self.prepared[fence.slot()])
    }
}

impl fmt::Debug for Index {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Index({} fences)", self.len())
    }
}

fn numbered(shapes: &[Shape]) -> impl Iterator<Item = (FenceNo, &Shape)> {
    (0..).map(FenceNo).zip(shapes)
}

fn check(fence: FenceNo, shape: &Shape) -> Result<(), BuildError> {
    match shape {
        Shape::Circle { radius, .. } => {
            CircleFlaw::check(*radius).map_err(|flaw| BuildError::Radius { fence, flaw })
        }
        Shape::Polygons(polygons) if polygons.is_empty() => Err(BuildError::NoPolygon { fence }),
        Shape::Polygons(_) => Ok(()),
    }
}

/// Sorts what stands behind `start` and drops repetitions of it.
fn sort_from(start: usize, hits: &mut Vec<FenceNo>) {
    if hits.len() < start + 2 {
        return;
    }
    hits[start..].sort_unstable();
    let mut kept = start + 1;
    for i in start + 1..hits.len() {
        if hits[i] != hits[kept - 1] {
            hits[kept] = hits[i];
            kept += 1;
        }
    }
    hits.truncate(kept);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shapes_that_are_none_are_refused_by_number() {
        let center = Position::new(30.0, -97.0).unwrap();
        let circle = |radius_m: f64| Shape::Circle { center, radius: Meters(radius_m) };
        let refused = |shapes| Index::build(shapes).err();
        let flaw = BuildError::Radius { fence: FenceNo(1), flaw: CircleFlaw::NotPositive };
        assert_eq!(refused(vec![circle(1.0), circle(0.0)]), Some(flaw));
        let flaw = BuildError::NoPolygon { fence: FenceNo(0) };
        assert_eq!(refused(vec![Shape::Polygons(Vec::new())]), Some(flaw));
    }

    #[test]
    fn an_index_without_fences_answers() {
        let index = Index::build(Vec::new()).unwrap();
        let mut hits = vec![FenceNo(7)];
        index.match_one(Position::new(30.0, -97.0).unwrap(), &mut hits);
        assert!(index.is_empty() && hits.is_empty());
    }

    #[test]
    fn hits_are_sorted_and_each_stands_once() {
        let mut hits = [9, 3, 1, 3, 2, 1, 1].map(FenceNo).to_vec();
        sort_from(1, &mut hits);
        assert_eq!(hits, [9, 1, 2, 3].map(FenceNo));
    }
}
