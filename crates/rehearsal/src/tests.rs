//! The personas of the specification, through the whole engine with the rules as shipped.

use std::sync::Arc;

use engine::{House, Policy};
use model::{Channel, TransitionKind};
use offers::{Catalogue, Draft};
use town::{Casting, Persona};

use super::*;

fn script(only: Option<Persona>, seed: u64) -> Script {
    let fences = made_up_fences(480, 7);
    let offers = Catalogue::new(made_up_offers()).expect("sound offers");
    Script {
        house: Arc::new(House::new(fences, offers).expect("sound fences")),
        policy: Policy::default(),
        monday: Monday::of("2026-05-04").unwrap(),
        n_days: 56,
        casting: Casting { seed, n_people: 8, only, every: None },
    }
}

fn rehearse(persona: Persona, seed: u64) -> Crew {
    let account = script(Some(persona), seed).play(&mut |_| {}).unwrap();
    assert!(account.is_balanced);
    let crew = account.crews().swap_remove(0);
    let (sent, most) = (crew.sent_a_week(56), crew.most_sent as f64 / 8.0);
    println!("{} {seed}: {sent:.2} a week, {most:.2} at most; {:?}", persona.word(), crew.count.verdicts);
    crew
}

const SEEDS: [u64; 3] = [1, 2, 3];

/// Now and then a fix off a wall makes a stay of a walk past: of 3,840 passes one may.
#[test]
fn a_commuter_who_walks_past_two_shops_twenty_times_a_week_hears_nothing() {
    let mut n_sent = 0;
    for seed in SEEDS {
        let crew = rehearse(Persona::Commuter, seed);
        assert!(18.0 <= crew.visits_a_week(56));
        n_sent += crew.count.n_sent;
    }
    assert!(n_sent <= 1, "{n_sent} sent to 24 commuters in 8 weeks");
}

#[test]
fn whoever_sees_eight_stores_on_a_saturday_hears_one_offer_at_most() {
    for seed in SEEDS {
        let crew = rehearse(Persona::MallGoer, seed);
        assert!(7.0 <= crew.stays_a_week(56));
        assert!(0 < crew.count.n_sent && crew.most_sent <= 8);
    }
}

#[test]
fn the_loyal_hear_of_their_store_about_once_a_week() {
    for seed in SEEDS {
        let crew = rehearse(Persona::Loyal, seed);
        assert!(2.8 <= crew.stays_a_week(56));
        assert!((0.8..=1.5).contains(&crew.sent_a_week(56)), "{} a week", crew.sent_a_week(56));
    }
}

#[test]
fn a_courier_through_forty_fences_a_day_hears_one_a_week_at_most() {
    for seed in SEEDS {
        let crew = rehearse(Persona::Courier, seed);
        assert!(6.0 * 40.0 <= crew.visits_a_week(56));
        assert!(crew.most_sent <= 8);
    }
}

#[test]
fn a_night_worker_hears_nothing() {
    for seed in SEEDS {
        let crew = rehearse(Persona::NightWorker, seed);
        assert!(5.0 <= crew.stays_a_week(56));
        assert_eq!(crew.count.n_sent, 0);
        assert_eq!(crew.count.failed.of("quiet_hours"), crew.count.n_candidates);
    }
}

/// Everything that a rehearsal says.
fn told(script: &Script) -> String {
    let account = script.play(&mut |_| {}).unwrap();
    let faults: Vec<_> = account.offers().iter().map(|offer| faults(offer, account.limit)).collect();
    format!("{:?} {:?} {:?} {faults:?}", account.n_fixes, account.crews(), account.offers())
}

#[test]
fn the_same_seed_is_the_same_account() {
    let short = |seed| {
        let script = script(None, seed);
        Script { n_days: 9, casting: Casting { n_people: 40, ..script.casting }, ..script }
    };
    assert_eq!(told(&short(1)), told(&short(1)));
    assert_ne!(told(&short(1)), told(&short(2)));
}

/// A script of one offer, with something changed about it.
fn with(change: impl Fn(&mut Draft)) -> Script {
    let mut drafts = made_up_offers();
    drafts.truncate(1);
    let tags = drafts[0].tags.clone();
    drafts.iter_mut().for_each(change);
    let fences = made_up_fences(120, 7);
    let fences = fences.into_iter().map(|mut fence| {
        fence.facts.merchant = Some(drafts[0].merchant.clone());
        fence.facts.tags = tags.clone();
        fence
    });
    let house = House::new(fences.collect(), Catalogue::new(drafts.clone()).expect("sound offers"));
    let script = script(None, 5);
    let casting = Casting { n_people: 40, ..script.casting };
    Script { house: Arc::new(house.expect("sound fences")), n_days: 21, casting, ..script }
}

fn words_at_fault(script: &Script) -> Vec<String> {
    let account = script.play(&mut |_| {}).unwrap();
    let offers = account.offers();
    faults(&offers[0], account.limit).into_iter().map(|fault| fault.word.into()).collect()
}

#[test]
fn an_offer_that_names_a_street_is_told_so() {
    let words = words_at_fault(&with(|draft| draft.text.body = "Come to 12 High Street today.".into()));
    assert!(words.contains(&"names_street".to_owned()), "{words:?}");
}

#[test]
fn an_offer_that_greets_is_told_so() {
    let words = words_at_fault(&with(|draft| draft.trigger = TransitionKind::Enter));
    assert!(words.contains(&"enter_without_dwell".to_owned()), "{words:?}");
}

#[test]
fn an_offer_for_nobody_is_told_so() {
    assert_eq!(words_at_fault(&with(|draft| draft.tags = vec!["nothing".into()])), ["fences"]);
    let words = words_at_fault(&with(|draft| draft.audience.segments = vec!["gold".into()]));
    assert_eq!(words, ["not_in_audience"]);
}

#[test]
fn an_offer_out_of_its_hours_is_told_so() {
    let words = words_at_fault(&with(|draft| draft.season.schedule = Some("Mo 03:00-04:00".into())));
    assert_eq!(words, ["off_schedule"]);
    let words = words_at_fault(&with(|draft| draft.season.ends_on = "2026-01-01".parse().ok()));
    assert_eq!(words, ["offer_over"]);
}

#[test]
fn a_text_message_is_too_dear_for_most() {
    let words = words_at_fault(&with(|draft| {
        draft.channel = Channel::Sms;
        draft.text.body = "Come to 12 High Street today.".into();
    }));
    assert!(words.contains(&"budget".to_owned()) && words.contains(&"sms".to_owned()), "{words:?}");
}

#[test]
fn pressure_is_never_above_the_limit_by_offers_alone() {
    let account = script(Some(Persona::Loyal), 4).play(&mut |_| {}).unwrap();
    let crew = account.crews().swap_remove(0);
    assert_eq!(crew.pressure.len(), 56);
    assert!(crew.pressure.iter().any(|day| 0.0 < day.max));
    assert!(crew.pressure.iter().all(|day| day.p50 <= day.p90 && day.p90 <= day.max && day.max <= 80.0));
}
