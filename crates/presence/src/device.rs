//! What is remembered of one device.

use model::{ExitReason, FenceNo, Fix, Meters, Timestamp};

use crate::depth;
use crate::screen::{self, Arrival, Drop, Flag, Screening, Used};
use crate::visit::{self, Visit};
use crate::{Change, PresencePolicy, Redrawn};

#[derive(Debug)]
pub(crate) struct Device {
    pub(crate) generation: u32,
    last: Option<Fix>,
    held: Option<Fix>,
    /// Device time of the last used fix; of one that was repeated, server time.
    heard_at: Timestamp,
    /// The earliest timer set for this device.
    pub(crate) armed_at: Timestamp,
    /// What the next fix finds was there before we looked.
    pub(crate) is_new: bool,
    /// How many edits of the fences there had been at its last look.
    pub(crate) n_edits_seen: u32,
    pub(crate) visits: Vec<Visit>,
    /// What the fix before the present one told about crossings.
    pub(crate) before: Before,
}

/// The last used fix, as far as a passage needs it.
#[derive(Debug, Default)]
pub(crate) struct Before {
    /// False until a fix was noted here.
    pub(crate) is_known: bool,
    pub(crate) inside: Vec<FenceNo>,
    pub(crate) accuracy: Meters,
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
            n_edits_seen: 0,
            visits: Vec::new(),
            before: Before { is_known: false, inside: Vec::new(), accuracy: Meters(0.0) },
        }
    }

    pub(crate) fn screen(&mut self, fix: Fix, policy: &PresencePolicy, now: Timestamp) -> Screening {
        let repeats = |known: Fix| fix.taken_at == known.taken_at && fix.position == known.position;
        if self.last.is_some_and(repeats) {
            // A phone that repeats its last place, for hours even, is alive: its visit does not time out.
            self.heard_at = self.heard_at.max(now);
            return Screening::dropped(Drop::Duplicate);
        }
        if self.held.is_some_and(repeats) {
            return Screening::dropped(Drop::Duplicate);
        }
        let flag = match screen::alone(&fix, policy, now) {
            Ok(flag) => flag,
            Err(drop) => return Screening::dropped(drop),
        };
        if self.last.is_some_and(|last| fix.taken_at <= last.taken_at) {
            return Screening::dropped(Drop::Late);
        }
        let held = self.settle_held(&fix, policy, now);
        let arrival = match self.last {
            Some(last) if !screen::reachable(&last, &fix, policy) => {
                self.held = Some(fix);
                Arrival::Held
            }
            Some(_) | None => Arrival::Used(self.take(fix, flag)),
        };
        Screening { held, arrival }
    }

    /// Uses the held fix when the newer one confirms it, else drops it; an older fix leaves it waiting
    /// unless it takes its place.
    fn settle_held(
        &mut self,
        fix: &Fix,
        policy: &PresencePolicy,
        now: Timestamp,
    ) -> Option<Result<Used, Drop>> {
        let held = self.held?;
        let unsettled = fix.taken_at <= held.taken_at;
        let replaced = self.last.is_some_and(|last| !screen::reachable(&last, fix, policy));
        if unsettled && !replaced {
            return None;
        }
        self.held = None;
        if !unsettled && screen::reachable(&held, fix, policy) {
            // It has grown older while it was held.
            let flag = screen::flag(&held, now.since(held.taken_at), policy);
            return Some(Ok(self.take(held, flag)));
        }
        Some(Err(Drop::Jump))
    }

    /// Gives up a held fix that nothing followed.
    pub(crate) fn abandon_held(&mut self, policy: &PresencePolicy, until: Timestamp) -> bool {
        let is_due = self.held.is_some_and(|held| held.taken_at + policy.silence_max <= until);
        is_due && self.held.take().is_some()
    }

    /// What time alone changes up to an instant of the device's clock.
    pub(crate) fn pass_time(&mut self, policy: &PresencePolicy, changes: &mut Vec<Change>, until: Timestamp) {
        for visit in &mut self.visits {
            if let Some(dwell_at) = visit.dwell_due_at(policy).filter(|dwell_at| *dwell_at <= until) {
                changes.extend(visit.dwell(dwell_at));
            }
        }
        let silent_at = self.silent_at(policy);
        if silent_at <= until {
            changes.extend(self.visits.drain(..).map(|visit| visit.exit(silent_at, ExitReason::TimedOut)));
        }
    }

    pub(crate) const fn holds_a_fix(&self) -> bool {
        self.held.is_some()
    }

    pub(crate) const fn knows_its_place(&self) -> bool {
        self.last.is_some()
    }

    pub(crate) fn forget_place(&mut self) -> bool {
        self.last = None;
        self.before.inside.clear();
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
        let silent_at = if self.visits.is_empty() { Timestamp::MAX } else { self.silent_at(policy) };
        let held_until = self.held.map_or(Timestamp::MAX, |held| held.taken_at + policy.silence_max);
        let dwells = self.visits.iter().filter_map(|visit| visit.dwell_due_at(policy));
        dwells.fold(silent_at.min(held_until), Ord::min)
    }

    /// Ends the visits in fences that an edit took away or moved elsewhere.
    pub(crate) fn vacate(
        &mut self,
        redrawn: &impl Redrawn,
        policy: &PresencePolicy,
        mut told: impl FnMut(Change),
    ) {
        let (at, last) = (self.last_at(), self.last);
        self.visits.retain(|visit| {
            let reason = match redrawn.new_no(visit.open.fence) {
                None => ExitReason::FenceRemoved,
                Some(fence) if redrawn.news().binary_search(&fence).is_ok() => {
                    match last.map(|last| place_in(redrawn, fence, &last, policy)) {
                        Some(Place::Outside) => ExitReason::FenceMoved,
                        Some(Place::Inside | Place::Undecided) | None => return true,
                    }
                }
                Some(_) => return true,
            };
            told(visit.exit(at, reason));
            false
        });
    }

    /// Gives every visit its new number; those whose fences are gone have been ended.
    pub(crate) fn renumber(&mut self, redrawn: &impl Redrawn, policy: &PresencePolicy) {
        let last = self.last;
        for visit in &mut self.visits {
            let fence = redrawn.new_no(visit.open.fence);
            let fence = fence.expect("visits of removed fences are closed before renumbering");
            visit.open.fence = fence;
            if redrawn.news().binary_search(&fence).is_ok() {
                let inside = last.filter(|last| place_in(redrawn, fence, last, policy) == Place::Inside);
                let holds = |position| redrawn.holds(fence, position);
                let well_inside = inside.filter(|last| depth::is_well_inside(last, policy, holds));
                visit.redraw(inside.is_some(), well_inside.map(|last| last.taken_at));
            }
        }
        self.visits.sort_by_key(|visit| visit.open.fence);
        let inside = self.before.inside.iter().filter_map(|fence| redrawn.new_no(*fence));
        self.before.inside = inside.collect();
        self.before.inside.sort_unstable();
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

/// Where a fix lies with regard to a fence.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    Inside,
    /// In the band in which nothing changes, or told by a fix too poor to decide.
    Undecided,
    Outside,
}

fn place_in(redrawn: &impl Redrawn, fence: FenceNo, fix: &Fix, policy: &PresencePolicy) -> Place {
    let radius = redrawn.radius(fence);
    if policy.accuracy_decides_max.0.max(radius.0) < fix.accuracy_or_assumed().0 {
        return Place::Undecided;
    }
    let distance = redrawn.distance_outside(fence, fix.position);
    if distance.0 <= 0.0 {
        Place::Inside
    } else if visit::is_clearly_outside(fix, distance, radius, policy) {
        Place::Outside
    } else {
        Place::Undecided
    }
}
