//! All devices of one engine.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::hint::black_box;

use model::{DeviceNo, ExitReason, FenceNo, Fix, Timestamp};

use crate::device::Device;
use crate::devices::Devices;
use crate::look::Look;
use crate::redrawn::Edits;
use crate::visit::Visit;
use crate::visitors::Visitors;
use crate::{Change, OpenVisit, PresencePolicy, Redrawn, Screening, Surroundings, Used};

type Timers = BinaryHeap<Reverse<(Timestamp, DeviceNo)>>;

/// Visits of all devices, by dense number.
#[derive(Debug, Default)]
pub struct Presence {
    policy: PresencePolicy,
    devices: Devices,
    timers: Timers,
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
        self.devices.iter_mut().for_each(Device::forget_before);
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
        let known = known_or_new(&mut self.devices, &mut self.visitors, device);
        let held_before = known.holds_a_fix();
        let screening = known.screen(fix, &self.policy, now);
        let held_after = known.holds_a_fix();
        self.n_held = self.n_held + u64::from(held_after) - u64::from(held_before);
        arm(&mut self.timers, known, device, &self.policy);
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
        let n_changes = changes.len();
        let known = known_or_new(&mut self.devices, &mut self.visitors, device);
        known.look(&Look { used, around, policy: &self.policy, edits: &self.edits }, changes);
        arm(&mut self.timers, known, device, &self.policy);
        self.visitors.follow(device, &changes[n_changes..]);
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
        self.devices.known(device).filter(|known| known.due_at(&self.policy) <= due_at).map(|_| device)
    }

    /// Lets time pass for the device whose timer is due first, if any is due by `now`.
    ///
    /// Call again until it answers `None`. A held fix that is given up is in the answer.
    pub fn handle_timeout(&mut self, changes: &mut Vec<Change>, now: Timestamp) -> Option<TimedOut> {
        let Reverse((due_at, device)) = *self.timers.peek().filter(|timer| timer.0.0 <= now)?;
        self.timers.pop();
        let nothing = TimedOut { device, abandoned: false };
        let Some(known) = self.devices.known_mut(device) else { return Some(nothing) };
        if due_at != known.armed_at {
            // An earlier timer was set after this one and has taken its place.
            return Some(nothing);
        }
        known.armed_at = Timestamp::MAX;
        let n_changes = changes.len();
        known.pass_time(&self.policy, changes, due_at);
        let abandoned = known.abandon_held(&self.policy, due_at);
        known.tidy();
        self.n_held -= u64::from(abandoned);
        arm(&mut self.timers, known, device, &self.policy);
        self.visitors.follow(device, &changes[n_changes..]);
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
        let Some(known) = self.devices.known_mut(device) else { return };
        let n_changes = changes.len();
        let why = |visit: &Visit, _: Option<&_>| gone(visit.open.fence).then_some(reason);
        known.end_visits(why, |change| changes.push(change));
        self.visitors.follow(device, &changes[n_changes..]);
    }

    /// Forgets where a device was, and everything else about it except its open visits.
    ///
    /// Answers whether a held fix was given up.
    pub fn forget_place(&mut self, device: DeviceNo) -> bool {
        let Some(known) = self.devices.known_mut(device) else { return false };
        let abandoned = known.forget_place();
        self.n_held -= u64::from(abandoned);
        abandoned
    }

    /// Forgets a device altogether; nothing is told of its visits.
    ///
    /// Answers whether a held fix was given up.
    pub fn forget(&mut self, device: DeviceNo) -> bool {
        let Some(known) = self.devices.known_mut(device) else { return false };
        let abandoned = known.forget_place();
        // The number of whoever has the slot next is another one.
        let gone = std::mem::replace(known, Device::new(device.generation()));
        visits_of(device.slot(), &gone).for_each(|(fence, slot)| self.visitors.leave(slot, fence));
        self.n_held -= u64::from(abandoned);
        abandoned
    }

    /// What the next fix of a device finds was there before we looked: nobody let us see it till now.
    pub fn look_anew(&mut self, device: DeviceNo) {
        if let Some(known) = self.devices.known_mut(device) {
            known.seen = None;
        }
    }

    /// Whether a visit is open and the last fix that decided for its fence lay inside.
    #[must_use]
    pub fn is_inside(&self, device: DeviceNo, fence: FenceNo, entered_at: Timestamp) -> bool {
        let visits = self.devices.known(device).map_or(&[][..], Device::visits);
        let is_it = |visit: &&Visit| visit.open.fence == fence && visit.open.entered_at == entered_at;
        visits.iter().find(is_it).is_some_and(Visit::is_inside)
    }

    /// Begins anew to wait for devices whose visits were read back.
    ///
    /// How long they were silent while nobody listened is not known; a visit older than
    /// any fix that would be used is not waited for.
    pub fn wake(&mut self, now: Timestamp) {
        for known in self.devices.iter_mut() {
            let is_recent = now.since(known.last_at()) <= self.policy.stale_max;
            if is_recent && !known.visits().is_empty() {
                known.heard(now);
            }
        }
    }

    /// Takes over a visit that was read back; it stays open and re-opens nothing.
    pub fn resume(&mut self, device: DeviceNo, open: OpenVisit) {
        let known = known_or_new(&mut self.devices, &mut self.visitors, device);
        known.resume(open);
        arm(&mut self.timers, known, device, &self.policy);
        self.visitors.enter(device.slot(), open.fence);
    }

    /// Ends the visits in fences that an edit takes away, or moves from under their visitors.
    ///
    /// Tells the exits by old numbers, device by device; [`Presence::renumber`] follows. Costs as
    /// much as there are visitors in what is touched; a pass over all devices when numbers change.
    pub fn vacate(&mut self, redrawn: &impl Redrawn, mut told: impl FnMut(DeviceNo, Change)) {
        for slot in self.concerned(redrawn) {
            let Some(known) = self.devices.at_mut(slot) else { continue };
            let device = DeviceNo::new(u32::try_from(slot).expect("devices are few"), known.generation);
            known.vacate(redrawn, &self.policy, |change| {
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
        for slot in self.concerned(redrawn) {
            if let Some(known) = self.devices.at_mut(slot) {
                known.renumber(redrawn, &self.policy);
            }
        }
        if redrawn.touched().is_none() {
            let all = (0..).zip(self.devices.iter());
            self.visitors = all.flat_map(|(slot, known)| visits_of(slot, known)).collect();
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
            None => (0..self.devices.n_slots()).collect(),
        }
    }

    /// Loads what is known of devices into the cache, before a pass over them.
    ///
    /// The loads overlap here, and would wait for one another between the screenings.
    pub fn prefetch(&self, devices: impl Iterator<Item = DeviceNo> + Clone) {
        let known = devices.filter_map(|device| self.devices.known(device));
        black_box(known.clone().filter(|known| known.knows_its_place()).count());
        // One step into memory at a time, for all of them.
        black_box(known.clone().map(|known| known.visits().len()).sum::<usize>());
        black_box(known.map(|known| known.due_at(&self.policy)).min());
    }

    /// How many visits are open. Costs a pass over all devices.
    #[must_use]
    pub fn n_open_visits(&self) -> usize {
        self.devices.iter().map(|known| known.visits().len()).sum()
    }

    /// The open visits of a device, by ascending fence.
    pub fn open_visits(&self, device: DeviceNo) -> impl Iterator<Item = OpenVisit> {
        self.devices.known(device).into_iter().flat_map(|known| known.visits().iter().map(|visit| visit.open))
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

fn visits_of(slot: usize, known: &Device) -> impl Iterator<Item = (FenceNo, usize)> {
    known.visits().iter().map(move |visit| (visit.open.fence, slot))
}

/// The record of a device; whoever had its slot before is forgotten.
fn known_or_new<'a>(devices: &'a mut Devices, visitors: &mut Visitors, device: DeviceNo) -> &'a mut Device {
    let known = devices.place(device.slot());
    if known.generation != device.generation() {
        let gone = std::mem::replace(known, Device::new(device.generation()));
        visits_of(device.slot(), &gone).for_each(|(fence, slot)| visitors.leave(slot, fence));
    }
    known
}

/// Sets a timer when none that is set comes early enough.
fn arm(timers: &mut Timers, known: &mut Device, device: DeviceNo, policy: &PresencePolicy) {
    let due_at = known.due_at(policy);
    if due_at < known.armed_at {
        known.armed_at = due_at;
        timers.push(Reverse((due_at, device)));
    }
}
