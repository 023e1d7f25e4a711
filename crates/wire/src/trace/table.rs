//! CSV with a header whose columns may stand in any order.
//!
//! Written here and not taken from the `csv` crate, which counts the lines of files with
//! Windows line ends wrong; a cell may be quoted, hold commas and go over several lines.

use crate::Flaw;
use crate::line::{LineReason, Lines};
use crate::trace::TraceError;
use crate::trace::plain::numbers_of_row;

/// A table of which some columns are known.
pub(crate) struct Table<'a, const N: usize> {
    lines: Lines<'a>,
    /// Known columns by name, and where they stand.
    columns: [(&'static str, Option<usize>); N],
    n_columns: usize,
    row: Row,
}

impl<'a, const N: usize> Table<'a, N> {
    /// Reads the header.
    pub(crate) fn new(mut lines: Lines<'a>, known: [&'static str; N]) -> Result<Self, TraceError> {
        let no_header = TraceError { line: 1, reason: LineReason::NoHeader };
        let (line, text) = lines.next().unwrap_or(Err(no_header))?;
        let mut row = Row::default();
        row.split(text).map_err(|flaw| TraceError::flaw(line, flaw))?;
        let mut columns = known.map(|name| (name, None));
        for at in 0..row.ends.len() {
            let cell = row.cell(at).unwrap_or_default();
            let found = columns.iter_mut().find(|(name, _)| cell == name.as_bytes());
            let Some((name, place)) = found else { continue };
            if place.replace(at).is_some() {
                return Err(TraceError { line, reason: LineReason::RepeatedColumn(name) });
            }
        }
        Ok(Self { lines, columns, n_columns: row.ends.len(), row })
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
        let is_odd = |part: &[u8]| part.iter().filter(|byte| **byte == b'"').count() % 2 == 1;
        let (line, text) = match self.lines.next_joined(is_odd)? {
            Ok(found) => found,
            Err(error) => return Some(Err(error)),
        };
        if let Err(flaw) = self.row.split(text) {
            return Some(Err(TraceError::flaw(line, flaw)));
        }
        let (n_cells, n_columns) = (self.row.ends.len(), self.n_columns);
        if n_cells != n_columns {
            return Some(Err(TraceError { line, reason: LineReason::Cells { n_cells, n_columns } }));
        }
        Some(Ok(line))
    }

    /// Goes past the next row and makes something of two numbers in it, as long as it is a plain
    /// one; else the row stays the next for [`Table::advance`], which says what is wrong with it.
    pub(crate) fn advance_plain<T>(
        &mut self,
        [a, b]: [usize; 2],
        make: impl FnOnce(f64, f64) -> Option<T>,
    ) -> Option<T> {
        let (a, b) = (self.columns[a].1?, self.columns[b].1?);
        let n_columns = self.n_columns;
        self.lines.take_ready(|bytes| {
            let ([a, b], n_bytes) = numbers_of_row(bytes, n_columns, [a, b])?;
            Some((make(a, b)?, n_bytes))
        })
    }

    /// A cell of the row; `None` when it is empty or its column is not there.
    fn cell(&self, column: usize) -> Option<&[u8]> {
        self.row.cell(self.columns[column].1?)
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
    pub(crate) fn required_number(&self, column: usize, field: &'static str) -> Result<f64, Flaw> {
        self.number(column)?.ok_or(Flaw::MissingField(field))
    }

    /// Says what is wrong in which column.
    pub(crate) fn in_column(&self, column: usize, line: u64) -> impl Fn(Flaw) -> TraceError + use<N> {
        let column = self.columns[column].0;
        move |flaw| TraceError { line, reason: LineReason::Cell { column, flaw } }
    }
}

/// The cells of one line, without quotes.
#[derive(Default)]
struct Row {
    bytes: Vec<u8>,
    ends: Vec<usize>,
}

impl Row {
    fn split(&mut self, text: &[u8]) -> Result<(), Flaw> {
        self.bytes.clear();
        self.ends.clear();
        let mut is_quoted = false;
        let mut rest = text.iter().copied().peekable();
        while let Some(byte) = rest.next() {
            match byte {
                b'"' if is_quoted && rest.next_if_eq(&b'"').is_some() => self.bytes.push(b'"'),
                b'"' => is_quoted = !is_quoted,
                b',' if !is_quoted => self.ends.push(self.bytes.len()),
                byte => self.bytes.push(byte),
            }
        }
        self.ends.push(self.bytes.len());
        if is_quoted { Err(Flaw::Malformed) } else { Ok(()) }
    }

    /// A cell without the blanks around it; `None` when nothing is left.
    fn cell(&self, at: usize) -> Option<&[u8]> {
        let start = if at == 0 { 0 } else { self.ends[at - 1] };
        let cell = self.bytes[start..self.ends[at]].trim_ascii();
        if cell.is_empty() { None } else { Some(cell) }
    }
}
