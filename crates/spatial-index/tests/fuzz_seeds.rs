//! Runs the fuzz targets on the seeds that are kept, so that neither can rot.

mod adversary;
mod fuzzed;
mod scan;

use std::path::Path;

/// Every kept file of a target, by name.
fn seeds(target: &str) -> Vec<(String, Vec<u8>)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/seeds").join(target);
    let mut seeds: Vec<(String, Vec<u8>)> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| {
            let path = entry.unwrap().path();
            (path.file_name().unwrap().to_string_lossy().into_owned(), std::fs::read(&path).unwrap())
        })
        .collect();
    seeds.sort();
    seeds
}

#[test]
fn seeds_of_fence_files_are_read_and_answered() {
    let seeds = seeds("geojson_to_index");
    assert!(10 <= seeds.len());
    for (name, bytes) in seeds {
        println!("{name}");
        fuzzed::geojson_to_index(&bytes);
    }
}

#[test]
fn seeds_of_fences_and_points_agree_with_a_scan() {
    let seeds = seeds("fences_and_points");
    assert!(10 <= seeds.len());
    for (name, bytes) in seeds {
        println!("{name}");
        fuzzed::fences_and_points(&bytes);
    }
}
