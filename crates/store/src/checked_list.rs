//! Lists beside the ledger, as JSON that carries a checksum of itself.
//!
//! ```text
//! {
//!   "check": "BLAKE3 of this file without this line, in 64 hexadecimal digits",
//!   "format": 2,
//!   …
//! }
//! ```
//!
//! Format 1 has no checksum: it is read, and becomes format 2 when it is next written.

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

/// The format of all lists that this program writes.
const FORMAT: u32 = 2;
/// The format of lists that say nothing of themselves.
const UNCHECKED: u32 = 1;

const OPENING: &[u8] = b"{\n";
const BEFORE: &[u8] = b"  \"check\": \"";
const AFTER: &[u8] = b"\",\n";
const DIGITS: usize = 64;

/// What a list says, and whether it was held against a checksum.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CheckedList<T> {
    /// What it says.
    pub said: T,
    /// It carries a checksum, which is right; an older one carries none.
    pub is_checked: bool,
}

#[derive(Serialize)]
struct Written<'a, T> {
    format: u32,
    #[serde(flatten)]
    said: &'a T,
}

/// A list as it is written.
///
/// # Panics
/// When it is no object that JSON can tell.
#[must_use]
pub fn list_to_bytes<T: Serialize>(said: &T) -> Vec<u8> {
    let mut list =
        serde_json::to_vec_pretty(&Written { format: FORMAT, said }).expect("a list can be told as JSON");
    list.push(b'\n');
    let body = list.strip_prefix(OPENING).expect("a list is an object with a format");
    let check = blake3::hash(&list).to_hex();
    [OPENING, BEFORE, check.as_bytes(), AFTER, body].concat()
}

/// Reads a list, and holds it against its checksum.
///
/// # Errors
/// When it is none, is newer than this program, or is not what was written.
pub fn list_of_bytes<T: DeserializeOwned>(bytes: &[u8]) -> Result<CheckedList<T>, String> {
    let (list, is_checked) = match taken_apart(bytes) {
        Some((check, list)) if check == blake3::hash(&list).to_hex().as_bytes() => (list, true),
        Some(_) => return Err("it is not what was written there".to_owned()),
        None => (bytes.to_vec(), false),
    };
    let told = |error: serde_json::Error| error.to_string();
    let mut object: serde_json::Map<String, serde_json::Value> =
        serde_json::from_slice(&list).map_err(told)?;
    let format = object.remove("format").and_then(|format| u32::deserialize(format).ok());
    match (format, is_checked) {
        (Some(FORMAT), true) | (Some(UNCHECKED), false) => {}
        (Some(FORMAT), false) => return Err("its checksum is missing".to_owned()),
        (Some(UNCHECKED), true) => return Err("it is not what was written there".to_owned()),
        (Some(format), _) => {
            return Err(format!("it has format {format}, and this program knows {FORMAT}"));
        }
        (None, _) => return Err("it names no format".to_owned()),
    }
    let said = T::deserialize(serde_json::Value::Object(object)).map_err(told)?;
    Ok(CheckedList { said, is_checked })
}

/// The checksum that a list carries, and all the rest.
fn taken_apart(bytes: &[u8]) -> Option<(&[u8], Vec<u8>)> {
    let (check, body) = bytes.strip_prefix(OPENING)?.strip_prefix(BEFORE)?.split_at_checked(DIGITS)?;
    let body = body.strip_prefix(AFTER)?;
    Some((check, [OPENING, body].concat()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Names {
        names: Vec<String>,
        #[serde(default)]
        served: Option<u64>,
    }

    fn names() -> Names {
        Names { names: vec!["paperbacks".into(), "hardcovers".into()], served: Some(7) }
    }

    #[test]
    fn a_list_is_read_as_it_was_written_and_stays_json() {
        let bytes = list_to_bytes(&names());
        assert_eq!(list_of_bytes(&bytes), Ok(CheckedList { said: names(), is_checked: true }));
        let json: serde_json::Value = serde_json::from_slice(&bytes).unwrap();
        assert_eq!((&json["format"], &json["names"][1]), (&2.into(), &"hardcovers".into()));
    }

    #[test]
    fn v09_no_bit_of_a_list_can_be_another_one() {
        let bytes = list_to_bytes(&names());
        for bit in 0..8 * bytes.len() {
            let mut flipped = bytes.clone();
            flipped[bit / 8] ^= 1 << (bit % 8);
            assert!(list_of_bytes::<Names>(&flipped).is_err(), "bit {bit}");
        }
        for len in 0..bytes.len() {
            assert!(list_of_bytes::<Names>(&bytes[..len]).is_err(), "{len} bytes");
        }
    }

    #[test]
    fn an_older_list_is_read_and_a_newer_one_is_not() {
        let older = r#"{"format":1,"names":["paperbacks","hardcovers"],"served":7}"#;
        assert_eq!(list_of_bytes(older.as_bytes()), Ok(CheckedList { said: names(), is_checked: false }));
        for (text, why) in [
            (older.replace(":1", ":2"), "its checksum is missing"),
            (older.replace(":1", ":3"), "it has format 3"),
            (older.replace("\"format\":1,", ""), "it names no format"),
            (older.replace("served", "saved"), "unknown field"),
        ] {
            let refused = list_of_bytes::<Names>(text.as_bytes()).unwrap_err();
            assert!(refused.contains(why), "{refused}");
        }
    }
}
