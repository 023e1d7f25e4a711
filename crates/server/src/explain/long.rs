//! A decision at length: every field of its record, and what is true of all.

use ledger::{Decision, Retention, SENT};
use model::{SilenceOver, Standing, TransitionKind};

use super::change::effects;
use super::clock;
use super::decision::because;
use super::inputs::{INPUTS, fact, is_of_an_input};
use super::past::Past;
use crate::cli::report::counted;

/// One line of an explanation.
#[derive(Clone, Debug, PartialEq)]
pub struct Line {
    /// What it is about.
    pub heading: &'static str,
    /// What it says.
    pub text: String,
    /// The fields of the record that it is made of; none when it is true of every decision.
    pub of: &'static [&'static str],
}

/// Everything that the record of a decision says, and how it is to be read.
pub(super) fn lines(decision: &Decision, past: &Past, keep: &Retention) -> Vec<Line> {
    let line = |heading, text, of| Line { heading, text, of };
    let lines = [
        line("What happened", trigger(decision), &["trigger", "store", "triggered_at", "device"][..]),
        line("What came of it", verdict(decision), &["verdict", "failed"]),
        line("What was said", said(decision), &["said"]),
        line("Agreed to", agreed(decision, past), &["purposes", "merchant"]),
        line("Used", used(decision, true), &["facts", "failed"]),
        line("Not used", used(decision, false), &["facts", "failed"]),
        line("How much it is", reckoned(decision), &["facts"]),
        line("What is left", left(decision), &["facts", "verdict"]),
        line("How it counts", counts(decision), &["counted"]),
        line("What they bear", bears(decision, past), &["tolerance"]),
        line("Next", next(decision), &["next_possible_at", "verdict"]),
        line("Also recorded", others(decision), &["facts"]),
        line("Where to find it", place(decision), &["id", "offer", "merchant", "fence", "visit"]),
        line("Worked out", PROCESSED.to_owned(), &[]),
        line("Kept", kept(keep), &[]),
        line("What they can do", CONTROLS.to_owned(), &[]),
    ];
    lines.into_iter().filter(|line| !line.text.is_empty()).collect()
}

const PROCESSED: &str = "All of this was worked out inside the program that took the position in. Nobody else was asked or \
                         told, but the phone or the backend that got the offer.";

/// For how long, as the settings in force have it.
fn kept(keep: &Retention) -> String {
    format!(
        "This record is kept for {} from when it was written, without any position, under a key of the \
         customer's own; an erasure destroys it at once. The position was forgotten once it had been compared.",
        keep.decisions
    )
}

const CONTROLS: &str = "Answer \"too often\", \"not for me\" or \"felt creepy\"; pause for 1, 7 or 30 days; \
                        stop; ask to see all data.";

fn trigger(decision: &Decision) -> String {
    let what = match decision.trigger {
        TransitionKind::Enter => "They came to",
        TransitionKind::Dwell => "They stayed for some minutes at",
        TransitionKind::Exit => "They left",
        TransitionKind::Cross => "They passed",
    };
    let (store, device) = (&decision.store, decision.device.as_str());
    format!("{what} {store}, at {}, by what the device \"{device}\" reported.", clock(decision.triggered_at))
}

fn verdict(decision: &Decision) -> String {
    if &*decision.verdict == SENT {
        return "An offer was sent: no rule said no.".to_owned();
    }
    let mut rules = vec![because(&decision.verdict)];
    rules.extend(
        decision.failed.iter().filter(|failed| **failed != decision.verdict).map(|word| because(word)),
    );
    let mut words = vec![&*decision.verdict];
    words.extend(decision.failed.iter().filter(|failed| **failed != decision.verdict).map(|word| &**word));
    format!("Nothing was sent: {}. ({})", rules.join("; "), words.join(", "))
}

fn said(decision: &Decision) -> String {
    let Some(said) = &decision.said else { return String::new() };
    let link = said.words.link.as_ref().map(|link| format!(" {link}")).unwrap_or_default();
    let (title, body, why) = (&said.words.title, &said.words.body, &said.words.why);
    format!("\"{title}\" \"{body}\"{link} ({why}) Not to be said after {}.", clock(said.expires_at))
}

/// Purposes with date and notice, from the customer's own entries before the decision.
fn agreed(decision: &Decision, past: &Past) -> String {
    let merchant = &decision.merchant;
    let purpose = |purpose: &str| match past.yes(merchant, purpose) {
        None => format!("{purpose}, of which the record shows no yes"),
        Some(yes) => {
            let notice = yes.notice.as_ref();
            let notice = notice.map(|(id, version)| format!(" on notice {id}, version {version}"));
            format!("{purpose} since {}{}", clock(yes.at), notice.unwrap_or_default())
        }
    };
    let purposes: Vec<String> = decision.purposes.iter().map(|word| purpose(word)).collect();
    if purposes.is_empty() {
        String::new()
    } else {
        format!("{}: {}.", merchant.as_str(), purposes.join("; "))
    }
}

fn used(decision: &Decision, is_used: bool) -> String {
    let inputs = INPUTS.iter().filter(|input| input.is_used(decision) == is_used);
    let inputs: Vec<String> = inputs.map(|input| input.told(decision)).collect();
    format!("{}.", inputs.join("; "))
}

/// Facts that have sentences of their own.
const RECKONING_FACTS: [&str; 4] = ["cost", "cost_parts", "pressure", "limit"];

/// Facts of the form `1 of 2`, with the window that they are about.
const CAP_FACTS: [(&str, &str); 3] =
    [("heard_24h", "24 hours"), ("heard_7d", "7 days"), ("heard_30d", "30 days")];

fn told(name: &str, value: &str) -> String {
    format!("{} {value}", name.replace('_', " "))
}

fn reckoned(decision: &Decision) -> String {
    let [cost, parts, pressure, limit] = RECKONING_FACTS.map(|name| fact(decision, name));
    let mut sentences = Vec::new();
    if cost.or(parts).is_some() {
        let cost = cost.unwrap_or("some");
        let parts = parts.map(|parts| format!(" ({parts})")).unwrap_or_default();
        sentences.push(format!("It would bother them by {cost} points{parts}."));
    }
    if let Some(pressure) = pressure {
        sentences.push(format!("What they had heard lately still weighed {pressure}."));
    }
    if let Some(limit) = limit {
        sentences.push(format!("They are taken to bear {limit}."));
    }
    sentences.join(" ")
}

/// Caps left after the decision, from what had been heard before it.
fn left(decision: &Decision) -> String {
    let n_more = u32::from(&*decision.verdict == SENT);
    let windows = CAP_FACTS.iter().filter_map(|(name, window)| {
        let value = fact(decision, name)?;
        let counts = value.split_once(" of ").and_then(|(n, max)| Some((n.parse().ok()?, max.parse().ok()?)));
        let Some((n, max)): Option<(u32, u32)> = counts else { return Some(told(name, value)) };
        let left = max.saturating_sub(n.saturating_add(n_more));
        Some(format!("{left} of {max} in {window} ({n} heard before)"))
    });
    let windows: Vec<String> = windows.collect();
    if windows.is_empty() { String::new() } else { format!("{}.", windows.join("; ")) }
}

fn counts(decision: &Decision) -> String {
    let Some(counted) = &decision.counted else { return String::new() };
    let how = match counted.standing {
        Standing::Sent => "It counts as heard",
        Standing::HeldOut => "It was held back to learn what the offer does, and counts for that only",
        Standing::Observed => "An operator only looked on, and it counts for that only",
    };
    let zone = counted.zone.as_ref().map(|zone| format!(", on the day of {zone}")).unwrap_or_default();
    let category = counted.category.as_ref().map(|kind| format!(", about {kind}")).unwrap_or_default();
    let favourite = if counted.favourite { ", at a favourite store" } else { "" };
    format!("{how}: by {}, {} points{zone}{category}{favourite}.", counted.channel.word(), counted.cost)
}

fn bears(decision: &Decision, past: &Past) -> String {
    let Some(tolerance) = &decision.tolerance else { return String::new() };
    let mut effects = effects(&past.tolerance, tolerance);
    let told = tolerance.told.iter().filter(|(offer, n)| past.tolerance.n_told(offer) != *n);
    effects.extend(told.map(|(offer, n)| {
        format!("they have heard {} {} by now", offer.as_str(), counted(usize::from(*n), "time"))
    }));
    if effects.is_empty() {
        "Nothing has changed.".to_owned()
    } else {
        format!("From then on: {}.", effects.join("; "))
    }
}

fn next(decision: &Decision) -> String {
    match decision.next_possible_at {
        Some(next) => format!("The rules of time would let this offer here pass from {} on.", clock(next)),
        None if &*decision.verdict == SENT => String::new(),
        None => "No time is known from which this offer here would pass.".to_owned(),
    }
}

fn others(decision: &Decision) -> String {
    let has_a_sentence = |name: &str| {
        is_of_an_input(name)
            || RECKONING_FACTS.contains(&name)
            || CAP_FACTS.iter().any(|(cap, _)| *cap == name)
    };
    let others = decision.facts.iter().filter(|(name, _)| !has_a_sentence(name));
    let others: Vec<String> = others.map(|(name, value)| told(name, value)).collect();
    if others.is_empty() { String::new() } else { format!("{}.", others.join("; ")) }
}

fn place(decision: &Decision) -> String {
    format!(
        "Offer {} of {}, fence {}, visit {}, notification {}.",
        decision.offer.as_str(),
        decision.merchant.as_str(),
        decision.fence.as_str(),
        decision.visit.0,
        decision.id.0,
    )
}

/// What a silence is about, as the middle of a sentence.
pub(super) fn over(over: &SilenceOver) -> String {
    match over {
        SilenceOver::All => "nothing at all".to_owned(),
        SilenceOver::Merchant(merchant) => format!("nothing of {}", merchant.as_str()),
        SilenceOver::Fence(fence) => format!("nothing about the store {}", fence.as_str()),
        SilenceOver::Offer(offer) => format!("nothing of the offer {}", offer.as_str()),
    }
}

#[cfg(test)]
mod tests;
