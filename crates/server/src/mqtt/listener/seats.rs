//! Who is connected: strangers by arrival, sessions by identity and client id and by whom they
//! concern.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::ListenerOptions;
use super::seat::{Facts, Farewell, Seat};
use crate::mqtt::identity::Role;

/// Why a proven newcomer gets no seat.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum NoSeat {
    /// A limit is reached.
    Full,
    /// It was closed meanwhile.
    Gone,
}

pub(super) struct Seats {
    n_max: usize,
    n_devices_max: usize,
    n_strangers_max: usize,
    n_unacknowledged_max: u16,
    taken: Mutex<Taken>,
}

/// Role and name of an identity, and what it calls itself.
type SessionKey = (Role, Arc<str>, Box<str>);

#[derive(Default)]
struct Taken {
    no: u64,
    strangers: BTreeMap<u64, Arc<Seat>>,
    /// A client id is its identity's own: each connection has its own router, and whoever came
    /// first with a name that others use would keep them out.
    sessions: HashMap<SessionKey, Arc<Seat>>,
    by_customer: HashMap<Arc<str>, Vec<Arc<Seat>>>,
    backends: Vec<Arc<Seat>>,
    operators: Vec<Arc<Seat>>,
    n_devices: usize,
}

impl Seats {
    pub(super) fn new(options: &ListenerOptions) -> Self {
        Self {
            n_max: options.n_connections_max,
            n_devices_max: options.n_device_connections_max,
            n_strangers_max: options.n_strangers_max.max(1),
            n_unacknowledged_max: options.n_unacknowledged_max,
            taken: Mutex::default(),
        }
    }

    /// A place for someone new; the longest waiting stranger goes when there are too many.
    pub(super) fn admit(&self) -> Arc<Seat> {
        let mut taken = self.lock();
        if self.n_strangers_max <= taken.strangers.len()
            && let Some((_, oldest)) = taken.strangers.pop_first()
        {
            oldest.dismiss(Farewell::Displaced);
        }
        taken.no += 1;
        let seat = Arc::new(Seat::new(taken.no, self.n_unacknowledged_max));
        taken.strangers.insert(seat.no, seat.clone());
        seat
    }

    /// Closes the longest waiting stranger, when the system has no more room for sockets.
    pub(super) fn make_room(&self) {
        if let Some((_, oldest)) = self.lock().strangers.pop_first() {
            oldest.dismiss(Farewell::Displaced);
        }
    }

    /// Makes a session of a stranger, or says why not.
    ///
    /// An identity that comes back with the client id of its own session takes it over.
    pub(super) fn seat(
        &self,
        seat: &Arc<Seat>,
        facts: Facts,
        n_of_identity_max: usize,
    ) -> Result<(), NoSeat> {
        let mut taken = self.lock();
        if !taken.strangers.contains_key(&seat.no) {
            return Err(NoSeat::Gone);
        }
        let key = facts.session_key();
        if let Some(old) = taken.sessions.get(&key).cloned() {
            taken.remove(&old);
            old.dismiss(Farewell::TakenOver);
        }
        if self.n_max <= taken.sessions.len() {
            return Err(NoSeat::Full);
        }
        let name = facts.identity.name().clone();
        match facts.identity.role() {
            Role::Device => {
                let n_of_customer = taken.by_customer.get(&name).map_or(0, Vec::len);
                if self.n_devices_max <= taken.n_devices || n_of_identity_max <= n_of_customer {
                    return Err(NoSeat::Full);
                }
                taken.n_devices += 1;
                taken.by_customer.entry(name).or_default().push(seat.clone());
            }
            Role::Backend => taken.backends.push(seat.clone()),
            Role::Operator => taken.operators.push(seat.clone()),
        }
        taken.strangers.remove(&seat.no);
        taken.sessions.insert(key, seat.clone());
        seat.prove(facts);
        Ok(())
    }

    /// Frees the place of a connection that ended; harmless when it is free.
    pub(super) fn leave(&self, seat: &Arc<Seat>) {
        seat.leave();
        let mut taken = self.lock();
        taken.strangers.remove(&seat.no);
        taken.remove(seat);
    }

    /// The sessions that a message of this customer concerns: their own, then the backends.
    pub(super) fn of_customer(&self, customer: &str) -> Vec<Arc<Seat>> {
        let taken = self.lock();
        let own = taken.by_customer.get(customer).into_iter().flatten();
        own.chain(&taken.backends).cloned().collect()
    }

    pub(super) fn operators(&self) -> Vec<Arc<Seat>> {
        self.lock().operators.clone()
    }

    pub(super) fn n_seated(&self) -> usize {
        self.lock().sessions.len()
    }

    pub(super) fn dismiss_identity(&self, name: &str, farewell: Farewell) {
        let taken = self.lock();
        for seat in taken.sessions.values() {
            if seat.facts().is_some_and(|facts| &**facts.identity.name() == name) {
                seat.dismiss(farewell);
            }
        }
    }

    pub(super) fn dismiss_all(&self, farewell: Farewell) {
        let taken = self.lock();
        for seat in taken.strangers.values().chain(taken.sessions.values()) {
            seat.dismiss(farewell);
        }
    }

    fn lock(&self) -> MutexGuard<'_, Taken> {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Taken {
    fn remove(&mut self, seat: &Arc<Seat>) {
        let Some(facts) = seat.facts() else { return };
        let is_other = |other: &Arc<Seat>| other.no != seat.no;
        let key = facts.session_key();
        match self.sessions.get(&key) {
            Some(holder) if !is_other(holder) => self.sessions.remove(&key),
            Some(_) | None => return,
        };
        match facts.identity.role() {
            Role::Device => {
                self.n_devices -= 1;
                let name = facts.identity.name();
                if let Some(seats) = self.by_customer.get_mut(name) {
                    seats.retain(is_other);
                    if seats.is_empty() {
                        self.by_customer.remove(name);
                    }
                }
            }
            Role::Backend => self.backends.retain(is_other),
            Role::Operator => self.operators.retain(is_other),
        }
    }
}

impl Facts {
    fn session_key(&self) -> SessionKey {
        (self.identity.role(), self.identity.name().clone(), self.client_id.clone())
    }
}
