//! The map room and the guest book: from a fix to transitions.

use std::cmp::Ordering;

use model::{
    CustomerNo, DeviceNo, ExitReason, FenceNo, Meters, Position, Timestamp, Transition, TransitionKind,
    VisitId,
};
use presence::{Arrival, Change, Drop, Surroundings, Used};

use crate::engine::Engine;
use crate::event::{Event, EventKind};
use crate::front::{Opened, Record};
use crate::house::House;
use crate::tally::SENSITIVE;

/// Where no fix counts: a look-up there finds nothing that anybody could be told.
const NOWHERE: (f64, f64) = (0.0, 0.0);

impl Engine {
    /// Takes the fixes in hard zones out of a batch, before it is compared with any fence.
    ///
    /// Presence, clocks and traces never hear of them: a phone in a zone is a phone that is off. The
    /// batch stays as long, so that an answer takes as long as without them.
    pub(crate) fn hide(&mut self, opened: &mut Opened) {
        let Opened { records, positions, zones, .. } = opened;
        self.house.sensitive.zones().ask(positions, |i| records[i].fix.accuracy_or_assumed(), zones);
        let nowhere = Position::new(NOWHERE.0, NOWHERE.1).expect("it is on the map");
        for hidden in zones.hidden() {
            positions[hidden] = nowhere;
            self.book.tally.dropped.count(SENSITIVE);
        }
    }

    /// One fix, with the fences that hold it.
    pub(crate) fn see(&mut self, record: &Record, hits: &[FenceNo], now: Timestamp) {
        let &Record { customer, device, fix, .. } = record;
        // A consent can run out without an event; what it let us see ended before this fix.
        self.close_hidden(customer, device, Some(true), now);
        let screening = self.presence.screen(device, fix, now);
        match screening.held {
            None => {}
            Some(Err(drop)) => self.drop_fix(device, drop, now),
            // It may have been held since before the place was known to be sensitive.
            Some(Ok(used)) if self.is_hidden(&used) => self.book.tally.dropped.count(SENSITIVE),
            Some(Ok(used)) => {
                let mut hits = Vec::new();
                self.house.index.match_one(used.fix.position, &mut hits);
                self.place(customer, device, &used, &hits, now);
            }
        }
        match screening.arrival {
            Arrival::Used(used) => self.place(customer, device, &used, hits, now),
            Arrival::Held => {}
            Arrival::Dropped(drop) => self.drop_fix(device, drop, now),
        }
    }

    fn drop_fix(&mut self, device: DeviceNo, drop: Drop, now: Timestamp) {
        self.book.tally.dropped.count(drop.word());
        self.note(device, EventKind::Dropped { reason: drop.word() }, now);
    }

    /// Updates the visits; fences of merchants that may not see the customer vanish here.
    fn place(
        &mut self,
        customer: CustomerNo,
        device: DeviceNo,
        used: &Used,
        hits: &[FenceNo],
        now: Timestamp,
    ) {
        // A pause can end without an event.
        self.end_pauses(customer, now);
        self.close_hidden(customer, device, used.fix.foreground, now);
        let foreground = used.fix.foreground;
        let may_see = |fence: &FenceNo| self.may_see(customer, *fence, foreground, now);
        let inside: Vec<FenceNo> = hits.iter().copied().filter(may_see).collect();
        let is_hidden = |fence: &FenceNo| !may_see(fence) && self.may_see(customer, *fence, Some(true), now);
        let hides_some = hits.iter().any(is_hidden);
        let tally = &mut self.book.tally;
        tally.n_used += 1;
        tally.n_matched += u64::from(!inside.is_empty());
        if let Some(flag) = used.flag {
            tally.flagged.count(flag.word());
        }
        let crossed = self.crossed(customer, used, now);
        let around = Around { house: &self.house, position: used.fix.position, inside, crossed };
        let mut changes = std::mem::take(&mut self.book.changes);
        self.presence.update(device, used, &around, &mut changes);
        if hides_some {
            // Once the app is opened there, the stay that its merchant then sees began before.
            self.presence.look_anew(device);
        }
        self.tell(customer, device, &mut changes, now);
        self.book.changes = changes;
    }

    fn is_hidden(&self, used: &Used) -> bool {
        self.house.sensitive.zones().hides(used.fix.position, used.fix.accuracy_or_assumed())
    }

    fn crossed(&self, customer: CustomerNo, used: &Used, now: Timestamp) -> Vec<FenceNo> {
        let mut crossed = Vec::new();
        if self.presence.policy().crossings
            && let Some(previous) = used.previous
            // What was passed on a way through a zone is not known: perhaps a stay in it.
            && !self.house.sensitive.zones().is_met_between(previous, used.fix.position)
        {
            self.house.index.crossed(previous, used.fix.position, &mut crossed);
            crossed.retain(|fence| self.may_see(customer, *fence, used.fix.foreground, now));
        }
        crossed
    }

    /// Fires the timers of the device that is due first.
    pub(crate) fn time_passes(&mut self, now: Timestamp) {
        if let Some(device) = self.presence.due_device(now) {
            // Nothing is noted of a stay that may not be seen any more.
            self.close_hidden(self.people.owner(device), device, Some(true), now);
        }
        let mut changes = std::mem::take(&mut self.book.changes);
        let timed_out = self.presence.handle_timeout(&mut changes, now);
        // The timer of a phone that was forgotten means nothing any more.
        if let Some(timed_out) = timed_out.filter(|timed_out| self.people.knows(timed_out.device)) {
            if timed_out.abandoned {
                self.drop_fix(timed_out.device, Drop::Jump, now);
            }
            let (customer, device) = (self.people.owner(timed_out.device), timed_out.device);
            self.tell(customer, device, &mut changes, now);
        }
        self.book.changes = changes;
    }

    /// Gives changes their names, tells them, and finds the offers that they call for.
    pub(crate) fn tell(
        &mut self,
        customer: CustomerNo,
        device: DeviceNo,
        changes: &mut Vec<Change>,
        now: Timestamp,
    ) {
        for change in changes.drain(..) {
            let transition = self.name(device, &change);
            self.book.tally.transitions.count(transition.kind.word());
            if transition.kind != TransitionKind::Cross {
                self.desk.visits.customers.insert(customer);
            }
            let Transition { kind, visit, at, initial, exit_reason, .. } = transition;
            if kind == TransitionKind::Enter {
                self.notifier.entered(customer, &transition.fence, now);
            }
            let first_seen_inside = initial && kind == TransitionKind::Enter;
            let reason = exit_reason.map(ExitReason::word).or(first_seen_inside.then_some("initial"));
            let fence = transition.fence.clone();
            self.note(device, EventKind::Transition { kind, fence, visit, reason }, at);
            self.call_for_offers(customer, device, (&transition, change.fence), now);
        }
    }

    fn name(&self, device: DeviceNo, change: &Change) -> Transition {
        let (customer, phone) = self.names(device);
        let fence = self.house.fence(change.fence).id.clone();
        let &Change {
            kind, at, entered_at, initial, may_trigger, speed_mps, foreground, exit_reason, ..
        } = change;
        let visit = VisitId::of(&customer, phone, &fence, entered_at);
        Transition {
            visit,
            kind,
            fence,
            at,
            entered_at,
            initial,
            may_trigger,
            speed_mps,
            foreground,
            exit_reason,
        }
    }

    pub(crate) fn note(&mut self, device: DeviceNo, kind: EventKind, at: Timestamp) {
        let people = &self.people;
        self.book.tap.note(|| {
            let customer = people.customer(people.owner(device));
            Some(Event { at, customer, device: people.device(device).clone(), kind })
        });
    }
}

/// What the map knows about one fix.
struct Around<'a> {
    house: &'a House,
    position: Position,
    inside: Vec<FenceNo>,
    crossed: Vec<FenceNo>,
}

impl Surroundings for Around<'_> {
    fn inside(&self) -> &[FenceNo] {
        &self.inside
    }

    fn holds(&self, fence: FenceNo, position: Position) -> bool {
        self.house.index.contains(fence, position)
    }

    fn distance_outside(&self, fence: FenceNo) -> Meters {
        self.house.index.distance_outside(fence, self.position)
    }

    fn radius(&self, fence: FenceNo) -> Meters {
        self.house.index.radius(fence)
    }

    fn crossed(&self) -> Vec<FenceNo> {
        self.crossed.clone()
    }

    fn precedence(&self, one: FenceNo, other: FenceNo) -> Ordering {
        self.house.fence(one).id.cmp(&self.house.fence(other).id)
    }
}
