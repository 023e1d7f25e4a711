//! What a customer is told about an offer and about silence.

use consent_gate::{
    Actor, ConsentEvent, ConsentKind, ConsentState, Effect, Epoch, EventId, Hearing, Method, Purpose,
};
use ledger::{ConsentEntry, Decision, Retention, Said};
use model::{
    CustomerId, DeviceId, Dial, FeedbackKind, FenceId, MerchantId, OfferId, Partition, Profile, Silence,
    SilenceOver, SilenceReason, Tolerance, TransitionKind, VisitId, Words,
};
use notifier::Suppression;

use super::*;

/// 2026-11-21 10:00 UTC.
const AT: Timestamp = Timestamp::from_unix_ms(1_795_255_200_000);

fn decision(verdict: &str, failed: &[&str]) -> Decision {
    let (customer, device) = (CustomerId::new("ada").unwrap(), DeviceId::new("phone").unwrap());
    let (fence, offer) = (FenceId::new("quay").unwrap(), OfferId::new("two").unwrap());
    let visit = VisitId::of(&customer, &device, &fence, AT);
    let words = Words {
        title: "Two for one".into(),
        body: "Any two.".into(),
        link: None,
        why: "Because you asked for offers near Corner Books.".into(),
    };
    let said = Said { expires_at: AT, words };
    Decision {
        id: NotificationId::of(visit, &offer),
        device,
        offer,
        merchant: MerchantId::new("books").unwrap(),
        fence,
        store: "Corner Books".into(),
        visit,
        trigger: TransitionKind::Dwell,
        triggered_at: AT,
        verdict: verdict.into(),
        failed: failed.iter().map(|word| (*word).into()).collect(),
        next_possible_at: None,
        purposes: vec!["location".into(), "offers.push".into()],
        facts: Vec::new(),
        counted: None,
        tolerance: None,
        said: (verdict == SENT).then_some(said),
    }
}

fn entry(no: u64, what: What) -> Numbered {
    let customer = CustomerId::new("ada").unwrap();
    Numbered { partition: Partition::of("ada"), no, entry: Entry { customer, at: AT, what } }
}

/// What is said of these entries.
fn check(entries: Vec<What>) -> Vec<String> {
    let entries: Vec<_> = (1..).zip(entries).map(|(no, what)| entry(no, what)).collect();
    sentences(&entries, usize::MAX, &Retention::default()).into_iter().map(|said| said.text).collect()
}

fn delivery(outcome: DeliveryOutcome) -> What {
    What::Delivery { notification: decision(SENT, &[]).id, outcome, tolerance: None }
}

#[test]
fn an_offer_says_what_where_why_and_when() {
    let said = check(vec![What::Decision(decision(SENT, &[])), delivery(DeliveryOutcome::Sent)]);
    assert_eq!(
        said,
        [
            "Stayed at Corner Books: an offer, \"Two for one\". Because you asked for offers near Corner Books. \
          Used: dwell, the agreed purposes location and offers.push. Handed over at 2026-11-21 10:00 UTC."
        ]
    );
}

#[test]
fn every_end_of_an_offer_has_its_own_words() {
    let end = |outcome| {
        let [said] = check(vec![What::Decision(decision(SENT, &[])), delivery(outcome)]).try_into().unwrap();
        said.rsplit_once("offers.push. ").unwrap().1.to_owned()
    };
    let ends: Vec<_> = DeliveryOutcome::ALL.map(end).into();
    for (i, one) in ends.iter().enumerate() {
        assert!(one.ends_with('.') && ends[i + 1..].iter().all(|other| other != one), "{ends:?}");
    }
    assert!(check(vec![What::Decision(decision(SENT, &[]))])[0].ends_with("It is on its way."));
}

#[test]
fn silence_says_why_and_what_else_stood_in_the_way() {
    let failed = [Suppression::QuietHours.word(), Suppression::Cap24h.word()];
    let mut silent = decision(failed[0], &failed);
    silent.next_possible_at = Some(AT);
    let said = check(vec![What::Decision(silent)]);
    let (first, also) = (Suppression::QuietHours.because(), Suppression::Cap24h.because());
    let expected = format!(
        "Stayed at Corner Books: nothing was sent, because {first}. Also, {also}. \
         The earliest time for this offer here was 2026-11-21 10:00 UTC."
    );
    assert_eq!(said, [expected]);
}

#[test]
fn every_reason_for_silence_is_a_sentence_of_its_own() {
    let mut all: Vec<_> =
        Suppression::ALL.map(|why| check(vec![What::Decision(decision(why.word(), &[why.word()]))])).concat();
    assert!(all.iter().all(|said| !said.contains("Also") && !said.contains("older version")), "{all:#?}");
    all.sort();
    all.dedup();
    assert_eq!(all.len(), Suppression::ALL.len());
    let unknown = check(vec![What::Decision(decision("of_yesteryear", &["of_yesteryear"]))]);
    assert!(unknown[0].contains("a rule of an older version said no"), "{unknown:?}");
}

#[test]
fn consent_and_feedback_are_told_in_their_order() {
    let event = ConsentEvent {
        id: EventId::new("e1").unwrap(),
        merchant: MerchantId::new("books").unwrap(),
        purpose: Purpose::Location,
        kind: ConsentKind::Withdraw,
        actor: Actor::Own,
        method: Method::Toggle,
        notice: None,
        evidence_at: None,
        app: None,
    };
    let consent = ConsentEntry {
        event,
        hearing: Hearing::Live,
        effect: Effect::NothingToChange,
        state: ConsentState::Withdrawn,
        epoch: Epoch(3),
    };
    let feedback = feedback(FeedbackKind::NotRelevant);
    let said = check(vec![feedback, What::Consent(consent)]);
    assert_eq!(
        said,
        [
            "Feedback on an offer: not relevant.",
            "Consent: withdraw of location for books (nothing to change)."
        ]
    );
}

fn feedback(kind: FeedbackKind) -> What {
    What::Feedback {
        notification: decision(SENT, &[]).id,
        kind,
        is_fast: false,
        shown_at: None,
        tolerance: None,
    }
}

#[test]
fn of_many_sentences_the_last_are_told() {
    let entries = vec![entry(1, feedback(FeedbackKind::Shown)), entry(2, feedback(FeedbackKind::Opened))];
    let last: Vec<_> =
        sentences(&entries, 1, &Retention::default()).into_iter().map(|said| said.text).collect();
    assert_eq!(last, ["Feedback on an offer: opened."]);
    assert!(sentences(&entries, 0, &Retention::default()).is_empty());
}

#[test]
fn what_held_offers_back_is_summed_up_over_the_sentences_that_are_shown() {
    let silent = |word: &str| What::Decision(decision(word, &[word]));
    let whats = ["cap_7d", "quiet_hours", "cap_7d", SENT, "cap_24h"].map(silent);
    let entries: Vec<_> = (1..).zip(whats).map(|(no, what)| entry(no, what)).collect();
    let all = sentences(&entries, usize::MAX, &Retention::default());
    assert_eq!(held_back(&all), [("cap_7d", 2), ("cap_24h", 1), ("quiet_hours", 1)]);
    assert_eq!(
        held_back(&sentences(&entries, 2, &Retention::default())),
        [("cap_24h", 1)],
        "what is not shown is not summed up"
    );
    assert_eq!(in_a_word("cap_7d"), "weekly cap");
    assert_eq!(in_a_word("quiet_hours"), "quiet hours");
}

#[test]
fn an_answer_tells_which_offer_it_was_about_and_what_it_changed() {
    let tolerance = Tolerance {
        limit_milli: Some(48_000),
        nudge_milli: 20_000,
        nudge_at: AT,
        halved_until: Some(AT),
        silences: vec![
            Silence { over: SilenceOver::All, until: AT, why: SilenceReason::TooOften },
            Silence {
                over: SilenceOver::Offer(OfferId::new("two").unwrap()),
                until: Timestamp::MAX,
                why: SilenceReason::NotRelevant,
            },
        ],
        ..Tolerance::default()
    };
    let answer = |tolerance: &Tolerance| What::Feedback {
        notification: decision(SENT, &[]).id,
        kind: FeedbackKind::TooOften,
        is_fast: false,
        shown_at: None,
        tolerance: Some(tolerance.clone()),
    };
    let said = check(vec![What::Decision(decision(SENT, &[])), answer(&tolerance), answer(&tolerance)]);
    let expected = "Feedback on \"Two for one\" at Corner Books: too often. From then on: they are taken to bear \
                    48.0 points, instead of the usual; what they heard weighs 20.0 points more, and ever less so; \
                    nothing at all before 2026-11-21 10:00 UTC; nothing of the offer two any more; \
                    half as many before 2026-11-21 10:00 UTC.";
    assert_eq!(said[1], expected);
    assert_eq!(
        said[2], "Feedback on \"Two for one\" at Corner Books: too often.",
        "nothing more has changed"
    );
}

#[test]
fn every_part_of_a_profile_is_told_when_it_changes_and_only_then() {
    let full = Profile {
        lang: Some("de".into()),
        tz: Some("Europe/Zurich".into()),
        minor: true,
        residence: model::Jurisdiction::new("CH-ZH").ok(),
        phone_region: model::Jurisdiction::new("LI").ok(),
        favourites: vec![FenceId::new("quay").unwrap()],
        categories: vec!["coffee".into()],
        segments: vec![(MerchantId::new("books").unwrap(), "gold".into())],
        dial: Dial {
            per_week: Some(2),
            quiet: Some((21 * 60, 9 * 60 + 30)),
            muted_merchants: vec![MerchantId::new("shoes").unwrap()],
            muted_fences: vec![FenceId::new("pier").unwrap()],
        },
    };
    let said = check([full.clone(), full.clone(), Profile::default()].map(What::Profile).into());
    let parts = [
        "de",
        "Europe/Zurich",
        "not of age: yes",
        "live: CH-ZH",
        "from: LI",
        "quay",
        "coffee",
        "gold at books",
        "2 at most",
    ];
    for part in parts.into_iter().chain(["21:00 to 09:30", "shoes", "pier"]) {
        assert!(said[0].contains(part), "{part} is not in {}", said[0]);
    }
    assert_eq!(said[1], "They told us about themselves; nothing is different.");
    assert_eq!(said[2].matches("none").count(), 10, "{}", said[2]);
}
