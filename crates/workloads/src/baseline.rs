//! What this project's index is compared with: `rstar` for candidates, `geo` for the test.
//!
//! [`Best`] is the fastest of what was tried: bulk loading, iteration from within, tests beside the
//! boxes in the leaves, nodes of 6 children for up to 200,000 boxes and of 16 above, circles with
//! their Haversine terms worked out beforehand, polygons of more than 64 corners as `geo`'s interval
//! trees. Tests in a list of their own, centres in radians or as unit vectors, and nodes of 4 to 32
//! were as fast or slower: the walk down the tree is what it costs. `geo`'s monotone polygons panic
//! on real ones. [`Usual`] is what one writes first; with `rstar` 0.14 it is often as fast.
//!
//! Both take the earth for a sphere, which is off by up to 0.56 % of a radius.

mod best;
mod usual;

pub use best::{Best, Prepared};
pub use usual::Usual;

use spatial_index::{Polygon, Shape};

use crate::plain::{bounds, polygon_bounds};

/// A part of a fence in a box of the map: its circle or one of its polygons, moved round the earth so
/// that it lies on the map.
#[derive(Clone, Copy, Debug)]
pub struct Part<'a> {
    /// Number of the fence.
    pub fence: u32,
    /// What it is part of.
    pub shape: &'a Shape,
    /// Which polygon; `None` is a circle.
    pub polygon: Option<&'a Polygon>,
    /// South, north, west, east.
    pub bounds: [f64; 4],
    /// Degrees of longitude by which it was moved.
    pub moved: f64,
}

/// The parts of all fences, those over the antimeridian twice.
pub fn parts(shapes: &[Shape]) -> impl Iterator<Item = Part<'_>> {
    (0..).zip(shapes).flat_map(|(fence, shape)| {
        let polygons: Vec<Option<&Polygon>> = match shape {
            Shape::Circle { .. } => vec![None],
            Shape::Polygons(polygons) => polygons.iter().map(Some).collect(),
        };
        polygons.into_iter().flat_map(move |polygon| {
            on_map(Part {
                fence,
                shape,
                polygon,
                bounds: polygon.map_or_else(|| bounds(shape), polygon_bounds),
                moved: 0.0,
            })
        })
    })
}

fn on_map(part: Part<'_>) -> impl Iterator<Item = Part<'_>> {
    let [south, north, west, east] = part.bounds;
    [0.0, -360.0, 360.0].into_iter().filter_map(move |moved| {
        let bounds = [south, north, west + moved, east + moved];
        (bounds[2] <= 180.0 && -180.0 <= bounds[3]).then_some(Part { bounds, moved, ..part })
    })
}
