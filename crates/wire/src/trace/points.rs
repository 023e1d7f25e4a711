//! Points to be matched: CSV with `lat` and `lon`.

use std::fmt;
use std::io::Read;
use std::path::Path;

use model::Position;

use crate::Flaw;
use crate::line::{self, Lines, Source};
use crate::trace::TraceError;
use crate::trace::table::Table;

const LAT: usize = 0;
const LON: usize = 1;

/// Opens a file of points, CSV or CSV in gzip; other columns are left alone.
///
/// # Errors
/// When the file cannot be read or its header lacks a column.
pub fn open_points(path: &Path) -> Result<Points<'static>, TraceError> {
    Points::new(line::open(path)?)
}

/// Reads points from anywhere, CSV or CSV in gzip; other columns are left alone.
///
/// # Errors
/// When it cannot be read or its header lacks a column.
pub fn points<'a>(reader: impl Read + Send + 'a) -> Result<Points<'a>, TraceError> {
    Points::new(line::source(reader)?)
}

/// The points of a file in its order, one line in memory at a time.
pub struct Points<'a>(Table<'a, 2>);

impl fmt::Debug for Points<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Points(not shown)")
    }
}

impl<'a> Points<'a> {
    fn new(source: Source<'a>) -> Result<Self, TraceError> {
        let table = Table::new(Lines::new(source), ["lat", "lon"])?;
        table.require(LAT)?;
        table.require(LON)?;
        Ok(Self(table))
    }
}

impl Iterator for Points<'_> {
    type Item = Result<Position, TraceError>;

    fn next(&mut self) -> Option<Self::Item> {
        let plain = self.0.advance_plain([LAT, LON], |lat_deg, lon_deg| Position::new(lat_deg, lon_deg).ok());
        if let Some(position) = plain {
            return Some(Ok(position));
        }
        Some(self.0.advance()?.and_then(|line| position(&self.0, [LAT, LON], line)))
    }
}

/// The position of a row.
pub(super) fn position<const N: usize>(
    table: &Table<'_, N>,
    [lat, lon]: [usize; 2],
    line: u64,
) -> Result<Position, TraceError> {
    let lat_deg = table.required_number(lat, "lat").map_err(table.in_column(lat, line))?;
    let lon_deg = table.required_number(lon, "lon").map_err(table.in_column(lon, line))?;
    Position::new(lat_deg, lon_deg).map_err(|flaw| {
        let column = match flaw {
            model::PositionFlaw::Latitude => lat,
            model::PositionFlaw::Longitude => lon,
        };
        table.in_column(column, line)(Flaw::OutOfRange)
    })
}
