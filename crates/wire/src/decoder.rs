//! Opens envelopes: the one place where payloads are looked into.

use std::fmt;

use consent_gate::{ConsentEvent, Consented, EventId};
use model::Fix;

use crate::{ConsentLetter, Feedback, Flaw, Limits, ProfileChange, consent, feedback, fix, profile};

/// A payload under the names of its topic, or of the head of its record.
#[derive(Clone, Copy)]
pub struct Envelope<'a> {
    /// Whose.
    pub customer: &'a str,
    /// From which phone; empty where the topic names none.
    pub device: &'a str,
    /// What is inside.
    pub body: &'a [u8],
}

impl fmt::Debug for Envelope<'_> {
    /// Shows the length and nothing else.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Envelope({} bytes, not shown)", self.body.len())
    }
}

/// Turns payloads into nouns, and counts what it looked into.
#[derive(Debug)]
pub struct Decoder {
    limits: Limits,
    n_opened: u64,
    n_unexpected: u64,
}

impl Decoder {
    /// A decoder that refuses what is above the limits.
    #[must_use]
    pub const fn new(limits: Limits) -> Self {
        Self { limits, n_opened: 0, n_unexpected: 0 }
    }

    /// Opens a payload of fixes and appends what it holds: at least one result.
    ///
    /// A payload that cannot be used is one flaw; so is one bad fix of a list, of which the
    /// others stay. Good fixes of a list come in ascending time, equal times as they came,
    /// and before the flaws. Not even the first byte is read of what is too large.
    pub fn fixes(
        &mut self,
        envelope: Consented<Envelope<'_>>,
        out: &mut Vec<Result<Fix, Flaw>>,
    ) -> Consented<()> {
        envelope.map(|envelope| {
            if let Err(flaw) = check_len(envelope.body, self.limits.fix_bytes_max) {
                out.push(Err(flaw));
                return;
            }
            self.n_opened += 1;
            let read = fix::read(&envelope, self.limits.n_fixes_max, out);
            self.n_unexpected += read.n_unexpected;
            out.extend(read.flaw.map(Err));
        })
    }

    /// Reads a letter about consent, which needs no consent.
    pub fn consent_letter(&mut self, envelope: &Envelope<'_>) -> Result<ConsentLetter, Flaw> {
        check_len(envelope.body, self.limits.consent_bytes_max)?;
        let (letter, n_unexpected) = consent::read(envelope)?;
        self.n_unexpected += n_unexpected;
        Ok(letter)
    }

    /// Reads a consent event where a signal is none, such as out of a file.
    pub fn consent(&mut self, envelope: &Envelope<'_>) -> Result<ConsentEvent, Flaw> {
        match self.consent_letter(envelope)? {
            ConsentLetter::Event(event) => Ok(event),
            ConsentLetter::Signal(_) => Err(Flaw::UnknownKind),
        }
    }

    /// The name of a consent event that cannot be used, so that its sender can be told which one.
    ///
    /// `None` when it has none that obeys the rule, and of what is too large.
    #[must_use]
    pub fn event_id(&self, envelope: &Envelope<'_>) -> Option<EventId> {
        check_len(envelope.body, self.limits.consent_bytes_max).ok()?;
        consent::event_id(envelope.body)
    }

    /// Reads feedback, which holds no position.
    pub fn feedback(&mut self, envelope: &Envelope<'_>) -> Result<Feedback, Flaw> {
        check_len(envelope.body, self.limits.consent_bytes_max)?;
        let (feedback, n_unexpected) = feedback::read(envelope)?;
        self.n_unexpected += n_unexpected;
        Ok(feedback)
    }

    /// Reads what a backend says about a customer, which needs no consent.
    pub fn profile(&mut self, envelope: &Envelope<'_>) -> Result<ProfileChange, Flaw> {
        check_len(envelope.body, self.limits.consent_bytes_max)?;
        let (change, n_unexpected) = profile::read(envelope)?;
        self.n_unexpected += n_unexpected;
        Ok(change)
    }

    /// Reads what a customer says about themselves; what only a backend may say is ignored and counted as unexpected.
    pub fn own_profile(&mut self, envelope: &Envelope<'_>) -> Result<ProfileChange, Flaw> {
        let (change, n_barred) = self.profile(envelope)?.by_customer();
        self.n_unexpected += n_barred;
        Ok(change)
    }

    /// Payloads of fixes that it ever looked into: none of a customer who was refused.
    #[must_use]
    pub const fn n_opened(&self) -> u64 {
        self.n_opened
    }

    /// Fields that claimed a power which no payload has, such as `admin`; they were ignored.
    #[must_use]
    pub const fn n_unexpected(&self) -> u64 {
        self.n_unexpected
    }
}

const fn check_len(body: &[u8], len_max: usize) -> Result<(), Flaw> {
    if body.is_empty() {
        return Err(Flaw::Empty);
    }
    if len_max < body.len() {
        return Err(Flaw::TooLarge);
    }
    Ok(())
}
