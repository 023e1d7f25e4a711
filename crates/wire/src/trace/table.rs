//! CSV with a header whose columns may stand in any order.

use csv::{ByteRecord, ErrorKind, Reader, ReaderBuilder};

use crate::line::{LineReason, Source};
use crate::trace::TraceError;
use crate::{Field, Flaw};

/// A table of which some columns are known.
pub(crate) struct Table<'a, const N: usize> {
    reader: Reader<Source<'a>>,
    /// Known columns by name, and where they stand.
    columns: [(&'static str, Option<usize>); N],
    row: ByteRecord,
    is_over: bool,
}

impl<'a, const N: usize> Table<'a, N> {
    /// Reads the header.
    pub(crate) fn new(source: Source<'a>, known: [&'static str; N]) -> Result<Self, TraceError> {
        let mut reader = ReaderBuilder::new().from_reader(source);
        let header = reader.byte_headers().map_err(|error| line_error(error, 1))?;
        let at_header = |reason| TraceError { line: 1, reason };
        if header.is_empty() {
            return Err(at_header(LineReason::NoHeader));
        }
        let mut columns = known.map(|name| (name, None));
        for (at, cell) in header.iter().enumerate() {
            let found = columns.iter_mut().find(|(name, _)| cell.trim_ascii() == name.as_bytes());
            let Some((name, place)) = found else { continue };
            if place.replace(at).is_some() {
                return Err(at_header(LineReason::RepeatedColumn(name)));
            }
        }
        Ok(Self { reader, columns, row: ByteRecord::new(), is_over: false })
    }

    /// Refuses a table without a column.
    pub(crate) fn require(&self, column: usize) -> Result<(), TraceError> {
        match self.columns[column] {
            (_, Some(_)) => Ok(()),
            (name, None) => Err(TraceError { line: 1, reason: LineReason::MissingColumn(name) }),
        }
    }

    /// Whether a column is there.
    pub(crate) fn has(&self, column: usize) -> bool {
        self.columns[column].1.is_some()
    }

    /// Goes to the next row; its line number. A row of another width is passed over.
    pub(crate) fn advance(&mut self) -> Option<Result<u64, TraceError>> {
        if self.is_over {
            return None;
        }
        let line = self.reader.position().line();
        match self.reader.read_byte_record(&mut self.row) {
            Ok(true) => Some(Ok(self.row.position().map_or(line, csv::Position::line))),
            Ok(false) => None,
            Err(error) => {
                let error = line_error(error, line);
                self.is_over = matches!(error.reason, LineReason::Unreadable(_));
                Some(Err(error))
            }
        }
    }

    /// A cell of the row; `None` when it is empty or its column is not there.
    pub(crate) fn cell(&self, column: usize) -> Option<&[u8]> {
        let cell = self.row.get(self.columns[column].1?)?.trim_ascii();
        if cell.is_empty() { None } else { Some(cell) }
    }

    /// A cell as text.
    pub(crate) fn text(&self, column: usize) -> Result<Option<&str>, Flaw> {
        let text = self.cell(column).map(std::str::from_utf8).transpose();
        text.map_err(|_| Flaw::Malformed)
    }

    /// A cell as a finite number.
    pub(crate) fn number(&self, column: usize) -> Result<Option<f64>, Flaw> {
        let Some(text) = self.text(column)? else { return Ok(None) };
        let number: f64 = text.parse().map_err(|_| Flaw::Malformed)?;
        if number.is_finite() { Ok(Some(number)) } else { Err(Flaw::Malformed) }
    }

    /// A cell as a finite number that must be there.
    pub(crate) fn required_number(&self, column: usize, field: Field) -> Result<f64, Flaw> {
        self.number(column)?.ok_or(Flaw::MissingField(field))
    }

    /// Says what is wrong in which column.
    pub(crate) fn in_column(&self, column: usize, line: u64) -> impl Fn(Flaw) -> TraceError + use<N> {
        let column = self.columns[column].0;
        move |flaw| TraceError { line, reason: LineReason::Cell { column, flaw } }
    }
}

fn line_error(error: csv::Error, line: u64) -> TraceError {
    let line = error.position().map_or(line, csv::Position::line);
    let reason = match error.into_kind() {
        ErrorKind::Io(error) => error.into(),
        ErrorKind::UnequalLengths { expected_len, len, .. } => {
            LineReason::Cells { n_cells: len, n_columns: expected_len }
        }
        // The library's list may grow; bytes are all that is asked of it here.
        _ => LineReason::Flaw(Flaw::Malformed),
    };
    TraceError { line, reason }
}
