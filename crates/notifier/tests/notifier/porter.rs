//! One customer and a porter, and a language to tell of them.
//!
//! One event a line, a day and a time of June 2026 on UTC first (the 1st is a Monday):
//!
//! ```text
//! 1 10:00 books          => told
//! 1 12:00 cafe           => rest_between_offers cap_24h cap_civil_day, next 2 10:00
//! 1 12:05 opened         => taken
//! 3 10:00 books & bank value 9 => lost_arbitration & told
//! ```
//!
//! A candidate is a dwell in a fence, where a merchant of that name has an offer of that name;
//! what [`Porter::ask_of`] reads may stand behind. Feedback is about the last one told.

use chrono_tz::Tz;
use model::{
    Channel, CustomerId, CustomerNo, DeviceId, DeviceNo, FeedbackKind, FenceId, MerchantId, Millis,
    NotificationId, OfferId, Profile, Standing, Timestamp, TransitionKind, VisitId, WeekHours,
};
use notifier::{
    Candidate, DailyHours, FeedbackEffect, Known, Notifier, NotifierPolicy, Occasion, Ruling, SmsLaw,
    Suppressed, Suppression, Terms, Verdict, zone,
};

pub(crate) const ANNA: CustomerNo = CustomerNo::new(0, 0);

/// Midnight on UTC of 1 June 2026, a Monday.
pub(crate) fn june() -> Timestamp {
    Timestamp::from_unix_ms(1_780_272_000_000)
}

pub(crate) fn name() -> CustomerId {
    CustomerId::new("anna").unwrap()
}

/// What somebody might be told, with all that the rules ask.
#[derive(Clone, Debug)]
pub(crate) struct Ask {
    pub(crate) occasion: Occasion,
    pub(crate) terms: Terms<'static>,
    pub(crate) zones: Vec<Tz>,
    pub(crate) radius_m: u32,
    pub(crate) is_there: bool,
    pub(crate) barred: Vec<Suppression>,
}

impl Ask {
    /// A dwell that began with the visit `no`.
    pub(crate) fn dwell(fence: &str, no: i64, now: Timestamp) -> Self {
        let terms = Terms {
            channel: Channel::Push,
            priority: 5,
            value: 10,
            category: None,
            is_delicate: false,
            is_in_ring: false,
            uses_purchases: false,
            names_store: false,
            names_street: false,
            holdout_permille: 0,
            standing: Standing::Sent,
            law: None,
        };
        let fence = FenceId::new(fence).unwrap();
        let offer = OfferId::new(fence.as_str()).unwrap();
        let device = DeviceId::new("phone").unwrap();
        let visit = VisitId::of(&name(), &device, &fence, Timestamp::from_unix_ms(no));
        let occasion = Occasion {
            notification: NotificationId::of(visit, &offer),
            device: DeviceNo::new(0, 0),
            merchant: MerchantId::new(fence.as_str()).unwrap(),
            offer,
            fence,
            visit,
            trigger: TransitionKind::Dwell,
            triggered_at: now,
            entered_at: now,
            expires_at: now + Millis::from_mins(15),
            initial: false,
            may_trigger: true,
            speed_mm_s: None,
            foreground: None,
        };
        Self { occasion, terms, zones: vec![Tz::UTC], radius_m: 200, is_there: true, barred: Vec::new() }
    }

    pub(crate) fn offer(mut self, offer: &str) -> Self {
        self.occasion.offer = OfferId::new(offer).unwrap();
        self.occasion.notification = NotificationId::of(self.occasion.visit, &self.occasion.offer);
        self
    }

    pub(crate) fn merchant(mut self, merchant: &str) -> Self {
        self.occasion.merchant = MerchantId::new(merchant).unwrap();
        self
    }

    pub(crate) fn candidate(&self) -> Candidate<'_> {
        Candidate {
            occasion: &self.occasion,
            terms: self.terms,
            zones: &self.zones,
            radius_m: self.radius_m,
            is_there: self.is_there,
            barred: self.barred.clone(),
            possible_from: &Some,
        }
    }
}

pub(crate) struct Porter {
    pub(crate) notifier: Notifier,
    pub(crate) last: Option<NotificationId>,
    pub(crate) n_visits: i64,
}

impl Porter {
    /// A porter to whom the customer agreed long ago.
    pub(crate) fn new(policy: NotifierPolicy) -> Self {
        Self::with(policy, Profile::default())
    }

    pub(crate) fn with(policy: NotifierPolicy, profile: Profile) -> Self {
        let mut notifier = Notifier::new(policy);
        let agreed_at = Some(june() - Millis::from_days(400));
        notifier.load(ANNA, Known { agreed_at, profile, ..Known::default() });
        Self { notifier, last: None, n_visits: 0 }
    }

    pub(crate) fn dwell(&mut self, fence: &str, now: Timestamp) -> Ask {
        self.n_visits += 1;
        Ask::dwell(fence, self.n_visits, now)
    }

    /// Decides, and records what has won.
    pub(crate) fn decide(&mut self, asks: &[Ask], now: Timestamp) -> Vec<Verdict> {
        let candidates: Vec<Candidate<'_>> = asks.iter().map(Ask::candidate).collect();
        let verdicts = self.notifier.decide(ANNA, &name(), &candidates, now);
        assert_eq!(verdicts.len(), asks.len());
        for (verdict, candidate) in verdicts.iter().zip(&candidates) {
            if let Some(heard) = verdict.heard(candidate, now) {
                self.last = Some(candidate.occasion.notification);
                self.notifier.record(ANNA, heard);
            }
        }
        verdicts
    }

    pub(crate) fn propose(&mut self, ask: Ask, now: Timestamp) -> Ruling {
        self.decide(&[ask], now).remove(0).ruling
    }

    pub(crate) fn answer(&mut self, kind: FeedbackKind, now: Timestamp) -> FeedbackEffect {
        let last = self.last.expect("something was told");
        self.notifier.hear_feedback(ANNA, last, kind, None, now)
    }

    /// The porter after a restart: what the ledger holds, and nothing else.
    pub(crate) fn restart(&mut self) {
        let (old, policy) = (&self.notifier, self.notifier.policy().clone());
        let known = Known {
            heard: old.heard(ANNA).to_vec(),
            agreed_at: old.agreed_at(ANNA),
            profile: old.profile(ANNA).clone(),
            tolerance: old.tolerance(ANNA).clone(),
        };
        self.notifier = Notifier::new(policy);
        self.notifier.load(ANNA, known);
    }

    fn tell(&mut self, event: &str) -> String {
        let mut words = event.split_whitespace();
        let day: i64 = words.next().and_then(|day| day.parse().ok()).expect("a line begins with a day");
        let now = clock(day, words.next().expect("a time"));
        let rest: Vec<&str> = words.collect();
        match rest[0] {
            "give_back" => {
                let last = self.last.expect("something was told");
                match self.notifier.give_back(ANNA, last) {
                    Some(_) => "given back".to_owned(),
                    None => "not known".to_owned(),
                }
            }
            "restart" => {
                self.restart();
                "open".to_owned()
            }
            "enters" => {
                self.notifier.entered(ANNA, &FenceId::new(rest[1]).unwrap(), now);
                "noted".to_owned()
            }
            kind if FeedbackKind::from_word(kind).is_some() => {
                let effect = self.answer(FeedbackKind::from_word(kind).unwrap(), now);
                format!("{effect:?}").to_lowercase()
            }
            _ => {
                let asks: Vec<Ask> =
                    rest.split(|word| *word == "&").map(|words| self.ask_of(words, now)).collect();
                let said: Vec<String> =
                    self.decide(&asks, now).iter().map(|verdict| said(&verdict.ruling)).collect();
                said.join(" & ")
            }
        }
    }

    /// Reads a candidate from words.
    pub(crate) fn ask_of(&mut self, words: &[&str], now: Timestamp) -> Ask {
        let mut ask = self.dwell(words[0], now);
        let mut words = words[1..].iter().copied();
        while let Some(word) = words.next() {
            let mut next = || words.next().expect("a word follows");
            match word {
                "enter" | "exit" | "cross" => ask.occasion.trigger = TransitionKind::from_word(word).unwrap(),
                "sms" | "email" | "inbox" => ask.terms.channel = Channel::from_word(word).unwrap(),
                "offer" => ask = ask.offer(next()),
                "of" => ask = ask.merchant(next()),
                "in" => ask.zones = next().split(',').filter_map(zone).collect(),
                "mm_s" => ask.occasion.speed_mm_s = next().parse().ok(),
                "open" => ask.occasion.foreground = Some(true),
                "initial" => ask.occasion.initial = true,
                "unfit" => ask.occasion.may_trigger = false,
                "gone" => ask.is_there = false,
                "stale" => ask.occasion.expires_at = now,
                "barred" => ask.barred.push(Suppression::from_word(next()).unwrap()),
                "value" => ask.terms.value = next().parse().unwrap(),
                "priority" => ask.terms.priority = next().parse().unwrap(),
                "radius" => ask.radius_m = next().parse().unwrap(),
                "category" => ask.terms.category = Some(if next() == "coffee" { "coffee" } else { "tea" }),
                "delicate" => ask.terms.is_delicate = true,
                "in_ring" => ask.terms.is_in_ring = true,
                "purchases" => ask.terms.uses_purchases = true,
                "named" => ask.terms.names_store = true,
                "street" => ask.terms.names_street = true,
                "holdout" => ask.terms.holdout_permille = next().parse().unwrap(),
                "law" => ask.terms.law = Some(law(next())),
                "observed" => ask.terms.standing = Standing::Observed,
                "again" => ask.occasion.visit = self.visit_before(&ask),
                other => panic!("nobody knows what {other} means"),
            }
            ask.occasion.notification = NotificationId::of(ask.occasion.visit, &ask.occasion.offer);
        }
        ask
    }

    /// The visit of the candidate before this one, if it was at the same fence.
    fn visit_before(&self, ask: &Ask) -> VisitId {
        Ask::dwell(ask.occasion.fence.as_str(), self.n_visits - 1, june()).occasion.visit
    }
}

/// What the law asks, by the place that asks it.
fn law(place: &str) -> SmsLaw {
    let all_days = |from, until| WeekHours::new([Some((from, until)); 7]).unwrap();
    let weekday = Some((9 * 60, 21 * 60));
    let texas = [weekday, weekday, weekday, weekday, weekday, weekday, Some((12 * 60, 21 * 60))];
    let (hours, per_24h_max) = match place {
        "florida" => (all_days(8 * 60, 20 * 60), Some(3)),
        "texas" => (WeekHours::new(texas).unwrap(), None),
        "nowhere" => (WeekHours::new([None; 7]).unwrap(), None),
        other => panic!("nobody knows the law of {other}"),
    };
    SmsLaw { hours, per_24h_max }
}

/// Tells a story and compares every line's answer.
#[track_caller]
pub(crate) fn check(policy: NotifierPolicy, story: &str) {
    check_with(&mut Porter::new(policy), story);
}

#[track_caller]
pub(crate) fn check_with(porter: &mut Porter, story: &str) {
    for line in story.lines().map(str::trim).filter(|line| !line.is_empty()) {
        let (event, expected) = line.split_once("=>").expect("a line says what is expected");
        assert_eq!(porter.tell(event), expected.trim(), "in the line: {line}");
    }
}

pub(crate) fn usual() -> NotifierPolicy {
    NotifierPolicy::default()
}

/// No rule but those that a test sets.
pub(crate) fn lenient() -> NotifierPolicy {
    let mut policy = usual();
    let caps = &mut policy.caps;
    let all = [
        &mut caps.per_24h_max,
        &mut caps.per_civil_day_max,
        &mut caps.per_7d_max,
        &mut caps.per_7d_favourite_max,
        &mut caps.per_30d_max,
        &mut caps.per_30d_favourite_max,
        &mut caps.all_channels_per_7d_max,
        &mut caps.sms_per_7d_max,
        &mut caps.sms_per_30d_max,
    ];
    all.into_iter().for_each(|cap| *cap = 1_000);
    let cooldowns = &mut policy.cooldowns;
    let all = [
        &mut cooldowns.fence,
        &mut cooldowns.favourite_fence,
        &mut cooldowns.offer,
        &mut cooldowns.merchant,
        &mut cooldowns.rest,
        &mut cooldowns.settle_in,
    ];
    all.into_iter().for_each(|cooldown| *cooldown = Millis::ZERO);
    cooldowns.offer_ever_max = 1_000;
    policy.hours = DailyHours::ALWAYS;
    policy.budget.enforced = false;
    policy
}

/// The lenient rules with one of them set.
pub(crate) fn lenient_but(set: impl FnOnce(&mut NotifierPolicy)) -> NotifierPolicy {
    let mut policy = lenient();
    set(&mut policy);
    policy
}

pub(crate) fn clock(day: i64, time: &str) -> Timestamp {
    let parts: Vec<i64> = time.split(':').map(|part| part.parse().expect("a number")).collect();
    let secs = parts[0] * 3_600 + parts[1] * 60 + parts.get(2).copied().unwrap_or(0);
    june() + Millis::from_days(day - 1) + Millis::from_secs(secs)
}

fn shown(at: Timestamp) -> String {
    let ms = at.since(june()).ms();
    let (day, rest) = (ms.div_euclid(86_400_000) + 1, ms.rem_euclid(86_400_000));
    let (hour, minute, second, ms) = (rest / 3_600_000, rest / 60_000 % 60, rest / 1_000 % 60, rest % 1_000);
    match (second, ms) {
        (0, 0) => format!("{day} {hour:02}:{minute:02}"),
        (_, 0) => format!("{day} {hour:02}:{minute:02}:{second:02}"),
        _ => format!("{day} {hour:02}:{minute:02}:{second:02}.{ms:03}"),
    }
}

fn said(ruling: &Ruling) -> String {
    match ruling {
        Ruling::Goes => "told".to_owned(),
        Ruling::Unsaid(standing) => standing.word().to_owned(),
        Ruling::Suppressed(suppressed) => reasons(suppressed),
    }
}

fn reasons(suppressed: &Suppressed) -> String {
    let words: Vec<_> = suppressed.failed().iter().map(|rule| rule.word()).collect();
    let next = suppressed.next_possible_at.map_or(String::new(), |at| format!(", next {}", shown(at)));
    words.join(" ") + &next
}
