//! Looks for points on which the flat metric and the geodesic distance disagree.

use super::super::lanes::{Lanes, Portable};
use super::super::trial::{Chance, in_square};
use super::super::units::position_of;
use super::*;
use crate::earth::distance_m;
use model::Position;

/// What a leaf says of a circle: whether it may hold the spot, and whether it surely does.
fn said(flat: &Flat, circle: LeafCircle, spot: Spot) -> (bool, bool) {
    let lists = [circle.center.x, circle.center.y, circle.outer_2.to_bits(), circle.inner_2.to_bits()];
    let lists = lists.map(|word| [word; 8]);
    let (within, inside) = Portable.circles(spot, flat.east as f32, lists.each_ref());
    (within & 1 == 1, inside & 1 == 1)
}

/// The distance of two spots by the flat metric, in units, without roundings of note.
fn units_apart(flat: &Flat, a: Spot, b: Spot) -> f64 {
    let dx = f64::from(a.x.wrapping_sub(b.x).cast_signed()) * flat.east;
    let dy = f64::from(a.y.wrapping_sub(b.y).cast_signed());
    dx.hypot(dy)
}

#[derive(Default)]
struct Tally {
    n_inside: usize,
    n_between: usize,
    n_outside: usize,
}

impl Tally {
    fn check(&mut self, flat: &Flat, radius_m: f64, center: Position, (position, spot): (Position, Spot)) {
        let middle = Spot::of(center);
        let circle = flat.leaf_circle(0, middle, radius_m);
        let apart = units_apart(flat, spot, middle);
        let (within, inside) = said(flat, circle, spot);
        let (is_near, is_far) = (apart <= flat.inside_up_to(radius_m), flat.outside_from(radius_m) < apart);
        assert!(!inside || is_near, "{radius_m} m: single precision says inside, {apart} units off");
        assert!(within || is_far, "{radius_m} m: single precision says outside, {apart} units off");
        if is_near || is_far {
            let apart_m = distance_m(center, position);
            assert_eq!(
                is_near,
                apart_m <= radius_m,
                "{radius_m} m, {apart_m} m off: {center:?} {position:?}"
            );
        }
        self.n_inside += usize::from(is_near);
        self.n_outside += usize::from(is_far);
        self.n_between += usize::from(!is_near && !is_far);
    }
}

/// Where in a square a point lies: anywhere, or as far out as is still rounded into it.
fn place_in(square: Square, chance: &mut Chance) -> [f64; 2] {
    [square.x, square.y].map(|low| {
        let last = square.side() - 1.0;
        let at = chance.between(0.0, last);
        f64::from(low) + chance.pick(&[0.0, last, at.floor()])
    })
}

/// Every square, radius and direction; the fractions of both ends such that rounding lies most.
#[test]
fn a_point_at_the_thresholds_is_on_the_side_that_is_said() {
    const LIE: f64 = 0.499_99;
    let mut chance = Chance::new(1);
    let mut tally = Tally::default();
    for _ in 0..60_000 {
        let level = chance.level();
        let square = chance.square(level);
        let radius_m = match chance.below(4) {
            0 => chance.pick(&[1.0, 25.0, 150.0, 5_000.0, 100_000.0]),
            _ => chance.magnitude(1.0, 100_000.0),
        };
        // A leaf asks for its largest circle.
        let reach_m = chance.pick(&[radius_m, radius_m, 100_000.0]);
        let flat = Flat::around(square, reach_m);
        let angle = chance.pick(&[0.0, 0.25, 0.5, 0.75, chance_angle(level)]) + chance.between(-0.01, 0.01);
        let angle = (angle + 2.0 * chance.between(0.0, 1.0).round()) * std::f64::consts::PI / 2.0;
        let (sin, cos) = angle.sin_cos();
        let [x, y] = place_in(square, &mut chance);
        for (at, lie) in [(flat.inside_up_to(radius_m), LIE), (flat.outside_from(radius_m), -LIE)] {
            if !at.is_finite() || at < 0.0 {
                continue;
            }
            let lie = [lie * cos.signum(), lie * sin.signum()];
            let Some(found) = in_square(x + lie[0], y + lie[1], square) else { continue };
            for (dx, dy) in [(0.0, 0.0), (1.0, 0.0), (-1.0, 0.0), (0.0, 1.0), (0.0, -1.0)] {
                let center_x = x - (at * cos / flat.east).round() - dx - lie[0];
                let center_y = y - (at * sin).round() - dy - lie[1];
                if (0.0..=TURN_NORTH).contains(&center_y) {
                    tally.check(&flat, radius_m, position_of(center_x, center_y), found);
                }
            }
        }
    }
    assert!(50_000 < tally.n_inside && 50_000 < tally.n_outside && 50_000 < tally.n_between);
}

const TURN_NORTH: f64 = 2_147_483_648.0;

/// A share of a right angle that depends on the level only.
fn chance_angle(level: u32) -> f64 {
    (f64::from(level) * 0.618_034).fract()
}

/// The rim itself, and what is next to it, by the way that geographiclib goes.
#[test]
fn a_point_on_the_rim_is_never_told_wrongly() {
    use geographiclib_rs::{DirectGeodesic, Geodesic};
    let wgs84 = Geodesic::wgs84();
    let mut chance = Chance::new(2);
    let mut tally = Tally::default();
    for _ in 0..20_000 {
        let level = chance.level();
        let square = chance.square(level);
        let radius_m = chance.magnitude(1.0, 100_000.0);
        let flat = Flat::around(square, radius_m);
        let [x, y] = place_in(square, &mut chance);
        let Some(found) = in_square(x + chance.between(-0.49, 0.49), y + chance.between(-0.49, 0.49), square)
        else {
            continue;
        };
        let azimuth = chance.between(-180.0, 180.0);
        // Where the leaf changes its mind along the way, found by halving.
        let center_at = |apart_m: f64| {
            let (lat, lng): (f64, f64) = wgs84.direct(found.0.lat(), found.0.lng(), azimuth, apart_m);
            Position::new(lat, lng).unwrap()
        };
        let is_said = |apart_m: f64, of: fn((bool, bool)) -> bool| {
            let circle = flat.leaf_circle(0, Spot::of(center_at(apart_m)), radius_m);
            of(said(&flat, circle, found.1))
        };
        for of in [|said: (bool, bool)| said.0, |said: (bool, bool)| said.1] {
            let (mut low_m, mut high_m) = (0.0, 3.0 * radius_m + 1.0);
            while 1e-4 < high_m - low_m {
                let middle_m = f64::midpoint(low_m, high_m);
                *(if is_said(middle_m, of) { &mut low_m } else { &mut high_m }) = middle_m;
            }
            for apart_m in [low_m, high_m, low_m - 0.01, high_m + 0.01] {
                tally.check(&flat, radius_m, center_at(apart_m.max(0.0)), found);
            }
        }
        for apart_m in [radius_m, radius_m.next_up(), radius_m.next_down(), radius_m + 1e-6] {
            tally.check(&flat, radius_m, center_at(apart_m), found);
        }
    }
    assert!(10_000 < tally.n_inside && 10_000 < tally.n_outside && 10_000 < tally.n_between);
}

#[test]
fn where_a_way_may_go_over_the_pole_nothing_is_outside() {
    let row = |y: u32| Square { x: 0, y, log2: 9 };
    for square in [row(0), row(512 * 20), row((1 << 31) - 512)] {
        let flat = Flat::around(square, 150.0);
        assert_eq!(flat.outside_from(150.0), f64::INFINITY);
        assert_eq!(flat.leaf_circle(0, square.center(), 150.0).outer_2, f32::INFINITY);
    }
    // A radius of less than the rounding is never inside.
    assert!(Flat::around(row(1 << 30), 0.005).leaf_circle(0, Spot { x: 0, y: 0 }, 0.005).inner_2 < 0.0);
}

/// The band of an ordinary circle is a few centimetres: what is asked exactly is next to nothing.
#[test]
fn the_band_of_a_small_circle_is_thin() {
    for lat_row in [1_u32 << 30, 3 << 29, (1 << 30) + (1 << 29)] {
        let flat = Flat::around(Square { x: 0, y: lat_row, log2: 14 }, 150.0);
        let band_m = flat.metres(flat.outside_from(150.0) - flat.inside_up_to(150.0));
        assert!(band_m < 0.1, "{band_m} m");
    }
}
