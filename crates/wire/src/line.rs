//! Files of lines: opened, unpacked, and read one line at a time with its number.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Cursor, Read};
use std::path::Path;

use flate2::bufread::MultiGzDecoder;

use crate::json::BYTE_ORDER_MARK;
use crate::{Flaw, Limits};

/// What is wrong with one line of a file.
///
/// Names the line, the column and the reason, and repeats nothing of what the line holds.
#[derive(Debug, thiserror::Error)]
#[error("line {line}: {reason}")]
pub struct LineError {
    /// The line, counted from 1.
    pub line: u64,
    /// Why it cannot be used.
    pub reason: LineReason,
}

/// Why a line cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum LineReason {
    /// The file cannot be read any further.
    #[error("cannot be read: {0}")]
    Unreadable(#[from] io::Error),
    /// The file has no header.
    #[error("there is no header: the file is empty")]
    NoHeader,
    /// The header lacks a column.
    #[error("the header has no column {0}")]
    MissingColumn(&'static str),
    /// The header names a column twice.
    #[error("the header has two columns {0}")]
    RepeatedColumn(&'static str),
    /// The line has more or fewer cells than the header.
    #[error("has {n_cells} cells where the header has {n_columns}")]
    Cells {
        /// How many it has.
        n_cells: usize,
        /// How many it should have.
        n_columns: usize,
    },
    /// A value is of no use.
    #[error("{0}")]
    Flaw(Flaw),
    /// A value in a column is of no use.
    #[error("{flaw} in column {column}")]
    Cell {
        /// The name of the column.
        column: &'static str,
        /// What is wrong.
        flaw: Flaw,
    },
}

impl LineError {
    pub(crate) fn flaw(line: u64, flaw: Flaw) -> Self {
        Self { line, reason: LineReason::Flaw(flaw) }
    }
}

/// A file, plain or gzip, told by its first bytes.
pub(crate) type Source<'a> = Box<dyn BufRead + Send + 'a>;

/// Opens a file, plain or gzip.
pub(crate) fn open(path: &Path) -> Result<Source<'static>, LineError> {
    let unreadable = |error: io::Error| LineError { line: 0, reason: error.into() };
    source(File::open(path).map_err(unreadable)?)
}

/// Unpacks gzip and takes a byte order mark off.
pub(crate) fn source<'a>(reader: impl Read + Send + 'a) -> Result<Source<'a>, LineError> {
    let at_first = |error: io::Error| LineError { line: 1, reason: error.into() };
    let raw: Source<'a> = Box::new(BufReader::with_capacity(BUFFER_LEN, reader));
    let (head, raw) = peek(raw).map_err(at_first)?;
    let (head, mut text) = if head.starts_with(GZIP) {
        let unpacked: Source<'a> = Box::new(BufReader::with_capacity(BUFFER_LEN, MultiGzDecoder::new(raw)));
        peek(unpacked).map_err(at_first)?
    } else {
        (head, raw)
    };
    if head == BYTE_ORDER_MARK {
        text.consume(head.len());
    }
    Ok(text)
}

const BUFFER_LEN: usize = 64 * 1024;
const GZIP: &[u8] = b"\x1F\x8B";

/// The first bytes, and a reader that still gives them; a pipe may hand them over one by one.
fn peek(mut reader: Source<'_>) -> io::Result<(Vec<u8>, Source<'_>)> {
    let mut head = Vec::new();
    (&mut reader).take(BYTE_ORDER_MARK.len() as u64).read_to_end(&mut head)?;
    Ok((head.clone(), Box::new(Cursor::new(head).chain(reader))))
}

/// Numbered lines of bounded length.
pub(crate) struct Lines<'a> {
    source: Source<'a>,
    buffer: Vec<u8>,
    n_lines: u64,
    began_at: u64,
    is_peeked: bool,
    is_over: bool,
}

impl<'a> Lines<'a> {
    pub(crate) fn new(source: Source<'a>) -> Self {
        Self { source, buffer: Vec::new(), n_lines: 0, began_at: 0, is_peeked: false, is_over: false }
    }

    /// The first byte of the next line with something on it, which stays the next.
    pub(crate) fn peek(&mut self) -> Result<Option<u8>, LineError> {
        let first = self.next().transpose()?.map(|(_, line)| line[0]);
        self.is_peeked = true;
        Ok(first)
    }

    /// The next line with something on it, and its number.
    pub(crate) fn next(&mut self) -> Option<Result<(u64, &[u8]), LineError>> {
        self.next_joined(|_| false)
    }

    /// The next line with something on it, and the number of its beginning; lines are joined
    /// as long as `leaves_open` says of an odd number of them that what it began goes on.
    pub(crate) fn next_joined(
        &mut self,
        leaves_open: impl Fn(&[u8]) -> bool,
    ) -> Option<Result<(u64, &[u8]), LineError>> {
        if !std::mem::take(&mut self.is_peeked) {
            self.buffer.clear();
        }
        while self.buffer.trim_ascii().is_empty() && !self.is_over {
            self.buffer.clear();
            let line = self.n_lines + 1;
            let mut is_open = false;
            loop {
                let n_before = self.buffer.len();
                if let Err(reason) = self.read_line() {
                    self.is_over |= matches!(reason, LineReason::Unreadable(_));
                    return Some(Err(LineError { line, reason }));
                }
                is_open ^= leaves_open(&self.buffer[n_before..]);
                if !is_open || self.is_over {
                    break;
                }
            }
            self.began_at = line;
        }
        let line = self.buffer.trim_ascii();
        (!line.is_empty()).then_some(Ok((self.began_at, line)))
    }

    /// What `read` makes of the next lines as far as they are in memory, when it is something; it
    /// says how long the one line with its end is that it took, and else the line stays the next.
    pub(crate) fn take_ready<T>(&mut self, read: impl FnOnce(&[u8]) -> Option<(T, usize)>) -> Option<T> {
        if self.is_peeked || self.is_over {
            return None;
        }
        // An error is met again by whoever reads on.
        let (found, n_bytes) = read(self.source.fill_buf().ok()?)?;
        self.source.consume(n_bytes);
        self.n_lines += 1;
        Some(found)
    }

    /// Appends the next line with its end.
    fn read_line(&mut self) -> Result<(), LineReason> {
        self.n_lines += 1;
        let n_left = Limits::default().fix_bytes_max.saturating_sub(self.buffer.len()) + 1;
        let mut bounded = (&mut self.source).take(n_left as u64);
        let n_read = bounded.read_until(b'\n', &mut self.buffer)?;
        if self.buffer.last() == Some(&b'\n') && 0 < n_read {
            return Ok(());
        }
        if n_read == n_left {
            self.skip_line()?;
            return Err(LineReason::Flaw(Flaw::TooLarge));
        }
        self.is_over = true;
        Ok(())
    }

    fn skip_line(&mut self) -> io::Result<()> {
        loop {
            let part = self.source.fill_buf()?;
            let end = part.iter().position(|byte| *byte == b'\n');
            let n_read = end.map_or(part.len(), |end| end + 1);
            self.is_over |= part.is_empty();
            self.source.consume(n_read);
            if end.is_some() || n_read == 0 {
                return Ok(());
            }
        }
    }
}
