//! The rules joined: what happens goes in, what must have become of it comes out.

use std::cmp::Reverse;
use std::collections::{BTreeSet, BinaryHeap, VecDeque};

use crate::customer::{Customer, Outgoing};
use crate::erasing::Graves;
use crate::geometry::Map;
use crate::hearing::Spoken;
use crate::kept::Kept;
use crate::offers::OffersDue;
use crate::presence::{Change, Device, Ground};
use crate::reminding::Reminders;
use crate::row::{Row, allow};
use crate::screening::{JUMP, Screened, Used};
use crate::{Fence, Fix, Kind, Leaving, Offer, Purpose, Rules, Said, Told, What, stock};

/// The names of a customer and of their phones.
#[derive(Clone, Debug, Default)]
pub struct Person {
    /// Theirs.
    pub name: String,
    /// Of their phones, by number.
    pub devices: Vec<String>,
}

/// What must become of everything that it is told, in the order in which the engine handles it.
#[derive(Debug)]
pub struct Oracle {
    pub(crate) rules: Rules,
    pub(crate) map: Map,
    /// By number; those that operators took away are gone.
    pub(crate) offers: Vec<Option<Offer>>,
    pub(crate) due: OffersDue,
    pub(crate) customers: Vec<Customer>,
    /// When each gathering began, with whose it is, in the order in which they did.
    pub(crate) due_gatherings: VecDeque<(i64, u32)>,
    pub(crate) stock: Kept<stock::Counts>,
    people: Vec<Person>,
    pub(crate) edits: Edits,
    pub(crate) told: Vec<Told>,
    pub(crate) timers: BinaryHeap<Reverse<(i64, u32, u32)>>,
    pub(crate) spoken: Spoken,
    pub(crate) graves: Graves,
    pub(crate) reminders: Reminders,
    /// Never goes back while the engine runs.
    pub(crate) now_ms: i64,
    inside: Vec<u32>,
}

/// What operators did to the fences.
#[derive(Debug, Default)]
pub(crate) struct Edits {
    pub(crate) n: u32,
    /// Of every fence the edit that drew it; 0 when it was there from the beginning.
    pub(crate) drawn_in: Vec<u32>,
    /// What operators took back when it had been decided, with how it left.
    pub(crate) called_off: Vec<(Outgoing, Leaving)>,
}

impl Oracle {
    /// An oracle that knows nobody, with fences and offers by number.
    #[must_use]
    pub fn new(fences: Vec<Fence>, offers: Vec<Offer>, rules: Rules) -> Self {
        let map = Map::new(fences.into_iter().map(Some).collect());
        let offers: Vec<Option<Offer>> = offers.into_iter().map(Some).collect();
        Self {
            due: OffersDue::of(&map, &offers),
            edits: Edits { drawn_in: vec![0; map.len()], ..Edits::default() },
            map,
            rules,
            offers,
            customers: Vec::new(),
            due_gatherings: VecDeque::new(),
            stock: Kept::default(),
            people: Vec::new(),
            told: Vec::new(),
            timers: BinaryHeap::new(),
            spoken: Spoken::default(),
            graves: Graves::default(),
            reminders: Reminders::default(),
            now_ms: i64::MIN,
            inside: Vec::new(),
        }
    }

    /// Names of customers and their phones, by number: holdouts and ties are drawn by name.
    #[must_use]
    pub fn with_people(self, people: Vec<Person>) -> Self {
        Self { people, ..self }
    }

    /// One message of fixes from one phone.
    ///
    /// What its changes call for is gathered; [`Oracle::stage`] decides it when it is due.
    pub fn message(&mut self, customer: u32, device: u32, fixes: &[Fix], now_ms: i64) {
        let now_ms = self.advance(now_ms);
        let known = self.customer_mut(customer);
        if let Some(reason) = known.refusal(now_ms) {
            return self.tell(now_ms, customer, device, What::Refused { reason });
        }
        let is_seen_always = known.is_seen_in_background(now_ms);
        let may_look = |fix: &Fix| fix.foreground == Some(true) || is_seen_always;
        for _ in fixes.iter().filter(|fix| !may_look(fix)) {
            self.tell(now_ms, customer, device, What::Refused { reason: "background" });
        }
        let fixes: Vec<Fix> = fixes.iter().filter(|fix| may_look(fix)).copied().collect();
        let fixes = &fixes[..];
        let known = self.customer_mut(customer);
        let place = known.device(device).unwrap_or(known.devices.len());
        if self.rules.devices_max <= place {
            let too_many = What::Dropped { reason: "too_many_devices" };
            return fixes.iter().for_each(|_| self.tell(now_ms, customer, device, too_many));
        }
        let known = self.customer_mut(customer);
        if place == known.devices.len() && !fixes.is_empty() {
            known.devices.push(Device::new(device));
        }
        let mut in_order;
        let fixes = if fixes.is_sorted_by_key(|fix| fix.taken_at_ms) {
            fixes
        } else {
            in_order = fixes.to_vec();
            in_order.sort_by_key(|fix| fix.taken_at_ms);
            &in_order
        };
        let mut changes = Vec::new();
        for fix in fixes {
            self.arrive(customer, place, fix, &mut changes, now_ms);
        }
        self.call(customer, place, &changes, now_ms);
    }

    /// Time passes: every timer due by now fires, the earliest first, each at its own time unless
    /// something was handled later already.
    pub fn time(&mut self, now_ms: i64) {
        while let Some(due_ms) = self.next_of_device_ms().filter(|due_ms| *due_ms <= now_ms) {
            let Some(Reverse((_, customer, place))) = self.timers.pop() else { break };
            let now_ms = self.advance(due_ms);
            self.wake(customer, place as usize, due_ms, now_ms);
        }
        self.advance(now_ms);
    }

    /// The instant at which the next timer is due, or the next gathering is to be decided.
    #[must_use]
    pub fn next_timer_ms(&self) -> Option<i64> {
        self.next_of_device_ms().into_iter().chain(self.next_gathering_ms()).min()
    }

    fn next_of_device_ms(&self) -> Option<i64> {
        self.timers.peek().map(|timer| timer.0.0)
    }

    /// An operator's edit: all fences from now on, by number; `None` where none is any more. A fence
    /// keeps its number for ever, and one that is put back has the number that it had.
    ///
    /// No offer comes of it: visits end silently in fences that are gone, another merchant's, or drawn
    /// elsewhere, and what the next look finds in a new or redrawn one was there before.
    pub fn fences(&mut self, fences: Vec<Option<Fence>>, now_ms: i64) {
        self.advance(now_ms);
        let before = std::mem::replace(&mut self.map, Map::new(fences));
        let merchant = |map: &Map, no: u32| map.fence(no).and_then(|fence| fence.merchant);
        let is_gone = |no: u32| {
            let (old, new) = (before.fence(no), self.map.fence(no));
            old.is_some() && (new.is_none() || merchant(&before, no) != merchant(&self.map, no))
        };
        let is_redrawn = |no: u32| {
            let shape = |map: &'_ Map| map.fence(no).map(|fence| fence.shape.clone());
            shape(&before) != shape(&self.map)
        };
        self.edits.n += 1;
        self.edits.drawn_in.resize(self.map.len(), 0);
        for no in (0..self.map.len() as u32).filter(|no| is_gone(*no) || is_redrawn(*no)) {
            self.edits.drawn_in[no as usize] = self.edits.n;
        }
        let ground = Ground {
            map: &self.map,
            rules: &self.rules,
            drawn_in: &self.edits.drawn_in,
            n_edits: self.edits.n,
            crossings: self.due.asks_for_crossings,
        };
        let mut all = Vec::new();
        for (customer, known) in (0..).zip(&mut self.customers) {
            for device in &mut known.devices {
                let mut changes = Vec::new();
                device.edit(ground, is_gone, is_redrawn, &mut changes);
                all.extend(changes.into_iter().map(|change| (customer, device.no, change)));
            }
        }
        let mut ended = BTreeSet::new();
        for (customer, device, change) in all {
            ended.insert((customer, device, change.fence, change.entered_at_ms));
            self.tell_change(customer, device, &change);
        }
        self.due = OffersDue::of(&self.map, &self.offers);
        self.call_off(|outgoing, map, _| {
            let Said { customer, device, fence, entered_at_ms, .. } = outgoing.said;
            let is_theirs = map.fence(fence).is_some_and(|fence| fence.merchant == Some(outgoing.merchant));
            let is_gone = !is_theirs || ended.contains(&(customer, device, fence, entered_at_ms));
            is_gone.then_some(Leaving::FenceGone)
        });
    }

    /// Takes what must have happened since it was last asked, in order.
    pub fn told(&mut self) -> Vec<Told> {
        std::mem::take(&mut self.told)
    }

    fn arrive(&mut self, customer: u32, place: usize, fix: &Fix, changes: &mut Vec<Change>, now_ms: i64) {
        // A consent can run out without a word: what may not be seen any more ended with the fix before.
        self.close_hidden(customer, place, true, now_ms);
        let device = &mut self.customers[customer as usize].devices[place];
        let no = device.no;
        if device.track.repeats_last(fix) {
            // A phone that repeats its last place, for hours even, is alive.
            device.heard_at(now_ms);
        }
        let Screened { held, arrived } = device.track.screen(fix, device.visits.len(), &self.rules, now_ms);
        match held {
            None => {}
            Some(Ok(used)) => self.see(customer, place, &used, changes, now_ms),
            Some(Err(reason)) => self.tell(now_ms, customer, no, What::Dropped { reason }),
        }
        match arrived {
            Ok(None) => {}
            Ok(Some(used)) => self.see(customer, place, &used, changes, now_ms),
            Err(reason) => self.tell(now_ms, customer, no, What::Dropped { reason }),
        }
        self.arm(customer, place);
    }

    /// A used fix, against the fences that may be seen.
    fn see(&mut self, customer: u32, place: usize, used: &Used, changes: &mut Vec<Change>, now_ms: i64) {
        let known = &mut self.customers[customer as usize];
        // A pause can end without a word.
        if known.has_a_pause_ended(now_ms) {
            known.look_anew();
        }
        let in_use = used.fix.foreground == Some(true);
        self.close_hidden(customer, place, in_use, now_ms);
        let n_before = changes.len();
        let known = &mut self.customers[customer as usize];
        let mut inside = std::mem::take(&mut self.inside);
        self.map.holding(used.fix.at, &mut inside);
        let is_barred = known.is_barred();
        let Customer { rows, devices, .. } = known;
        let seen = |fence: u32, in_use| !is_barred && may_be_seen(&self.map, fence, rows, in_use, now_ms);
        let may_see = |fence: u32| seen(fence, in_use);
        let hides_some = inside.iter().any(|fence| !seen(*fence, in_use) && seen(*fence, true));
        inside.retain(|fence| may_see(*fence));
        let ground = Ground {
            map: &self.map,
            rules: &self.rules,
            drawn_in: &self.edits.drawn_in,
            n_edits: self.edits.n,
            crossings: self.rules.crossings || self.due.asks_for_crossings,
        };
        devices[place].see(used, &inside, ground, may_see, changes);
        if hides_some {
            // Whoever opens the app where they are has been there before.
            devices[place].is_new = true;
        }
        let no = devices[place].no;
        self.inside = inside;
        for change in &changes[n_before..] {
            self.tell_change(customer, no, change);
        }
    }

    /// One timer: what it is about may have changed since it was set.
    fn wake(&mut self, customer: u32, place: usize, due_ms: i64, now_ms: i64) {
        // The clients of a timer that an engine has forgotten are forgotten, too.
        let Some(device) = self.customers[customer as usize].devices.get_mut(place) else { return };
        if device.armed_ms != due_ms {
            return;
        }
        device.armed_ms = i64::MAX;
        if device.due_ms(&self.rules) <= due_ms {
            // Nothing is told of a stay that may not be seen any more.
            self.close_hidden(customer, place, true, now_ms);
            let device = &mut self.customers[customer as usize].devices[place];
            let no = device.no;
            let mut changes = Vec::new();
            device.pass_time(&self.rules, due_ms, &mut changes);
            if device.give_up_held(&self.rules, due_ms) {
                self.tell(now_ms, customer, no, What::Dropped { reason: JUMP });
            }
            for change in &changes {
                self.tell_change(customer, no, change);
            }
            self.call(customer, place, &changes, now_ms);
        }
        self.arm(customer, place);
    }

    pub(crate) fn arm(&mut self, customer: u32, place: usize) {
        let device = &mut self.customers[customer as usize].devices[place];
        let due_ms = device.due_ms(&self.rules);
        if due_ms < device.armed_ms {
            device.armed_ms = due_ms;
            self.timers.push(Reverse((due_ms, customer, place as u32)));
        }
    }

    /// What must not be seen any more ends, and is forgotten when nobody may see it.
    pub(crate) fn stop_seeing(&mut self, customer: u32, now_ms: i64) {
        let known = &self.customers[customer as usize];
        let is_seen = known.refusal(now_ms).is_none();
        for place in 0..known.devices.len() {
            self.close_hidden(customer, place, true, now_ms);
            if !is_seen {
                self.customers[customer as usize].devices[place].forget_place();
            }
        }
    }

    /// Ends every visit to a merchant.
    pub(crate) fn leave_all(&mut self, customer: u32, merchant: u32) {
        for place in 0..self.customers[customer as usize].devices.len() {
            let device = &mut self.customers[customer as usize].devices[place];
            let map = &self.map;
            let stays = |fence| map.fence(fence).and_then(|fence| fence.merchant) != Some(merchant);
            let mut changes = Vec::new();
            device.close(stays, &mut changes);
            let no = device.no;
            for change in &changes {
                self.tell_change(customer, no, change);
            }
        }
    }

    /// Ends what may not be seen, with the app in use or not.
    pub(crate) fn close_hidden(&mut self, customer: u32, place: usize, in_use: bool, now_ms: i64) {
        let known = &mut self.customers[customer as usize];
        let is_barred = known.is_barred();
        let Customer { rows, devices, .. } = known;
        let mut changes = Vec::new();
        let is_seen = |fence| !is_barred && may_be_seen(&self.map, fence, rows, in_use, now_ms);
        devices[place].close(is_seen, &mut changes);
        let no = devices[place].no;
        for change in &changes {
            self.tell_change(customer, no, change);
        }
    }

    fn tell_change(&mut self, customer: u32, device: u32, change: &Change) {
        let &Change { kind, fence, at_ms, entered_at_ms, initial, reason, .. } = change;
        if kind == Kind::Enter {
            let now_ms = self.now_ms;
            self.customer_mut(customer).entered.push((fence, now_ms));
        }
        self.tell(at_ms, customer, device, What::Transition { kind, fence, entered_at_ms, initial, reason });
    }

    pub(crate) fn tell(&mut self, at_ms: i64, customer: u32, device: u32, what: What) {
        self.told.push(Told { at_ms, customer, device, what });
    }

    pub(crate) fn offer(&self, no: u32) -> Option<&Offer> {
        self.offers.get(no as usize)?.as_ref()
    }

    pub(crate) fn person(&self, customer: u32) -> &Person {
        const NOBODY: &Person = &Person { name: String::new(), devices: Vec::new() };
        self.people.get(customer as usize).unwrap_or(NOBODY)
    }

    pub(crate) fn customer_mut(&mut self, customer: u32) -> &mut Customer {
        if self.customers.len() <= customer as usize {
            self.customers.resize_with(customer as usize + 1, Customer::default);
        }
        &mut self.customers[customer as usize]
    }

    pub(crate) fn advance(&mut self, now_ms: i64) -> i64 {
        self.now_ms = self.latest_ms(now_ms);
        self.now_ms
    }

    pub(crate) fn latest_ms(&self, now_ms: i64) -> i64 {
        self.now_ms.max(now_ms)
    }
}

/// Whether a customer lets the merchant of a fence see where they are, also while the app is not in use
/// when it is not.
fn may_be_seen(map: &Map, fence: u32, rows: &[Row], in_use: bool, now_ms: i64) -> bool {
    let merchant = map.fence(fence).and_then(|fence| fence.merchant);
    merchant.is_some_and(|merchant| {
        allow(rows, merchant, Purpose::Location, now_ms)
            && (in_use || allow(rows, merchant, Purpose::Background, now_ms))
    })
}
