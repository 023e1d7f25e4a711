//! The index: all fences of one version of the set, asked by position.

use std::fmt;

use model::{FenceNo, Meters, Position};
use thiserror::Error;

use crate::crossing::way_between;
use crate::directory::{Changed, Directory, Full};
use crate::exact::Probe;
use crate::hits::Hits;
use crate::shape::{CircleFlaw, Shape};
use crate::store::{Fences, Stored};

/// Which fences hold a position. `FenceNo(i)` is the i-th shape that it was built from.
///
/// Published once and never changed: [`Index::changed`] makes another one that shares what is
/// alike. A clone shares everything. `Debug` shows no coordinate.
#[derive(Clone)]
pub struct Index {
    fences: Fences,
    directory: Directory,
}

/// What becomes of one fence.
#[derive(Clone, Debug, PartialEq)]
pub enum Change {
    /// It gets this shape: a new fence behind the last one, another shape for one that is there,
    /// or a fence in a number that was free.
    Put(FenceNo, Shape),
    /// It holds nothing any more, and its number is free.
    Remove(FenceNo),
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
    /// A change of a fence that is not there.
    #[error("there is no fence {}", fence.0)]
    NoSuchFence {
        /// Which.
        fence: FenceNo,
    },
    /// More shapes than a [`FenceNo`] can number.
    #[error("more than {} fences", u32::MAX)]
    TooManyFences,
    /// The fences touch more cells than a directory can number: some 4 GB of them.
    #[error("the fences together touch more cells than an index can hold")]
    TooLarge,
}

/// Bytes that an index takes, whether or not it shares them with another version.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct IndexBytes {
    /// Everything that finds candidates and answers for most of them.
    pub directory: usize,
    /// The fences themselves, as the exact test needs them: 32 bytes a circle.
    pub fences: usize,
}

impl From<Full> for BuildError {
    fn from(_: Full) -> Self {
        Self::TooLarge
    }
}

impl Index {
    /// An index over shapes. O(n log n) and the cells of the grid that borders touch: 0.6 s for a
    /// million circles, 1 us a corner; a polygon as large as a continent 0.1 s.
    ///
    /// # Errors
    /// The first shape that is none; shapes from [`crate::geojson::read`] are all good.
    pub fn build(shapes: Vec<Shape>) -> Result<Self, BuildError> {
        if u32::try_from(shapes.len()).is_err() {
            return Err(BuildError::TooManyFences);
        }
        for (fence, shape) in (0..).map(FenceNo).zip(&shapes) {
            check(fence, shape)?;
        }
        let fences = Fences::of(shapes);
        let directory = Directory::build(&fences)?;
        Ok(Self { fences, directory })
    }

    /// The index after some changes, one after the other; this one stays as it is.
    ///
    /// Costs as much as the changed fences touch: 0.1 ms for a circle among 30,000, and again as
    /// much as [`Index::build`] for a share of the fences above a sixteenth, or once in a while.
    ///
    /// # Errors
    /// The first shape that is none; a number to put that is neither used nor the next one; a number
    /// to remove that is not used.
    pub fn changed(&self, changes: &[Change]) -> Result<Self, BuildError> {
        let mut fences = self.fences.clone();
        let mut numbers = Vec::with_capacity(changes.len());
        for change in changes {
            let (fence, stored) = match change {
                Change::Put(fence, _) if fences.len() < fence.slot() => {
                    return Err(BuildError::NoSuchFence { fence: *fence });
                }
                Change::Put(fence, shape) => {
                    check(*fence, shape)?;
                    (*fence, Stored::of(shape.clone()))
                }
                Change::Remove(fence) if !fences.has(*fence) => {
                    return Err(BuildError::NoSuchFence { fence: *fence });
                }
                Change::Remove(fence) => (*fence, Stored::Removed),
            };
            fences.set(fence, stored);
            numbers.push(fence);
        }
        numbers.sort_unstable();
        numbers.dedup();
        let directory =
            self.directory.changed(Changed { old: &self.fences, new: &fences, numbers: &numbers })?;
        Ok(Self { fences, directory })
    }

    /// One more than the highest number of a fence; removed ones count.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.fences.len()
    }

    /// Whether there is no fence.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.fences.len() == 0
    }

    /// How much memory it takes.
    #[must_use]
    pub fn bytes(&self) -> IndexBytes {
        IndexBytes { directory: self.directory.bytes(), fences: self.fences.bytes() }
    }

    /// The shape of a fence; none when it was removed.
    ///
    /// # Panics
    /// Like every method that takes a [`FenceNo`]: when it is not of this index.
    #[must_use]
    pub fn shape(&self, fence: FenceNo) -> Option<Shape> {
        self.stored(fence).shape()
    }

    /// Of a circle its radius, of polygons sqrt(area / pi); see [`Shape::radius`].
    #[must_use]
    pub fn radius(&self, fence: FenceNo) -> Meters {
        self.stored(fence).radius()
    }

    /// Puts the fences that hold a position into `hits`, ascending; what was in it is forgotten.
    ///
    /// Some three look-ups, and the fences whose border is in the same small cell.
    pub fn match_one(&self, position: Position, hits: &mut Vec<FenceNo>) {
        hits.clear();
        self.directory.find(&self.fences, position, hits);
    }

    /// The same for many positions; what was in `hits` is forgotten, its memory used again.
    ///
    /// # Panics
    /// When they have 2^32 hits together.
    pub fn match_batch(&self, positions: &[Position], hits: &mut Hits) {
        self.directory.find_all(&self.fences, positions, hits);
    }

    /// Whether a fence holds a position: the exact test itself.
    #[must_use]
    pub fn contains(&self, fence: FenceNo, position: Position) -> bool {
        self.stored(fence).exact().is_some_and(|exact| exact.contains(&mut Probe::new(position)))
    }

    /// Geodesic distance to the nearest point of a fence; 0 inside.
    ///
    /// Circles: error below 30 nm. Polygons: never too small, too large by less than
    /// 1 mm + 0.01 % up to 5,000 km, than 1 % beyond. About 0.6 us for a circle, 3 us and 10 ns a
    /// corner for polygons, more for those that are hundreds of kilometres away.
    #[must_use]
    pub fn distance_outside(&self, fence: FenceNo, position: Position) -> Meters {
        self.stored(fence).exact().map_or(Meters(f64::INFINITY), |exact| exact.distance_outside(position))
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
        let mut near = Vec::new();
        self.directory.along(way, &mut near);
        near.sort_unstable();
        near.dedup();
        let meets =
            |fence: &FenceNo| self.stored(*fence).exact().is_some_and(|exact| exact.meets(way, &mut ends));
        hits.extend(near.into_iter().map(FenceNo).filter(meets));
    }

    fn stored(&self, fence: FenceNo) -> &Stored {
        self.fences.get(fence.0)
    }
}

impl fmt::Debug for Index {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Index({} fences)", self.len())
    }
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
}
