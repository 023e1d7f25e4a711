//! Where the gate keeps what it knows, by dense number.

use std::collections::BTreeMap;

use model::{CustomerNo, MerchantNo, Timestamp};

use super::pass::{Outlook, Pass};
use super::row::Row;
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
    /// When the former lives ended of those few who had one.
    erased_at: BTreeMap<CustomerNo, Timestamp>,
}

/// What is known of one customer.
#[derive(Debug, Default)]
pub(super) struct Customer {
    rows: Box<[Row]>,
    block: Option<Block>,
    has_home: bool,
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

    pub(super) fn get(&self, customer: CustomerNo) -> Option<&Customer> {
        self.pass(customer).and_then(|_| self.known.get(customer.slot())?.as_ref())
    }

    /// Changes what is known of a customer and how often they restricted something, if they are known.
    pub(super) fn change<R>(
        &mut self,
        customer: CustomerNo,
        change: impl FnOnce(&mut Customer, &mut Epoch) -> R,
    ) -> Option<R> {
        self.pass(customer)?;
        let (pass, known) = (&mut self.passes[customer.slot()], self.known[customer.slot()].as_mut()?);
        let mut epoch = pass.epoch();
        let answer = change(known, &mut epoch);
        pass.set_epoch(epoch);
        pass.issue(known.outlook(), known.block.is_none() && !known.has_home);
        Some(answer)
    }

    /// The same of a customer who may be new; `None` for the number of somebody who is gone.
    pub(super) fn change_or_new<R>(
        &mut self,
        customer: CustomerNo,
        change: impl FnOnce(&mut Customer, &mut Epoch) -> R,
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
        self.known[slot] = None;
    }

    /// When the life before this one ended, if there was one.
    pub(super) fn erased_at(&self, customer: CustomerNo) -> Option<Timestamp> {
        self.erased_at.get(&customer).copied()
    }

    pub(super) fn begin_anew(&mut self, customer: CustomerNo, erased_at: Timestamp) {
        if self.change_or_new(customer, |_, _| ()).is_some() {
            let latest = self.erased_at.entry(customer).or_insert(erased_at);
            *latest = erased_at.max(*latest);
        }
    }

    pub(super) fn n_slots(&self) -> usize {
        self.known.len()
    }

    /// Everybody whose slot is in a range.
    pub(super) fn among(
        &mut self,
        slots: std::ops::Range<usize>,
    ) -> impl Iterator<Item = (CustomerNo, &mut Customer)> {
        let (first, passes) = (slots.start, &self.passes);
        self.known[slots].iter_mut().enumerate().filter_map(move |(i, known)| {
            Some((number(first + i, passes[first + i].generation()), known.as_mut()?))
        })
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (CustomerNo, &Customer)> {
        let known = self.known.iter().zip(&self.passes).enumerate();
        known.filter_map(|(i, (known, pass))| Some((number(i, pass.generation()), known.as_ref()?)))
    }
}

fn number(slot: usize, generation: u32) -> CustomerNo {
    CustomerNo::new(u32::try_from(slot).expect("slots come from numbers, which are narrower"), generation)
}

impl Customer {
    pub(super) const fn rows(&self) -> &[Row] {
        &self.rows
    }

    /// The rows, to note in them what no answer of the front door depends on.
    pub(super) const fn rows_to_note_in(&mut self) -> &mut [Row] {
        &mut self.rows
    }

    pub(super) fn load(&mut self, rows: Box<[Row]>) {
        self.rows = rows;
    }

    pub(super) const fn block(&mut self, why: Option<Block>) {
        self.block = why;
    }

    pub(super) const fn is_blocked(&self) -> bool {
        self.block.is_some()
    }

    pub(super) const fn set_home(&mut self, is_known: bool) {
        self.has_home = is_known;
    }

    pub(super) fn row(&self, merchant: MerchantNo, purpose: Purpose) -> Option<&Row> {
        self.rows.iter().find(|row| row.merchant == merchant && row.purpose == purpose)
    }

    pub(super) fn row_mut(&mut self, merchant: MerchantNo, purpose: Purpose) -> Option<&mut Row> {
        self.rows.iter_mut().find(|row| row.merchant == merchant && row.purpose == purpose)
    }

    /// A row, which is new when nothing was ever said.
    pub(super) fn row_or_new(&mut self, merchant: MerchantNo, purpose: Purpose) -> &mut Row {
        let found = self.rows.iter().position(|row| row.merchant == merchant && row.purpose == purpose);
        let at = found.unwrap_or_else(|| {
            let mut rows = std::mem::take(&mut self.rows).into_vec();
            rows.reserve_exact(1);
            rows.push(Row::unknown(merchant, purpose));
            self.rows = rows.into_boxed_slice();
            self.rows.len() - 1
        });
        &mut self.rows[at]
    }

    /// What is known of one consent when an event about it comes.
    pub(super) fn past(&self, merchant: MerchantNo, purpose: Purpose) -> Past<'_> {
        self.row(merchant, purpose).map_or_else(Past::default, Row::past)
    }

    /// Whether at least one merchant may see them, by the rows alone.
    ///
    /// # Errors
    /// The first merchant's reason when none may.
    pub(super) fn look(&self, now: Timestamp) -> Result<(), Refusal> {
        let mut refusal = None;
        for row in self.rows.iter().filter(|row| row.purpose == Purpose::Location) {
            match row.effective().check(now) {
                Ok(()) => return Ok(()),
                Err(why) => refusal = refusal.or(Some(why)),
            }
        }
        Err(refusal.unwrap_or(Refusal::NotGranted))
    }

    fn outlook(&self) -> Outlook {
        if self.is_blocked() {
            return Outlook::refused(Refusal::Suppressed);
        }
        let seeing = self.rows.iter().filter(|row| row.purpose == Purpose::Location);
        Outlook::on(seeing.map(Row::effective))
    }
}
