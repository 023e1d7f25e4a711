//! Rings that cross, touch or cover what they should not: accepted by the even-odd rule, but
//! hardly ever meant, so a file's author is told.

use crate::bands::{Bands, Side};
use crate::plane::{Corner, Edge, Meeting, images};
use crate::polygon::{Polygon, Ring};
use crate::unroll::is_over_antimeridian;

/// Most pairs of edges that are compared for one fence; about a tenth of a second.
const N_PAIRS_MAX: usize = 20_000_000;
/// Most polygons of one fence that are searched for one inside another.
const N_POLYGONS_MAX: usize = 1_000;

/// Something odd about the rings of a fence.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Tangle {
    /// A ring crosses or touches itself at an edge.
    Itself(EdgeName),
    /// A ring crosses another ring of its polygon at an edge, or runs along it.
    Rings(EdgeName),
    /// A hole lies outside its outer ring; the edge is its first.
    HoleOutside(EdgeName),
    /// A polygon of the fence overlaps another one; the edge is one where they do.
    Polygons(EdgeName),
    /// Too much lies side by side to compare all of it.
    NotChecked,
}

/// An edge by the number of the corner where it begins, all counted from 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct EdgeName {
    pub(crate) polygon: usize,
    pub(crate) ring: usize,
    pub(crate) point: usize,
}

struct Named {
    edge: Edge,
    name: EdgeName,
    n_in_ring: usize,
}

/// Finds what is odd about the polygons of one fence, each given as its rings: per ring, per
/// polygon the first place of each kind.
///
/// A sweep over the edges by latitude: O(n log n + pairs at one latitude), bounded.
pub(crate) fn tangles(polygons: &[Vec<Ring>]) -> Vec<Tangle> {
    let mut found = Vec::new();
    sweep(&named_edges(polygons), &mut found);
    for (polygon, rings) in polygons.iter().enumerate() {
        holes_outside(polygon, rings, &mut found);
    }
    polygons_inside(polygons, &mut found);
    first_of_each(found)
}

fn named_edges(polygons: &[Vec<Ring>]) -> Vec<Named> {
    let mut edges = Vec::new();
    for (polygon, rings) in polygons.iter().enumerate() {
        for (ring, corners) in rings.iter().map(Ring::corners).enumerate() {
            let n_in_ring = corners.len() - 1;
            // Beyond the antimeridian a ring meets others under its other longitudes.
            let turns: &[f64] = if is_over_antimeridian(corners) { &[0.0, -1.0] } else { &[0.0] };
            for &turns in turns {
                edges.extend(corners.windows(2).enumerate().map(|(point, pair)| Named {
                    edge: Edge::new(pair[0], pair[1]).turned(turns),
                    name: EdgeName { polygon, ring, point },
                    n_in_ring,
                }));
            }
        }
    }
    edges.sort_unstable_by(|a, b| a.edge.ys().low.total_cmp(&b.edge.ys().low));
    edges
}

/// Compares each edge with those before it that reach up to its lower end.
fn sweep(edges: &[Named], found: &mut Vec<Tangle>) {
    let mut reaching: Vec<&Named> = Vec::new();
    let mut n_pairs = 0;
    for edge in edges {
        let low = edge.edge.ys().low;
        reaching.retain(|other| low <= other.edge.ys().high);
        n_pairs += reaching.len();
        if N_PAIRS_MAX < n_pairs {
            found.push(Tangle::NotChecked);
            return;
        }
        found.extend(reaching.iter().filter_map(|other| tangle_of(other, edge)));
        reaching.push(edge);
    }
}

fn tangle_of(a: &Named, b: &Named) -> Option<Tangle> {
    let meeting = a.edge.meets(b.edge);
    if meeting == Meeting::Apart {
        return None;
    }
    let name = a.name.min(b.name);
    if a.name.polygon != b.name.polygon {
        return (meeting == Meeting::Cross).then_some(Tangle::Polygons(a.name.max(b.name)));
    }
    if a.name.ring != b.name.ring {
        let is_odd = meeting != Meeting::Touch;
        return is_odd.then_some(Tangle::Rings(a.name.max(b.name)));
    }
    let apart = a.name.point.abs_diff(b.name.point);
    let is_neighbour = apart == 1 || apart + 1 == a.n_in_ring;
    (!is_neighbour || meeting != Meeting::Touch).then_some(Tangle::Itself(name))
}

fn holes_outside(polygon: usize, rings: &[Ring], found: &mut Vec<Tangle>) {
    let [outer, holes @ ..] = rings else { return };
    if holes.is_empty() {
        return;
    }
    let outer = Polygon::new(outer.clone(), Vec::new());
    let bands = Bands::of(&outer);
    for (hole, ring) in holes.iter().zip(1..) {
        if side_of(hole.corners(), &outer, &bands) == Side::Outside {
            found.push(Tangle::HoleOutside(EdgeName { polygon, ring, point: 0 }));
        }
    }
}

/// Finds polygons whose border does not cross another's because they lie within it.
fn polygons_inside(polygons: &[Vec<Ring>], found: &mut Vec<Tangle>) {
    if polygons.len() < 2 {
        return;
    }
    if N_POLYGONS_MAX < polygons.len() {
        found.push(Tangle::NotChecked);
        return;
    }
    let whole = |rings: &Vec<Ring>| {
        let polygon = Polygon::new(rings[0].clone(), rings[1..].to_vec());
        let bands = Bands::of(&polygon);
        (polygon, bands)
    };
    let wholes: Vec<(Polygon, Bands)> = polygons.iter().map(whole).collect();
    for (inner, rings) in polygons.iter().enumerate() {
        for (outer, (polygon, bands)) in wholes.iter().enumerate() {
            if inner != outer && side_of(rings[0].corners(), polygon, bands) == Side::Inside {
                found.push(Tangle::Polygons(EdgeName { polygon: inner, ring: 0, point: 0 }));
            }
        }
    }
}

/// The side of the first corner that is not on the border; the border when all are.
fn side_of(corners: &[Corner], polygon: &Polygon, bands: &Bands) -> Side {
    let side = |corner: &Corner| {
        let sides = images(corner.x, polygon.xs()).map(|x| bands.side(polygon, Corner::new(x, corner.y)));
        sides.fold(Side::Outside, |a, b| if a == Side::Outside { b } else { a })
    };
    corners.iter().map(side).find(|side| *side != Side::Border).unwrap_or(Side::Border)
}

/// Keeps the first tangle of each kind per ring, or per polygon where polygons overlap.
fn first_of_each(mut found: Vec<Tangle>) -> Vec<Tangle> {
    let key = |tangle: &Tangle| match *tangle {
        Tangle::Itself(name) => (name.polygon, name.ring, 0, name.point),
        Tangle::Rings(name) => (name.polygon, name.ring, 1, name.point),
        Tangle::HoleOutside(name) => (name.polygon, name.ring, 2, name.point),
        Tangle::Polygons(name) => (name.polygon, 0, 3, name.point),
        Tangle::NotChecked => (usize::MAX, 0, 4, 0),
    };
    found.sort_unstable_by_key(key);
    found.dedup_by_key(|tangle| {
        let (polygon, ring, kind, _point) = key(tangle);
        (polygon, ring, kind)
    });
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    type Corners<'a> = &'a [[f64; 2]];

    fn check(polygons: &[&[Corners<'_>]], expected: &[Tangle]) {
        let ring = |corners: &Corners<'_>| Ring::new(corners).unwrap();
        let polygons: Vec<Vec<Ring>> =
            polygons.iter().map(|rings| rings.iter().map(ring).collect()).collect();
        assert_eq!(tangles(&polygons), expected);
    }

    fn name(polygon: usize, ring: usize, point: usize) -> EdgeName {
        EdgeName { polygon, ring, point }
    }

    const SQUARE: Corners<'_> = &[[0.0, 0.0], [4.0, 0.0], [4.0, 4.0], [0.0, 4.0]];
    const INNER: Corners<'_> = &[[1.0, 1.0], [2.0, 1.0], [2.0, 2.0]];

    #[test]
    fn tidy_polygons_have_no_tangles() {
        check(&[&[SQUARE, INNER]], &[]);
        check(&[&[SQUARE, &[[0.0, 0.0], [2.0, 1.0], [2.0, 2.0]]]], &[]);
        check(&[&[SQUARE], &[&[[4.0, 0.0], [8.0, 0.0], [8.0, 4.0], [4.0, 4.0]]]], &[]);
    }

    #[test]
    fn g03_rings_that_cross_or_touch_themselves_are_found() {
        check(&[&[&[[0.0, 0.0], [2.0, 2.0], [2.0, 0.0], [0.0, 2.0]]]], &[Tangle::Itself(name(0, 0, 0))]);
        let spike = &[[0.0, 0.0], [4.0, 0.0], [6.0, 0.0], [4.0, 0.0], [2.0, 3.0]];
        check(&[&[spike]], &[Tangle::Itself(name(0, 0, 0))]);
        let pinch = &[[0.0, 0.0], [4.0, 0.0], [2.0, 2.0], [4.0, 4.0], [0.0, 4.0], [2.0, 2.0]];
        check(&[&[pinch]], &[Tangle::Itself(name(0, 0, 1))]);
    }

    #[test]
    fn g04_rings_and_polygons_that_overlap_are_found() {
        check(&[&[SQUARE, SQUARE]], &[Tangle::Rings(name(0, 1, 0))]);
        check(&[&[SQUARE, &[[3.0, 1.0], [6.0, 1.0], [3.0, 2.0]]]], &[Tangle::Rings(name(0, 1, 0))]);
        check(&[&[INNER, SQUARE]], &[Tangle::HoleOutside(name(0, 1, 0))]);
        check(&[&[SQUARE], &[INNER]], &[Tangle::Polygons(name(1, 0, 0))]);
        let beside: Corners<'_> = &[[3.0, 3.0], [5.0, 3.0], [5.0, 5.0], [3.0, 5.0]];
        check(&[&[SQUARE], &[beside]], &[Tangle::Polygons(name(1, 0, 0))]);
    }

    #[test]
    fn tangles_over_the_antimeridian_are_found() {
        let over: Corners<'_> = &[[170.0, 0.0], [-170.0, 0.0], [-170.0, 9.0], [170.0, 9.0]];
        let beyond: Corners<'_> = &[[-175.0, 1.0], [-160.0, 1.0], [-175.0, 2.0]];
        check(&[&[over], &[beyond]], &[Tangle::Polygons(name(1, 0, 0))]);
        check(&[&[over, beyond]], &[Tangle::Rings(name(0, 1, 0))]);
    }
}
