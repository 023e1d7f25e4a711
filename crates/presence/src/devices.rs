//! The records of all devices.

use model::DeviceNo;

use crate::device::Device;

/// Records in one page: 64 KiB.
const N_RECORDS: usize = 1_024;

type Page = [Device; N_RECORDS];

/// A record for every slot, in pages: one more device never moves those that there are, and a million
/// take no more room than their records.
///
/// A slot that nobody has taken holds the record of a device of which nothing is known.
#[derive(Debug, Default)]
pub(crate) struct Devices(Vec<Box<Page>>);

impl Devices {
    pub(crate) fn n_slots(&self) -> usize {
        self.0.len() * N_RECORDS
    }

    pub(crate) fn at(&self, slot: usize) -> Option<&Device> {
        self.0.get(slot / N_RECORDS).map(|page| &page[slot % N_RECORDS])
    }

    pub(crate) fn at_mut(&mut self, slot: usize) -> Option<&mut Device> {
        self.0.get_mut(slot / N_RECORDS).map(|page| &mut page[slot % N_RECORDS])
    }

    /// The record of a device, unless its slot has passed to another.
    pub(crate) fn known(&self, device: DeviceNo) -> Option<&Device> {
        self.at(device.slot()).filter(|known| known.generation == device.generation())
    }

    pub(crate) fn known_mut(&mut self, device: DeviceNo) -> Option<&mut Device> {
        self.at_mut(device.slot()).filter(|known| known.generation == device.generation())
    }

    /// The record at a slot, which is made when there is none.
    pub(crate) fn place(&mut self, slot: usize) -> &mut Device {
        let (page, record) = (slot / N_RECORDS, slot % N_RECORDS);
        if self.0.len() <= page {
            self.0.resize_with(page + 1, || Box::new(std::array::from_fn(|_| Device::new(0))));
        }
        &mut self.0[page][record]
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &Device> {
        self.0.iter().flat_map(|page| page.iter())
    }

    pub(crate) fn iter_mut(&mut self) -> impl Iterator<Item = &mut Device> {
        self.0.iter_mut().flat_map(|page| page.iter_mut())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_slot_has_a_record_of_its_own() {
        let mut devices = Devices::default();
        let slots = [0, 1, N_RECORDS - 1, N_RECORDS, 2 * N_RECORDS + 1, 7 * N_RECORDS - 1];
        for (slot, generation) in slots.into_iter().zip(10..) {
            devices.place(slot).generation = generation;
        }
        for (slot, generation) in slots.into_iter().zip(10..) {
            assert_eq!(devices.at(slot).map(|known| known.generation), Some(generation));
            assert_eq!(devices.at_mut(slot).map(|known| known.generation), Some(generation));
            let [known, other] = [0, 1].map(|more| DeviceNo::new(slot as u32, generation + more));
            assert!(devices.known(known).is_some() && devices.known_mut(known).is_some());
            assert!(devices.known(other).is_none() && devices.known_mut(other).is_none());
        }
        assert_eq!(devices.n_slots(), 7 * N_RECORDS);
        assert!(devices.at(devices.n_slots()).is_none());
        assert_eq!(devices.iter().filter(|known| 10 <= known.generation).count(), slots.len());
        assert_eq!((devices.iter().count(), devices.iter_mut().count()), (7 * N_RECORDS, 7 * N_RECORDS));
    }
}
