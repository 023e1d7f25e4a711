//! The town as the engine takes it: fences, offers, and what its people say about consent.

use std::path::Path;

use consent_gate::{Actor, ConsentEvent, ConsentKind, EventId, Method, Notice, Purpose};
use model::{FenceFacts, Millis, Timestamp};
use settings::OffersFile;
use spatial_index::{Fence, Polygon, Ring, Shape};
use town::{Agreement, PersonNo, Store, StoreNo, Town};

/// Most people agreed so long before the demo starts.
const AGREED_BEFORE: Millis = Millis::from_days(2);
/// Some agreed only this morning.
const AGREED_LATE_BEFORE: Millis = Millis::from_mins(40);

const OFFERS: &str = include_str!("offers.toml");

/// The file of offers, without those of merchants that this town does not have.
///
/// Nobody is held out at the store of which the story tells, or one demo in ten would have none.
#[must_use]
pub fn offers_file(town: &Town, told_of: Option<StoreNo>) -> String {
    const TABLE: &str = "[[offer]]";
    let is_of = |offer: &str, merchant: usize| {
        offer.contains(&format!("merchant = {:?}\n", town.merchants()[merchant].id.as_str()))
    };
    let is_here = |offer: &&str| (0..town.merchants().len()).any(|merchant| is_of(offer, merchant));
    let is_told_of =
        |offer: &str| told_of.is_some_and(|store| is_of(offer, town.stores()[store.slot()].merchant));
    let table = |offer: &str| {
        let holdout = if is_told_of(offer) { "holdout_permille = 0\n\n" } else { "" };
        format!("{TABLE}{offer}{holdout}")
    };
    OFFERS.split(TABLE).filter(is_here).map(table).collect()
}

/// The fences of the town's stores, in ascending order of id: a fence's number is its store's.
///
/// # Panics
/// When the town has a fence that no index takes; its rings have area and corners.
#[must_use]
pub fn fences(town: &Town) -> Vec<Fence> {
    let fence = |store: &Store| {
        let shape = shape(store);
        let facts = FenceFacts {
            id: store.id.clone(),
            name: store.name.as_str().into(),
            merchant: Some(town.merchants()[store.merchant].id.clone()),
            tags: store.tags.iter().map(|tag| (*tag).into()).collect(),
            tz: Some(town.tz().into()),
            country: Some("US".into()),
            region: Some("US-MN".into()),
            opening_hours: None,
            radius: shape.radius(),
        };
        Fence { facts, shape }
    };
    town.stores().iter().map(fence).collect()
}

fn shape(store: &Store) -> Shape {
    match &store.shape {
        town::Shape::Circle { centre, radius } => Shape::Circle { center: *centre, radius: *radius },
        town::Shape::Rings(rings) => {
            let mut rings = rings.iter().map(|ring| Ring::through(ring).expect("a wall encloses an area"));
            let wall = rings.next().expect("a fence has a wall");
            Shape::Polygons(vec![Polygon::new(wall, rings.collect())])
        }
    }
}

/// What the merchants have to say.
///
/// # Panics
/// When the offers that are built into the program are wrong, which a test rules out.
#[must_use]
pub fn offers(town: &Town, told_of: Option<StoreNo>) -> OffersFile {
    OffersFile::parse(Path::new("demo/offers.toml"), &offers_file(town, told_of))
        .expect("the demo's offers pass their own checks")
}

/// When a person agreed, for a demo that starts at an instant.
#[must_use]
pub fn agreed_at(town: &Town, person: PersonNo, starts_at: Timestamp) -> Timestamp {
    let late = town.people()[person.slot()].agreed_late;
    starts_at - if late { AGREED_LATE_BEFORE } else { AGREED_BEFORE }
}

/// The grants of a person, one for each merchant and purpose that they agreed to.
#[must_use]
pub fn grants(town: &Town, person: PersonNo, at: Timestamp) -> Vec<ConsentEvent> {
    said(town, person, ConsentKind::Grant { until: None, confirm: None }, at)
}

/// The same taken back.
#[must_use]
pub fn withdrawals(town: &Town, person: PersonNo, at: Timestamp) -> Vec<ConsentEvent> {
    said(town, person, ConsentKind::Withdraw, at)
}

fn said(town: &Town, person: PersonNo, kind: ConsentKind, at: Timestamp) -> Vec<ConsentEvent> {
    let agreements = town.people()[person.slot()].agreements.iter();
    let mut events = Vec::new();
    for (merchant, agreement) in town.merchants().iter().zip(agreements) {
        let purposes: &[Purpose] = match agreement {
            Agreement::Nothing => &[],
            Agreement::LocationOnly => &[Purpose::Location, Purpose::Background],
            Agreement::Offers => &[Purpose::Location, Purpose::Background, Purpose::OffersPush],
        };
        for &purpose in purposes {
            let id = format!("{}-{}-{}-{}", kind.word(), person.0, merchant.id.as_str(), events.len());
            events.push(ConsentEvent {
                id: EventId::new(&id).expect("words and numbers make an id"),
                merchant: merchant.id.clone(),
                purpose,
                kind,
                actor: Actor::Own,
                method: Method::Toggle,
                notice: Some(notice(at)),
                evidence_at: Some(at),
                app: None,
            });
        }
    }
    events
}

/// What the app showed; its hash is that of an empty text, for the town's app is not written.
fn notice(at: Timestamp) -> Notice {
    Notice {
        id: "town-app".into(),
        version: 1,
        lang: "en".into(),
        sha256: "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855".into(),
        shown_at: at,
    }
}

#[cfg(test)]
mod tests {
    use town::Plan;

    use super::*;

    #[test]
    fn every_store_has_an_offer_and_every_offer_a_store() {
        let town = Town::build(&Plan { n_merchants: 6, ..Plan::default() }).unwrap();
        let facts: Vec<FenceFacts> = fences(&town).into_iter().map(|fence| fence.facts).collect();
        assert!(facts.is_sorted_by(|a, b| a.id < b.id));
        let offers = offers(&town, Some(StoreNo(0)));
        let problems = offers.check_fences(&facts);
        assert!(problems.is_empty(), "{} problems", problems.len());
        let catalogue = offers.catalogue();
        for fence in &facts {
            assert!(!catalogue.due(model::TransitionKind::Dwell, fence).is_empty(), "{}", fence.name);
        }
    }

    #[test]
    fn a_towns_file_has_the_offers_of_its_merchants() {
        for n_merchants in 2..=6 {
            let town = Town::build(&Plan { n_merchants, ..Plan::default() }).unwrap();
            let facts: Vec<FenceFacts> = fences(&town).into_iter().map(|fence| fence.facts).collect();
            let offers =
                OffersFile::parse(Path::new("offers.toml"), &offers_file(&town, Some(StoreNo(0)))).unwrap();
            assert!(offers.check_fences(&facts).is_empty(), "{n_merchants} merchants");
            assert!(n_merchants as usize <= offers.catalogue().offers().len(), "{n_merchants} merchants");
        }
    }

    #[test]
    fn who_agreed_to_nothing_says_nothing() {
        let town = Town::build(&Plan::default()).unwrap();
        for no in (0..town.people().len() as u32).map(PersonNo) {
            let most = town.people()[no.slot()].agreed_most();
            let n_grants = grants(&town, no, town.midnight_at()).len();
            assert_eq!(n_grants == 0, most == Agreement::Nothing);
            assert!(n_grants <= 15);
        }
    }
}
