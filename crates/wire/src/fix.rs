//! Native JSON fixes: one, or a list of one device's.

use std::fmt;

use model::Fix;
use serde::de::{Deserialize, DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};

use crate::Flaw;
use crate::decoder::Envelope;
use crate::json::{self, Fields, Key, Scalar, check_version};
use crate::raw_fix::RawFix;

/// What reading a payload of fixes found.
pub(crate) struct Read {
    /// Fields that claim a power that no payload has.
    pub(crate) n_unexpected: u64,
    /// Why nothing of it can be used.
    pub(crate) flaw: Option<Flaw>,
}

/// Reads a payload of one device and appends its fixes.
pub(crate) fn read(envelope: &Envelope<'_>, n_fixes_max: usize, out: &mut Vec<Result<Fix, Flaw>>) -> Read {
    let n_before = out.len();
    let mut payload = Payload { envelope, n_fixes_max, out, fields: RawFix::default(), n_listed: None };
    let flaw = payload.read().err();
    let n_unexpected = payload.fields.n_unexpected;
    if flaw.is_some() {
        out.truncate(n_before);
    } else {
        in_order(&mut out[n_before..]);
    }
    Read { n_unexpected, flaw }
}

/// Good fixes in ascending time, then the others.
fn in_order(fixes: &mut [Result<Fix, Flaw>]) {
    fixes.sort_by_key(|fix| match fix {
        Ok(fix) => (false, fix.taken_at),
        Err(_) => (true, model::Timestamp::MAX),
    });
}

struct Payload<'a, 'o> {
    envelope: &'o Envelope<'a>,
    n_fixes_max: usize,
    out: &'o mut Vec<Result<Fix, Flaw>>,
    fields: RawFix<'a>,
    /// How many fixes the list holds, if there is one.
    n_listed: Option<usize>,
}

impl<'a> Payload<'a, '_> {
    fn read(&mut self) -> Result<(), Flaw> {
        let text = json::object_text(self.envelope.body)?;
        let mut json = serde_json::Deserializer::from_str(text);
        PayloadSeed(self).deserialize(&mut json).map_err(|_| Flaw::Malformed)?;
        json.end().map_err(|_| Flaw::Malformed)?;
        if self.fields.marks.is_another_format() {
            return Err(Flaw::UnknownFormat);
        }
        check_version(&self.fields.version, Flaw::UnknownFormat)?;
        self.fields.names.check(self.envelope)?;
        match self.n_listed {
            None => self.out.push(Ok(self.fields.fix()?)),
            Some(0) => return Err(Flaw::Empty),
            Some(n_listed) if self.n_fixes_max < n_listed => return Err(Flaw::TooMany),
            Some(_) => {}
        }
        Ok(())
    }
}

struct PayloadSeed<'s, 'a, 'o>(&'s mut Payload<'a, 'o>);

impl<'de> DeserializeSeed<'de> for PayloadSeed<'_, 'de, '_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for PayloadSeed<'_, 'de, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a fix or a list of fixes")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let payload = self.0;
        while let Some(Key(key)) = map.next_key()? {
            if key != "fixes" {
                payload.fields.take(&key, &mut map)?;
                continue;
            }
            if payload.n_listed.is_some() {
                return Err(A::Error::custom("a key comes twice"));
            }
            payload.n_listed = Some(map.next_value_seed(ListSeed(payload))?);
        }
        Ok(())
    }
}

struct ListSeed<'s, 'a, 'o>(&'s mut Payload<'a, 'o>);

impl<'de> DeserializeSeed<'de> for ListSeed<'_, 'de, '_> {
    type Value = usize;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<usize, D::Error> {
        deserializer.deserialize_seq(self)
    }
}

impl<'de> Visitor<'de> for ListSeed<'_, 'de, '_> {
    type Value = usize;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of fixes")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<usize, A::Error> {
        let payload = self.0;
        let mut n_fixes = 0;
        while n_fixes < payload.n_fixes_max {
            let Some(element) = list.next_element::<Element<'de>>()? else { return Ok(n_fixes) };
            n_fixes += 1;
            let fix = element.0.ok_or(Flaw::Malformed).and_then(|fields| {
                payload.fields.n_unexpected += fields.n_unexpected;
                fields.listed_fix(payload.envelope)
            });
            payload.out.push(fix);
        }
        while list.next_element::<Scalar<'de>>()?.is_some() {
            n_fixes += 1;
        }
        Ok(n_fixes)
    }
}

/// One of a list; none when it is no object.
struct Element<'a>(Option<RawFix<'a>>);

impl<'de> Deserialize<'de> for Element<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ElementVisitor)
    }
}

struct ElementVisitor;

impl<'de> Visitor<'de> for ElementVisitor {
    type Value = Element<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a fix")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        json::read_fields(&mut map).map(|fields| Element(Some(fields)))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Self::Value, A::Error> {
        while list.next_element::<Scalar<'de>>()?.is_some() {}
        Ok(Element(None))
    }

    fn visit_unit<E: Error>(self) -> Result<Self::Value, E> {
        Ok(Element(None))
    }

    fn visit_bool<E: Error>(self, _: bool) -> Result<Self::Value, E> {
        Ok(Element(None))
    }

    fn visit_i64<E: Error>(self, _: i64) -> Result<Self::Value, E> {
        Ok(Element(None))
    }

    fn visit_u64<E: Error>(self, _: u64) -> Result<Self::Value, E> {
        Ok(Element(None))
    }

    fn visit_f64<E: Error>(self, _: f64) -> Result<Self::Value, E> {
        Ok(Element(None))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Self::Value, E> {
        json::check_text(text).map(|()| Element(None))
    }
}
