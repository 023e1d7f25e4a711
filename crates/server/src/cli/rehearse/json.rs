//! A rehearsal as one JSON object.

use serde_json::{Map, Value, json};

use rehearsal::{Account, Count, Crew, OfferAccount, Script, faults};

pub(super) fn of(script: &Script, account: &Account) -> Value {
    let crews: Vec<Value> = account.crews().iter().map(|crew| crew_json(crew, account)).collect();
    let offers: Vec<Value> = account.offers().iter().map(|offer| offer_json(offer, account)).collect();
    json!({
        "seed": script.casting.seed,
        "from": script.monday.text(),
        "days": account.n_days,
        "people": account.n_people(),
        "fences": script.house.n_fences(),
        "fixes": account.n_fixes,
        "limit": account.limit,
        "balanced": account.is_balanced,
        "total": count_json(&account.total()),
        "personas": crews,
        "offers": offers,
    })
}

fn crew_json(crew: &Crew, account: &Account) -> Value {
    let a_week = |n: u64| rounded(n as f64 / crew.n_people as f64 / account.n_weeks());
    let pressure: Vec<Value> = crew
        .pressure
        .iter()
        .map(|day| json!({ "p50": rounded(day.p50), "p90": rounded(day.p90), "max": rounded(day.max) }))
        .collect();
    json!({
        "persona": crew.persona.word(),
        "people": crew.n_people,
        "places_wanted": crew.persona.n_places_wanted(),
        "places_found": rounded(crew.places_found),
        "visits_a_week": a_week(crew.n_visits),
        "stays_a_week": a_week(crew.n_stays),
        "candidates_a_week": a_week(crew.count.n_candidates),
        "sent_a_week": a_week(crew.count.n_sent),
        "most_sent_a_week": rounded(crew.most_sent as f64 / account.n_weeks()),
        "count": count_json(&crew.count),
        "pressure_by_day": pressure,
    })
}

fn offer_json(offer: &OfferAccount, account: &Account) -> Value {
    let a_week = |n: u64| rounded(n as f64 * 1_000.0 / account.n_people() as f64 / account.n_weeks());
    let faults: Vec<Value> = faults(offer, account.limit)
        .into_iter()
        .map(|fault| json!({ "word": fault.word, "sentence": fault.sentence }))
        .collect();
    json!({
        "offer": offer.id.as_str(),
        "merchant": offer.merchant.as_str(),
        "trigger": offer.trigger.word(),
        "fences": offer.n_fences,
        "people_reached": offer.n_reached,
        "candidates_a_week_per_1000": a_week(offer.count.n_candidates),
        "sent_a_week_per_1000": a_week(offer.count.n_sent),
        "count": count_json(&offer.count),
        "at_fault": faults,
    })
}

fn count_json(count: &Count) -> Value {
    let points: Map<String, Value> =
        count.points.iter().map(|(part, points)| (part.to_string(), json!(points))).collect();
    json!({
        "candidates": count.n_candidates,
        "sent": count.n_sent,
        "held_out": count.n_held_out,
        "verdicts": words(&count.verdicts.by_size()),
        "failed": words(&count.failed.by_size()),
        "cost_parts": words(&count.parts.by_size()),
        "cost_points": points,
        "sent_cost_parts": words(&count.sent_parts.by_size()),
        "sent_points": count.sent_points,
        "answers": words(&count.answers.by_size()),
    })
}

fn words(numbers: &[(&str, u64)]) -> Value {
    Value::Object(numbers.iter().map(|(word, n)| ((*word).to_owned(), json!(n))).collect())
}

/// To a thousandth, so that a file of it can be read.
fn rounded(number: f64) -> f64 {
    (number * 1_000.0).round() / 1_000.0
}
