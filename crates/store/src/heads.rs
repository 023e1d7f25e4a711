//! Where each chain ended, kept apart from the database.
//!
//! SQLite drops a damaged tail of its log silently. The heads are written and synced
//! after every commit and before it is acknowledged, so that a ledger which lost
//! something acknowledged is found out at the next start. Two slots are written in turn:
//! a torn write leaves the other one. Their check takes the master key, so that nobody else
//! can make a chain look whole that was cut short.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;

use ledger::{Head, sealed_hash};
use model::{N_PARTITIONS, Partition};

use crate::directory::{Directory, Part, private_file};
use crate::error::OpenError;
use crate::proof::{ProofKey, is_same};

/// Names the ledger that a file belongs to.
pub(crate) type Instance = [u8; 16];
/// One head per partition, by number.
pub(crate) type Heads = [Head; N_PARTITIONS as usize];

const MAGIC: &[u8; 16] = b"stile heads v2\n\n";
/// Until format 2 of the ledger the check was one that anybody could compute.
const MAGIC_OPEN: &[u8; 16] = b"stile heads v1\n\n";
const SLOT_LEN: usize = 4096;
const HEAD_LEN: usize = 40;
const HEADS_AT: usize = 40;
const CHECK_AT: usize = HEADS_AT + HEAD_LEN * N_PARTITIONS as usize;
const CHECK_LEN: usize = 32;

/// All partitions, in order.
pub(crate) fn partitions() -> impl Iterator<Item = Partition> {
    (0..N_PARTITIONS).map(Partition::from_no)
}

/// The heads of a ledger without entries.
pub(crate) fn empty_heads() -> Heads {
    std::array::from_fn(|no| Head::empty(Partition::from_no(no as u16)))
}

/// The file, open for writing.
pub(crate) struct HeadsFile {
    file: File,
    instance: Instance,
    proof: ProofKey,
    n_written: u64,
}

/// Who can have written a heads file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum WrittenBy {
    /// Who has the master key.
    Ours,
    /// Anybody: it is of format 2 or older.
    Anybody,
}

impl HeadsFile {
    /// Makes the file of a ledger that has none; it appears whole or not at all.
    pub(crate) fn create(
        directory: &Directory,
        instance: Instance,
        proof: &ProofKey,
        heads: &Heads,
    ) -> Result<Self, OpenError> {
        let path = directory.file(Part::Heads);
        let half = path.with_extension("new");
        let create = || {
            let file = private_file(&half, true)?;
            file.set_len(0)?;
            file.set_len(2 * SLOT_LEN as u64)?;
            let mut made = Self { file, instance, proof: proof.clone(), n_written: 0 };
            made.write(heads)?;
            std::fs::rename(&half, &path)?;
            Ok(made)
        };
        let made = create().map_err(OpenError::io(&path))?;
        directory.sync()?;
        Ok(made)
    }

    /// Opens the file and reads the newer of the slots that are whole.
    pub(crate) fn open(
        directory: &Directory,
        instance: Instance,
        proof: &ProofKey,
        expected: WrittenBy,
    ) -> Result<(Self, Heads, WrittenBy), OpenError> {
        let path = directory.file(Part::Heads);
        let file = private_file(&path, false).map_err(OpenError::io(&path))?;
        let Slot { n_written, heads, by, .. } = newest_slot(&file, directory, instance, proof, expected)?;
        Ok((Self { file, instance, proof: proof.clone(), n_written }, heads, by))
    }

    /// Writes the heads over the older slot, durable on return.
    pub(crate) fn write(&mut self, heads: &Heads) -> io::Result<()> {
        let n_written = self.n_written + 1;
        let mut slot = vec![0; SLOT_LEN];
        slot[..16].copy_from_slice(MAGIC);
        slot[16..32].copy_from_slice(&self.instance);
        slot[32..HEADS_AT].copy_from_slice(&n_written.to_le_bytes());
        for (bytes, head) in slot[HEADS_AT..CHECK_AT].chunks_mut(HEAD_LEN).zip(heads) {
            bytes[..8].copy_from_slice(&head.no().to_le_bytes());
            bytes[8..].copy_from_slice(head.link());
        }
        let check = self.proof.slot(&slot[..CHECK_AT]);
        slot[CHECK_AT..CHECK_AT + CHECK_LEN].copy_from_slice(&check);
        self.file.write_all_at(&slot, n_written % 2 * SLOT_LEN as u64)?;
        self.file.sync_data()?;
        self.n_written = n_written;
        Ok(())
    }
}

/// The heads as they stand in the file of a ledger that somebody else may be writing.
pub(crate) fn read_heads(
    directory: &Directory,
    instance: Instance,
    proof: &ProofKey,
    expected: WrittenBy,
) -> Result<Heads, OpenError> {
    let path = directory.file(Part::Heads);
    let file = File::open(&path).map_err(OpenError::io(&path))?;
    newest_slot(&file, directory, instance, proof, expected).map(|slot| slot.heads)
}

/// The newer of the slots that are whole.
///
/// Where only who has the key can have written, what anybody could is refused.
fn newest_slot(
    file: &File,
    directory: &Directory,
    instance: Instance,
    proof: &ProofKey,
    expected: WrittenBy,
) -> Result<Slot, OpenError> {
    let slots = [0, 1].map(|slot| read_slot(file, slot, proof));
    let newest = slots.into_iter().flatten().max_by_key(|slot| slot.n_written);
    let damaged = |reason: &str| {
        let (dir, part) = (directory.path().into(), Part::Heads);
        OpenError::Damaged { dir, part, reason: reason.into() }
    };
    let other = || OpenError::OtherInstance { dir: directory.path().into(), part: Part::Heads };
    let Some(slot) = newest else {
        let is_another = names_another(file, instance);
        return Err(if is_another { other() } else { damaged("neither slot is whole") });
    };
    if slot.instance != instance {
        return Err(other());
    }
    match (slot.by, expected) {
        (WrittenBy::Anybody, WrittenBy::Ours) => Err(damaged("it is of an older format than the keys")),
        (WrittenBy::Ours, WrittenBy::Ours | WrittenBy::Anybody)
        | (WrittenBy::Anybody, WrittenBy::Anybody) => Ok(slot),
    }
}

/// Whether a file that does not hold under this key says that it is of another ledger.
fn names_another(file: &File, instance: Instance) -> bool {
    [0, 1].into_iter().any(|slot| {
        let mut begin = [0; 32];
        let read = file.read_exact_at(&mut begin, slot * SLOT_LEN as u64);
        read.is_ok() && begin[..16] == MAGIC[..] && begin[16..] != instance
    })
}

struct Slot {
    n_written: u64,
    instance: Instance,
    heads: Heads,
    by: WrittenBy,
}

fn read_slot(file: &File, slot: u64, proof: &ProofKey) -> Option<Slot> {
    let mut bytes = vec![0; SLOT_LEN];
    file.read_exact_at(&mut bytes, slot * SLOT_LEN as u64).ok()?;
    let (said, check) = (&bytes[..CHECK_AT], &bytes[CHECK_AT..CHECK_AT + CHECK_LEN]);
    let (by, expected) = match bytes.first_chunk()? {
        MAGIC => (WrittenBy::Ours, proof.slot(said)),
        MAGIC_OPEN => (WrittenBy::Anybody, sealed_hash(said)),
        _ => return None,
    };
    if !is_same(&expected, check) {
        return None;
    }
    let mut heads = empty_heads();
    for (head, stored) in heads.iter_mut().zip(bytes[HEADS_AT..CHECK_AT].chunks(HEAD_LEN)) {
        let (no, link) = stored.split_first_chunk()?;
        *head = Head::stored(head.partition(), u64::from_le_bytes(*no), link.try_into().ok()?);
    }
    Some(Slot {
        n_written: u64::from_le_bytes(bytes[32..HEADS_AT].try_into().ok()?),
        instance: bytes[16..32].try_into().ok()?,
        heads,
        by,
    })
}
