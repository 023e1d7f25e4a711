//! An independent word on one fence and one position, for pairs that two matchers disagree about.

use geo::{Distance as _, Geodesic};
use model::Position;
use robust::{Coord, orient2d};
use spatial_index::Shape;

use crate::plain::rings;
use crate::rims::point;

/// What the definition says of a position and a fence.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It holds it.
    Inside,
    /// It does not.
    Outside,
    /// The geodesic from the centre is as long as the radius to the last micrometre, more than any two
    /// computations of it agree about.
    OnRim,
}

/// Decides by Karney's geodesic for circles, and by exact predicates edge for edge for polygons:
/// even-odd over all rings of a polygon, borders inside.
#[must_use]
pub fn judge(shape: &Shape, position: Position) -> Verdict {
    match shape {
        Shape::Circle { center, radius } => {
            let outside_m = Geodesic.distance(point(*center), point(position)) - radius.0;
            if outside_m.abs() < 1e-6 {
                Verdict::OnRim
            } else if outside_m < 0.0 {
                Verdict::Inside
            } else {
                Verdict::Outside
            }
        }
        Shape::Polygons(polygons) => {
            let is_in = |moved: f64| {
                let (x, y) = (position.lng() + moved, position.lat());
                polygons.iter().any(|polygon| holds(&rings(polygon), Coord { x, y }))
            };
            if [0.0, 360.0, -360.0].into_iter().any(is_in) { Verdict::Inside } else { Verdict::Outside }
        }
    }
}

fn holds(rings: &[Vec<[f64; 2]>], at: Coord<f64>) -> bool {
    let mut is_inside = false;
    for edge in rings.iter().flat_map(|ring| ring.windows(2)) {
        let [from, to] = [edge[0], edge[1]].map(|[x, y]| Coord { x, y });
        let (low, high) = if from.y <= to.y { (from, to) } else { (to, from) };
        if at.y < low.y || high.y < at.y {
            continue;
        }
        let side = orient2d(low, high, at);
        if side == 0.0 && from.x.min(to.x) <= at.x && at.x <= from.x.max(to.x) {
            return true;
        }
        // Half open, so that a corner between two edges counts once.
        if low.y <= at.y && at.y < high.y && 0.0 < side {
            is_inside = !is_inside;
        }
    }
    is_inside
}

#[cfg(test)]
mod tests {
    use spatial_index::{Polygon, Ring};

    use super::*;

    fn polygon(corners: &[[f64; 2]]) -> Shape {
        Shape::Polygons(vec![Polygon::new(Ring::new(corners).unwrap(), Vec::new())])
    }

    #[test]
    fn borders_are_inside_and_loops_are_even_odd() {
        let tie = polygon(&[[0.0, 0.0], [2.0, 2.0], [2.0, 0.0], [0.0, 2.0]]);
        for (x, y, verdict) in [
            (0.5, 1.0, Verdict::Inside),
            (1.0, 1.0, Verdict::Inside),
            (2.0, 1.0, Verdict::Inside),
            (1.0, 0.5, Verdict::Outside),
            (2.5, 1.0, Verdict::Outside),
        ] {
            assert_eq!(judge(&tie, Position::new(y, x).unwrap()), verdict, "{x} {y}");
        }
    }

    #[test]
    fn a_ring_over_the_antimeridian_holds_both_sides() {
        let both = polygon(&[[179.0, 0.0], [-179.0, 0.0], [-179.0, 1.0], [179.0, 1.0]]);
        for (x, verdict) in [(179.5, Verdict::Inside), (-179.5, Verdict::Inside), (0.0, Verdict::Outside)] {
            assert_eq!(judge(&both, Position::new(0.5, x).unwrap()), verdict, "{x}");
        }
    }
}
