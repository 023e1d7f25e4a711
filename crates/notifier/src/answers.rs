//! What answers make of an offer, and what they change in what a customer bears.

use model::{
    FeedbackKind, Heard, Millis, Silence, SilenceOver, SilenceReason, Standing, Timestamp, Tolerance,
};

use crate::NotifierPolicy;
use crate::budget::pressure;
use crate::policy::Complaint;

/// What became of a piece of feedback.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FeedbackEffect {
    /// Of something that this customer was not told, or too long ago.
    Unknown,
    /// It was said before and changes nothing.
    Repeated,
    /// It counts.
    Taken,
}

/// What somebody made of what they were told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum MadeOf {
    /// Opened or used.
    Welcome,
    /// A complaint, or wiped away at once: an answer of its own.
    Complaint,
    /// It was there, and nothing came of it.
    Ignored,
    /// Nobody knows that it arrived.
    Unknown,
}

impl MadeOf {
    pub(crate) fn of(heard: &Heard) -> Self {
        use FeedbackKind::{Creepy, Dismissed, NotRelevant, Opened, Received, Redeemed, Shown, TooOften};

        let answers = heard.answers;
        if answers.has_any(&[Opened, Redeemed]) {
            Self::Welcome
        } else if answers.is_fast() || answers.has_any(&[TooOften, Creepy]) {
            Self::Complaint
        } else if answers.has_any(&[Shown, Received, Dismissed, NotRelevant]) {
            Self::Ignored
        } else {
            Self::Unknown
        }
    }
}

/// How many in a row were ignored, and what that made of the limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Streak {
    limit_milli: Option<u32>,
    n_ignored: u8,
    settled_to: Timestamp,
}

impl Streak {
    /// The streak when all that was told a day before an instant is known to be ignored or not.
    fn by(policy: &NotifierPolicy, heard: &[Heard], tolerance: &Tolerance, at: Timestamp) -> Self {
        let &Tolerance { limit_milli, n_ignored, settled_to, .. } = tolerance;
        let mut streak = Self { limit_milli, n_ignored, settled_to };
        let ripe = |heard: &&Heard| {
            heard.standing == Standing::Sent
                && settled_to < heard.at
                && policy.answers.ignored_after <= at.since(heard.at)
        };
        for heard in heard.iter().filter(ripe) {
            streak.add(policy, MadeOf::of(heard));
            streak.settled_to = heard.at;
        }
        streak
    }

    fn add(&mut self, policy: &NotifierPolicy, made_of: MadeOf) {
        match made_of {
            MadeOf::Welcome => self.n_ignored = 0,
            MadeOf::Complaint | MadeOf::Unknown => {}
            MadeOf::Ignored => self.n_ignored = self.n_ignored.saturating_add(1),
        }
        if policy.answers.ignored_in_a_row <= self.n_ignored {
            self.limit_milli = Some(scaled(policy, self.limit_milli, policy.answers.ignored_limit_pct));
            self.n_ignored = 0;
        }
    }
}

/// What a customer bears at an instant.
pub(crate) fn limit_milli(
    policy: &NotifierPolicy,
    heard: &[Heard],
    tolerance: &Tolerance,
    at: Timestamp,
) -> i64 {
    i64::from(bounded(policy, Streak::by(policy, heard, tolerance, at).limit_milli))
}

/// Whether something has to be settled before a decision or an answer counts.
pub(crate) fn is_unsettled(
    policy: &NotifierPolicy,
    heard: &[Heard],
    tolerance: &Tolerance,
    now: Timestamp,
) -> bool {
    Streak::by(policy, heard, tolerance, now).settled_to != tolerance.settled_to
}

/// Counts what was ignored by now.
pub(crate) fn settle(policy: &NotifierPolicy, heard: &[Heard], tolerance: &mut Tolerance, now: Timestamp) {
    let Streak { limit_milli, n_ignored, settled_to } = Streak::by(policy, heard, tolerance, now);
    (tolerance.limit_milli, tolerance.n_ignored, tolerance.settled_to) = (limit_milli, n_ignored, settled_to);
}

/// Takes an answer to the one at `place`; `at` is when it was given, if that is known.
pub(crate) fn take(
    policy: &NotifierPolicy,
    (heard, tolerance): (&mut [Heard], &mut Tolerance),
    place: usize,
    (kind, at): (FeedbackKind, Option<Timestamp>),
    now: Timestamp,
) -> FeedbackEffect {
    let one = &mut heard[place];
    match (one.standing, kind) {
        (Standing::Sent, _) | (Standing::HeldOut, FeedbackKind::Redeemed) => {}
        // Nobody was told, so nobody can answer; that somebody used it all the same is worth knowing.
        (Standing::HeldOut | Standing::Observed, _) => return FeedbackEffect::Unknown,
    }
    if !one.answers.add(kind) {
        return FeedbackEffect::Repeated;
    }
    let at = at.filter(|at| one.at <= *at && *at <= now).unwrap_or(now);
    match kind {
        FeedbackKind::Shown => one.shown_at = Some(at),
        FeedbackKind::Received => one.shown_at = one.shown_at.or(Some(at)),
        FeedbackKind::Dismissed
            if at.since(one.shown_at.unwrap_or(one.at)) < policy.answers.dismissed_fast =>
        {
            one.answers.mark_fast();
        }
        FeedbackKind::Delivered
        | FeedbackKind::Failed
        | FeedbackKind::Opened
        | FeedbackKind::Dismissed
        | FeedbackKind::Redeemed
        | FeedbackKind::NotRelevant
        | FeedbackKind::TooOften
        | FeedbackKind::Creepy => {}
    }
    if one.standing == Standing::Sent {
        Bearing { policy, tolerance, heard, now }.learn(place, kind);
    }
    FeedbackEffect::Taken
}

/// What changes with an answer.
struct Bearing<'a> {
    policy: &'a NotifierPolicy,
    tolerance: &'a mut Tolerance,
    heard: &'a [Heard],
    now: Timestamp,
}

impl Bearing<'_> {
    fn learn(&mut self, place: usize, kind: FeedbackKind) {
        let (answers, one) = (self.policy.answers, &self.heard[place]);
        let merchant = || SilenceOver::Merchant(one.merchant.clone());
        match kind {
            FeedbackKind::Opened => self.relieve(answers.opened_milli),
            FeedbackKind::Redeemed => {
                self.relieve(answers.redeemed_milli);
                self.scale_limit(answers.redeemed_limit_pct);
                self.silence(merchant(), answers.redeemed_silence, SilenceReason::Redeemed);
            }
            FeedbackKind::Dismissed if one.answers.is_fast() => {
                self.nudge(i64::from(answers.dismissed_milli));
                self.silence(SilenceOver::All, answers.dismissed_silence, SilenceReason::Dismissed);
            }
            FeedbackKind::TooOften => {
                self.complain(answers.too_often, SilenceReason::TooOften);
                let until = self.now + answers.too_often_halves;
                self.tolerance.halved_until = self.tolerance.halved_until.max(Some(until));
            }
            FeedbackKind::Creepy => {
                self.complain(answers.creepy, SilenceReason::Creepy);
                let fence = SilenceOver::Fence(one.fence.clone());
                self.silence(fence, answers.creepy_fence, SilenceReason::Creepy);
                self.silence(merchant(), answers.creepy_merchant, SilenceReason::Creepy);
            }
            FeedbackKind::NotRelevant => {
                let offer = SilenceOver::Offer(one.offer.clone());
                self.silence(offer, FOR_EVER, SilenceReason::NotRelevant);
            }
            // Slowly wiped away is ignored, and that is settled a day later.
            FeedbackKind::Dismissed
            | FeedbackKind::Delivered
            | FeedbackKind::Failed
            | FeedbackKind::Received
            | FeedbackKind::Shown => {}
        }
    }

    fn complain(&mut self, complaint: Complaint, why: SilenceReason) {
        self.nudge(i64::from(complaint.milli));
        self.scale_limit(complaint.limit_pct);
        self.silence(SilenceOver::All, complaint.silence, why);
    }

    /// Takes pressure away, but no more than there is.
    fn relieve(&mut self, milli: u32) {
        self.nudge(-i64::from(milli).min(self.pressure_milli()));
    }

    fn nudge(&mut self, milli: i64) {
        self.tolerance.nudge_milli = self.nudged() + milli;
        self.tolerance.nudge_at = self.now;
    }

    fn nudged(&self) -> i64 {
        let nudge = (self.tolerance.nudge_milli, self.tolerance.nudge_at);
        pressure::nudged(nudge, self.policy.budget.half_life, self.now)
    }

    fn pressure_milli(&self) -> i64 {
        let half_life = self.policy.budget.half_life;
        let said = self.heard.iter().filter(|heard| heard.standing == Standing::Sent);
        let of_heard: i64 = said.map(|heard| pressure::of_one(heard, half_life, self.now)).sum();
        (of_heard + self.nudged()).max(0)
    }

    fn scale_limit(&mut self, pct: u32) {
        self.tolerance.limit_milli = Some(scaled(self.policy, self.tolerance.limit_milli, pct));
    }

    /// Adds a silence, or makes it longer; those that are over are forgotten.
    fn silence(&mut self, over: SilenceOver, span: Millis, why: SilenceReason) {
        let (silences, now) = (&mut self.tolerance.silences, self.now);
        silences.retain(|silence| now < silence.until);
        let until = now + span;
        match silences.iter_mut().find(|silence| silence.over == over && silence.why == why) {
            Some(silence) => silence.until = silence.until.max(until),
            None => silences.push(Silence { over, until, why }),
        }
    }
}

/// Longer than time lasts.
const FOR_EVER: Millis = Millis::new(i64::MAX);

fn bounded(policy: &NotifierPolicy, limit_milli: Option<u32>) -> u32 {
    let budget = &policy.budget;
    let limit_milli = limit_milli.unwrap_or(budget.limit_milli);
    limit_milli.min(budget.limit_max_milli).max(budget.limit_min_milli)
}

/// A limit times so many hundredths, rounded down, within its bounds.
fn scaled(policy: &NotifierPolicy, limit_milli: Option<u32>, pct: u32) -> u32 {
    let scaled = u64::from(bounded(policy, limit_milli)) * u64::from(pct) / 100;
    bounded(policy, Some(u32::try_from(scaled).unwrap_or(u32::MAX)))
}
