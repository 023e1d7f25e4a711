//! Looks for points in cells of which circles are said to cover all, or to touch nothing.

use std::collections::HashMap;

use super::super::trial::{Chance, LARGEST, in_square};
use super::*;
use crate::earth::distance_m;

/// Places of a cell where it would show: corners, middles of sides, the place next to the centre.
fn places(cell: Square, center: [f64; 2]) -> Vec<[f64; 2]> {
    // As far out as is still rounded into the cell.
    let low = [f64::from(cell.x) - 0.499, f64::from(cell.y) - 0.499];
    let high = low.map(|low| low + cell.side() - 0.002);
    let mut places = Vec::new();
    for x in [low[0], f64::midpoint(low[0], high[0]), high[0], center[0].clamp(low[0], high[0])] {
        for y in [low[1], f64::midpoint(low[1], high[1]), high[1], center[1].clamp(low[1], high[1])] {
            places.push([x, y]);
        }
    }
    places
}

#[derive(Default)]
struct Tally {
    n_covered: usize,
    n_untouched: usize,
    n_rims: usize,
}

impl Tally {
    fn check(&mut self, square: Square, k: u32, center: Position, radius_m: f64) {
        let grid = Grid {
            x: f64::from(square.x),
            y: f64::from(square.y),
            log2: square.log2 - k,
            n_columns: 1 << k,
            n_rows: 1 << k,
        };
        let circle = CircleOn::new(center, radius_m, square);
        let mut touched = HashMap::new();
        circle.touch(&grid, square, &mut None, |column, row, touch| {
            assert_eq!(touched.insert((row << k | column) as u32, touch), None);
        });
        for number in 0..1_u32 << (2 * k) {
            let cell = square.cell(k, number);
            let touch = touched.get(&number);
            match touch {
                Some(Touch::Covers) => self.n_covered += 1,
                Some(Touch::Rim) => {
                    self.n_rims += 1;
                    continue;
                }
                None => self.n_untouched += 1,
            }
            for [x, y] in places(cell, [circle.x, circle.y]) {
                let Some((position, _)) = in_square(x, y, cell) else { continue };
                let apart_m = distance_m(center, position);
                assert_eq!(
                    touch.is_some(),
                    apart_m <= radius_m,
                    "{touch:?} of {cell:?} by {radius_m} m round {center:?}, {apart_m} m off"
                );
            }
        }
    }
}

/// A centre whose rim comes near a square, by the metric at the square; often across a pole.
fn center_near(square: Square, radius_m: f64, chance: &mut Chance) -> Position {
    use geographiclib_rs::{DirectGeodesic, Geodesic};
    let [x, y] = [square.x, square.y].map(|low| f64::from(low) + chance.between(0.0, square.side()));
    let on_rim = position_of(x, y);
    let (lat, lng): (f64, f64) = Geodesic::wgs84().direct(
        on_rim.lat(),
        on_rim.lng(),
        chance.pick(&[0.0, 45.0, 90.0, 180.0, 270.0]) + chance.between(-30.0, 30.0),
        radius_m * chance.pick(&[1.0, 1.0, 1.001, 0.5, 0.0]),
    );
    Position::new(lat, lng).unwrap()
}

#[test]
fn no_cell_is_covered_or_left_out_that_is_not() {
    let mut chance = Chance::new(3);
    let mut tally = Tally::default();
    for _ in 0..6_000 {
        let k = 1 + chance.below(4) as u32;
        let log2 = chance.between(f64::from(9 + k), f64::from(LARGEST) + 1.0) as u32;
        let square = chance.square(log2);
        let side_m = square.side() * 0.0093;
        let radius_m = match chance.below(3) {
            0 => chance.magnitude(1.0, 100_000.0),
            // Wide rims of small cells are told by the triangle inequality.
            1 => chance.magnitude(20_000.0, 100_000.0),
            _ => (side_m * chance.magnitude(0.1, 10.0)).clamp(1.0, 100_000.0),
        };
        let center = center_near(square, radius_m, &mut chance);
        tally.check(square, k, center, radius_m);
    }
    let Tally { n_covered, n_untouched, n_rims } = tally;
    assert!(
        20_000 < n_covered && 20_000 < n_untouched && 5_000 < n_rims,
        "{n_covered} {n_untouched} {n_rims}"
    );
}

/// What the triangle inequality says of a cell, with the rim on its corners and sides.
#[test]
fn the_triangle_inequality_tells_no_cell_wrongly() {
    let mut chance = Chance::new(4);
    let mut n = [0; 3];
    for _ in 0..60_000 {
        let level = chance.level().max(12);
        let cell = chance.square(level);
        let radius_m = chance.magnitude(500.0, 100_000.0);
        let all_places = places(cell, [0.0, 0.0]);
        let [x, y] = chance.pick(&all_places);
        let off = chance.pick(&[0.0, 0.0, 1.0, 1.5, 2.5]) * Flat::around(cell, 0.0).half_diagonal_m(cell);
        let off_m = radius_m + chance.sign() * off + chance.between(-1.0, 1.0);
        use geographiclib_rs::{DirectGeodesic, Geodesic};
        let on = position_of(x, y);
        let azimuth = chance.between(-180.0, 180.0);
        let (lat, lng): (f64, f64) = Geodesic::wgs84().direct(on.lat(), on.lng(), azimuth, off_m.max(0.0));
        let center = Position::new(lat, lng).unwrap();
        let circle = CircleOn::new(center, radius_m, cell);
        let middle = cell.center();
        let middle = in_space(position_of(f64::from(middle.x), f64::from(middle.y)));
        let touch = circle.by_triangle(cell)(middle);
        n[touch.map_or(0, |touch| 1 + usize::from(touch == Touch::Covers))] += 1;
        if touch == Some(Touch::Rim) {
            continue;
        }
        for [x, y] in places(cell, [circle.x, circle.y]) {
            let Some((position, _)) = in_square(x, y, cell) else { continue };
            let apart_m = distance_m(center, position);
            assert_eq!(
                touch.is_some(),
                apart_m <= radius_m,
                "{touch:?} of {cell:?} by {radius_m} m round {center:?}, {apart_m} m off"
            );
        }
    }
    assert!(n.iter().all(|&n| 2_000 < n), "{n:?}");
}
