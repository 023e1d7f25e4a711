//! Names to dense numbers, once a message.

mod names;
mod phones;

use std::collections::HashMap;
use std::hash::{BuildHasher as _, BuildHasherDefault, DefaultHasher};

use model::{CustomerId, CustomerNo, DeviceId, DeviceNo, MerchantId, MerchantNo};

use names::Names;
use phones::{Phone, Phones};

/// A hasher without chance: the same seed must tell the same story.
type Fixed = BuildHasherDefault<DefaultHasher>;

/// Every customer of whom consent is known, their phones, and every merchant.
#[derive(Debug, Default)]
pub(crate) struct People {
    names: Names,
    phones: Phones,
    devices: Vec<Slot<Device>>,
    free_devices: Vec<u32>,
    merchant_no_of: HashMap<MerchantId, MerchantNo, Fixed>,
    merchants: Vec<MerchantId>,
}

/// A place that passes from one to another; a number holds as long as its generation does.
#[derive(Debug)]
struct Slot<T> {
    generation: u32,
    /// `None` while nobody has it.
    of: Option<T>,
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
        self.names.find(customer)
    }

    /// Appends the numbers of many who are named, in order; see [`Names::find_all`].
    pub(crate) fn find_all<'a, T>(
        &self,
        named: &'a [T],
        name: impl Fn(&'a T) -> &'a str,
        found: &mut Vec<Option<CustomerNo>>,
    ) {
        self.names.find_all(named, name, found);
    }

    pub(crate) fn customer_no(&mut self, id: &CustomerId) -> CustomerNo {
        self.names.no_of(id)
    }

    /// Forgets a customer and answers which phones they had; their numbers mean nobody from now on.
    pub(crate) fn forget(&mut self, no: CustomerNo) -> Vec<DeviceNo> {
        if !self.names.forget(no) {
            return Vec::new();
        }
        let gone = self.phones.take(no);
        for device in &gone {
            let slot = &mut self.devices[device.slot()];
            (slot.of, slot.generation) = (None, slot.generation + 1);
            self.free_devices.push(device.slot() as u32);
        }
        gone
    }

    /// The number of a phone; `None` when the customer has too many already.
    pub(crate) fn device_no(
        &mut self,
        customer: CustomerNo,
        device: &str,
        devices_max: usize,
    ) -> Option<DeviceNo> {
        let id_hash = Fixed::default().hash_one(device);
        let first = self.phones.of(customer).and_then(|own| own.first);
        // Equal hashes of two phones of one customer would merge the two: once in 10^18 customers.
        if let Some(phone) = first.filter(|phone| phone.id_hash == id_hash) {
            return Some(phone.no);
        }
        let known = self.devices_of(customer);
        if let Some(&no) = known.iter().find(|no| self.device(**no).as_str() == device) {
            return Some(no);
        }
        if devices_max <= known.len() {
            return None;
        }
        let id = DeviceId::new(device).ok()?;
        let device = Device { id, customer };
        let (slot, generation) = settle(&mut self.devices, &mut self.free_devices, device);
        let no = DeviceNo::new(slot, generation);
        let own = self.phones.of_or_new(customer);
        own.first.get_or_insert(Phone { no, id_hash });
        own.all.push(no);
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

    pub(crate) fn customer(&self, no: CustomerNo) -> CustomerId {
        let name = self.names.name(no).expect("a customer with a number is known");
        CustomerId::new(name).expect("it was an id when it was kept")
    }

    pub(crate) fn devices_of(&self, no: CustomerNo) -> &[DeviceNo] {
        self.phones.of(no).map_or(&[], |own| &own.all)
    }

    pub(crate) fn device(&self, no: DeviceNo) -> &DeviceId {
        &self.phone(no).id
    }

    pub(crate) fn owner(&self, no: DeviceNo) -> CustomerNo {
        self.phone(no).customer
    }

    /// Whether a phone's number still means anybody's.
    pub(crate) fn knows(&self, no: DeviceNo) -> bool {
        self.devices[no.slot()].generation == no.generation()
    }

    pub(crate) fn n_customers(&self) -> usize {
        self.names.n_customers()
    }

    fn phone(&self, no: DeviceNo) -> &Device {
        let slot = &self.devices[no.slot()];
        slot.of
            .as_ref()
            .filter(|_| slot.generation == no.generation())
            .expect("a phone with a number is known")
    }
}

/// Finds somebody a place: the slot and its generation.
fn settle<T>(slots: &mut Vec<Slot<T>>, free: &mut Vec<u32>, newcomer: T) -> (u32, u32) {
    if let Some(slot) = free.pop() {
        let place = &mut slots[slot as usize];
        place.of = Some(newcomer);
        return (slot, place.generation);
    }
    slots.push(Slot { generation: 0, of: Some(newcomer) });
    (slots.len() as u32 - 1, 0)
}
