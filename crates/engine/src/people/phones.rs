//! Which phones a customer has been seen with.

use model::{CustomerNo, DeviceNo};

/// Customers in one page.
const N_CUSTOMERS: usize = 256;

/// The phones of all customers, in pages that are made when somebody of them is first seen: nobody who
/// never was takes any room.
#[derive(Debug, Default)]
pub(crate) struct Phones(Vec<Option<Box<[Own; N_CUSTOMERS]>>>);

/// One customer's phones.
#[derive(Debug, Default)]
pub(crate) struct Own {
    /// Of the customer's number: those of somebody who had the slot before are not theirs.
    generation: u32,
    /// The phone seen first, most often the only one, where a look-up finds it without a further load.
    pub(crate) first: Option<Phone>,
    pub(crate) all: Vec<DeviceNo>,
}

#[derive(Clone, Copy, Debug)]
pub(crate) struct Phone {
    pub(crate) no: DeviceNo,
    pub(crate) id_hash: u64,
}

impl Phones {
    pub(crate) fn of(&self, customer: CustomerNo) -> Option<&Own> {
        let page = self.0.get(customer.slot() / N_CUSTOMERS)?.as_ref()?;
        let own = &page[customer.slot() % N_CUSTOMERS];
        (own.generation == customer.generation()).then_some(own)
    }

    /// The phones of a customer, who may be new.
    ///
    /// # Panics
    /// With the number of somebody who is gone and whose slot another has.
    pub(crate) fn of_or_new(&mut self, customer: CustomerNo) -> &mut Own {
        let page = customer.slot() / N_CUSTOMERS;
        if self.0.len() <= page {
            self.0.resize_with(page + 1, || None);
        }
        let page = self.0[page].get_or_insert_with(|| Box::new(std::array::from_fn(|_| Own::default())));
        let own = &mut page[customer.slot() % N_CUSTOMERS];
        assert!(own.generation <= customer.generation(), "a customer with a number is known");
        if own.generation < customer.generation() {
            *own = Own { generation: customer.generation(), ..Own::default() };
        }
        own
    }

    /// Takes all of a customer's phones away.
    pub(crate) fn take(&mut self, customer: CustomerNo) -> Vec<DeviceNo> {
        if self.of(customer).is_none() {
            return Vec::new();
        }
        std::mem::take(self.of_or_new(customer)).all
    }
}
