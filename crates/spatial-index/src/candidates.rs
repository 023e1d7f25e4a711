//! Which parts of which fences may hold a position: an R*-tree of boxes, and nothing else.
//!
//! The rest of the room asks this module where to apply `exact` and never trusts it with an
//! answer, so another structure can take its place behind the same four functions.

use std::convert::Infallible;
use std::ops::ControlFlow;

use model::{FenceNo, Position};
use rstar::{AABB, RTree, RTreeObject};

use crate::plane::{Edge, Span, wrapped};

/// One part of a fence: its circle, or one of its polygons.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct Part {
    pub(crate) fence: FenceNo,
    pub(crate) part: u32,
}

/// Boxes of all parts.
pub(crate) struct Candidates {
    tree: RTree<Boxed>,
}

/// A box on the map, longitudes within -180..=180. A part over the antimeridian has two.
struct Boxed {
    envelope: AABB<[f64; 2]>,
    part: Part,
}

impl RTreeObject for Boxed {
    type Envelope = AABB<[f64; 2]>;

    fn envelope(&self) -> Self::Envelope {
        self.envelope
    }
}

impl Candidates {
    /// From each part with its latitudes and unrolled longitudes. O(n log n).
    pub(crate) fn build(extents: impl Iterator<Item = (Part, Span, Span)>) -> Self {
        let boxes = extents.flat_map(|(part, ys, xs)| {
            boxes_on_map(ys, xs).into_iter().map(move |envelope| Boxed { envelope, part })
        });
        Self { tree: RTree::bulk_load(boxes.collect()) }
    }

    /// Visits every part that may hold a position, in no order, some twice.
    pub(crate) fn at(&self, position: Position, visit: impl FnMut(Part)) {
        self.within(AABB::from_point([position.lng(), position.lat()]), visit);
    }

    /// Visits every part that may meet a way, in no order, some twice.
    pub(crate) fn along(&self, way: Edge, mut visit: impl FnMut(Part)) {
        for envelope in boxes_on_map(way.ys(), way.xs()) {
            self.within(envelope, &mut visit);
        }
    }

    fn within(&self, envelope: AABB<[f64; 2]>, mut visit: impl FnMut(Part)) {
        let ControlFlow::Continue(()) =
            self.tree.locate_in_envelope_intersecting_int(envelope, |boxed| -> ControlFlow<Infallible> {
                visit(boxed.part);
                ControlFlow::Continue(())
            });
    }
}

/// The boxes within the map that latitudes and unrolled longitudes cover; what touches a pole is
/// found under every longitude there.
fn boxes_on_map(ys: Span, xs: Span) -> Vec<AABB<[f64; 2]>> {
    let mut boxes: Vec<AABB<[f64; 2]>> =
        wrapped(xs).into_iter().map(|x| AABB::from_corners([x.low, ys.low], [x.high, ys.high])).collect();
    for pole in [-90.0, 90.0] {
        if ys.holds(pole) {
            boxes.push(AABB::from_corners([-180.0, pole], [180.0, pole]));
        }
    }
    boxes
}
