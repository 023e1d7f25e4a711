//! The gate itself: asked before every look and before every word.

use model::{Channel, CustomerNo, MerchantNo, Millis, Timestamp};

use crate::{ConsentEvent, ConsentKind, ConsentRow, ConsentState, Consented, Epoch, Purpose, Refusal};

/// What the operator decides about consent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GatePolicy {
    /// How long a grant lasts that names no end.
    pub grant_lasts: Millis,
}

impl Default for GatePolicy {
    /// Twelve months, as WP29 Opinion 13/2011 advises for location.
    fn default() -> Self {
        Self { grant_lasts: Millis::from_days(365) }
    }
}

/// What became of a consent event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effect {
    /// The state is what was asked for.
    Applied,
    /// The notice was shown, or the resumption made, before the last restriction or expiry: without effect.
    LateGrant,
    /// A grant without the notice that was shown, or a resumption without its time, proves nothing.
    NoEvidence,
    /// A pause or resume of something that was not granted: recorded, without effect.
    NothingToChange,
}

impl Effect {
    /// All of them, for counters that start at nought.
    pub const ALL: [Self; 4] = [Self::Applied, Self::LateGrant, Self::NoEvidence, Self::NothingToChange];

    /// The word that acknowledgements use.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Applied => "applied",
            Self::LateGrant => "late_grant",
            Self::NoEvidence => "no_evidence",
            Self::NothingToChange => "nothing_to_change",
        }
    }
}

/// The outcome of weighing one event, to be recorded and then confirmed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Change {
    /// Whose.
    pub customer: CustomerNo,
    /// Towards whom.
    pub merchant: MerchantNo,
    /// For what.
    pub purpose: Purpose,
    /// What became of it.
    pub effect: Effect,
    /// The state that will hold once it is recorded.
    pub state: ConsentState,
    /// The customer's epoch after it.
    pub epoch: Epoch,
    order: u32,
}

/// Everybody's consent, by dense number.
///
/// Restrictions hold from the moment they are weighed; grants only once
/// [`Gate::confirm`] is told that they are recorded. A gate that was never opened
/// refuses everybody (`gate_starts_shut`).
#[derive(Debug, Default)]
pub struct Gate {
    policy: GatePolicy,
    open: bool,
    customers: Vec<Option<Customer>>,
}

#[derive(Debug)]
struct Customer {
    generation: u32,
    epoch: Epoch,
    rows: Vec<Row>,
}

#[derive(Debug)]
struct Row {
    merchant: MerchantNo,
    purpose: Purpose,
    /// What the gate answers by.
    effective: ConsentState,
    /// What it will answer by when all that was weighed is recorded.
    weighed: ConsentState,
    order: u32,
    restricted_at: Option<Timestamp>,
}

impl Gate {
    /// A gate that is shut.
    #[must_use]
    pub fn new(policy: GatePolicy) -> Self {
        Self { policy, open: false, customers: Vec::new() }
    }

    /// Opens the gate once all that is known of consent has been loaded.
    pub const fn open(&mut self) {
        self.open = true;
    }

    /// Shuts the gate for everybody.
    pub const fn shut(&mut self) {
        self.open = false;
    }

    /// Takes over what the ledger holds of one customer.
    pub fn load(
        &mut self,
        customer: CustomerNo,
        epoch: Epoch,
        rows: impl IntoIterator<Item = (MerchantNo, ConsentRow)>,
    ) {
        let known = self.customer_mut(customer);
        known.epoch = epoch;
        known.rows = rows.into_iter().map(|(merchant, row)| Row::loaded(merchant, &row)).collect();
    }

    /// Admits something of a customer who lets at least one merchant see their location.
    ///
    /// # Errors
    /// The first merchant's reason when none does.
    pub fn admit<T>(&self, customer: CustomerNo, value: T, now: Timestamp) -> Result<Consented<T>, Refusal> {
        let known = self.known(customer)?;
        let mut refusal = None;
        for row in known.rows.iter().filter(|row| row.purpose == Purpose::Location) {
            match row.effective.check(now) {
                Ok(()) => return Ok(Consented::new(value, customer, known.epoch)),
                Err(why) => refusal = refusal.or(Some(why)),
            }
        }
        Err(refusal.unwrap_or(Refusal::NotGranted))
    }

    /// Whether one merchant may do one thing with one customer.
    pub fn check(
        &self,
        customer: CustomerNo,
        merchant: MerchantNo,
        purpose: Purpose,
        now: Timestamp,
    ) -> Result<(), Refusal> {
        let known = self.known(customer)?;
        let row = known.row(merchant, purpose).ok_or(Refusal::NotGranted)?;
        row.effective.check(now)
    }

    /// Whether a merchant may see a customer again because a pause has ended by itself.
    #[must_use]
    pub fn is_back_from_pause(&self, customer: CustomerNo, merchant: MerchantNo, now: Timestamp) -> bool {
        let row = self.known(customer).ok().and_then(|known| known.row(merchant, Purpose::Location));
        row.is_some_and(|row| {
            matches!(row.effective, ConsentState::Paused { .. }) && row.effective.check(now).is_ok()
        })
    }

    /// The back door: lets something of a merchant out to a customer who agreed to both
    /// being seen and being spoken to over a channel.
    pub fn release<T>(
        &self,
        customer: CustomerNo,
        (merchant, channel): (MerchantNo, Channel),
        value: T,
        now: Timestamp,
    ) -> Result<Consented<T>, Refusal> {
        self.check(customer, merchant, Purpose::Location, now)?;
        self.check(customer, merchant, Purpose::of(channel), now)?;
        Ok(Consented::new(value, customer, self.known(customer)?.epoch))
    }

    /// The customer's epoch; the first when nothing is known.
    #[must_use]
    pub fn epoch(&self, customer: CustomerNo) -> Epoch {
        self.known(customer).map_or(Epoch::default(), |known| known.epoch)
    }

    /// The customer's epoch for storing, which the gate keeps while it is shut too.
    #[must_use]
    pub fn stored_epoch(&self, customer: CustomerNo) -> Epoch {
        self.slot(customer).map_or(Epoch::default(), |known| known.epoch)
    }

    /// Weighs an event and puts restrictions in force at once.
    ///
    /// The change must be recorded and then given to [`Gate::confirm`].
    pub fn weigh(
        &mut self,
        customer: CustomerNo,
        merchant: MerchantNo,
        event: &ConsentEvent,
        now: Timestamp,
    ) -> Change {
        let grant_lasts = self.policy.grant_lasts;
        let known = self.customer_mut(customer);
        let unknown = Row::unknown(merchant, event.purpose);
        let row = known.row(merchant, event.purpose).unwrap_or(&unknown);
        let (effect, state) = row.weigh(event, grant_lasts, now);
        let mut order = row.order;
        if effect == Effect::Applied {
            let row = known.row_mut(merchant, event.purpose);
            row.apply(event, state, now);
            order = row.order;
            if restricts(event.kind) {
                known.epoch = known.epoch.next();
            }
        }
        Change { customer, merchant, purpose: event.purpose, effect, state, epoch: known.epoch, order }
    }

    /// Puts a recorded change in force, unless a later one has overtaken it.
    pub fn confirm(&mut self, change: &Change) {
        if change.effect != Effect::Applied {
            return;
        }
        let row = self.customer_mut(change.customer).row_mut(change.merchant, change.purpose);
        if row.order == change.order {
            row.effective = row.weighed;
        }
    }

    /// What stands recorded of a customer once all that was weighed is durable, to be stored.
    pub fn rows(
        &self,
        customer: CustomerNo,
    ) -> impl Iterator<Item = (MerchantNo, Purpose, ConsentState, Option<Timestamp>)> {
        let rows = self.slot(customer).map_or(&[][..], |known| &known.rows);
        rows.iter().map(|row| (row.merchant, row.purpose, row.weighed, row.restricted_at))
    }

    fn slot(&self, customer: CustomerNo) -> Option<&Customer> {
        let known = self.customers.get(customer.slot())?.as_ref()?;
        (known.generation == customer.generation()).then_some(known)
    }

    fn known(&self, customer: CustomerNo) -> Result<&Customer, Refusal> {
        if !self.open {
            return Err(Refusal::Closed);
        }
        self.slot(customer).ok_or(Refusal::UnknownCustomer)
    }

    fn customer_mut(&mut self, customer: CustomerNo) -> &mut Customer {
        if self.customers.len() <= customer.slot() {
            self.customers.resize_with(customer.slot() + 1, || None);
        }
        let slot = &mut self.customers[customer.slot()];
        if slot.as_ref().is_none_or(|known| known.generation != customer.generation()) {
            *slot = None;
        }
        slot.get_or_insert_with(|| Customer {
            generation: customer.generation(),
            epoch: Epoch::default(),
            rows: Vec::new(),
        })
    }
}

impl Customer {
    fn row(&self, merchant: MerchantNo, purpose: Purpose) -> Option<&Row> {
        self.rows.iter().find(|row| row.merchant == merchant && row.purpose == purpose)
    }

    fn row_mut(&mut self, merchant: MerchantNo, purpose: Purpose) -> &mut Row {
        let found = self.rows.iter().position(|row| row.merchant == merchant && row.purpose == purpose);
        let at = found.unwrap_or_else(|| {
            self.rows.push(Row::unknown(merchant, purpose));
            self.rows.len() - 1
        });
        &mut self.rows[at]
    }
}

impl Row {
    const fn unknown(merchant: MerchantNo, purpose: Purpose) -> Self {
        let state = ConsentState::Unknown;
        Self { merchant, purpose, effective: state, weighed: state, order: 0, restricted_at: None }
    }

    const fn loaded(merchant: MerchantNo, row: &ConsentRow) -> Self {
        let state = row.state;
        Self {
            merchant,
            purpose: row.purpose,
            effective: state,
            weighed: state,
            order: 0,
            restricted_at: row.restricted_at,
        }
    }

    fn apply(&mut self, event: &ConsentEvent, state: ConsentState, now: Timestamp) {
        self.weighed = state;
        self.order = self.order.wrapping_add(1);
        if restricts(event.kind) {
            self.effective = self.restricted_to(state);
        }
        self.restricted_at = self.restricted_at.max(event.silences_until(now));
    }

    /// What a restriction leaves in force at once: never more than was in force before.
    fn restricted_to(&self, state: ConsentState) -> ConsentState {
        match (state, self.effective) {
            (
                ConsentState::Paused { until, granted_until },
                ConsentState::Granted { until: in_force_until }
                | ConsentState::Paused { granted_until: in_force_until, .. },
            ) => ConsentState::Paused { until, granted_until: granted_until.min(in_force_until) },
            // The grant beneath is not recorded yet.
            (
                ConsentState::Paused { .. } | ConsentState::Granted { .. },
                ConsentState::Unknown | ConsentState::Refused | ConsentState::Withdrawn,
            ) => self.effective,
            (ConsentState::Granted { .. }, ConsentState::Granted { .. } | ConsentState::Paused { .. })
            | (ConsentState::Unknown | ConsentState::Refused | ConsentState::Withdrawn, _) => state,
        }
    }

    /// Whether the last restriction came before the customer acted.
    fn precedes(&self, event: &ConsentEvent) -> bool {
        event.evidence_at.is_some_and(|acted_at| self.restricted_at.is_none_or(|at| at < acted_at))
    }

    /// When a yes was last taken back or ran out: a notice shown before cannot grant it again.
    fn ended_at(&self, now: Timestamp) -> Option<Timestamp> {
        let ran_out_at = match self.weighed {
            ConsentState::Granted { until } | ConsentState::Paused { granted_until: until, .. } => {
                Some(until).filter(|until| *until <= now)
            }
            ConsentState::Unknown | ConsentState::Refused | ConsentState::Withdrawn => None,
        };
        self.restricted_at.max(ran_out_at)
    }

    fn weigh(&self, event: &ConsentEvent, grant_lasts: Millis, now: Timestamp) -> (Effect, ConsentState) {
        if event.proves_nothing(now) {
            return (Effect::NoEvidence, self.weighed);
        }
        match event.kind {
            ConsentKind::Refuse => (Effect::Applied, ConsentState::Refused),
            ConsentKind::Withdraw => (Effect::Applied, ConsentState::Withdrawn),
            ConsentKind::Grant { until } => {
                let Some(notice) = &event.notice else { return (Effect::NoEvidence, self.weighed) };
                if self.ended_at(now).is_some_and(|ended_at| notice.shown_at <= ended_at) {
                    return (Effect::LateGrant, self.weighed);
                }
                // From the moment of agreeing on: a repeated delivery must not make it last longer.
                let agreed_at = event.evidence_at.unwrap_or(notice.shown_at).min(now);
                (Effect::Applied, ConsentState::Granted { until: until.unwrap_or(agreed_at + grant_lasts) })
            }
            ConsentKind::Pause { until } => {
                let until = until.unwrap_or(Timestamp::MAX);
                match self.weighed {
                    ConsentState::Granted { until: granted_until } => {
                        (Effect::Applied, ConsentState::Paused { until, granted_until })
                    }
                    ConsentState::Paused { until: paused_until, granted_until } => {
                        // One that comes late or again must not shorten the pause after it.
                        let until = if self.precedes(event) { until } else { until.max(paused_until) };
                        (Effect::Applied, ConsentState::Paused { until, granted_until })
                    }
                    ConsentState::Unknown | ConsentState::Refused | ConsentState::Withdrawn => {
                        (Effect::NothingToChange, self.weighed)
                    }
                }
            }
            ConsentKind::Resume => match self.weighed {
                ConsentState::Paused { granted_until, .. } => match event.evidence_at {
                    None => (Effect::NoEvidence, self.weighed),
                    // It resumed an earlier pause, and comes late or again.
                    Some(_) if !self.precedes(event) => (Effect::LateGrant, self.weighed),
                    Some(_) => (Effect::Applied, ConsentState::Granted { until: granted_until }),
                },
                ConsentState::Granted { .. }
                | ConsentState::Unknown
                | ConsentState::Refused
                | ConsentState::Withdrawn => (Effect::NothingToChange, self.weighed),
            },
        }
    }
}

const fn restricts(kind: ConsentKind) -> bool {
    match kind {
        ConsentKind::Refuse | ConsentKind::Withdraw | ConsentKind::Pause { .. } => true,
        ConsentKind::Grant { .. } | ConsentKind::Resume => false,
    }
}

#[cfg(test)]
mod tests;
