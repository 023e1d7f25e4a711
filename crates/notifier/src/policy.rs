//! What the operator decides about restraint.

use model::Millis;

use crate::DailyHours;

/// The rules' numbers; the defaults and their reasons stand in `config/default.toml`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct NotifierPolicy {
    /// At most so many in any 24 hours; 0 is never.
    pub per_24h_max: u32,
    /// At most so many in any 7 days.
    pub per_7d_max: u32,
    /// At most so many in any 30 days.
    pub per_30d_max: u32,
    /// At most so many in one day of the local calendar.
    pub per_civil_day_max: u32,
    /// Rest of one fence.
    pub fence_cooldown: Millis,
    /// Rest between any two.
    pub rest: Millis,
    /// Silence after a customer first agreed to offers.
    pub settle_in: Millis,
    /// The hours in which anything may be said, on the wall clock of the fence.
    pub hours: DailyHours,
    /// Faster than this an enter triggers nothing.
    pub enter_speed_max_mps: f32,
    /// Faster than this nothing triggers.
    pub speed_max_mps: f32,
    /// A candidate that has waited longer is dropped, never sent late.
    pub decide_within: Millis,
}

impl Default for NotifierPolicy {
    fn default() -> Self {
        Self {
            per_24h_max: 1,
            per_7d_max: 2,
            per_30d_max: 6,
            per_civil_day_max: 1,
            fence_cooldown: Millis::from_days(6),
            rest: Millis::from_hours(4),
            settle_in: Millis::from_hours(24),
            hours: DailyHours::default(),
            enter_speed_max_mps: 2.5,
            speed_max_mps: 7.0,
            decide_within: Millis::from_secs(30),
        }
    }
}

impl NotifierPolicy {
    /// How long what was heard still counts.
    #[must_use]
    pub fn memory(&self) -> Millis {
        Millis::from_days(30).max(self.fence_cooldown).max(self.rest)
    }
}
