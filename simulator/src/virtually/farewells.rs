//! Being forgotten: from the wish to the answer, and law `erased_is_gone`.

use engine::Farewell;
use ledger::Storage as _;
use model::{CustomerId, Timestamp};

use super::happening::Step;
use super::shell::{Died, Sent, Shell};

impl Shell<'_> {
    /// Somebody wants to be forgotten: so do all who remember, and what they said before is of no account.
    pub(crate) fn forget(&mut self, who: u32, now: Timestamp) {
        self.opinion.erase(who, now);
        self.laws.forget(who);
        self.gone.push(who);
        let is_theirs = |(_, sent): &(&u64, &Sent)| sent.message.who == who;
        self.past.extend(self.unsettled.iter().filter(is_theirs).map(|(ticket, _)| *ticket));
        let customer = &self.scene.people[who as usize].customer;
        self.early.retain(|event| event.customer != *customer);
    }

    /// Erases whoever asked for it, behind everything that was committed before; false when the disk
    /// wants to be asked again later.
    pub(crate) fn erase(&mut self, now: Timestamp) -> Result<bool, Died> {
        while let Some(farewell) = self.farewells.pop_front() {
            self.step(Step::Erasing)?;
            let Ok(erasure) = self.disk.erase(&farewell.customer, farewell.at) else {
                self.farewells.push_front(farewell);
                return Ok(false);
            };
            let Farewell { customer, at, .. } = &farewell;
            if let Some(who) = self.names.customer(customer.as_str()) {
                self.opinion.erased(who, *at);
            }
            self.step(Step::Erased)?;
            self.engine.handle_erased(&farewell, &erasure, now);
            if self.weather.erasures_are_slow {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Somebody was told that nothing of them is left.
    pub(crate) fn erasure_settled(&mut self, who: u32) {
        self.counts.n_erasures += 1;
        self.laws.erased(who);
        self.check_gone(who);
    }

    /// Nobody who was erased, and has not come back since, is to be found anywhere.
    pub(crate) fn check_all_gone(&mut self) {
        for who in self.laws.all_erased() {
            self.check_gone(who);
        }
    }

    fn check_gone(&mut self, who: u32) {
        let customer = &self.scene.people[who as usize].customer;
        if self.engine.erased_at(customer).is_none() {
            // They asked again meanwhile, or said yes to something new.
            return;
        }
        let n_entries = self.n_entries_of(customer);
        let is_gone =
            n_entries == 0 && self.disk.state(customer).is_none() && self.engine.state_of(customer).is_none();
        self.laws.hold(is_gone, "erased_is_gone", Some(who), || {
            format!("they were erased, and {n_entries} entries, a row or a memory of them is left")
        });
    }

    fn n_entries_of(&mut self, customer: &CustomerId) -> usize {
        let mut n_entries = 0;
        let read = self.disk.scan_entries(Some(customer), &mut |_| n_entries += 1);
        read.expect("memory can be read");
        n_entries
    }
}
