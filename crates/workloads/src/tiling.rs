//! W3: polygons of 128 to 512 corners that tile a city without gaps.

use spatial_index::{Polygon, Ring, Shape};

use crate::chance::{Area, Chance};
use crate::work::Work;

const N_SIDE: usize = 16;
const CITY: Area = Area { south: 30.0, north: 30.4, west: -98.0, east: -97.6 };
const STEP: f64 = 0.4 / N_SIDE as f64;

/// 16 x 16 tiles; nearly every position lies in exactly one.
#[must_use]
pub fn w3_tiling() -> Work {
    let positions = CITY.positions(1 << 16, 3);
    Work {
        name: "w3_tiling",
        shapes: tiles().iter().map(|ring| shape(ring)).collect(),
        positions,
        n_hits: Some(65_382),
    }
}

/// The tiles' rings, each corner once.
pub(crate) fn tiles() -> Vec<Vec<[f64; 2]>> {
    (0..N_SIDE * N_SIDE).map(|i| tile(i / N_SIDE, i % N_SIDE)).collect()
}

pub(crate) fn shape(ring: &[[f64; 2]]) -> Shape {
    Shape::Polygons(vec![Polygon::new(Ring::new(ring).expect("a tile is a ring"), Vec::new())])
}

/// The south or the west side of a place in the grid, without its end.
///
/// Two tiles share it, so it is drawn from where it is: the same for both, to the last bit.
fn side(is_row: bool, row: usize, column: usize) -> Vec<[f64; 2]> {
    let mut chance = Chance::new((row * 1_000 + column * 2 + usize::from(is_row)) as u64);
    let n_corners = 32 + (chance.unit() * 96.0) as usize;
    let [x, y] = crossing(row, column);
    let corner = |i: usize| {
        let along = STEP * i as f64 / n_corners as f64;
        let aside = if i == 0 { 0.0 } else { 0.1 * STEP * (chance.unit() - 0.5) };
        if is_row { [x + along, y + aside] } else { [x + aside, y + along] }
    };
    (0..n_corners).map(corner).collect()
}

fn crossing(row: usize, column: usize) -> [f64; 2] {
    [CITY.west + column as f64 * STEP, CITY.south + row as f64 * STEP]
}

fn tile(row: usize, column: usize) -> Vec<[f64; 2]> {
    let back = |mut side: Vec<[f64; 2]>, end: [f64; 2]| {
        side.push(end);
        side.reverse();
        side.pop();
        side
    };
    let mut ring = side(true, row, column);
    ring.extend(side(false, row, column + 1));
    ring.extend(back(side(true, row + 1, column), crossing(row + 1, column + 1)));
    ring.extend(back(side(false, row, column), crossing(row + 1, column)));
    ring
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tiles_have_as_many_corners_as_they_say_and_none_twice() {
        for ring in tiles() {
            assert!((128..=512).contains(&ring.len()), "{}", ring.len());
            let mut corners: Vec<[u64; 2]> = ring.iter().map(|corner| corner.map(f64::to_bits)).collect();
            corners.sort_unstable();
            corners.dedup();
            assert_eq!(corners.len(), ring.len());
        }
    }
}
