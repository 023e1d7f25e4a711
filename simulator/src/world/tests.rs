//! Laws of a world: engine, files and oracle are told one and the same.

use std::collections::BTreeSet;
use std::path::Path;

use consent_gate::{ConsentEvent, OptIn, Purpose};
use engine::House;
use model::{FenceNo, Millis, Timestamp};
use offers::Catalogue;
use settings::OffersFile;
use spatial_index::geojson::{self, ReadOptions};
use spatial_index::{Index, Shape};
use town::{Agreement, PersonNo, Troubles, Want};

use super::*;

fn laid(talk: Talk) -> World {
    let plan = WorldPlan { seed: 5, n_people: 300, n_fences: 150, n_merchants: 3, talk };
    World::lay(&plan).expect("sound")
}

/// Fences of a user: some without a merchant, one of two polygons.
fn around() -> World {
    let text = r#"{"type": "FeatureCollection", "features": [
        {"type": "Feature", "id": "a", "properties": {"radius_m": 80, "merchant": "z", "tz": "Europe/Berlin"},
         "geometry": {"type": "Point", "coordinates": [11.5, 48.1]}},
        {"type": "Feature", "id": "b", "properties": {"radius_m": 120, "merchant": "y", "tags": ["tea"]},
         "geometry": {"type": "Point", "coordinates": [11.506, 48.102]}},
        {"type": "Feature", "id": "c", "properties": {},
         "geometry": {"type": "MultiPolygon", "coordinates": [
            [[[11.51, 48.1], [11.514, 48.1], [11.514, 48.103], [11.51, 48.1]]],
            [[[11.52, 48.1], [11.524, 48.1], [11.524, 48.103], [11.52, 48.1]]]]}}
    ]}"#;
    let loaded = geojson::read(text.as_bytes(), &ReadOptions::default()).expect("sound");
    World::around(loaded.fences, &WorldPlan { n_people: 40, ..WorldPlan::default() }).expect("sound")
}

#[test]
fn what_is_written_is_read_back_as_it_was() {
    for world in [laid(Talk::OnEnter), laid(Talk::Mixed), around()] {
        let read = geojson::read(world.geojson().as_bytes(), &ReadOptions::default()).unwrap();
        assert_eq!(read.fences, world.fences());
        let Ok(offers) = OffersFile::parse(Path::new("offers.toml"), &world.offers_toml()) else {
            panic!("bad offers")
        };
        assert_eq!(offers.drafts(), world.offers());
    }
}

#[test]
fn engine_and_oracle_number_alike() {
    for world in [laid(Talk::Mixed), around()] {
        let shapes: Vec<Shape> = world.fences().iter().map(|fence| fence.shape.clone()).collect();
        let index = Index::build(shapes).unwrap();
        let (fences, offers) = (world.oracle_fences(), world.oracle_offers());
        assert_eq!((fences.len(), offers.len()), (world.fences().len(), world.offers().len()));
        for (no, store) in world.town.stores().iter().enumerate() {
            let mut found = Vec::new();
            index.match_one(world.town.plane().position(store.spot), &mut found);
            assert!(found.contains(&FenceNo(no as u32)), "{}", store.name);
            assert_eq!(fences[no].merchant, Some(store.merchant as u32));
            assert!((fences[no].radius_m - world.fences()[no].facts.radius.0).abs() < 1e-9);
        }
        let catalogue = Catalogue::new(world.offers().to_vec()).unwrap();
        for (no, fence) in world.fences().iter().enumerate() {
            for kind in [model::TransitionKind::Enter, model::TransitionKind::Dwell] {
                let due = catalogue.due(kind, &fence.facts).into_iter().map(|offer| offer.id().as_str());
                let same = |offer: &&oracle::Offer| {
                    let is_theirs = fences[no].merchant == Some(offer.merchant);
                    is_theirs && offer.fences.contains(&(no as u32)) && offer.trigger.word() == kind.word()
                };
                let told = offers.iter().filter(same).map(|offer| offer.id.as_str());
                assert_eq!(due.collect::<BTreeSet<_>>(), told.collect::<BTreeSet<_>>());
            }
        }
        assert!(House::new(world.fences().to_vec(), catalogue).is_ok());
    }
}

#[test]
fn every_fence_of_a_load_world_welcomes_who_comes_in() {
    let world = laid(Talk::OnEnter);
    let offers = world.oracle_offers();
    let welcomed: BTreeSet<u32> = offers.iter().flat_map(|offer| offer.fences.clone()).collect();
    assert_eq!(welcomed.len(), world.fences().len());
    assert!(offers.iter().all(|offer| offer.trigger == oracle::Kind::Enter));
}

#[test]
fn people_say_only_what_they_agreed_to_and_prove_it() {
    let world = laid(Talk::Mixed);
    let now = world.town.midnight_at();
    let (mut ids, mut n_events) = (BTreeSet::new(), 0);
    let mut note = |events: &[ConsentEvent]| {
        n_events += events.len();
        ids.extend(events.iter().map(|event| event.id.as_str().to_owned()));
    };
    for no in (0..world.n_people()).map(PersonNo) {
        let said = |events: &[ConsentEvent]| {
            let provable = |event: &ConsentEvent| event.missing(OptIn::Single, now).is_nothing();
            assert!(events.iter().all(provable));
            events.len()
        };
        let agreements = &world.town.people()[no.slot()].agreements;
        let n_words = |agreement: &Agreement| match agreement {
            Agreement::Nothing => 0,
            Agreement::LocationOnly => 2,
            Agreement::Offers => 3,
        };
        let n_agreed: usize = agreements.iter().map(n_words).sum();
        let (grants, withdrawals) = (world.grants(no, now), world.withdrawals(no, now));
        assert_eq!((said(&grants), said(&withdrawals)), (n_agreed, n_agreed));
        for wish in world.town.wishes(no, now, now + Millis::from_hours(1), Millis::from_mins(5)) {
            let events = world.consents(no, &wish);
            let n_expected = match wish.what {
                Want::Withdraw | Want::Pause { .. } | Want::Grant | Want::Resume => {
                    n_words(&agreements[wish.merchant])
                }
                Want::Erase => n_agreed,
                Want::Feedback(_) => 0,
            };
            assert_eq!(events.len(), n_expected);
            note(&events);
        }
        note(&grants);
        note(&withdrawals);
    }
    assert!(1_000 < n_events);
    assert_eq!(ids.len(), n_events, "each event has an id of its own");
}

#[test]
fn people_walk_into_the_fences_that_the_index_knows() {
    for world in [laid(Talk::Mixed), around()] {
        let index = Index::build(world.fences().iter().map(|fence| fence.shape.clone()).collect()).unwrap();
        let from = world.town.midnight_at();
        let (mut n, mut n_inside, mut n_other) = (0, 0, 0);
        for no in (0..world.n_people().min(60)).map(PersonNo) {
            let mut outing = world.town.outing(no, from, &Troubles::none());
            for minute in 1..30 {
                outing.message(from + Millis::from_mins(minute), &mut Vec::new());
                let here = outing.truth().at;
                let mut found = Vec::new();
                index.match_one(world.town.plane().position(here), &mut found);
                let stores = world.town.stores().iter().enumerate();
                let told = stores.filter(|(_, store)| store.holds(here)).map(|(no, _)| FenceNo(no as u32));
                n += 1;
                n_inside += usize::from(!found.is_empty());
                n_other += usize::from(found != told.collect::<Vec<_>>());
            }
        }
        assert!(n < 5 * n_inside, "{n_inside} of {n} inside");
        assert!(n_other * 500 < n, "the plane is wrong about {n_other} of {n}");
    }
}

/// Everybody says what they agreed to, and it is durable.
fn agree(world: &World, oracle: &mut oracle::Oracle, at: Timestamp) {
    for person in (0..world.n_people()).map(PersonNo) {
        for event in world.grants(person, at) {
            let merchant = world.town.merchants().iter().position(|merchant| merchant.id == event.merchant);
            let purpose = match event.purpose {
                Purpose::Location => oracle::Purpose::Location,
                Purpose::Background => oracle::Purpose::Background,
                Purpose::OffersPush => oracle::Purpose::OffersPush,
                other => unreachable!("nobody is asked for {}", other.word()),
            };
            let grant = oracle::Consent::grant(None, at.unix_ms());
            oracle.consent(person.0, merchant.unwrap() as u32, purpose, &grant, at.unix_ms());
        }
    }
    oracle.stage(at.unix_ms());
    oracle.committed(at.unix_ms());
}

/// By the oracle, with what config/load.toml turns off: of 100,000 people in a minute there must be
/// far more than 50,000 transitions and 5,000 offers, or a load run would judge nothing.
#[test]
fn a_minute_of_a_load_world_is_enough_to_judge() {
    const N_PEOPLE: u32 = 500;
    const PARTS: usize = 100_000 / N_PEOPLE as usize;
    let world = World::lay(&WorldPlan::load(3, N_PEOPLE, 400)).expect("sound");
    let rules = crate::load::rules::of_load();
    let mut oracle = oracle::Oracle::new(world.oracle_fences(), world.oracle_offers(), rules);
    let from = world.town.midnight_at() + Millis::from_hours(10);
    agree(&world, &mut oracle, from);

    let mut outings: Vec<_> =
        (0..N_PEOPLE).map(|no| world.town.outing(PersonNo(no), from, &Troubles::none())).collect();
    let mut fixes = Vec::new();
    for second in 1..=60 {
        let now = from + Millis::from_secs(second);
        for outing in &mut outings {
            fixes.clear();
            outing.message(now, &mut fixes);
            let fixes: Vec<oracle::Fix> = fixes.iter().map(oracle_fix).collect();
            oracle.message(outing.person().0, outing.person().0, &fixes, now.unix_ms());
        }
        oracle.stage(now.unix_ms());
        oracle.committed(now.unix_ms());
    }
    let told = oracle.told();
    let count = |what: fn(&oracle::What) -> bool| told.iter().filter(|told| what(&told.what)).count() * PARTS;
    let n_transitions = count(|what| matches!(what, oracle::What::Transition { initial: false, .. }));
    let n_offers = count(|what| matches!(what, oracle::What::Offer { .. }));
    assert!(65_000 < n_transitions, "{n_transitions} transitions");
    assert!(12_000 < n_offers, "{n_offers} offers");
}
