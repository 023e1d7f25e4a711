//! Any bytes as a fence file, then as an index that is asked.
#![no_main]

#[path = "../../crates/spatial-index/tests/adversary/mod.rs"]
mod adversary;
#[path = "../../crates/spatial-index/tests/fuzzed/mod.rs"]
mod fuzzed;
#[path = "../../crates/spatial-index/tests/scan/mod.rs"]
mod scan;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| fuzzed::geojson_to_index(bytes));
