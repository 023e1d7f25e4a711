//! The numbers of a policy as the oracle goes by them.

use engine::{ClockSource, Policy};
use notifier::{AnswerPolicy, Costs, NotifierPolicy};

use consent_gate::rules::{Place, Rule};
use model::{Jurisdiction, Timestamp};

use super::rows;
use super::second::{self, MerchantNo};

/// What the oracle goes by under a policy of the engine.
pub(crate) fn rules(policy: &Policy, merchant_no: MerchantNo<'_>) -> oracle::Rules {
    let (presence, notifier) = (&policy.presence, &policy.notifier);
    oracle::Rules {
        dwell_ms: presence.dwell.ms(),
        dwell_depth: presence.dwell_depth,
        still_max_ms: presence.still_max.ms(),
        silence_max_ms: presence.silence_max.ms(),
        exit_margin_m: presence.exit_margin.0,
        exit_accuracy_max_m: presence.exit_accuracy_max.0,
        accuracy_decides_max_m: presence.accuracy_decides_max.0,
        accuracy_trigger_max_m: presence.accuracy_trigger_max.0,
        future_max_ms: presence.future_max.ms(),
        fresh_max_ms: presence.fresh_max.ms(),
        stale_max_ms: presence.stale_max.ms(),
        jump_mps: presence.jump_mps,
        crossings: presence.crossings,
        visits_max: presence.visits_max,
        devices_max: policy.devices_max,
        caps: caps(notifier),
        rests: rests(notifier),
        hours: notifier.hours.minutes(),
        enter_speed_max_mm_s: notifier.speeds.enter_max_mm_s,
        speed_max_mm_s: notifier.speeds.max_mm_s,
        budget: oracle::Budget {
            enforced: notifier.budget.enforced,
            half_life_ms: notifier.budget.half_life.ms(),
            limit_milli: notifier.budget.limit_milli,
            limit_min_milli: notifier.budget.limit_min_milli,
            limit_max_milli: notifier.budget.limit_max_milli,
        },
        costs: costs(notifier),
        answers: answers(&notifier.answers),
        gather_ms: notifier.gather.ms(),
        occasions_max: NotifierPolicy::OCCASIONS_MAX,
        decide_within_ms: notifier.decide_within.ms(),
        key: notifier.key.to_string(),
        mode: second::mode(policy.mode),
        grant_lasts_ms: policy.gate.grant_lasts.ms(),
        location_lasts_ms: policy.gate.location_lasts.ms(),
        remind_before_ms: policy.gate.remind_before.ms(),
        token_lasts_ms: policy.gate.token_lasts.ms(),
        law: law(policy, merchant_no),
        clock_leaps: policy.clock == ClockSource::Fixes,
    }
}

const fn caps(notifier: &NotifierPolicy) -> oracle::Caps {
    let caps = &notifier.caps;
    oracle::Caps {
        push_24h: caps.per_24h_max,
        push_civil_day: caps.per_civil_day_max,
        push_7d: caps.per_7d_max,
        push_7d_favourite: caps.per_7d_favourite_max,
        push_30d: caps.per_30d_max,
        push_30d_favourite: caps.per_30d_favourite_max,
        all_7d: caps.all_channels_per_7d_max,
        sms_7d: caps.sms_per_7d_max,
        sms_30d: caps.sms_per_30d_max,
    }
}

const fn rests(notifier: &NotifierPolicy) -> oracle::Rests {
    let cooldowns = &notifier.cooldowns;
    oracle::Rests {
        fence_ms: cooldowns.fence.ms(),
        favourite_fence_ms: cooldowns.favourite_fence.ms(),
        offer_ms: cooldowns.offer.ms(),
        offer_ever_max: cooldowns.offer_ever_max,
        merchant_ms: cooldowns.merchant.ms(),
        between_ms: cooldowns.rest.ms(),
        settle_in_ms: cooldowns.settle_in.ms(),
    }
}

fn costs(notifier: &NotifierPolicy) -> oracle::Costs {
    let (costs, speeds) = (&notifier.costs, &notifier.speeds);
    let Costs { raises, lowers, .. } = costs;
    oracle::Costs {
        of_channel: [costs.push, costs.sms, costs.email, costs.inbox],
        floor: costs.floor,
        background: raises.background,
        enter: raises.enter,
        stroll: raises.stroll,
        stroll_mm_s: (speeds.stroll_from_mm_s, speeds.stroll_to_mm_s),
        hour: raises.hour,
        dear_spans: vec![costs.early.minutes(), costs.late.minutes()],
        dear_weekend_spans: vec![costs.weekend.minutes()],
        small_fence: raises.small_fence,
        small_radius_m: costs.small_radius_m,
        names_store: raises.names_store,
        names_street: raises.names_street,
        earlier_here: raises.earlier_here,
        earlier_here_max: raises.earlier_here_max,
        many_fences: raises.many_fences,
        n_many_fences: costs.many_fences.into(),
        purchases: raises.purchases,
        delicate: raises.delicate,
        favourite: lowers.favourite,
        redeemed_here: lowers.redeemed_here,
        opened_last: lowers.opened_last,
        app_open: lowers.app_open,
        exit: lowers.exit,
        category: lowers.category,
    }
}

fn answers(answers: &AnswerPolicy) -> oracle::AnswerRules {
    oracle::AnswerRules {
        opened_milli: answers.opened_milli.into(),
        redeemed_milli: answers.redeemed_milli.into(),
        redeemed_limit_pct: answers.redeemed_limit_pct,
        redeemed_silence_ms: answers.redeemed_silence.ms(),
        dismissed_fast_ms: answers.dismissed_fast.ms(),
        dismissed_milli: answers.dismissed_milli.into(),
        dismissed_silence_ms: answers.dismissed_silence.ms(),
        too_often_milli: answers.too_often.milli.into(),
        too_often_limit_pct: answers.too_often.limit_pct,
        too_often_silence_ms: answers.too_often.silence.ms(),
        too_often_halves_ms: answers.too_often_halves.ms(),
        creepy_milli: answers.creepy.milli.into(),
        creepy_limit_pct: answers.creepy.limit_pct,
        creepy_silence_ms: answers.creepy.silence.ms(),
        creepy_fence_ms: answers.creepy_fence.ms(),
        creepy_merchant_ms: answers.creepy_merchant.ms(),
        ignored_after_ms: answers.ignored_after.ms(),
        ignored_in_a_row: answers.ignored_in_a_row,
        ignored_limit_pct: answers.ignored_limit_pct,
    }
}

/// The law, in the oracle's words.
fn law(policy: &Policy, merchant_no: MerchantNo<'_>) -> oracle::Law {
    let book = &policy.law.rules;
    let text = |place: &Jurisdiction| place.as_str().to_owned();
    let countries = &book.geography().countries;
    let seats = policy.law.seats.iter();
    oracle::Law {
        rules: book.rules().iter().map(|rule| law_rule(rule, policy)).collect(),
        parts: countries.iter().map(|it| (text(&it.country), it.parts.iter().map(text).collect())).collect(),
        home: policy.law.default_residence.as_ref().map(text),
        needs_home: policy.gate.needs_home,
        seats: seats.filter_map(|(merchant, place)| Some((merchant_no(merchant)?, text(place)))).collect(),
    }
}

fn law_rule(rule: &Rule, policy: &Policy) -> oracle::LawRule {
    let groups = &policy.law.rules.geography().groups;
    let wheres = |place: &Place| match place {
        Place::Everywhere => vec![oracle::Where::Everywhere],
        Place::In(place) => vec![oracle::Where::In(place.as_str().to_owned())],
        Place::PartUnknown(country) => vec![oracle::Where::PartUnknown(country.as_str().to_owned())],
        Place::Group(id) => {
            let members = groups.iter().filter(|group| group.id == *id).flat_map(|group| &group.members);
            members.map(|member| oracle::Where::In(member.as_str().to_owned())).collect()
        }
    };
    let consent = &rule.demands.consent;
    let purposes =
        |some: &[consent_gate::Purpose]| some.iter().map(|purpose| rows::purpose(*purpose)).collect();
    oracle::LawRule {
        places: rule.places.iter().flat_map(wheres).collect(),
        from_ms: rule.from.map(Timestamp::unix_ms),
        until_ms: rule.until.map(Timestamp::unix_ms),
        double_opt_in: purposes(&consent.double_opt_in),
        grant_lasts: consent.grant_lasts.as_ref().map(|(some, lasts)| (purposes(some), lasts.ms())),
    }
}
