//! What a customer changed: their profile, and what their answers to offers brought.

use std::collections::BTreeMap;

use model::{FeedbackKind, MerchantId, NotificationId, Profile, Timestamp, Tolerance};
use serde_json::{Value, json};

use super::clock;
use super::long::over;
use super::past::Past;

/// An answer to an offer, with what it changed.
pub(super) fn feedback(
    past: &Past,
    notification: NotificationId,
    kind: FeedbackKind,
    tolerance: Option<&Tolerance>,
) -> (String, Value) {
    let word = kind.word();
    let offer = match past.said(notification) {
        Some((title, store)) => format!("\"{title}\" at {store}"),
        None => "an offer".to_owned(),
    };
    let effects = tolerance.map(|after| effects(&past.tolerance, after)).unwrap_or_default();
    let then =
        if effects.is_empty() { String::new() } else { format!(" From then on: {}.", effects.join("; ")) };
    let text = format!("Feedback on {offer}: {}.{then}", word.replace('_', " "));
    let id = notification.0.to_string();
    (text, json!({ "kind": "feedback", "offer_id": id, "feedback": word, "effects": effects }))
}

/// What is different about what a customer bears, each as the middle of a sentence.
pub(super) fn effects(before: &Tolerance, after: &Tolerance) -> Vec<String> {
    let mut effects = Vec::new();
    if before.limit_milli != after.limit_milli {
        let limit =
            |milli: Option<u32>| milli.map_or("the usual".to_owned(), |milli| points(i64::from(milli)));
        effects.push(format!(
            "they are taken to bear {} points, instead of {}",
            limit(after.limit_milli),
            limit(before.limit_milli)
        ));
    }
    if (before.nudge_milli, before.nudge_at) != (after.nudge_milli, after.nudge_at) {
        let nudge = points(after.nudge_milli.saturating_abs());
        let how = if after.nudge_milli < 0 { "less" } else { "more" };
        effects.push(format!("what they heard weighs {nudge} points {how}, and ever less so"));
    }
    let news = after.silences.iter().filter(|silence| !before.silences.contains(silence));
    effects.extend(news.map(|silence| match silence.until {
        Timestamp::MAX => format!("{} any more", over(&silence.over)),
        until => format!("{} before {}", over(&silence.over), clock(until)),
    }));
    if let Some(until) = after.halved_until.filter(|_| before.halved_until != after.halved_until) {
        effects.push(format!("half as many before {}", clock(until)));
    }
    if before.n_ignored != after.n_ignored {
        effects.push(format!("{} in a row were ignored", after.n_ignored));
    }
    effects
}

/// Thousandths of a point as points.
fn points(milli: i64) -> String {
    format!("{}.{}", milli / 1_000, milli % 1_000 / 100)
}

/// What is different about what a customer said of themselves.
pub(super) fn profile(before: &Profile, after: &Profile) -> (String, Value) {
    let changes: Vec<(&str, String)> =
        parts(before).into_iter().zip(parts(after)).filter(|(a, b)| a != b).map(|(_, after)| after).collect();
    let said: Vec<String> = changes.iter().map(|(what, value)| format!("{what}: {value}")).collect();
    let text = match said.is_empty() {
        true => "They told us about themselves; nothing is different.".to_owned(),
        false => format!("They told us about themselves. {}.", said.join("; ")),
    };
    let changed: Vec<&str> = changes.iter().map(|(what, _)| *what).collect();
    (text, json!({ "kind": "profile", "changed": changed }))
}

/// What a customer has said of themselves, and what their answers have brought, each as part of a list.
pub(super) fn all_told(profile: &Profile, tolerance: &Tolerance) -> Vec<String> {
    let said = parts(&Profile::default()).into_iter().zip(parts(profile)).filter(|(none, said)| none != said);
    let said = said.map(|(_, (what, value))| format!("{what}: {value}"));
    said.chain(effects(&Tolerance::default(), tolerance)).collect()
}

/// A profile for a machine, as it is sent.
pub(super) fn profile_as_json(profile: &Profile) -> Value {
    let Profile { lang, tz, minor, residence, phone_region, favourites, categories, segments, dial } =
        profile;
    let mut groups: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for (merchant, segment) in segments {
        groups.entry(merchant.as_str()).or_default().push(segment);
    }
    let clock = |minute: u16| format!("{:02}:{:02}", minute / 60, minute % 60);
    json!({
        "lang": lang,
        "tz": tz,
        "minor": minor,
        "residence": residence.as_ref().map(model::Jurisdiction::as_str),
        "phone_region": phone_region.as_ref().map(model::Jurisdiction::as_str),
        "favourites": favourites.iter().map(model::FenceId::as_str).collect::<Vec<_>>(),
        "categories": categories,
        "segments": groups,
        "dial": {
            "per_week": dial.per_week,
            "quiet": dial.quiet.map(|(from, until)| format!("{}-{}", clock(from), clock(until))),
            "muted_merchants": dial.muted_merchants.iter().map(MerchantId::as_str).collect::<Vec<_>>(),
            "muted_fences": dial.muted_fences.iter().map(model::FenceId::as_str).collect::<Vec<_>>(),
        },
    })
}

/// Every part of a profile, with what it does where that is not plain.
fn parts(profile: &Profile) -> [(&'static str, String); 12] {
    let Profile { lang, tz, minor, residence, phone_region, favourites, categories, segments, dial } =
        profile;
    let model::Dial { per_week, quiet, muted_merchants, muted_fences } = dial;
    let none = || "none".to_owned();
    let list = |words: Vec<&str>| if words.is_empty() { none() } else { words.join(", ") };
    let favourites = list(favourites.iter().map(model::FenceId::as_str).collect());
    let segments: Vec<String> =
        segments.iter().map(|(merchant, segment)| format!("{segment} at {}", merchant.as_str())).collect();
    let clock = |minute: u16| format!("{:02}:{:02}", minute / 60, minute % 60);
    let quiet = quiet.map_or_else(none, |(from, until)| format!("{} to {}", clock(from), clock(until)));
    let per_week = match per_week {
        None => "as many as the rules allow".to_owned(),
        Some(0) => "none at all".to_owned(),
        Some(n) => format!("{n} at most"),
    };
    [
        ("language", lang.as_deref().map_or_else(none, ToOwned::to_owned)),
        ("time zone", tz.as_deref().map_or_else(none, ToOwned::to_owned)),
        ("not of age", if *minor { "yes, so that no offer is sent" } else { "no" }.to_owned()),
        ("where they live", residence.map_or_else(none, |it| it.to_string())),
        ("where their number is from", phone_region.map_or_else(none, |it| it.to_string())),
        ("favourite stores, which may speak sooner", favourites),
        ("what they care for", list(categories.iter().map(|category| &**category).collect())),
        ("groups that they declared", list(segments.iter().map(String::as_str).collect())),
        ("offers a week", per_week),
        ("their quiet hours", quiet),
        ("muted merchants", list(muted_merchants.iter().map(MerchantId::as_str).collect())),
        ("muted stores", list(muted_fences.iter().map(model::FenceId::as_str).collect())),
    ]
}
