//! What makes an offer dear or mute: the text or the rule at fault, in a sentence.

use model::{FeedbackKind, TransitionKind};

use super::account::{Count, OfferAccount};

/// Something that an operator could change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// The word of the rule, the part of the cost or the answer that shows it.
    pub word: Box<str>,
    /// What is wrong, as the end of a sentence that begins with the offer.
    pub sentence: String,
}

/// A rule that turns away more than this share of the candidates is told.
const MUTE_PERCENT: u64 = 30;
/// A part of the cost that more than this share has is told.
const DEAR_PERCENT: u64 = 50;
/// So many of those who hear it, and no more, may hear it in a bad hour or complain.
const FEW_PERCENT: u64 = 10;
const COMPLAINTS_PERCENT: u64 = 5;

/// What is at fault, the gravest first; empty when nothing is.
#[must_use]
pub fn faults(offer: &OfferAccount, limit: f64) -> Vec<Fault> {
    if offer.n_fences == 0 {
        return vec![fault("fences", "is meant for no fence".into())];
    }
    if offer.count.n_candidates == 0 {
        return vec![fault("candidates", nobody(offer.trigger).into())];
    }
    let mut found = mute(&offer.count);
    found.extend(out_of_reach(&offer.count, limit));
    found.extend(dear(&offer.count));
    found.extend(unwelcome(&offer.count));
    found
}

fn fault(word: &str, sentence: String) -> Fault {
    Fault { word: word.into(), sentence }
}

const fn nobody(trigger: TransitionKind) -> &'static str {
    match trigger {
        TransitionKind::Enter => "was never called for: nobody came into its fences",
        TransitionKind::Dwell => "was never called for: nobody stayed in its fences",
        TransitionKind::Exit => "was never called for: nobody left its fences",
        TransitionKind::Cross => "was never called for: nobody passed through its fences between two fixes",
    }
}

/// Rules that an operator can do something about; rests and caps are the people's own.
fn mute(count: &Count) -> Vec<Fault> {
    let cost = mean_cost(count).round();
    let told = |(word, n): (&str, u64)| {
        let percent = percent(n, count.n_candidates);
        let sentence = (MUTE_PERCENT <= percent).then(|| why_mute(word, percent, cost)).flatten()?;
        Some(fault(word, sentence))
    };
    count.verdicts.by_size().into_iter().filter_map(told).collect()
}

fn why_mute(word: &str, percent: u64, cost: f64) -> Option<String> {
    let sentence = match word {
        "no_consent" => format!("asks for more than {percent} % of those who come agreed to"),
        "offer_paused" | "offer_stopped" => "is paused or stopped".into(),
        "offer_not_yet" => {
            format!("begins too late for {percent} % of its moments (`--from` plays other days)")
        }
        "offer_over" => format!("is over before {percent} % of its moments (`--from` plays other days)"),
        "off_schedule" => format!("is not said at {percent} % of its moments: its schedule leaves them out"),
        "store_closed" => format!("finds the store closed at {percent} % of its moments"),
        "out_of_stock" => format!("was out of stock at {percent} % of its moments"),
        "not_in_audience" => format!("is meant for others than {percent} % of those who come"),
        "already_inside" => format!("comes to people of whom {percent} % were there already"),
        "unfit_fix" => format!("rests on positions of which {percent} % are too inexact for its fences"),
        "not_there_any_more" => {
            format!("is not heard: {percent} % are not there any more when it is decided")
        }
        "too_fast" => format!("is called for by people of whom {percent} % go too fast to be visitors"),
        "quiet_hours" => format!("is called for in quiet hours {percent} % of the time"),
        "zone_unknown" => "has fences in no known time zone".into(),
        "muted" => format!("is muted by {percent} % of those who would hear it"),
        "lost_arbitration" => {
            format!("loses {percent} % of its moments to other offers: its priority or value is low")
        }
        "budget" => format!("costs {cost} points, and finds no room for them at {percent} % of its moments"),
        "text" => format!("has words that break a text rule at {percent} % of its moments"),
        _ => return None,
    };
    Some(sentence)
}

/// What costs more than anybody bears is never said.
fn out_of_reach(count: &Count, limit: f64) -> Option<Fault> {
    let mean = mean_cost(count);
    (limit < mean)
        .then(|| fault("budget", format!("costs {mean:.0} points of the {limit:.0} that people bear")))
}

/// In points; a part that everything has tells how many were reckoned.
fn mean_cost(count: &Count) -> f64 {
    let n_reckoned = count.parts.by_size().first().map_or(0, |(_, n)| *n);
    count.points.values().sum::<i64>() as f64 / n_reckoned.max(1) as f64
}

fn dear(count: &Count) -> Vec<Fault> {
    let parts = [
        ("names_street", "names a street"),
        ("delicate", "is of a delicate category"),
        ("sensitive_ring", "speaks beside a sensitive place"),
        ("enter_without_dwell", "greets people who come in, rather than those who stay"),
        ("purchases", "uses what people bought"),
        ("sms", "is a text message"),
    ];
    let mut found: Vec<Fault> = Vec::new();
    for (part, what) in parts {
        let n = count.parts.of(part);
        if 0 < n && DEAR_PERCENT <= percent(n, count.n_candidates) {
            let points = count.points.get(part).copied().unwrap_or_default() / n.cast_signed();
            found.push(fault(part, format!("{what}: +{points}")));
        }
    }
    let in_bad_hours = percent(count.sent_parts.of("hour"), count.n_sent);
    if FEW_PERCENT < in_bad_hours {
        let sentence = format!(
            "is heard in the first or last hour, or on a weekend morning, by {in_bad_hours} % of those who get it: +5"
        );
        found.push(fault("hour", sentence));
    }
    found
}

fn unwelcome(count: &Count) -> Vec<Fault> {
    let complaints = [
        (FeedbackKind::Creepy, "felt creepy to"),
        (FeedbackKind::TooOften, "came too often for"),
        (FeedbackKind::NotRelevant, "was not for"),
    ];
    let told = |(kind, what): (FeedbackKind, &str)| {
        let percent = percent(count.answers.of(kind.word()), count.n_sent);
        (COMPLAINTS_PERCENT <= percent)
            .then(|| fault(kind.word(), format!("{what} {percent} % of those who got it")))
    };
    complaints.into_iter().filter_map(told).collect()
}

fn percent(part: u64, whole: u64) -> u64 {
    (part * 100 + whole / 2).checked_div(whole).unwrap_or(0)
}
