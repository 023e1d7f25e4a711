//! Consent events of another system: what they did, counted by what became of them.

use consent_gate::{ConsentEvent, ConsentKind, Effect};
use engine::Door;
use serde_json::{Value, json};
use wire::{Decoder, Envelope, Limits};

use super::notices::Registry;
use super::{Holder, Said, Trouble, Word, named, wrong};

/// What became of an event of an import.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Became {
    /// A yes that is in force: its notice is registered.
    Granted,
    /// A no, or something else that takes away.
    Lowered,
    /// Recorded, and neither a yes that is in force nor a no.
    Noted,
    /// A yes from before a later no: recorded, without effect.
    Late,
    /// A yes that nothing proves.
    WithoutEvidence,
    /// A yes whose notice nobody vouches for: recorded, without effect.
    NotAttested,
    /// Said of somebody who was erased since: forgotten.
    ErasedBefore,
    /// There was nothing to change.
    Unchanged,
    /// It could not be used.
    Unusable,
}

impl Became {
    /// All of them, in the order of a report.
    pub const ALL: [Self; 9] = [
        Self::Granted,
        Self::Lowered,
        Self::Noted,
        Self::Late,
        Self::WithoutEvidence,
        Self::NotAttested,
        Self::ErasedBefore,
        Self::Unchanged,
        Self::Unusable,
    ];

    /// The word that reports use.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Granted => "granted",
            Self::Lowered => "lowered",
            Self::Noted => "noted",
            Self::Late => "late",
            Self::WithoutEvidence => "without_evidence",
            Self::NotAttested => "not_attested",
            Self::ErasedBefore => "erased_before",
            Self::Unchanged => "unchanged",
            Self::Unusable => "unusable",
        }
    }

    fn of(kind: ConsentKind, said: &Said) -> Self {
        let Some(answer) = said else { return Self::Unusable };
        let Some(effect) = Effect::from_word(&answer.effect) else { return Self::Unusable };
        match effect {
            Effect::Applied if kind.is_a_no() => Self::Lowered,
            Effect::Applied if answer.state == "granted" => Self::Granted,
            Effect::Applied => Self::Noted,
            Effect::LateGrant => Self::Late,
            Effect::NoEvidence => Self::WithoutEvidence,
            Effect::NothingToChange => Self::Unchanged,
            Effect::NotAttested => Self::NotAttested,
            Effect::Erased => Self::ErasedBefore,
        }
    }
}

/// How many events became what.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sums([u64; Became::ALL.len()]);

impl Sums {
    /// Each with its number.
    pub fn iter(&self) -> impl Iterator<Item = (Became, u64)> {
        Became::ALL.into_iter().zip(self.0)
    }

    /// How many in all.
    #[must_use]
    pub fn n(&self) -> u64 {
        self.0.iter().sum()
    }

    /// Counts an answer.
    pub fn count(&mut self, kind: ConsentKind, said: &Said) {
        self.0[Became::of(kind, said) as usize] += 1;
    }

    /// Adds others.
    pub fn add(&mut self, others: &Self) {
        self.0.iter_mut().zip(others.0).for_each(|(n, more)| *n += more);
    }

    /// For the wire between desk and command.
    #[must_use]
    pub fn as_json(&self) -> Value {
        self.iter()
            .map(|(became, n)| (became.word().to_owned(), n.into()))
            .collect::<serde_json::Map<_, Value>>()
            .into()
    }

    /// What [`Sums::as_json`] made.
    #[must_use]
    pub fn of_json(told: &Value) -> Self {
        Self(Became::ALL.map(|became| told[became.word()].as_u64().unwrap_or_default()))
    }
}

/// Hands events in, each at the door of imports; the answer comes when all are durable.
pub(super) async fn take_in(
    events: Vec<(String, String)>,
    holder: &mut impl Holder,
) -> Result<Value, Trouble> {
    let notices = holder.notices()?;
    let mut kinds = Vec::with_capacity(events.len());
    let mut words = Vec::with_capacity(events.len());
    for (customer, body) in events {
        let (kind, word) = read(&customer, body, &notices)?;
        kinds.push(kind);
        words.push(word);
    }
    let said = holder.hear(words).await?;
    let mut sums = Sums::default();
    kinds.into_iter().zip(&said).for_each(|(kind, said)| sums.count(kind, said));
    Ok(json!({ "imported": said.len(), "became": sums.as_json() }))
}

/// An event as a word for the door of imports.
///
/// # Errors
/// When it is none.
pub fn read(customer: &str, body: String, notices: &Registry) -> Result<(ConsentKind, Word), Trouble> {
    let customer = named(customer)?;
    let envelope = Envelope { customer: customer.as_str(), device: "", body: body.as_bytes() };
    let event = Decoder::new(Limits::default()).consent(&envelope);
    let event = event.map_err(|flaw| wrong(format!("an event of the import is of no use: {flaw}")))?;
    let door = door(is_attested(&event, notices));
    Ok((event.kind, Word { door, customer, body: body.into_bytes() }))
}

/// Whether somebody vouches for the text that the customer was shown.
#[must_use]
pub fn is_attested(event: &ConsentEvent, notices: &Registry) -> bool {
    event.notice.as_ref().is_some_and(|notice| notices.vouches_for(notice))
}

/// The door of imports.
const fn door(attested: bool) -> Door {
    Door::Imported { attested }
}
