//! Secrets: kept in files of their own that nobody else may read, and never shown.

use std::fmt;
use std::path::Path;

use crate::Problem;
use crate::source::Source;

/// A secret text; `Debug` does not show it.
#[derive(Clone, PartialEq, Eq)]
pub struct SecretText(String);

impl SecretText {
    /// A secret from its text.
    #[must_use]
    pub fn new(text: String) -> Self {
        Self(text)
    }

    /// The secret itself, for the one call that needs it.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for SecretText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretText(not shown)")
    }
}

/// Reads a secret from a file that only its owner may read.
///
/// One line end at the end is cut off, since every editor adds one.
pub fn read_secret(file: &Path) -> Result<SecretText, Vec<Problem>> {
    let source = Source::open(file)?;
    check_private(file)?;
    let text = source.text.strip_suffix('\n').unwrap_or(&source.text);
    let text = text.strip_suffix('\r').unwrap_or(text);
    if text.is_empty() {
        return Err(vec![Problem::of_file(file, "holds no secret")]);
    }
    if text.chars().any(char::is_control) {
        return Err(vec![Problem::of_file(file, "holds more than one line")]);
    }
    Ok(SecretText::new(text.to_owned()))
}

/// Whether only the owner may read a file, and the owner is who runs this program, or root.
#[cfg(unix)]
pub(crate) fn check_private(file: &Path) -> Result<(), Vec<Problem>> {
    use std::os::unix::fs::MetadataExt as _;

    let Ok(facts) = std::fs::metadata(file) else { return Ok(()) };
    let mode = facts.mode() & 0o777;
    if mode & 0o077 != 0 {
        let reason = format!("holds secrets and is open to others (mode {mode:04o})");
        return Err(vec![Problem::of_file(file, reason).with_hint(format!("chmod 600 {}", file.display()))]);
    }
    // Who runs this program, from the one place where std can tell.
    let own = std::fs::metadata("/proc/self").map(|own| own.uid());
    if own.is_ok_and(|own| facts.uid() != own && facts.uid() != 0) {
        return Err(vec![Problem::of_file(file, "holds secrets and belongs to another user")]);
    }
    Ok(())
}

/// Elsewhere the file system's own rules hold.
#[cfg(not(unix))]
pub(crate) fn check_private(_file: &Path) -> Result<(), Vec<Problem>> {
    Ok(())
}
