//! Points from a table with `lat` and `lon`, one at a time.

use std::io::Read;
use std::path::{Path, PathBuf};

use csv::{ByteRecord, Reader};
use model::Position;
use settings::{Place, Problem};

/// Names of the columns, best first.
const LAT: [&str; 2] = ["lat", "latitude"];
const LNG: [&str; 4] = ["lon", "lng", "longitude", "long"];

/// The points of a table, in its order.
pub(super) struct Points {
    file: PathBuf,
    rows: Reader<Box<dyn Read>>,
    row: ByteRecord,
    lat: usize,
    lng: usize,
    has_failed: bool,
}

impl Points {
    /// Starts reading; the header says where latitude and longitude stand.
    pub(super) fn new(file: &Path, reader: Box<dyn Read>) -> Result<Self, Vec<Problem>> {
        let mut rows = csv::ReaderBuilder::new().buffer_capacity(1 << 18).from_reader(reader);
        let broken = |error: &csv::Error| vec![Problem::of_file(file, format!("is no table: {error}"))];
        let header = rows.headers().map_err(|error| broken(&error))?;
        let find = |names: &[&str]| {
            names
                .iter()
                .find_map(|name| header.iter().position(|found| found.trim().eq_ignore_ascii_case(name)))
        };
        let (Some(lat), Some(lng)) = (find(&LAT), find(&LNG)) else {
            let columns = header.iter().collect::<Vec<_>>().join(", ");
            let reason = format!("has no columns lat and lon in its first line; its columns are {columns}");
            return Err(vec![Problem::of_file(file, reason)]);
        };
        Ok(Self { file: file.to_owned(), rows, row: ByteRecord::new(), lat, lng, has_failed: false })
    }

    /// The reason never repeats a coordinate: a point may be a person's.
    fn problem(&self, reason: String) -> Problem {
        let mut problem = Problem::of_file(&self.file, reason);
        let line = self.row.position().map(csv::Position::line);
        problem.place = line.map(|line| Place { line: line as usize, column: 1, bytes: 0..0 });
        problem
    }

    fn read(&self) -> Result<Position, String> {
        let number = |column, name| {
            let cell =
                std::str::from_utf8(self.row.get(column).unwrap_or_default()).unwrap_or_default().trim();
            cell.parse::<f64>().map_err(|_| format!("{name} is empty or no number"))
        };
        let (lat, lng) = (number(self.lat, "lat")?, number(self.lng, "lon")?);
        Position::new(lat, lng).map_err(|_| "lat or lon is out of range, or they are swapped".to_owned())
    }
}

impl Iterator for Points {
    type Item = Result<Position, Problem>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.has_failed {
            return None;
        }
        match self.rows.read_byte_record(&mut self.row) {
            Ok(false) => None,
            Ok(true) => Some(self.read().map_err(|reason| self.problem(reason))),
            Err(error) => {
                // A row of another length can be stepped over; a broken file cannot be read on.
                self.has_failed = !matches!(error.kind(), csv::ErrorKind::UnequalLengths { .. });
                Some(Err(self.problem(format!("cannot be read: {error}"))))
            }
        }
    }
}
