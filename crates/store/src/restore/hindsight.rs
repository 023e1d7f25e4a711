//! What came after a backup, as far as the directory it goes into still tells.

use std::collections::HashSet;

use ledger::{CustomerHash, Entry, Head, Place, Table, Vault, sealed_hash};
use model::Partition;
use rusqlite::Connection;

use super::FIRST_PROVEN;
use crate::audit::{ENTRIES, RawEntry, Walk, ends};
use crate::directory::{Directory, Part};
use crate::heads::{Heads, partitions, read_heads};
use crate::keys::KeyRoom;
use crate::manifest::Manifest;
use crate::proof::ProofKey;
use crate::schema;
use crate::verify::{entry_place, head_at, head_row};

/// What is known of the time after the backup, in one partition.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Hindsight {
    /// The heads kept apart name the end of the backup: nothing came after it.
    Nothing,
    /// All that came after it, read from the ledger that is to be replaced.
    Known(Vec<Entry>),
    /// Nobody knows.
    Blind,
}

/// Looks at every partition, in order.
///
/// Only two things count: heads that name the very end of the backup, and a ledger that goes on where the
/// backup ends, without a gap, up to where it was acknowledged. All else is no evidence.
pub(super) fn of(
    directory: &Directory,
    manifest: &Manifest,
    erased: &HashSet<CustomerHash>,
) -> Vec<Hindsight> {
    let backup = manifest.all_heads();
    let Some((proof, keys, apart)) = apart(directory, manifest) else {
        return partitions().map(|_| Hindsight::Blind).collect();
    };
    let mut old = Old::open(directory, manifest, (proof, keys), &apart, erased);
    let mut look = |partition: Partition| {
        let no = usize::from(partition.no());
        if apart[no] == backup[no] {
            return Hindsight::Nothing;
        }
        let known = old.as_mut().and_then(|old| old.since(&backup[no]));
        known.map_or(Hindsight::Blind, Hindsight::Known)
    };
    partitions().map(&mut look).collect()
}

/// What is needed to believe the heads kept apart, and them.
fn apart(directory: &Directory, manifest: &Manifest) -> Option<(ProofKey, KeyRoom, Heads)> {
    let master_key = directory.stored_master_key().ok()?;
    let (vault, proof) = (Vault::new(&master_key), ProofKey::new(&master_key));
    let keys = schema::open_to_read(directory, Part::Keys).ok()?;
    let (keys, fits) = KeyRoom::read(keys, vault).ok()?;
    let apart = read_heads(directory, manifest.instance(), &proof, keys.heads_are_written_by()).ok()?;
    fits.then_some((proof, keys, apart))
}

/// The ledger that is to be replaced, as far as it can be read.
struct Old<'a> {
    ledger: Connection,
    keys: KeyRoom,
    proof: ProofKey,
    apart: &'a Heads,
    erased: &'a HashSet<CustomerHash>,
}

impl<'a> Old<'a> {
    fn open(
        directory: &Directory,
        manifest: &Manifest,
        (proof, keys): (ProofKey, KeyRoom),
        apart: &'a Heads,
        erased: &'a HashSet<CustomerHash>,
    ) -> Option<Self> {
        let ledger = schema::open_to_read(directory, Part::Ledger).ok()?;
        if schema::instance(&ledger, None).ok()? != Some(manifest.instance()) {
            return None;
        }
        Some(Self { ledger, keys, proof, apart, erased })
    }

    /// Everything after a head, of those who are not erased; `None` when anything is not certain.
    fn since(&mut self, backup: &Head) -> Option<Vec<Entry>> {
        let partition = backup.partition();
        let apart = &self.apart[usize::from(partition.no())];
        if head_at(&self.ledger, partition, backup.no()).ok()? != Some(*backup) || apart.no() < backup.no() {
            return None;
        }
        let mut select = self.ledger.prepare_cached(ENTRIES).ok()?;
        let (_, end) = ends(partition);
        let mut rows = select.query((entry_place(partition, backup.no()), end)).ok()?;
        let (mut head, mut entries) = (*backup, Vec::new());
        let (mut is_as_acknowledged, mut is_any_gone) = (false, false);
        while let Some(row) = rows.next().ok()? {
            let raw = RawEntry::read(row).ok()?;
            let next =
                raw.after(&head).filter(|next| raw.no == next.no() && Some(*next.link()) == raw.link)?;
            head = next;
            is_as_acknowledged |= head == *apart;
            let customer = raw.customer?;
            // Of what was taken away an erasure tells, or nothing is left that anybody could loosen.
            let Some(sealed) = raw.sealed.filter(|_| !self.erased.contains(&customer)) else {
                is_any_gone |= !self.erased.contains(&customer);
                continue;
            };
            if Some(sealed_hash(&sealed)) != raw.sealed_hash {
                return None;
            }
            let key = self.keys.find((partition, customer)).ok()??;
            let place = Place { table: Table::Entries, partition, customer, no: raw.no };
            entries.push(key.open_entry(&sealed, &place).ok()?);
        }
        let is_whole = is_as_acknowledged && head_row(&self.ledger, partition).ok()? == head;
        (is_whole && (!is_any_gone || self.nothing_was_emptied_by_hand(partition))).then_some(entries)
    }

    /// Of a ledger that is older than sums of what was taken away nobody knows.
    fn nothing_was_emptied_by_hand(&self, partition: Partition) -> bool {
        if schema::format_in(&self.ledger).is_ok_and(|format| format < FIRST_PROVEN) {
            return true;
        }
        let proof = Some(&self.proof);
        let walk = Walk { ledger: &self.ledger, keys: None, proof, apart: None, sums: None };
        walk.along(partition, &mut || ()).is_ok_and(|walked| walked.is_ok())
    }
}
