//! The judge's own trial: sound engines pass, and every wrong that is planted is found.

use std::collections::BTreeSet;
use std::time::Duration;

use clap::ValueEnum as _;

use super::seed::{Found, run};
use super::{Faults, Options, Plant, Town, parse_ranges};

fn options(n_fixes: usize) -> Options {
    Options {
        n_fixes,
        n_fences: None,
        town: Town::Both,
        faults: Faults::All,
        is_judged: true,
        digest: false,
        plant: None,
        keep: None,
        shrink_max: Duration::ZERO,
    }
}

#[test]
fn eighty_seeds_break_no_law_and_are_lively_enough_to_mean_something() {
    let (mut n_transitions, mut n_offers, mut n_starts, mut n_edits) = (0, 0, 0, 0);
    let (mut n_erasures, mut n_new_lives) = (0, 0);
    let (mut n_confirmed, mut n_unconfirmed, mut n_imports, mut n_reminders) = (0, 0, 0, 0);
    for seed in 1..=80 {
        let played = run(seed, &options(700));
        if let Some(Found { violation, story }) = played.found {
            panic!("seed {seed}: {}: {}\n{story}\n{}", violation.name, violation.sentence, violation.replay);
        }
        let counts = played.ending.counts;
        n_transitions += counts.n_transitions;
        n_offers += counts.n_offers;
        n_starts += counts.n_starts;
        n_edits += counts.n_edits;
        n_erasures += counts.n_erasures;
        n_new_lives += counts.n_new_lives;
        n_confirmed += counts.n_confirmed;
        n_unconfirmed += counts.n_unconfirmed;
        n_imports += counts.n_imports_applied;
        n_reminders += counts.n_reminders;
    }
    assert!(
        100 < n_confirmed && 20 < n_unconfirmed && 50 < n_imports && 50 < n_reminders,
        "{n_confirmed} confirmations, {n_unconfirmed} failed, {n_imports} imports, {n_reminders} reminders"
    );
    assert!(100 < n_erasures && 50 < n_new_lives, "{n_erasures} erasures, {n_new_lives} new lives");
    assert!(
        2_000 < n_transitions && 40 < n_offers && 200 < n_starts && 200 < n_edits,
        "{n_transitions} transitions, {n_offers} offers, {n_starts} starts, {n_edits} edits"
    );
}

/// The invariants that a plant breaks, seed by seed until it is the one that speaks of it.
fn broken_by(plant: Plant, expected: &str) -> BTreeSet<String> {
    let options = Options { plant: Some(plant), ..options(1_200) };
    let mut broken = BTreeSet::new();
    for seed in 1..=100 {
        broken.extend(run(seed, &options).found.map(|found| found.violation.name));
        if broken.contains(expected) {
            break;
        }
    }
    broken
}

#[test]
fn every_planted_wrong_is_found() {
    for plant in Plant::value_variants() {
        let expected = match plant {
            Plant::ForgetsToAsk => "nothing_is_late",
            Plant::LosesCommits | Plant::AcknowledgesEarly => "acknowledged_is_durable",
            Plant::PublishesTwice => "one_offer_per_visit",
            Plant::SwallowsOffers => "not_mute",
            Plant::OpensTooEarly => "gate_starts_shut",
            Plant::SleepsThroughTimers | Plant::MixesFencesUp => "transitions_agree",
            Plant::Mute | Plant::ForgetsAtTheStart => "no_look_without_consent",
            Plant::LosesLetters => "every_record_has_one_outcome",
            Plant::TellsTwice => "transitions_alternate",
            Plant::DecidesTooEarly => "not_mute",
            Plant::MistakesEffects => "consent_agrees",
            Plant::NeverAnswers => "every_letter_is_answered",
            Plant::KeepsTheErased => "erased_is_gone",
            Plant::WritesPositions => "no_position_on_disk",
        };
        let broken = broken_by(*plant, expected);
        assert!(broken.contains(expected), "{plant:?} broke {broken:?}");
    }
}

#[test]
fn what_is_left_of_a_story_breaks_the_same_law_again() {
    let plant = Options { plant: Some(Plant::PublishesTwice), ..options(1_200) };
    let shrinking = Options { shrink_max: Duration::from_secs(20), ..plant.clone() };
    let (seed, found) = (1..=25)
        .find_map(|seed| Some((seed, run(seed, &shrinking).found?)))
        .expect("an offer goes out in some seed");
    let (_, kept) = found.violation.replay.split_once("--keep ").expect("a command that plays it again");
    let kept = parse_ranges(kept).expect("ranges");
    assert!(kept.len() < 20, "{} happenings are left:\n{}", kept.len(), found.story);
    let again = run(seed, &Options { keep: Some(kept), ..plant }).found.expect("it shows again");
    assert_eq!(again.violation.name, found.violation.name);
}
