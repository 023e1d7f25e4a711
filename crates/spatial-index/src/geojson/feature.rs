//! One feature: its id, its geometry and its properties, all checked before any is refused.

use std::collections::BTreeMap;

use model::{FenceFacts, FenceId};
use serde_json::value::RawValue;
use serde_json::{Map, Value};

use super::flaw::cut;
use super::geometry::Drawn;
use super::options::ReadOptions;
use super::properties::Described;
use super::reason::Reason;
use super::warning::Concern;
use super::{geometry, properties};
use crate::shape::{Fence, Shape};

/// A feature that is a fence.
pub(super) struct Found {
    pub(super) fence: Fence,
    /// Texts that were asked for besides.
    pub(super) extras: Vec<Option<Box<str>>>,
    pub(super) concerns: Vec<Concern>,
}

/// A feature that is none.
pub(super) struct NotAFence {
    pub(super) id: Option<String>,
    pub(super) reasons: Vec<Reason>,
}

impl Found {
    pub(super) fn of(id: FenceId, described: Described, drawn: Drawn) -> Self {
        let facts = FenceFacts {
            name: described.name.unwrap_or_else(|| id.as_str().into()),
            id,
            merchant: described.merchant,
            tags: described.tags,
            tz: described.tz,
            country: described.country,
            region: described.region,
            opening_hours: described.opening_hours,
            radius: drawn.shape.radius(),
        };
        Self { fence: Fence { facts, shape: drawn.shape }, extras: Vec::new(), concerns: drawn.concerns }
    }

    /// Corners of its shape; a circle counts as one.
    pub(super) fn n_corners(&self) -> usize {
        match &self.fence.shape {
            Shape::Circle { .. } => 1,
            Shape::Polygons(polygons) => polygons.iter().map(crate::polygon::Polygon::n_corners).sum(),
        }
    }
}

/// Reads a feature, whatever it holds; its text is one JSON value.
pub(super) fn read(text: &str, options: &ReadOptions) -> Result<Found, NotAFence> {
    let limits = &options.limits;
    let feature: Value = serde_json::from_str(text).map_err(|error| NotAFence {
        id: id_of_unreadable(text),
        reasons: vec![Reason::Unreadable { message: error.to_string() }],
    })?;
    let Some(feature) = feature.as_object().filter(|feature| is_feature(feature)) else {
        return Err(NotAFence { id: None, reasons: vec![Reason::NotAFeature] });
    };
    let nothing = Map::new();
    let given = feature.get("properties").and_then(Value::as_object).unwrap_or(&nothing);
    let mut reasons = Vec::new();
    let id = note(id_of(feature, given), &mut reasons);
    let drawn = note(geometry::read(feature.get("geometry"), given, limits), &mut reasons);
    let described = properties::read(given, limits, &mut reasons);
    let extras = properties::texts(given, options, &mut reasons);
    match (id, drawn) {
        (Some(id), Some(drawn)) if reasons.is_empty() => {
            Ok(Found { extras, ..Found::of(id, described, drawn) })
        }
        (_, _) => Err(NotAFence { id: id_text(feature, given).map(|id| cut(&id)), reasons }),
    }
}

fn is_feature(feature: &Map<String, Value>) -> bool {
    feature.get("type").and_then(Value::as_str) == Some("Feature")
}

fn note<T>(result: Result<T, Reason>, reasons: &mut Vec<Reason>) -> Option<T> {
    result.map_err(|reason| reasons.push(reason)).ok()
}

/// The feature's own id, else that of its properties.
fn id_value<'a>(feature: &'a Map<String, Value>, given: &'a Map<String, Value>) -> Option<&'a Value> {
    let present = |members: &'a Map<String, Value>| members.get("id").filter(|id| !id.is_null());
    present(feature).or_else(|| present(given))
}

fn id_text(feature: &Map<String, Value>, given: &Map<String, Value>) -> Option<String> {
    match id_value(feature, given)? {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => None,
    }
}

fn id_of(feature: &Map<String, Value>, given: &Map<String, Value>) -> Result<FenceId, Reason> {
    if id_value(feature, given).is_none() {
        return Err(Reason::NoId);
    }
    let text = id_text(feature, given).ok_or(Reason::IdNotText)?;
    FenceId::new(&text).map_err(Reason::Id)
}

/// The id of a feature that holds something unreadable elsewhere.
fn id_of_unreadable(text: &str) -> Option<String> {
    let members: BTreeMap<String, &RawValue> = serde_json::from_str(text).ok()?;
    match serde_json::from_str(members.get("id")?.get()).ok()? {
        Value::String(text) => Some(text),
        Value::Number(number) => Some(number.to_string()),
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => None,
    }
}
