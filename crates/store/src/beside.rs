//! What may lie in a data directory, file by file: the one list that backup, restore and doctor share.

/// What becomes of a file in a backup.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kept {
    /// The ledger itself, copied as a snapshot.
    Snapshot,
    /// It is copied as it is, a folder with all that it holds.
    Copied,
    /// Of what was erased since no backup may know less than the directory it is restored into.
    CopiedNeverRestored,
    /// It is a secret, or makes secrets readable: never in a backup of the ledger.
    Never,
    /// It is made anew, or says something of this directory alone.
    NotNeeded,
}

/// A file or folder of a data directory.
pub(crate) struct Known {
    pub(crate) name: &'static str,
    pub(crate) kept: Kept,
}

/// All of them. Whoever puts a new one there adds its line.
pub(crate) const KNOWN: &[Known] = &[
    known("ledger.db", Kept::Snapshot),
    known("fences", Kept::Copied),
    known("offers.json", Kept::Copied),
    known("notices.json", Kept::Copied),
    known("tombstones", Kept::CopiedNeverRestored),
    known("keys.db", Kept::Never),
    known("keys.db-wal", Kept::Never),
    known("keys.db-shm", Kept::Never),
    known("master.key", Kept::Never),
    known("ledger.db-wal", Kept::NotNeeded),
    known("ledger.db-shm", Kept::NotNeeded),
    known("heads", Kept::NotNeeded),
    known("lock", Kept::NotNeeded),
    known("control.sock", Kept::NotNeeded),
    known("backups.json", Kept::NotNeeded),
];

const fn known(name: &'static str, kept: Kept) -> Known {
    Known { name, kept }
}

/// What a backup copies beside the snapshot of the ledger.
pub(crate) fn copied() -> impl Iterator<Item = &'static str> {
    let is_copied = |kept| matches!(kept, Kept::Copied | Kept::CopiedNeverRestored);
    KNOWN.iter().filter(move |known| is_copied(known.kept)).map(|known| known.name)
}

/// What a restore puts into the place of what is there, in that order; the logs of the ledger go with it.
pub(crate) fn replaced() -> impl Iterator<Item = &'static str> {
    ["ledger.db", "heads"].into_iter().chain(restored())
}

/// What a restore takes out of a backup as it is.
pub(crate) fn restored() -> impl Iterator<Item = &'static str> {
    KNOWN.iter().filter(|known| known.kept == Kept::Copied).map(|known| known.name)
}

/// Whether a name is on the list.
pub(crate) fn is_known(name: &str) -> bool {
    KNOWN.iter().any(|known| known.name == name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_key_is_ever_copied() {
        let secret = |name: &&str| name.contains("key");
        assert_eq!(copied().filter(secret).count() + replaced().filter(secret).count(), 0);
        assert_eq!(KNOWN.iter().filter(|known| known.kept == Kept::Never).count(), 4);
    }

    #[test]
    fn a_restore_keeps_the_tombstones_that_are_there() {
        assert!(copied().any(|name| name == "tombstones"));
        assert!(replaced().all(|name| name != "tombstones"));
    }
}
