//! Where all chains stood at one moment, signed, to be kept away from the data directory.
//!
//! Whoever puts a whole directory back as it was yesterday leaves nothing in it that could tell: every
//! check in it was written by the right key. Only something that lies elsewhere knows better. An anchor is
//! made for that; the manifest of a backup and the statement of an erasure say a part of the same.

use std::fmt;
use std::fmt::Write as _;

use ledger::{Head, Statement};
use model::{N_PARTITIONS, Partition, Timestamp};
use serde::{Deserialize, Serialize};

use crate::heads::Instance;
use crate::manifest::Manifest;
use crate::signing::{Signer, check_statement, verify_signature};
use crate::standing::Standing;

const KIND: &str = "stile audit anchor";
const FORMAT: u8 = 1;
const ALGORITHM: &str = "ed25519";

/// What is known of chains from outside.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Anchor {
    /// What told it.
    pub source: AnchorSource,
    /// Which ledger.
    pub instance: [u8; 16],
    /// Of when it is.
    pub made_at: Timestamp,
    /// Where chains stood, or passed by.
    pub heads: Vec<Head>,
    /// How many commits there were; only an anchor says so.
    pub n_commits: Option<u64>,
    /// The sums of the state rows, a head each; only an anchor has them.
    rows: Vec<[u8; 32]>,
}

/// From what an [`Anchor`] was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AnchorSource {
    /// Signed, of all chains and rows.
    Anchor,
    /// The manifest of a backup: all chains and no rows, and not signed.
    Manifest,
    /// The statement of an erasure: one entry of one chain, signed.
    Statement,
}

/// Why a file holds nothing against.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AnchorRefused {
    /// It is none of the three.
    #[error("it is neither an anchor nor a manifest of a backup nor a statement of an erasure")]
    Unknown,
    /// It is of a newer format.
    #[error("it is of a format that this program does not know")]
    UnknownFormat,
    /// Another key has signed it, or nobody.
    #[error("it is not signed by the key of this ledger, or was changed since")]
    NotAuthentic,
    /// It tells of another ledger.
    #[error("it is of another ledger")]
    OtherInstance,
}

/// What an anchor says that is not so any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Loosened {
    /// The ledger is an older one: it was put back, or a backup was restored.
    Older {
        /// Commits at the anchor.
        n_then: u64,
        /// Commits now.
        n_now: u64,
    },
    /// A chain ends before where it stood.
    Shorter {
        /// Where it stood.
        then: Head,
        /// Its last entry now.
        no_now: u64,
    },
    /// A chain passes through another entry.
    Other {
        /// Where it stood.
        then: Head,
    },
    /// Nothing was written since, and its state rows are others.
    Rows {
        /// Whose.
        partition: Partition,
    },
}

impl fmt::Display for Loosened {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Older { n_then, n_now } => {
                write!(
                    f,
                    "the ledger is older than the anchor: {n_now} commits, and then there were {n_then}"
                )
            }
            Self::Shorter { then, no_now } => {
                let (partition, no) = (then.partition().no(), then.no());
                write!(f, "partition {partition} ends with entry {no_now}, and then it had {no}")
            }
            Self::Other { then } => {
                let (partition, no) = (then.partition().no(), then.no());
                write!(f, "entry {no} of partition {partition} is not the one that was there then")
            }
            Self::Rows { partition } => {
                write!(f, "the state rows of partition {} are not those of then", partition.no())
            }
        }
    }
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    kind: String,
    format: u8,
    instance: String,
    made_at_ms: i64,
    n_commits: u64,
    heads: Vec<FileHead>,
    algorithm: String,
    public_key: String,
    signature: String,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct FileHead {
    partition: u16,
    no: u64,
    link: String,
    rows: String,
}

impl Anchor {
    /// Reads whichever of the three a text is; only what this ledger has signed counts, where it signs.
    ///
    /// # Errors
    /// When it is none of them, or of another ledger.
    pub fn parse(text: &str, instance: [u8; 16], public_key: &[u8; 32]) -> Result<Self, AnchorRefused> {
        let anchor = match serde_json::from_str::<File>(text) {
            Ok(file) => Self::of_file(&file, public_key)?,
            Err(_) => match Manifest::of_text(text.as_bytes()) {
                Some(manifest) => Self::of_manifest(&manifest),
                None => Self::of_statement(text, public_key)?,
            },
        };
        if anchor.instance == instance { Ok(anchor) } else { Err(AnchorRefused::OtherInstance) }
    }

    fn of_file(file: &File, public_key: &[u8; 32]) -> Result<Self, AnchorRefused> {
        if file.kind != KIND {
            return Err(AnchorRefused::Unknown);
        }
        if file.format != FORMAT || file.algorithm != ALGORITHM {
            return Err(AnchorRefused::UnknownFormat);
        }
        let head = |head: &FileHead| {
            let partition = (head.partition < N_PARTITIONS).then(|| Partition::from_no(head.partition))?;
            Some((Head::stored(partition, head.no, bytes(&head.link)?), bytes(&head.rows)?))
        };
        let heads: Option<Vec<_>> = file.heads.iter().map(head).collect();
        let (heads, rows) = heads.ok_or(AnchorRefused::Unknown)?.into_iter().unzip();
        let anchor = Self {
            source: AnchorSource::Anchor,
            instance: bytes(&file.instance).ok_or(AnchorRefused::Unknown)?,
            made_at: Timestamp::from_unix_ms(file.made_at_ms),
            heads,
            n_commits: Some(file.n_commits),
            rows,
        };
        let signature = bytes(&file.signature).ok_or(AnchorRefused::Unknown)?;
        if verify_signature(anchor.signed_text().as_bytes(), &signature, public_key) {
            Ok(anchor)
        } else {
            Err(AnchorRefused::NotAuthentic)
        }
    }

    fn of_manifest(manifest: &Manifest) -> Self {
        Self {
            source: AnchorSource::Manifest,
            instance: manifest.instance(),
            made_at: manifest.made_at,
            heads: manifest.heads.clone(),
            n_commits: None,
            rows: Vec::new(),
        }
    }

    fn of_statement(text: &str, public_key: &[u8; 32]) -> Result<Self, AnchorRefused> {
        if Statement::parse(text).is_err() {
            return Err(AnchorRefused::Unknown);
        }
        let told = check_statement(text, Some(public_key)).map_err(|_| AnchorRefused::NotAuthentic)?;
        let erasure = told.erasure;
        Ok(Self {
            source: AnchorSource::Statement,
            instance: told.instance,
            made_at: erasure.at,
            heads: vec![Head::stored(erasure.partition, erasure.no, erasure.link)],
            n_commits: None,
            rows: Vec::new(),
        })
    }

    /// Of how a ledger stands; the caller knows that it is true.
    pub(crate) fn of_standing(standing: &Standing, instance: Instance, now: Timestamp) -> Self {
        let heads: Vec<Head> = standing.heads().to_vec();
        let rows = heads.iter().map(|head| standing.line(head.partition()).rows.bytes()).collect();
        let n_commits = Some(standing.n_commits());
        Self { source: AnchorSource::Anchor, instance, made_at: now, heads, n_commits, rows }
    }

    /// What a ledger says otherwise, whose chains were walked.
    ///
    /// `head_at` finds the head of a chain as it was after an entry.
    pub(crate) fn hold_against<E>(
        &self,
        standing: &Standing,
        head_at: &mut dyn FnMut(Partition, u64) -> Result<Option<Head>, E>,
    ) -> Result<Vec<Loosened>, E> {
        let mut found = Vec::new();
        let n_now = standing.n_commits();
        if let Some(n_then) = self.n_commits.filter(|n_then| n_now < *n_then) {
            found.push(Loosened::Older { n_then, n_now });
        }
        for then in &self.heads {
            let no_now = standing.head(then.partition()).no();
            if no_now < then.no() {
                found.push(Loosened::Shorter { then: *then, no_now });
            } else if head_at(then.partition(), then.no())? != Some(*then) {
                found.push(Loosened::Other { then: *then });
            }
        }
        if self.n_commits == Some(n_now) {
            let differs =
                |(head, rows): &(&Head, &[u8; 32])| standing.line(head.partition()).rows.bytes() != **rows;
            let others = self.heads.iter().zip(&self.rows).filter(differs);
            found.extend(others.map(|(head, _)| Loosened::Rows { partition: head.partition() }));
        }
        Ok(found)
    }

    /// What the signature covers.
    fn signed_text(&self) -> String {
        let mut text = format!(
            "{KIND}\nformat: {FORMAT}\ninstance: {}\nmade_at_ms: {}\nn_commits: {}\n",
            hex(&self.instance),
            self.made_at.unix_ms(),
            self.n_commits.unwrap_or_default(),
        );
        for (head, rows) in self.heads.iter().zip(&self.rows) {
            let (partition, no) = (head.partition().no(), head.no());
            let _ = writeln!(
                text,
                "partition: {partition} entry: {no} link: {} rows: {}",
                hex(head.link()),
                hex(rows)
            );
        }
        text
    }

    /// As JSON on one line, signed.
    pub(crate) fn to_json(&self, signer: &Signer) -> String {
        let heads = self.heads.iter().zip(&self.rows).map(|(head, rows)| FileHead {
            partition: head.partition().no(),
            no: head.no(),
            link: hex(head.link()),
            rows: hex(rows),
        });
        let file = File {
            kind: KIND.into(),
            format: FORMAT,
            instance: hex(&self.instance),
            made_at_ms: self.made_at.unix_ms(),
            n_commits: self.n_commits.unwrap_or_default(),
            heads: heads.collect(),
            algorithm: ALGORITHM.into(),
            public_key: hex(&signer.public_key()),
            signature: hex(&signer.sign(self.signed_text().as_bytes())),
        };
        serde_json::to_string(&file).expect("text and whole numbers are always JSON")
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(2 * bytes.len()), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

fn bytes<const N: usize>(text: &str) -> Option<[u8; N]> {
    let mut bytes = [0; N];
    if text.len() != 2 * N || !text.bytes().all(|digit| matches!(digit, b'0'..=b'9' | b'a'..=b'f')) {
        return None;
    }
    for (byte, digits) in bytes.iter_mut().zip(text.as_bytes().chunks(2)) {
        *byte = u8::from_str_radix(str::from_utf8(digits).ok()?, 16).ok()?;
    }
    Some(bytes)
}
