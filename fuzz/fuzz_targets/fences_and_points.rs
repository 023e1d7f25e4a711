//! Any fences and points, answered by the index and by an independent scan.
#![no_main]

#[path = "../../crates/spatial-index/tests/adversary/mod.rs"]
mod adversary;
#[path = "../../crates/spatial-index/tests/fuzzed/mod.rs"]
mod fuzzed;
#[path = "../../crates/spatial-index/tests/scan/mod.rs"]
mod scan;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| fuzzed::fences_and_points(bytes));
