//! All devices of one engine.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use model::{DeviceNo, ExitReason, FenceNo, Fix, Timestamp, TransitionKind};

use crate::device::Device;
use crate::redrawn::Edits;
use crate::visit::Visit;
use crate::visitors::Visitors;
use crate::{Change, OpenVisit, PresencePolicy, Redrawn, Screening, Surroundings, Used};

/// Visits of all devices, by dense number.
#[derive(Debug, Default)]
pub struct Presence {
    policy: PresencePolicy,
    devices: Vec<Option<Device>>,
    timers: BinaryHeap<Reverse<(Timestamp, DeviceNo)>>,
    n_held: u64,
    edits: Edits,
    visitors: Visitors,
}

impl Presence {
    /// An empty guest book.
    #[must_use]
    pub fn new(policy: PresencePolicy) -> Self {
        Self { policy, ..Self::default() }
    }

    /// The bounds in force.
    #[must_use]
    pub const fn policy(&self) -> &PresencePolicy {
        &self.policy
    }

    /// Looks for crossings, or does so no longer.
    ///
    /// On the way on which somebody is when it begins none is found. Costs a pass over all devices.
    pub fn look_for_crossings(&mut self, yes: bool) {
        self.policy.crossings = yes;
        for known in self.devices.iter_mut().flatten() {
            known.before.is_known = false;
        }
    }

    /// How many fixes wait for the next one of their device.
    #[must_use]
    pub const fn n_held(&self) -> u64 {
        self.n_held
    }

    /// Judges a fix before anything is asked about its place.
    ///
    /// Call [`Presence::update`] for every [`Used`] of the answer, in order.
    pub fn screen(&mut self, device: DeviceNo, fix: Fix, now: Timestamp) -> Screening {
        let policy = self.policy;
        let known = self.device_mut(device);
        let held_before = known.holds_a_fix();
        let screening = known.screen(fix, &policy, now);
        let held_after = known.holds_a_fix();
        self.n_held = self.n_held + u64::from(held_after) - u64::from(held_before);
        self.arm(device);
        screening
    }

    /// Brings the visits of a device up to date with a used fix.
    ///
    /// Changes come in this order: what time alone changed before the fix, then exits and
    /// dwells of open visits, then enters, then crossings, each by ascending fence.
    pub fn update(
        &mut self,
        device: DeviceNo,
        used: &Used,
        around: &impl Surroundings,
        changes: &mut Vec<Change>,
    ) {
        let policy = self.policy;
        let n_changes = changes.len();
        let edits = std::mem::take(&mut self.edits);
        let known = self.device_mut(device);
        // What came due by the device's clock comes first, however late the fix arrives.
        known.pass_time(&policy, changes, used.fix.taken_at);
        known.heard(used.fix.taken_at);
        let accuracy = used.fix.accuracy_or_assumed();
        let initial = known.is_new;
        // A fix too poor to decide has not looked: what the next one finds was there before.
        let has_looked = accuracy <= policy.accuracy_decides_max;
        known.is_new = initial && !has_looked;
        let n_seen = known.n_edits_seen;
        if has_looked {
            known.n_edits_seen = edits.n();
        }
        let decides = |fence| accuracy.0 <= policy.accuracy_decides_max.0.max(around.radius(fence).0);
        known.visits.retain_mut(|visit| {
            let fence = visit.open.fence;
            if !decides(fence) {
                return true;
            }
            let change = if around.inside().binary_search(&fence).is_ok() {
                visit.stay(used, &policy, around)
            } else {
                visit.stray(used, around.distance_outside(fence), around.radius(fence), &policy)
            };
            changes.extend(change);
            change.is_none_or(|change| change.kind != TransitionKind::Exit)
        });
        for &fence in around.inside() {
            let at = known.visits.partition_point(|visit| visit.open.fence < fence);
            let open = known.visits.get(at).is_some_and(|visit| visit.open.fence == fence);
            if open || !decides(fence) || policy.visits_max <= known.visits.len() {
                continue;
            }
            let visit = Visit::enter(fence, used, initial || edits.is_news(fence, n_seen), &policy, around);
            let entered = visit.change(TransitionKind::Enter, used.fix.taken_at);
            changes.push(Change {
                may_trigger: used.flag.is_none(),
                speed_mps: used.fix.speed_mps,
                foreground: used.fix.foreground,
                ..entered
            });
            known.visits.insert(at, visit);
        }
        if policy.crossings {
            if used.previous.is_some() && !initial && known.before.is_known {
                let is_old = |fence: &FenceNo| !edits.is_news(*fence, n_seen);
                let crossed = around.crossed().into_iter().filter(is_old);
                cross(known, used, &policy, around, crossed, changes);
            }
            known.before.is_known = true;
            known.before.inside.clear();
            known.before.inside.extend_from_slice(around.inside());
            known.before.accuracy = accuracy;
        }
        self.edits = edits;
        self.visitors.follow(device, &changes[n_changes..]);
        self.arm(device);
    }

    /// The next instant at which [`Presence::handle_timeout`] has something to do.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Timestamp> {
        self.timers.peek().map(|Reverse((due_at, _))| *due_at)
    }

    /// The device for which [`Presence::handle_timeout`] is about to change something; `None` when
    /// what the timer was set for has been put off since.
    #[must_use]
    pub fn due_device(&self, now: Timestamp) -> Option<DeviceNo> {
        let Reverse((due_at, device)) = *self.timers.peek().filter(|timer| timer.0.0 <= now)?;
        self.known(device).filter(|known| known.due_at(&self.policy) <= due_at).map(|_| device)
    }

    /// Lets time pass for the device whose timer is due first, if any is due by `now`.
    ///
    /// Call again until it answers `None`. A held fix that is given up is in the answer.
    pub fn handle_timeout(&mut self, changes: &mut Vec<Change>, now: Timestamp) -> Option<TimedOut> {
        let Reverse((due_at, device)) = *self.timers.peek().filter(|timer| timer.0.0 <= now)?;
        self.timers.pop();
        let policy = self.policy;
        let Some(known) = self.known_mut(device) else { return Some(TimedOut { device, abandoned: false }) };
        if due_at != known.armed_at {
            // An earlier timer was set after this one and has taken its place.
            return Some(TimedOut { device, abandoned: false });
        }
        known.armed_at = Timestamp::MAX;
        let n_changes = changes.len();
        known.pass_time(&policy, changes, due_at);
        let abandoned = known.abandon_held(&policy, due_at);
        self.visitors.follow(device, &changes[n_changes..]);
        self.n_held -= u64::from(abandoned);
        self.arm(device);
        Some(TimedOut { device, abandoned })
    }

    /// Ends the visits of a device in fences that may no longer be seen.
    pub fn close(
        &mut self,
        device: DeviceNo,
        reason: ExitReason,
        gone: impl Fn(FenceNo) -> bool,
        changes: &mut Vec<Change>,
    ) {
        let Some(known) = self.known_mut(device) else { return };
        let n_changes = changes.len();
        let at = known.last_at();
        known.visits.retain(|visit| {
            let ends = gone(visit.open.fence);
            changes.extend(ends.then(|| visit.exit(at, reason)));
            !ends
        });
        self.visitors.follow(device, &changes[n_changes..]);
    }

    /// Forgets where a device was, and everything else about it except its open visits.
    ///
    /// Answers whether a held fix was given up.
    pub fn forget_place(&mut self, device: DeviceNo) -> bool {
        let Some(known) = self.known_mut(device) else { return false };
        let abandoned = known.forget_place();
        known.is_new = true;
        self.n_held -= u64::from(abandoned);
        abandoned
    }

    /// What the next fix of a device finds was there before we looked: nobody let us see it till now.
    pub fn look_anew(&mut self, device: DeviceNo) {
        if let Some(known) = self.known_mut(device) {
            known.is_new = true;
        }
    }

    /// Whether a visit is open and the last fix that decided for its fence lay inside.
    #[must_use]
    pub fn is_inside(&self, device: DeviceNo, fence: FenceNo, entered_at: Timestamp) -> bool {
        let visits = self.known(device).map_or(&[][..], |known| &known.visits);
        let is_it = |visit: &&Visit| visit.open.fence == fence && visit.open.entered_at == entered_at;
        visits.iter().find(is_it).is_some_and(Visit::is_inside)
    }

    /// Device time of the last used fix, if the device's place is known.
    #[must_use]
    pub fn last_at(&self, device: DeviceNo) -> Option<Timestamp> {
        self.known(device).filter(|known| known.knows_its_place()).map(Device::last_at)
    }

    /// Begins anew to wait for devices whose visits were read back.
    ///
    /// How long they were silent while nobody listened is not known; a visit older than
    /// any fix that would be used is not waited for.
    pub fn wake(&mut self, now: Timestamp) {
        let policy = self.policy;
        for known in self.devices.iter_mut().flatten() {
            let is_recent = now.since(known.last_at()) <= policy.stale_max;
            if is_recent && !known.visits.is_empty() {
                known.heard(now);
            }
        }
    }

    /// Takes over a visit that was read back; it stays open and re-opens nothing.
    pub fn resume(&mut self, device: DeviceNo, open: OpenVisit) {
        let known = self.device_mut(device);
        known.heard(open.last_at);
        let at = known.visits.partition_point(|visit| visit.open.fence < open.fence);
        known.visits.insert(at, Visit::resumed(open));
        self.visitors.enter(device.slot(), open.fence);
        self.arm(device);
    }

    /// Ends the visits in fences that an edit takes away, or moves from under their visitors.
    ///
    /// Tells the exits by old numbers, device by device; [`Presence::renumber`] follows. Costs as
    /// much as there are visitors in what is touched; a pass over all devices when numbers change.
    pub fn vacate(&mut self, redrawn: &impl Redrawn, mut told: impl FnMut(DeviceNo, Change)) {
        let policy = self.policy;
        for slot in self.concerned(redrawn) {
            let Some(known) = &mut self.devices[slot] else { continue };
            let device = DeviceNo::new(u32::try_from(slot).expect("devices are few"), known.generation);
            known.vacate(redrawn, &policy, |change| {
                self.visitors.leave(slot, change.fence);
                told(device, change);
            });
        }
    }

    /// Renumbers all visits for an edited set of fences.
    ///
    /// What the next fix of a device finds in a fence that is new or redrawn is `initial`: no offer
    /// comes from an operator's edit. In fences that were not edited nothing changes. Costs as
    /// much as [`Presence::vacate`].
    ///
    /// # Panics
    /// When a visit is open in a fence that is gone: [`Presence::vacate`] comes first.
    pub fn renumber(&mut self, redrawn: &impl Redrawn) {
        let policy = self.policy;
        for slot in self.concerned(redrawn) {
            if let Some(known) = &mut self.devices[slot] {
                known.renumber(redrawn, &policy);
            }
        }
        if redrawn.touched().is_none() {
            self.visitors =
                (0..).zip(&self.devices).flat_map(|(slot, known)| visits_of(slot, known)).collect();
        }
        self.edits.note(redrawn);
    }

    /// The slots of the devices to which an edit may mean something.
    ///
    /// What others remember of the fences in which they were at their last fix may be out of date
    /// then: it is asked only about fences that were not edited since.
    fn concerned(&self, redrawn: &impl Redrawn) -> Vec<usize> {
        match redrawn.touched() {
            Some(fences) => self.visitors.of(fences),
            None => (0..self.devices.len()).collect(),
        }
    }

    fn empty(&mut self, slot: usize) {
        let known = self.devices.get_mut(slot).and_then(Option::take);
        for (fence, slot) in visits_of(slot, &known) {
            self.visitors.leave(slot, fence);
        }
    }

    /// Loads what is known of devices into the cache, before a pass over them.
    ///
    /// The loads overlap here, and would wait for one another between the screenings.
    pub fn prefetch(&self, devices: impl Iterator<Item = DeviceNo>) {
        std::hint::black_box(devices.filter(|device| self.known(*device).is_some()).count());
    }

    /// How many visits are open. Costs a pass over all devices.
    #[must_use]
    pub fn n_open_visits(&self) -> usize {
        self.devices.iter().flatten().map(|known| known.visits.len()).sum()
    }

    /// The open visits of a device, by ascending fence.
    pub fn open_visits(&self, device: DeviceNo) -> impl Iterator<Item = OpenVisit> {
        self.known(device).into_iter().flat_map(|known| known.visits.iter().map(|visit| visit.open))
    }

    fn known(&self, device: DeviceNo) -> Option<&Device> {
        let known = self.devices.get(device.slot())?.as_ref()?;
        (known.generation == device.generation()).then_some(known)
    }

    fn known_mut(&mut self, device: DeviceNo) -> Option<&mut Device> {
        let known = self.devices.get_mut(device.slot())?.as_mut()?;
        (known.generation == device.generation()).then_some(known)
    }

    fn device_mut(&mut self, device: DeviceNo) -> &mut Device {
        if self.devices.len() <= device.slot() {
            self.devices.resize_with(device.slot() + 1, || None);
        }
        let known = &self.devices[device.slot()];
        if known.as_ref().is_some_and(|known| known.generation != device.generation()) {
            self.empty(device.slot());
        }
        self.devices[device.slot()].get_or_insert_with(|| Device::new(device.generation()))
    }

    /// Sets a timer when none that is set comes early enough.
    fn arm(&mut self, device: DeviceNo) {
        let policy = self.policy;
        let Some(known) = self.known_mut(device) else { return };
        let due_at = known.due_at(&policy);
        if due_at < known.armed_at {
            known.armed_at = due_at;
            self.timers.push(Reverse((due_at, device)));
        }
    }
}

/// What a timer did besides the changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TimedOut {
    /// Whose timer it was.
    pub device: DeviceNo,
    /// A held fix was given up.
    pub abandoned: bool,
}

fn visits_of(slot: usize, known: &Option<Device>) -> impl Iterator<Item = (FenceNo, usize)> {
    known.iter().flat_map(|known| &known.visits).map(move |visit| (visit.open.fence, slot))
}

/// Both fixes outside and exact enough to say so, and the way between them meets the fence.
fn cross(
    known: &Device,
    used: &Used,
    policy: &PresencePolicy,
    around: &impl Surroundings,
    crossed: impl Iterator<Item = FenceNo>,
    changes: &mut Vec<Change>,
) {
    let at = used.fix.taken_at;
    let accuracy = used.fix.accuracy_or_assumed().0.max(known.before.accuracy.0);
    for fence in crossed {
        let visited = known.visits.iter().any(|visit| visit.open.fence == fence);
        let at_an_end = known.before.inside.contains(&fence) || around.inside().contains(&fence);
        let is_vague = policy.accuracy_decides_max.0.max(around.radius(fence).0) < accuracy;
        if visited || at_an_end || is_vague {
            continue;
        }
        changes.push(Change {
            fence,
            kind: TransitionKind::Cross,
            at,
            entered_at: at,
            initial: false,
            may_trigger: used.flag.is_none(),
            speed_mps: used.fix.speed_mps,
            foreground: used.fix.foreground,
            exit_reason: None,
        });
    }
}
