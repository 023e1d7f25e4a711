//! Recorded fixes of many devices: CSV, or lines of native JSON.

use std::fmt;
use std::io::Read;
use std::path::Path;

use model::{CustomerId, DeviceId, Fix};

use crate::json::{self, Scalar, check_version};
use crate::line::{self, Lines, Source};
use crate::raw_fix::{self, RawFix};
use crate::trace::TraceError;
use crate::trace::points::position;
use crate::trace::table::Table;
use crate::{Flaw, instant};

/// A recorded fix with whose it is.
#[derive(Clone, Debug, PartialEq)]
pub struct TraceFix {
    /// Whose; where the recording names only devices, each is its own customer.
    pub customer: CustomerId,
    /// From which phone; where the recording names only customers, each has one of that name.
    pub device: DeviceId,
    /// When and where.
    pub fix: Fix,
}

/// Opens a recording; see [`fixes`].
///
/// # Errors
/// When the file cannot be read or its header lacks a column.
pub fn open(path: &Path) -> Result<Fixes<'static>, TraceError> {
    Fixes::new(line::open(path)?)
}

/// Reads a recording from anywhere: CSV with a header, or lines of native JSON, either in gzip.
///
/// CSV has `customer` or `device` or both, `ts_unix_ms`, `lat`, `lon`, and may have `acc_m`
/// and `speed_mps`. Whether to go on after a bad line is for the caller to say.
///
/// # Errors
/// When it cannot be read or its header lacks a column.
pub fn fixes<'a>(reader: impl Read + Send + 'a) -> Result<Fixes<'a>, TraceError> {
    Fixes::new(line::source(reader)?)
}

/// The fixes of a recording in its order, one line in memory at a time.
///
/// Ends after an error of reading; goes on after any other.
pub struct Fixes<'a>(Format<'a>);

enum Format<'a> {
    Csv(Box<Table<'a, 7>>),
    Json(Lines<'a>),
}

const CUSTOMER: usize = 0;
const DEVICE: usize = 1;
const TIME: usize = 2;
const LAT: usize = 3;
const LON: usize = 4;
const ACCURACY: usize = 5;
const SPEED: usize = 6;
const COLUMNS: [&str; 7] = ["customer", "device", "ts_unix_ms", "lat", "lon", "acc_m", "speed_mps"];

impl fmt::Debug for Fixes<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Fixes(not shown)")
    }
}

impl<'a> Fixes<'a> {
    fn new(source: Source<'a>) -> Result<Self, TraceError> {
        let mut lines = Lines::new(source);
        if lines.peek()? == Some(b'{') {
            return Ok(Self(Format::Json(lines)));
        }
        let table = Table::new(lines, COLUMNS)?;
        if !table.has(DEVICE) {
            table.require(CUSTOMER)?;
        }
        for column in [TIME, LAT, LON] {
            table.require(column)?;
        }
        Ok(Self(Format::Csv(Box::new(table))))
    }
}

impl Iterator for Fixes<'_> {
    type Item = Result<TraceFix, TraceError>;

    fn next(&mut self) -> Option<Self::Item> {
        match &mut self.0 {
            Format::Csv(table) => Some(table.advance()?.and_then(|line| row(table, line))),
            Format::Json(lines) => Some(
                lines
                    .next()?
                    .and_then(|(line, text)| json_fix(text).map_err(|flaw| TraceError::flaw(line, flaw))),
            ),
        }
    }
}

fn row(table: &Table<'_, 7>, line: u64) -> Result<TraceFix, TraceError> {
    let at = |column| table.in_column(column, line);
    let customer = table.text(CUSTOMER).map_err(at(CUSTOMER))?;
    let device = table.text(DEVICE).map_err(at(DEVICE))?;
    let names_at = if customer.is_some() { CUSTOMER } else { DEVICE };
    let (customer, device) = names(customer, device).map_err(at(names_at))?;
    let time = table.text(TIME).map_err(at(TIME))?;
    let taken_at = taken_at(time).map_err(at(TIME))?;
    let position = position(table, [LAT, LON], line)?;
    let accuracy = table.number(ACCURACY).and_then(raw_fix::accuracy).map_err(at(ACCURACY))?;
    let speed_mps = raw_fix::speed_mps(table.number(SPEED).map_err(at(SPEED))?);
    Ok(TraceFix { customer, device, fix: Fix { accuracy, speed_mps, ..Fix::at(taken_at, position) } })
}

fn taken_at(text: Option<&str>) -> Result<model::Timestamp, Flaw> {
    let text = text.ok_or(Flaw::MissingField("ts"))?;
    instant::from_unix_ms(text.parse().map_err(|_| Flaw::BadTime)?)
}

fn json_fix(text: &[u8]) -> Result<TraceFix, Flaw> {
    let raw: RawFix<'_> = json::read(text)?;
    check_version(&raw.version, Flaw::UnknownFormat)?;
    let (customer, device) = names(name(&raw.names.customer)?, name(&raw.names.device)?)?;
    Ok(TraceFix { customer, device, fix: raw.fix()? })
}

fn name<'v>(value: &'v Scalar<'_>) -> Result<Option<&'v str>, Flaw> {
    match value {
        Scalar::Absent | Scalar::Null => Ok(None),
        value => value.text().map(Some).ok_or(Flaw::Malformed),
    }
}

/// Either name stands in for the other.
fn names(customer: Option<&str>, device: Option<&str>) -> Result<(CustomerId, DeviceId), Flaw> {
    let missing = Flaw::MissingField("customer");
    let (customer, device) = (customer.or(device), device.or(customer));
    let customer = CustomerId::new(customer.ok_or(missing)?).map_err(|_| Flaw::BadId)?;
    let device = DeviceId::new(device.ok_or(missing)?).map_err(|_| Flaw::BadId)?;
    Ok((customer, device))
}
