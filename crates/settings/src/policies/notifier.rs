//! The rules of restraint, key by key.

use model::Millis;
use notifier::{
    AnswerPolicy, Budget, Caps, Complaint, Cooldowns, Costs, DailyHours, Lowers, NotifierPolicy, Raises,
    Speeds,
};

use crate::section::Section;

/// Most offers that any window may be set to allow; a person who wants more does not exist.
const CAP_MAX: u32 = 1_000;

/// No part of a cost is dearer than what anybody bears.
const POINTS_MAX: u8 = 100;

/// Rests end within a year and a day.
const REST_MAX: Millis = Millis::from_days(366);

pub(crate) fn read_notifier(section: &Section<'_>) -> NotifierPolicy {
    let default = NotifierPolicy::default();
    let costs = section.section("costs");
    let policy = NotifierPolicy {
        caps: read_caps(section, default.caps),
        cooldowns: read_cooldowns(section, default.cooldowns),
        hours: hours(section, "hours", default.hours),
        speeds: read_speeds(section, &costs, default.speeds),
        budget: read_budget(&section.section("budget"), default.budget),
        costs: read_costs(&costs, default.costs),
        answers: read_answers(&section.section("answers"), default.answers),
        gather: section.span("gather", Millis::ZERO..=Millis::from_mins(5), default.gather),
        decide_within: section.span(
            "decide_within",
            Millis::from_secs(1)..=Millis::from_mins(15),
            default.decide_within,
        ),
        key: section.text("key").map_or(default.key, |key| key.value.into()),
    };
    check_spans(section, &policy);
    policy
}

fn check_spans(section: &Section<'_>, policy: &NotifierPolicy) {
    let NotifierPolicy { caps, cooldowns, .. } = policy;
    if policy.decide_within < policy.gather {
        let reason = format!("is {}, longer than decide_within: all would be too late", policy.gather);
        section.wrong("gather", section.bytes_of("gather"), reason, None);
    }
    if Millis::from_days(1) < cooldowns.rest && 1 < caps.per_24h_max {
        let reason = format!("is {}, which {} of rest never allow", caps.per_24h_max, cooldowns.rest);
        section.wrong("per_24h_max", section.bytes_of("per_24h_max"), reason, None);
    }
}

fn read_caps(section: &Section<'_>, default: Caps) -> Caps {
    let cap = |key, default| section.count(key, 0..=CAP_MAX, default);
    let caps = Caps {
        per_24h_max: cap("per_24h_max", default.per_24h_max),
        per_civil_day_max: cap("per_civil_day_max", default.per_civil_day_max),
        per_7d_max: cap("per_7d_max", default.per_7d_max),
        per_7d_favourite_max: cap("per_7d_favourite_max", default.per_7d_favourite_max),
        per_30d_max: cap("per_30d_max", default.per_30d_max),
        per_30d_favourite_max: cap("per_30d_favourite_max", default.per_30d_favourite_max),
        all_channels_per_7d_max: cap("all_channels_per_7d_max", default.all_channels_per_7d_max),
        sms_per_7d_max: cap("sms_per_7d_max", default.sms_per_7d_max),
        sms_per_30d_max: cap("sms_per_30d_max", default.sms_per_30d_max),
    };
    let week = ("per_7d_max", caps.per_7d_max, default.per_7d_max);
    let month = ("per_30d_max", caps.per_30d_max, default.per_30d_max);
    Caps {
        per_7d_favourite_max: with_favourite(
            section,
            week,
            ("per_7d_favourite_max", caps.per_7d_favourite_max),
        ),
        per_30d_favourite_max: with_favourite(
            section,
            month,
            ("per_30d_favourite_max", caps.per_30d_favourite_max),
        ),
        ..caps
    }
}

/// A cap with a favourite store among what it counts: never below the one without, and where only
/// that one was changed, the same.
fn with_favourite(
    section: &Section<'_>,
    (plain_key, plain, default): (&str, u32, u32),
    (key, favourite): (&'static str, u32),
) -> u32 {
    if !section.has(key) {
        return if plain == default { favourite } else { plain };
    }
    if favourite < plain {
        let reason = format!("is {favourite}, below {plain_key} ({plain})");
        section.wrong(key, section.bytes_of(key), reason, None);
    }
    favourite
}

fn read_cooldowns(section: &Section<'_>, default: Cooldowns) -> Cooldowns {
    let month = Millis::from_days(30);
    let rests = section.section("cooldowns");
    let rest = |key, default| rests.span(key, Millis::ZERO..=REST_MAX, default);
    let fence = section.span("fence_cooldown", Millis::ZERO..=REST_MAX, default.fence);
    Cooldowns {
        fence,
        favourite_fence: rest("favourite_fence", default.favourite_fence.min(fence)),
        offer: rest("offer", default.offer),
        offer_ever_max: rests.count("offer_ever_max", 0..=CAP_MAX, default.offer_ever_max),
        merchant: rest("merchant", default.merchant),
        rest: section.span("rest", Millis::ZERO..=month, default.rest),
        settle_in: section.span("settle_in", Millis::ZERO..=month, default.settle_in),
    }
}

fn read_speeds(section: &Section<'_>, costs: &Section<'_>, default: Speeds) -> Speeds {
    let of = |section: &Section<'_>, key, default_mm_s: u32| {
        let mps = section.number(key, 0.0..=100.0, f64::from(default_mm_s) / 1_000.0);
        (mps * 1_000.0).round() as u32
    };
    let speeds = Speeds {
        enter_max_mm_s: of(section, "enter_speed_max_mps", default.enter_max_mm_s),
        max_mm_s: of(section, "speed_max_mps", default.max_mm_s),
        stroll_from_mm_s: of(costs, "stroll_from_mps", default.stroll_from_mm_s),
        stroll_to_mm_s: of(costs, "stroll_to_mps", default.stroll_to_mm_s),
    };
    let mps = |mm_s: u32| f64::from(mm_s) / 1_000.0;
    if speeds.max_mm_s < speeds.enter_max_mm_s {
        let reason = format!("is {}, above speed_max_mps", mps(speeds.enter_max_mm_s));
        section.wrong("enter_speed_max_mps", section.bytes_of("enter_speed_max_mps"), reason, None);
    }
    if speeds.stroll_to_mm_s < speeds.stroll_from_mm_s {
        let reason = format!("is {}, above stroll_to_mps", mps(speeds.stroll_from_mm_s));
        costs.wrong("stroll_from_mps", costs.bytes_of("stroll_from_mps"), reason, None);
    }
    speeds
}

fn read_budget(section: &Section<'_>, default: Budget) -> Budget {
    let limit = |key, default_milli: u32| 1_000 * section.count(key, 1..=1_000, default_milli / 1_000);
    let budget = Budget {
        enforced: section.flag("enforced", default.enforced),
        half_life: section.span(
            "half_life",
            Millis::from_hours(1)..=Millis::from_days(30),
            default.half_life,
        ),
        limit_milli: limit("limit", default.limit_milli),
        limit_min_milli: limit("limit_min", default.limit_min_milli),
        limit_max_milli: limit("limit_max", default.limit_max_milli),
    };
    if budget.limit_milli < budget.limit_min_milli || budget.limit_max_milli < budget.limit_milli {
        let points =
            [budget.limit_milli, budget.limit_min_milli, budget.limit_max_milli].map(|milli| milli / 1_000);
        let reason =
            format!("is {}, not from limit_min ({}) to limit_max ({})", points[0], points[1], points[2]);
        section.wrong("limit", section.bytes_of("limit"), reason, None);
    }
    budget
}

fn read_costs(section: &Section<'_>, default: Costs) -> Costs {
    let points = |key, default| section.count(key, 0..=POINTS_MAX, default);
    Costs {
        push: points("push", default.push),
        sms: points("sms", default.sms),
        email: points("email", default.email),
        inbox: points("inbox", default.inbox),
        floor: section.count("floor", 1..=POINTS_MAX, default.floor),
        raises: read_raises(section, default.raises),
        lowers: read_lowers(section, default.lowers),
        early: hours(section, "early", default.early),
        late: hours(section, "late", default.late),
        weekend: hours(section, "weekend", default.weekend),
        small_radius_m: section.count("small_radius_m", 0..=100_000, default.small_radius_m),
        many_fences: section.count("many_fences", 1..=u8::MAX, default.many_fences),
    }
}

fn read_raises(section: &Section<'_>, default: Raises) -> Raises {
    let points = |key, default| section.count(key, 0..=POINTS_MAX, default);
    Raises {
        background: points("background", default.background),
        enter: points("enter_without_dwell", default.enter),
        stroll: points("stroll", default.stroll),
        hour: points("hour", default.hour),
        small_fence: points("small_fence", default.small_fence),
        names_store: points("names_store", default.names_store),
        names_street: points("names_street", default.names_street),
        earlier_here: points("earlier_here", default.earlier_here),
        earlier_here_max: points("earlier_here_max", default.earlier_here_max),
        many_fences: points("many_fences_points", default.many_fences),
        purchases: points("purchases", default.purchases),
        delicate: points("delicate", default.delicate),
        sensitive_ring: points("sensitive_ring", default.sensitive_ring),
    }
}

fn read_lowers(section: &Section<'_>, default: Lowers) -> Lowers {
    let points = |key, default| section.count(key, 0..=POINTS_MAX, default);
    Lowers {
        favourite: points("favourite", default.favourite),
        redeemed_here: points("redeemed_here", default.redeemed_here),
        opened_last: points("opened_last", default.opened_last),
        app_open: points("app_open", default.app_open),
        exit: points("exit", default.exit),
        category: points("category_declared", default.category),
    }
}

fn read_answers(section: &Section<'_>, default: AnswerPolicy) -> AnswerPolicy {
    let points = |key, default_milli: u32| {
        1_000 * section.count(key, 0..=u32::from(POINTS_MAX), default_milli / 1_000)
    };
    let pct = |key, default| section.count(key, 10..=200, default);
    let rest = |key, default| section.span(key, Millis::ZERO..=REST_MAX, default);
    AnswerPolicy {
        opened_milli: points("opened", default.opened_milli),
        redeemed_milli: points("redeemed", default.redeemed_milli),
        redeemed_limit_pct: pct("redeemed_limit_pct", default.redeemed_limit_pct),
        redeemed_silence: rest("redeemed_silence", default.redeemed_silence),
        dismissed_fast: section.span(
            "dismissed_fast",
            Millis::ZERO..=Millis::from_hours(1),
            default.dismissed_fast,
        ),
        dismissed_milli: points("dismissed", default.dismissed_milli),
        dismissed_silence: rest("dismissed_silence", default.dismissed_silence),
        too_often: Complaint {
            milli: points("too_often", default.too_often.milli),
            limit_pct: pct("too_often_limit_pct", default.too_often.limit_pct),
            silence: rest("too_often_silence", default.too_often.silence),
        },
        too_often_halves: rest("too_often_halves", default.too_often_halves),
        creepy: Complaint {
            milli: points("creepy", default.creepy.milli),
            limit_pct: pct("creepy_limit_pct", default.creepy.limit_pct),
            silence: rest("creepy_silence", default.creepy.silence),
        },
        creepy_fence: rest("creepy_fence", default.creepy_fence),
        creepy_merchant: rest("creepy_merchant", default.creepy_merchant),
        ignored_after: section.span(
            "ignored_after",
            Millis::from_hours(1)..=Millis::from_days(7),
            default.ignored_after,
        ),
        ignored_in_a_row: section.count("ignored_in_a_row", 1..=100, default.ignored_in_a_row),
        ignored_limit_pct: pct("ignored_limit_pct", default.ignored_limit_pct),
    }
}

fn hours(section: &Section<'_>, key: &'static str, default: DailyHours) -> DailyHours {
    section.read(key, read_hours).map_or(default, |hours| hours.value)
}

/// Hours from `09:00-20:00`; the second may be the smaller one, and reaches into the next day.
fn read_hours(text: &str) -> Result<DailyHours, String> {
    let minute = |clock: &str| {
        let (hour, minute) = clock.trim().split_once(':')?;
        let two_digits = |part: &str| part.len() == 2 && part.bytes().all(|byte| byte.is_ascii_digit());
        if !two_digits(hour) || !two_digits(minute) {
            return None;
        }
        let (hour, minute): (u16, u16) = (hour.parse().ok()?, minute.parse().ok()?);
        (minute < 60).then_some(hour * 60 + minute)
    };
    let ends = text.split_once('-').and_then(|(from, until)| Some((minute(from)?, minute(until)?)));
    let (from, until) =
        ends.ok_or_else(|| format!("is {text:?}; it must be hours such as \"09:00-20:00\""))?;
    if from == until {
        return Err(
            "begins when it ends, which could be never or always; always is \"00:00-24:00\"".to_owned()
        );
    }
    DailyHours::new(from, until).ok_or_else(|| format!("is {text:?}; a day goes from 00:00 to 24:00"))
}
