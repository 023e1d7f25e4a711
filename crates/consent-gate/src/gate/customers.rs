//! Where the gate keeps what it knows, by dense number.

use std::collections::BTreeMap;
use std::ops::Range;

use model::{CustomerNo, MerchantNo, Timestamp};

use super::pass::{Outlook, Pass};
use super::row::Row;
use super::runs::{Run, Runs};
use crate::transition::Past;
use crate::{Block, Epoch, Purpose, Refusal};

/// Everybody, by the slot of their number.
///
/// Invariant: each pass says what is known of its customer; numbers of older generations than its own are
/// of people who are gone.
#[derive(Debug, Default)]
pub(super) struct Customers {
    /// All that the front door reads.
    passes: Vec<Pass>,
    known: Vec<Option<Customer>>,
    runs: Runs,
    /// When the former lives ended of those few who had one.
    erased_at: BTreeMap<CustomerNo, Timestamp>,
}

/// What is known of one customer.
#[derive(Debug, Default)]
struct Customer {
    rows: Run,
    block: Option<Block>,
    has_home: bool,
}

/// What is known of one customer, to look at.
#[derive(Clone, Copy, Debug)]
pub(super) struct Known<'a> {
    rows: &'a [Row],
    is_blocked: bool,
}

/// What is known of one customer, to change.
#[derive(Debug)]
pub(super) struct Changing<'a> {
    customer: &'a mut Customer,
    runs: &'a mut Runs,
    pub(super) epoch: Epoch,
}

impl Customers {
    /// What the front door answers about a customer; `None` for the number of somebody who is gone.
    pub(super) fn pass(&self, customer: CustomerNo) -> Option<Pass> {
        self.passes.get(customer.slot()).copied().filter(|pass| pass.is_of(customer))
    }

    /// Something of a customer's pass, to have it near.
    pub(super) fn touch(&self, customer: CustomerNo) -> u32 {
        self.passes.get(customer.slot()).map_or(0, |pass| pass.generation())
    }

    pub(super) fn get(&self, customer: CustomerNo) -> Option<Known<'_>> {
        self.pass(customer)?;
        self.known.get(customer.slot())?.as_ref().map(|known| known.in_view(&self.runs))
    }

    /// Changes what is known of a customer, if they are known, and issues another pass.
    pub(super) fn change<R>(
        &mut self,
        customer: CustomerNo,
        change: impl FnOnce(&mut Changing<'_>) -> R,
    ) -> Option<R> {
        self.pass(customer)?;
        let (pass, known) = (&mut self.passes[customer.slot()], self.known[customer.slot()].as_mut()?);
        let mut changing = Changing { customer: known, runs: &mut self.runs, epoch: pass.epoch() };
        let answer = change(&mut changing);
        pass.set_epoch(changing.epoch);
        pass.issue(known.in_view(&self.runs).outlook(), known.block.is_none() && !known.has_home);
        Some(answer)
    }

    /// The same of a customer who may be new; `None` for the number of somebody who is gone.
    pub(super) fn change_or_new<R>(
        &mut self,
        customer: CustomerNo,
        change: impl FnOnce(&mut Changing<'_>) -> R,
    ) -> Option<R> {
        let (slot, generation) = (customer.slot(), customer.generation());
        if self.passes.len() <= slot {
            self.passes.resize(slot + 1, Pass::of_nobody(0));
            self.known.resize_with(slot + 1, || None);
        }
        let before = self.passes[slot].generation();
        if generation < before {
            return None;
        }
        if before < generation {
            self.empty(slot, generation);
        }
        self.known[slot].get_or_insert_default();
        self.change(customer, change)
    }

    /// Forgets a customer; their number means nobody from here on.
    pub(super) fn forget(&mut self, customer: CustomerNo) {
        if self.pass(customer).is_some() {
            self.empty(customer.slot(), customer.generation().saturating_add(1));
        }
    }

    /// Makes room for the next generation of a slot.
    fn empty(&mut self, slot: usize, generation: u32) {
        self.erased_at.remove(&number(slot, self.passes[slot].generation()));
        self.passes[slot] = Pass::of_nobody(generation);
        if let Some(mut known) = self.known[slot].take() {
            self.runs.take(&mut known.rows);
        }
    }

    /// When the life before this one ended, if there was one.
    pub(super) fn erased_at(&self, customer: CustomerNo) -> Option<Timestamp> {
        self.erased_at.get(&customer).copied()
    }

    pub(super) fn begin_anew(&mut self, customer: CustomerNo, erased_at: Timestamp) {
        if self.change_or_new(customer, |_| ()).is_some() {
            let latest = self.erased_at.entry(customer).or_insert(erased_at);
            *latest = erased_at.max(*latest);
        }
    }

    pub(super) fn n_slots(&self) -> usize {
        self.known.len()
    }

    /// Shows the rows of everybody whose slot is in a range and who is not blocked, to note in them what
    /// no answer of the front door depends on.
    pub(super) fn note_in(&mut self, slots: Range<usize>, mut note: impl FnMut(CustomerNo, &mut [Row])) {
        for slot in slots {
            let number = number(slot, self.passes[slot].generation());
            if let Some(known) = self.known[slot].as_ref().filter(|known| known.block.is_none()) {
                note(number, self.runs.of_mut(&known.rows));
            }
        }
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (CustomerNo, &[Row])> {
        let known = self.known.iter().zip(&self.passes).enumerate();
        known.filter_map(|(i, (known, pass))| {
            Some((number(i, pass.generation()), self.runs.of(&known.as_ref()?.rows)))
        })
    }
}

fn number(slot: usize, generation: u32) -> CustomerNo {
    CustomerNo::new(u32::try_from(slot).expect("slots come from numbers, which are narrower"), generation)
}

impl Customer {
    fn in_view<'a>(&self, runs: &'a Runs) -> Known<'a> {
        Known { rows: runs.of(&self.rows), is_blocked: self.block.is_some() }
    }
}

impl<'a> Known<'a> {
    pub(super) const fn rows(self) -> &'a [Row] {
        self.rows
    }

    pub(super) const fn is_blocked(self) -> bool {
        self.is_blocked
    }

    pub(super) fn row(self, merchant: MerchantNo, purpose: Purpose) -> Option<&'a Row> {
        self.rows.iter().find(|row| row.is_about(merchant, purpose))
    }

    /// Whether at least one merchant may see them, by the rows alone.
    ///
    /// # Errors
    /// The first merchant's reason when none may.
    pub(super) fn look(self, now: Timestamp) -> Result<(), Refusal> {
        let mut refusal = None;
        for row in self.rows.iter().filter(|row| row.purpose == Purpose::Location) {
            match row.effective().check(now) {
                Ok(()) => return Ok(()),
                Err(why) => refusal = refusal.or(Some(why)),
            }
        }
        Err(refusal.unwrap_or(Refusal::NotGranted))
    }

    fn outlook(self) -> Outlook {
        if self.is_blocked {
            return Outlook::refused(Refusal::Suppressed);
        }
        let seeing = self.rows.iter().filter(|row| row.purpose == Purpose::Location);
        Outlook::on(seeing.map(Row::effective))
    }
}

impl Changing<'_> {
    pub(super) fn load(&mut self, rows: Vec<Row>) {
        self.runs.take(&mut self.customer.rows);
        self.customer.rows = self.runs.put(rows);
    }

    pub(super) const fn block(&mut self, why: Option<Block>) {
        self.customer.block = why;
    }

    pub(super) const fn set_home(&mut self, is_known: bool) {
        self.customer.has_home = is_known;
    }

    /// What is known of one consent when an event about it comes.
    pub(super) fn past(&self, merchant: MerchantNo, purpose: Purpose) -> Past<'_> {
        let row = self.runs.of(&self.customer.rows).iter().find(|row| row.is_about(merchant, purpose));
        row.map_or_else(Past::default, Row::past)
    }

    pub(super) fn row_mut(&mut self, merchant: MerchantNo, purpose: Purpose) -> Option<&mut Row> {
        self.runs.of_mut(&self.customer.rows).iter_mut().find(|row| row.is_about(merchant, purpose))
    }

    /// A row, which is new when nothing was ever said.
    pub(super) fn row_or_new(&mut self, merchant: MerchantNo, purpose: Purpose) -> &mut Row {
        let rows = self.runs.of(&self.customer.rows);
        let at = rows.iter().position(|row| row.is_about(merchant, purpose)).unwrap_or_else(|| {
            let mut rows = self.runs.take(&mut self.customer.rows);
            rows.push(Row::unknown(merchant, purpose));
            self.customer.rows = self.runs.put(rows);
            usize::from(self.customer.rows.len()) - 1
        });
        &mut self.runs.of_mut(&self.customer.rows)[at]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_known_of_somebody_besides_their_rows_and_their_pass_takes_12_bytes() {
        assert_eq!(size_of::<Option<Customer>>(), 12);
    }
}
