//! What every JSON decoder here shares: nothing in a body is skipped unchecked.
//!
//! A body is taken apart into [`Scalar`]s first and judged afterwards, so that broken
//! syntax anywhere comes before any other flaw, and no field is ever found by its place.

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;

use serde::Serialize;
use serde::de::{Deserialize, Deserializer, Error, MapAccess, SeqAccess, Visitor};

use crate::Flaw;

/// A UTF-8 byte order mark; one is tolerated before a body.
pub(crate) const BYTE_ORDER_MARK: &[u8] = b"\xEF\xBB\xBF";

/// A body as text that begins like an object.
pub(crate) fn object_text(body: &[u8]) -> Result<&str, Flaw> {
    let body = trim_start(without_mark(body));
    match body {
        [] => Err(Flaw::Empty),
        // UTF-16 without a mark puts a nought beside the brace.
        [b'{', 0, ..] => Err(Flaw::UnknownFormat),
        [b'{', ..] => std::str::from_utf8(body).map_err(|_| Flaw::Malformed),
        [..] => Err(Flaw::UnknownFormat),
    }
}

/// A body without the one mark that may stand before it.
pub(crate) fn without_mark(body: &[u8]) -> &[u8] {
    body.strip_prefix(BYTE_ORDER_MARK).unwrap_or(body)
}

/// A slice without leading JSON whitespace.
pub(crate) fn trim_start(bytes: &[u8]) -> &[u8] {
    let n_blank = bytes.iter().take_while(|byte| matches!(byte, b' ' | b'\t' | b'\n' | b'\r')).count();
    &bytes[n_blank..]
}

/// Reads a whole body as one object.
pub(crate) fn read<'a, T: Fields<'a>>(body: &'a [u8]) -> Result<T, Flaw> {
    let object: Object<T> = serde_json::from_str(object_text(body)?).map_err(|_| Flaw::Malformed)?;
    Ok(object.0)
}

/// Writes a message.
pub(crate) fn write(message: &impl Serialize) -> Vec<u8> {
    serde_json::to_vec(message).expect("our messages have text keys and write to memory")
}

/// A message as its fields come.
pub(crate) trait Fields<'a>: Default {
    /// Takes the value of a key, known or not.
    fn take<A: MapAccess<'a>>(&mut self, key: &str, map: &mut A) -> Result<(), A::Error>;
}

/// Reads all fields of an object.
pub(crate) fn read_fields<'a, T: Fields<'a>, A: MapAccess<'a>>(map: &mut A) -> Result<T, A::Error> {
    let mut fields = T::default();
    while let Some(Key(key)) = map.next_key()? {
        fields.take(&key, map)?;
    }
    Ok(fields)
}

/// Puts the next value into a slot; a second value for it breaks the message.
pub(crate) fn fill<'a, A: MapAccess<'a>>(slot: &mut Scalar<'a>, map: &mut A) -> Result<(), A::Error> {
    let value = map.next_value()?;
    if !matches!(slot, Scalar::Absent) {
        return Err(A::Error::custom("a key comes twice"));
    }
    *slot = value;
    Ok(())
}

/// Checks the next value and forgets it.
pub(crate) fn skip<'a, A: MapAccess<'a>>(map: &mut A) -> Result<(), A::Error> {
    map.next_value::<Scalar<'a>>().map(drop)
}

/// An object, never an array by position.
pub(crate) struct Object<T>(pub(crate) T);

impl<'de, T: Fields<'de>> Deserialize<'de> for Object<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct ObjectVisitor<T>(PhantomData<T>);

        impl<'de, T: Fields<'de>> Visitor<'de> for ObjectVisitor<T> {
            type Value = Object<T>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                read_fields(&mut map).map(Object)
            }
        }

        deserializer.deserialize_map(ObjectVisitor(PhantomData))
    }
}

/// The key of a field.
pub(crate) struct Key<'a>(pub(crate) Cow<'a, str>);

impl<'de> Deserialize<'de> for Key<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct KeyVisitor;

        impl<'de> Visitor<'de> for KeyVisitor {
            type Value = Key<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a key")
            }

            fn visit_borrowed_str<E: Error>(self, text: &'de str) -> Result<Self::Value, E> {
                Ok(Key(Cow::Borrowed(text)))
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<Self::Value, E> {
                without_nul(text).map(|text| Key(Cow::Owned(text)))
            }
        }

        deserializer.deserialize_str(KeyVisitor)
    }
}

/// A value that fits into one field; of anything bigger only that it is well formed.
#[derive(Clone, PartialEq, Default)]
pub(crate) enum Scalar<'a> {
    /// Not there.
    #[default]
    Absent,
    Null,
    Bool(bool),
    Integer(i64),
    Number(f64),
    Text(Cow<'a, str>),
    /// A list or an object.
    Nested,
}

impl<'a> Scalar<'a> {
    pub(crate) const fn is_there(&self) -> bool {
        !matches!(self, Self::Absent)
    }

    /// As a number; `None` when it is of another kind.
    pub(crate) const fn number(&self) -> Option<f64> {
        match *self {
            Self::Integer(integer) => Some(integer as f64),
            Self::Number(number) => Some(number),
            Self::Absent | Self::Null | Self::Bool(_) | Self::Text(_) | Self::Nested => None,
        }
    }

    /// As text; `None` when it is of another kind.
    pub(crate) fn text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            Self::Absent | Self::Null | Self::Bool(_) | Self::Integer(_) | Self::Number(_) | Self::Nested => {
                None
            }
        }
    }

    /// As text that must be there.
    pub(crate) fn required_text(&self, field: &'static str) -> Result<&str, Flaw> {
        match self {
            Self::Absent => Err(Flaw::MissingField(field)),
            value => value.text().ok_or(Flaw::Malformed),
        }
    }

    /// As a switch that may be missing.
    pub(crate) const fn switch(&self) -> Result<Option<bool>, Flaw> {
        match *self {
            Self::Absent | Self::Null => Ok(None),
            Self::Bool(on) => Ok(Some(on)),
            Self::Integer(_) | Self::Number(_) | Self::Text(_) | Self::Nested => Err(Flaw::Malformed),
        }
    }

    /// As a number that may be missing.
    pub(crate) const fn optional_number(&self) -> Result<Option<f64>, Flaw> {
        match *self {
            Self::Absent | Self::Null => Ok(None),
            Self::Integer(integer) => Ok(Some(integer as f64)),
            Self::Number(number) => Ok(Some(number)),
            Self::Bool(_) | Self::Text(_) | Self::Nested => Err(Flaw::Malformed),
        }
    }
}

impl<'de> Deserialize<'de> for Scalar<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ScalarVisitor)
    }
}

struct ScalarVisitor;

impl<'de> Visitor<'de> for ScalarVisitor {
    type Value = Scalar<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_unit<E: Error>(self) -> Result<Self::Value, E> {
        Ok(Scalar::Null)
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<Self::Value, E> {
        Ok(Scalar::Bool(value))
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<Self::Value, E> {
        Ok(Scalar::Integer(value))
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<Self::Value, E> {
        Ok(i64::try_from(value).map_or(Scalar::Number(value as f64), Scalar::Integer))
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Self::Value, E> {
        Ok(Scalar::Number(value))
    }

    fn visit_borrowed_str<E: Error>(self, text: &'de str) -> Result<Self::Value, E> {
        Ok(Scalar::Text(Cow::Borrowed(text)))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Self::Value, E> {
        without_nul(text).map(|text| Scalar::Text(Cow::Owned(text)))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Self::Value, A::Error> {
        while list.next_element::<Scalar<'de>>()?.is_some() {}
        Ok(Scalar::Nested)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        while map.next_entry::<Key<'de>, Scalar<'de>>()?.is_some() {}
        Ok(Scalar::Nested)
    }
}

/// Text that came with escapes: only there a NUL can hide.
fn without_nul<E: Error>(text: &str) -> Result<String, E> {
    check_text(text).map(|()| text.to_owned())
}

/// Refuses text that holds a NUL.
pub(crate) fn check_text<E: Error>(text: &str) -> Result<(), E> {
    if text.contains('\0') { Err(E::custom("text holds a NUL")) } else { Ok(()) }
}

/// Whether a message is of the one version that this program reads; `absent` when it names none.
pub(crate) fn check_version(version: &Scalar<'_>, absent: Flaw) -> Result<(), Flaw> {
    match version {
        Scalar::Integer(1) => Ok(()),
        Scalar::Absent => Err(absent),
        Scalar::Null
        | Scalar::Bool(_)
        | Scalar::Integer(_)
        | Scalar::Number(_)
        | Scalar::Text(_)
        | Scalar::Nested => Err(Flaw::UnknownVersion),
    }
}
