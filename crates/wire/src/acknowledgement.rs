//! Answers to consent events.

use serde::Serialize;
use serde::de::{Error, MapAccess};

use crate::Flaw;
use crate::json::{self, Fields, Object, Scalar, check_version, fill};

/// What became of a consent event; sent only once what it changed is durable.
///
/// Of an event that cannot be used the effect is [`Flaw::word`], the state `unchanged`, and
/// whatever could not be read is empty.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Acknowledgement {
    /// The event's name; empty when it has none that can be read.
    pub event_id: String,
    /// Towards whom.
    pub merchant: String,
    /// For what.
    pub purpose: String,
    /// The word of the state that now holds.
    pub state: String,
    /// The word of what the event did, or of what is wrong with it.
    pub effect: String,
    /// The customer's epoch after it.
    pub epoch: u32,
    /// The fields that it lacks, or that prove nothing as they stand; mostly none.
    pub missing: Vec<String>,
    /// What a signal took back, of which the law and not its sender says what that is.
    pub withdrawn: Vec<TakenBack>,
}

/// One consent that a signal took back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct TakenBack {
    /// Towards whom.
    pub merchant: String,
    /// For what.
    pub purpose: String,
}

impl Acknowledgement {
    /// Reads an answer, for clients.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn decode(body: &[u8]) -> Result<Self, Flaw> {
        let raw: RawAcknowledgement<'_> = json::read(body)?;
        check_version(&raw.version, Flaw::UnknownFormat)?;
        Ok(Self {
            event_id: raw.event_id.required_text("event_id")?.to_owned(),
            merchant: raw.merchant.required_text("merchant")?.to_owned(),
            purpose: raw.purpose.required_text("purpose")?.to_owned(),
            state: raw.state.required_text("state")?.to_owned(),
            effect: raw.effect.required_text("effect")?.to_owned(),
            epoch: epoch(&raw.epoch)?,
            missing: raw.missing,
            withdrawn: raw.withdrawn,
        })
    }
}

/// Writes an answer to a consent event.
#[must_use]
pub fn encode_ack(answer: &Acknowledgement) -> Vec<u8> {
    #[derive(Serialize)]
    struct Written<'a> {
        v: u8,
        event_id: &'a str,
        merchant: &'a str,
        purpose: &'a str,
        state: &'a str,
        effect: &'a str,
        epoch: u32,
        #[serde(skip_serializing_if = "<[String]>::is_empty")]
        missing: &'a [String],
        #[serde(skip_serializing_if = "<[TakenBack]>::is_empty")]
        withdrawn: &'a [TakenBack],
    }

    let Acknowledgement { event_id, merchant, purpose, state, effect, epoch, missing, withdrawn } = answer;
    let epoch = *epoch;
    json::write(&Written { v: 1, event_id, merchant, purpose, state, effect, epoch, missing, withdrawn })
}

#[derive(Default)]
struct RawAcknowledgement<'a> {
    version: Scalar<'a>,
    event_id: Scalar<'a>,
    merchant: Scalar<'a>,
    purpose: Scalar<'a>,
    state: Scalar<'a>,
    effect: Scalar<'a>,
    epoch: Scalar<'a>,
    missing: Vec<String>,
    withdrawn: Vec<TakenBack>,
}

#[derive(Default)]
struct RawTakenBack<'a> {
    merchant: Scalar<'a>,
    purpose: Scalar<'a>,
}

impl<'a> Fields<'a> for RawTakenBack<'a> {
    fn take<A: MapAccess<'a>>(&mut self, key: &str, map: &mut A) -> Result<(), A::Error> {
        match key {
            "merchant" => fill(&mut self.merchant, map),
            "purpose" => fill(&mut self.purpose, map),
            _ => json::skip(map),
        }
    }
}

impl<'a> Fields<'a> for RawAcknowledgement<'a> {
    fn take<A: MapAccess<'a>>(&mut self, key: &str, map: &mut A) -> Result<(), A::Error> {
        let slot = match key {
            "v" => &mut self.version,
            "event_id" => &mut self.event_id,
            "merchant" => &mut self.merchant,
            "purpose" => &mut self.purpose,
            "state" => &mut self.state,
            "effect" => &mut self.effect,
            "epoch" => &mut self.epoch,
            "missing" => return self.take_missing(map),
            "withdrawn" => return self.take_withdrawn(map),
            _ => return json::skip(map),
        };
        fill(slot, map)
    }
}

impl<'a> RawAcknowledgement<'a> {
    fn take_missing<A: MapAccess<'a>>(&mut self, map: &mut A) -> Result<(), A::Error> {
        if !self.missing.is_empty() {
            return Err(A::Error::custom("a key comes twice"));
        }
        self.missing = map.next_value()?;
        self.missing.iter().try_for_each(|field| json::check_text(field))
    }

    fn take_withdrawn<A: MapAccess<'a>>(&mut self, map: &mut A) -> Result<(), A::Error> {
        if !self.withdrawn.is_empty() {
            return Err(A::Error::custom("a key comes twice"));
        }
        let text = |value: &Scalar<'_>| {
            value.text().map(str::to_owned).ok_or_else(|| A::Error::custom("text is missing"))
        };
        let taken_back: Vec<Object<RawTakenBack<'a>>> = map.next_value()?;
        for Object(RawTakenBack { merchant, purpose }) in &taken_back {
            self.withdrawn.push(TakenBack { merchant: text(merchant)?, purpose: text(purpose)? });
        }
        Ok(())
    }
}

fn epoch(value: &Scalar<'_>) -> Result<u32, Flaw> {
    match value {
        Scalar::Absent => Err(Flaw::MissingField("epoch")),
        Scalar::Integer(epoch) => u32::try_from(*epoch).map_err(|_| Flaw::Malformed),
        Scalar::Null | Scalar::Bool(_) | Scalar::Number(_) | Scalar::Text(_) | Scalar::Nested => {
            Err(Flaw::Malformed)
        }
    }
}
