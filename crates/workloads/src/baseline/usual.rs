//! `rstar` and `geo` the way that their examples show.

use std::hint::black_box;

use geo::{Contains as _, Distance as _, Haversine, Point, Polygon};
use model::Position;
use rstar::primitives::{GeomWithData, Rectangle};
use rstar::{AABB, RTree};
use spatial_index::Shape;

use crate::baseline::{Part, parts};
use crate::plain::geo_polygon;
use crate::rims::point;

/// An iterator over candidates, `contains` and the Haversine distance.
pub struct Usual {
    tree: RTree<Leaf>,
}

type Leaf = GeomWithData<Rectangle<[f64; 2]>, (u32, Plain)>;

enum Plain {
    Circle(Point, f64),
    Area(Polygon),
}

impl Plain {
    fn of(part: &Part<'_>) -> Self {
        match (part.shape, part.polygon) {
            (_, Some(polygon)) => Self::Area(geo_polygon(polygon, part.moved)),
            (Shape::Circle { center, radius }, None) => Self::Circle(point(*center), radius.0),
            (Shape::Polygons(_), None) => unreachable!("a part without polygon is a circle"),
        }
    }

    fn holds(&self, at: Point) -> bool {
        match self {
            Self::Circle(center, radius_m) => Haversine.distance(*center, at) <= *radius_m,
            Self::Area(area) => area.contains(&at),
        }
    }
}

impl Usual {
    /// Bulk loaded. O(n log n).
    #[must_use]
    pub fn build(shapes: &[Shape]) -> Self {
        let leaf = |part: Part<'_>| {
            let [south, north, west, east] = part.bounds;
            let outline = Rectangle::from_corners([west, south], [east, north]);
            GeomWithData::new(outline, (part.fence, Plain::of(&part)))
        };
        Self { tree: RTree::bulk_load(parts(shapes).map(leaf).collect()) }
    }

    /// Hits of many positions, each found and forgotten.
    pub fn count(&self, positions: &[Position], found: &mut Vec<u32>) -> usize {
        let hits = |&at: &Position| {
            found.clear();
            let envelope = AABB::from_point([at.lng(), at.lat()]);
            let candidates = self.tree.locate_in_envelope_intersecting(envelope);
            found.extend(candidates.filter(|leaf| leaf.data.1.holds(point(at))).map(|leaf| leaf.data.0));
            found.sort_unstable();
            found.dedup();
            black_box(&*found).len()
        };
        positions.iter().map(hits).sum()
    }
}

impl std::fmt::Debug for Usual {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Usual({} parts)", self.tree.size())
    }
}
