//! Who was erased, in a file that only grows: what a restored backup is held against.
//!
//! A tombstone is written and synced before anything is destroyed. From then on the erasure is decided:
//! whoever opens the directory finishes it first. The file is apart from both databases, so that an older
//! copy of either cannot bring anybody back.

use std::fs::{self, File};
use std::io;
use std::os::unix::fs::FileExt;
use std::path::Path;

use ledger::{CustomerHash, KeyId, sealed_hash};
use model::{N_PARTITIONS, Partition, Timestamp};

use crate::directory::{Directory, Part, private_file};
use crate::error::OpenError;
use crate::heads::Instance;

const MAGIC: &[u8; 16] = b"stile tombs v1\n\n";
/// Bytes of the header, and of each record after it.
const RECORD_LEN: usize = 64;
const CHECK_AT: usize = 48;

type Record = [u8; RECORD_LEN];

/// The decision to erase somebody.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Tombstone {
    pub(crate) customer: CustomerHash,
    pub(crate) partition: Partition,
    pub(crate) at: Timestamp,
    /// The key to destroy; without one there was none.
    pub(crate) key: Option<KeyId>,
}

/// The file, open for writing, and all that stands in it.
pub(crate) struct Tombstones {
    file: File,
    instance: Instance,
    stones: Vec<Tombstone>,
}

impl Tombstones {
    /// Makes the file of a new ledger; it appears whole or not at all.
    pub(crate) fn create(directory: &Directory, instance: Instance) -> Result<Self, OpenError> {
        let path = directory.file(Part::Tombstones);
        let half = path.with_extension("new");
        let create = || {
            let file = private_file(&half, true)?;
            file.set_len(0)?;
            file.write_all_at(&header(&instance), 0)?;
            file.sync_all()?;
            fs::rename(&half, &path)?;
            Ok(Self { file, instance, stones: Vec::new() })
        };
        let tombstones = create().map_err(OpenError::io(&path))?;
        directory.sync()?;
        Ok(tombstones)
    }

    /// Opens the file, and cuts off what a crash left half written: it was never acknowledged.
    pub(crate) fn open(directory: &Directory, instance: Instance) -> Result<Self, OpenError> {
        let path = directory.file(Part::Tombstones);
        let stones = read(directory, instance)?;
        let file = private_file(&path, false).map_err(OpenError::io(&path))?;
        let tombstones = Self { file, instance, stones };
        let cut = || {
            if tombstones.end() < tombstones.file.metadata()?.len() {
                tombstones.file.set_len(tombstones.end())?;
                tombstones.file.sync_all()?;
            }
            Ok(())
        };
        cut().map_err(OpenError::io(&path))?;
        Ok(tombstones)
    }

    /// All of them, oldest first.
    pub(crate) fn all(&self) -> &[Tombstone] {
        &self.stones
    }

    /// The latest one of a customer.
    pub(crate) fn last_of(&self, customer: CustomerHash) -> Option<&Tombstone> {
        self.stones.iter().rfind(|stone| stone.customer == customer)
    }

    /// Whether a customer was erased at an instant.
    pub(crate) fn has(&self, customer: CustomerHash, at: Timestamp) -> bool {
        self.stones.iter().any(|stone| stone.customer == customer && stone.at == at)
    }

    /// Adds one, durable on return; after a failed sync nobody knows whether it is there.
    pub(crate) fn add(&mut self, stone: Tombstone) -> Result<(), NotAdded> {
        let record = record(&stone, &self.instance, self.stones.len());
        self.file.write_all_at(&record, self.end()).map_err(NotAdded::Io)?;
        self.file.sync_all().map_err(NotAdded::Suspect)?;
        self.stones.push(stone);
        Ok(())
    }

    fn end(&self) -> u64 {
        (RECORD_LEN * (1 + self.stones.len())) as u64
    }
}

/// Why a tombstone was not added.
pub(crate) enum NotAdded {
    /// It is not there.
    Io(io::Error),
    /// It may be.
    Suspect(io::Error),
}

impl NotAdded {
    pub(crate) fn into_io(self) -> io::Error {
        match self {
            Self::Io(error) | Self::Suspect(error) => error,
        }
    }
}

/// The tombstones of a ledger, oldest first, without what a crash left half written at the end.
pub(crate) fn read(directory: &Directory, instance: Instance) -> Result<Vec<Tombstone>, OpenError> {
    read_file(&directory.file(Part::Tombstones), instance)
}

/// The same of a file that lies anywhere.
pub(crate) fn read_file(path: &Path, instance: Instance) -> Result<Vec<Tombstone>, OpenError> {
    let bytes = fs::read(path).map_err(OpenError::io(path))?;
    let (dir, part) = (path.parent().unwrap_or(path).to_path_buf(), Part::Tombstones);
    let (found, stones) = match parse(&bytes) {
        Ok(parsed) => parsed,
        Err(reason) => return Err(OpenError::Damaged { dir, part, reason: reason.into() }),
    };
    if found == instance { Ok(stones) } else { Err(OpenError::OtherInstance { dir, part }) }
}

fn parse(bytes: &[u8]) -> Result<(Instance, Vec<Tombstone>), &'static str> {
    let instance = bytes.get(16..32).and_then(|bytes| bytes.try_into().ok());
    let instance: Instance = instance.ok_or("its header is not whole")?;
    if bytes.get(..RECORD_LEN) != Some(header(&instance).as_slice()) {
        return Err("its header is not what was written there");
    }
    let records = bytes.chunks_exact(RECORD_LEN).skip(1);
    let mut stones: Vec<_> = records.enumerate().map(|(no, bytes)| stone(bytes, &instance, no)).collect();
    // A file grows before its last record is there: what does not hold at the end was never finished.
    while stones.pop_if(|last| last.is_none()).is_some() {}
    let stones: Option<Vec<_>> = stones.into_iter().collect();
    Ok((instance, stones.ok_or("a tombstone is not what was written there")?))
}

fn header(instance: &Instance) -> Record {
    let mut header = [0; RECORD_LEN];
    header[..16].copy_from_slice(MAGIC);
    header[16..32].copy_from_slice(instance);
    let check = sealed_hash(&header[..32]);
    header[32..].copy_from_slice(&check);
    header
}

fn record(stone: &Tombstone, instance: &Instance, no: usize) -> Record {
    let mut record = [0; RECORD_LEN];
    record[..16].copy_from_slice(stone.customer.bytes());
    record[16..18].copy_from_slice(&stone.partition.no().to_le_bytes());
    record[24..32].copy_from_slice(&stone.at.unix_ms().to_le_bytes());
    if let Some(key) = &stone.key {
        record[18] = 1;
        record[32..CHECK_AT].copy_from_slice(key.bytes());
    }
    let check = check(&record, instance, no);
    record[CHECK_AT..].copy_from_slice(&check);
    record
}

/// Its place in the file is part of it, so that no record can stand for another.
fn check(record: &[u8], instance: &Instance, no: usize) -> [u8; 16] {
    let mut hasher = blake3::Hasher::new_derive_key("stile tombstone v1");
    hasher.update(instance).update(&(no as u64).to_le_bytes()).update(&record[..CHECK_AT]);
    let mut check = [0; 16];
    hasher.finalize_xof().fill(&mut check);
    check
}

fn stone(bytes: &[u8], instance: &Instance, no: usize) -> Option<Tombstone> {
    if bytes[CHECK_AT..] != check(bytes, instance, no) {
        return None;
    }
    let partition = u16::from_le_bytes(bytes[16..18].try_into().ok()?);
    if N_PARTITIONS <= partition {
        return None;
    }
    Some(Tombstone {
        customer: CustomerHash::from_bytes(bytes[..16].try_into().ok()?),
        partition: Partition::from_no(partition),
        at: Timestamp::from_unix_ms(i64::from_le_bytes(bytes[24..32].try_into().ok()?)),
        key: (bytes[18] == 1).then_some(KeyId::from_bytes(bytes[32..CHECK_AT].try_into().ok()?)),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stone_of(byte: u8) -> Tombstone {
        Tombstone {
            customer: CustomerHash::from_bytes([byte; 16]),
            partition: Partition::from_no(u16::from(byte) % N_PARTITIONS),
            at: Timestamp::from_unix_ms(i64::from(byte) * 1_000),
            key: byte.is_multiple_of(2).then_some(KeyId::from_bytes([!byte; 16])),
        }
    }

    fn file(n: u8) -> Vec<u8> {
        let mut bytes = header(&[5; 16]).to_vec();
        for no in 0..n {
            bytes.extend(record(&stone_of(no), &[5; 16], no.into()));
        }
        bytes
    }

    fn found(bytes: &[u8]) -> Result<Vec<Tombstone>, &'static str> {
        parse(bytes).map(|(_, stones)| stones)
    }

    #[test]
    fn tombstones_are_read_back() {
        assert_eq!(found(&file(5)).unwrap(), (0..5).map(stone_of).collect::<Vec<_>>());
    }

    #[test]
    fn d06_a_torn_end_is_passed_over_and_so_are_zeros_that_a_file_grew_by() {
        let whole = file(5);
        for len in RECORD_LEN..whole.len() {
            let n = len / RECORD_LEN - 1;
            assert_eq!(found(&whole[..len]).unwrap().len(), n, "{len} bytes");
            let mut grown = whole[..len].to_vec();
            grown.resize(whole.len() + 100, 0);
            assert_eq!(found(&grown).unwrap().len(), n, "{len} bytes, then zeros");
        }
    }

    #[test]
    fn every_changed_bit_before_the_last_one_is_noticed() {
        let whole = file(4);
        for at in 0..whole.len() {
            for bit in 0..8 {
                let mut bytes = whole.clone();
                bytes[at] ^= 1 << bit;
                match found(&bytes) {
                    Ok(stones) => assert_eq!(stones, (0..3).map(stone_of).collect::<Vec<_>>(), "byte {at}"),
                    Err(_) => assert!(at < 4 * RECORD_LEN, "byte {at}"),
                }
            }
        }
    }

    #[test]
    fn a_record_stands_only_where_it_was_written() {
        let mut bytes = file(4);
        let (first, rest) = bytes[RECORD_LEN..].split_at_mut(RECORD_LEN);
        first.swap_with_slice(&mut rest[..RECORD_LEN]);
        assert!(found(&bytes).is_err());
    }
}
