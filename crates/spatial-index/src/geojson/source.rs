//! The text of a file as it comes in: a window over it that knows its line and column.
//!
//! The window holds what is being looked at and what was read ahead. It grows to the longest
//! single value and never to the file.

use std::io::{self, ErrorKind, Read};

use super::options::Limits;
use super::reason::{Lookalike, Reason};

/// Why reading ends early.
#[derive(Debug)]
pub(super) enum Stop {
    /// The file is refused as a whole.
    Refused(Reason),
    /// The reader failed.
    Unreadable(io::Error),
}

impl From<Reason> for Stop {
    fn from(reason: Reason) -> Self {
        Self::Refused(reason)
    }
}

/// What is read at a time.
const CHUNK_LEN: usize = 256 * 1024;

/// Bytes that tell what a file is: a byte order mark and two more.
const HEAD_LEN: usize = 5;

/// A text that is read piece by piece.
///
/// Invariant: what [`Source::rest`] gives is valid UTF-8.
pub(super) struct Source<'r> {
    reader: &'r mut dyn Read,
    window: Vec<u8>,
    /// Where the rest begins in the window.
    start: usize,
    /// Where it ends; a character that is not complete yet may follow.
    end: usize,
    n_filled: usize,
    is_over: bool,
    n_bytes: u64,
    line: usize,
    column: usize,
    limits: Limits,
}

impl<'r> Source<'r> {
    /// Looks at the first bytes: a byte order mark is dropped, and what is no text is refused.
    pub(super) fn open(reader: &'r mut dyn Read, limits: Limits) -> Result<Self, Stop> {
        let mut source = Self {
            reader,
            window: Vec::new(),
            start: 0,
            end: 0,
            n_filled: 0,
            is_over: false,
            n_bytes: 0,
            line: 1,
            column: 0,
            limits,
        };
        while source.n_filled < HEAD_LEN && source.read_more()? {}
        if source.window[..source.n_filled].starts_with(b"\xEF\xBB\xBF") {
            (source.start, source.end) = (3, 3);
        }
        match source.window[source.start..source.n_filled] {
            [0x1F, 0x8B, ..] => return Err(Reason::NotACollection(Lookalike::Gzip).into()),
            [0xFE, 0xFF, ..] | [0xFF, 0xFE, ..] | [0, _, ..] | [_, 0, ..] => {
                return Err(Reason::NotACollection(Lookalike::Utf16).into());
            }
            _ => {}
        }
        source.check_utf8()?;
        match source.peek()? {
            None => Err(Reason::Empty.into()),
            Some(b'<') => Err(Reason::NotACollection(Lookalike::Xml).into()),
            Some(_) => Ok(source),
        }
    }

    /// What was read and not consumed.
    pub(super) fn rest(&self) -> &[u8] {
        &self.window[self.start..self.end]
    }

    /// The first `n` bytes of the rest, which end between two characters.
    pub(super) fn text(&self, n: usize) -> &str {
        std::str::from_utf8(&self.rest()[..n]).expect("the rest was checked, and values end in ASCII")
    }

    /// Bytes read so far.
    pub(super) fn n_bytes(&self) -> u64 {
        self.n_bytes
    }

    /// Reads on; whether the rest is longer now.
    pub(super) fn fill(&mut self) -> Result<bool, Stop> {
        let n_before = self.rest().len();
        while self.read_more()? {
            self.check_utf8()?;
            if n_before < self.rest().len() {
                return Ok(true);
            }
        }
        if self.end < self.n_filled { Err(Reason::NotUtf8.into()) } else { Ok(false) }
    }

    /// Goes on by some bytes of the rest.
    pub(super) fn consume(&mut self, n: usize) {
        (self.line, self.column) = self.place_after(n);
        self.start += n;
    }

    /// Line, counted from 1, and bytes before on that line, after the first `n` bytes of the rest.
    pub(super) fn place_after(&self, n: usize) -> (usize, usize) {
        let passed = &self.rest()[..n];
        let n_lines = passed.iter().filter(|byte| **byte == b'\n').count();
        if n_lines == 0 {
            return (self.line, self.column + n);
        }
        let n_on_last = passed.iter().rev().take_while(|byte| **byte != b'\n').count();
        (self.line + n_lines, n_on_last)
    }

    /// The next byte that is not blank; none at the end of the file.
    pub(super) fn peek(&mut self) -> Result<Option<u8>, Stop> {
        loop {
            self.skip_blanks();
            match self.rest().first().copied() {
                Some(byte) => return Ok(Some(byte)),
                None if self.fill()? => {}
                None => return Ok(None),
            }
        }
    }

    /// Whether the longest value that is kept fits no more.
    pub(super) fn is_full(&self) -> bool {
        self.limits.feature_bytes_max < self.end - self.start
    }

    fn skip_blanks(&mut self) {
        let is_blank = |byte: &u8| matches!(byte, b' ' | b'\t' | b'\n' | b'\r');
        let n = self.rest().iter().take_while(|byte| is_blank(byte)).count();
        if 0 < n {
            self.consume(n);
        }
    }

    /// Reads once into the window; whether there was anything.
    fn read_more(&mut self) -> Result<bool, Stop> {
        if self.is_over {
            return Ok(false);
        }
        self.make_room();
        let n_read = loop {
            match self.reader.read(&mut self.window[self.n_filled..]) {
                Ok(n_read) => break n_read,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(Stop::Unreadable(error)),
            }
        };
        self.n_filled += n_read;
        self.n_bytes += n_read as u64;
        self.is_over = n_read == 0;
        let max = self.limits.bytes_max;
        if (max as u64) < self.n_bytes {
            return Err(Reason::OverLimit { limit: "bytes_max", max }.into());
        }
        Ok(!self.is_over)
    }

    fn make_room(&mut self) {
        if CHUNK_LEN <= self.window.len() - self.n_filled {
            return;
        }
        self.window.copy_within(self.start..self.n_filled, 0);
        self.n_filled -= self.start;
        self.end -= self.start;
        self.start = 0;
        // Twice the size each time, or a long value would be copied once for every chunk of it.
        while self.window.len() - self.n_filled < CHUNK_LEN {
            self.window.resize((2 * self.window.len()).max(4 * CHUNK_LEN), 0);
        }
    }

    fn check_utf8(&mut self) -> Result<(), Stop> {
        match std::str::from_utf8(&self.window[self.end..self.n_filled]) {
            Ok(_) => self.end = self.n_filled,
            Err(error) if error.error_len().is_none() => self.end += error.valid_up_to(),
            Err(_) => return Err(Reason::NotUtf8.into()),
        }
        Ok(())
    }
}

/// The length of the value that the rest begins with; all of the rest when the file ends within it.
///
/// Brackets are counted and strings passed over; whether they are nested well is for a parser to say.
pub(super) fn value_len(source: &mut Source<'_>) -> Result<usize, Stop> {
    let mut scan = Scan::default();
    loop {
        if let Some(n) = scan.end(source.rest()) {
            return Ok(n);
        }
        if source.is_full() || !source.fill()? {
            return Ok(source.rest().len());
        }
    }
}

/// How far a value was looked through.
#[derive(Default)]
struct Scan {
    at: usize,
    depth: usize,
    is_in_string: bool,
    is_scalar: bool,
}

impl Scan {
    /// Where the value ends, if it does in these bytes, which begin with those seen before.
    fn end(&mut self, bytes: &[u8]) -> Option<usize> {
        while let Some(&byte) = bytes.get(self.at) {
            if self.is_in_string {
                if !self.leave_string(bytes) {
                    return None;
                }
                if self.depth == 0 {
                    return Some(self.at);
                }
                continue;
            }
            let is_first = self.depth == 0 && !self.is_scalar;
            match byte {
                b'"' if is_first || 0 < self.depth => self.is_in_string = true,
                b'{' | b'[' if is_first || 0 < self.depth => self.depth += 1,
                b'}' | b']' if 0 < self.depth => self.depth -= 1,
                _ if 0 < self.depth => {
                    self.at += 1;
                    continue;
                }
                b'0'..=b'9' | b'a'..=b'z' | b'A'..=b'Z' | b'+' | b'-' | b'.' => {
                    self.is_scalar = true;
                    self.at += 1;
                    continue;
                }
                _ => return Some(self.at),
            }
            self.at += 1;
            if self.depth == 0 && !self.is_in_string {
                return Some(self.at);
            }
        }
        None
    }

    /// Goes behind the quote that ends a string; false when it is not there yet.
    fn leave_string(&mut self, bytes: &[u8]) -> bool {
        while let Some(n) = bytes[self.at..].iter().position(|byte| matches!(byte, b'"' | b'\\')) {
            self.at += n;
            if bytes[self.at] == b'"' {
                self.at += 1;
                self.is_in_string = false;
                return true;
            }
            if bytes.len() < self.at + 2 {
                return false;
            }
            self.at += 2;
        }
        self.at = bytes.len();
        false
    }
}
