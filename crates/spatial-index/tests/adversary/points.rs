//! Points where an index that is not exact gives itself away.

use geographiclib_rs::{DirectGeodesic, Geodesic};

use super::random::Random;
use super::world::{SQUARE, Spot, World, on_map};
use crate::scan::Drawn;

/// The least step of a 32-bit fixed-point longitude, in degrees.
const STEP: f64 = 360.0 / 4_294_967_296.0;

/// A point: latitude and longitude within the map.
pub(crate) type Point = (f64, f64);

/// Finds points beside fences.
pub(crate) struct Points<'a> {
    world: &'a World,
    wgs84: Geodesic,
}

impl<'a> Points<'a> {
    pub(crate) fn of(world: &'a World) -> Self {
        Self { world, wgs84: Geodesic::wgs84() }
    }

    pub(crate) fn next(&self, random: &mut Random) -> Point {
        let [lng, lat] = match random.below(20) {
            0 => anywhere(random),
            1 | 2 => near(random, self.world.spot),
            3 => edge_of_map(random, self.world.spot),
            _ if self.world.fences.is_empty() => anywhere(random),
            _ => match &self.world.fences[random.below(self.world.fences.len())] {
                Drawn::Circle { lat, lng, radius_m } => self.beside_circle(random, (*lat, *lng), *radius_m),
                Drawn::Polygons(polygons) => {
                    let rings = &polygons[random.below(polygons.len())];
                    let ring = random.below(rings.len());
                    beside_ring(random, &rings[ring])
                }
            },
        };
        let [lng, lat] = on_map(lng, lat);
        (lat, lng)
    }

    fn beside_circle(&self, random: &mut Random, (lat, lng): Point, radius_m: f64) -> [f64; 2] {
        const OFF_M: [f64; 8] = [0.0, 1e-9, 1e-8, 1e-7, 1e-6, 1e-5, 1e-3, 1.0];
        if random.one_in(12) {
            return nudged(random, [lng, lat]);
        }
        let azimuth =
            if random.one_in(3) { 90.0 * random.below(4) as f64 } else { random.between(0.0, 360.0) };
        let off_m = random.pick(&OFF_M) * random.pick(&[-1.0, 1.0]) * random.between(0.5, 1.5);
        let way_m = if random.one_in(8) { radius_m * random.between(0.0, 1.5) } else { radius_m + off_m };
        let (lat, lng): (f64, f64) = self.wgs84.direct(lat, lng, azimuth, way_m);
        if random.one_in(6) { on_border(random, [lng, lat]) } else { [lng, lat] }
    }
}

fn anywhere(random: &mut Random) -> [f64; 2] {
    [random.between(-180.0, 180.0), random.between(-90.0, 90.0)]
}

fn near(random: &mut Random, spot: Spot) -> [f64; 2] {
    let point = spot.at(random.between(-1.2, 1.2), random.between(-1.2, 1.2));
    match random.below(4) {
        0 => on_border(random, point),
        1 => nudged(random, point),
        _ => point,
    }
}

fn edge_of_map(random: &mut Random, spot: Spot) -> [f64; 2] {
    let [lng, lat] = near(random, spot);
    let side = random.pick(&[-1.0, 1.0]);
    match random.below(5) {
        0 => [180.0 * side, lat],
        1 => [(180.0_f64 - random.pick(&[0.0, 1e-12, STEP / 2.0, STEP])).next_down() * side, lat],
        2 => [lng, 90.0 * side],
        3 => [lng, (90.0_f64 - random.pick(&[0.0, 1e-12, STEP / 2.0, STEP])).next_down() * side],
        _ => [0.0, lat],
    }
}

fn beside_ring(random: &mut Random, ring: &[[f64; 2]]) -> [f64; 2] {
    let i = random.below(ring.len());
    let (a, mut b) = (ring[i], ring[(i + 1) % ring.len()]);
    // The short way round.
    if 180.0 < (b[0] - a[0]).abs() {
        b[0] += if b[0] < a[0] { 360.0 } else { -360.0 };
    }
    let on_edge = |share: f64| [a[0] + (b[0] - a[0]) * share, a[1] + (b[1] - a[1]) * share];
    match random.below(12) {
        0..3 => nudged(random, a),
        3..6 => {
            let share = random.pick(&[0.5, 0.25, 1.0 / 3.0, random_share(a, b)]);
            nudged(random, on_edge(share))
        }
        6 => {
            let share = random.share();
            nudged(random, on_edge(share))
        }
        7 | 8 => {
            let across = border_crossing(random, a, b);
            nudged(random, across)
        }
        9 => {
            // At the height of one corner, or straight above it, and somewhere beside another.
            let other = ring[random.below(ring.len())];
            let mixed = if random.one_in(2) { [other[0], a[1]] } else { [a[0], other[1]] };
            nudged(random, mixed)
        }
        10 => {
            let share = random.share();
            on_border(random, on_edge(share))
        }
        _ => {
            let other = ring[random.below(ring.len())];
            [random.between(a[0], other[0]), random.between(a[1], other[1])]
        }
    }
}

/// A share that differs from edge to edge.
fn random_share(a: [f64; 2], b: [f64; 2]) -> f64 {
    Random::new(a[0].to_bits() ^ b[1].to_bits()).share()
}

/// Where an edge crosses the border of a square or of a part of it.
fn border_crossing(random: &mut Random, a: [f64; 2], b: [f64; 2]) -> [f64; 2] {
    let axis = random.below(2);
    let size = part_of_square(random);
    let at = random.share();
    let border = ((a[axis] + (b[axis] - a[axis]) * at) / size).round() * size;
    let share = (border - a[axis]) / (b[axis] - a[axis]);
    let share = if share.is_finite() { share.clamp(0.0, 1.0) } else { 0.5 };
    let other = 1 - axis;
    let mut point = [0.0; 2];
    point[axis] = border;
    point[other] = a[other] + (b[other] - a[other]) * share;
    point
}

/// A side that an index which halves its squares may come to; the least is a fixed-point step.
fn part_of_square(random: &mut Random) -> f64 {
    let depth = if random.one_in(4) { 21 } else { random.below(12) as i32 };
    SQUARE / 2_f64.powi(depth)
}

/// On or beside a border of a square, or in its middle.
fn on_border(random: &mut Random, [x, y]: [f64; 2]) -> [f64; 2] {
    let size = part_of_square(random);
    let shift = random.pick(&[0.0, 0.0, 0.5]);
    let settle = |degrees: f64| ((degrees / size - shift).round() + shift) * size;
    let point = match random.below(3) {
        0 => [settle(x), y],
        1 => [x, settle(y)],
        _ => [settle(x), settle(y)],
    };
    ulps_beside(random, point)
}

fn ulps_beside(random: &mut Random, point: [f64; 2]) -> [f64; 2] {
    point.map(|degrees| match random.below(4) {
        0 => degrees.next_up(),
        1 => degrees.next_down(),
        _ => degrees,
    })
}

fn nudged(random: &mut Random, point: [f64; 2]) -> [f64; 2] {
    const BESIDE: [f64; 6] = [1e-15, 1e-12, 1e-9, STEP / 2.0, STEP, 1e-6];
    match random.below(6) {
        0 | 1 => point,
        2..5 => ulps_beside(random, point),
        _ => point.map(|degrees| degrees + random.pick(&BESIDE) * random.pick(&[-1.0, 0.0, 1.0])),
    }
}
