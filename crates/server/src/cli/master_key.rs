//! Where the master key is, when it is not in the data directory.

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::{OsStrExt as _, OsStringExt as _};
use std::path::PathBuf;

use super::report::Failure;

/// Names the file of the master key: every command that opens a data directory heeds it.
const VARIABLE: &str = "STILE_MASTER_KEY_FILE";

/// The file that the environment names, if it names one.
///
/// # Errors
/// When it names none and does not leave it unset either.
pub(crate) fn named() -> Result<Option<PathBuf>, Failure> {
    path_of(std::env::var_os(VARIABLE).as_deref()).map_err(|why| {
        Failure::failed(78, &format!("{VARIABLE} {why}; unset it to keep the key in the data directory"))
    })
}

/// One newline at the end is trimmed: shells and secret stores leave it there.
fn path_of(value: Option<&OsStr>) -> Result<Option<PathBuf>, &'static str> {
    let Some(value) = value else { return Ok(None) };
    let bytes = value.as_bytes();
    match bytes.strip_suffix(b"\n").unwrap_or(bytes) {
        [] => Err("is set and empty"),
        path if path.contains(&b'\n') => Err("holds more than one line"),
        path => Ok(Some(OsString::from_vec(path.to_vec()).into())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn c10_an_empty_variable_is_not_an_unset_one_and_one_newline_is_trimmed() {
        let of = |value: &str| path_of(Some(OsStr::new(value)));
        assert_eq!(path_of(None), Ok(None));
        assert_eq!(of(""), Err("is set and empty"));
        assert_eq!(of("\n"), Err("is set and empty"));
        assert_eq!(of("/run/key"), Ok(Some("/run/key".into())));
        assert_eq!(of("/run/key\n"), Ok(Some("/run/key".into())));
        assert_eq!(of("/run/key\n\n"), Err("holds more than one line"));
    }
}
