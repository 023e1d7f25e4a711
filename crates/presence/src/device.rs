//! What is remembered of one device.

use std::num::NonZeroU32;

use model::{ExitReason, FenceNo, Fix, Meters, Timestamp};

use crate::depth;
use crate::screen::{self, Arrival, Drop, Flag, Screening, Used};
use crate::visit::{self, Visit};
use crate::visits::Visits;
use crate::whereabouts::Whereabouts;
use crate::{Change, OpenVisit, PresencePolicy, Redrawn};

/// All there is of a device that is nowhere: one line of the cache.
#[derive(Debug)]
#[repr(align(64))]
pub(crate) struct Device {
    pub(crate) generation: u32,
    /// Which edits of the fences its last look knew; `None` until it looks, and what it finds then was
    /// there before.
    pub(crate) seen: Option<NonZeroU32>,
    last: Option<Whereabouts>,
    /// Device time of the last used fix; of one that was repeated, server time.
    heard_at: Timestamp,
    /// The earliest timer set for this device.
    pub(crate) armed_at: Timestamp,
    /// Absent while it would be empty.
    pub(crate) unsettled: Option<Box<Unsettled>>,
}

const _: () = assert!(size_of::<Device>() == 64, "the record of a device is one line of the cache");

/// What of a device only a later fix or timer settles.
#[derive(Debug, Default)]
pub(crate) struct Unsettled {
    pub(crate) visits: Visits,
    held: Option<Box<Fix>>,
    /// What the fix before the present one told about crossings; `None` until one was noted here.
    pub(crate) before: Option<Box<Before>>,
    /// Until a fix of this life is used.
    earlier: Option<Earlier>,
}

/// What is known of the last fix that an earlier life of the engine used.
#[derive(Clone, Copy, Debug)]
struct Earlier {
    at: Timestamp,
    /// The visits that were read back.
    n_visits: usize,
}

/// The last used fix, as far as a passage needs it.
#[derive(Debug, Default)]
pub(crate) struct Before {
    pub(crate) inside: Vec<FenceNo>,
    pub(crate) accuracy: Meters,
}

impl Unsettled {
    fn is_empty(&self) -> bool {
        self.visits.is_empty() && self.held.is_none() && self.before.is_none() && self.earlier.is_none()
    }
}

impl Device {
    pub(crate) const fn new(generation: u32) -> Self {
        Self {
            generation,
            seen: None,
            last: None,
            heard_at: Timestamp::MIN,
            armed_at: Timestamp::MAX,
            unsettled: None,
        }
    }

    pub(crate) fn screen(&mut self, fix: Fix, policy: &PresencePolicy, now: Timestamp) -> Screening {
        let held = self.held();
        if self.last.is_some_and(|last| fix.taken_at == last.taken_at && fix.position == last.position) {
            // A phone that repeats its last place, for hours even, is alive: its visit does not time out.
            self.heard(now);
            return Screening::dropped(Drop::Duplicate);
        }
        if held.is_some_and(|held| fix.taken_at == held.taken_at && fix.position == held.position) {
            return Screening::dropped(Drop::Duplicate);
        }
        let flag = match screen::alone(&fix, policy, now) {
            Ok(flag) => flag,
            Err(drop) => return Screening::dropped(drop),
        };
        if self.is_past(&fix) {
            return Screening::dropped(Drop::Late);
        }
        let held = held.and_then(|held| self.settle_held(held, &fix, policy, now));
        let arrival = if self.may_have_reached(&fix, policy) {
            Arrival::Used(self.take(fix, flag))
        } else {
            self.unsettled_mut().held = Some(Box::new(fix));
            Arrival::Held
        };
        self.tidy();
        Screening { held, arrival }
    }

    /// Whether a fix is not newer than the last one used, be it by an earlier life.
    ///
    /// The last one of that may come once more and tell where the device is, but it begins no visit anew
    /// that has ended since.
    fn is_past(&self, fix: &Fix) -> bool {
        if let Some(last) = self.last {
            return fix.taken_at <= last.taken_at;
        }
        let earlier = self.unsettled.as_ref().and_then(|unsettled| unsettled.earlier);
        earlier.is_some_and(|Earlier { at, n_visits }| {
            fix.taken_at < at || (fix.taken_at == at && self.visits().len() < n_visits)
        })
    }

    /// Uses the held fix when a newer one confirms it, else drops it; an older fix leaves it waiting
    /// unless it takes its place.
    fn settle_held(
        &mut self,
        held: Fix,
        fix: &Fix,
        policy: &PresencePolicy,
        now: Timestamp,
    ) -> Option<Result<Used, Drop>> {
        if fix.taken_at < held.taken_at && self.may_have_reached(fix, policy) {
            return None;
        }
        self.take_held();
        if held.taken_at < fix.taken_at
            && screen::reachable(&Whereabouts::of(&held), &Whereabouts::of(fix), policy)
        {
            // It has grown older while it was held.
            let flag = screen::flag(&held, now.since(held.taken_at), policy);
            return Some(Ok(self.take(held, flag)));
        }
        Some(Err(Drop::Jump))
    }

    fn may_have_reached(&self, fix: &Fix, policy: &PresencePolicy) -> bool {
        self.last.is_none_or(|last| screen::reachable(&last, &Whereabouts::of(fix), policy))
    }

    /// Gives up a held fix that nothing followed.
    pub(crate) fn abandon_held(&mut self, policy: &PresencePolicy, until: Timestamp) -> bool {
        let is_due = self.held().is_some_and(|held| held.taken_at + policy.silence_max <= until);
        is_due && self.take_held().is_some()
    }

    /// What time alone changes up to an instant of the device's clock.
    pub(crate) fn pass_time(&mut self, policy: &PresencePolicy, changes: &mut Vec<Change>, until: Timestamp) {
        let silent_at = self.silent_at(policy);
        let Some(unsettled) = &mut self.unsettled else { return };
        for visit in &mut *unsettled.visits {
            if let Some(dwell_at) = visit.dwell_due_at(policy).filter(|dwell_at| *dwell_at <= until) {
                changes.extend(visit.dwell(dwell_at));
            }
        }
        if silent_at <= until {
            let ended = std::mem::take(&mut unsettled.visits);
            changes.extend(ended.iter().map(|visit| visit.exit(silent_at, ExitReason::TimedOut)));
        }
    }

    /// Gives back the memory of what has been settled.
    pub(crate) fn tidy(&mut self) {
        if self.unsettled.as_ref().is_some_and(|unsettled| unsettled.is_empty()) {
            self.unsettled = None;
        }
    }

    pub(crate) fn unsettled_mut(&mut self) -> &mut Unsettled {
        self.unsettled.get_or_insert_default()
    }

    /// Open visits, ascending by fence.
    pub(crate) fn visits(&self) -> &[Visit] {
        self.unsettled.as_ref().map_or(&[], |unsettled| &unsettled.visits)
    }

    fn held(&self) -> Option<Fix> {
        self.unsettled.as_ref().and_then(|unsettled| unsettled.held.as_deref().copied())
    }

    fn take_held(&mut self) -> Option<Box<Fix>> {
        self.unsettled.as_mut().and_then(|unsettled| unsettled.held.take())
    }

    pub(crate) fn holds_a_fix(&self) -> bool {
        self.unsettled.as_ref().is_some_and(|unsettled| unsettled.held.is_some())
    }

    pub(crate) const fn knows_its_place(&self) -> bool {
        self.last.is_some()
    }

    pub(crate) fn forget_place(&mut self) -> bool {
        self.last = None;
        self.seen = None;
        self.forget_earlier();
        let abandoned = self.take_held().is_some();
        self.forget_before();
        abandoned
    }

    /// The next fix comes from nowhere: nothing was passed on the way to it.
    pub(crate) fn forget_before(&mut self) {
        if let Some(unsettled) = &mut self.unsettled {
            unsettled.before = None;
        }
        self.tidy();
    }

    fn forget_earlier(&mut self) {
        if let Some(unsettled) = &mut self.unsettled {
            unsettled.earlier = None;
        }
    }

    pub(crate) fn heard(&mut self, at: Timestamp) {
        self.heard_at = self.heard_at.max(at);
    }

    fn silent_at(&self, policy: &PresencePolicy) -> Timestamp {
        self.heard_at + policy.silence_max
    }

    /// The next instant at which time alone changes something.
    pub(crate) fn due_at(&self, policy: &PresencePolicy) -> Timestamp {
        let Some(unsettled) = &self.unsettled else { return Timestamp::MAX };
        let silent_at = if unsettled.visits.is_empty() { Timestamp::MAX } else { self.silent_at(policy) };
        let held_until =
            unsettled.held.as_ref().map_or(Timestamp::MAX, |held| held.taken_at + policy.silence_max);
        let dwells = unsettled.visits.iter().filter_map(|visit| visit.dwell_due_at(policy));
        dwells.fold(silent_at.min(held_until), Ord::min)
    }

    /// Takes over a visit that was read back.
    pub(crate) fn resume(&mut self, open: OpenVisit) {
        self.heard(open.last_at);
        let unsettled = self.unsettled_mut();
        let at = unsettled.earlier.map_or(open.last_at, |earlier| earlier.at.max(open.last_at));
        unsettled.visits.begin(Visit::resumed(open));
        unsettled.earlier = Some(Earlier { at, n_visits: unsettled.visits.len() });
    }

    /// Ends visits, each for its reason.
    pub(crate) fn end_visits(
        &mut self,
        why: impl Fn(&Visit, Option<&Whereabouts>) -> Option<ExitReason>,
        mut told: impl FnMut(Change),
    ) {
        let (at, last) = (self.last_at(), self.last);
        let Some(unsettled) = &mut self.unsettled else { return };
        unsettled.visits.retain(|visit| {
            let reason = why(visit, last.as_ref());
            if let Some(reason) = reason {
                told(visit.exit(at, reason));
            }
            reason.is_none()
        });
        self.tidy();
    }

    /// Ends the visits in fences that an edit took away or moved elsewhere.
    pub(crate) fn vacate(
        &mut self,
        redrawn: &impl Redrawn,
        policy: &PresencePolicy,
        told: impl FnMut(Change),
    ) {
        let why = |visit: &Visit, last: Option<&Whereabouts>| {
            let Some(fence) = redrawn.new_no(visit.open.fence) else {
                return Some(ExitReason::FenceRemoved);
            };
            let is_redrawn = redrawn.news().binary_search(&fence).is_ok();
            match last.filter(|_| is_redrawn).map(|last| side_of(redrawn, fence, last, policy)) {
                Some(Side::Outside) => Some(ExitReason::FenceMoved),
                Some(Side::Inside | Side::Undecided) | None => None,
            }
        };
        self.end_visits(why, told);
    }

    /// Gives every visit its new number; those whose fences are gone have been ended.
    pub(crate) fn renumber(&mut self, redrawn: &impl Redrawn, policy: &PresencePolicy) {
        let last = self.last;
        let Some(unsettled) = &mut self.unsettled else { return };
        for visit in &mut *unsettled.visits {
            let fence = redrawn.new_no(visit.open.fence);
            let fence = fence.expect("visits of removed fences are closed before renumbering");
            visit.open.fence = fence;
            if redrawn.news().binary_search(&fence).is_ok() {
                let inside = last.filter(|last| side_of(redrawn, fence, last, policy) == Side::Inside);
                let holds = |position| redrawn.holds(fence, position);
                let well_inside = inside
                    .filter(|last| depth::is_well_inside(last.position, last.accuracy(), policy, holds));
                visit.redraw(inside.is_some(), well_inside.map(|last| last.taken_at));
            }
        }
        unsettled.visits.sort_by_key(|visit| visit.open.fence);
        if let Some(before) = &mut unsettled.before {
            let inside = before.inside.iter().filter_map(|fence| redrawn.new_no(*fence));
            before.inside = inside.collect();
            before.inside.sort_unstable();
        }
    }

    fn take(&mut self, fix: Fix, flag: Option<Flag>) -> Used {
        let previous = self.last.map(|last| last.position);
        self.last = Some(Whereabouts::of(&fix));
        self.forget_earlier();
        Used { fix, flag, previous }
    }

    pub(crate) fn last_at(&self) -> Timestamp {
        self.last.map_or(self.heard_at, |last| last.taken_at)
    }
}

/// Where a fix lies with regard to a fence.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Side {
    Inside,
    /// In the band in which nothing changes, or told by a fix too poor to decide.
    Undecided,
    Outside,
}

fn side_of(redrawn: &impl Redrawn, fence: FenceNo, fix: &Whereabouts, policy: &PresencePolicy) -> Side {
    let radius = redrawn.radius(fence);
    if policy.accuracy_decides_max.0.max(radius.0) < fix.accuracy().0 {
        return Side::Undecided;
    }
    let distance = redrawn.distance_outside(fence, fix.position);
    if distance.0 <= 0.0 {
        Side::Inside
    } else if visit::is_clearly_outside(fix.accuracy(), distance, radius, policy) {
        Side::Outside
    } else {
        Side::Undecided
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::look::Look;
    use crate::redrawn::Edits;
    use crate::world::{Map, at, place};

    /// Gives fixes at minutes and metres, and says after each whether anything is kept apart.
    fn check(policy: &PresencePolicy, fixes: &[(i64, f64, bool)]) {
        let mut device = Device::new(0);
        for &(minute, north_m, is_kept) in fixes {
            let fix = Fix { accuracy: Some(Meters(10.0)), ..Fix::at(at(minute), place(north_m)) };
            let Screening { held, arrival } = device.screen(fix, policy, at(minute));
            let arrived = match arrival {
                Arrival::Used(used) => Some(used),
                Arrival::Held | Arrival::Dropped(_) => None,
            };
            for used in held.and_then(Result::ok).iter().chain(&arrived) {
                let around = Map::around(used.fix.position);
                device
                    .look(&Look { used, around: &around, policy, edits: &Edits::default() }, &mut Vec::new());
            }
            assert_eq!(device.unsettled.is_some(), is_kept, "after {minute} min");
        }
    }

    #[test]
    fn a_record_is_one_line_of_the_cache() {
        assert_eq!((size_of::<Device>(), align_of::<Device>()), (64, 64));
    }

    #[test]
    fn memory_of_a_visit_is_given_back_when_it_ends() {
        let stay = [(0, 500.0, false), (1, 0.0, true), (2, 500.0, true), (3, 500.0, false)];
        check(&PresencePolicy::default(), &stay);
        check(&PresencePolicy::default(), &[(0, 0.0, true), (90, 500.0, false)]);
    }

    #[test]
    fn memory_of_a_held_fix_is_given_back_when_it_is_settled() {
        check(&PresencePolicy::default(), &[(0, 500.0, false), (1, 90_000.0, true), (2, 90_500.0, false)]);
        check(&PresencePolicy::default(), &[(0, 500.0, false), (1, 90_000.0, true), (2, 600.0, false)]);
    }

    #[test]
    fn what_crossings_need_is_kept_only_while_they_are_looked_for() {
        check(&PresencePolicy::default(), &[(0, 500.0, false)]);
        check(&PresencePolicy { crossings: true, ..PresencePolicy::default() }, &[(0, 500.0, true)]);
        let mut device = Device::new(0);
        device.unsettled_mut().before = Some(Box::default());
        device.forget_before();
        assert!(device.unsettled.is_none());
    }

    #[test]
    fn who_has_left_is_waited_for_no_longer() {
        let policy = PresencePolicy::default();
        let mut device = Device::new(0);
        assert_eq!(device.due_at(&policy), Timestamp::MAX);
        let open = OpenVisit {
            fence: FenceNo(0),
            entered_at: at(0),
            last_at: at(5),
            initial: false,
            dwelled: false,
        };
        device.resume(open);
        assert_eq!(device.due_at(&policy), at(65));
        device.end_visits(|_, _| Some(ExitReason::ConsentWithdrawn), |_| {});
        device.forget_place();
        assert_eq!((device.due_at(&policy), device.unsettled.is_none()), (Timestamp::MAX, true));
    }
}
