//! What the straight way between two positions meets.

use model::Position;

use crate::bands::Bands;
use crate::circle::Circle;
use crate::nearest::Nearest;
use crate::plane::{Corner, Edge, Meeting, turns_between};
use crate::polygon::Polygon;

/// The straight line in longitude and latitude between two positions, the short way round.
///
/// At exactly half way round it goes as the numbers are written, not over the antimeridian.
pub(crate) fn way_between(from: Position, to: Position) -> Edge {
    let step = to.lng() - from.lng();
    let turns = f64::from(i8::from(step < -180.0) - i8::from(180.0 < step));
    let end = crate::plane::turned(to.lng(), turns);
    Edge::new(Corner::new(from.lng(), from.lat()), Corner::new(end, to.lat()))
}

/// Whether a way comes within a circle's radius.
///
/// A way that no more than grazes the rim, by less than the error of [`Nearest`], may count as
/// passing by; one that is said to meet the circle does.
pub(crate) fn meets_circle(way: Edge, circle: &Circle) -> bool {
    let mut nearest = Nearest::new(circle.center(), circle.radius_m().next_up());
    nearest.visit(way);
    nearest.best_m() <= circle.radius_m()
}

/// Whether a way meets an edge of a polygon; exact. A way without length is a point.
pub(crate) fn meets_border(way: Edge, polygon: &Polygon, bands: &Bands) -> bool {
    if !way.ys().meets(polygon.ys()) {
        return false;
    }
    let edges = bands.edges_at(way.ys());
    turns_between(way.xs(), polygon.xs()).any(|turns| {
        let way = way.turned(turns);
        edges.iter().any(|&number| way.meets(polygon.edge(number)) != Meeting::Apart)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::polygon::Ring;
    use model::Meters;

    fn at(lat: f64, lng: f64) -> Position {
        Position::new(lat, lng).unwrap()
    }

    #[test]
    fn the_way_goes_the_short_way_round() {
        let ends = |from: f64, to: f64| {
            let way = way_between(at(0.0, from), at(0.0, to));
            (way.from.x, way.to.x)
        };
        assert_eq!(ends(170.0, -170.0), (170.0, 190.0));
        assert_eq!(ends(-170.0, 170.0), (-170.0, -190.0));
        assert_eq!(ends(-90.0, 90.0), (-90.0, 90.0));
        assert_eq!(ends(-10.0, 180.0), (-10.0, -180.0));
    }

    #[test]
    fn a_way_through_a_circle_meets_it_though_both_ends_lie_outside() {
        let circle = Circle::new(at(30.0, 180.0), Meters(150.0));
        assert!(meets_circle(way_between(at(30.0, 179.9), at(30.0, -179.9)), &circle));
        assert!(!meets_circle(way_between(at(30.002, 179.9), at(30.002, -179.9)), &circle));
        assert!(meets_circle(way_between(at(29.9, 179.999), at(30.1, -179.999)), &circle));
    }

    #[test]
    fn a_way_that_touches_a_corner_meets_the_border() {
        let ring = Ring::new(&[[179.0, 0.0], [-179.0, 0.0], [180.0, 1.0]]).unwrap();
        let polygon = Polygon::new(ring, Vec::new());
        let bands = Bands::of(&polygon);
        let meets = |from, to| meets_border(way_between(from, to), &polygon, &bands);
        assert!(meets(at(1.0, 179.0), at(1.0, -179.0)));
        assert!(meets(at(-1.0, -179.5), at(2.0, -179.5)));
        assert!(!meets(at(1.1, 179.0), at(1.1, -179.0)));
        assert!(!meets(at(0.4, 180.0), at(0.5, 180.0)));
        assert!(meets(at(1.0, 180.0), at(1.0, 180.0)));
    }
}
