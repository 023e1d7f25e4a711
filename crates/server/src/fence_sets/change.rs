//! What is different about one fence between two sets.

use std::fmt;

use geo::{Distance as _, Geodesic, Point};
use model::FenceFacts;
use serde_json::{Value, json};
use spatial_index::{Fence, Shape};

use crate::fence_files::middle;

/// Less is a matter of rounding, not a move.
const MOVED_MIN_M: f64 = 0.01;

/// What is different about one fence.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct FenceChange {
    pub(crate) id: String,
    /// How far its middle moved, in metres.
    moved_m: Option<f64>,
    /// Its radius before and after; of polygons that of a circle as large.
    resized_m: Option<(f64, f64)>,
    /// Its border is another, whether or not it moved or grew.
    redrawn: bool,
    /// The facts that differ, by the names that they have in a file.
    facts: Vec<&'static str>,
}

impl FenceChange {
    /// `None` when nothing is different.
    pub(crate) fn between(old: &Fence, new: &Fence) -> Option<Self> {
        let redrawn = old.shape != new.shape;
        let moved_m = Some(distance_m(&old.shape, &new.shape)).filter(|m| redrawn && MOVED_MIN_M <= *m);
        let radii = (old.facts.radius.0, new.facts.radius.0);
        let resized_m = (redrawn && MOVED_MIN_M <= (radii.0 - radii.1).abs()).then_some(radii);
        let facts = different_facts(&old.facts, &new.facts);
        let id = new.facts.id.as_str().to_owned();
        (redrawn || !facts.is_empty()).then_some(Self { id, moved_m, resized_m, redrawn, facts })
    }

    pub(crate) fn json(&self) -> Value {
        json!({
            "id": self.id,
            "moved_m": self.moved_m,
            "radius_m": self.resized_m.map(|(old, new)| [old, new]),
            "redrawn": self.redrawn,
            "facts": self.facts,
        })
    }
}

impl fmt::Display for FenceChange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut said = Vec::new();
        if let Some(moved_m) = self.moved_m {
            said.push(format!("moved {moved_m:.1} m"));
        }
        if let Some((old, new)) = self.resized_m {
            said.push(format!("radius {old:.1} m, now {new:.1} m"));
        }
        if self.redrawn && said.is_empty() {
            said.push("redrawn".to_owned());
        }
        if !self.facts.is_empty() {
            said.push(format!("other {}", self.facts.join(", ")));
        }
        write!(f, "{}", said.join("; "))
    }
}

fn distance_m(old: &Shape, new: &Shape) -> f64 {
    let point = |shape| {
        let middle = middle(shape);
        Point::new(middle.lng(), middle.lat())
    };
    Geodesic.distance(point(old), point(new))
}

fn different_facts(old: &FenceFacts, new: &FenceFacts) -> Vec<&'static str> {
    let differs = [
        ("name", old.name != new.name),
        ("merchant", old.merchant != new.merchant),
        ("tags", old.tags != new.tags),
        ("tz", old.tz != new.tz),
        ("country", old.country != new.country),
        ("region", old.region != new.region),
        ("opening_hours", old.opening_hours != new.opening_hours),
    ];
    differs.into_iter().filter(|(_, differs)| *differs).map(|(name, _)| name).collect()
}

#[cfg(test)]
mod tests {
    use model::{FenceId, MerchantId, Meters, Position};

    use super::*;

    fn fence(lat: f64, radius_m: f64) -> Fence {
        let facts = FenceFacts {
            id: FenceId::new("shop").unwrap(),
            name: "Shop".into(),
            merchant: None,
            tags: Vec::new(),
            tz: None,
            country: None,
            region: None,
            opening_hours: None,
            radius: Meters(radius_m),
        };
        let shape = Shape::Circle { center: Position::new(lat, 2.0).unwrap(), radius: Meters(radius_m) };
        Fence { facts, shape }
    }

    fn said(old: &Fence, new: &Fence) -> Option<String> {
        FenceChange::between(old, new).map(|change| change.to_string())
    }

    #[test]
    fn a_change_says_by_how_many_metres() {
        let old = fence(50.0, 100.0);
        assert_eq!(said(&old, &old), None);
        // A thousandth of a degree of latitude at the 50th parallel.
        assert_eq!(said(&old, &fence(50.001, 100.0)).unwrap(), "moved 111.2 m");
        assert_eq!(said(&old, &fence(50.0, 150.0)).unwrap(), "radius 100.0 m, now 150.0 m");
        let mut renamed = fence(50.001, 150.0);
        renamed.facts.merchant = Some(MerchantId::new("books").unwrap());
        renamed.facts.name = "Books".into();
        assert_eq!(
            said(&old, &renamed).unwrap(),
            "moved 111.2 m; radius 100.0 m, now 150.0 m; other name, merchant"
        );
        assert_eq!(said(&old, &fence(50.000_000_01, 100.0)).unwrap(), "redrawn");
    }
}
