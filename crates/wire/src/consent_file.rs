//! Files of consent events: one a line, with `customer` and `received_at`.

use std::fmt;
use std::io::{self, Read, Write};
use std::path::Path;

use consent_gate::ConsentEvent;
use model::{CustomerId, Timestamp};
use serde::Serialize;

use crate::consent::{RawConsent, Source, WrittenConsent};
use crate::json::{self, check_version};
use crate::line::{self, LineError, Lines};
use crate::{Envelope, Flaw, Limits, instant};

/// A consent event of a file.
#[derive(Clone, PartialEq, Eq)]
pub struct Received {
    /// The line, counted from 1.
    pub line: u64,
    /// Whose.
    pub customer: CustomerId,
    /// When it reached whoever wrote the file.
    pub received_at: Timestamp,
    /// What was said.
    pub event: ConsentEvent,
    /// The line as it stands, itself a payload of this customer's consent topic.
    pub text: String,
}

impl fmt::Debug for Received {
    /// Shows neither customer nor text.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Received(line {}, not shown)", self.line)
    }
}

/// Opens a file, plain or gzip.
///
/// # Errors
/// When the file cannot be read.
pub fn open(path: &Path) -> Result<Events<'static>, LineError> {
    Ok(Events { lines: Lines::new(line::open(path)?), failed: None })
}

/// Reads events from anywhere, plain or gzip; lines may end as they do on Windows.
///
/// Whatever is wrong comes as an item, so that all bad lines can be named at once.
pub fn read<'a>(reader: impl Read + Send + 'a) -> Events<'a> {
    match line::source(reader) {
        Ok(source) => Events { lines: Lines::new(source), failed: None },
        Err(error) => Events { lines: Lines::new(Box::new(io::empty())), failed: Some(error) },
    }
}

/// The events of a file in its order, one line in memory at a time.
///
/// Ends after an error of reading; goes on after any other.
pub struct Events<'a> {
    lines: Lines<'a>,
    failed: Option<LineError>,
}

impl fmt::Debug for Events<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Events(not shown)")
    }
}

impl Iterator for Events<'_> {
    type Item = Result<Received, LineError>;

    fn next(&mut self) -> Option<Self::Item> {
        if let Some(error) = self.failed.take() {
            return Some(Err(error));
        }
        let item = self.lines.next()?;
        Some(item.and_then(|(line, text)| received(line, text).map_err(|flaw| LineError::flaw(line, flaw))))
    }
}

fn received(line: u64, text: &[u8]) -> Result<Received, Flaw> {
    if Limits::default().consent_bytes_max < text.len() {
        return Err(Flaw::TooLarge);
    }
    let raw: RawConsent<'_> = json::read(text)?;
    check_version(&raw.version, Flaw::UnknownFormat)?;
    let customer = raw.names.customer.required_text("customer")?;
    let customer = CustomerId::new(customer).map_err(|_| Flaw::BadId)?;
    raw.names.check(&Envelope { customer: customer.as_str(), device: "", body: text })?;
    let received_at = instant::required(&raw.received_at, "received_at")?;
    let text = str::from_utf8(text).map_err(|_| Flaw::Malformed)?.to_owned();
    Ok(Received { line, customer, received_at, event: raw.event(Source::File)?, text })
}

/// Writes an event as a line of such a file.
///
/// # Errors
/// When `out` does not take it.
pub fn write(
    customer: &CustomerId,
    received_at: Timestamp,
    event: &ConsentEvent,
    out: &mut impl Write,
) -> io::Result<()> {
    #[derive(Serialize)]
    struct Line<'a> {
        customer: &'a str,
        received_at: String,
        #[serde(flatten)]
        event: WrittenConsent<'a>,
    }

    let (customer, event) = (customer.as_str(), WrittenConsent::of(event));
    let line = Line { customer, received_at: instant::to_rfc3339(received_at), event };
    out.write_all(&json::write(&line))?;
    out.write_all(b"\n")
}
