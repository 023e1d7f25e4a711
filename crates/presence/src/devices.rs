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
