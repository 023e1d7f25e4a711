//! Files of the shared data, read without the room's own reader.

use crate::scan::Drawn;

/// Where the shared data lies, or none with a reason printed.
pub(crate) fn shared_data(file: &str) -> Option<std::path::PathBuf> {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data").join(file);
    if path.exists() {
        return Some(path);
    }
    println!("skipped: {file} of the shared data is not here");
    None
}

/// Bytes of a shared file, unpacked.
pub(crate) fn read_shared(file: &str) -> Option<Vec<u8>> {
    use std::io::Read as _;
    let bytes = std::fs::read(shared_data(file)?).unwrap();
    if !file.ends_with(".gz") {
        return Some(bytes);
    }
    let mut unpacked = Vec::new();
    flate2::read::MultiGzDecoder::new(bytes.as_slice()).read_to_end(&mut unpacked).unwrap();
    Some(unpacked)
}

/// Ids and polygons of a GeoJSON file, read without the room's own reader.
pub(crate) fn read_drawn(bytes: &[u8]) -> Vec<(String, Drawn)> {
    type Polygon = Vec<Vec<[f64; 2]>>;
    let file: serde_json::Value = serde_json::from_slice(bytes).unwrap();
    let fence = |feature: &serde_json::Value| {
        let geometry = &feature["geometry"];
        let coordinates = geometry["coordinates"].clone();
        let polygons: Vec<Polygon> = match geometry["type"].as_str().unwrap() {
            "Polygon" => vec![serde_json::from_value(coordinates).unwrap()],
            "MultiPolygon" => serde_json::from_value(coordinates).unwrap(),
            other => panic!("{other}"),
        };
        (feature["id"].as_str().unwrap().to_owned(), Drawn::Polygons(polygons))
    };
    file["features"].as_array().unwrap().iter().map(fence).collect()
}
