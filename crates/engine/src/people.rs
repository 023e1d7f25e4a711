//! Names to dense numbers, once a message.

use std::collections::HashMap;
use std::hash::{BuildHasher as _, BuildHasherDefault, DefaultHasher};

use model::{CustomerId, CustomerNo, DeviceId, DeviceNo, MerchantId, MerchantNo};

/// A hasher without chance: the same seed must tell the same story.
type Fixed = BuildHasherDefault<DefaultHasher>;

/// Every customer of whom consent is known, their phones, and every merchant.
#[derive(Debug, Default)]
pub(crate) struct People {
    no_of: HashMap<CustomerId, CustomerNo, Fixed>,
    customers: Vec<Customer>,
    devices: Vec<Device>,
    merchant_no_of: HashMap<MerchantId, MerchantNo, Fixed>,
    merchants: Vec<MerchantId>,
}

#[derive(Debug)]
struct Customer {
    id: CustomerId,
    /// The phone seen first, most often the only one, where a look-up finds it without a further load.
    first: Option<Phone>,
    devices: Vec<DeviceNo>,
}

#[derive(Clone, Copy, Debug)]
struct Phone {
    no: DeviceNo,
    id_hash: u64,
}

#[derive(Debug)]
struct Device {
    id: DeviceId,
    customer: CustomerNo,
}

/// More merchants than this in one engine is a mistake or an attack.
const MERCHANTS_MAX: usize = 16 << 20;

impl People {
    pub(crate) fn find(&self, customer: &str) -> Option<CustomerNo> {
        self.no_of.get(customer).copied()
    }

    pub(crate) fn customer_no(&mut self, id: &CustomerId) -> CustomerNo {
        if let Some(&no) = self.no_of.get(id) {
            return no;
        }
        let no = CustomerNo::new(self.customers.len() as u32, 0);
        self.customers.push(Customer { id: id.clone(), first: None, devices: Vec::new() });
        self.no_of.insert(id.clone(), no);
        no
    }

    /// The number of a phone; `None` when the customer has too many already.
    pub(crate) fn device_no(
        &mut self,
        customer: CustomerNo,
        device: &str,
        devices_max: usize,
    ) -> Option<DeviceNo> {
        let id_hash = Fixed::default().hash_one(device);
        let known = &self.customers[customer.slot()];
        // Equal hashes of two phones of one customer would merge the two: once in 10^18 customers.
        if let Some(phone) = known.first.filter(|phone| phone.id_hash == id_hash) {
            return Some(phone.no);
        }
        if let Some(&no) = known.devices.iter().find(|no| self.devices[no.slot()].id.as_str() == device) {
            return Some(no);
        }
        if devices_max <= known.devices.len() {
            return None;
        }
        let id = DeviceId::new(device).ok()?;
        let no = DeviceNo::new(self.devices.len() as u32, 0);
        self.devices.push(Device { id, customer });
        let known = &mut self.customers[customer.slot()];
        known.first.get_or_insert(Phone { no, id_hash });
        known.devices.push(no);
        Some(no)
    }

    /// The number of a merchant; `None` when there are too many already.
    pub(crate) fn merchant_no(&mut self, id: &MerchantId) -> Option<MerchantNo> {
        if let Some(&no) = self.merchant_no_of.get(id) {
            return Some(no);
        }
        if MERCHANTS_MAX <= self.merchants.len() {
            return None;
        }
        let no = MerchantNo(self.merchants.len() as u32);
        self.merchants.push(id.clone());
        self.merchant_no_of.insert(id.clone(), no);
        Some(no)
    }

    pub(crate) fn find_merchant(&self, id: &MerchantId) -> Option<MerchantNo> {
        self.merchant_no_of.get(id).copied()
    }

    pub(crate) fn merchant(&self, no: MerchantNo) -> &MerchantId {
        &self.merchants[no.0 as usize]
    }

    pub(crate) fn customer(&self, no: CustomerNo) -> &CustomerId {
        &self.customers[no.slot()].id
    }

    pub(crate) fn devices_of(&self, no: CustomerNo) -> &[DeviceNo] {
        &self.customers[no.slot()].devices
    }

    pub(crate) fn device(&self, no: DeviceNo) -> &DeviceId {
        &self.devices[no.slot()].id
    }

    pub(crate) fn owner(&self, no: DeviceNo) -> CustomerNo {
        self.devices[no.slot()].customer
    }

    pub(crate) fn n_customers(&self) -> usize {
        self.customers.len()
    }
}
