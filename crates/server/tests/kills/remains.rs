//! What a killed server has left, read by somebody else.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use consent_gate::ConsentState;
use ledger::{Graves, StateRow, Storage as _, What, replay};
use model::{CustomerId, Timestamp};
use rusqlite::Connection;
use store::{Options, SqliteStore};

/// What the ledger says.
pub(crate) struct Remains {
    /// How often each consent event is recorded.
    pub(crate) events: BTreeMap<String, usize>,
    /// Offers that were answered.
    pub(crate) feedback: BTreeSet<String>,
    /// Whom each recorded offer is for.
    pub(crate) decisions: BTreeMap<String, String>,
    /// Customer and purpose of everything that is granted.
    pub(crate) granted: BTreeSet<(String, String)>,
    /// Notifications that are recorded and not delivered.
    pub(crate) n_outbox: usize,
    /// Of whom there is anything: a row, an entry or a key.
    pub(crate) left: BTreeSet<String>,
    /// Of those who were asked about, who has a tombstone.
    pub(crate) erased: BTreeSet<String>,
}

impl Remains {
    /// Reads a copy, so that the next server finds what the last one left.
    ///
    /// Every chain is verified link by link, and every row held against its entries (`replay_restores_state`).
    ///
    /// Keys and tombstones are looked for of those who are asked about.
    pub(crate) fn of(data: &Path, asked: &BTreeSet<String>) -> Self {
        let copy = tempfile::tempdir().unwrap();
        copy_files(data, copy.path());
        let chance = Box::new(|bytes: &mut [u8]| bytes.fill(1));
        let mut store =
            SqliteStore::open(copy.path(), Options { create: false, ..Options::default() }, chance).unwrap();
        let mut rows = BTreeMap::new();
        let scanned = store.scan_states(&mut |stored| {
            let (mut row, outbox) = stored.into_parts();
            row.outbox = outbox.iter().map(|stored| stored.notification().clone()).collect();
            rows.insert(row.customer.clone(), row);
        });
        scanned.unwrap();
        assert_eq!(store.closed_partitions(), []);
        let mut entries = Vec::new();
        store.scan_entries(None, &mut |numbered| entries.push(numbered.entry)).unwrap();
        let mut remains = Self::told_by(&rows.values().collect::<Vec<_>>());
        remains.look_for(asked, &store.graves(), copy.path());
        for entry in &entries {
            remains.left.insert(entry.customer.as_str().to_owned());
            if let What::Consent(consent) = &entry.what {
                *remains.events.entry(consent.event.id.as_str().to_owned()).or_default() += 1;
            } else if let What::Feedback { notification, .. } = &entry.what {
                remains.feedback.insert(notification.0.to_string());
            } else if let What::Decision(decision) = &entry.what
                && decision.said.is_some()
            {
                remains.decisions.insert(decision.id.0.to_string(), entry.customer.as_str().to_owned());
            }
        }
        for (customer, rebuilt) in replay(entries) {
            assert_eq!(
                rebuilt.check(&rows[&customer], Timestamp::from_unix_ms(0)),
                Ok(()),
                "replay_restores_state"
            );
        }
        remains
    }

    fn told_by(rows: &[&StateRow]) -> Self {
        let granted = |row: &&StateRow| {
            let customer = row.customer.as_str().to_owned();
            let granted =
                row.consents.iter().filter(|consent| matches!(consent.state, ConsentState::Granted { .. }));
            granted.map(|consent| (customer.clone(), consent.purpose.word().to_owned())).collect::<Vec<_>>()
        };
        Self {
            events: BTreeMap::new(),
            feedback: BTreeSet::new(),
            decisions: BTreeMap::new(),
            granted: rows.iter().flat_map(granted).collect(),
            n_outbox: rows.iter().map(|row| row.outbox.len()).sum(),
            left: rows.iter().map(|row| row.customer.as_str().to_owned()).collect(),
            erased: BTreeSet::new(),
        }
    }

    fn look_for(&mut self, asked: &BTreeSet<String>, graves: &Graves, data: &Path) {
        let keys = Connection::open(data.join("keys.db")).unwrap();
        let mut find = keys.prepare("SELECT 1 FROM keys WHERE customer = ?1").unwrap();
        for name in asked {
            let id = CustomerId::new(name).unwrap();
            if graves.erased_at(&id).is_some() {
                self.erased.insert(name.clone());
            }
            if find.exists([graves.hash(&id).bytes()]).unwrap() {
                self.left.insert(name.clone());
            }
        }
    }
}

fn copy_files(from: &Path, to: &Path) {
    for entry in fs::read_dir(from).unwrap().map(Result::unwrap) {
        let path = entry.path();
        // The lock, the socket and shared memory are nobody's any more.
        let name = entry.file_name();
        let is_kept = path.is_file() && name != "lock" && !name.to_string_lossy().ends_with("-shm");
        if is_kept {
            fs::copy(&path, to.join(name)).unwrap();
        }
    }
}
