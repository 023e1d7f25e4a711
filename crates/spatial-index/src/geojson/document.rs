//! The file as a whole: is it a FeatureCollection, and where are its features?
//!
//! Features stay raw text, so that one which holds nonsense refuses itself and not the file, and
//! only one of them at a time is unpacked in memory.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde_json::Value;
use serde_json::value::RawValue;

use super::flaw::cut;
use super::options::Limits;
use super::reason::{Lookalike, Reason};

type Members<'a> = BTreeMap<String, &'a RawValue>;

/// The text of a file, ready for [`features`].
///
/// A byte order mark is dropped, and numbers that some writers produce and JSON has not (`NaN`,
/// `Infinity`) become `null`, so that they refuse their feature and not the file.
pub(super) fn text_of<'a>(bytes: &'a [u8], limits: &Limits) -> Result<Cow<'a, str>, Reason> {
    if limits.bytes_max < bytes.len() {
        return Err(Reason::OverLimit { limit: "bytes_max", max: limits.bytes_max });
    }
    let bytes = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes);
    match bytes {
        [0x1F, 0x8B, ..] => return Err(Reason::NotACollection(Lookalike::Gzip)),
        [0xFE, 0xFF, ..] | [0xFF, 0xFE, ..] | [0, _, ..] | [_, 0, ..] => {
            return Err(Reason::NotACollection(Lookalike::Utf16));
        }
        _ => {}
    }
    let text = std::str::from_utf8(bytes).map_err(|_| Reason::NotUtf8)?.trim_start();
    match text.bytes().next() {
        None => Err(Reason::Empty),
        Some(b'<') => Err(Reason::NotACollection(Lookalike::Xml)),
        Some(_) => Ok(without_literals(text)),
    }
}

/// The members of `features`, in order, not looked into yet.
pub(super) fn features<'a>(text: &'a str, limits: &Limits) -> Result<Vec<&'a RawValue>, Reason> {
    if !text.starts_with('{') {
        let is_json = serde_json::from_str::<&RawValue>(text).map_err(|error| syntax(&error));
        return is_json.and(Err(Reason::NotACollection(Lookalike::OtherJson)));
    }
    let members: Members<'a> = serde_json::from_str(text).map_err(|error| syntax(&error))?;
    check_type(&members)?;
    check_crs(&members)?;
    let features = members.get("features").ok_or(Reason::NoFeatures)?;
    let features: Vec<&RawValue> = serde_json::from_str(features.get()).map_err(|_| Reason::NoFeatures)?;
    if limits.fences_max < features.len() {
        return Err(Reason::OverLimit { limit: "fences_max", max: limits.fences_max });
    }
    Ok(features)
}

fn syntax(error: &serde_json::Error) -> Reason {
    let message = error.to_string();
    let message = message.split(" at line ").next().unwrap_or_default().to_owned();
    Reason::Syntax { line: error.line(), column: error.column(), message }
}

fn text_member(members: &Members<'_>, name: &str) -> Option<String> {
    members.get(name).and_then(|raw| serde_json::from_str(raw.get()).ok())
}

fn check_type(members: &Members<'_>) -> Result<(), Reason> {
    let lookalike = match text_member(members, "type").as_deref() {
        Some("FeatureCollection") => return Ok(()),
        Some("Topology") => Lookalike::TopoJson,
        Some("Feature") => Lookalike::Feature,
        Some(
            "Point" | "MultiPoint" | "LineString" | "MultiLineString" | "Polygon" | "MultiPolygon"
            | "GeometryCollection",
        ) => Lookalike::Geometry,
        Some(_) | None => Lookalike::OtherObject,
    };
    Err(Reason::NotACollection(lookalike))
}

/// Old GeoJSON may name a coordinate system; only the names of WGS 84 degrees pass.
fn check_crs(members: &Members<'_>) -> Result<(), Reason> {
    let Some(raw) = members.get("crs") else { return Ok(()) };
    let crs: Value = serde_json::from_str(raw.get()).unwrap_or_default();
    if crs.is_null() {
        return Ok(());
    }
    let name = crs.pointer("/properties/name").or_else(|| crs.pointer("/properties/code"));
    let name =
        name.map_or_else(|| crs.to_string(), |name| name.as_str().map_or(name.to_string(), str::to_owned));
    let upper = name.to_ascii_uppercase();
    let is_wgs84 = upper.ends_with("CRS84") || upper.ends_with(":4326") || upper == "4326";
    if is_wgs84 { Ok(()) } else { Err(Reason::NotWgs84 { crs: cut(&name) }) }
}

/// Writes `null` for `NaN`, `Infinity` and `-Infinity` outside of strings.
fn without_literals(text: &str) -> Cow<'_, str> {
    if !text.contains("NaN") && !text.contains("Infinity") {
        return Cow::Borrowed(text);
    }
    let mut clean = String::with_capacity(text.len());
    // Every second piece between unescaped quotes is a string.
    let mut in_string = false;
    for piece in quoted_pieces(text) {
        if in_string {
            clean.push_str(piece);
        } else {
            clean.push_str(
                &piece.replace("-Infinity", "null").replace("Infinity", "null").replace("NaN", "null"),
            );
        }
        in_string = !in_string;
    }
    Cow::Owned(clean)
}

/// Splits before and after each string literal: outside, string with its quotes, outside, ...
fn quoted_pieces(text: &str) -> Vec<&str> {
    let mut pieces = Vec::new();
    let (mut start, mut in_string, mut is_escaped) = (0, false, false);
    for (i, byte) in text.bytes().enumerate() {
        match (in_string, byte) {
            (true, _) if is_escaped => is_escaped = false,
            (true, b'\\') => is_escaped = true,
            (true, b'"') => {
                pieces.push(&text[start..=i]);
                (start, in_string) = (i + 1, false);
            }
            (false, b'"') => {
                pieces.push(&text[start..i]);
                (start, in_string) = (i, true);
            }
            (true | false, _) => {}
        }
    }
    pieces.push(&text[start..]);
    pieces
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn literals_become_null_outside_of_strings_only() {
        let text = r#"{"NaN":[NaN,-Infinity,Infinity,1],"a\"NaN":"Infinity \\"}"#;
        assert_eq!(without_literals(text), r#"{"NaN":[null,null,null,1],"a\"NaN":"Infinity \\"}"#);
    }

    #[test]
    fn the_names_of_wgs84_pass() {
        let check = |crs: &str| {
            let text = format!(r#"{{"type":"FeatureCollection","crs":{crs},"features":[]}}"#);
            features(&text, &Limits::default()).map(|features| features.len())
        };
        for name in ["urn:ogc:def:crs:OGC:1.3:CRS84", "EPSG:4326", "urn:ogc:def:crs:EPSG::4326"] {
            assert_eq!(check(&format!(r#"{{"type":"name","properties":{{"name":"{name}"}}}}"#)), Ok(0));
        }
        assert_eq!(check("null"), Ok(0));
        assert!(check(r#"{"type":"EPSG","properties":{"code":3857}}"#).is_err());
    }
}
