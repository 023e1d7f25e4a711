//! Fences that lie on each other: which of them speaks, whatever was edited before.

use std::sync::Arc;

use consent_gate::{ConsentKind, Purpose};
use engine::{Alteration, EventKind, House};
use model::{FenceFacts, FenceId, MerchantId, Meters, Millis, OfferId};
use offers::{Catalogue, Draft};
use spatial_index::{Fence, Shape};

use crate::shell::{Shell, at_once};
use crate::street::{clock, consent, east, fix_at, fixes};

const N_FENCES: usize = 40;
/// Both lie in one place, which is nobody else's.
const TWIN: usize = 3;
const OTHER_TWIN: usize = 7;

fn fence(no: usize) -> Fence {
    let place = if no == OTHER_TWIN { TWIN } else { no };
    let center = east(place as f64 * 1_000.0);
    let facts = FenceFacts {
        id: FenceId::new(&format!("f{no:02}")).unwrap(),
        name: "Store".into(),
        merchant: Some(MerchantId::new("corner").unwrap()),
        tags: Vec::new(),
        tz: Some("UTC".into()),
        country: None,
        region: None,
        opening_hours: None,
        radius: Meters(100.0),
    };
    Fence { facts, shape: Shape::Circle { center, radius: Meters(100.0) } }
}

fn house() -> Arc<House> {
    let (id, merchant) = (OfferId::new("latte").unwrap(), MerchantId::new("corner").unwrap());
    let draft = Draft {
        fences: [TWIN, OTHER_TWIN].map(|no| fence(no).facts.id).to_vec(),
        holdout_permille: 0,
        ..Draft::new(id, merchant, "An offer", "Something good")
    };
    let fences = (0..N_FENCES).map(fence).collect();
    Arc::new(House::new(fences, Catalogue::new(vec![draft]).unwrap()).unwrap())
}

/// The fence whose offer somebody gets who stays where both twins are, after fences were removed
/// and put back.
fn check(edits: &[(usize, bool)], speaks: usize) {
    let mut shell = Shell::new(house(), at_once(), clock(1, "10:00"));
    for purpose in [Purpose::Location, Purpose::Background, Purpose::OffersPush] {
        let kind = ConsentKind::Grant { until: None, confirm: None };
        let (yes, _) = consent("anna", "corner", purpose, kind, clock(1, "10:00"), 0);
        shell.deliver(&[yes], clock(1, "10:00"));
    }
    for (no, is_there) in edits {
        let edit = [(fence(*no).facts.id, is_there.then(|| fence(*no)))].into();
        let alteration = Alteration::edit(&shell.house, edit).expect("the fences can be indexed");
        shell.edit(&alteration, clock(1, "11:00"));
    }
    for minute in [0, 4] {
        let at = clock(3, "10:00") + Millis::from_mins(minute);
        shell.deliver(&[fixes("anna", "phone", &[fix_at(at, TWIN as f64 * 1_000.0)])], at);
    }
    let offers = shell.events().into_iter().filter_map(|event| match event.kind {
        EventKind::Offer { fence, .. } => Some(fence),
        _ => None,
    });
    assert_eq!(offers.collect::<Vec<_>>(), [fence(speaks).facts.id], "after {edits:?}");
}

#[test]
fn g16_of_two_fences_in_one_place_the_name_decides_whatever_was_edited_before() {
    check(&[], TWIN);
    check(&[(TWIN, false), (TWIN, true)], TWIN);
    // Put back, the first twin gets the number that the last of those removed had.
    check(&[(TWIN, false), (30, false), (TWIN, true)], TWIN);
    check(&[(TWIN, false)], OTHER_TWIN);
}
