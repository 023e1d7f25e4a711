//! Law drawn from a seed: who must say yes twice, how long a yes lasts, and where that is so.

use std::collections::BTreeMap;
use std::sync::Arc;

use consent_gate::rules::{Basis, ConsentDemands, Demands, Geography, Parts, Place, Rule, RuleDraft};
use consent_gate::{GatePolicy, Purpose, RuleBook};
use engine::{ClockSource, Law, Policy};
use model::{Jurisdiction, MerchantId, Millis, Timestamp};

use super::chance::Chance;

/// Places where people live; one of them is of no part that anybody knows.
pub(crate) const PLACES: [&str; 6] = ["US-WA", "US-TX", "US-ZZ", "US", "CA-QC", "DE"];

/// The same policy under a law; in half of all scenes there is none.
pub(crate) fn with_law(policy: Policy, merchants: &[MerchantId], starts_at: Timestamp, seed: u64) -> Policy {
    let mut chance = Chance::of(&[seed, 5]);
    // A clock that leaps from fix to fix lets nothing run out between a letter and the fix in it.
    let leaps = policy.clock == ClockSource::Fixes;
    let gate = gate(policy.gate, leaps, &mut chance);
    if chance.per_mille(500) {
        return Policy { gate, ..policy };
    }
    let n_rules = 1 + chance.below(4);
    let rules = (0..n_rules).map(|no| rule(no, starts_at, leaps, &mut chance)).collect();
    let parts = Parts { country: place("US"), as_of: starts_at, parts: vec![place("US-WA"), place("US-TX")] };
    let geography = Geography { groups: Vec::new(), countries: vec![parts] };
    let book =
        RuleBook::new(RuleDraft { rules, geography, strict: false }).expect("rules that hold together");
    let mut seats = BTreeMap::new();
    for merchant in merchants {
        if chance.per_mille(400) {
            seats.insert(merchant.clone(), place(chance.of_list(&PLACES)));
        }
    }
    let default_residence = chance.per_mille(900).then(|| place(chance.of_list(&PLACES)));
    let gate = GatePolicy { needs_home: chance.per_mille(800), ..gate };
    let law = Law { rules: Arc::new(book), default_residence, seats };
    Policy { gate, law, ..policy }
}

/// Now and then short enough that something ends within a story.
fn gate(gate: GatePolicy, leaps: bool, chance: &mut Chance) -> GatePolicy {
    let days = Millis::from_days;
    if leaps {
        return GatePolicy { token_lasts: days(365), ..gate };
    }
    GatePolicy {
        location_lasts: chance.of_list(&[days(365), days(365), days(365), days(30), days(3)]),
        remind_before: chance.of_list(&[days(30), days(1), Millis::from_hours(1)]),
        token_lasts: chance.of_list(&[days(3), Millis::from_mins(20), Millis::from_secs(40)]),
        ..gate
    }
}

fn place(text: &str) -> Jurisdiction {
    Jurisdiction::new(text).expect("a place obeys the rules")
}

fn rule(no: usize, starts_at: Timestamp, leaps: bool, chance: &mut Chance) -> Rule {
    let somewhere = match chance.below(8) {
        0 | 1 => Place::Everywhere,
        2 => Place::PartUnknown(place("US")),
        3 => Place::In(place("US")),
        4 => Place::In(place("US-WA")),
        5 => Place::In(place("US-TX")),
        6 => Place::In(place("CA")),
        _ => Place::In(place("DE")),
    };
    let some = |chance: &mut Chance| -> Vec<Purpose> {
        Purpose::ALL.into_iter().filter(|_| chance.per_mille(400)).collect()
    };
    let double_opt_in = if chance.per_mille(600) { some(chance) } else { Vec::new() };
    let lasts = chance.of_list(&[Millis::from_days(200), Millis::from_days(2), Millis::from_hours(9)]);
    let grant_lasts = (!leaps && chance.per_mille(300)).then(|| (some(chance), lasts));
    let hour = |chance: &mut Chance| starts_at + Millis::from_hours(chance.whole(-2, 60));
    let from = chance.per_mille(250).then(|| hour(chance));
    Rule {
        id: format!("rule-{no}").into(),
        places: vec![somewhere],
        what: "Something is asked.".into(),
        demands: Demands {
            consent: ConsentDemands { double_opt_in, grant_lasts, ..ConsentDemands::default() },
            ..Demands::default()
        },
        source: "a story".into(),
        basis: Basis::Law,
        from,
        until: None,
        verified: true,
        review_by: Timestamp::MAX,
    }
}
