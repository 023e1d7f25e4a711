//! The order of a replay: who consents before which fix. Made on a thread of its own and
//! read through a bounded channel, so that memory stays flat however long the recording is.

use std::iter::Peekable;
use std::path::PathBuf;
use std::str::FromStr;

use consent_gate::ConsentEvent;
use model::{CustomerId, MerchantId, Millis, Timestamp};
use tokio::sync::mpsc::{self, Receiver, Sender};
use wire::Topics;
use wire::consent_file::{self, Received};

use crate::recording::Source;
use crate::replay::account::Load;
use crate::replay::cast::{Cast, Played};
use crate::replay::grants::grants;
use crate::replay::parcels::Packer;
use crate::replay::publisher::Message;
use crate::replay::survey::Survey;

/// Messages that are made ahead of the connection.
const AHEAD_MAX: usize = 32;

/// Who agrees.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Grant {
    /// Everybody, with every merchant that is named.
    All,
    /// Nobody says anything.
    None,
    /// As a file of consent events says, each before the first fix at or after its `received_at`.
    File(PathBuf),
}

impl FromStr for Grant {
    type Err = std::convert::Infallible;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Ok(match text {
            "all" => Self::All,
            "none" => Self::None,
            file => Self::File(file.into()),
        })
    }
}

/// What to play.
#[derive(Debug)]
pub(crate) struct Script {
    pub(crate) source: Source,
    pub(crate) survey: Survey,
    pub(crate) grant: Grant,
    pub(crate) merchants: Vec<MerchantId>,
    pub(crate) topics: Topics,
    pub(crate) n_batch: u32,
    /// Fixes further apart than this do not travel together.
    pub(crate) span_max: Millis,
    pub(crate) cast: Cast,
}

/// The next thing to do.
pub(crate) type Step = Result<Message, String>;

impl Script {
    /// How many fixes are played.
    pub(crate) fn n_fixes(&self) -> u64 {
        self.survey.n_fixes * u64::from(self.cast.n_copies())
    }

    /// Starts to make messages; an error is the last step.
    pub(crate) fn play(self) -> Receiver<Step> {
        let (steps, made) = mpsc::channel(AHEAD_MAX);
        std::thread::spawn(move || {
            let failed = self.write(&steps).err();
            if let Some(Stop::Failed(why)) = failed {
                let _ = steps.blocking_send(Err(why));
            }
        });
        made
    }

    fn write(&self, steps: &Sender<Step>) -> Result<(), Stop> {
        let fixes = self.cast.fixes(&self.source).map_err(Stop::Failed)?;
        match &self.grant {
            Grant::None => self.write_fixes(fixes, &mut std::iter::empty().peekable(), steps),
            Grant::All => {
                self.write_grants(steps)?;
                self.write_fixes(fixes, &mut std::iter::empty().peekable(), steps)
            }
            Grant::File(path) => {
                let shown = path.display();
                let opened = consent_file::open(path);
                let events = opened.map_err(|error| Stop::Failed(format!("cannot read {shown}: {error}")))?;
                let events = events.map(|line| line.map_err(|error| format!("{shown}: {error}")));
                self.write_fixes(fixes, &mut events.peekable(), steps)
            }
        }
    }

    fn write_grants(&self, steps: &Sender<Step>) -> Result<(), Stop> {
        let Some(span) = self.survey.span.map(|span| self.cast.span(span)) else { return Ok(()) };
        for recorded in self.survey.customers.keys() {
            for copy in 0..self.cast.n_copies() {
                let customer = self.cast.customer(recorded, copy);
                for event in grants(&customer, &self.merchants, span) {
                    send(steps, self.consent(&customer, &event, wire::encode_consent(&event)))?;
                }
            }
        }
        Ok(())
    }

    fn write_fixes(
        &self,
        fixes: Played,
        events: &mut Peekable<impl Iterator<Item = Result<Received, String>>>,
        steps: &Sender<Step>,
    ) -> Result<(), Stop> {
        let mut packer = Packer::new(self.topics.clone(), self.n_batch, self.span_max);
        for seen in fixes {
            if self.is_due(events, seen.fix.taken_at) {
                // Consent must not overtake the fixes before it.
                send_some(steps, packer.finish())?;
                while self.is_due(events, seen.fix.taken_at) {
                    events.next().map_or(Ok(()), |event| self.write_event(event, steps))?;
                }
            }
            send_some(steps, packer.add(&seen))?;
        }
        send_some(steps, packer.finish())?;
        for event in events {
            self.write_event(event, steps)?;
        }
        Ok(())
    }

    fn write_event(&self, event: Result<Received, String>, steps: &Sender<Step>) -> Result<(), Stop> {
        let received = event.map_err(Stop::Failed)?;
        let moved = self.cast.moved(&received.event);
        let payload = moved.map_or_else(|| received.text.into_bytes(), |event| wire::encode_consent(&event));
        send(steps, self.consent(&received.customer, &received.event, payload))
    }

    fn consent(&self, customer: &CustomerId, event: &ConsentEvent, payload: Vec<u8>) -> Message {
        Message {
            topic: self.topics.consent(customer.as_str()),
            payload,
            load: Load::Consent(event.id.as_str().into()),
            last_at: None,
        }
    }

    /// An event that cannot be read is due at once, so that the run stops there.
    fn is_due<E>(&self, events: &mut Peekable<E>, at: Timestamp) -> bool
    where
        E: Iterator<Item = Result<Received, String>>,
    {
        match events.peek() {
            None => false,
            Some(Err(_)) => true,
            Some(Ok(received)) => self.cast.at(received.received_at, 0) <= at,
        }
    }
}

/// Why no more is written.
enum Stop {
    /// Nobody reads any more.
    Unread,
    Failed(String),
}

fn send_some(steps: &Sender<Step>, message: Option<Message>) -> Result<(), Stop> {
    message.map_or(Ok(()), |message| send(steps, message))
}

fn send(steps: &Sender<Step>, message: Message) -> Result<(), Stop> {
    steps.blocking_send(Ok(message)).map_err(|_| Stop::Unread)
}
