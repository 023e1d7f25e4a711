//! One open visit and what a fix does to it.

use model::{ExitReason, FenceNo, Fix, Meters, Timestamp, TransitionKind};

use crate::{Change, PresencePolicy, Used};

/// A visit that has not ended, as plain values for storing and reading back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OpenVisit {
    /// Where.
    pub fence: FenceNo,
    /// Device time of its first fix inside.
    pub entered_at: Timestamp,
    /// Device time of its last fix.
    pub last_at: Timestamp,
    /// It began before we could see its beginning.
    pub initial: bool,
    /// Its dwell has been told.
    pub dwelled: bool,
}

#[derive(Clone, Copy, Debug)]
pub(crate) struct Visit {
    pub(crate) open: OpenVisit,
    /// First fix of the present unbroken run inside.
    inside_since: Option<Timestamp>,
    /// A fix of that run declared stillness: the dwell may come by timer.
    still_at: Option<Timestamp>,
    /// Speed and honesty of the last fix inside, for a dwell by timer.
    may_trigger: bool,
    speed_mps: Option<f32>,
    n_outside: u8,
    /// The fence was redrawn, and no fix lay inside since.
    is_redrawn: bool,
}

/// Two consecutive fixes outside end a visit: phones were seen claiming 1.7 m while 200 m off.
const N_OUTSIDE_TO_EXIT: u8 = 2;

impl Visit {
    pub(crate) fn enter(fence: FenceNo, used: &Used, initial: bool) -> Self {
        let at = used.fix.taken_at;
        let open = OpenVisit { fence, entered_at: at, last_at: at, initial, dwelled: false };
        let mut visit = Self::resumed(open);
        visit.inside_since = Some(at);
        visit.remember(used);
        visit
    }

    /// A visit read back: it stays open, and the evidence for a dwell starts anew.
    pub(crate) const fn resumed(open: OpenVisit) -> Self {
        Self {
            open,
            inside_since: None,
            still_at: None,
            may_trigger: false,
            speed_mps: None,
            n_outside: 0,
            is_redrawn: false,
        }
    }

    /// A fix inside.
    pub(crate) fn stay(&mut self, used: &Used, policy: &PresencePolicy) -> Option<Change> {
        let at = used.fix.taken_at;
        self.open.last_at = at;
        self.n_outside = 0;
        self.is_redrawn = false;
        let since = *self.inside_since.get_or_insert(at);
        self.remember(used);
        if policy.dwell <= at.since(since) { self.dwell(at) } else { None }
    }

    /// A fix outside, by some distance.
    pub(crate) fn stray(
        &mut self,
        used: &Used,
        distance: Meters,
        radius: Meters,
        policy: &PresencePolicy,
    ) -> Option<Change> {
        let at = used.fix.taken_at;
        self.open.last_at = at;
        self.inside_since = None;
        self.still_at = None;
        if !is_clearly_outside(&used.fix, distance, radius, policy) {
            self.n_outside = 0;
            return None;
        }
        self.n_outside += 1;
        if self.n_outside < N_OUTSIDE_TO_EXIT {
            return None;
        }
        if self.is_redrawn {
            return Some(self.exit(at, ExitReason::FenceMoved));
        }
        let left = self.exit(at, ExitReason::Left);
        Some(Change { may_trigger: used.flag.is_none(), speed_mps: used.fix.speed_mps, ..left })
    }

    /// Its fence was redrawn: the evidence of a stay begins with the last fix, if that lies
    /// inside the new shape.
    pub(crate) fn redraw(&mut self, inside_at: Option<Timestamp>) {
        self.inside_since = inside_at;
        self.still_at = self.still_at.filter(|_| inside_at.is_some());
        self.n_outside = 0;
        self.is_redrawn = inside_at.is_none();
    }

    /// Whether the last fix that decided lay inside.
    pub(crate) const fn is_inside(&self) -> bool {
        self.inside_since.is_some()
    }

    /// When a declared stillness makes the dwell, unless a fix comes before.
    pub(crate) fn dwell_due_at(&self, policy: &PresencePolicy) -> Option<Timestamp> {
        let (since, still_at) = (self.inside_since?, self.still_at?);
        let due_at = since + policy.dwell;
        (!self.open.dwelled && due_at <= still_at + policy.still_max).then_some(due_at)
    }

    pub(crate) fn dwell(&mut self, at: Timestamp) -> Option<Change> {
        if self.open.dwelled {
            return None;
        }
        self.open.dwelled = true;
        Some(Change {
            may_trigger: self.may_trigger,
            speed_mps: self.speed_mps,
            ..self.change(TransitionKind::Dwell, at)
        })
    }

    pub(crate) fn exit(&self, at: Timestamp, reason: ExitReason) -> Change {
        Change { exit_reason: Some(reason), ..self.change(TransitionKind::Exit, at) }
    }

    pub(crate) const fn change(&self, kind: TransitionKind, at: Timestamp) -> Change {
        let OpenVisit { fence, entered_at, initial, .. } = self.open;
        Change {
            fence,
            kind,
            at,
            entered_at,
            initial,
            may_trigger: false,
            speed_mps: None,
            exit_reason: None,
        }
    }

    fn remember(&mut self, used: &Used) {
        self.may_trigger = used.flag.is_none();
        self.speed_mps = used.fix.speed_mps;
        self.still_at = used.fix.still.then_some(used.fix.taken_at);
    }
}

/// Whether a fix lies further out of a fence than the band in which nothing changes.
pub(crate) fn is_clearly_outside(
    fix: &Fix,
    distance: Meters,
    radius: Meters,
    policy: &PresencePolicy,
) -> bool {
    let margin = policy.exit_margin.0.max(radius.0 / 10.0);
    let accuracy = fix.accuracy_or_assumed().0.min(policy.exit_accuracy_max.0);
    margin + accuracy < distance.0
}
