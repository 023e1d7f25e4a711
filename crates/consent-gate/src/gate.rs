//! The gate itself: asked before every look and before every word.

mod census;
mod customers;
mod pass;
mod row;
mod runs;
mod standing;

use std::hint::black_box;

use model::{Channel, CustomerNo, MerchantNo, Timestamp};

use crate::notices::Notices;
use crate::transition::{Past, agreed_on, restricts, transition};
use crate::{
    Block, ConsentEvent, ConsentRow, ConsentState, Consented, Effect, Epoch, GatePolicy, Missing, Purpose,
    Refusal, Weighing,
};

pub use census::Reminder;
use customers::{Customers, Known};
use pass::{Answer, Pass};
pub use row::RowView;
use row::{Applied, Row};

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
    /// What it lacked to prove anything, of [`Effect::NoEvidence`].
    pub missing: Missing,
    order: u64,
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
    customers: Customers,
    notices: Notices,
    /// How many changes were applied so far.
    n_applied: u64,
    /// How far the walk for reminders has come.
    walked_to: usize,
}

impl Gate {
    /// A gate that is shut.
    #[must_use]
    pub fn new(policy: GatePolicy) -> Self {
        Self { policy, ..Self::default() }
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
        let notices = &mut self.notices;
        let loaded = |(merchant, mut row): (MerchantNo, ConsentRow)| {
            let notice = row.notice.take().map(|name| notices.keep(name));
            Row::loaded(merchant, &row, notice)
        };
        self.customers.change_or_new(customer, |known| {
            known.epoch = epoch;
            known.load(rows.into_iter().map(loaded).collect());
        });
    }

    /// Forgets all about a customer: from here on their number means nobody.
    pub fn forget(&mut self, customer: CustomerNo) {
        self.customers.forget(customer);
    }

    /// Begins the life of a customer after they were erased: no yes shown at or before that instant
    /// counts, for any merchant and purpose.
    pub fn begin_anew(&mut self, customer: CustomerNo, erased_at: Timestamp) {
        self.customers.begin_anew(customer, erased_at);
    }

    /// Refuses a customer whatever they agreed to, or ends that.
    pub fn block(&mut self, customer: CustomerNo, why: Option<Block>) {
        self.customers.change_or_new(customer, |known| known.block(why));
    }

    /// Whether rules are known of where the customer lives; see [`GatePolicy::needs_home`].
    pub fn set_home(&mut self, customer: CustomerNo, is_known: bool) {
        self.customers.change_or_new(customer, |known| known.set_home(is_known));
    }

    /// Admits something of a customer who lets at least one merchant see their location.
    ///
    /// # Errors
    /// The first merchant's reason when none does.
    pub fn admit<T>(&self, customer: CustomerNo, value: T, now: Timestamp) -> Result<Consented<T>, Refusal> {
        let pass = self.pass(customer)?;
        match pass.answer(now) {
            Answer::Look => {}
            Answer::Refused(refusal) => return Err(refusal),
            Answer::AskRows => self.customers.get(customer).ok_or(Refusal::UnknownCustomer)?.look(now)?,
        }
        Ok(Consented::new(value, customer, pass.epoch()))
    }

    /// Fetches what [`Gate::admit`] reads of many, so that they do not wait for memory one after the
    /// other: a message of a drain took 25 ns more without (`gate/message`).
    pub fn prefetch(&self, customers: impl Iterator<Item = CustomerNo>) {
        black_box(customers.fold(0, |seen, customer| seen ^ self.customers.touch(customer)));
    }

    /// Whether at least one merchant may see the customer while the app is not in use.
    ///
    /// # Errors
    /// [`Refusal::Background`] when all who may see them may not then.
    pub fn admit_in_background(&self, customer: CustomerNo, now: Timestamp) -> Result<(), Refusal> {
        let known = self.known(customer)?;
        let seeing = known.rows().iter().filter(|row| row.purpose == Purpose::Location);
        let mut seeing = seeing.filter(|row| row.effective().check(now).is_ok());
        let in_background = seeing.any(|row| {
            let background = known.row(row.merchant, Purpose::Background);
            background.is_some_and(|row| row.effective().check(now).is_ok())
        });
        if in_background { Ok(()) } else { Err(Refusal::Background) }
    }

    /// Whether one merchant may do one thing with one customer.
    ///
    /// Nothing is ever disclosed to others, whatever was granted.
    pub fn check(
        &self,
        customer: CustomerNo,
        merchant: MerchantNo,
        purpose: Purpose,
        now: Timestamp,
    ) -> Result<(), Refusal> {
        let known = self.known(customer)?;
        let row = known.row(merchant, purpose).ok_or(Refusal::NotGranted)?;
        row.effective().check(now)?;
        if purpose == Purpose::ThirdParty { Err(Refusal::NotGranted) } else { Ok(()) }
    }

    /// Whether a merchant may do something again because a pause of it has ended by itself.
    #[must_use]
    pub fn is_back_from_pause(
        &self,
        customer: CustomerNo,
        merchant: MerchantNo,
        purpose: Purpose,
        now: Timestamp,
    ) -> bool {
        let row = self.known(customer).ok().and_then(|known| known.row(merchant, purpose));
        row.is_some_and(|row| {
            matches!(row.effective(), ConsentState::Paused { .. }) && row.effective().check(now).is_ok()
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
        Ok(Consented::new(value, customer, self.stored_epoch(customer)))
    }

    /// The customer's epoch; the first when nothing is known.
    #[must_use]
    pub fn epoch(&self, customer: CustomerNo) -> Epoch {
        if self.open { self.stored_epoch(customer) } else { Epoch::default() }
    }

    /// The customer's epoch for storing, which the gate keeps while it is shut too.
    #[must_use]
    pub fn stored_epoch(&self, customer: CustomerNo) -> Epoch {
        self.customers.pass(customer).map_or(Epoch::default(), Pass::epoch)
    }

    /// Weighs an event and puts restrictions in force at once.
    ///
    /// The change must be recorded and then given to [`Gate::confirm`]. About the number of
    /// somebody who is gone nothing can be said any more: [`Effect::Erased`].
    pub fn weigh(
        &mut self,
        customer: CustomerNo,
        merchant: MerchantNo,
        event: &ConsentEvent,
        weighing: Weighing,
        now: Timestamp,
    ) -> Change {
        let erased_at = self.customers.erased_at(customer);
        let (policy, notices, n_applied) = (&self.policy, &mut self.notices, &mut self.n_applied);
        let weighed = self.customers.change_or_new(customer, |known| {
            let purpose = event.purpose;
            let before = Past { erased_at, ..known.past(merchant, purpose) };
            let (effect, state) = transition(before, event, weighing, policy, now);
            let mut order = 0;
            if effect == Effect::Applied {
                *n_applied += 1;
                order = *n_applied;
                let restricts = restricts(event.kind, before.state, state);
                let agreed_on = agreed_on(event).map(|name| notices.keep(name));
                let silences_until = event.silences_until(weighing.hearing, now);
                let row = known.row_or_new(merchant, purpose);
                row.apply(Applied { state, order, restricts, silences_until, agreed_on });
                known.epoch = if restricts { known.epoch.next() } else { known.epoch };
            }
            (effect, state, known.epoch, order)
        });
        let nobody = (Effect::Erased, ConsentState::Unknown, Epoch::default(), 0);
        let (effect, state, epoch, order) = weighed.unwrap_or(nobody);
        let missing = match effect {
            Effect::NoEvidence => event.missing(weighing.opt_in, now),
            Effect::Applied
            | Effect::LateGrant
            | Effect::NothingToChange
            | Effect::NotAttested
            | Effect::Erased => Missing::NOTHING,
        };
        Change { customer, merchant, purpose: event.purpose, effect, state, epoch, missing, order }
    }

    /// Puts a recorded change in force, unless a later one has overtaken it.
    pub fn confirm(&mut self, change: &Change) {
        if change.effect != Effect::Applied {
            return;
        }
        self.customers.change(change.customer, |known| {
            if let Some(row) = known.row_mut(change.merchant, change.purpose) {
                row.confirm(change.order);
            }
        });
    }

    /// What stands recorded of a customer once all that was weighed is durable, to be stored.
    pub fn rows(&self, customer: CustomerNo) -> impl Iterator<Item = RowView<'_>> {
        let rows = self.customers.get(customer).map_or(&[][..], Known::rows);
        rows.iter().map(RowView::of)
    }

    /// The pass of a customer whom nothing but their rows may keep out.
    fn pass(&self, customer: CustomerNo) -> Result<Pass, Refusal> {
        if !self.open {
            return Err(Refusal::Closed);
        }
        let pass = self.customers.pass(customer).ok_or(Refusal::UnknownCustomer)?;
        if self.policy.needs_home && pass.lacks_home() { Err(Refusal::NoJurisdiction) } else { Ok(pass) }
    }

    fn known(&self, customer: CustomerNo) -> Result<Known<'_>, Refusal> {
        self.pass(customer)?;
        let known = self.customers.get(customer).ok_or(Refusal::UnknownCustomer)?;
        if known.is_blocked() { Err(Refusal::Suppressed) } else { Ok(known) }
    }
}

#[cfg(test)]
mod tests;
