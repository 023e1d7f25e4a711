//! Where the gate keeps what it knows, by dense number.

use model::{CustomerNo, MerchantNo, Timestamp};

use super::row::Row;
use crate::transition::Past;
use crate::{Block, Epoch, Purpose};

/// Everybody, by the slot of their number.
#[derive(Debug, Default)]
pub(super) struct Customers {
    slots: Vec<Slot>,
}

/// Invariant: `known` is of this generation; numbers of older ones are of people who are gone.
#[derive(Debug, Default)]
struct Slot {
    generation: u32,
    known: Option<Customer>,
}

/// What is known of one customer.
#[derive(Debug)]
pub(super) struct Customer {
    pub(super) epoch: Epoch,
    pub(super) rows: Vec<Row>,
    pub(super) erased_at: Option<Timestamp>,
    pub(super) block: Option<Block>,
    pub(super) has_home: bool,
}

impl Customers {
    pub(super) fn get(&self, customer: CustomerNo) -> Option<&Customer> {
        let slot = self.slots.get(customer.slot())?;
        slot.known.as_ref().filter(|_| slot.generation == customer.generation())
    }

    pub(super) fn get_mut(&mut self, customer: CustomerNo) -> Option<&mut Customer> {
        let slot = self.slots.get_mut(customer.slot())?;
        slot.known.as_mut().filter(|_| slot.generation == customer.generation())
    }

    /// A customer who may be new; `None` for the number of somebody who is gone.
    pub(super) fn get_or_new(&mut self, customer: CustomerNo) -> Option<&mut Customer> {
        if self.slots.len() <= customer.slot() {
            self.slots.resize_with(customer.slot() + 1, Slot::default);
        }
        let slot = &mut self.slots[customer.slot()];
        if customer.generation() < slot.generation {
            return None;
        }
        if slot.generation < customer.generation() {
            *slot = Slot { generation: customer.generation(), known: None };
        }
        Some(slot.known.get_or_insert_with(Customer::new))
    }

    /// Forgets a customer; their number means nobody from here on.
    pub(super) fn forget(&mut self, customer: CustomerNo) {
        let slot = self.slots.get_mut(customer.slot());
        if let Some(slot) = slot.filter(|slot| slot.generation == customer.generation()) {
            *slot = Slot { generation: customer.generation().saturating_add(1), known: None };
        }
    }

    pub(super) fn n_slots(&self) -> usize {
        self.slots.len()
    }

    /// Everybody whose slot is in a range.
    pub(super) fn among(
        &mut self,
        slots: std::ops::Range<usize>,
    ) -> impl Iterator<Item = (CustomerNo, &mut Customer)> {
        let first = slots.start;
        self.slots[slots]
            .iter_mut()
            .enumerate()
            .filter_map(move |(i, slot)| Some((number(first + i, slot.generation), slot.known.as_mut()?)))
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (CustomerNo, &Customer)> {
        self.slots
            .iter()
            .enumerate()
            .filter_map(|(i, slot)| Some((number(i, slot.generation), slot.known.as_ref()?)))
    }
}

fn number(slot: usize, generation: u32) -> CustomerNo {
    CustomerNo::new(u32::try_from(slot).expect("slots come from numbers, which are narrower"), generation)
}

impl Customer {
    const fn new() -> Self {
        Self { epoch: Epoch(0), rows: Vec::new(), erased_at: None, block: None, has_home: false }
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
            self.rows.push(Row::unknown(merchant, purpose));
            self.rows.len() - 1
        });
        &mut self.rows[at]
    }

    /// What is known of one consent when an event about it comes.
    pub(super) fn past(&self, merchant: MerchantNo, purpose: Purpose) -> Past<'_> {
        let past = self.row(merchant, purpose).map_or_else(Past::default, Row::past);
        Past { erased_at: self.erased_at, ..past }
    }
}
