//! What a report adds up, of entries as the ledger has them.

use ledger::{Counted, Decision};
use model::{Channel, DeviceId, Digest, FenceId, MerchantId, TransitionKind, VisitId};

use super::*;

/// Entries of made-up customers, each stay another one.
#[derive(Default)]
struct Story {
    entries: Vec<Entry>,
    n_stays: u64,
}

fn at(hours: i64) -> Timestamp {
    Timestamp::from_unix_ms(hours * 3_600_000)
}

impl Story {
    fn decided(&mut self, customer: &str, offer: &str, verdict: &str, hours: i64) -> NotificationId {
        self.n_stays += 1;
        let mut digest = [0; 16];
        digest[..8].copy_from_slice(&self.n_stays.to_le_bytes());
        let (visit, offer) = (VisitId(Digest::from_bytes(digest)), OfferId::new(offer).unwrap());
        let standing = match verdict {
            SENT => Some(Standing::Sent),
            "holdout" => Some(Standing::HeldOut),
            "observed" | "shadowed" => Some(Standing::Observed),
            _ => None,
        };
        let channel = Channel::Push;
        let counted = standing.map(|standing| Counted {
            zone: None,
            channel,
            category: None,
            standing,
            cost: 25,
            favourite: false,
        });
        let decision = Decision {
            id: NotificationId::of(visit, &offer),
            device: DeviceId::new("phone").unwrap(),
            offer,
            merchant: MerchantId::new("books").unwrap(),
            fence: FenceId::new("quay").unwrap(),
            store: "Corner Books".into(),
            visit,
            trigger: TransitionKind::Dwell,
            triggered_at: at(hours),
            verdict: verdict.into(),
            failed: Vec::new(),
            next_possible_at: None,
            purposes: Vec::new(),
            facts: Vec::new(),
            counted,
            tolerance: None,
            said: None,
        };
        let id = decision.id;
        self.tell(customer, What::Decision(decision), hours);
        id
    }

    fn left(&mut self, customer: &str, notification: NotificationId, outcome: DeliveryOutcome) {
        self.tell(customer, What::Delivery { notification, outcome, tolerance: None }, 1_000);
    }

    fn answered(&mut self, customer: &str, notification: NotificationId, kinds: &[FeedbackKind]) {
        for &kind in kinds {
            let what = What::Feedback { notification, kind, is_fast: false, shown_at: None, tolerance: None };
            self.tell(customer, what, 1_000);
        }
    }

    fn tell(&mut self, customer: &str, what: What, hours: i64) {
        let customer = CustomerId::new(customer).unwrap();
        self.entries.push(Entry { customer, at: at(hours), what });
    }

    fn report(&self, since: Timestamp) -> Report {
        let mut report = Report::since(since);
        self.entries.iter().for_each(|entry| report.take(entry));
        report.end_partition();
        report
    }
}

fn sums<'a>(report: &'a Report, offer: &str) -> &'a Sums {
    &report.offers()[&OfferId::new(offer).unwrap()]
}

#[test]
fn every_candidate_has_one_verdict_and_everything_sent_one_end() {
    let mut story = Story::default();
    let first = story.decided("ada", "two", SENT, 0);
    story.left("ada", first, DeliveryOutcome::Sent);
    let second = story.decided("ben", "two", SENT, 1);
    story.left("ben", second, DeliveryOutcome::Expired);
    story.decided("ben", "two", SENT, 2);
    for verdict in ["cap_24h", "cap_24h", "quiet_hours", "cooldown_fence"] {
        story.decided("ada", "two", verdict, 3);
    }
    let report = story.report(at(0));
    let two = sums(&report, "two");
    assert_eq!((two.n_candidates(), two.n_sent(), two.n_waiting()), (7, 3, 1));
    assert_eq!(two.silences(), [("cap_24h", 2), ("cooldown_fence", 1), ("quiet_hours", 1)]);
    assert_eq!((two.n_customers, two.told), (2, Share { n: 0, of: 2 }));
    let json = two.json();
    assert_eq!((&json["left"]["sent"], &json["left"]["waiting"]), (&1.into(), &1.into()), "{json}");
    assert_eq!(json["left"]["revoked"], 0, "every end is there from nought");
    assert_eq!(json["answers"].as_object().unwrap().len(), FeedbackKind::ALL.len());
}

#[test]
fn what_was_called_off_on_its_way_and_arrived_all_the_same_left_once() {
    let mut story = Story::default();
    let sent = story.decided("ada", "two", SENT, 0);
    story.left("ada", sent, DeliveryOutcome::OfferGone);
    story.left("ada", sent, DeliveryOutcome::Sent);
    let report = story.report(at(0));
    let left = &sums(&report, "two").json()["left"];
    assert_eq!((&left["sent"], &left["offer_gone"], &left["waiting"]), (&1.into(), &0.into(), &0.into()));
}

#[test]
fn who_was_held_out_or_looked_on_is_told_apart_from_who_was_told() {
    let mut story = Story::default();
    let sent = story.decided("ada", "two", SENT, 0);
    story.answered("ada", sent, &[FeedbackKind::Opened, FeedbackKind::Redeemed]);
    let held = story.decided("ben", "two", "holdout", 0);
    // A till that knows no offer id names the offer.
    story.answered("ben", held, &[FeedbackKind::Redeemed]);
    story.decided("cleo", "two", "holdout", 0);
    story.decided("dora", "two", "observed", 0);
    story.decided("dora", "two", "shadowed", 1);
    let report = story.report(at(0));
    let two = sums(&report, "two");
    assert_eq!((two.n_sent(), two.n_answers(FeedbackKind::Redeemed)), (1, 1));
    assert_eq!((two.n_standing(Standing::HeldOut), two.n_standing(Standing::Observed)), (2, 2));
    assert_eq!((two.told, two.held_out), (Share { n: 1, of: 1 }, Share { n: 1, of: 2 }));
    assert!(two.silences().is_empty());
    assert_eq!(two.json()["difference"], Value::Null, "too few to tell");
}

#[test]
fn one_customer_who_uses_an_offer_twice_is_one_customer() {
    let mut story = Story::default();
    for hours in [0, 1] {
        let sent = story.decided("ada", "two", SENT, hours);
        story.answered("ada", sent, &[FeedbackKind::Redeemed]);
    }
    let report = story.report(at(0));
    assert_eq!(sums(&report, "two").told, Share { n: 1, of: 1 });
    assert_eq!(sums(&report, "two").n_answers(FeedbackKind::Redeemed), 2);
}

#[test]
fn what_was_decided_before_the_time_asked_for_does_not_count_nor_what_followed_from_it() {
    let mut story = Story::default();
    let old = story.decided("ada", "two", SENT, 0);
    story.decided("ada", "two", SENT, 10);
    story.left("ada", old, DeliveryOutcome::Sent);
    story.answered("ada", old, &[FeedbackKind::Creepy]);
    let report = story.report(at(10));
    let two = sums(&report, "two");
    assert_eq!((two.n_sent(), two.n_waiting(), two.n_answers(FeedbackKind::Creepy)), (1, 1, 0));
}

#[test]
fn a_report_names_no_customer() {
    let mut story = Story::default();
    for verdict in [SENT, "holdout", "cap_24h"] {
        let id = story.decided("canary", "two", verdict, 0);
        story.answered("canary", id, &FeedbackKind::ALL);
    }
    let told = format!("{}", sums(&story.report(at(0)), "two").json());
    assert!(!told.contains("canary"), "{told}");
}
