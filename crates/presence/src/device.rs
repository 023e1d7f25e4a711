//! What is remembered of one device.

use model::{Fix, Timestamp};

use crate::PresencePolicy;
use crate::screen::{self, Arrival, Drop, Flag, Screening, Used};
use crate::visit::Visit;

#[derive(Debug)]
pub(crate) struct Device {
    pub(crate) generation: u32,
    last: Option<Fix>,
    held: Option<(Fix, Option<Flag>)>,
    /// Server time of the last sign of life.
    heard_at: Timestamp,
    /// The earliest timer set for this device.
    pub(crate) armed_at: Timestamp,
    /// What the next fix finds was there before we looked.
    pub(crate) is_new: bool,
    pub(crate) visits: Vec<Visit>,
}

impl Device {
    pub(crate) const fn new(generation: u32) -> Self {
        Self {
            generation,
            last: None,
            held: None,
            heard_at: Timestamp::MIN,
            armed_at: Timestamp::MAX,
            is_new: true,
            visits: Vec::new(),
        }
    }

    pub(crate) fn screen(&mut self, fix: Fix, policy: &PresencePolicy, now: Timestamp) -> Screening {
        let flag = match screen::alone(&fix, policy, now) {
            Ok(flag) => flag,
            Err(drop) => return Screening::dropped(drop),
        };
        // A phone that repeats its last place is alive: its visit does not time out.
        self.heard_at = self.heard_at.max(now);
        if let Some(last) = self.last
            && fix.taken_at <= last.taken_at
        {
            let same = fix.taken_at == last.taken_at && fix.position == last.position;
            return Screening::dropped(if same { Drop::Duplicate } else { Drop::Late });
        }
        let held = self.settle_held(&fix, policy);
        let arrival = match self.last {
            Some(last) if !screen::reachable(&last, &fix, policy) => {
                self.held = Some((fix, flag));
                Arrival::Held
            }
            Some(_) | None => Arrival::Used(self.take(fix, flag)),
        };
        Screening { held, arrival }
    }

    /// Uses the held fix when the newer one confirms it, else drops it; an older fix leaves it waiting
    /// unless it takes its place.
    fn settle_held(&mut self, fix: &Fix, policy: &PresencePolicy) -> Option<Result<Used, Drop>> {
        let (held, flag) = self.held?;
        let unsettled = fix.taken_at <= held.taken_at;
        let replaced = self.last.is_some_and(|last| !screen::reachable(&last, fix, policy));
        if unsettled && !replaced {
            return None;
        }
        self.held = None;
        if !unsettled && screen::reachable(&held, fix, policy) {
            return Some(Ok(self.take(held, flag)));
        }
        Some(Err(Drop::Jump))
    }

    /// Gives up a held fix that nothing followed.
    pub(crate) fn abandon_held(&mut self, policy: &PresencePolicy, now: Timestamp) -> bool {
        let due = self.silent_at(policy) <= now;
        due && self.held.take().is_some()
    }

    pub(crate) const fn holds_a_fix(&self) -> bool {
        self.held.is_some()
    }

    pub(crate) fn forget_place(&mut self) -> bool {
        self.last = None;
        self.held.take().is_some()
    }

    pub(crate) fn heard(&mut self, at: Timestamp) {
        self.heard_at = self.heard_at.max(at);
    }

    pub(crate) fn silent_at(&self, policy: &PresencePolicy) -> Timestamp {
        self.heard_at + policy.silence_max
    }

    /// The next instant at which time alone changes something.
    pub(crate) fn due_at(&self, policy: &PresencePolicy) -> Timestamp {
        if self.visits.is_empty() && self.held.is_none() {
            return Timestamp::MAX;
        }
        let dwells = self.visits.iter().filter_map(|visit| visit.dwell_due_at(policy));
        dwells.fold(self.silent_at(policy), Ord::min)
    }

    fn take(&mut self, fix: Fix, flag: Option<Flag>) -> Used {
        let previous = self.last.map(|last| last.position);
        self.last = Some(fix);
        Used { fix, flag, previous }
    }

    pub(crate) fn last_at(&self) -> Timestamp {
        self.last.map_or(self.heard_at, |last| last.taken_at)
    }
}
