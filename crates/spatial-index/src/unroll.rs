//! From the corners of a ring as a file writes them to one closed line in the plane.
//!
//! Longitudes in files end at 180, so an edge over the antimeridian is written as one that
//! spans more than 180 degrees. Such edges are taken the short way round. Files that were cut
//! at the antimeridian (RFC 7946, section 3.1.9) may hold edges that span exactly 360 degrees,
//! along a pole for example; where the short way makes no area of them, they stay as they are.

use crate::area::has_area;
use crate::plane::{Corner, Span, turned};

/// Why a ring cannot be unrolled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NotUnrolled {
    /// It encloses no area.
    NoArea,
    /// It goes right round the earth, so that nothing says which of its sides is meant.
    RoundAPole,
}

/// The corners in one plane, the first one repeated at the end; the westernmost in -180..180, none
/// more than 360 degrees from it.
///
/// The input is not closed and repeats no corner in succession. Cost O(n).
pub(crate) fn unroll(corners: &[Corner]) -> Result<Vec<Corner>, NotUnrolled> {
    if !(0..corners.len()).any(|i| 180.0 < step(corners, i).abs()) {
        let as_written = closed(corners.to_vec());
        return if has_area(&as_written) { Ok(as_written) } else { Err(NotUnrolled::NoArea) };
    }
    let mut turns = Vec::with_capacity(corners.len());
    let mut n_turns = 0_i32;
    for i in 0..corners.len() {
        turns.push(n_turns);
        let step = step(corners, i);
        n_turns += i32::from(step < -180.0) - i32::from(180.0 < step);
    }
    let mut unrolled = closed(turn_all(corners, &turns));
    // -180 and 180 may have stood side by side.
    unrolled.dedup();
    let is_closed = n_turns == 0 && Span::of(unrolled.iter().map(|corner| corner.x)).width() <= 360.0;
    if is_closed && has_area(&unrolled) {
        return Ok(unrolled);
    }
    let is_cut =
        (0..corners.len()).all(|i| step(corners, i).abs() <= 180.0 || step(corners, i).abs() == 360.0);
    let as_written = closed(corners.to_vec());
    match (is_cut && has_area(&as_written), is_closed) {
        (true, _) => Ok(as_written),
        (false, true) => Err(NotUnrolled::NoArea),
        (false, false) => Err(NotUnrolled::RoundAPole),
    }
}

/// Whether an unrolled ring goes over the antimeridian.
pub(crate) fn is_over_antimeridian(corners: &[Corner]) -> bool {
    corners.iter().any(|corner| 180.0 < corner.x)
}

/// Whether an unrolled ring kept an edge along a parallel right round the earth, off the poles.
pub(crate) fn is_round_the_earth(corners: &[Corner]) -> bool {
    corners.windows(2).any(|pair| (pair[1].x - pair[0].x).abs() == 360.0 && pair[0].y.abs() < 90.0)
}

/// The change of longitude from a corner to the next.
fn step(corners: &[Corner], i: usize) -> f64 {
    corners[(i + 1) % corners.len()].x - corners[i].x
}

fn turn_all(corners: &[Corner], turns: &[i32]) -> Vec<Corner> {
    let west = corners.iter().zip(turns).map(|(corner, &n)| turned(corner.x, f64::from(n)));
    let west = west.fold(f64::INFINITY, f64::min);
    let home = -((west + 180.0) / 360.0).floor();
    let place = |(corner, &n): (&Corner, &i32)| Corner::new(turned(corner.x, f64::from(n) + home), corner.y);
    corners.iter().zip(turns).map(place).collect()
}

fn closed(mut corners: Vec<Corner>) -> Vec<Corner> {
    corners.extend(corners.first().copied());
    corners
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(corners: &[(f64, f64)], expected: Result<&[f64], NotUnrolled>) {
        let corners: Vec<Corner> = corners.iter().map(|&(x, y)| Corner::new(x, y)).collect();
        let found = unroll(&corners).map(|ring| ring.iter().map(|corner| corner.x).collect::<Vec<_>>());
        assert_eq!(found, expected.map(<[f64]>::to_vec));
    }

    #[test]
    fn a_ring_over_the_antimeridian_is_unrolled() {
        check(&[(170.0, 0.0), (-170.0, 0.0), (-170.0, 9.0)], Ok(&[170.0, 190.0, 190.0, 170.0]));
        check(&[(-170.0, 0.0), (170.0, 0.0), (170.0, 9.0)], Ok(&[190.0, 170.0, 170.0, 190.0]));
        check(&[(170.0, 0.0), (180.0, 0.0), (-180.0, 0.0), (-170.0, 9.0)], Ok(&[170.0, 180.0, 190.0, 170.0]));
    }

    #[test]
    fn a_ring_that_touches_the_antimeridian_stays() {
        check(&[(-180.0, 0.0), (-170.0, 0.0), (-180.0, 9.0)], Ok(&[-180.0, -170.0, -180.0, -180.0]));
        // Positions write the antimeridian as 180: the ring is then the very same one.
        check(&[(180.0, 0.0), (-170.0, 0.0), (180.0, 9.0)], Ok(&[-180.0, -170.0, -180.0, -180.0]));
    }

    #[test]
    fn a_cut_ring_keeps_its_edge_along_the_pole() {
        let coast =
            [(-180.0, -90.0), (-180.0, -80.0), (-60.0, -70.0), (60.0, -70.0), (180.0, -80.0), (180.0, -90.0)];
        check(&coast, Ok(&[-180.0, -180.0, -60.0, 60.0, 180.0, 180.0, -180.0]));
        let band = [(-180.0, 50.0), (180.0, 50.0), (180.0, 60.0), (-180.0, 60.0)];
        check(&band, Ok(&[-180.0, 180.0, 180.0, -180.0, -180.0]));
    }

    #[test]
    fn g06_a_ring_round_a_pole_is_refused() {
        let round = [(0.0, 80.0), (90.0, 80.0), (180.0, 80.0), (-90.0, 80.0)];
        check(&round, Err(NotUnrolled::RoundAPole));
        // Once and a half round, and back a little further north.
        let east = (0..7).map(|i| (f64::from(i) * 90.0, 10.0));
        let back = (0..7).rev().map(|i| (f64::from(i) * 90.0, 20.0));
        let spiral: Vec<(f64, f64)> =
            east.chain(back).map(|(x, y)| ((x + 180.0).rem_euclid(360.0) - 180.0, y)).collect();
        check(&spiral, Err(NotUnrolled::RoundAPole));
    }

    #[test]
    fn a_line_has_no_area() {
        check(&[(0.0, 0.0), (1.0, 1.0), (2.0, 2.0)], Err(NotUnrolled::NoArea));
        check(&[(179.0, 0.0), (-179.0, 0.0), (180.0, 0.0)], Err(NotUnrolled::NoArea));
    }
}
