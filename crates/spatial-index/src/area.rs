//! Areas on the ellipsoid, and whether a ring has one.

use crate::earth::{CURVATURE_RADIUS_MIN_M, ECCENTRICITY_2, EQUATOR_M, metres_per_degree};
use crate::plane::{Corner, Edge, Span};

/// Below this a ring has no area: a hand's breadth squared, far above what rounding makes of a
/// line, far below any fence.
const AREA_MIN_M2: f64 = 0.01;
/// Parallels that are looked at to tell a ring without area from one whose loops cancel out.
const N_PARALLELS_FOR_A_RING: usize = 61;
/// Parallels that show whether the rings of a polygon are simple.
const N_PARALLELS_TO_COMPARE: usize = 16;
/// Parallels that measure rings which are not; the error is then a few per cent.
const N_PARALLELS_TO_MEASURE: usize = 256;

/// Whether a closed ring encloses an area by the even-odd rule, wherever its loops turn.
///
/// O(n), with a factor of 61 for rings whose loops cancel each other out.
pub(crate) fn has_area(ring: &[Corner]) -> bool {
    if is_line(ring) {
        return false;
    }
    let ys = Span::of(ring.iter().map(|corner| corner.y));
    let (north_m, east_m) = metres_per_degree(f64::midpoint(ys.low, ys.high));
    if AREA_MIN_M2 < shoelace(ring).abs() * north_m * east_m {
        return true;
    }
    AREA_MIN_M2 < even_odd_area_m2(&[ring], N_PARALLELS_FOR_A_RING)
}

/// Area of a polygon in square metres: its first ring less the others.
///
/// The integral over straight edges in longitude and latitude on the ellipsoid, relative error
/// below 1e-9 for simple rings. Where rings cross themselves or each other their loops would
/// cancel out; then what the even-odd rule encloses is measured along parallels, to a few per cent.
pub(crate) fn polygon_area_m2(rings: &[&[Corner]]) -> f64 {
    let mut areas = rings.iter().map(|ring| ring_area_m2(ring));
    let outer = areas.next().unwrap_or_default();
    let net = outer - areas.sum::<f64>();
    let differs = |n_parallels: usize, share: f64| {
        let measured = even_odd_area_m2(rings, n_parallels);
        (share * measured.max(net) < (measured - net).abs()).then_some(measured)
    };
    match differs(N_PARALLELS_TO_COMPARE, 0.2) {
        Some(_) => differs(N_PARALLELS_TO_MEASURE, 0.05).unwrap_or(net),
        None => net,
    }
}

/// Whether every corner lies on one line; exact.
fn is_line(ring: &[Corner]) -> bool {
    let Some(&first) = ring.first() else { return true };
    let Some(&other) = ring.iter().find(|corner| **corner != first) else { return true };
    ring.iter().all(|corner| corner.side_of(first, other) == 0.0)
}

/// Signed area in square degrees.
fn shoelace(ring: &[Corner]) -> f64 {
    let Some(&base) = ring.first() else { return 0.0 };
    let cross = |pair: &[Corner]| {
        (pair[0].x - base.x) * (pair[1].y - base.y) - (pair[1].x - base.x) * (pair[0].y - base.y)
    };
    ring.windows(2).map(cross).sum::<f64>() / 2.0
}

/// Area that one closed ring goes round, loops the other way subtracted.
fn ring_area_m2(ring: &[Corner]) -> f64 {
    let Some(base) = ring.first() else { return 0.0 };
    let base_m2 = zone_m2(base.y);
    let under = |pair: &[Corner]| under_edge_m2(Edge::new(pair[0], pair[1]), base_m2);
    ring.windows(2).map(under).sum::<f64>().abs()
}

/// Area between an edge and the parallel below which `base_m2` lies.
///
/// Three-point Gauss-Legendre on pieces of at most one degree of latitude.
fn under_edge_m2(edge: Edge, base_m2: f64) -> f64 {
    const NODES: [(f64, f64); 3] =
        [(0.112_701_665_379_258_3, 5.0 / 18.0), (0.5, 8.0 / 18.0), (0.887_298_334_620_741_7, 5.0 / 18.0)];
    if edge.from.x == edge.to.x {
        return 0.0;
    }
    let n_pieces = edge.ys().width().ceil().max(1.0);
    let piece = |i: usize| {
        let height = |(node, weight): &(f64, f64)| {
            weight * (zone_m2(edge.at((i as f64 + node) / n_pieces).y) - base_m2)
        };
        NODES.iter().map(height).sum::<f64>()
    };
    let mean_m2 = (0..n_pieces as usize).map(piece).sum::<f64>() / n_pieces;
    mean_m2 * (edge.to.x - edge.from.x).to_radians()
}

/// Area between the equator and a latitude for each radian of longitude: the integral of
/// M N cos(lat), Snyder (1987), equation 3-12 times a^2 / 2.
fn zone_m2(lat: f64) -> f64 {
    let e = ECCENTRICITY_2.sqrt();
    let s = lat.to_radians().sin();
    EQUATOR_M * CURVATURE_RADIUS_MIN_M / 2.0 * (s / (1.0 - ECCENTRICITY_2 * s * s) + (e * s).atanh() / e)
}

/// What rings enclose together by the even-odd rule, measured along evenly spaced parallels.
fn even_odd_area_m2(rings: &[&[Corner]], n_parallels: usize) -> f64 {
    let corners = || rings.iter().flat_map(|ring| ring.iter());
    let ys = Span::of(corners().map(|corner| corner.y));
    let step = ys.width() / n_parallels as f64;
    let mut crossings: Vec<f64> = Vec::new();
    let strip_m2 = |i: usize| {
        let y = ys.low + (i as f64 + 0.5) * step;
        crossings.clear();
        for ring in rings {
            crossings.extend(ring.windows(2).filter_map(|pair| crossing(pair[0], pair[1], y)));
        }
        crossings.sort_unstable_by(f64::total_cmp);
        let width: f64 = crossings.chunks_exact(2).map(|pair| pair[1] - pair[0]).sum();
        let (north_m, east_m) = metres_per_degree(y);
        width * east_m * step * north_m
    };
    (0..n_parallels).map(strip_m2).sum()
}

/// Where an edge crosses a parallel; the same for both directions of the edge, to the last bit.
fn crossing(a: Corner, b: Corner, y: f64) -> Option<f64> {
    let (low, high) = if a.y <= b.y { (a, b) } else { (b, a) };
    let crosses = low.y <= y && y < high.y;
    crosses.then(|| low.x + (y - low.y) / (high.y - low.y) * (high.x - low.x))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ring(corners: &[(f64, f64)]) -> Vec<Corner> {
        corners.iter().chain(corners.first()).map(|&(x, y)| Corner::new(x, y)).collect()
    }

    fn check_area(rings: &[&[(f64, f64)]], expected_m2: f64, share: f64) {
        let rings: Vec<Vec<Corner>> = rings.iter().map(|corners| ring(corners)).collect();
        let rings: Vec<&[Corner]> = rings.iter().map(Vec::as_slice).collect();
        let found = polygon_area_m2(&rings);
        assert!((found - expected_m2).abs() <= share * expected_m2, "{found} {expected_m2}");
    }

    #[test]
    fn the_whole_earth_has_its_published_area() {
        let earth = [(-180.0, -90.0), (180.0, -90.0), (180.0, 90.0), (-180.0, 90.0)];
        check_area(&[&earth], 510_065_621_724_088.5, 1e-12);
    }

    #[test]
    fn a_hole_is_subtracted() {
        let shell = [(0.0, 0.0), (3.0, 0.0), (3.0, 1.0), (0.0, 1.0)];
        let hole = [(1.0, 0.0), (2.0, 0.0), (2.0, 1.0), (1.0, 1.0)];
        let third = ring_area_m2(&ring(&hole));
        check_area(&[&shell, &hole], 2.0 * third, 1e-9);
    }

    #[test]
    fn loops_that_cancel_out_still_have_an_area() {
        let bow_tie = [(0.0, 0.0), (2.0, 2.0), (2.0, 0.0), (0.0, 2.0)];
        let triangle = ring_area_m2(&ring(&[(0.0, 0.0), (1.0, 1.0), (0.0, 2.0)]));
        check_area(&[&bow_tie], 2.0 * triangle, 0.05);
        assert!(has_area(&ring(&bow_tie)));
        assert!(has_area(&ring(&[(0.0, 0.0), (2.0, 0.0), (0.0, 2.0), (2.0, 2.0)])));
    }

    #[test]
    fn a_way_there_and_back_has_no_area() {
        assert!(!has_area(&ring(&[(0.0, 0.0), (1.0, 1.0), (3.0, 0.7), (1.0, 1.0)])));
        assert!(!has_area(&ring(&[(0.1, 0.1), (0.2, 0.2), (0.7, 0.7)])));
        assert!(has_area(&ring(&[(0.0, 0.0), (0.000_01, 0.0), (0.0, 0.000_01)])));
    }
}
