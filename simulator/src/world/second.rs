//! The same world for the oracle, which knows no room of ours: plain numbers and degrees.

use model::{Position, TransitionKind};
use offers::Draft;
use oracle::Kind;
use spatial_index::{Fence, Polygon, Shape};
use town::Town;

pub(super) fn fence(town: &Town, fence: &Fence) -> oracle::Fence {
    let facts = &fence.facts;
    oracle::Fence {
        merchant: facts.merchant.as_ref().and_then(|id| merchant_no(town, id)),
        shape: shape(&fence.shape),
        radius_m: fence.shape.radius().0,
        tz: facts.tz.as_deref().map(|name| name.parse().expect("a zone was looked up when it was read")),
    }
}

pub(super) fn offer(town: &Town, fences: &[Fence], draft: &Draft) -> oracle::Offer {
    let chosen = |fence: &Fence| {
        let facts = &fence.facts;
        facts.merchant.as_ref() == Some(&draft.merchant)
            && (draft.fences.contains(&facts.id) || facts.tags.iter().any(|tag| draft.tags.contains(tag)))
    };
    let numbered = fences.iter().enumerate().filter(|(_, fence)| chosen(fence));
    oracle::Offer {
        id: draft.id.as_str().to_owned(),
        merchant: merchant_no(town, &draft.merchant).expect("an offer is a merchant's of this town"),
        trigger: match draft.trigger {
            TransitionKind::Enter => Kind::Enter,
            TransitionKind::Dwell => Kind::Dwell,
            TransitionKind::Exit => Kind::Exit,
            TransitionKind::Cross => Kind::Cross,
        },
        fences: numbered.map(|(no, _)| no as u32).collect(),
        priority: draft.priority,
        valid_for_ms: draft.valid_for.ms(),
    }
}

fn merchant_no(town: &Town, id: &model::MerchantId) -> Option<u32> {
    town.merchants().iter().position(|merchant| merchant.id == *id).map(|no| no as u32)
}

/// A shape as the oracle takes it.
pub(crate) fn shape(shape: &Shape) -> oracle::Shape {
    match shape {
        Shape::Circle { center, radius } => {
            oracle::Shape::Circle { centre: place(*center), radius_m: radius.0 }
        }
        Shape::Polygons(polygons) => oracle::Shape::Polygons(polygons.iter().map(rings).collect()),
    }
}

const fn place(position: Position) -> oracle::Place {
    oracle::Place { lat: position.lat(), lng: position.lng() }
}

fn rings(polygon: &Polygon) -> Vec<Vec<oracle::Place>> {
    let corners =
        |ring: Vec<[f64; 2]>| ring.into_iter().map(|[lng, lat]| oracle::Place { lat, lng }).collect();
    polygon.rings().map(corners).collect()
}

/// A fix as the oracle takes it.
pub(crate) fn fix(fix: &model::Fix) -> oracle::Fix {
    oracle::Fix {
        taken_at_ms: fix.taken_at.unix_ms(),
        at: place(fix.position),
        accuracy_m: fix.accuracy.map(|accuracy| accuracy.0),
        speed_mps: fix.speed_mps.map(f64::from),
        mock: fix.mock,
        still: fix.still,
    }
}
