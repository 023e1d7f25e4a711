//! The long form tells all that a record says, and nothing that it does not.

use consent_gate::{
    Actor, ConsentEvent, ConsentKind, ConsentState, Effect, Epoch, EventId, Hearing, Method, Notice, Purpose,
};
use ledger::{ConsentEntry, Counted, Entry, Retention, Said, What};
use model::{
    Channel, CustomerId, DeviceId, Digest, FenceId, MerchantId, Millis, NotificationId, OfferId, Timestamp,
    Tolerance, VisitId, Words,
};
use notifier::Suppression;

use super::*;

/// 2026-11-21 10:00 UTC.
const AT: Timestamp = Timestamp::from_unix_ms(1_795_255_200_000);
const LATER: Timestamp = Timestamp::from_unix_ms(1_795_341_600_000);

fn facts(facts: &[(&str, &str)]) -> Vec<(Box<str>, Box<str>)> {
    facts.iter().map(|(name, value)| ((*name).into(), (*value).into())).collect()
}

/// Everything that an engine writes down, and what a newer one may.
const FACTS: [(&str, &str); 21] = [
    ("fence_set", "7"),
    ("fence_set_hash", "c0ffee"),
    ("cost", "35"),
    ("cost_parts", "push 25, background 10, category_declared -5, purchases 5"),
    ("pressure", "12.500"),
    ("limit", "60.000"),
    ("heard_24h", "0 of 1"),
    ("heard_7d", "1 of 3"),
    ("heard_30d", "4 of 6"),
    ("zone", "Europe/Zurich"),
    ("channel", "push"),
    ("mode", "shadow"),
    ("store_hours", "Mo-Fr 09:00-18:00"),
    ("speed", "1.6 m/s"),
    ("segment", "gold"),
    ("category", "coffee"),
    ("own_per_week", "2"),
    ("own_quiet_hours", "21:00-10:00"),
    ("lang", "de"),
    ("favourite", "yes"),
    ("of_tomorrow", "a newer rule"),
];

fn decision() -> Decision {
    let words = Words { title: "Title".into(), body: "Body".into(), link: None, why: "Why".into() };
    Decision {
        id: NotificationId(Digest::from_bytes([1; 16])),
        device: DeviceId::new("phone").unwrap(),
        offer: OfferId::new("two").unwrap(),
        merchant: MerchantId::new("books").unwrap(),
        fence: FenceId::new("quay").unwrap(),
        store: "Corner Books".into(),
        visit: VisitId(Digest::from_bytes([2; 16])),
        trigger: TransitionKind::Dwell,
        triggered_at: AT,
        verdict: SENT.into(),
        failed: Vec::new(),
        next_possible_at: None,
        purposes: vec!["location".into()],
        facts: facts(&FACTS),
        counted: Some(counted(25)),
        tolerance: Some(Tolerance { n_ignored: 1, ..Tolerance::default() }),
        said: Some(Said { expires_at: AT, words }),
    }
}

fn counted(cost: u16) -> Counted {
    let (channel, standing) = (Channel::Push, Standing::Sent);
    Counted { zone: None, channel, category: None, standing, cost, favourite: false }
}

/// The decision with one field changed; whoever adds a field to the record is asked here what tells it.
fn changed(field: &str) -> Decision {
    let Decision {
        mut id,
        mut device,
        mut offer,
        mut merchant,
        mut fence,
        mut store,
        mut visit,
        mut trigger,
        mut triggered_at,
        mut verdict,
        mut failed,
        mut next_possible_at,
        mut purposes,
        facts: mut known,
        counted: mut counts,
        mut tolerance,
        mut said,
    } = decision();
    match field {
        "id" => id = NotificationId(Digest::from_bytes([9; 16])),
        "device" => device = DeviceId::new("watch").unwrap(),
        "offer" => offer = OfferId::new("three").unwrap(),
        "merchant" => merchant = MerchantId::new("shoes").unwrap(),
        "fence" => fence = FenceId::new("pier").unwrap(),
        "store" => store = "Pier Shoes".into(),
        "visit" => visit = VisitId(Digest::from_bytes([8; 16])),
        "trigger" => trigger = TransitionKind::Exit,
        "triggered_at" => triggered_at = LATER,
        "verdict" => verdict = Suppression::QuietHours.word().into(),
        // A field that only a silence shows is changed in one.
        "failed" => failed = vec![Suppression::Muted.word().into()],
        "next_possible_at" => next_possible_at = Some(LATER),
        "purposes" => purposes.push("personalisation".into()),
        "facts" => known = facts(&[("cost_parts", "push 25"), ("heard_24h", "1 of 1"), ("cost", "25")]),
        "counted" => counts = Some(counted(26)),
        "tolerance" => tolerance = Some(Tolerance { n_ignored: 2, ..Tolerance::default() }),
        "said" => said.as_mut().unwrap().words.body = "Other".into(),
        field => panic!("the record has no field {field}"),
    }
    Decision {
        id,
        device,
        offer,
        merchant,
        fence,
        store,
        visit,
        trigger,
        triggered_at,
        verdict,
        failed,
        next_possible_at,
        purposes,
        facts: known,
        counted: counts,
        tolerance,
        said,
    }
}

const FIELDS: [&str; 17] = [
    "id",
    "device",
    "offer",
    "merchant",
    "fence",
    "store",
    "visit",
    "trigger",
    "triggered_at",
    "verdict",
    "failed",
    "next_possible_at",
    "purposes",
    "facts",
    "counted",
    "tolerance",
    "said",
];

fn text(decision: &Decision, heading: &str) -> String {
    let lines = lines(decision, &past(), &Retention::default());
    lines.into_iter().find(|line| line.heading == heading).map_or_else(String::new, |line| line.text)
}

/// Somebody who agreed twice, the second time on another notice.
fn past() -> Past {
    let mut past = Past::default();
    for (version, at) in [(3, AT), (4, LATER)] {
        let notice =
            Notice { id: "app".into(), version, lang: "de".into(), sha256: "ab".into(), shown_at: at };
        let event = ConsentEvent {
            id: EventId::new("e1").unwrap(),
            merchant: MerchantId::new("books").unwrap(),
            purpose: Purpose::Location,
            kind: ConsentKind::Grant { until: None, confirm: None },
            actor: Actor::Own,
            method: Method::Toggle,
            notice: Some(notice),
            evidence_at: None,
            app: None,
        };
        let state = ConsentState::Granted { until: LATER };
        let what = What::Consent(ConsentEntry {
            event,
            hearing: Hearing::Live,
            effect: Effect::Applied,
            state,
            epoch: Epoch(0),
        });
        past.take(&Entry { customer: CustomerId::new("ada").unwrap(), at, what });
    }
    past
}

#[test]
fn every_fact_shown_is_a_field_of_the_record_and_every_field_is_shown() {
    for field in FIELDS {
        let (before, after) = match field {
            "failed" => {
                let silent = |decision: Decision| Decision { verdict: "quiet_hours".into(), ..decision };
                (silent(decision()), silent(changed(field)))
            }
            _ => (decision(), changed(field)),
        };
        let told =
            [lines(&before, &past(), &Retention::default()), lines(&after, &past(), &Retention::default())]
                .concat();
        let mut is_shown = false;
        for Line { heading, of, .. } in told {
            let is_other = text(&before, heading) != text(&after, heading);
            assert_eq!(
                is_other,
                of.contains(&field),
                "{heading:?} says that it is made of {of:?}, and of {field}"
            );
            is_shown |= is_other;
        }
        assert!(is_shown, "{field} is shown nowhere");
    }
    let named = lines(&decision(), &past(), &Retention::default()).into_iter().flat_map(|line| line.of);
    assert!(named.into_iter().all(|field| FIELDS.contains(field)), "a line names a field that there is not");
}

#[test]
fn every_fact_of_the_record_is_told_whatever_it_is_called() {
    for (name, value) in FACTS {
        let of_one = Decision { facts: facts(&[(name, value)]), ..decision() };
        let without = Decision { facts: Vec::new(), ..decision() };
        let all = |decision: &Decision| {
            lines(decision, &past(), &Retention::default())
                .iter()
                .map(|line| line.text.clone())
                .collect::<Vec<_>>()
                .join("\n")
        };
        assert_ne!(all(&of_one), all(&without), "{name} is told nowhere");
        if value != "yes" && !CAP_FACTS.iter().any(|(cap, _)| *cap == name) {
            assert!(all(&of_one).contains(value), "{name} is {value}: {}", all(&of_one));
        }
    }
}

#[test]
fn every_input_is_either_used_or_not_and_never_both() {
    let nothing = Decision { facts: Vec::new(), ..decision() };
    for decision in [decision(), nothing] {
        for input in &INPUTS {
            let [used, unused] = ["Used", "Not used"].map(|heading| text(&decision, heading));
            assert!(used.contains(input.what) != unused.contains(input.what), "{}", input.what);
        }
    }
    let n_used = |decision: &Decision| INPUTS.iter().filter(|input| input.is_used(decision)).count();
    assert_eq!(n_used(&decision()), 12, "all but what no rule asked for");
    let barred = ["minor", "muted"].map(Into::into).into();
    let bought = facts(&[&FACTS[..], &[("purchases", "yes")]].concat());
    let all = Decision { failed: barred, facts: bought, ..decision() };
    assert_eq!(n_used(&all), 15, "all but those that no decision rests on");
    assert_eq!(n_used(&Decision { facts: Vec::new(), ..decision() }), 1, "the position");
}

#[test]
fn purposes_come_with_the_date_and_the_notice_of_the_last_yes() {
    assert_eq!(
        text(&decision(), "Agreed to"),
        "books: location since 2026-11-22 10:00 UTC on notice app, version 4."
    );
    let others = Decision { merchant: MerchantId::new("shoes").unwrap(), ..decision() };
    assert_eq!(text(&others, "Agreed to"), "shoes: location, of which the record shows no yes.");
}

#[test]
fn what_is_left_of_a_cap_counts_the_offer_itself() {
    let expected = "0 of 1 in 24 hours (0 heard before); 1 of 3 in 7 days (1 heard before); \
                    1 of 6 in 30 days (4 heard before).";
    assert_eq!(text(&decision(), "What is left"), expected);
    let silent = Decision { verdict: "quiet_hours".into(), ..decision() };
    assert!(text(&silent, "What is left").starts_with("1 of 1 in 24 hours"));
    let odd = Decision { facts: facts(&[("heard_7d", "many")]), ..decision() };
    assert_eq!(text(&odd, "What is left"), "heard 7d many.");
}

#[test]
fn a_silence_names_every_rule_and_the_next_possible_time() {
    for why in Suppression::ALL {
        let failed = vec![why.word().into(), Suppression::TooLate.word().into()];
        let silent = Decision {
            verdict: why.word().into(),
            failed,
            said: None,
            next_possible_at: Some(AT),
            ..decision()
        };
        let told = text(&silent, "What came of it");
        assert!(told.contains(why.because()) && told.contains(Suppression::TooLate.because()), "{told}");
        assert!(text(&silent, "Next").contains("2026-11-21 10:00 UTC"));
        assert_eq!(text(&silent, "What was said"), "", "nothing was");
    }
}

#[test]
fn for_how_long_it_is_kept_is_what_the_settings_in_force_say() {
    let keep = Retention { decisions: Millis::from_days(90), ..Retention::default() };
    let kept =
        lines(&decision(), &past(), &keep).into_iter().find(|line| line.heading == "Kept").unwrap().text;
    assert!(kept.starts_with("This record is kept for 90 d"), "{kept}");
}
