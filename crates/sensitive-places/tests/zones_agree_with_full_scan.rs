//! `Zones` hides exactly what a full scan with an independent distance says.

mod scan;

use model::{Meters, Position};
use scan::{Drawn, Numbers, Scan, on_the_map};
use sensitive_places::{Asked, Margins, Zones};
use spatial_index::{Polygon, Ring, Shape};

const N_POINTS: usize = 100_000;

/// What is hidden may reach so much further than it must: the error of a distance to a polygon.
const SLACK_M: f64 = 0.05;

/// Towns with houses, grounds and circles: at the equator, over the antimeridian, far north.
const TOWNS: [(f64, f64); 5] = [(0.0, 9.0), (30.3, -97.7), (-16.9, 180.0), (52.5, 13.4), (78.2, 15.6)];

fn shape(drawn: &Drawn) -> Shape {
    match drawn {
        Drawn::Circle { lat, lng, radius_m } => Shape::Circle {
            center: Position::new(*lat, on_the_map(*lng)).unwrap(),
            radius: Meters(*radius_m),
        },
        Drawn::Polygon(rings) => {
            let ring = |corners: &Vec<[f64; 2]>| {
                let corners: Vec<[f64; 2]> = corners.iter().map(|[x, y]| [on_the_map(*x), *y]).collect();
                Ring::new(&corners).unwrap()
            };
            Shape::Polygons(vec![Polygon::new(ring(&rings[0]), rings[1..].iter().map(ring).collect())])
        }
    }
}

/// A star of some corners round a place; each ring a share of the first.
fn star((lat, lng): (f64, f64), size_m: f64, numbers: &mut Numbers) -> Drawn {
    let n = 3 + numbers.below(9);
    let reaches: Vec<f64> = (0..n).map(|_| numbers.within(0.4, 1.0) * size_m).collect();
    let ring = |share: f64| {
        let corner = |(i, reach_m): (usize, &f64)| {
            let (sin, cos) = (std::f64::consts::TAU * i as f64 / n as f64).sin_cos();
            let east = lng + share * reach_m * cos / (111_320.0 * lat.to_radians().cos());
            [east, lat + share * reach_m * sin / 111_000.0]
        };
        reaches.iter().enumerate().map(corner).collect()
    };
    let has_court = 0.7 < numbers.share();
    Drawn::Polygon(if has_court { vec![ring(1.0), ring(0.5)] } else { vec![ring(1.0)] })
}

fn drawn(numbers: &mut Numbers) -> Vec<Drawn> {
    let mut drawn = Vec::new();
    for town in TOWNS {
        for i in 0..60 {
            let (lat, lng) = (town.0 + numbers.within(-0.08, 0.08), town.1 + numbers.within(-0.08, 0.08));
            drawn.push(match i % 3 {
                0 => Drawn::Circle { lat, lng, radius_m: numbers.within(5.0, 400.0) },
                1 => star((lat, lng), numbers.within(10.0, 150.0), numbers),
                _ => star((lat, lng), numbers.within(200.0, 2_500.0), numbers),
            });
        }
    }
    drawn
}

/// A point near one of them, and how exact it is.
fn point(drawn: &[Drawn], numbers: &mut Numbers) -> (Position, f64) {
    let (lat, lng, reach_m) = match &drawn[numbers.below(drawn.len())] {
        Drawn::Circle { lat, lng, radius_m } => (*lat, *lng, radius_m + 350.0),
        Drawn::Polygon(rings) => {
            let [lng, lat] = rings[0][numbers.below(rings[0].len())];
            (lat, lng, 450.0)
        }
    };
    let (north_m, east_m) = (numbers.within(-reach_m, reach_m), numbers.within(-reach_m, reach_m));
    let position = Position::new(
        lat + north_m / 111_000.0,
        on_the_map(lng + east_m / (111_320.0 * lat.to_radians().cos())),
    );
    let accuracy = [0.0, 5.0, 50.0, 120.0, 200.0, 1_000.0][numbers.below(6)];
    (position.unwrap(), accuracy)
}

#[test]
fn what_is_hidden_is_what_a_full_scan_hides() {
    let mut numbers = Numbers(6);
    let drawn = drawn(&mut numbers);
    let zones = Zones::build(drawn.iter().map(shape).collect(), Margins::default()).unwrap();
    let points: Vec<(Position, f64)> = (0..N_POINTS).map(|_| point(&drawn, &mut numbers)).collect();
    let scan = Scan::new(drawn);
    let positions: Vec<Position> = points.iter().map(|(position, _)| *position).collect();
    let mut asked = Asked::default();
    zones.ask(&positions, |i| Meters(points[i].1), &mut asked);
    let (mut n_hidden, mut n_between) = (0, 0);
    for (i, (position, accuracy)) in points.iter().enumerate() {
        let reach_m = 75.0 + accuracy.min(200.0);
        let far_m = scan.nearest_m(position.lat(), position.lng());
        let is_hidden = asked.is_hidden(i);
        assert_eq!(zones.hides(*position, Meters(*accuracy)), is_hidden, "alone as in a batch");
        n_hidden += usize::from(is_hidden);
        if reach_m < far_m && far_m < reach_m + SLACK_M {
            n_between += 1;
            continue;
        }
        assert_eq!(is_hidden, far_m <= reach_m, "point {i}: {far_m} m of {reach_m} m");
    }
    assert!(N_POINTS / 4 < n_hidden && n_hidden < N_POINTS * 3 / 4, "{n_hidden} hidden");
    assert!(n_between < 100, "{n_between} within the error of a distance");
}
