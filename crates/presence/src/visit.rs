//! One open visit and what a fix does to it.

use model::{ExitReason, FenceNo, Fix, Meters, Timestamp, TransitionKind};

use crate::depth::is_well_inside;
use crate::{Change, PresencePolicy, Surroundings, Used};

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
    /// The last fix that decided lay inside.
    is_inside: bool,
    /// First fix well inside since the last one outside.
    stays_since: Option<Timestamp>,
    /// The last fix well inside that declared stillness, if none inside denied it since: the dwell
    /// may come by timer.
    still_at: Option<Timestamp>,
    /// Speed and honesty of the last fix inside, for a dwell by timer.
    may_trigger: bool,
    speed_mps: Option<f32>,
    foreground: Option<bool>,
    n_outside: u8,
    /// The fence was redrawn, and no fix lay inside since.
    is_redrawn: bool,
}

/// Two consecutive fixes outside end a visit: phones were seen claiming 1.7 m while 200 m off.
const N_OUTSIDE_TO_EXIT: u8 = 2;

impl Visit {
    pub(crate) fn enter(
        fence: FenceNo,
        used: &Used,
        initial: bool,
        policy: &PresencePolicy,
        around: &impl Surroundings,
    ) -> Self {
        let at = used.fix.taken_at;
        let open = OpenVisit { fence, entered_at: at, last_at: at, initial, dwelled: false };
        let mut visit = Self::resumed(open);
        visit.note_inside(used, policy, around);
        visit
    }

    /// A visit read back: it stays open, and the evidence for a dwell starts anew.
    pub(crate) const fn resumed(open: OpenVisit) -> Self {
        Self {
            open,
            is_inside: false,
            stays_since: None,
            still_at: None,
            may_trigger: false,
            speed_mps: None,
            foreground: None,
            n_outside: 0,
            is_redrawn: false,
        }
    }

    /// A fix inside.
    pub(crate) fn stay(
        &mut self,
        used: &Used,
        policy: &PresencePolicy,
        around: &impl Surroundings,
    ) -> Option<Change> {
        let at = used.fix.taken_at;
        self.open.last_at = at;
        self.n_outside = 0;
        self.is_redrawn = false;
        let since = self.note_inside(used, policy, around)?;
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
        self.is_inside = false;
        self.stays_since = None;
        self.still_at = None;
        if !is_clearly_outside(used.fix.accuracy_or_assumed(), distance, radius, policy) {
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
        let Fix { speed_mps, foreground, .. } = used.fix;
        Some(Change { may_trigger: used.flag.is_none(), speed_mps, foreground, ..left })
    }

    /// Its fence was redrawn: the evidence of a stay begins with the last fix, if that lies
    /// well inside the new shape.
    pub(crate) fn redraw(&mut self, is_inside: bool, stays_since: Option<Timestamp>) {
        self.is_inside = is_inside;
        self.stays_since = stays_since;
        self.still_at = self.still_at.filter(|_| stays_since.is_some());
        self.n_outside = 0;
        self.is_redrawn = !is_inside;
    }

    /// Whether the last fix that decided lay inside.
    pub(crate) const fn is_inside(&self) -> bool {
        self.is_inside
    }

    /// When a declared stillness makes the dwell, unless a fix comes before.
    pub(crate) fn dwell_due_at(&self, policy: &PresencePolicy) -> Option<Timestamp> {
        let (since, still_at) = (self.stays_since?, self.still_at?);
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
            foreground: self.foreground,
            ..self.change(TransitionKind::Dwell, at)
        })
    }

    pub(crate) fn exit(&self, at: Timestamp, reason: ExitReason) -> Change {
        Change { exit_reason: Some(reason), ..self.change(TransitionKind::Exit, at) }
    }

    pub(crate) const fn change(&self, kind: TransitionKind, at: Timestamp) -> Change {
        let OpenVisit { fence, entered_at, initial, .. } = self.open;
        Change { entered_at, initial, ..Change::new(kind, fence, at) }
    }

    /// Remembers a fix inside; answers since when there is evidence of a stay, if the fix adds to it.
    ///
    /// Whether it lies well inside is asked only where the answer can begin or complete a dwell.
    fn note_inside(
        &mut self,
        used: &Used,
        policy: &PresencePolicy,
        around: &impl Surroundings,
    ) -> Option<Timestamp> {
        let Used { fix, flag, .. } = used;
        self.is_inside = true;
        self.may_trigger = flag.is_none();
        self.speed_mps = fix.speed_mps;
        self.foreground = fix.foreground;
        self.still_at = self.still_at.filter(|_| fix.still);
        let completes = |since| policy.dwell <= fix.taken_at.since(since);
        let matters = fix.still || self.stays_since.is_none_or(completes);
        let holds = |position| around.holds(self.open.fence, position);
        if self.open.dwelled
            || !matters
            || !is_well_inside(fix.position, fix.accuracy_or_assumed(), policy, holds)
        {
            return None;
        }
        self.still_at = fix.still.then_some(fix.taken_at);
        Some(*self.stays_since.get_or_insert(fix.taken_at))
    }
}

/// Whether a fix lies further out of a fence than the band in which nothing changes.
pub(crate) fn is_clearly_outside(
    accuracy: Meters,
    distance: Meters,
    radius: Meters,
    policy: &PresencePolicy,
) -> bool {
    let margin = policy.exit_margin.0.max(radius.0 / 10.0);
    margin + accuracy.0.min(policy.exit_accuracy_max.0) < distance.0
}
