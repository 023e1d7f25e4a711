//! What an operator hands to somebody who was erased, and to whoever asks later: a signed statement.
//!
//! The signature covers a plain text that follows from the values, and not the JSON that carries them, so
//! that spaces and the order of fields mean nothing. It is made with a key that follows from the master
//! key; whoever has the public key can check it without the ledger.

use std::fmt::Write as _;

use model::{Partition, Timestamp};
use serde::{Deserialize, Serialize};

use crate::{CustomerHash, Erasure, KeyId, Storage};

const KIND: &str = "stile erasure statement";
const FORMAT: u8 = 1;
const ALGORITHM: &str = "ed25519";

/// Renders a signed statement of an erasure as JSON, in the name of the ledger that it was done in.
#[must_use]
pub fn statement(erasure: &Erasure, storage: &dyn Storage) -> String {
    let mut statement = Statement {
        instance: storage.instance(),
        erasure: erasure.clone(),
        public_key: storage.public_key(),
        signature: [0; 64],
    };
    statement.signature = storage.sign(statement.signed_text().as_bytes());
    statement.to_json()
}

/// A statement as it stands in its file, signed by whomever.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Statement {
    /// The ledger that speaks.
    pub instance: [u8; 16],
    /// What it says.
    pub erasure: Erasure,
    /// By which key it says it is signed.
    pub public_key: [u8; 32],
    /// The signature of [`Statement::signed_text`].
    pub signature: [u8; 64],
}

/// Why a text is no statement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StatementFlaw {
    /// It is not JSON, or has other fields than a statement.
    NoStatement,
    /// It is of a format that this program does not know.
    UnknownFormat,
    /// A field does not hold what belongs there.
    BadField(&'static str),
}

impl Statement {
    /// Reads a statement; whether the signature holds is the caller's to find out.
    pub fn parse(json: &str) -> Result<Self, StatementFlaw> {
        let file: File = serde_json::from_str(json).map_err(|_| StatementFlaw::NoStatement)?;
        if file.kind != KIND {
            return Err(StatementFlaw::NoStatement);
        }
        if file.format != FORMAT || file.algorithm != ALGORITHM {
            return Err(StatementFlaw::UnknownFormat);
        }
        let at = Timestamp::from_unix_ms(file.erased_at_ms);
        if file.erased_at != utc(at) {
            return Err(StatementFlaw::BadField("erased_at"));
        }
        if model::N_PARTITIONS <= file.partition {
            return Err(StatementFlaw::BadField("partition"));
        }
        let key = match file.keys_destroyed.as_slice() {
            [] => None,
            [key] => Some(KeyId::from_bytes(bytes(key, "keys_destroyed")?)),
            _ => return Err(StatementFlaw::BadField("keys_destroyed")),
        };
        let erasure = Erasure {
            customer: CustomerHash::from_bytes(bytes(&file.customer, "customer")?),
            at,
            key,
            n_entries: file.entries_taken_away,
            partition: Partition::from_no(file.partition),
            no: file.entry,
            link: bytes(&file.link, "link")?,
        };
        Ok(Self {
            instance: bytes(&file.instance, "instance")?,
            erasure,
            public_key: bytes(&file.public_key, "public_key")?,
            signature: bytes(&file.signature, "signature")?,
        })
    }

    /// What the signature covers.
    #[must_use]
    pub fn signed_text(&self) -> String {
        let Erasure { customer, at, key, n_entries, partition, no, link } = &self.erasure;
        let key = key.map_or_else(|| "none".to_owned(), |key| key.to_string());
        format!(
            "{KIND}\nformat: {FORMAT}\ninstance: {}\ncustomer: {}\nerased_at_ms: {}\nkey_destroyed: {key}\n\
             entries_taken_away: {n_entries}\npartition: {}\nentry: {no}\nlink: {}\n",
            hex(&self.instance),
            hex(customer.bytes()),
            at.unix_ms(),
            partition.no(),
            hex(link),
        )
    }

    fn to_json(&self) -> String {
        let erasure = &self.erasure;
        let file = File {
            kind: KIND.into(),
            format: FORMAT,
            instance: hex(&self.instance),
            customer: hex(erasure.customer.bytes()),
            erased_at: utc(erasure.at),
            erased_at_ms: erasure.at.unix_ms(),
            keys_destroyed: erasure.key.iter().map(ToString::to_string).collect(),
            entries_taken_away: erasure.n_entries,
            partition: erasure.partition.no(),
            entry: erasure.no,
            link: hex(&erasure.link),
            algorithm: ALGORITHM.into(),
            public_key: hex(&self.public_key),
            signature: hex(&self.signature),
        };
        serde_json::to_string_pretty(&file).expect("text and whole numbers are always JSON") + "\n"
    }
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    kind: String,
    format: u8,
    instance: String,
    customer: String,
    erased_at: String,
    erased_at_ms: i64,
    keys_destroyed: Vec<String>,
    entries_taken_away: u64,
    partition: u16,
    entry: u64,
    link: String,
    algorithm: String,
    public_key: String,
    signature: String,
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// Bytes of lower-case hexadecimal digits, so that one value has one spelling.
fn bytes<const N: usize>(text: &str, field: &'static str) -> Result<[u8; N], StatementFlaw> {
    let digit = |digit: &u8| matches!(digit, b'0'..=b'9' | b'a'..=b'f');
    if text.len() != 2 * N || !text.as_bytes().iter().all(digit) {
        return Err(StatementFlaw::BadField(field));
    }
    let mut bytes = [0; N];
    for (byte, digits) in bytes.iter_mut().zip(text.as_bytes().chunks_exact(2)) {
        let digits = str::from_utf8(digits).map_err(|_| StatementFlaw::BadField(field))?;
        *byte = u8::from_str_radix(digits, 16).map_err(|_| StatementFlaw::BadField(field))?;
    }
    Ok(bytes)
}

/// RFC 3339 with milliseconds, in UTC. Howard Hinnant, "chrono-compatible low-level date algorithms".
fn utc(at: Timestamp) -> String {
    let (days, ms) = (at.unix_ms().div_euclid(86_400_000), at.unix_ms().rem_euclid(86_400_000));
    let z = days + 719_468;
    let (era, day_of_era) = (z.div_euclid(146_097), z.rem_euclid(146_097));
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    let (hour, minute, second, milli) = (ms / 3_600_000, ms / 60_000 % 60, ms / 1_000 % 60, ms % 1_000);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{milli:03}Z")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::MemoryStorage;
    use crate::samples::{at, customer};

    fn sample() -> Erasure {
        Erasure {
            key: Some(KeyId::from_bytes([3; 16])),
            n_entries: 4,
            no: 17,
            link: [9; 32],
            ..Erasure::of_nothing(&customer("anna"), at(1_793_000_000_123))
        }
    }

    #[test]
    fn a_statement_reads_back_as_it_was_made() {
        for key in [sample().key, None] {
            let erasure = Erasure { key, ..sample() };
            let text = statement(&erasure, &MemoryStorage::new());
            let read = Statement::parse(&text).unwrap();
            assert_eq!(read.erasure, erasure);
            assert_eq!(read.to_json(), text);
            assert!(!text.contains("anna"));
        }
    }

    #[test]
    fn instants_are_told_in_utc() {
        let told = [
            (0, "1970-01-01T00:00:00.000Z"),
            (951_782_400_000, "2000-02-29T00:00:00.000Z"),
            (1_793_000_000_123, "2026-10-26T07:33:20.123Z"),
            (-1, "1969-12-31T23:59:59.999Z"),
            (4_107_542_400_000, "2100-03-01T00:00:00.000Z"),
        ];
        told.into_iter().for_each(|(ms, text)| assert_eq!(utc(at(ms)), text));
    }

    #[test]
    fn what_is_no_statement_is_refused() {
        let good = statement(&sample(), &MemoryStorage::new());
        let flaw = |from: &str, to: &str| {
            assert!(good.contains(from), "{from}");
            Statement::parse(&good.replacen(from, to, 1)).unwrap_err()
        };
        assert_eq!(flaw("erasure statement", "promise"), StatementFlaw::NoStatement);
        assert_eq!(flaw("\"format\": 1", "\"format\": 2"), StatementFlaw::UnknownFormat);
        assert_eq!(flaw("\"partition\"", "\"extra\": 1, \"partition\""), StatementFlaw::NoStatement);
        assert_eq!(flaw("2026-10-26", "2026-10-25"), StatementFlaw::BadField("erased_at"));
        assert_eq!(flaw("0909", "09"), StatementFlaw::BadField("link"));
        assert_eq!(flaw("0909", "090X"), StatementFlaw::BadField("link"));
        assert_eq!(flaw("0303", "030A"), StatementFlaw::BadField("keys_destroyed"));
        assert_eq!(Statement::parse("[]").unwrap_err(), StatementFlaw::NoStatement);
    }

    #[test]
    fn the_signed_text_tells_every_value_apart() {
        let of = |erasure: Erasure, instance| Statement {
            instance,
            erasure,
            public_key: [0; 32],
            signature: [0; 64],
        };
        let text = of(sample(), [1; 16]).signed_text();
        let others = [
            of(sample(), [2; 16]),
            of(Erasure { at: at(5), ..sample() }, [1; 16]),
            of(Erasure { key: None, ..sample() }, [1; 16]),
            of(Erasure { n_entries: 5, ..sample() }, [1; 16]),
            of(Erasure { no: 18, ..sample() }, [1; 16]),
            of(Erasure { link: [8; 32], ..sample() }, [1; 16]),
            of(Erasure { partition: Partition::from_no(63), ..sample() }, [1; 16]),
            of(Erasure { customer: CustomerHash::from_bytes([0; 16]), ..sample() }, [1; 16]),
        ];
        others.into_iter().for_each(|other| assert_ne!(other.signed_text(), text));
    }
}
