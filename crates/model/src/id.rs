//! Names from outside, checked once: customers, devices, merchants, offers, fences.

use alloc::boxed::Box;
use core::borrow::Borrow;
use core::fmt;

/// Customer names that topics use for other things.
pub const RESERVED_CUSTOMERS: [&str; 3] = ["sys", "batch", "batch-pb"];

/// A device name that topics use for something else.
pub const RESERVED_DEVICE: &str = "consent";

/// Why a text is no id.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IdFlaw {
    /// Empty.
    Empty,
    /// Longer than its bound.
    TooLong,
    /// Holds a character that its kind of id may not hold.
    BadCharacter,
    /// Taken by the topics themselves.
    Reserved,
}

impl IdFlaw {
    /// The flaw as part of a sentence, such as "the id is empty".
    #[must_use]
    pub const fn text(self) -> &'static str {
        match self {
            Self::Empty => "is empty",
            Self::TooLong => "is too long",
            Self::BadCharacter => "holds a character that is not allowed",
            Self::Reserved => "is reserved",
        }
    }
}

/// Longest opaque id, in bytes.
const OPAQUE_LEN_MAX: usize = 64;
/// Longest fence id, in bytes.
const FENCE_LEN_MAX: usize = 256;

/// `[A-Za-z0-9_-]{1,64}`: nothing that a topic, a path or a person's name needs.
fn check_opaque(text: &str) -> Result<(), IdFlaw> {
    if text.is_empty() {
        return Err(IdFlaw::Empty);
    }
    if OPAQUE_LEN_MAX < text.len() {
        return Err(IdFlaw::TooLong);
    }
    let allowed = |b: u8| b.is_ascii_alphanumeric() || b == b'_' || b == b'-';
    if text.bytes().all(allowed) { Ok(()) } else { Err(IdFlaw::BadCharacter) }
}

fn check_customer(text: &str) -> Result<(), IdFlaw> {
    check_opaque(text)?;
    if RESERVED_CUSTOMERS.contains(&text) { Err(IdFlaw::Reserved) } else { Ok(()) }
}

fn check_device(text: &str) -> Result<(), IdFlaw> {
    check_opaque(text)?;
    if text == RESERVED_DEVICE { Err(IdFlaw::Reserved) } else { Ok(()) }
}

fn check_fence(text: &str) -> Result<(), IdFlaw> {
    if text.is_empty() {
        return Err(IdFlaw::Empty);
    }
    if FENCE_LEN_MAX < text.len() {
        return Err(IdFlaw::TooLong);
    }
    if text.chars().any(char::is_control) { Err(IdFlaw::BadCharacter) } else { Ok(()) }
}

macro_rules! id {
    ($(#[$doc:meta])* $name:ident, $check:path, $debug:expr) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(Box<str>);

        impl $name {
            /// An id from text that obeys the rule of its kind.
            pub fn new(text: &str) -> Result<Self, IdFlaw> {
                Self::check(text)?;
                Ok(Self(text.into()))
            }

            /// Whether a text obeys the rule, without making an id of it.
            pub fn check(text: &str) -> Result<(), IdFlaw> {
                $check(text)
            }

            /// The id as it came.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl Borrow<str> for $name {
            fn borrow(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                let shown: Option<&str> = $debug;
                match shown {
                    Some(hidden) => f.write_str(hidden),
                    None => write!(f, "{:?}", self.0),
                }
            }
        }
    };
}

id!(
    /// A person, under a pseudonym that the operator chose. `Debug` does not show it.
    ///
    /// Invariant: `[A-Za-z0-9_-]{1,64}` and not one of [`RESERVED_CUSTOMERS`].
    CustomerId, check_customer, Some("CustomerId(not shown)")
);
id!(
    /// One of a customer's phones. `Debug` does not show it.
    ///
    /// Invariant: `[A-Za-z0-9_-]{1,64}` and not [`RESERVED_DEVICE`].
    DeviceId, check_device, Some("DeviceId(not shown)")
);
id!(
    /// A merchant, the party that a customer agrees with.
    ///
    /// Invariant: `[A-Za-z0-9_-]{1,64}`.
    MerchantId, check_opaque, None
);
id!(
    /// An offer in the catalogue.
    ///
    /// Invariant: `[A-Za-z0-9_-]{1,64}`.
    OfferId, check_opaque, None
);
id!(
    /// A fence, stable across versions of the set.
    ///
    /// Invariant: 1 to 256 bytes without control characters.
    FenceId, check_fence, None
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn t02_only_opaque_ids_pass() {
        for good in ["c1", "A_b-9", &"x".repeat(64)] {
            assert!(CustomerId::new(good).is_ok(), "{good}");
        }
        let long = "x".repeat(65);
        let bad = [
            ("", IdFlaw::Empty),
            (long.as_str(), IdFlaw::TooLong),
            ("a/b", IdFlaw::BadCharacter),
            ("a.b", IdFlaw::BadCharacter),
            ("a b", IdFlaw::BadCharacter),
            ("$a", IdFlaw::BadCharacter),
            ("a\0", IdFlaw::BadCharacter),
            ("a\n", IdFlaw::BadCharacter),
            ("\u{1F600}", IdFlaw::BadCharacter),
            ("\u{202E}abc", IdFlaw::BadCharacter),
            ("..", IdFlaw::BadCharacter),
            ("a%2Fb", IdFlaw::BadCharacter),
            ("\u{0430}bc", IdFlaw::BadCharacter),
            ("e\u{301}", IdFlaw::BadCharacter),
            ("anna@example.org", IdFlaw::BadCharacter),
            ("+", IdFlaw::BadCharacter),
            ("#", IdFlaw::BadCharacter),
        ];
        for (text, flaw) in bad {
            assert_eq!(CustomerId::new(text), Err(flaw), "{text:?}");
            assert_eq!(DeviceId::new(text), Err(flaw), "{text:?}");
        }
    }

    #[test]
    fn words_of_the_topics_are_no_ids() {
        assert_eq!(CustomerId::new("sys"), Err(IdFlaw::Reserved));
        assert_eq!(CustomerId::new("batch"), Err(IdFlaw::Reserved));
        assert_eq!(DeviceId::new("consent"), Err(IdFlaw::Reserved));
    }

    #[test]
    fn t04_ids_that_differ_by_case_are_two_ids() {
        assert_ne!(DeviceId::new("phone"), DeviceId::new("Phone"));
    }

    #[test]
    fn debug_shows_no_customer() {
        assert!(!format!("{:?}", CustomerId::new("anna").unwrap()).contains("anna"));
    }
}
