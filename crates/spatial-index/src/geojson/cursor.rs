//! A strict reader of JSON text that gives up where it would have to say why.

use std::borrow::Cow;

/// A place in a text; every method passes over blanks first.
///
/// Invariant: what a method takes is JSON to the letter. `None` means that it is not, or that it
/// is deeper than [`DEPTH_MAX`], or a number that no `f64` holds.
pub(super) struct Cursor<'a> {
    text: &'a str,
    at: usize,
}

/// Far deeper than anything that is meant.
const DEPTH_MAX: usize = 32;

impl<'a> Cursor<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        Self { text, at: 0 }
    }

    pub(super) fn is_at_end(&mut self) -> bool {
        self.peek().is_none()
    }

    pub(super) fn peek(&mut self) -> Option<u8> {
        let bytes = self.text.as_bytes();
        while let Some(b' ' | b'\n' | b'\t' | b'\r') = bytes.get(self.at) {
            self.at += 1;
        }
        bytes.get(self.at).copied()
    }

    fn eat(&mut self, byte: u8) -> Option<()> {
        let is_there = self.peek()? == byte;
        self.at += usize::from(is_there);
        is_there.then_some(())
    }

    /// Calls `member` for each with its key; it takes the value.
    pub(super) fn object(
        &mut self,
        mut member: impl FnMut(&mut Self, Cow<'a, str>) -> Option<()>,
    ) -> Option<()> {
        self.eat(b'{')?;
        if self.eat(b'}').is_some() {
            return Some(());
        }
        loop {
            let key = self.string()?;
            self.eat(b':')?;
            member(self, key)?;
            if self.eat(b',').is_none() {
                return self.eat(b'}');
            }
        }
    }

    /// Calls `entry` for each; it takes the value.
    pub(super) fn list(&mut self, mut entry: impl FnMut(&mut Self) -> Option<()>) -> Option<()> {
        self.eat(b'[')?;
        if self.eat(b']').is_some() {
            return Some(());
        }
        loop {
            entry(self)?;
            if self.eat(b',').is_none() {
                return self.eat(b']');
            }
        }
    }

    /// How many lists begin here, one inside the other.
    pub(super) fn n_brackets(&mut self) -> usize {
        let is_blank = |byte: &u8| matches!(byte, b' ' | b'\n' | b'\t' | b'\r');
        let rest = &self.text.as_bytes()[self.at..];
        rest.iter().filter(|byte| !is_blank(byte)).take_while(|byte| **byte == b'[').count()
    }

    pub(super) fn null(&mut self) -> Option<()> {
        self.word("null")
    }

    fn word(&mut self, word: &str) -> Option<()> {
        self.peek()?;
        let is_there = self.text.as_bytes()[self.at..].starts_with(word.as_bytes());
        self.at += if is_there { word.len() } else { 0 };
        is_there.then_some(())
    }

    pub(super) fn string(&mut self) -> Option<Cow<'a, str>> {
        self.eat(b'"')?;
        let bytes = self.text.as_bytes();
        let start = self.at;
        let mut has_escape = false;
        loop {
            match *bytes.get(self.at)? {
                b'"' => break,
                b'\\' => {
                    has_escape = true;
                    self.at += 2;
                }
                0..0x20 => return None,
                _ => self.at += 1,
            }
        }
        self.at += 1;
        if has_escape {
            return serde_json::from_str(self.text.get(start - 1..self.at)?).ok().map(Cow::Owned);
        }
        self.text.get(start..self.at - 1).map(Cow::Borrowed)
    }

    /// A number as it is written.
    pub(super) fn number_text(&mut self) -> Option<&'a str> {
        self.peek()?;
        let start = self.at;
        self.number()?;
        self.text.get(start..self.at)
    }

    /// The `f64` nearest to a number.
    pub(super) fn number(&mut self) -> Option<f64> {
        self.peek()?;
        let bytes = self.text.as_bytes();
        let start = self.at;
        let is_negative = bytes.get(self.at) == Some(&b'-');
        self.at += usize::from(is_negative);
        let whole_at = self.at;
        let mut digits = self.digits(0)?;
        let n_whole = self.at - whole_at;
        if 1 < n_whole && bytes[whole_at] == b'0' {
            return None;
        }
        let mut n_decimals = 0;
        if bytes.get(self.at) == Some(&b'.') {
            self.at += 1;
            let decimals_at = self.at;
            digits = self.digits(digits)?;
            n_decimals = self.at - decimals_at;
        }
        let has_exponent = matches!(bytes.get(self.at), Some(b'e' | b'E'));
        if has_exponent {
            self.at += 1;
            self.at += usize::from(matches!(bytes.get(self.at), Some(b'+' | b'-')));
            self.digits(0)?;
        }
        // Both are exact then, and a quotient of exact numbers is rounded once.
        let is_short = n_whole + n_decimals < 18 && digits < 1 << 53 && !has_exponent;
        if let (true, Some(scale)) = (is_short, POWERS_OF_TEN.get(n_decimals)) {
            let number = digits as f64 / scale;
            return Some(if is_negative { -number } else { number });
        }
        self.text.get(start..self.at)?.parse().ok().filter(|number: &f64| number.is_finite())
    }

    /// At least one digit, added to what stood before; beyond 18 the sum is of no use.
    fn digits(&mut self, mut sum: u64) -> Option<u64> {
        let bytes = self.text.as_bytes();
        let start = self.at;
        while let Some(byte @ b'0'..=b'9') = bytes.get(self.at) {
            sum = sum.wrapping_mul(10).wrapping_add(u64::from(byte - b'0'));
            self.at += 1;
        }
        (start < self.at).then_some(sum)
    }

    /// Passes over a value of any kind.
    pub(super) fn skip_value(&mut self) -> Option<()> {
        self.skip(DEPTH_MAX)
    }

    fn skip(&mut self, n_levels: usize) -> Option<()> {
        let n_left = n_levels.checked_sub(1)?;
        match self.peek()? {
            b'{' => self.object(|cursor, _key| cursor.skip(n_left)),
            b'[' => self.list(|cursor| cursor.skip(n_left)),
            b'"' => self.string().map(|_| ()),
            b'n' => self.null(),
            b't' => self.word("true"),
            b'f' => self.word("false"),
            _ => self.number().map(|_| ()),
        }
    }
}

/// Those that an `f64` holds exactly.
const POWERS_OF_TEN: [f64; 19] =
    [1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18];

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::Value;

    use super::*;

    /// What the cursor makes of a text is what a JSON parser makes of it, to the last bit.
    fn check_number(text: &str) {
        let mut cursor = Cursor::new(text);
        let found = cursor.number().filter(|_| cursor.is_at_end());
        let expected = serde_json::from_str::<Value>(text).ok().and_then(|value| value.as_f64());
        assert_eq!(found.map(f64::to_bits), expected.map(f64::to_bits), "{text}");
    }

    #[test]
    fn numbers_are_read_to_the_last_bit_or_not_at_all() {
        for text in [
            "0",
            "-0",
            "-0.0",
            "1",
            "-97.743123",
            "30.267200000000001",
            "179.99999999999999999999",
            "1e5",
            "1E-7",
            "5e-324",
            "1e308",
            "1e400",
            "-1e400",
            "9007199254740993",
            "9007199254740993.0",
            "123456789012345678901234567890",
            "0.30000000000000004",
            "01",
            "1.",
            ".5",
            "+1",
            "-",
            "1e",
            "1e+",
            "--1",
            "0x10",
            "NaN",
            "Infinity",
            "",
            "1.5.5",
            "18446744073709551616",
        ] {
            check_number(text);
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 20_000, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn any_number_is_read_to_the_last_bit(
            number in any::<f64>().prop_filter("finite", |number| number.is_finite()),
            whole in 0..200_i64,
            decimals in 0..10_000_000_000_000_000_u64,
            n_decimals in 1..17_usize,
        ) {
            check_number(&format!("{number}"));
            check_number(&format!("{number:e}"));
            check_number(&format!("-{whole}.{decimals:0n_decimals$}"));
        }

        #[test]
        fn what_is_passed_over_is_json(bits in proptest::collection::vec(0..18_usize, 0..12)) {
            const BITS: [&str; 18] = [
                "{", "}", "[", "]", "\"", "\"a\"", ":", ",", "1", "-", ".5", "null", "true", " ", "\\", "\\u00e9",
                "\u{1}", "\"a\":[1,{}]",
            ];
            let text: String = bits.into_iter().map(|bit| BITS[bit]).collect();
            let mut cursor = Cursor::new(&text);
            let is_taken = cursor.skip_value().is_some() && cursor.is_at_end();
            prop_assert_eq!(is_taken, serde_json::from_str::<Value>(&text).is_ok(), "{}", text);
        }
    }
}
