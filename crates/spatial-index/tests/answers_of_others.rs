//! Answers that this code did not make: geodesics in thirty digits, GEOS, rational arithmetic.
//!
//! The files lie in `vectors/` beside the scripts that made them.

mod adversary;
mod scan;

use adversary::{build, position, shape};
use model::{FenceNo, Meters, Position};
use scan::Drawn;
use spatial_index::{Hits, Index, Shape};

/// The error that the room states for a geodesic distance.
const ERROR_MAX_M: f64 = 15e-9;

/// The rows of a file as numbers.
fn rows<const N: usize>(text: &str) -> Vec<[f64; N]> {
    let row = |line: &str| {
        let numbers: Vec<f64> = line.split(' ').map(|word| word.parse().unwrap()).collect();
        numbers.try_into().unwrap()
    };
    text.lines().filter(|line| !line.starts_with('#')).map(row).collect()
}

#[test]
fn distances_are_those_of_thirty_digits() {
    // Far below a millimetre, so that the distance to its rim is the distance to its centre.
    let radius_m = 2_f64.powi(-20);
    let measured_m = |from: Position, to: Position| {
        let index = Index::build(vec![Shape::Circle { center: from, radius: Meters(radius_m) }]).unwrap();
        index.distance_outside(FenceNo(0), to).0 + radius_m
    };
    let rows = rows::<5>(include_str!("vectors/distances.txt"));
    assert!(300 < rows.len());
    let mut error_max_m = 0.0_f64;
    for [lat, lng, to_lat, to_lng, expected_m] in rows {
        let (from, to) = (position(lat, lng), position(to_lat, to_lng));
        for found_m in [measured_m(from, to), measured_m(to, from)] {
            let error_m = (found_m - expected_m).abs();
            assert!(error_m < ERROR_MAX_M, "{lat} {lng} {to_lat} {to_lng}: {error_m}");
            error_max_m = error_max_m.max(error_m);
        }
    }
    println!("largest error {error_max_m:e} m");
}

#[test]
fn points_nanometres_beside_a_rim_are_told_apart() {
    let rows = rows::<6>(include_str!("vectors/circles.txt"));
    assert!(600 < rows.len());
    let (mut n_beside, mut n_undecided) = (0, 0);
    for [lat, lng, radius_m, point_lat, point_lng, excess_m] in rows {
        let (_, index) = build(&[Drawn::Circle { lat, lng, radius_m }]);
        let expected = excess_m <= 0.0;
        let found = answer(&index, position(point_lat, point_lng));
        if ERROR_MAX_M < excess_m.abs() {
            n_beside += 1;
            assert_eq!(found, expected, "{lat} {lng} {radius_m}: {point_lat} {point_lng}, {excess_m:e} m");
        } else if found != expected {
            n_undecided += 1;
        }
    }
    println!("{n_undecided} of the points within {ERROR_MAX_M:e} m of a rim were rounded to its other side");
    assert!(400 < n_beside && n_undecided < 40, "{n_beside} {n_undecided}");
}

/// Whether the only fence holds a position; all ways to ask say the same.
fn answer(index: &Index, position: Position) -> bool {
    let is_inside = index.contains(FenceNo(0), position);
    let (mut single, mut batch) = (Vec::new(), Hits::new());
    index.match_one(position, &mut single);
    index.match_batch(&[position], &mut batch);
    assert_eq!(single, batch.of(0), "{} {}", position.lat(), position.lng());
    assert_eq!(single == [FenceNo(0)], is_inside, "{} {}", position.lat(), position.lng());
    is_inside
}

struct Asked {
    name: String,
    fence: Drawn,
    /// Longitude, latitude, and whether the fence holds it.
    points: Vec<(f64, f64, bool)>,
}

fn asked() -> Vec<Asked> {
    let line = |line: &str| {
        let json: serde_json::Value = serde_json::from_str(line).unwrap();
        let points: Vec<(f64, f64, u8)> = serde_json::from_value(json["points"].clone()).unwrap();
        Asked {
            name: format!("{} by {}", json["name"], json["by"]),
            fence: Drawn::Polygons(serde_json::from_value(json["polygons"].clone()).unwrap()),
            points: points.into_iter().map(|(x, y, holds)| (x, y, holds == 1)).collect(),
        }
    };
    include_str!("vectors/polygons.txt").lines().skip(1).map(line).collect()
}

#[test]
fn g03_g04_polygons_hold_what_geos_and_rational_arithmetic_say() {
    let mut n_points = 0;
    for Asked { name, fence, points } in asked() {
        let (kept, index) = build(std::slice::from_ref(&fence));
        assert_eq!(kept.len(), 1, "{name} was refused");
        for (lng, lat, expected) in points {
            assert_eq!(answer(&index, position(lat, lng)), expected, "{name}: {lat} {lng} in {fence:?}");
            n_points += 1;
        }
    }
    assert!(10_000 < n_points, "{n_points}");
}

/// The same shapes in one index, so that each is looked for among others on the same spot.
#[test]
fn g03_g04_polygons_on_one_spot_hold_what_each_of_them_holds() {
    let asked = asked();
    let index = Index::build(asked.iter().map(|asked| shape(&asked.fence).unwrap()).collect()).unwrap();
    let mut hits = Hits::new();
    for (asked, fence) in asked.iter().zip((0..).map(FenceNo)) {
        let positions: Vec<Position> = asked.points.iter().map(|&(lng, lat, _)| position(lat, lng)).collect();
        index.match_batch(&positions, &mut hits);
        for (found, (lng, lat, expected)) in hits.iter().zip(&asked.points) {
            assert_eq!(found.contains(&fence), *expected, "{}: {lat} {lng}", asked.name);
        }
    }
}
