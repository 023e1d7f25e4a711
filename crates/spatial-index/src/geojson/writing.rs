//! Fences as a GeoJSON file that [`super::read`] takes back unchanged.

use serde_json::{Map, Value, json};

use crate::polygon::Polygon;
use crate::shape::{Fence, Shape};

/// A FeatureCollection, one feature a line, in the order given.
///
/// Numbers are written so that they are read back to the last bit.
#[must_use]
pub fn write(fences: &[Fence]) -> String {
    let features: Vec<String> = fences.iter().map(|fence| feature(fence).to_string()).collect();
    format!("{{\"type\":\"FeatureCollection\",\"features\":[\n{}\n]}}\n", features.join(",\n"))
}

fn feature(fence: &Fence) -> Value {
    json!({
        "type": "Feature",
        "id": fence.facts.id.as_str(),
        "properties": properties(fence),
        "geometry": geometry(&fence.shape),
    })
}

fn properties(fence: &Fence) -> Map<String, Value> {
    let facts = &fence.facts;
    let texts = [
        ("name", Some(&*facts.name)),
        ("merchant", facts.merchant.as_ref().map(model::MerchantId::as_str)),
        ("tz", facts.tz.as_deref()),
        ("country", facts.country.as_deref()),
        ("region", facts.region.as_deref()),
        ("opening_hours", facts.opening_hours.as_deref()),
    ];
    let present = texts.into_iter().filter_map(|(key, text)| text.map(|text| (key.to_owned(), text.into())));
    let mut properties: Map<String, Value> = present.collect();
    if !facts.tags.is_empty() {
        properties.insert("tags".to_owned(), facts.tags.iter().map(|tag| &**tag).collect());
    }
    if let Shape::Circle { radius, .. } = fence.shape {
        properties.insert("radius_m".to_owned(), radius.0.into());
    }
    properties
}

fn geometry(shape: &Shape) -> Value {
    match shape {
        Shape::Circle { center, .. } => {
            json!({ "type": "Point", "coordinates": [center.lng(), center.lat()] })
        }
        Shape::Polygons(polygons) => match polygons.as_slice() {
            [polygon] => json!({ "type": "Polygon", "coordinates": rings(polygon) }),
            polygons => {
                let polygons: Vec<_> = polygons.iter().map(rings).collect();
                json!({ "type": "MultiPolygon", "coordinates": polygons })
            }
        },
    }
}

fn rings(polygon: &Polygon) -> Vec<Vec<[f64; 2]>> {
    polygon.rings().collect()
}
