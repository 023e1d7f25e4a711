//! Where somebody or something is in the eyes of the law: a country, or a part of one.

use core::fmt;

/// A country by ISO 3166-1 alpha-2, such as `US`, or a part of one by ISO 3166-2, such as `US-WA`.
///
/// Invariant: `[A-Z]{2}(-[A-Z0-9]{1,3})?`, and none of the names that are often written in place of a
/// country's own (`UK`, `EL`, `EU`) or that ISO 3166 leaves to its users (`XX`), under which no rule would be found.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Jurisdiction {
    /// Filled up with zeros.
    bytes: [u8; LEN_MAX],
}

/// Why a text is no jurisdiction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum JurisdictionFlaw {
    /// Neither a country nor a part of one, as ISO 3166 writes them.
    Misshapen,
    /// A name of something else, or not the one that ISO 3166 gives.
    Misnamed {
        /// What to write instead.
        instead: &'static str,
    },
}

impl JurisdictionFlaw {
    /// The flaw as part of a sentence, such as `"us" is not a country ...`.
    #[must_use]
    pub const fn text(self) -> &'static str {
        match self {
            Self::Misshapen => {
                "is not a country such as \"US\" or a part of one such as \"US-WA\" (ISO 3166, capital letters)"
            }
            Self::Misnamed { instead } => instead,
        }
    }
}

const COUNTRY_LEN: usize = 2;
const LEN_MAX: usize = 6;

/// Names that look like a country's, with what to write instead.
const MISNOMERS: [(&[u8; COUNTRY_LEN], &str); 3] = [
    (b"UK", "is not the country's name in ISO 3166; write \"GB\""),
    (b"EL", "is not the country's name in ISO 3166; write \"GR\""),
    (b"EU", "is a union of countries; name the country"),
];

impl Jurisdiction {
    /// A jurisdiction from text that is shaped like one.
    pub fn new(text: &str) -> Result<Self, JurisdictionFlaw> {
        let given = text.as_bytes();
        if !is_shaped(given) {
            return Err(JurisdictionFlaw::Misshapen);
        }
        if let Some((_, instead)) = MISNOMERS.into_iter().find(|(name, _)| given.starts_with(*name)) {
            return Err(JurisdictionFlaw::Misnamed { instead });
        }
        if is_left_to_users(given[0], given[1]) {
            let instead = "is a code that ISO 3166 leaves to its users, and the name of no country";
            return Err(JurisdictionFlaw::Misnamed { instead });
        }
        let mut bytes = [0; LEN_MAX];
        bytes.iter_mut().zip(given).for_each(|(to, from)| *to = *from);
        Ok(Self { bytes })
    }

    /// The country that it is or is part of.
    #[must_use]
    pub fn country(self) -> Self {
        let mut bytes = [0; LEN_MAX];
        bytes.iter_mut().zip(&self.bytes[..COUNTRY_LEN]).for_each(|(to, from)| *to = *from);
        Self { bytes }
    }

    /// Whether it is a whole country.
    #[must_use]
    pub const fn is_country(self) -> bool {
        self.bytes[COUNTRY_LEN] == 0
    }

    /// Whether the other is this one or a part of it: `US` holds `US-WA`.
    #[must_use]
    pub fn contains(self, other: Self) -> bool {
        self == other || self == other.country()
    }

    /// As ISO 3166 writes it.
    #[must_use]
    pub fn as_str(&self) -> &str {
        let len = self.bytes.iter().position(|byte| *byte == 0).unwrap_or(LEN_MAX);
        core::str::from_utf8(&self.bytes[..len]).unwrap_or_default()
    }
}

impl fmt::Debug for Jurisdiction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Display for Jurisdiction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// `AA`, `QM` to `QZ`, `XA` to `XZ` and `ZZ`; all the world writes `XK` for Kosovo.
const fn is_left_to_users(first: u8, second: u8) -> bool {
    matches!((first, second), (b'A', b'A') | (b'Q', b'M'..=b'Z') | (b'X', b'A'..=b'J' | b'L'..=b'Z') | (b'Z', b'Z'))
}

fn is_shaped(text: &[u8]) -> bool {
    let is_part = |part: &[u8]| {
        (1..=3).contains(&part.len()) && part.iter().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit())
    };
    let Some((country, rest)) = text.split_at_checked(COUNTRY_LEN) else { return false };
    country.iter().all(u8::is_ascii_uppercase)
        && match rest {
            [] => true,
            [b'-', part @ ..] => is_part(part),
            [..] => false,
        }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_countries_and_their_parts_are_jurisdictions() {
        for good in ["US", "US-WA", "GB-ENG", "FR-75C", "CN-11", "AT-9"] {
            assert_eq!(Jurisdiction::new(good).map(|it| it.as_str().to_owned()), Ok(good.to_owned()));
        }
        let bad = [
            "",
            "U",
            "us",
            "US-",
            "US-wa",
            "US-ABCD",
            "USA",
            "U1",
            "US_WA",
            "US-W\u{e4}",
            "\u{e9}\u{e9}",
            "US-W A",
        ];
        for bad in bad {
            assert_eq!(Jurisdiction::new(bad), Err(JurisdictionFlaw::Misshapen), "{bad:?}");
        }
    }

    #[test]
    fn a_name_under_which_no_rule_would_be_found_is_refused() {
        for good in ["XK", "QA", "ZA", "AE"] {
            assert!(Jurisdiction::new(good).is_ok(), "{good}");
        }
        for bad in ["UK", "UK-ENG", "EL", "EU", "XX", "XX-1", "AA", "QM", "QZ", "ZZ"] {
            let flaw = Jurisdiction::new(bad);
            assert!(matches!(flaw, Err(JurisdictionFlaw::Misnamed { .. })), "{bad}: {flaw:?}");
        }
    }

    #[test]
    fn a_country_holds_its_parts_and_nothing_else() {
        let of = |text| Jurisdiction::new(text).unwrap();
        let holds = |outer, inner| of(outer).contains(of(inner));
        assert!(holds("US", "US-WA") && holds("US", "US") && holds("US-WA", "US-WA"));
        assert!(!holds("US-WA", "US") && !holds("US-WA", "US-OR") && !holds("CA", "US-CA"));
        assert_eq!(of("US-WA").country(), of("US"));
        assert!(of("US").is_country() && !of("US-WA").is_country());
    }
}
