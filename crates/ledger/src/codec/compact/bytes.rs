//! The smallest things that are written: numbers, instants, texts, flags, lists.
//!
//! | what | how |
//! |---|---|
//! | number | LEB128: seven bits a byte, the lowest first, the high bit set on all but the last |
//! | signed number | zigzag (0, -1, 1, -2, ..), then as a number |
//! | instant | the signed number of milliseconds since the instant written before it, the first since 1970 |
//! | text | twice its length in bytes, then UTF-8; or, of one of the first [`N_TEXTS_MAX`] texts, twice its place among them and one |
//! | flags | a byte, the first flag its lowest bit |
//! | list | how many, then each |

use model::{Digest, IdFlaw, Timestamp};

use super::codes::Coded;
use crate::Unreadable;

/// Texts that can be said again by their place: those of a consent and its notice are among the first.
const N_TEXTS_MAX: usize = 16;

/// The first texts of an entry or row, in order.
struct Texts<'a> {
    texts: [&'a str; N_TEXTS_MAX],
    n: usize,
}

impl<'a> Texts<'a> {
    const fn new() -> Self {
        Self { texts: [""; N_TEXTS_MAX], n: 0 }
    }

    fn known(&self) -> &[&'a str] {
        &self.texts[..self.n]
    }

    fn add(&mut self, text: &'a str) {
        if let Some(slot) = self.texts.get_mut(self.n) {
            *slot = text;
            self.n += 1;
        }
    }
}

/// Appends things to bytes.
pub(super) struct Writer<'o, 'a> {
    out: &'o mut Vec<u8>,
    texts: Texts<'a>,
    last_at: i64,
}

impl<'o, 'a> Writer<'o, 'a> {
    pub(super) const fn new(out: &'o mut Vec<u8>) -> Self {
        Self { out, texts: Texts::new(), last_at: 0 }
    }

    pub(super) fn byte(&mut self, byte: u8) {
        self.out.push(byte);
    }

    pub(super) fn bytes(&mut self, bytes: &[u8]) {
        self.out.extend_from_slice(bytes);
    }

    pub(super) fn number(&mut self, number: impl Into<u64>) {
        let mut rest = number.into();
        while 0x80 <= rest {
            self.out.push(rest as u8 | 0x80);
            rest >>= 7;
        }
        self.out.push(rest as u8);
    }

    pub(super) fn signed(&mut self, number: i64) {
        self.number((number << 1 ^ number >> 63).cast_unsigned());
    }

    pub(super) fn instant(&mut self, at: Timestamp) {
        let at = at.unix_ms();
        self.signed(at.wrapping_sub(self.last_at));
        self.last_at = at;
    }

    pub(super) fn text(&mut self, text: &'a str) {
        match self.texts.known().iter().position(|known| *known == text) {
            Some(place) => self.number(place as u64 * 2 + 1),
            None => {
                self.number(text.len() as u64 * 2);
                self.bytes(text.as_bytes());
                self.texts.add(text);
            }
        }
    }

    pub(super) fn digest(&mut self, digest: Digest) {
        self.bytes(&digest.bytes());
    }

    pub(super) fn word(&mut self, word: impl Coded) {
        self.byte(word.code());
    }

    pub(super) fn flags<const N: usize>(&mut self, flags: [bool; N]) {
        const { assert!(N <= 8) };
        let set = |(bit, flag): (usize, bool)| u8::from(flag) << bit;
        self.byte(flags.into_iter().enumerate().map(set).fold(0, |all, bit| all | bit));
    }

    pub(super) fn list<T>(&mut self, all: &'a [T], mut write: impl FnMut(&mut Self, &'a T)) {
        self.number(all.len() as u64);
        all.iter().for_each(|one| write(self, one));
    }

    pub(super) fn texts(&mut self, texts: &'a [Box<str>]) {
        self.list(texts, |out, text| out.text(text));
    }
}

/// Takes things off the front of bytes.
pub(super) struct Reader<'a> {
    rest: &'a [u8],
    texts: Texts<'a>,
    last_at: i64,
}

impl<'a> Reader<'a> {
    pub(super) const fn new(rest: &'a [u8]) -> Self {
        Self { rest, texts: Texts::new(), last_at: 0 }
    }

    /// An error unless all was read.
    pub(super) const fn end(&self) -> Result<(), Unreadable> {
        if self.rest.is_empty() { Ok(()) } else { Err(Unreadable::Malformed) }
    }

    pub(super) fn byte(&mut self) -> Result<u8, Unreadable> {
        let (byte, rest) = self.rest.split_first().ok_or(Unreadable::Malformed)?;
        self.rest = rest;
        Ok(*byte)
    }

    pub(super) fn bytes<const N: usize>(&mut self) -> Result<[u8; N], Unreadable> {
        let (bytes, rest) = self.rest.split_first_chunk().ok_or(Unreadable::Malformed)?;
        self.rest = rest;
        Ok(*bytes)
    }

    pub(super) fn number(&mut self) -> Result<u64, Unreadable> {
        let mut number = 0;
        for shift in (0..u64::BITS).step_by(7) {
            let byte = self.byte()?;
            let bits = u64::from(byte & 0x7f);
            if bits << shift >> shift != bits {
                return Err(Unreadable::Malformed);
            }
            number |= bits << shift;
            if byte < 0x80 {
                return Ok(number);
            }
        }
        Err(Unreadable::Malformed)
    }

    /// A number that is kept in less than 64 bits.
    pub(super) fn small<T: TryFrom<u64>>(&mut self) -> Result<T, Unreadable> {
        T::try_from(self.number()?).map_err(|_| Unreadable::Malformed)
    }

    pub(super) fn signed(&mut self) -> Result<i64, Unreadable> {
        let number = self.number()?;
        Ok((number >> 1).cast_signed() ^ -(number & 1).cast_signed())
    }

    pub(super) fn instant(&mut self) -> Result<Timestamp, Unreadable> {
        self.last_at = self.last_at.wrapping_add(self.signed()?);
        Ok(Timestamp::from_unix_ms(self.last_at))
    }

    pub(super) fn instant_if(&mut self, is_there: bool) -> Result<Option<Timestamp>, Unreadable> {
        is_there.then(|| self.instant()).transpose()
    }

    pub(super) fn text(&mut self) -> Result<&'a str, Unreadable> {
        let number = usize::try_from(self.number()?).map_err(|_| Unreadable::Malformed)?;
        if number & 1 == 1 {
            return self.texts.known().get(number / 2).copied().ok_or(Unreadable::Malformed);
        }
        let (text, rest) = self.rest.split_at_checked(number / 2).ok_or(Unreadable::Malformed)?;
        self.rest = rest;
        let text = str::from_utf8(text).map_err(|_| Unreadable::Malformed)?;
        self.texts.add(text);
        Ok(text)
    }

    pub(super) fn boxed(&mut self) -> Result<Box<str>, Unreadable> {
        Ok(self.text()?.into())
    }

    pub(super) fn boxed_if(&mut self, is_there: bool) -> Result<Option<Box<str>>, Unreadable> {
        is_there.then(|| self.boxed()).transpose()
    }

    pub(super) fn id<T>(&mut self, make: fn(&str) -> Result<T, IdFlaw>) -> Result<T, Unreadable> {
        make(self.text()?).map_err(|_| Unreadable::Malformed)
    }

    pub(super) fn digest(&mut self) -> Result<Digest, Unreadable> {
        self.bytes().map(Digest::from_bytes)
    }

    pub(super) fn word<T: Coded>(&mut self) -> Result<T, Unreadable> {
        T::from_code(self.byte()?).ok_or(Unreadable::Malformed)
    }

    pub(super) fn flags<const N: usize>(&mut self) -> Result<[bool; N], Unreadable> {
        let byte = self.byte()?;
        if byte.checked_shr(N as u32).unwrap_or(0) != 0 {
            return Err(Unreadable::Malformed);
        }
        Ok(std::array::from_fn(|bit| byte >> bit & 1 == 1))
    }

    pub(super) fn list<T>(
        &mut self,
        mut read: impl FnMut(&mut Self) -> Result<T, Unreadable>,
    ) -> Result<Vec<T>, Unreadable> {
        let n: usize = self.small()?;
        // Nothing that is written takes no room, so a count cannot ask for more memory than its bytes allow.
        if self.rest.len() < n {
            return Err(Unreadable::Malformed);
        }
        let mut all = Vec::with_capacity(n);
        for _ in 0..n {
            all.push(read(self)?);
        }
        Ok(all)
    }

    pub(super) fn all_boxed(&mut self) -> Result<Vec<Box<str>>, Unreadable> {
        self.list(Self::boxed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(write: impl FnOnce(&mut Writer<'_, '_>)) -> Vec<u8> {
        let mut out = Vec::new();
        write(&mut Writer::new(&mut out));
        out
    }

    #[test]
    fn a_number_takes_seven_bits_a_byte() {
        let check = |number: u64, bytes: &[u8]| {
            assert_eq!(written(|out| out.number(number)), bytes);
            assert_eq!(Reader::new(bytes).number(), Ok(number));
        };
        check(0, &[0]);
        check(127, &[127]);
        check(128, &[0x80, 1]);
        check(300, &[0xac, 2]);
        check(u64::MAX, &[0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1]);
        for wrong in [&[0xff; 9][..], &[0xff; 10], &[0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 2]]
        {
            assert_eq!(Reader::new(wrong).number(), Err(Unreadable::Malformed));
        }
    }

    #[test]
    fn a_signed_number_is_short_on_both_sides_of_nought() {
        for (number, bytes) in [(0, &[0][..]), (-1, &[1]), (1, &[2]), (-64, &[127]), (64, &[0x80, 1])] {
            assert_eq!(written(|out| out.signed(number)), bytes);
        }
        for number in [i64::MIN, i64::MAX, -1, 0, 1] {
            let bytes = written(|out| out.signed(number));
            assert_eq!(Reader::new(&bytes).signed(), Ok(number));
        }
    }

    #[test]
    fn instants_follow_one_another_whatever_they_are() {
        let all = [0, i64::MAX, i64::MIN, -1, i64::MIN, 1_770_000_000_000].map(Timestamp::from_unix_ms);
        let bytes = written(|out| all.into_iter().for_each(|at| out.instant(at)));
        let mut reader = Reader::new(&bytes);
        assert!(all.into_iter().all(|at| reader.instant() == Ok(at)));
        assert_eq!(reader.end(), Ok(()));
    }

    #[test]
    fn a_text_that_was_said_is_not_said_again() {
        let texts = ["harbour", "", "Hälfte", "harbour", "", "Hälfte"];
        let bytes = written(|out| texts.iter().for_each(|text| out.text(text)));
        assert_eq!(bytes.len(), 8 + 1 + 8 + 3);
        let mut reader = Reader::new(&bytes);
        assert!(texts.iter().all(|text| reader.text() == Ok(text)));
    }

    #[test]
    fn texts_beyond_the_first_are_said_in_full() {
        let texts: Vec<String> = (0..40).map(|n| format!("text {}", n % 20)).collect();
        let bytes = written(|out| {
            // The writer borrows what it writes.
            let texts: &'static [String] = Box::leak(texts.clone().into_boxed_slice());
            texts.iter().for_each(|text| out.text(text));
        });
        let mut reader = Reader::new(&bytes);
        assert!(texts.iter().all(|text| reader.text() == Ok(text)));
    }

    #[test]
    fn what_was_not_written_is_refused() {
        assert!(Reader::new(&[3]).text().is_err(), "no text was said before");
        assert!(Reader::new(&[4, b'a']).text().is_err(), "it ends too soon");
        assert!(Reader::new(&[2, 0xff]).text().is_err(), "it is no text");
        assert!(Reader::new(&[4]).flags::<2>().is_err(), "a flag that is not known");
        assert!(Reader::new(&[0xff, 0xff, 3]).list(Reader::byte).is_err(), "more than there can be");
        assert!(Reader::new(&[0]).end().is_err());
    }
}
