//! The list of registered notices, in `notices.json` beside the ledger.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use consent_gate::Notice;
use model::Timestamp;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use store::{CheckedList, NotReplaced, list_of_bytes, list_to_bytes, replace_file};

use super::Draft;

/// The name of the list in a data directory.
const FILE: &str = "notices.json";

/// Longest text in bytes: some thirty pages.
pub const TEXT_LEN_MAX: usize = 64 << 10;

/// Notices at most: a version a month in twenty languages for eight years.
const NOTICES_MAX: usize = 2_000;

/// Longest id, and name of a system or a person, in bytes.
const NAME_LEN_MAX: usize = 256;

/// Longest language tag, in bytes, as RFC 5646 advises.
const LANG_LEN_MAX: usize = 35;

/// Which notice, in one language.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Name {
    /// Which.
    pub id: Box<str>,
    /// Which version of it.
    pub version: u32,
    /// In which language, BCP 47.
    pub lang: Box<str>,
}

/// A notice whose text is known, and who vouches for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Registered {
    /// Which.
    pub name: Name,
    /// SHA-256 of the text, 64 hexadecimal digits.
    pub sha256: Box<str>,
    /// The text as it was shown.
    pub text: Box<str>,
    /// Which system showed it.
    pub system: Box<str>,
    /// Who vouches for that.
    pub attested_by: Box<str>,
    /// Since when it was shown.
    pub shown_from: Option<Timestamp>,
    /// Until when it was.
    pub shown_until: Option<Timestamp>,
    /// When it was written down here.
    pub registered_at: Timestamp,
    /// By whom.
    pub registered_by: Box<str>,
}

/// Every notice of a data directory, oldest first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Registry {
    path: PathBuf,
    notices: Vec<Registered>,
    /// The list was held against its checksum; an older one has none.
    is_checked: bool,
    /// A failed sync leaves open what a power loss would leave.
    is_suspect: bool,
}

/// Why notices cannot be read or registered.
#[derive(Debug, thiserror::Error)]
pub enum RegistryError {
    /// The world did not play along; nothing was changed.
    #[error("{}: {source}", .path.display())]
    Io {
        /// With which file.
        path: PathBuf,
        /// What it said.
        source: io::Error,
    },
    /// The list is none.
    #[error("{} is damaged: {why}; put it back from a backup", .path.display())]
    Damaged {
        /// The list.
        path: PathBuf,
        /// What is wrong with it.
        why: String,
    },
    /// The notice cannot be registered.
    #[error("{0}")]
    Refused(String),
    /// A rename could not be synced, now or before.
    #[error("{}: a sync failed: start the server again, which looks what is on the disk", .path.display())]
    Suspect {
        /// The list.
        path: PathBuf,
    },
}

impl Registry {
    /// Reads the notices of a data directory; none are registered where there is no list.
    ///
    /// # Errors
    /// When the list cannot be read: which texts are vouched for is not guessed.
    pub fn read(data_dir: &Path) -> Result<Self, RegistryError> {
        let path = data_dir.join(FILE);
        let list = match fs::read(&path) {
            Ok(bytes) => parse(&bytes).map_err(|why| RegistryError::Damaged { path: path.clone(), why })?,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                CheckedList { said: Vec::new(), is_checked: true }
            }
            Err(source) => return Err(RegistryError::Io { path, source }),
        };
        let CheckedList { said: notices, is_checked } = list;
        Ok(Self { path, notices, is_checked, is_suspect: false })
    }

    /// Gives a list of an older version its checksum, for whoever holds the data directory.
    ///
    /// # Errors
    /// When it cannot be read or written.
    pub fn take_over(data_dir: &Path) -> Result<(), RegistryError> {
        let mut registry = Self::read(data_dir)?;
        if registry.is_checked { Ok(()) } else { registry.write(registry.notices.clone()) }
    }

    /// Whether the list was held against a checksum of its own.
    #[must_use]
    pub const fn is_checked(&self) -> bool {
        self.is_checked
    }

    /// All of them, oldest first.
    #[must_use]
    pub fn all(&self) -> &[Registered] {
        &self.notices
    }

    /// The notice of an id and version in a language.
    #[must_use]
    pub fn find(&self, (id, version): (&str, u32), lang: &str) -> Option<&Registered> {
        let is_it = |name: &Name| &*name.id == id && name.version == version && &*name.lang == lang;
        self.notices.iter().find(|notice| is_it(&notice.name))
    }

    /// The notice of an id and version, in whichever language was registered first.
    #[must_use]
    pub fn any_of(&self, id: &str, version: u32) -> Option<&Registered> {
        self.notices.iter().find(|notice| &*notice.name.id == id && notice.name.version == version)
    }

    /// Whether somebody vouches that a text was shown, and at that time.
    #[must_use]
    pub fn vouches_for(&self, shown: &Notice) -> bool {
        self.notices.iter().any(|known| {
            known.name.id == shown.id
                && known.name.version == shown.version
                && known.sha256.eq_ignore_ascii_case(&shown.sha256)
                && known.shown_from.is_none_or(|from| from <= shown.shown_at)
                && known.shown_until.is_none_or(|until| shown.shown_at < until)
        })
    }

    /// Registers a notice; it is durable on return. `None` when it was registered before, word for word.
    ///
    /// # Errors
    /// Nothing is changed then; a text that is registered is never replaced.
    pub fn register(
        &mut self,
        draft: Draft,
        by: &str,
        now: Timestamp,
    ) -> Result<Option<Registered>, RegistryError> {
        if self.is_suspect {
            return Err(RegistryError::Suspect { path: self.path.clone() });
        }
        let new = checked(draft, by, now).map_err(RegistryError::Refused)?;
        let Name { id, version, lang } = &new.name;
        if let Some(known) = self.find((id, *version), lang) {
            if known.sha256 == new.sha256 {
                return Ok(None);
            }
            let why = format!(
                "{id}@{version} in {lang} is registered with another text (SHA-256 {}); give the text a version of its own",
                known.sha256
            );
            return Err(RegistryError::Refused(why));
        }
        if NOTICES_MAX <= self.notices.len() {
            return Err(RegistryError::Refused(format!("{NOTICES_MAX} notices are registered, and no more")));
        }
        let mut notices = self.notices.clone();
        notices.push(new.clone());
        self.write(notices)?;
        Ok(Some(new))
    }

    fn write(&mut self, notices: Vec<Registered>) -> Result<(), RegistryError> {
        replace_file(&self.path, &to_bytes(&notices)).map_err(|error| match error {
            NotReplaced::Io(source) => RegistryError::Io { path: self.path.clone(), source },
            NotReplaced::Suspect(_) => {
                self.is_suspect = true;
                RegistryError::Suspect { path: self.path.clone() }
            }
        })?;
        (self.notices, self.is_checked) = (notices, true);
        Ok(())
    }
}

/// SHA-256 of a text, as evidence names it.
#[must_use]
pub fn sha256_of(text: &str) -> String {
    Sha256::digest(text.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect()
}

fn checked(draft: Draft, by: &str, now: Timestamp) -> Result<Registered, String> {
    let Draft { id, version, lang, text, system, attested_by, shown_from_ms, shown_until_ms } = draft;
    let name = |what: &str, text: &str, len_max: usize| {
        let is_name = !text.trim().is_empty() && text.len() <= len_max && !text.chars().any(char::is_control);
        if is_name { Ok(()) } else { Err(format!("{what} must be 1 to {len_max} bytes of plain text")) }
    };
    name("the id", &id, NAME_LEN_MAX)?;
    name("the language", &lang, LANG_LEN_MAX)?;
    name("the system", &system, NAME_LEN_MAX)?;
    name("who attests it", &attested_by, NAME_LEN_MAX)?;
    if text.trim().is_empty() || TEXT_LEN_MAX < text.len() {
        return Err(format!("the text must be 1 to {TEXT_LEN_MAX} bytes, and has {}", text.len()));
    }
    let [shown_from, shown_until] = [shown_from_ms, shown_until_ms].map(|ms| ms.map(Timestamp::from_unix_ms));
    if shown_from.zip(shown_until).is_some_and(|(from, until)| until <= from) {
        return Err("it was shown until before it was shown".to_owned());
    }
    Ok(Registered {
        sha256: sha256_of(&text).into(),
        name: Name { id: id.into(), version, lang: lang.into() },
        text: text.into(),
        system: system.into(),
        attested_by: attested_by.into(),
        shown_from,
        shown_until,
        registered_at: now,
        registered_by: by.into(),
    })
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct List {
    notices: Vec<Written>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    #[serde(rename = "notice")]
    name: Name,
    sha256: Box<str>,
    text: Box<str>,
    system: Box<str>,
    attested_by: Box<str>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    shown_from_ms: Option<i64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    shown_until_ms: Option<i64>,
    registered_at_ms: i64,
    registered_by: Box<str>,
}

fn parse(bytes: &[u8]) -> Result<CheckedList<Vec<Registered>>, String> {
    let CheckedList { said, is_checked } = list_of_bytes::<List>(bytes)?;
    let said = said.notices.into_iter().map(read).collect::<Result<_, _>>()?;
    Ok(CheckedList { said, is_checked })
}

/// A text that is not the one that was registered is no evidence.
fn read(written: Written) -> Result<Registered, String> {
    let sha256 = sha256_of(&written.text);
    if *written.sha256 != sha256 {
        let Name { id, version, lang } = &written.name;
        return Err(format!("the text of {id}@{version} in {lang} is not what was registered"));
    }
    let at = |ms: Option<i64>| ms.map(Timestamp::from_unix_ms);
    Ok(Registered {
        name: written.name,
        sha256: written.sha256,
        text: written.text,
        system: written.system,
        attested_by: written.attested_by,
        shown_from: at(written.shown_from_ms),
        shown_until: at(written.shown_until_ms),
        registered_at: Timestamp::from_unix_ms(written.registered_at_ms),
        registered_by: written.registered_by,
    })
}

fn to_bytes(notices: &[Registered]) -> Vec<u8> {
    let written = notices.iter().map(|notice| Written {
        name: notice.name.clone(),
        sha256: notice.sha256.clone(),
        text: notice.text.clone(),
        system: notice.system.clone(),
        attested_by: notice.attested_by.clone(),
        shown_from_ms: notice.shown_from.map(Timestamp::unix_ms),
        shown_until_ms: notice.shown_until.map(Timestamp::unix_ms),
        registered_at_ms: notice.registered_at.unix_ms(),
        registered_by: notice.registered_by.clone(),
    });
    list_to_bytes(&List { notices: written.collect() })
}

#[cfg(test)]
mod tests;
