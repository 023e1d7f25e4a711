//! One round fence on a meridian, for the tests inside.

use model::{FenceNo, Meters, Millis, Position, Timestamp};

use crate::Surroundings;

const RADIUS_M: f64 = 100.0;
const METERS_A_DEGREE: f64 = 111_195.08;

pub(crate) fn at(minute: i64) -> Timestamp {
    Timestamp::from_unix_ms(1_800_000_000_000) + Millis::from_mins(minute)
}

/// So many metres north of the middle of the fence.
pub(crate) fn place(north_m: f64) -> Position {
    Position::new(10.0 + north_m / METERS_A_DEGREE, 20.0).expect("the street is on earth")
}

/// What a fix finds.
pub(crate) struct Map {
    inside: &'static [FenceNo],
    outside_m: f64,
}

fn outside_m(position: Position) -> f64 {
    ((position.lat() - 10.0) * METERS_A_DEGREE).abs() - RADIUS_M
}

impl Map {
    pub(crate) fn around(position: Position) -> Self {
        let outside_m = outside_m(position);
        let inside: &[FenceNo] = if outside_m <= 0.0 { &[FenceNo(0)] } else { &[] };
        Self { inside, outside_m: outside_m.max(0.0) }
    }
}

impl Surroundings for Map {
    fn inside(&self) -> &[FenceNo] {
        self.inside
    }

    fn holds(&self, _: FenceNo, position: Position) -> bool {
        outside_m(position) <= 0.0
    }

    fn distance_outside(&self, _: FenceNo) -> Meters {
        Meters(self.outside_m)
    }

    fn radius(&self, _: FenceNo) -> Meters {
        Meters(RADIUS_M)
    }

    fn crossed(&self) -> Vec<FenceNo> {
        Vec::new()
    }
}
