//! `rstar` and `geo` as fast as they go.

use std::convert::Infallible;
use std::hint::black_box;
use std::ops::ControlFlow;

use geo::algorithm::indexed::IntervalTreeMultiPolygon;
use geo::{Contains as _, CoordsIter as _, MultiPolygon, Point, Polygon};
use model::Position;
use rstar::{AABB, RStarInsertionStrategy, RTree, RTreeObject, RTreeParams};
use spatial_index::Shape;

use crate::baseline::{Part, parts};
use crate::plain::geo_polygon;

/// Mean radius of the earth, as `geo` has it.
const EARTH_M: f64 = 6_371_008.8;
/// Boxes above which larger nodes are faster.
const N_LARGE: usize = 200_000;
/// Corners above which an interval tree is faster than a look at every edge.
const N_FEW: usize = 64;

/// `rstar` and `geo` at their best.
pub struct Best(Tree);

enum Tree {
    Small(RTree<Leaf>),
    Large(RTree<Leaf, LargeNodes>),
}

struct LargeNodes;

impl RTreeParams for LargeNodes {
    const MIN_SIZE: usize = 6;
    const MAX_SIZE: usize = 16;
    const REINSERTION_COUNT: usize = 4;
    type DefaultInsertionStrategy = RStarInsertionStrategy;
}

struct Leaf {
    envelope: AABB<[f64; 2]>,
    fence: u32,
    prepared: Prepared,
}

impl RTreeObject for Leaf {
    type Envelope = AABB<[f64; 2]>;

    fn envelope(&self) -> Self::Envelope {
        self.envelope
    }
}

/// The test of one part of a fence.
pub enum Prepared {
    /// Radians, and what the Haversine formula's sum may at most be.
    Circle {
        /// Latitude of the centre.
        lat: f64,
        /// Longitude of the centre.
        lng: f64,
        /// Cosine of the latitude.
        cos_lat: f64,
        /// Squared sine of a quarter of the angle that the circle is wide.
        at_most: f64,
    },
    /// Every edge is looked at.
    Few(Polygon),
    /// Edges by latitude.
    Many(IntervalTreeMultiPolygon<f64>),
}

impl Prepared {
    /// Of a part.
    #[must_use]
    pub fn of(part: &Part<'_>) -> Self {
        match (part.shape, part.polygon) {
            (_, Some(polygon)) => {
                let plain = geo_polygon(polygon, part.moved);
                if plain.coords_count() <= N_FEW {
                    Self::Few(plain)
                } else {
                    Self::Many(IntervalTreeMultiPolygon::new(&MultiPolygon::new(vec![plain])))
                }
            }
            (Shape::Circle { center, radius }, None) => {
                let (lat, lng) = (center.lat().to_radians(), center.lng().to_radians());
                let quarter = (radius.0 / EARTH_M / 2.0).sin();
                Self::Circle { lat, lng, cos_lat: lat.cos(), at_most: quarter * quarter }
            }
            (Shape::Polygons(_), None) => unreachable!("a part without polygon is a circle"),
        }
    }

    /// Whether it holds a position.
    #[must_use]
    pub fn holds(&self, at: Position) -> bool {
        match self {
            Self::Circle { lat, lng, cos_lat, at_most } => {
                let here = at.lat().to_radians();
                let (north, east) = (((here - lat) / 2.0).sin(), ((at.lng().to_radians() - lng) / 2.0).sin());
                north * north + cos_lat * here.cos() * east * east <= *at_most
            }
            Self::Few(area) => area.contains(&Point::new(at.lng(), at.lat())),
            Self::Many(area) => area.contains(&Point::new(at.lng(), at.lat())),
        }
    }
}

impl Best {
    /// Bulk loaded. O(n log n).
    #[must_use]
    pub fn build(shapes: &[Shape]) -> Self {
        let leaf = |part: Part<'_>| {
            let [south, north, west, east] = part.bounds;
            let envelope = AABB::from_corners([west, south], [east, north]);
            Leaf { envelope, fence: part.fence, prepared: Prepared::of(&part) }
        };
        let leaves: Vec<Leaf> = parts(shapes).map(leaf).collect();
        Self(if leaves.len() <= N_LARGE {
            Tree::Small(RTree::bulk_load(leaves))
        } else {
            Tree::Large(RTree::bulk_load_with_params(leaves))
        })
    }

    /// Puts the fences that hold a position into `found`, ascending.
    pub fn match_one(&self, at: Position, found: &mut Vec<u32>) {
        found.clear();
        let envelope = AABB::from_point([at.lng(), at.lat()]);
        let visit = |leaf: &Leaf| -> ControlFlow<Infallible> {
            if leaf.prepared.holds(at) {
                found.push(leaf.fence);
            }
            ControlFlow::Continue(())
        };
        let ControlFlow::Continue(()) = match &self.0 {
            Tree::Small(tree) => tree.locate_in_envelope_intersecting_int(envelope, visit),
            Tree::Large(tree) => tree.locate_in_envelope_intersecting_int(envelope, visit),
        };
        found.sort_unstable();
        found.dedup();
    }

    /// Hits of many positions, each found and forgotten.
    pub fn count(&self, positions: &[Position], found: &mut Vec<u32>) -> usize {
        let hits = |&at: &Position| {
            self.match_one(at, found);
            black_box(&*found).len()
        };
        positions.iter().map(hits).sum()
    }
}

impl std::fmt::Debug for Best {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let n_parts = match &self.0 {
            Tree::Small(tree) => tree.size(),
            Tree::Large(tree) => tree.size(),
        };
        write!(f, "Best({n_parts} parts)")
    }
}
