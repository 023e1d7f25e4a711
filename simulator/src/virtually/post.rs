//! Messages on their way to the engine: encoded as phones and backends do, read as the server does.

use consent_gate::{Actor, ConsentEvent, ConsentKind, EventId, Method, Notice};
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
            Topic::Consent { customer } => (Door::Consent, customer, ""),
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

/// The event of a happening, with its evidence, and who says it.
pub(crate) fn consent_event(scene: &Scene, what: &Happening) -> Option<(u32, ConsentEvent)> {
    let Happening::Consent { who, merchant, purpose, kind, acted_at, no } = what else { return None };
    let (id, lang, sha256) = ("notice".into(), "en".into(), "0".repeat(64).into());
    let is_yes = matches!(kind, ConsentKind::Grant { .. });
    let event = ConsentEvent {
        id: EventId::new(&format!("e{no}")).expect("a letter and digits make an event id"),
        merchant: scene.merchants[*merchant as usize].clone(),
        purpose: *purpose,
        kind: *kind,
        actor: Actor::Own,
        method: Method::Toggle,
        notice: is_yes.then_some(Notice { id, version: 1, lang, sha256, shown_at: *acted_at }),
        evidence_at: (!no.is_multiple_of(9)).then_some(*acted_at),
        app: None,
    };
    Some((*who, event))
}
