//! Why Stile sent less than the naive geofence: a reason for each push of the naive one.
//!
//! Every naive push ends in exactly one [`Why`], so that the reasons add up to the naive
//! count at any moment.

use std::collections::BTreeMap;

use model::{Millis, Timestamp};
use notifier::Suppression;
use town::{PersonNo, StoreNo};

/// What became of a naive push at Stile's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Why {
    /// Stile sent an offer at this visit too.
    Sent,
    /// They went on foot and did not stay.
    WalkedPast,
    /// They drove or rode past.
    DrovePast,
    /// The receiver wavered at the border: the naive one pushed again at one visit.
    SameVisit,
    /// A single stray fix, which Stile takes for no visit.
    StrayFix,
    /// They stayed, and the store had nothing to say.
    NothingOnOffer,
    /// They opted out before the visit was decided.
    OptedOut,
    /// They stayed, and a rule said no.
    Rule(Suppression),
    /// They are still there, or just left.
    Undecided,
}

impl Why {
    /// The reason in a few words, as a row of a table.
    #[must_use]
    pub const fn text(self) -> &'static str {
        match self {
            Self::Sent => "stayed, and Stile sent an offer too",
            Self::WalkedPast => "only walked past",
            Self::DrovePast => "drove or cycled past",
            Self::SameVisit => "GPS wavered: one visit, counted twice",
            Self::StrayFix => "one stray fix is not a visit",
            Self::NothingOnOffer => "stayed, nothing on offer there",
            Self::OptedOut => "opted out meanwhile",
            Self::Rule(suppression) => rule_text(suppression),
            Self::Undecided => "still there, not decided yet",
        }
    }

    /// The reason in one word, for machines.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Sent => "sent",
            Self::WalkedPast => "walked_past",
            Self::DrovePast => "drove_past",
            Self::SameVisit => "same_visit",
            Self::StrayFix => "stray_fix",
            Self::NothingOnOffer => "nothing_on_offer",
            Self::OptedOut => "opted_out",
            Self::Rule(suppression) => suppression.word(),
            Self::Undecided => "undecided",
        }
    }
}

/// Why a rule said no, in a few words.
pub(super) const fn rule_text(suppression: Suppression) -> &'static str {
    match suppression {
        Suppression::NoConsent => "agreed to location, not to offers",
        Suppression::Minor => "not of age",
        Suppression::OfferPaused => "the offer is paused",
        Suppression::OfferStopped => "the offer was stopped",
        Suppression::OfferNotYet => "the offer has not begun",
        Suppression::OfferOver => "the offer is over",
        Suppression::OffSchedule => "not one of the offer's hours",
        Suppression::StoreClosed => "the store was closed",
        Suppression::OutOfStock => "none of it was left",
        Suppression::NotInAudience => "meant for others",
        Suppression::AlreadyInside => "was there when first heard of",
        Suppression::Unfit => "position too vague or too old",
        Suppression::NotThereAnyMore => "gone again by then",
        Suppression::TooFast => "moved too fast to be visiting",
        Suppression::AlreadyTold => "this visit was told before",
        Suppression::LegalHours => "the law lets text messages come later",
        Suppression::QuietHours => "quiet hours",
        Suppression::OwnQuietHours => "their own quiet hours",
        Suppression::ZoneUnknown => "the store's time zone is unknown",
        Suppression::Muted => "they muted it",
        Suppression::FenceCooldown => "heard from this store already",
        Suppression::OfferCooldown => "heard this offer already",
        Suppression::ToldForLife => "heard this offer often enough",
        Suppression::MerchantCooldown => "heard from this merchant already",
        Suppression::Rest => "had an offer a little while ago",
        Suppression::SettlingIn => "agreed less than a day ago",
        Suppression::AfterDismissal => "wiped one away at once",
        Suppression::AfterTooOften => "said that it is too often",
        Suppression::AfterCreepy => "said that it felt creepy",
        Suppression::AfterRedemption => "used one lately",
        Suppression::Cap24h => "one in 24 hours is enough",
        Suppression::CapCivilDay => "one a day is enough",
        Suppression::Cap7d => "enough for this week",
        Suppression::Cap30d => "enough for this month",
        Suppression::CapAllChannels7d => "enough by all ways for this week",
        Suppression::CapSms24h => "as many text messages as the law allows",
        Suppression::CapSms7d => "enough text messages for this week",
        Suppression::CapSms30d => "enough text messages for this month",
        Suppression::CapOwn => "as many as they want a week",
        Suppression::Budget => "it would be too much",
        Suppression::LostArbitration => "a better offer at the same moment",
        Suppression::Holdout => "held out, to learn what offers do",
        Suppression::Text => "the words break a text rule",
        Suppression::TooLate => "too late, so dropped",
        Suppression::FenceGone => "the store's fence was removed",
        Suppression::OfferGone => "the offer was taken away",
        Suppression::Crowded => "too many offers at one moment",
    }
}

/// A push that Stile has not come round to within this time, without a visit, was a stray fix.
const STRAY_AFTER: Millis = Millis::from_mins(4);

/// The books: every naive push, and what became of it.
#[derive(Default)]
pub struct Difference {
    counts: BTreeMap<Why, u64>,
    open: BTreeMap<(PersonNo, StoreNo), Open>,
    n_pushes: u64,
}

/// One person at one store: a visit of the engine's, or naive pushes that wait for one.
#[derive(Default)]
struct Open {
    /// Naive pushes without a reason yet.
    n_waiting: u64,
    last_push_at: Option<Timestamp>,
    fast: bool,
    visiting: bool,
    dwelled: bool,
    /// The verdict on the visit; what the naive one pushes after it is said twice.
    decided: bool,
}

impl Difference {
    /// The naive geofence pushed, on a fix of such a speed.
    pub fn pushed(&mut self, person: PersonNo, store: StoreNo, speed_mps: f64, now: Timestamp) {
        self.n_pushes += 1;
        let open = self.open.entry((person, store)).or_default();
        if open.decided {
            count(&mut self.counts, Why::SameVisit, 1);
            return;
        }
        open.n_waiting += 1;
        open.last_push_at = Some(now);
        open.fast |= WALKING_MAX_MPS < speed_mps;
    }

    /// The engine saw an enter.
    pub fn entered(&mut self, person: PersonNo, store: StoreNo) {
        let open = self.open.entry((person, store)).or_default();
        open.visiting = true;
        open.decided = false;
        open.dwelled = false;
    }

    /// The engine saw a stay.
    pub fn dwelled(&mut self, person: PersonNo, store: StoreNo) {
        self.open.entry((person, store)).or_default().dwelled = true;
    }

    /// The engine decided on a candidate of the visit; the first verdict explains it, a
    /// later *sent* overrides nothing, for one visit has at most one.
    pub fn decided(&mut self, person: PersonNo, store: StoreNo, verdict: Result<(), Suppression>) {
        let open = self.open.entry((person, store)).or_default();
        let why = match verdict {
            Ok(()) => Why::Sent,
            // The one that won explains the visit.
            Err(Suppression::LostArbitration) => return,
            Err(suppression) => Why::Rule(suppression),
        };
        open.explain(&mut self.counts, why);
        open.decided = true;
    }

    /// The engine saw the end of the visit.
    pub fn left(&mut self, person: PersonNo, store: StoreNo) {
        if let Some(mut open) = self.open.remove(&(person, store)) {
            let why = open.why_silent();
            open.explain(&mut self.counts, why);
        }
    }

    /// The person opted out; the engine forgets their visits.
    pub fn opted_out(&mut self, person: PersonNo) {
        let of_person = (person, StoreNo(0))..=(person, StoreNo(u32::MAX));
        let keys: Vec<_> = self.open.range(of_person).map(|(key, _)| *key).collect();
        for key in keys {
            if let Some(mut open) = self.open.remove(&key) {
                open.explain(&mut self.counts, Why::OptedOut);
            }
        }
    }

    /// Settles pushes for which no visit came.
    pub fn settle(&mut self, now: Timestamp) {
        let counts = &mut self.counts;
        self.open.retain(|_, open| {
            let old = open.last_push_at.is_some_and(|at| STRAY_AFTER < now.since(at));
            if !open.visiting && old {
                let why = if open.fast { Why::DrovePast } else { Why::StrayFix };
                open.explain(counts, why);
            }
            open.visiting || 0 < open.n_waiting
        });
    }

    /// How many pushes the naive geofence sent.
    #[must_use]
    pub const fn n_pushes(&self) -> u64 {
        self.n_pushes
    }

    /// The reasons with their counts, the most frequent first and those that are no silence
    /// last; they add up to all pushes.
    #[must_use]
    pub fn reasons(&self) -> Vec<(Why, u64)> {
        let mut reasons: Vec<(Why, u64)> = self.counts.iter().map(|(why, n)| (*why, *n)).collect();
        let n_waiting = self.open.values().map(|open| open.n_waiting).sum::<u64>();
        if 0 < n_waiting {
            reasons.push((Why::Undecided, n_waiting));
        }
        let spoken = |why: &Why| matches!(why, Why::Sent | Why::Undecided);
        reasons.sort_by_key(|(why, n)| (spoken(why), core::cmp::Reverse(*n), *why));
        reasons
    }
}

/// Faster is no walking.
const WALKING_MAX_MPS: f64 = 2.5;

impl Open {
    fn why_silent(&self) -> Why {
        match (self.dwelled, self.fast) {
            (true, _) => Why::NothingOnOffer,
            (false, true) => Why::DrovePast,
            (false, false) => Why::WalkedPast,
        }
    }

    /// Gives the first waiting push its reason; the others were said twice.
    fn explain(&mut self, counts: &mut BTreeMap<Why, u64>, why: Why) {
        if 0 < self.n_waiting {
            count(counts, why, 1);
            count(counts, Why::SameVisit, self.n_waiting - 1);
            self.n_waiting = 0;
        }
    }
}

fn count(counts: &mut BTreeMap<Why, u64>, why: Why, n: u64) {
    if 0 < n {
        *counts.entry(why).or_default() += n;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WHO: PersonNo = PersonNo(1);
    const STORE: StoreNo = StoreNo(2);
    const AT: Timestamp = Timestamp::from_unix_ms(0);

    fn check(tell: impl Fn(&mut Difference), reasons: &[(Why, u64)]) {
        let mut difference = Difference::default();
        tell(&mut difference);
        assert_eq!(difference.reasons(), reasons);
        let n: u64 = reasons.iter().map(|(_, n)| n).sum();
        assert_eq!(n, difference.n_pushes());
    }

    #[test]
    fn a_walk_past_ends_as_one() {
        let tell = |d: &mut Difference| {
            d.pushed(WHO, STORE, 1.3, AT);
            d.entered(WHO, STORE);
            d.left(WHO, STORE);
        };
        check(tell, &[(Why::WalkedPast, 1)]);
    }

    #[test]
    fn a_drive_past_ends_as_one_even_when_nobody_saw_a_visit() {
        let tell = |d: &mut Difference| {
            d.pushed(WHO, STORE, 9.0, AT);
            d.settle(AT + Millis::from_mins(5));
        };
        check(tell, &[(Why::DrovePast, 1)]);
    }

    #[test]
    fn pushes_of_one_visit_have_one_reason_and_the_others_are_repeats() {
        let tell = |d: &mut Difference| {
            d.pushed(WHO, STORE, 1.0, AT);
            d.entered(WHO, STORE);
            d.pushed(WHO, STORE, 0.2, AT);
            d.dwelled(WHO, STORE);
            d.decided(WHO, STORE, Err(Suppression::LostArbitration));
            d.decided(WHO, STORE, Ok(()));
            d.pushed(WHO, STORE, 0.1, AT);
            d.left(WHO, STORE);
        };
        check(tell, &[(Why::SameVisit, 2), (Why::Sent, 1)]);
    }

    #[test]
    fn a_rule_that_said_no_is_the_reason() {
        let tell = |d: &mut Difference| {
            d.pushed(WHO, STORE, 1.0, AT);
            d.entered(WHO, STORE);
            d.dwelled(WHO, STORE);
            d.decided(WHO, STORE, Err(Suppression::Rest));
        };
        check(tell, &[(Why::Rule(Suppression::Rest), 1)]);
    }

    #[test]
    fn who_opts_out_takes_their_visits_along() {
        let tell = |d: &mut Difference| {
            d.pushed(WHO, STORE, 1.0, AT);
            d.pushed(PersonNo(2), STORE, 1.0, AT);
            d.opted_out(WHO);
        };
        check(tell, &[(Why::OptedOut, 1), (Why::Undecided, 1)]);
    }
}
