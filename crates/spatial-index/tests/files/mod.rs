//! Fence files in a few words, and what became of them.
#![allow(dead_code, reason = "not every test uses every part")]

use model::{FenceNo, Position};
use spatial_index::Index;
use spatial_index::geojson::{Concern, Flaw, Loaded, Place, ReadOptions, Reason, Refused, read};

pub(crate) const SQUARE: &str = "[[0,0],[1,0],[1,1],[0,1],[0,0]]";

pub(crate) fn place(polygon: usize, ring: usize, point: usize) -> Place {
    Place { polygon, ring, point }
}

pub(crate) fn file(features: &[String]) -> String {
    format!(r#"{{"type":"FeatureCollection","features":[{}]}}"#, features.join(",\n"))
}

pub(crate) fn feature(id: &str, geometry: &str, properties: &str) -> String {
    format!(r#"{{"type":"Feature","id":{id},"geometry":{geometry},"properties":{properties}}}"#)
}

pub(crate) fn polygon(id: &str, rings: &str) -> String {
    feature(id, &format!(r#"{{"type":"Polygon","coordinates":[{rings}]}}"#), "{}")
}

pub(crate) fn point(id: &str, properties: &str) -> String {
    feature(id, r#"{"type":"Point","coordinates":[-97.74,30.27]}"#, properties)
}

pub(crate) fn read_all(features: &[String]) -> Result<Loaded, Refused> {
    read(file(features).as_bytes(), &ReadOptions::default())
}

/// The reasons against a file of one feature.
pub(crate) fn reasons(feature: String) -> Vec<Reason> {
    let refused = read_all(&[feature]).unwrap_err();
    assert!(refused.flaws.iter().all(|flaw| flaw.feature == Some(0)));
    refused.flaws.into_iter().map(|flaw| flaw.reason).collect()
}

pub(crate) fn file_reason(bytes: &[u8]) -> Reason {
    let refused = read(bytes, &ReadOptions::default()).unwrap_err();
    let [Flaw { feature: None, id: None, reason }] = refused.flaws.as_slice() else { panic!("{refused}") };
    reason.clone()
}

/// The concerns about a file of one good feature.
pub(crate) fn concerns(feature: String) -> Vec<Concern> {
    let loaded = read_all(&[feature]).unwrap();
    assert_eq!(loaded.fences.len(), 1);
    loaded.warnings.into_iter().map(|warning| warning.concern).collect()
}

pub(crate) fn holds(feature: String, lat: f64, lng: f64) -> bool {
    let shapes = read_all(&[feature]).unwrap().fences.into_iter().map(|fence| fence.shape).collect();
    Index::build(shapes).unwrap().contains(FenceNo(0), Position::new(lat, lng).unwrap())
}
