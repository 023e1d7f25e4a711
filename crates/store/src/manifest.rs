//! What a backup says of itself: its files with their hashes, and where every chain ended.

use std::fs;
use std::path::Path;

use ledger::Head;
use model::{Digest, Timestamp};
use serde::{Deserialize, Serialize};

use crate::BackupError;
use crate::heads::{Heads, Instance, empty_heads, partitions};

/// The file's name.
pub(crate) const MANIFEST: &str = "manifest.json";
/// The format of the manifest itself.
const FORMAT: u32 = 1;

/// Of what a backup is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BackupOf {
    /// Everything but keys.
    Ledger,
    /// The customers' keys, wrapped.
    Keys,
}

/// A file of a backup.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BackedUpFile {
    /// Where, below the backup.
    pub path: String,
    /// How long.
    pub bytes: u64,
    /// BLAKE3 of its content.
    pub blake3: Box<str>,
}

/// What a backup says of itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Manifest {
    /// Of what it is.
    pub of: BackupOf,
    /// The format of the database in it.
    pub stored_format: i64,
    /// Which ledger.
    pub instance: Digest,
    /// When it was made.
    pub made_at: Timestamp,
    /// Everything in it, in order of the paths.
    pub files: Vec<BackedUpFile>,
    /// Where every chain ended that has entries.
    pub heads: Vec<Head>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    format: u32,
    of: BackupOf,
    stored_format: i64,
    instance: String,
    made_at_ms: i64,
    files: Vec<BackedUpFile>,
    heads: Vec<WrittenHead>,
    /// BLAKE3 of all this with an empty check.
    check: String,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenHead {
    partition: u16,
    no: u64,
    link: String,
}

impl Manifest {
    /// Of which ledger it is, as its files say it.
    pub(crate) fn instance(&self) -> Instance {
        self.instance.bytes()
    }

    /// Where every chain ended.
    pub(crate) fn all_heads(&self) -> Heads {
        let mut heads = empty_heads();
        for head in &self.heads {
            heads[usize::from(head.partition().no())] = *head;
        }
        heads
    }

    pub(crate) fn to_bytes(&self) -> Vec<u8> {
        let mut written = Written {
            format: FORMAT,
            of: self.of,
            stored_format: self.stored_format,
            instance: self.instance.to_string(),
            made_at_ms: self.made_at.unix_ms(),
            files: self.files.clone(),
            heads: self.heads.iter().map(WrittenHead::of).collect(),
            check: String::new(),
        };
        written.check = written.hash();
        let mut bytes = serde_json::to_vec_pretty(&written).expect("a manifest is JSON");
        bytes.push(b'\n');
        bytes
    }

    /// Reads the manifest of a backup.
    ///
    /// # Errors
    /// When there is none, or it is not what was written.
    pub fn read(backup: &Path) -> Result<Self, BackupError> {
        let path = backup.join(MANIFEST);
        let bytes = fs::read(&path).map_err(BackupError::io(&path))?;
        Self::parse(&bytes).map_err(|reason| BackupError::Damaged { path, reason })
    }

    /// The manifest of a backup of a ledger that a text is.
    pub(crate) fn of_text(bytes: &[u8]) -> Option<Self> {
        Self::parse(bytes).ok().filter(|manifest| manifest.of == BackupOf::Ledger)
    }

    fn parse(bytes: &[u8]) -> Result<Self, Box<str>> {
        #[derive(Deserialize)]
        struct Head {
            format: u32,
        }
        let told = |error: serde_json::Error| error.to_string().into_boxed_str();
        let head: Head = serde_json::from_slice(bytes).map_err(told)?;
        if head.format != FORMAT {
            return Err(format!("it has format {}, and this program knows {FORMAT}", head.format).into());
        }
        let mut written: Written = serde_json::from_slice(bytes).map_err(told)?;
        let check = std::mem::take(&mut written.check);
        if written.hash() != check {
            return Err("it is not what was written there".into());
        }
        let unknown = || Box::<str>::from("it names no instance or no chain");
        Ok(Self {
            of: written.of,
            stored_format: written.stored_format,
            instance: Digest::from_hex(&written.instance).ok_or_else(unknown)?,
            made_at: Timestamp::from_unix_ms(written.made_at_ms),
            heads: written
                .heads
                .iter()
                .map(|head| head.head().ok_or_else(unknown))
                .collect::<Result<_, _>>()?,
            files: written.files,
        })
    }
}

impl Written {
    /// Over what it says, however it is laid out.
    fn hash(&self) -> String {
        let bytes = serde_json::to_vec(self).expect("a manifest is JSON");
        blake3::hash(&bytes).to_hex().to_string()
    }
}

impl WrittenHead {
    fn of(head: &Head) -> Self {
        let link = blake3::Hash::from_bytes(*head.link()).to_hex().to_string();
        Self { partition: head.partition().no(), no: head.no(), link }
    }

    fn head(&self) -> Option<Head> {
        let partition = partitions().find(|partition| partition.no() == self.partition)?;
        Some(Head::stored(partition, self.no, *blake3::Hash::from_hex(&self.link).ok()?.as_bytes()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn manifest() -> Manifest {
        let head = Head::stored(partitions().nth(7).unwrap(), 12, [3; 32]);
        let file = BackedUpFile { path: "ledger.db".into(), bytes: 4_096, blake3: "ab".repeat(32).into() };
        Manifest {
            of: BackupOf::Ledger,
            stored_format: 1,
            instance: Digest::from_bytes([9; 16]),
            made_at: Timestamp::from_unix_ms(1_760_000_000_000),
            files: vec![file],
            heads: vec![head],
        }
    }

    #[test]
    fn a_manifest_is_read_as_it_was_written() {
        assert_eq!(Manifest::parse(&manifest().to_bytes()), Ok(manifest()));
    }

    #[test]
    fn a_manifest_in_which_anything_was_changed_is_refused() {
        let text = String::from_utf8(manifest().to_bytes()).unwrap();
        for (from, to) in [("4096", "4097"), ("\"no\": 12", "\"no\": 13"), ("1760000000000", "1760000000001")]
        {
            assert!(text.contains(from), "{from}");
            assert!(Manifest::parse(text.replace(from, to).as_bytes()).is_err(), "{from}");
        }
        assert!(Manifest::parse(text.replace("\"format\": 1,", "\"format\": 2,").as_bytes()).is_err());
    }
}
