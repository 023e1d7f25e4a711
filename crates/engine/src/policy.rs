//! Every room's numbers in one hand.

use consent_gate::GatePolicy;
use model::Millis;
use notifier::NotifierPolicy;
use offers::Mode;
use presence::PresencePolicy;
use wire::Limits;

use crate::Law;

/// What the engine goes by.
#[derive(Clone, Debug, PartialEq)]
pub struct Policy {
    /// Of payloads.
    pub limits: Limits,
    /// Of consent.
    pub gate: GatePolicy,
    /// Which law counts.
    pub law: Law,
    /// Of visits.
    pub presence: PresencePolicy,
    /// Whether anything is said at all; an offer's own mode can only be more careful.
    pub mode: Mode,
    /// Of restraint.
    pub notifier: NotifierPolicy,
    /// Where `now` comes from.
    pub clock: ClockSource,
    /// Phones that one customer can have; fixes of further ones are dropped.
    pub devices_max: usize,
    /// Open visits are stored this often.
    pub visits_stored_every: Millis,
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            limits: Limits::default(),
            gate: GatePolicy::default(),
            law: Law::default(),
            presence: PresencePolicy::default(),
            mode: Mode::default(),
            notifier: NotifierPolicy::default(),
            clock: ClockSource::Caller,
            devices_max: 16,
            visits_stored_every: Millis::from_secs(5),
        }
    }
}

/// Where `now` comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum ClockSource {
    /// The caller's `now`.
    #[default]
    Caller,
    /// Admitted fixes: each moves the clock to its own time, never back, and timers that
    /// are due by then fire first with their own time. For replays of old traces.
    Fixes,
}
