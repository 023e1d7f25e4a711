//! The hospitals of the United States as zones, against a full scan; they are not part of the project.

mod scan;

use std::io::Read as _;
use std::path::Path;

use model::{Meters, Position};
use scan::{Drawn, Numbers, Scan};
use sensitive_places::{Margins, Zones};
use spatial_index::Shape;

/// Latitude and longitude of every one; none with a reason printed.
fn hospitals() -> Option<Vec<(f64, f64)>> {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data/hospitals_us.csv.gz");
    let Ok(packed) = std::fs::read(file) else {
        println!("skipped: hospitals_us.csv.gz of the shared data is not here");
        return None;
    };
    let mut text = String::new();
    flate2::read::GzDecoder::new(packed.as_slice()).read_to_string(&mut text).unwrap();
    let mut table = csv::Reader::from_reader(text.as_bytes());
    let of_row = |row: csv::StringRecord| (row[4].parse().unwrap(), row[5].parse().unwrap());
    Some(table.records().map(|row| of_row(row.unwrap())).collect())
}

#[test]
fn no_fix_at_a_hospital_is_seen() {
    const RADIUS_M: f64 = 100.0;
    let Some(hospitals) = hospitals() else { return };
    assert!(5_000 < hospitals.len());
    let shape = |&(lat, lng): &(f64, f64)| Shape::Circle {
        center: Position::new(lat, lng).unwrap(),
        radius: Meters(RADIUS_M),
    };
    let zones = Zones::build(hospitals.iter().map(shape).collect(), Margins::default()).unwrap();
    let drawn = hospitals.iter().map(|&(lat, lng)| Drawn::Circle { lat, lng, radius_m: RADIUS_M });
    let scan = Scan::new(drawn.collect());
    let mut numbers = Numbers(1);
    let mut n_hidden = 0;
    for i in 0..100_000 {
        let (lat, lng) = hospitals[numbers.below(hospitals.len())];
        // Half of the points round a hospital, half in the same town.
        let reach = if i % 2 == 0 { 0.006 } else { 0.1 };
        let (lat, lng) = (lat + numbers.within(-reach, reach), lng + numbers.within(-reach, reach));
        let accuracy_m = numbers.within(0.0, 300.0);
        let hides = zones.hides(Position::new(lat, lng).unwrap(), Meters(accuracy_m));
        let (far_m, reach_m) = (scan.nearest_m(lat, lng), 75.0 + accuracy_m.min(200.0));
        if (far_m - reach_m).abs() < 0.05 {
            assert!(hides || reach_m < far_m);
            continue;
        }
        assert_eq!(hides, far_m <= reach_m, "{far_m} m of {reach_m} m");
        n_hidden += usize::from(hides);
    }
    println!("{} hospitals, 100,000 points, {n_hidden} hidden", hospitals.len());
    assert!(5_000 < n_hidden);
}
