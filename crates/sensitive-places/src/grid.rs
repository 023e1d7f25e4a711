//! Which places may be near a shape: squares of the map with the places in each.

use std::collections::BTreeMap;

use spatial_index::geojson::Region;

/// Squares a degree: about eleven kilometres from north to south.
const SQUARES_A_DEGREE: f64 = 10.0;
/// Squares round the earth.
const N_ROUND: i32 = 3_600;
/// What covers more squares than this is listed as being everywhere.
const SQUARES_MAX: usize = 10_000;

/// Places by the squares that they touch.
#[derive(Debug, Default)]
pub(crate) struct Grid {
    squares: BTreeMap<(i32, i32), Vec<u32>>,
    everywhere: Vec<u32>,
    len: u32,
}

impl Grid {
    /// Adds the place of the next number, with boxes round all that is near it.
    pub(crate) fn add(&mut self, boxes: &[Region]) {
        let place = self.len;
        self.len += 1;
        for squares in boxes.iter().map(squares) {
            match squares {
                Some(squares) => {
                    squares.for_each(|square| self.squares.entry(square).or_default().push(place));
                }
                None => self.everywhere.push(place),
            }
        }
    }

    /// The places that share a square with one of the boxes, ascending, each once.
    pub(crate) fn near(&self, boxes: &[Region]) -> Vec<u32> {
        let mut near = self.everywhere.clone();
        for squares in boxes.iter().map(squares) {
            match squares {
                Some(squares) => {
                    near.extend(squares.filter_map(|square| self.squares.get(&square)).flatten());
                }
                None => return (0..self.len).collect(),
            }
        }
        near.sort_unstable();
        near.dedup();
        near
    }
}

/// The squares that a box touches; none when they are too many.
fn squares(region: &Region) -> Option<impl Iterator<Item = (i32, i32)> + use<>> {
    let square = |degrees: f64| (degrees * SQUARES_A_DEGREE).floor() as i32;
    let rows = square(region.south)..=square(region.north);
    let (west, mut east) = (square(region.west), square(region.east));
    if region.east < region.west {
        east += N_ROUND;
    }
    let n = rows.clone().count() * (west..=east).count();
    let in_row = move |row| (west..=east).map(move |column| (row, column.rem_euclid(N_ROUND)));
    (n <= SQUARES_MAX).then(|| rows.flat_map(in_row))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn region(south: f64, west: f64, north: f64, east: f64) -> Region {
        Region { south, west, north, east }
    }

    #[test]
    fn places_near_the_antimeridian_are_found_from_both_sides() {
        let mut grid = Grid::default();
        grid.add(&[region(10.0, 179.95, 10.05, -179.95)]);
        grid.add(&[region(10.0, 0.0, 10.05, 0.05)]);
        assert_eq!(grid.near(&[region(10.01, 179.91, 10.02, 179.92)]), [0]);
        assert_eq!(grid.near(&[region(10.01, -179.99, 10.02, -179.98)]), [0]);
        assert_eq!(grid.near(&[region(10.01, 0.01, 10.02, 0.02)]), [1]);
        assert_eq!(grid.near(&[region(20.0, 0.0, 20.1, 0.1)]), [] as [u32; 0]);
    }

    #[test]
    fn what_is_as_large_as_a_continent_is_near_everything() {
        let mut grid = Grid::default();
        grid.add(&[region(-60.0, -180.0, 60.0, 180.0)]);
        grid.add(&[region(10.0, 0.0, 10.05, 0.05)]);
        assert_eq!(grid.near(&[region(70.0, 0.0, 70.1, 0.1)]), [0]);
        assert_eq!(grid.near(&[region(-60.0, -180.0, 60.0, 180.0)]), [0, 1]);
    }
}
