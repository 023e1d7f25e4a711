//! When it is right to speak: every rule, asked of one occasion at the moment of its decision.

use std::cmp::Reverse;

use chrono_tz::Tz;

use crate::customer::Customer;
use crate::failed::Failed;
use crate::hours::{civil_day, is_in, open_until_ms};
use crate::patience::{Over, Why, was_ignored};
use crate::rules::{DAY, Rules};
use crate::{Channel, Fence, Heard, Kind, Offer, Operated, Said, Standing};

/// A change of presence that calls for an offer, as it was when it happened.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Occasion {
    pub(crate) said: Said,
    pub(crate) merchant: u32,
    pub(crate) kind: Kind,
    /// Device time of the change.
    pub(crate) at_ms: i64,
    pub(crate) initial: bool,
    /// The deciding fix was fresh, honest and exact enough.
    pub(crate) is_fit: bool,
    pub(crate) speed_mm_s: Option<u32>,
    pub(crate) foreground: Option<bool>,
    pub(crate) expires_at_ms: i64,
}

/// An occasion with all that is known when it is decided.
pub(crate) struct Case<'a> {
    pub(crate) occasion: Occasion,
    pub(crate) offer: &'a Offer,
    pub(crate) fence: &'a Fence,
    pub(crate) known: &'a Customer,
    pub(crate) rules: &'a Rules,
    /// Every wall clock that may hang where the customer is.
    pub(crate) zones: Vec<Tz>,
    pub(crate) is_there: bool,
    pub(crate) is_out_of_stock: bool,
    /// It may go out, as far as its offer, its experiment and the engine's mode go.
    pub(crate) may_go: bool,
    pub(crate) is_held_out: bool,
    pub(crate) now_ms: i64,
}

impl Case<'_> {
    /// What counts: what was said; for who only looks on, or is held out, all that would have been.
    pub(crate) fn counted(&self) -> impl Iterator<Item = &Heard> {
        self.known.heard().filter(|heard| !self.may_go || heard.standing == Standing::Sent)
    }

    fn within(&self, span_ms: i64) -> impl Iterator<Item = &Heard> {
        self.counted().filter(move |heard| self.now_ms - heard.at_ms < span_ms)
    }

    /// The rules that fail by themselves, before others of the same moment are looked at.
    pub(crate) fn failed(&self) -> Failed {
        let mut failed = Failed::default();
        failed.add_if(!self.is_agreed(), "no_consent");
        failed.add_if(self.known.profile().minor, "minor");
        self.ask_the_offer(&mut failed);
        self.ask_presence(&mut failed);
        self.ask_the_clock(&mut failed);
        self.ask_rests(&mut failed);
        self.ask_silences(&mut failed);
        self.ask_caps(&mut failed);
        let Rules { budget, .. } = self.rules;
        let cost_milli = i64::from(self.cost()) * 1_000;
        let limit_milli = i64::from(self.known.patience().limit_milli(budget));
        failed.add_if(budget.enforced && limit_milli < self.pressure_milli() + cost_milli, "budget");
        failed.add_if(self.occasion.expires_at_ms <= self.now_ms, "too_late");
        failed
    }

    fn is_agreed(&self) -> bool {
        let merchant = self.occasion.merchant;
        self.offer.purposes().all(|purpose| self.known.allows(merchant, purpose, self.now_ms))
    }

    fn ask_the_offer(&self, failed: &mut Failed) {
        let Offer { season, audience, operated, merchant, .. } = self.offer;
        failed.add_if(*operated == Operated::Paused, "offer_paused");
        failed.add_if(*operated == Operated::Stopped, "offer_stopped");
        let profile = self.known.profile();
        let is_meant = |(of, segment): &(u32, String)| of == merchant && audience.segments.contains(segment);
        let is_in_audience = audience.segments.is_empty() || profile.segments.iter().any(is_meant);
        failed.add_if(!is_in_audience, "not_in_audience");
        // Without a clock no day can be told.
        let Some(&tz) = self.zones.first() else { return };
        failed.add_if(self.is_out_of_stock, "out_of_stock");
        let today = civil_day(tz, self.now_ms);
        failed.add_if(season.starts_on.is_some_and(|first| today < Some(first)), "offer_not_yet");
        failed.add_if(season.ends_on.is_some_and(|last| Some(last) < today), "offer_over");
        let is_off = season.schedule.as_ref().is_some_and(|week| !week.holds(tz, self.now_ms));
        failed.add_if(is_off, "off_schedule");
        let is_shut = self.fence.hours.as_ref().is_some_and(|week| !week.holds(tz, self.now_ms));
        failed.add_if(season.open_only && is_shut, "store_closed");
    }

    fn ask_presence(&self, failed: &mut Failed) {
        let Occasion { kind, initial, is_fit, speed_mm_s, .. } = self.occasion;
        let Rules { enter_speed_max_mm_s, speed_max_mm_s, .. } = *self.rules;
        failed.add_if(initial && kind == Kind::Enter, "already_inside");
        failed.add_if(!is_fit, "unfit_fix");
        failed.add_if(!self.is_there, "not_there_any_more");
        let most =
            if kind == Kind::Enter { enter_speed_max_mm_s.min(speed_max_mm_s) } else { speed_max_mm_s };
        failed.add_if(speed_mm_s.is_some_and(|speed| most < speed), "too_fast");
        failed.add_if(self.was_told(), "already_told");
    }

    /// The visit was told something that counts, or was decided upon with this very offer.
    fn was_told(&self) -> bool {
        let Said { offer, .. } = self.occasion.said;
        let same_visit = |heard: &&Heard| heard.said.is_of_the_visit_of(&self.occasion.said);
        self.counted().any(|heard| same_visit(&heard))
            || self.known.heard().filter(same_visit).any(|heard| heard.said.offer == offer)
    }

    fn ask_the_clock(&self, failed: &mut Failed) {
        failed.add_if(self.zones.is_empty(), "zone_unknown");
        let is_quiet = |tz: &Tz| open_until_ms(self.rules.hours, *tz, self.now_ms).is_none();
        failed.add_if(self.zones.iter().any(is_quiet), "quiet_hours");
        let own = self.known.profile().dial.quiet;
        let is_own = |tz: &Tz| own.is_some_and(|quiet| crate::hours::is_quiet(quiet, *tz, self.now_ms));
        failed.add_if(self.zones.iter().any(is_own), "own_quiet_hours");
    }

    fn is_favourite(&self) -> bool {
        self.known.profile().favourites.contains(&self.occasion.said.fence)
    }

    fn ask_rests(&self, failed: &mut Failed) {
        let Rules { rests, .. } = self.rules;
        let Said { fence, offer, .. } = self.occasion.said;
        let merchant = self.occasion.merchant;
        let fence_ms = if self.is_favourite() { rests.favourite_fence_ms } else { rests.fence_ms };
        failed.add_if(self.within(fence_ms).any(|heard| heard.said.fence == fence), "cooldown_fence");
        failed.add_if(self.within(rests.offer_ms).any(|heard| heard.said.offer == offer), "cooldown_offer");
        let n_said = self.known.patience().told.get(&offer).copied().unwrap_or(0);
        let is_unsaid = |heard: &&Heard| heard.standing != Standing::Sent && heard.said.offer == offer;
        let n_told = n_said + self.counted().filter(is_unsaid).count() as u32;
        failed.add_if(rests.offer_ever_max <= n_told, "told_for_life");
        let of_merchant = self.within(rests.merchant_ms).any(|heard| heard.merchant == merchant);
        failed.add_if(of_merchant, "cooldown_merchant");
        failed.add_if(self.within(rests.between_ms).next().is_some(), "rest_between_offers");
        // Whoever never agreed settles in for ever.
        let agreed_at_ms = self.known.agreed_at_ms();
        let settles = agreed_at_ms.is_none_or(|agreed_at_ms| self.now_ms - agreed_at_ms < rests.settle_in_ms);
        // The gate has its word on who never agreed.
        let is_said = agreed_at_ms.is_none() && failed.has("no_consent");
        failed.add_if(settles && !is_said, "settling_in");
    }

    fn ask_silences(&self, failed: &mut Failed) {
        let Said { fence, offer, .. } = self.occasion.said;
        let merchant = self.occasion.merchant;
        let about = [Over::All, Over::Merchant(merchant), Over::Fence(fence), Over::Offer(offer)];
        let is_silent = |why: Why| self.known.patience().is_silent(why, &about, self.now_ms);
        let dial = &self.known.profile().dial;
        let is_muted = dial.muted_merchants.contains(&merchant) || dial.muted_fences.contains(&fence);
        failed.add_if(is_muted || is_silent(Why::NotRelevant), "muted");
        failed.add_if(is_silent(Why::Dismissed), "after_dismissal");
        failed.add_if(is_silent(Why::TooOften), "after_too_often");
        failed.add_if(is_silent(Why::Creepy), "after_creepy");
        failed.add_if(is_silent(Why::Redeemed), "after_redemption");
    }

    fn ask_caps(&self, failed: &mut Failed) {
        let Rules { caps, .. } = self.rules;
        let is_full = |n: usize, n_max: u32| self.cap(n_max) as usize <= n;
        let n_of = |span_ms: i64, channel: Channel| {
            self.within(span_ms).filter(|heard| heard.channel == channel).count()
        };
        let channel = self.offer.channel;
        if channel == Channel::Push {
            failed.add_if(is_full(n_of(DAY, channel), caps.push_24h), "cap_24h");
            let is_day_full = self.n_today().is_some_and(|n| is_full(n, caps.push_civil_day));
            failed.add_if(is_day_full, "cap_civil_day");
            let most = |span_ms: i64, usual: u32, favourite: u32| {
                if self.is_favourite_within(span_ms) { favourite } else { usual }
            };
            let per_7d = most(7 * DAY, caps.push_7d, caps.push_7d_favourite);
            failed.add_if(is_full(n_of(7 * DAY, channel), per_7d), "cap_7d");
            let per_30d = most(30 * DAY, caps.push_30d, caps.push_30d_favourite);
            failed.add_if(is_full(n_of(30 * DAY, channel), per_30d), "cap_30d");
        }
        if channel == Channel::Sms {
            failed.add_if(is_full(n_of(7 * DAY, channel), caps.sms_7d), "cap_sms_7d");
            failed.add_if(is_full(n_of(30 * DAY, channel), caps.sms_30d), "cap_sms_30d");
        }
        let n_all = self.within(7 * DAY).count();
        failed.add_if(is_full(n_all, caps.all_7d), "cap_all_channels_7d");
        let own = self.known.profile().dial.per_week;
        failed.add_if(own.is_some_and(|n_max| is_full(n_all, n_max.into())), "cap_own");
    }

    /// A cap as it stands: halved for who said "too often", but not to nothing.
    fn cap(&self, n_max: u32) -> u32 {
        let is_halved = self.known.patience().are_caps_halved(self.now_ms) && 0 < n_max;
        if is_halved { (n_max / 2).max(1) } else { n_max }
    }

    /// Each counts in the day that it was where it was heard; without a clock there is no day.
    fn n_today(&self) -> Option<usize> {
        let here = *self.zones.first()?;
        let today = civil_day(here, self.now_ms);
        let is_today = |heard: &&Heard| {
            heard.channel == Channel::Push && civil_day(heard.tz.unwrap_or(here), heard.at_ms) == today
        };
        Some(self.counted().filter(is_today).count())
    }

    fn is_favourite_within(&self, span_ms: i64) -> bool {
        let is_favourite = |heard: &Heard| heard.channel == Channel::Push && heard.favourite;
        self.is_favourite() || self.within(span_ms).any(is_favourite)
    }

    pub(crate) fn pressure_milli(&self) -> i64 {
        self.known.patience().pressure_milli(self.counted(), &self.rules.budget, self.now_ms)
    }

    /// What it costs, in points.
    pub(crate) fn cost(&self) -> u16 {
        let Rules { costs, .. } = self.rules;
        let Occasion { said, kind, speed_mm_s, foreground, .. } = self.occasion;
        let offer = self.offer;
        let is_strolling =
            speed_mm_s.is_some_and(|speed| costs.stroll_mm_s.0 <= speed && speed <= costs.stroll_mm_s.1);
        let earlier_here = self.within(30 * DAY).filter(|heard| heard.said.fence == said.fence);
        let n_earlier_here = earlier_here.count() as i64;
        let redeemed_here = self
            .within(30 * DAY)
            .any(|heard| heard.said.fence == said.fence && heard.answers.has_any(&[crate::Answer::Redeemed]));
        let last = self.last_of_merchant();
        let opened_last = last.is_some_and(|last| last.answers.has_any(&[crate::Answer::Opened]));
        let n_fences = self.known.n_fences_entered(self.now_ms);
        let points = [
            (foreground != Some(true), i64::from(costs.background)),
            (matches!(kind, Kind::Enter | Kind::Cross), costs.enter.into()),
            (is_strolling, costs.stroll.into()),
            (self.is_dear_hour(), costs.hour.into()),
            (self.fence.radius_m < f64::from(costs.small_radius_m), costs.small_fence.into()),
            (offer.text.names_store, costs.names_store.into()),
            (offer.text.names_street, costs.names_street.into()),
            (true, (n_earlier_here * i64::from(costs.earlier_here)).min(costs.earlier_here_max.into())),
            (costs.n_many_fences <= n_fences, costs.many_fences.into()),
            (offer.audience.uses_purchases, costs.purchases.into()),
            (offer.is_delicate(), costs.delicate.into()),
            (self.is_favourite(), -i64::from(costs.favourite)),
            (redeemed_here, -i64::from(costs.redeemed_here)),
            (opened_last, -i64::from(costs.opened_last)),
            (foreground == Some(true), -i64::from(costs.app_open)),
            (kind == Kind::Exit, -i64::from(costs.exit)),
            (self.is_declared(), -i64::from(costs.category)),
        ];
        let more: i64 = points.iter().filter(|(applies, _)| *applies).map(|(_, points)| points).sum();
        (i64::from(costs.of(offer.channel)) + more).max(costs.floor.into()) as u16
    }

    fn is_declared(&self) -> bool {
        let declared = &self.known.profile().categories;
        self.offer.category.as_ref().is_some_and(|category| declared.contains(category))
    }

    fn is_dear_hour(&self) -> bool {
        let Some(&tz) = self.zones.first() else { return false };
        let Rules { costs, .. } = self.rules;
        let is_in_any = |spans: &[(u16, u16)]| spans.iter().any(|span| is_in(*span, tz, self.now_ms));
        is_in_any(&costs.dear_spans)
            || (crate::hours::is_weekend(tz, self.now_ms) && is_in_any(&costs.dear_weekend_spans))
    }

    fn last_of_merchant(&self) -> Option<&Heard> {
        let of_merchant = self.counted().filter(|heard| heard.merchant == self.occasion.merchant);
        of_merchant.max_by_key(|heard| heard.at_ms)
    }

    fn relevance(&self) -> u64 {
        let ignored_after_ms = self.rules.answers.ignored_after_ms;
        let was_ignored = self.last_of_merchant().is_some_and(|last| {
            ignored_after_ms <= self.now_ms - last.at_ms && was_ignored(last) == Some(true)
        });
        50 + if self.is_favourite() { 50 } else { 0 } + if self.is_declared() { 30 } else { 0 }
            - if was_ignored { 20 } else { 0 }
    }

    /// What decides between two that nothing speaks against: the greater wins. The third of it is a
    /// numerator and a denominator.
    pub(crate) fn rank(&self, tie: u64) -> Rank {
        let last_at_ms = self.last_of_merchant().map_or(i64::MIN, |last| last.at_ms);
        Rank {
            priority: self.offer.priority,
            worth: u64::from(self.offer.value) * self.relevance(),
            cost: self.cost().into(),
            rest: (self.is_favourite(), Reverse(last_at_ms), Reverse(tie)),
        }
    }

    pub(crate) fn heard(&self) -> Heard {
        let standing = match (self.is_held_out, self.only_looks_on()) {
            (true, _) => Standing::HeldOut,
            (false, true) => Standing::Observed,
            (false, false) => Standing::Sent,
        };
        Heard {
            said: self.occasion.said,
            at_ms: self.now_ms,
            merchant: self.occasion.merchant,
            tz: self.zones.first().copied(),
            channel: self.offer.channel,
            standing,
            cost: self.cost(),
            favourite: self.is_favourite(),
            answers: crate::heard::Answers::default(),
            shown_at_ms: None,
        }
    }

    pub(crate) fn only_looks_on(&self) -> bool {
        self.rules.mode.max(self.offer.mode) != crate::Mode::Live
    }
}

/// What arbitration goes by.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Rank {
    priority: u8,
    worth: u64,
    cost: u64,
    rest: (bool, Reverse<i64>, Reverse<u64>),
}

impl Rank {
    pub(crate) fn beats(&self, other: &Self) -> bool {
        let (worth, others_worth) = (self.worth * other.cost, other.worth * self.cost);
        (self.priority, worth, self.rest) > (other.priority, others_worth, other.rest)
    }
}
