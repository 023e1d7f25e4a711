//! The numbers that rules go by.

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
    /// At most so many offers in any 24 hours; 0 is never.
    pub per_24h_max: u32,
    /// At most so many in any 7 days.
    pub per_7d_max: u32,
    /// At most so many in any 30 days.
    pub per_30d_max: u32,
    /// At most so many in one day of the local calendar.
    pub per_civil_day_max: u32,
    /// Rest of one fence.
    pub fence_cooldown_ms: i64,
    /// Rest between any two offers.
    pub rest_ms: i64,
    /// Silence after a customer first agreed.
    pub settle_in_ms: i64,
    /// Minutes of the day between which anything may be said: begin inclusive, end exclusive; an
    /// end before the beginning lies in the next day.
    pub hours: (u16, u16),
    /// Faster than this an enter triggers nothing.
    pub enter_speed_max_mps: f64,
    /// Faster than this nothing triggers.
    pub speed_max_mps: f64,
    /// A candidate not decided within this is dropped.
    pub decide_within_ms: i64,
    /// How long a grant holds that names no end.
    pub grant_lasts_ms: i64,
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
            per_24h_max: 1,
            per_7d_max: 2,
            per_30d_max: 6,
            per_civil_day_max: 1,
            fence_cooldown_ms: 6 * DAY,
            rest_ms: 4 * HOUR,
            settle_in_ms: DAY,
            hours: (9 * 60, 20 * 60),
            enter_speed_max_mps: 2.5,
            speed_max_mps: 7.0,
            decide_within_ms: 30 * SECOND,
            grant_lasts_ms: 365 * DAY,
        }
    }
}

impl Rules {
    /// How long an offer that was heard can still count.
    pub(crate) fn memory_ms(&self) -> i64 {
        (30 * DAY).max(self.fence_cooldown_ms).max(self.rest_ms)
    }
}
