//! Messages on their way to the engine: encoded as phones and backends do, read as the server does.

use consent_gate::{Actor, ConsentEvent, ConsentKind, EventId, Hearing, Method, Notice, TokenHash};
use engine::{Door, Letter};
use model::{CustomerId, Fix};
use wire::{Limits, Topic, Topics, batch};

use super::happening::Happening;
use super::scene::Scene;

/// Addresses of everybody, written once.
pub(crate) struct Addresses {
    topics: Topics,
    /// By person and phone.
    fix: Vec<Vec<String>>,
    feedback: Vec<Vec<String>>,
    consent: Vec<String>,
    profile: Vec<String>,
    /// An erasure comes from an officer, by no topic.
    erasure: Vec<CustomerId>,
}

/// Something that was sent, and is not read yet.
#[derive(Clone, Debug)]
pub(crate) struct Message {
    pub(crate) door: Door,
    pub(crate) who: u32,
    pub(crate) phone: u8,
    /// By the customer's own phone, and no backend.
    pub(crate) is_own: bool,
    pub(crate) body: Vec<u8>,
    /// Comes back when the sender may be told that it arrived.
    pub(crate) ticket: u64,
}

impl Addresses {
    pub(crate) fn of(scene: &Scene) -> Self {
        let topics = Topics::default();
        let each = |topic: &dyn Fn(&str, &str) -> String| {
            let of = |person: &super::scene::Person| {
                let customer = person.customer.as_str();
                person.phones.iter().map(|phone| topic(customer, phone.as_str())).collect()
            };
            scene.people.iter().map(of).collect()
        };
        Self {
            fix: each(&|customer, phone| topics.fix(customer, phone)),
            feedback: each(&|customer, phone| topics.feedback(customer, phone)),
            consent: scene.people.iter().map(|person| topics.consent(person.customer.as_str())).collect(),
            erasure: scene.people.iter().map(|person| person.customer.clone()).collect(),
            profile: scene.people.iter().map(|person| topics.profile(person.customer.as_str())).collect(),
            topics,
        }
    }

    /// A letter as the server makes one: the names come from the topic alone.
    pub(crate) fn letter<'a>(&'a self, message: &'a Message) -> Letter<'a> {
        let (who, phone) = (message.who as usize, usize::from(message.phone));
        let topic = match message.door {
            Door::Fixes => &self.fix[who][phone],
            Door::Feedback => &self.feedback[who][phone],
            Door::Consent | Door::Imported { .. } => &self.consent[who],
            Door::Profile => &self.profile[who],
            Door::Erasure => {
                let customer = self.erasure[who].as_str();
                return Letter {
                    door: Door::Erasure,
                    customer,
                    device: "",
                    body: &[],
                    ticket: message.ticket,
                };
            }
        };
        let (door, customer, device) = match self.topics.parse(topic).expect("topics of people are sound") {
            Topic::Fix { customer, device } => (Door::Fixes, customer, device),
            Topic::Feedback { customer, device } => (Door::Feedback, customer, device),
            Topic::Consent { customer } => (message.door, customer, if message.is_own { "own" } else { "" }),
            Topic::Profile { customer } => (Door::Profile, customer, ""),
            Topic::Batch
            | Topic::Offer { .. }
            | Topic::ConsentAck { .. }
            | Topic::ConsentReminder { .. }
            | Topic::Status { .. }
            | Topic::Shadow
            | Topic::Dead => unreachable!("people write to no other topics"),
        };
        Letter { door, customer, device, body: &message.body, ticket: message.ticket }
    }
}

/// The body of a message of fixes.
pub(crate) fn body(fixes: &[Fix]) -> Vec<u8> {
    match fixes {
        [fix] => wire::encode_fix(fix),
        _ => wire::encode_fixes(fixes),
    }
}

/// One message of a backend, of fixes of many people.
#[derive(Default)]
pub(crate) struct Batch {
    bytes: Vec<u8>,
}

impl Batch {
    pub(crate) fn add(&mut self, scene: &Scene, who: u32, phone: u8, fix: &Fix) {
        let person = &scene.people[who as usize];
        wire::encode_batch_record(&person.customer, &person.phones[usize::from(phone)], fix, &mut self.bytes);
    }

    /// Its records as letters.
    pub(crate) fn letters(&self) -> Vec<Letter<'_>> {
        let records = batch::records(&self.bytes, &LIMITS);
        let sound = records.map(|record| record.expect("records of people are sound"));
        sound
            .map(|batch::Record { customer, device, body }| Letter {
                door: Door::Fixes,
                customer,
                device,
                body,
                ticket: 0,
            })
            .collect()
    }
}

const LIMITS: Limits = Limits {
    fix_bytes_max: 256 << 10,
    consent_bytes_max: 16 << 10,
    batch_bytes_max: 1 << 20,
    n_fixes_max: 1_000,
    n_batch_fixes_max: 10_000,
};

/// The event of a happening, with its evidence, who says it, and how it comes.
pub(crate) fn consent_event(scene: &Scene, what: &Happening) -> Option<(u32, ConsentEvent, Hearing)> {
    let Happening::Consent { who, merchant, purpose, kind, acted_at, no, hearing } = what else {
        return None;
    };
    let (id, lang, sha256) = ("notice".into(), "en".into(), "0".repeat(64).into());
    let version = match kind {
        ConsentKind::Supersede => 1 + no % 3,
        _ => 1 + no % 2,
    };
    let shows = matches!(kind, ConsentKind::Show | ConsentKind::Grant { .. } | ConsentKind::Supersede);
    let is_grant = matches!(kind, ConsentKind::Grant { .. });
    let notice = Notice { id, version, lang, sha256, shown_at: *acted_at };
    let event = ConsentEvent {
        id: EventId::new(&format!("e{no}")).expect("a letter and digits make an event id"),
        merchant: scene.merchants[*merchant as usize].clone(),
        purpose: *purpose,
        kind: *kind,
        actor: if no.is_multiple_of(23) { Actor::Agent } else { Actor::Own },
        // Now and then something is amiss.
        method: if no.is_multiple_of(61) { Method::Gpc } else { Method::Toggle },
        notice: (shows && !(is_grant && no.is_multiple_of(67))).then_some(notice),
        evidence_at: (!no.is_multiple_of(9)).then_some(*acted_at),
        app: None,
    };
    Some((*who, event, *hearing))
}

/// Whether a customer's own phone sends a word on consent; the same one always does.
pub(crate) fn is_from_phone(event: &ConsentEvent) -> bool {
    let no: u32 = event.id.as_str().trim_start_matches('e').parse().unwrap_or(0);
    no.is_multiple_of(5)
}

/// The tokens that there are.
const TOKENS: [&str; 3] = ["token-one", "token-two", "token-three"];

/// The hash of one of them.
pub(crate) fn token(no: usize) -> TokenHash {
    wire::token_hash(TOKENS[no % TOKENS.len()])
}

/// An event as it is sent: who confirms knows the token itself.
pub(crate) fn consent_body(event: &ConsentEvent) -> Vec<u8> {
    let ConsentKind::Confirm { token } = event.kind else { return wire::encode_consent(event) };
    let known = TOKENS.into_iter().find(|known| wire::token_hash(known) == token);
    wire::encode_confirmation(event, known.expect("a token of the story"))
}
