//! Real fences and real positions: every answer beside that of an independent scan.

mod scan;
mod shared;

use std::collections::HashMap;

use model::{FenceNo, Position};
use scan::{Drawn, Scan};
use shared::{read_drawn, read_shared};
use spatial_index::geojson::{self, Concern, ReadOptions};
use spatial_index::{Fence, Hits, Index};

/// `lat` and `lon` of every row of a CSV file, with one more column.
fn read_points(bytes: &[u8], more: &str) -> Vec<(f64, f64, String)> {
    let mut rows = csv::Reader::from_reader(bytes);
    let headers = rows.headers().unwrap().clone();
    let column = |name: &str| headers.iter().position(|header| header == name).unwrap();
    let (lat, lng, more) = (column("lat"), column("lon"), column(more));
    rows.records()
        .map(|row| {
            let row = row.unwrap();
            (row[lat].parse().unwrap(), row[lng].parse().unwrap(), row[more].to_owned())
        })
        .collect()
}

fn load(bytes: &[u8]) -> (Vec<String>, Index) {
    let loaded = geojson::read(bytes, &ReadOptions::default()).unwrap();
    let ids = loaded.fences.iter().map(|fence| fence.facts.id.as_str().to_owned()).collect();
    let index = Index::build(loaded.fences.into_iter().map(|fence| fence.shape).collect()).unwrap();
    (ids, index)
}

/// Matches all points both ways; returns the number of points and of hits.
fn check(fences_file: &str, points_file: &str, more: &str) -> Option<(usize, usize)> {
    let fences = read_shared(fences_file)?;
    let points = read_points(&read_shared(points_file)?, more);
    let (ids, index) = load(&fences);
    let mut drawn = read_drawn(&fences);
    drawn.sort_by(|a, b| a.0.cmp(&b.0));
    assert_eq!(ids, drawn.iter().map(|(id, _)| id.clone()).collect::<Vec<_>>());
    let scan = Scan::new(&drawn.into_iter().map(|(_, fence)| fence).collect::<Vec<Drawn>>());
    let positions: Vec<Position> = points.iter().map(|p| Position::new(p.0, p.1).unwrap()).collect();
    let mut hits = Hits::new();
    index.match_batch(&positions, &mut hits);
    let mut single = Vec::new();
    let mut cache: HashMap<(u64, u64), Vec<u32>> = HashMap::new();
    for (i, (lat, lng, _)) in points.iter().enumerate() {
        let key = (lat.to_bits(), lng.to_bits());
        let expected = cache.entry(key).or_insert_with(|| scan.matches(*lat, *lng));
        let found: Vec<u32> = hits.of(i).iter().map(|fence| fence.0).collect();
        assert_eq!(&found, expected, "row {i} of {points_file}");
        index.match_one(positions[i], &mut single);
        assert_eq!(single, hits.of(i), "row {i} of {points_file}");
    }
    println!("{}: {} hits in {} rows", fences_file, hits.n_hits(), hits.len());
    Some((hits.len(), hits.n_hits()))
}

#[test]
fn all_austin_bus_fixes_agree_with_a_scan() {
    let Some((n_fixes, n_hits)) =
        check("polygons_austin_neighbourhoods.geojson", "fixes_austin_bus.csv.gz", "device")
    else {
        return;
    };
    assert_eq!(n_fixes, 599_818);
    assert!(400_000 < n_hits, "{n_hits}");
}

#[test]
fn icebergs_round_a_pole_and_over_the_antimeridian_agree_with_a_scan() {
    check("polygons_world_countries_110m.geojson", "fixes_icebergs.csv.gz", "device");
}

#[test]
fn tracks_from_all_over_the_world_agree_with_a_scan() {
    let found = check("polygons_world_countries_110m.geojson", "fixes_worldwide_tracks.csv.gz", "device");
    assert!(found.is_none_or(|(_, n_hits)| 100_000 < n_hits), "{found:?}");
}

#[test]
fn hospitals_lie_in_the_county_that_is_recorded() {
    let (Some(fences), Some(points)) =
        (read_shared("polygons_us_counties.geojson.gz"), read_shared("hospitals_us.csv.gz"))
    else {
        return;
    };
    let (ids, index) = load(&fences);
    let points = read_points(&points, "county_fips");
    let mut hits = Vec::new();
    let is_recorded = |(lat, lng, county): &&(f64, f64, String)| {
        index.match_one(Position::new(*lat, *lng).unwrap(), &mut hits);
        hits.iter().any(|fence: &FenceNo| ids[fence.slot()] == *county)
    };
    let n_recorded = points.iter().filter(is_recorded).count();
    println!("{n_recorded} of {} hospitals", points.len());
    assert!(98 * points.len() <= 100 * n_recorded, "{n_recorded} of {}", points.len());
}

#[test]
fn g03_untidy_real_polygons_are_taken_with_a_warning() {
    for (file, n_features, n_invalid) in [
        ("polygons_austin_neighbourhoods.geojson", 70, 0),
        ("polygons_nyc_neighbourhoods.geojson", 266, 3),
        ("polygons_san_francisco_neighbourhoods.geojson", 37, 3),
        ("polygons_with_holes.geojson.gz", 595, 46),
        ("polygons_us_counties.geojson.gz", 3_221, 0),
        ("polygons_helsinki_buildings.geojson", 446, 0),
        ("polygons_world_countries_110m.geojson", 177, 4),
    ] {
        let Some(bytes) = read_shared(file) else { return };
        let loaded = geojson::read(&bytes, &ReadOptions::default()).unwrap();
        assert_eq!(loaded.fences.len(), n_features, "{file}");
        let mut tangled: Vec<usize> = loaded
            .warnings
            .iter()
            .filter(|warning| {
                matches!(
                    warning.concern,
                    Concern::CrossesItself(_)
                        | Concern::RingsCross(_)
                        | Concern::HoleOutside(_)
                        | Concern::PolygonsOverlap(_)
                )
            })
            .map(|warning| warning.feature)
            .collect();
        tangled.dedup();
        println!("{file}: {} tangled of {n_invalid} that GEOS finds invalid", tangled.len());
        assert!(n_invalid <= 2 * tangled.len() && tangled.len() <= 2 * n_invalid, "{file} {tangled:?}");
        check_round_trip(&loaded.fences);
    }
}

fn check_round_trip(fences: &[Fence]) {
    let again = geojson::read(geojson::write(fences).as_bytes(), &ReadOptions::default()).unwrap();
    assert!(again.fences == fences, "what was written is read back as it was");
}
