//! Orders: durable, for good where they say so, and never guessed.

use super::*;

const NOW: Timestamp = Timestamp::from_unix_ms(1_795_262_400_000);

fn known() -> Vec<OfferId> {
    ["paperbacks", "hardcovers"].map(|id| OfferId::new(id).unwrap()).into()
}

fn wish(offer: &str, state: &str) -> OfferWish {
    OfferWish { offer: offer.into(), state: state.into(), why: Some("the price was wrong".into()) }
}

/// Gives it if it changes anything; answers whether it did, or what is wrong with it.
fn give(orders: &mut Orders, offer: &str, state: &str) -> Result<bool, String> {
    let weighed = orders.weigh(&wish(offer, state), &known(), "user 1000", NOW);
    let weighed = weighed.map_err(|problems| problems[0].to_string())?;
    let is_new = weighed.is_some();
    weighed.into_iter().for_each(|order| orders.give(order).unwrap());
    Ok(is_new)
}

fn states(dir: &Path) -> Vec<(String, &'static str)> {
    let orders = Orders::read(dir).unwrap();
    orders.in_force().iter().map(|(id, order)| (id.as_str().to_owned(), order.state.word())).collect()
}

#[test]
fn an_order_is_durable_with_who_gave_it_when_and_why() {
    let dir = tempfile::tempdir().unwrap();
    let mut orders = Orders::read(dir.path()).unwrap();
    assert_eq!(give(&mut orders, "paperbacks", "paused"), Ok(true));
    let read = Orders::read(dir.path()).unwrap();
    assert_eq!(read.given(), orders.given());
    let order = read.of(&known()[0]).unwrap();
    assert_eq!((order.state, order.at, &*order.by), (OperatorState::Paused, NOW, "user 1000"));
    assert_eq!(order.why.as_deref(), Some("the price was wrong"));
    assert_eq!(read.of(&known()[1]), None);
}

#[test]
fn v09_an_order_that_was_changed_on_the_disk_is_refused_and_an_older_list_gets_a_checksum() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("offers.json");
    give(&mut Orders::read(dir.path()).unwrap(), "paperbacks", "paused").unwrap();
    let written = fs::read_to_string(&path).unwrap();
    fs::write(&path, written.replace("\"paperbacks\"", "\"paperbooks\"")).unwrap();
    let refused = Orders::read(dir.path()).unwrap_err().to_string();
    assert!(refused.contains("it is not what was written there"), "{refused}");
    let rest = written.split("\"format\": 2,").nth(1).unwrap();
    fs::write(&path, format!("{{ \"format\": 1,{rest}")).unwrap();
    assert!(!Orders::read(dir.path()).unwrap().is_checked());
    Orders::take_over(dir.path()).unwrap();
    assert_eq!(fs::read_to_string(&path).unwrap(), written);
}

#[test]
fn the_newest_order_of_an_offer_holds_and_what_is_so_already_changes_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let mut orders = Orders::read(dir.path()).unwrap();
    let steps =
        [("running", false), ("paused", true), ("paused", false), ("running", true), ("running", false)];
    for (state, is_new) in steps {
        assert_eq!(give(&mut orders, "paperbacks", state), Ok(is_new), "{state}");
    }
    assert_eq!((states(dir.path()), orders.given().len()), (vec![("paperbacks".into(), "running")], 2));
}

#[test]
fn stopped_is_for_good_and_says_what_to_do() {
    let dir = tempfile::tempdir().unwrap();
    let mut orders = Orders::read(dir.path()).unwrap();
    assert_eq!(give(&mut orders, "paperbacks", "stopped"), Ok(true));
    for state in ["running", "paused"] {
        let refused = give(&mut orders, "paperbacks", state).unwrap_err();
        for words in ["stopped by user 1000 at 2026-11-21 12:00 UTC", "for good", "a new id", "stile reload"]
        {
            assert!(refused.contains(words), "{words:?} is not in {refused}");
        }
    }
    assert_eq!(give(&mut orders, "paperbacks", "stopped"), Ok(false));
    assert_eq!(states(dir.path()), [("paperbacks".into(), "stopped")]);
}

#[test]
fn an_unknown_offer_is_refused_with_the_nearest_name_and_an_order_outlives_its_offer() {
    let dir = tempfile::tempdir().unwrap();
    let mut orders = Orders::read(dir.path()).unwrap();
    let refused = give(&mut orders, "paperbaks", "paused").unwrap_err();
    assert!(refused.contains("did you mean \"paperbacks\"?"), "{refused}");
    assert!(give(&mut orders, "../etc", "paused").is_err());
    assert_eq!(give(&mut orders, "paperbacks", "paused"), Ok(true));
    // The offer has gone from the file, and is stopped all the same should it come back.
    let weighed = orders.weigh(&wish("paperbacks", "stopped"), &[], "me", NOW).unwrap();
    orders.give(weighed.unwrap()).unwrap();
    assert_eq!(states(dir.path()), [("paperbacks".into(), "stopped")]);
    let long = OfferWish { why: Some("x".repeat(501)), ..wish("hardcovers", "paused") };
    assert!(orders.weigh(&long, &known(), "me", NOW).is_err());
}

#[test]
fn d06_a_list_that_is_damaged_or_newer_is_refused_and_not_taken_for_none() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("offers.json");
    for text in [
        "",
        "[]",
        r#"{"format":2,"orders":[]}"#,
        r#"{"format":1,"orders":[{"offer":"a b","state":"paused","at_ms":1,"by":"me"}]}"#,
        r#"{"format":1,"orders":[{"offer":"a","state":"resting","at_ms":1,"by":"me"}]}"#,
    ] {
        fs::write(&path, text).unwrap();
        let refused = Orders::read(dir.path()).unwrap_err().to_string();
        assert!(refused.contains("offers.json is damaged"), "{refused}");
    }
    fs::remove_file(&path).unwrap();
    assert!(Orders::read(dir.path()).unwrap().given().is_empty());
}

#[test]
fn of_many_orders_those_that_hold_stay() {
    let order = |i: usize, state| Order {
        offer: OfferId::new(&format!("offer-{i}")).unwrap(),
        state,
        at: NOW,
        by: "me".into(),
        why: None,
    };
    let mut given: Vec<Order> = vec![order(0, OperatorState::Stopped), order(1, OperatorState::Paused)];
    given.extend(
        (0..600).flat_map(|_| [OperatorState::Paused, OperatorState::Running].map(|state| order(2, state))),
    );
    forget_old(&mut given);
    assert_eq!(given.len(), OLD_MAX + 2);
    assert_eq!((&given[0], &given[1]), (&order(0, OperatorState::Stopped), &order(1, OperatorState::Paused)));
    assert_eq!(given.last(), Some(&order(2, OperatorState::Running)));
}
