//! A street of fences on one parallel, and what people on it send.

use std::sync::Arc;

use consent_gate::{Actor, ConsentEvent, ConsentKind, EventId, Method, Notice, Purpose};
use engine::{Door, House};
use model::{
    FenceFacts, FenceId, Fix, MerchantId, Meters, Millis, OfferId, Position, Timestamp, TransitionKind,
};
use offers::{Catalogue, Draft, OperatorState};
use spatial_index::{Fence, Shape};

use crate::shell::Message;

/// A fence's id, its merchant, how many metres east it lies, its radius and its zone.
type Place = (&'static str, Option<&'static str>, f64, f64, Option<&'static str>);

/// An offer's id, its merchant, its trigger, its fences and its priority.
type Saying = (&'static str, &'static str, TransitionKind, &'static [&'static str], u8);

const FENCES: [Place; 9] = [
    ("attic", Some("corner"), 10_000.0, 100.0, None),
    ("bank", Some("corner"), 8_000.0, 100.0, Some("UTC")),
    ("books", Some("corner"), 0.0, 100.0, Some("UTC")),
    ("cafe", Some("corner"), 2_000.0, 100.0, Some("UTC")),
    ("door", Some("corner"), 6_000.0, 100.0, Some("UTC")),
    ("park", None, 0.0, 500.0, Some("UTC")),
    ("rude", Some("corner"), 12_000.0, 100.0, Some("UTC")),
    ("school", Some("corner"), 14_000.0, 1_000.0, Some("UTC")),
    ("toys", Some("bricks"), 4_000.0, 100.0, Some("UTC")),
];

const OFFERS: [Saying; 7] = [
    ("brick", "bricks", TransitionKind::Dwell, &["toys"], 1),
    ("bye", "corner", TransitionKind::Exit, &["bank"], 1),
    ("five", "corner", TransitionKind::Dwell, &["books"], 1),
    ("hello", "corner", TransitionKind::Enter, &["door"], 1),
    ("latte", "corner", TransitionKind::Dwell, &["cafe", "attic", "rude"], 1),
    ("pencil", "corner", TransitionKind::Dwell, &["school"], 1),
    ("ten", "corner", TransitionKind::Dwell, &["books"], 9),
];

const LAT: f64 = 45.0;
/// Metres in a degree of the 45th parallel.
const METERS_A_DEGREE: f64 = 78_846.8;

pub(crate) fn house() -> Arc<House> {
    Arc::new(House::new(fences(), catalogue()).expect("the street can be indexed"))
}

pub(crate) fn east(x_m: f64) -> Position {
    Position::new(LAT, 10.0 + x_m / METERS_A_DEGREE).expect("on earth")
}

/// How far east a place of the street lies.
pub(crate) fn x_of(name: &str) -> f64 {
    FENCES.iter().find(|fence| fence.0 == name).unwrap_or_else(|| panic!("nobody knows {name}")).2
}

fn fences() -> Vec<Fence> {
    let fence = |(id, merchant, x_m, radius_m, tz): Place| Fence {
        facts: FenceFacts {
            id: FenceId::new(id).unwrap(),
            name: if id == "rude" { "You Are Here" } else { id }.into(),
            merchant: merchant.map(|merchant| MerchantId::new(merchant).unwrap()),
            tags: Vec::new(),
            tz: tz.map(Into::into),
            country: None,
            region: None,
            opening_hours: None,
            radius: Meters(radius_m),
        },
        shape: Shape::Circle { center: east(x_m), radius: Meters(radius_m) },
    };
    FENCES.into_iter().map(fence).collect()
}

/// The fences that there are, after an operator's edit of one of them.
pub(crate) fn edited(house: &House, what: &Edit, name: &str) -> Vec<Fence> {
    let at_first = fences().into_iter().find(|fence| fence.facts.id.as_str() == name);
    let mut fence = at_first.expect("a fence of this street");
    let mut fences: Vec<Fence> = house.fences().collect();
    let at = fences.binary_search_by(|known| known.facts.id.as_str().cmp(name));
    match what {
        Edit::Nothing => return fences,
        Edit::Remove => {
            if let Ok(at) = at {
                fences.remove(at);
            }
            return fences;
        }
        Edit::PutBack => {}
        Edit::Move { by_m } => {
            fence.shape = Shape::Circle { center: east(x_of(name) + by_m), radius: fence.facts.radius };
        }
        Edit::GiveTo(merchant) => fence.facts.merchant = Some(MerchantId::new(merchant).unwrap()),
    }
    match at {
        Ok(at) => fences[at] = fence,
        Err(at) => fences.insert(at, fence),
    }
    fences
}

/// What an operator does to a fence of the street.
#[derive(Clone, Debug)]
pub(crate) enum Edit {
    Nothing,
    Remove,
    /// As it was at first.
    PutBack,
    Move {
        by_m: f64,
    },
    GiveTo(&'static str),
}

/// The offers that there are, after an operator's edit of one of them.
pub(crate) fn offers_edited(house: &House, what: OfferEdit, name: &str) -> Arc<Catalogue> {
    let at_first = drafts().into_iter().find(|draft| draft.id.as_str() == name);
    let mut draft = at_first.expect("an offer of this street");
    let there = house.catalogue().offers().iter().map(|offer| offer.draft().clone());
    let mut offers: Vec<Draft> = there.filter(|known| known.id != draft.id).collect();
    match what {
        OfferEdit::Stop => return Arc::new(Catalogue::new(offers).unwrap()),
        OfferEdit::PutBack => {}
        OfferEdit::Reword => draft.text.title = "Another offer".into(),
        OfferEdit::Prefer => draft.priority = 200,
        OfferEdit::AskOnCross => draft.trigger = TransitionKind::Cross,
    }
    offers.push(draft);
    Arc::new(Catalogue::new(offers).unwrap())
}

/// The offers that there are, one of them in a state of the operator's.
pub(crate) fn operated(house: &House, name: &str, state: OperatorState) -> Arc<Catalogue> {
    Arc::new(house.catalogue().operated(&[(OfferId::new(name).unwrap(), state)].into()))
}

/// What an operator does to an offer of the street.
#[derive(Clone, Copy, Debug)]
pub(crate) enum OfferEdit {
    Stop,
    /// As it was at first.
    PutBack,
    Reword,
    /// Before all others; the words stay.
    Prefer,
    AskOnCross,
}

fn catalogue() -> Catalogue {
    Catalogue::new(drafts()).expect("the offers obey the rules")
}

fn drafts() -> Vec<Draft> {
    let draft = |(id, merchant, trigger, fences, priority): Saying| {
        let (id, merchant) = (OfferId::new(id).unwrap(), MerchantId::new(merchant).unwrap());
        Draft {
            trigger,
            fences: fences.iter().map(|id| FenceId::new(id).unwrap()).collect(),
            priority,
            holdout_permille: 0,
            ..Draft::new(id, merchant, "An offer", "Something good at {{ store }}")
        }
    };
    OFFERS.into_iter().map(draft).collect()
}

/// Midnight of a Monday on UTC: the first day of every story.
pub(crate) fn day_one() -> Timestamp {
    Timestamp::from_unix_ms(1_780_272_000_000)
}

pub(crate) fn clock(day: i64, time: &str) -> Timestamp {
    let parts: Vec<i64> = time.split(':').map(|part| part.parse().expect("a number")).collect();
    let secs = parts[0] * 3_600 + parts[1] * 60 + parts.get(2).copied().unwrap_or(0);
    day_one() + Millis::from_days(day - 1) + Millis::from_secs(secs)
}

pub(crate) fn fix_at(taken_at: Timestamp, x_m: f64) -> Fix {
    Fix { accuracy: Some(Meters(10.0)), ..Fix::at(taken_at, east(x_m)) }
}

pub(crate) fn fixes(customer: &str, device: &str, fixes: &[Fix]) -> Message {
    let body = match fixes {
        [fix] => wire::encode_fix(fix),
        _ => wire::encode_fixes(fixes),
    };
    Message { door: Door::Fixes, customer: customer.into(), device: device.into(), body, ticket: 0 }
}

/// A consent event whose notice was shown, and which was made, at an instant.
pub(crate) fn consent(
    customer: &str,
    merchant: &str,
    purpose: Purpose,
    kind: ConsentKind,
    acted_at: Timestamp,
    ticket: u64,
) -> (Message, ConsentEvent) {
    let name = format!("e{}-{}", acted_at.unix_ms(), purpose.word().replace('.', "-"));
    let (id, lang, sha256) = ("notice".into(), "en".into(), "0".repeat(64).into());
    let event = ConsentEvent {
        id: EventId::new(&name).unwrap(),
        merchant: MerchantId::new(merchant).unwrap(),
        purpose,
        kind,
        actor: Actor::Own,
        method: Method::Toggle,
        notice: Some(Notice { id, version: 1, lang, sha256, shown_at: acted_at }),
        evidence_at: Some(acted_at),
        app: None,
    };
    (letter_of(customer, &event, ticket), event)
}

pub(crate) fn letter_of(customer: &str, event: &ConsentEvent, ticket: u64) -> Message {
    let body = wire::encode_consent(event);
    Message { door: Door::Consent, customer: customer.into(), device: String::new(), body, ticket }
}
