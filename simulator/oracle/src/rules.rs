//! The numbers that rules go by.

use crate::{AnswerRules, Budget, Caps, Costs, Law, Mode, Rests};

/// Every number of `[presence]`, `[notifier]` and `[consent]` in `config/default.toml`, by its name
/// there, with its unit; the default is that file.
#[derive(Clone, Debug, PartialEq)]
pub struct Rules {
    /// Two fixes inside at least this far apart make a dwell.
    pub dwell_ms: i64,
    /// A fix is evidence of a stay so many of its accuracies within the fence.
    pub dwell_depth: f64,
    /// After a fix that says "still" a dwell may come by timer until this late.
    pub still_max_ms: i64,
    /// A visit ends after so long a silence.
    pub silence_max_ms: i64,
    /// An exit is at least this far outside, or a tenth of the radius.
    pub exit_margin_m: f64,
    /// Of the accuracy at most this is added.
    pub exit_accuracy_max_m: f64,
    /// A fix decides nothing for a fence with a worse accuracy than this or the fence's radius.
    pub accuracy_decides_max_m: f64,
    /// Nothing is triggered by a worse accuracy than this.
    pub accuracy_trigger_max_m: f64,
    /// Further in the future a fix is dropped.
    pub future_max_ms: i64,
    /// Older on arrival a fix triggers nothing.
    pub fresh_max_ms: i64,
    /// Older on arrival a fix is dropped.
    pub stale_max_ms: i64,
    /// Faster from fix to fix is a jump.
    pub jump_mps: f64,
    /// Ways between fixes are looked at; an offer with the trigger cross turns it on, too.
    pub crossings: bool,
    /// Fences that one device can be in at a time.
    pub visits_max: usize,
    /// Phones that one customer can have; fixes of further ones are dropped. No key names it.
    pub devices_max: usize,
    /// How many in which window.
    pub caps: Caps,
    /// How long to rest after which.
    pub rests: Rests,
    /// Minutes of the day between which anything may be said: begin inclusive, end exclusive; an
    /// end before the beginning lies in the next day.
    pub hours: (u16, u16),
    /// Faster than this an enter triggers nothing, in millimetres a second.
    pub enter_speed_max_mm_s: u32,
    /// Faster than this nothing triggers.
    pub speed_max_mm_s: u32,
    /// How pressure wears off, and how much of it a customer bears.
    pub budget: Budget,
    /// What raises and lowers the cost of an offer.
    pub costs: Costs,
    /// What answers bring.
    pub answers: AnswerRules,
    /// Occasions of one customer are waited for so long, to be decided together.
    pub gather_ms: i64,
    /// So many wait at a time; further ones are not looked at. No key names it.
    pub occasions_max: usize,
    /// A gathering not decided within this of its beginning is dropped.
    pub decide_within_ms: i64,
    /// Goes into the draws of holdouts and ties.
    pub key: String,
    /// Whether anything is said at all; the more careful of this and an offer's own holds.
    pub mode: Mode,
    /// How long a grant holds that names no end.
    pub grant_lasts_ms: i64,
    /// The same of a grant to be seen, and how long it lasts at most.
    pub location_lasts_ms: i64,
    /// So long before the end of a grant to be seen its merchant is told.
    pub remind_before_ms: i64,
    /// How long a second word is waited for.
    pub token_lasts_ms: i64,
    /// What the law asks.
    pub law: Law,
    /// Time is that of the fixes and leaps from one to the next: what was decided on its way to a fix went
    /// out before it. No key names it.
    pub clock_leaps: bool,
}

const SECOND: i64 = 1_000;
const MINUTE: i64 = 60 * SECOND;
pub(crate) const HOUR: i64 = 60 * MINUTE;
pub(crate) const DAY: i64 = 24 * HOUR;

impl Default for Rules {
    fn default() -> Self {
        Self {
            dwell_ms: 3 * MINUTE,
            dwell_depth: 0.4,
            still_max_ms: 30 * MINUTE,
            silence_max_ms: 60 * MINUTE,
            exit_margin_m: 20.0,
            exit_accuracy_max_m: 50.0,
            accuracy_decides_max_m: 100.0,
            accuracy_trigger_max_m: 200.0,
            future_max_ms: 60 * SECOND,
            fresh_max_ms: 10 * MINUTE,
            stale_max_ms: 6 * HOUR,
            jump_mps: 100.0,
            crossings: false,
            visits_max: 64,
            devices_max: 16,
            caps: Caps::default(),
            rests: Rests::default(),
            hours: (9 * 60, 20 * 60),
            enter_speed_max_mm_s: 2_500,
            speed_max_mm_s: 7_000,
            budget: Budget::default(),
            costs: Costs::default(),
            answers: AnswerRules::default(),
            gather_ms: 20 * SECOND,
            occasions_max: 256,
            decide_within_ms: 30 * SECOND,
            key: "stile".to_owned(),
            mode: Mode::Live,
            grant_lasts_ms: 365 * DAY,
            location_lasts_ms: 365 * DAY,
            remind_before_ms: 30 * DAY,
            token_lasts_ms: 3 * DAY,
            law: Law::default(),
            clock_leaps: false,
        }
    }
}

impl Rules {
    /// How long an offer that was heard can still count.
    pub(crate) fn memory_ms(&self) -> i64 {
        let Rests { fence_ms, favourite_fence_ms, offer_ms, merchant_ms, between_ms, .. } = self.rests;
        [fence_ms, favourite_fence_ms, offer_ms, merchant_ms, between_ms].into_iter().fold(30 * DAY, i64::max)
    }
}
