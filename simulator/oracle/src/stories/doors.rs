//! Consent, edits and restarts.

use super::*;

#[test]
fn consent_is_asked_at_every_door() {
    let mut street = Street::new(simple());
    assert_eq!(street.after(0, |fix| fix, TOYS), Vec::<String>::new(), "another merchant's");
    let fix = street.fix(BOOKS);
    street.oracle.message(2, 0, &[fix], street.now_ms);
    assert_eq!(street.told(), ["refused unknown_customer"]);
    street.after(MINUTE, |fix| fix, BOOKS);
    street.say(0, Word::Pause { until_ms: Some(street.now_ms + HOUR) }, 0);
    assert_eq!(street.told(), ["exit 0 consent_withdrawn"]);
    assert_eq!(street.after(HOUR - 1, |fix| fix, BOOKS), ["refused paused"]);
    assert_eq!(street.after(1, |fix| fix, BOOKS), ["enter 0 initial"], "a pause ends by itself");
    street.say(0, Word::Withdraw, 0);
    street.say(0, Word::Grant { until_ms: None, token: None }, MINUTE);
    street.told();
    assert_eq!(street.after(MINUTE, |fix| fix, BOOKS), ["refused withdrawn"], "a late grant");
    street.say(0, Word::Grant { until_ms: Some(street.now_ms + 30 * MINUTE), token: None }, 0);
    assert_eq!(street.after(MINUTE, |fix| fix, BOOKS), ["enter 0 initial"]);
    assert_eq!(street.after(29 * MINUTE, |fix| fix, BOOKS), ["refused expired"]);
}

#[test]
fn an_edit_ends_visits_and_triggers_nothing() {
    let edited = |edit: &dyn Fn(&mut Fence), x_m: f64| {
        let mut street = Street::new(talkative());
        street.after(0, |fix| fix, DOOR + 400.0);
        street.after(MINUTE, |fix| fix, DOOR);
        let mut fences: Vec<Option<Fence>> = fences().into_iter().map(Some).collect();
        edit(fences[2].as_mut().expect("a fence"));
        street.oracle.fences(fences, street.now_ms);
        let mut told = street.told();
        told.extend(street.after(MINUTE, |fix| fix, x_m));
        told.extend(street.after(MINUTE, |fix| fix, x_m));
        told
    };
    let moved =
        |fence: &mut Fence| fence.shape = Shape::Circle { centre: east(DOOR + 1_000.0), radius_m: 100.0 };
    let grown = |fence: &mut Fence| fence.shape = Shape::Circle { centre: east(DOOR), radius_m: 105.0 };
    assert_eq!(edited(&|_| {}, DOOR), Vec::<String>::new());
    assert_eq!(
        edited(&moved, DOOR + 1_000.0),
        ["exit 2 fence_moved", "enter 2 initial", "no 3 already_inside"]
    );
    assert_eq!(edited(&grown, DOOR), Vec::<String>::new());
    assert_eq!(edited(&|fence| fence.merchant = Some(1), DOOR), ["exit 2 fence_removed"]);
    assert_eq!(
        edited(&grown, DOOR + 300.0),
        ["exit 2 left", "no 4 already_told"],
        "who walks out of it later left it"
    );
}

/// Customer 1 after the dwell at `books` that brought offer 1, three minutes after they came.
fn stored_after_a_stay(said: Said, now_ms: i64) -> StoredCustomer {
    let entered_at_ms = said.entered_at_ms;
    let agreed_at_ms = MONDAY + 12 * HOUR;
    let consent = |purpose| StoredConsent {
        merchant: 0,
        purpose,
        state: ConsentState::Granted { until_ms: agreed_at_ms + 365 * DAY },
        restricted_at_ms: None,
        version: None,
        is_reminded: false,
    };
    let heard = Heard {
        said,
        at_ms: now_ms,
        merchant: 0,
        tz: Some(chrono_tz::UTC),
        channel: Channel::Push,
        standing: Standing::Sent,
        cost: 40,
        favourite: false,
        answers: Answers::default(),
        shown_at_ms: None,
    };
    let notice = StoredNotice {
        said,
        expires_at_ms: now_ms + 15 * MINUTE,
        kind: Kind::Dwell,
        merchant: 0,
        channel: Channel::Push,
        words: String::new(),
    };
    StoredCustomer {
        customer: 1,
        consents: [Purpose::Location, Purpose::Background, Purpose::OffersPush].map(consent).to_vec(),
        agreed_at_ms: Some(agreed_at_ms),
        profile: Profile::default(),
        patience: Patience { told: [(1, 1)].into(), ..Patience::default() },
        heard: vec![heard],
        outbox: vec![notice],
        visits: vec![StoredVisit {
            device: 0,
            fence: 0,
            entered_at_ms,
            last_at_ms: now_ms,
            initial: false,
            dwelled: true,
        }],
    }
}

#[test]
fn a_restart_goes_on_from_what_was_stored_and_says_what_was_lost() {
    let mut street = Street::new(simple());
    street.after(0, |fix| fix, BOOKS + 400.0);
    street.after(MINUTE, |fix| fix, BOOKS);
    street.after(3 * MINUTE, |fix| fix, BOOKS);
    let (now_ms, entered_at_ms) = (street.now_ms, street.now_ms - 3 * MINUTE);
    let said = Said { customer: 1, device: 0, offer: 1, fence: 0, entered_at_ms };
    let stock = Counts::from([((1, None), 1), ((1, chrono::NaiveDate::from_ymd_opt(2026, 6, 3)), 1)]);
    let whole = stored_after_a_stay(said, now_ms);
    let lost = |stored: &StoredCustomer| {
        let mut again = Street::new(simple());
        again.after(0, |fix| fix, BOOKS + 400.0);
        again.after(MINUTE, |fix| fix, BOOKS);
        again.after(3 * MINUTE, |fix| fix, BOOKS);
        let sentences =
            again.oracle.restart(&Restored { customers: vec![stored.clone()], stock: stock.clone() }, now_ms);
        sentences
            .iter()
            .map(|sentence| sentence.split(':').next().unwrap_or_default().to_owned())
            .collect::<Vec<_>>()
    };
    assert_eq!(lost(&whole), Vec::<String>::new());
    assert_eq!(lost(&StoredCustomer { heard: Vec::new(), ..whole.clone() }), ["caps_hold"]);
    assert_eq!(lost(&StoredCustomer { outbox: Vec::new(), ..whole.clone() }), ["ledger_precedes_delivery"]);
    assert_eq!(lost(&StoredCustomer { agreed_at_ms: None, ..whole.clone() }), ["acknowledged_is_durable"]);
    assert_eq!(
        lost(&StoredCustomer { consents: Vec::new(), ..whole.clone() }),
        ["acknowledged_is_durable"; 3]
    );

    let minor = Profile { minor: true, ..Profile::default() };
    assert_eq!(lost(&StoredCustomer { profile: minor, ..whole.clone() }), ["acknowledged_is_durable"]);
    let patience = Patience { n_ignored: 1, ..whole.patience.clone() };
    assert_eq!(lost(&StoredCustomer { patience, ..whole.clone() }), ["acknowledged_is_durable"]);

    let restored = Restored { customers: vec![whole], stock: stock.clone() };
    assert_eq!(street.oracle.restart(&restored, now_ms), Vec::<String>::new());
    assert_eq!(street.oracle.to_send(), [said]);
    assert_eq!(
        street.after(MINUTE, |fix| fix, BOOKS),
        Vec::<String>::new(),
        "the visit is open, its dwell was told"
    );
    assert_eq!(street.after(MINUTE, |fix| fix, CAFE), ["enter 1"],);
    assert_eq!(
        street.after(3 * MINUTE, |fix| fix, CAFE),
        ["exit 0 left", "dwell 1", "no 2 rest_between_offers"]
    );
}
