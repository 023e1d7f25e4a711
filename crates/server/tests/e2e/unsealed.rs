//! What the ledger would hold if nothing were hidden in it.

use std::path::Path;

use ledger::{Place, Storage as _, Table, Vault};
use model::Partition;
use store::{Options, SqliteStore};

/// Every entry and every row of a directory that nobody serves, sealed once more by a cipher that hides nothing,
/// and in words, where every number stands in decimals however short it is when it is sealed.
pub(crate) fn unsealed(data: &Path) -> Vec<u8> {
    let chance = Box::new(|bytes: &mut [u8]| bytes.fill(1));
    let mut store = SqliteStore::open(data, Options { create: false, ..Options::default() }, chance).unwrap();
    let vault = Vault::without_cipher(&[7; 32]);
    let key = vault.key([9; 32]);
    let mut bytes = Vec::new();
    let place = |table, customer: &model::CustomerId, no| {
        let partition = Partition::of(customer.as_str());
        Place { table, partition, customer: vault.hash(customer), no }
    };
    let scanned = store.scan_entries(None, &mut |numbered| {
        let place = place(Table::Entries, &numbered.entry.customer, numbered.no);
        bytes.extend(key.seal_entry(&numbered.entry, &place, &[3; 24]));
        bytes.extend(ledger::entry_on_paper(&numbered.entry).to_string().into_bytes());
    });
    scanned.unwrap();
    let n_entries = bytes.len();
    let scanned = store.scan_states(&mut |stored| {
        let (mut row, outbox) = stored.into_parts();
        row.outbox = outbox.iter().map(|stored| stored.notification().clone()).collect();
        bytes.extend(key.seal_state(&row, &place(Table::States, &row.customer, 1), &[3; 24]));
        bytes.extend(ledger::state_on_paper(&row).to_string().into_bytes());
    });
    scanned.unwrap();
    assert!(0 < n_entries && n_entries < bytes.len(), "there are entries and rows");
    bytes
}
