//! Random days of one customer, for laws: what they pass, answer and change, under random rules.

use chrono_tz::Tz;
use model::{Channel, Dial, FeedbackKind, FenceId, Millis, NotificationId, Profile, Standing, Timestamp};
use notifier::{Caps, Cooldowns, DailyHours, NotifierPolicy, zone};
use proptest::prelude::*;

use crate::porter::{Ask, june, usual};

pub(crate) const ZONES: [&str; 7] = [
    "UTC",
    "Europe/Berlin",
    "America/New_York",
    "Australia/Lord_Howe",
    "Pacific/Kiritimati",
    "Pacific/Niue",
    "America/St_Johns",
];
pub(crate) const FENCES: [&str; 6] = ["books", "cafe", "bank", "park", "mall", "home"];
const MERCHANTS: [&str; 3] = ["alpha", "beta", "gamma"];

/// One instant of a random life.
#[derive(Clone, Debug)]
pub(crate) struct Moment {
    pub(crate) at: Timestamp,
    pub(crate) asks: Vec<Ask>,
    /// What the customer says of the last one told, afterwards.
    pub(crate) answer: Option<FeedbackKind>,
    pub(crate) restarts: bool,
    /// The last one told is given back.
    pub(crate) gives_back: bool,
}

/// The same, later.
pub(crate) fn shifted(moment: Moment, span: Millis) -> Moment {
    let mut moment = Moment { at: moment.at + span, ..moment };
    for ask in &mut moment.asks {
        ask.occasion.expires_at = ask.occasion.expires_at + span;
        ask.occasion.visit =
            Ask::dwell(ask.occasion.fence.as_str(), moment.at.unix_ms(), moment.at).occasion.visit;
        ask.occasion.notification = NotificationId::of(ask.occasion.visit, &ask.occasion.offer);
    }
    moment
}

/// Some weeks, in order of time.
pub(crate) fn days() -> impl Strategy<Value = Vec<Moment>> {
    let secs = prop_oneof![4 => 0..7_200_i64, 3 => 0..60_000_i64, 1 => 0..1_000_000_i64, 2 => 0..40_i64];
    let asks = prop::collection::vec(ask(), 1..4);
    let answer = prop::option::weighted(0.3, prop::sample::select(FeedbackKind::ALL.to_vec()));
    let moment = (secs, asks, answer, prop::bool::weighted(0.1), prop::bool::weighted(0.1));
    prop::collection::vec(moment, 1..40).prop_map(|moments| {
        let mut at = june();
        let of = |(n, (secs, asks, answer, restarts, gives_back)): (usize, (i64, Vec<Ask>, _, _, _))| {
            at = at + Millis::from_secs(secs);
            let asks = asks.into_iter().enumerate().map(|(i, ask)| {
                let no = (n * 10 + i) as i64;
                let fresh = Ask::dwell(ask.occasion.fence.as_str(), no, at).occasion;
                let mut ask = ask;
                ask.occasion.visit = fresh.visit;
                ask.occasion.expires_at = fresh.expires_at;
                ask.occasion.notification = NotificationId::of(fresh.visit, &ask.occasion.offer);
                ask
            });
            Moment { at, asks: asks.collect(), answer, restarts, gives_back }
        };
        moments.into_iter().enumerate().map(of).collect()
    })
}

/// Something to say, at no instant yet.
pub(crate) fn ask() -> impl Strategy<Value = Ask> {
    let place = (0..FENCES.len(), 0..MERCHANTS.len(), 0..4_usize);
    let zones = prop::collection::vec(0..ZONES.len(), 1..3);
    let channel = prop_oneof![4 => Just(Channel::Push), 1 => prop::sample::select(Channel::ALL.to_vec())];
    let worth = (4..7_u8, 0..30_u32, any::<bool>(), any::<bool>());
    let standing = prop_oneof![4 => Just(Standing::Sent), 1 => Just(Standing::Observed)];
    (place, zones, channel, worth, standing).prop_map(|(place, zones, channel, worth, standing)| {
        let (fence, merchant, offer) = place;
        let mut ask = Ask::dwell(FENCES[fence], 0, june());
        ask = ask.offer(&format!("{}{offer}", FENCES[fence])).merchant(MERCHANTS[merchant]);
        ask.zones = zones.into_iter().map(zone_of).collect();
        ask.terms.channel = channel;
        (ask.terms.priority, ask.terms.value, ask.terms.names_store, _) = worth;
        ask.occasion.foreground = worth.3.then_some(true);
        ask.terms.standing = standing;
        ask
    })
}

pub(crate) fn zone_of(i: usize) -> Tz {
    zone(ZONES[i]).unwrap()
}

pub(crate) fn hours() -> impl Strategy<Value = DailyHours> {
    let any =
        (0..1_440_u16, 0..=1_440_u16).prop_filter_map("hours", |(from, until)| DailyHours::new(from, until));
    prop_oneof![2 => Just(DailyHours::default()), 2 => Just(DailyHours::ALWAYS), 1 => any]
}

pub(crate) fn profile() -> impl Strategy<Value = Profile> {
    let quiet = prop::option::weighted(0.3, (0..1_440_u16, 0..=1_440_u16));
    let favourites = prop::collection::btree_set(0..FENCES.len(), 0..3);
    let per_week = prop::option::weighted(0.3, 0..=Dial::PER_WEEK_MAX);
    (quiet, favourites, per_week).prop_map(|(quiet, favourites, per_week)| {
        let mut favourites: Vec<FenceId> =
            favourites.into_iter().map(|i| FenceId::new(FENCES[i]).unwrap()).collect();
        favourites.sort();
        Profile { favourites, dial: Dial { quiet, per_week, ..Dial::default() }, ..Profile::default() }
    })
}

fn caps() -> impl Strategy<Value = Caps> {
    let push = (0..4_u32, 0..4_u32, 0..6_u32, 0..9_u32);
    (push, 0..3_u32, 1..7_u32, 0..3_u32, 0..4_u32).prop_map(|(push, more, all, sms_7d, sms_30d)| Caps {
        per_24h_max: push.0,
        per_civil_day_max: push.1,
        per_7d_max: push.2,
        per_7d_favourite_max: push.2 + more,
        per_30d_max: push.3,
        per_30d_favourite_max: push.3 + more,
        all_channels_per_7d_max: all,
        sms_per_7d_max: sms_7d,
        sms_per_30d_max: sms_30d,
    })
}

fn cooldowns() -> impl Strategy<Value = Cooldowns> {
    let rests = (0..200_i64, 0..200_i64, 0..900_i64, 0..90_i64, 0..5_i64, 0..30_i64);
    (rests, prop_oneof![Just(1_000_u32), 1..4_u32]).prop_map(|(rests, offer_ever_max)| Cooldowns {
        fence: Millis::from_hours(rests.0),
        favourite_fence: Millis::from_hours(rests.1),
        offer: Millis::from_hours(rests.2),
        offer_ever_max,
        merchant: Millis::from_hours(rests.3),
        rest: Millis::from_hours(rests.4),
        settle_in: Millis::from_hours(rests.5),
    })
}

/// Rules of which about half let something through.
pub(crate) fn policy() -> impl Strategy<Value = NotifierPolicy> {
    let budget = (prop::bool::weighted(0.7), 30..=80_u32);
    let limits = prop_oneof![1 => Just(None), 2 => (caps(), cooldowns()).prop_map(Some)];
    (limits, hours(), budget).prop_map(|(limits, hours, (enforced, limit))| {
        let mut policy = NotifierPolicy { hours, ..usual() };
        if let Some((caps, cooldowns)) = limits {
            (policy.caps, policy.cooldowns) = (caps, cooldowns);
        }
        (policy.budget.enforced, policy.budget.limit_milli) = (enforced, limit * 1_000);
        policy
    })
}
