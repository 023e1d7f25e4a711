//! Fixed point: degrees as whole numbers of a 2^32nd of a turn, and squares of them.
//!
//! One unit is 360 / 2^32 degrees both ways: 9.3 mm on the equator. Longitudes wrap by
//! themselves, since 2^32 units are once round the earth; latitudes run from 0 to 2^31.

use model::Position;

pub(crate) const UNITS_PER_DEGREE: f64 = 4_294_967_296.0 / 360.0;

/// Once round the earth.
pub(crate) const TURN: f64 = 4_294_967_296.0;

/// Side of a root cell, as a power of two: 2,048 of them go round the earth, 19.5 km each.
pub(crate) const ROOT_LOG2: u32 = 21;

/// How far a [`Spot`] may lie from its position along each axis: half a unit, and rounding.
pub(crate) const SPOT_ERROR: f64 = 0.501;

/// A position rounded to whole units.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Spot {
    /// East of -180 degrees.
    pub(crate) x: u32,
    /// North of the south pole.
    pub(crate) y: u32,
}

/// A square of the grid at some level: `1 << log2` units wide, its corner a multiple of that.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Square {
    pub(crate) x: u32,
    pub(crate) y: u32,
    pub(crate) log2: u32,
}

impl Spot {
    /// Adding 2^52 leaves no room for a fraction: what stands in the low bits is the nearest
    /// whole number, found without a conversion and for several positions at once.
    #[inline(always)]
    pub(crate) const fn of(position: Position) -> Self {
        const WHOLE: f64 = 4_503_599_627_370_496.0;
        let x = position.lng() * UNITS_PER_DEGREE + (WHOLE + TURN / 2.0);
        let y = position.lat() * UNITS_PER_DEGREE + (WHOLE + TURN / 4.0);
        Self { x: x.to_bits() as u32, y: y.to_bits() as u32 }
    }

    /// Whether it lies within a unit of a pole, where longitudes mean nothing.
    #[inline(always)]
    pub(crate) const fn is_at_pole(self) -> bool {
        0x7FFF_FFFF <= self.y.wrapping_sub(1)
    }
}

impl Square {
    pub(crate) const fn root(column: u32, row: u32) -> Self {
        Self { x: column << ROOT_LOG2, y: row << ROOT_LOG2, log2: ROOT_LOG2 }
    }

    /// Its side in units.
    pub(crate) fn side(self) -> f64 {
        f64::from(1_u32 << self.log2)
    }

    /// The cell of a grid of `1 << k` columns and rows within it.
    pub(crate) const fn cell(self, k: u32, cell: u32) -> Self {
        let log2 = self.log2 - k;
        let (column, row) = (cell & ((1 << k) - 1), cell >> k);
        Self { x: self.x + (column << log2), y: self.y + (row << log2), log2 }
    }

    /// Whether it lies in the first or the last row of root cells.
    pub(crate) const fn is_beside_pole(self) -> bool {
        let row = self.y >> ROOT_LOG2;
        row == 0 || row == (1 << (31 - ROOT_LOG2)) - 1
    }

    pub(crate) const fn center(self) -> Spot {
        let half = (1 << self.log2) >> 1;
        Spot { x: self.x + half, y: self.y + half }
    }

    /// Southern and northern border in degrees.
    pub(crate) fn lats(self) -> (f64, f64) {
        (degrees_lat(f64::from(self.y)), degrees_lat(f64::from(self.y) + self.side()))
    }
}

/// Units east of -180 degrees; error below a millionth.
pub(crate) fn units_x(lng: f64) -> f64 {
    lng * UNITS_PER_DEGREE + TURN / 2.0
}

/// Units north of the south pole; error below a millionth.
pub(crate) fn units_y(lat: f64) -> f64 {
    lat * UNITS_PER_DEGREE + TURN / 4.0
}

/// Latitude of a number of units, within -90..=90.
pub(crate) fn degrees_lat(y: f64) -> f64 {
    ((y - TURN / 4.0) / UNITS_PER_DEGREE).clamp(-90.0, 90.0)
}

/// The position of some units; `x` may lie outside one turn.
pub(crate) fn position_of(x: f64, y: f64) -> Position {
    let lng = (x.rem_euclid(TURN) - TURN / 2.0) / UNITS_PER_DEGREE;
    Position::new(degrees_lat(y), lng.clamp(-180.0, 180.0)).expect("units are degrees")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_spot_is_never_further_from_its_position_than_the_error_says() {
        let mut seed = 1_u64;
        let mut chance = || {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (seed >> 11) as f64 / (1_u64 << 53) as f64
        };
        for _ in 0..100_000 {
            let position = Position::new(180.0 * chance() - 90.0, 360.0 * chance() - 180.0).unwrap();
            let spot = Spot::of(position);
            let off_x = (units_x(position.lng()) - f64::from(spot.x)).abs();
            assert!(off_x.min(TURN - off_x) < SPOT_ERROR);
            assert!((units_y(position.lat()) - f64::from(spot.y)).abs() < SPOT_ERROR);
        }
    }

    #[test]
    fn the_antimeridian_has_one_spot_and_the_poles_are_told() {
        let spot = |lat, lng| Spot::of(Position::new(lat, lng).unwrap());
        assert_eq!(spot(1.0, 180.0), Spot { x: 0, ..spot(1.0, 0.0) });
        assert_eq!(spot(1.0, (-180.0_f64).next_up()), spot(1.0, 180.0));
        for (lat, is_at_pole) in [(90.0, true), (-90.0, true), (89.999_999, false), (0.0, false)] {
            assert_eq!(spot(lat, 12.0).is_at_pole(), is_at_pole, "{lat}");
        }
    }

    #[test]
    fn the_cells_of_a_square_tile_it() {
        let square = Square::root(3, 5);
        let cell = square.cell(2, 0b1110);
        assert_eq!(cell, Square { x: square.x + (2 << 19), y: square.y + (3 << 19), log2: 19 });
    }
}
