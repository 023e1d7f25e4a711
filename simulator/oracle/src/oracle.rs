//! The rules joined: what happens goes in, what must have become of it comes out.

use crate::{Consent, Effect, Fence, Fix, Leaving, Offer, Purpose, Restored, Rules, Said, Told};

/// What must become of everything that it is told, in the order in which the engine handles it.
#[derive(Debug)]
pub struct Oracle {
    told: Vec<Told>,
}

impl Oracle {
    /// An oracle that knows nobody, with fences and offers by number.
    #[must_use]
    pub fn new(fences: Vec<Fence>, offers: Vec<Offer>, rules: Rules) -> Self {
        let _ = (fences, offers, rules);
        Self { told: Vec::new() }
    }

    /// A customer's word on one purpose of one merchant: what it takes away holds at once, what it
    /// gives once [`Oracle::committed`] follows [`Oracle::stage`].
    pub fn consent(
        &mut self,
        customer: u32,
        merchant: u32,
        purpose: Purpose,
        consent: &Consent,
        now_ms: i64,
    ) -> Effect {
        let _ = (customer, merchant, purpose, consent, now_ms);
        Effect::Applied
    }

    /// One message of fixes from one phone.
    pub fn message(&mut self, customer: u32, device: u32, fixes: &[Fix], now_ms: i64) {
        let _ = (customer, device, fixes, now_ms);
    }

    /// Time passes: every timer due by now fires, the earliest first.
    pub fn time(&mut self, now_ms: i64) {
        let _ = now_ms;
    }

    /// The engine was asked what to record, and nothing it gave out before is on its way: candidates
    /// in line get their verdicts, and all that was said up to here is written down.
    pub fn stage(&mut self, now_ms: i64) {
        let _ = now_ms;
    }

    /// What was staged is durable: grants are in force.
    pub fn committed(&mut self, now_ms: i64) {
        let _ = now_ms;
    }

    /// An operator's edit: all fences from now on, by number; `None` where none is any more. A fence
    /// keeps its number for ever, and one that is put back has the number that it had.
    pub fn fences(&mut self, fences: Vec<Option<Fence>>, now_ms: i64) {
        let _ = (fences, now_ms);
    }

    /// The instant at which the next timer is due.
    #[must_use]
    pub fn next_timer_ms(&self) -> Option<i64> {
        None
    }

    /// Whether a decided offer that is durable may be published now, and if not, why not.
    ///
    /// # Errors
    /// How it leaves the outbox instead; tell [`Oracle::left`].
    pub fn may_send(&self, said: &Said, now_ms: i64) -> Result<(), Leaving> {
        let _ = (said, now_ms);
        Ok(())
    }

    /// A decided offer left the outbox; one that expired or was refused gives its count back.
    pub fn left(&mut self, said: &Said, leaving: Leaving, now_ms: i64) {
        let _ = (said, leaving, now_ms);
    }

    /// The engine starts again after a crash, with what its storage gave back.
    ///
    /// Says in sentences what was lost though it had been acknowledged or sent, then goes on from
    /// what was given back.
    pub fn restart(&mut self, restored: &Restored, now_ms: i64) -> Vec<String> {
        let _ = (restored, now_ms);
        Vec::new()
    }

    /// Takes what must have happened since it was last asked, in order.
    pub fn told(&mut self) -> Vec<Told> {
        std::mem::take(&mut self.told)
    }
}
