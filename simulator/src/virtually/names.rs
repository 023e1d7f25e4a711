//! The judge counts where the engine names: both ways between names and numbers.

use std::collections::HashMap;

use engine::{Event, EventKind};
use model::{FenceId, NotificationId, OfferId, TransitionKind, VisitId};
use oracle::{Kind, Said, Told, What as Heard};

use super::scene::Scene;

/// Numbers of all names of a scene.
#[derive(Debug)]
pub(crate) struct Names {
    customers: HashMap<Box<str>, u32>,
    fences: HashMap<FenceId, u32>,
    offers: HashMap<OfferId, u32>,
    merchants: HashMap<Box<str>, u32>,
}

/// Something that happened to somebody, as both sides can say it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Fact {
    pub(crate) who: u32,
    pub(crate) at_ms: i64,
    pub(crate) phone: u32,
    pub(crate) what: What,
}

/// What happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum What {
    Transition { kind: TransitionKind, fence: u32, visit: VisitId, reason: Option<&'static str> },
    Offer { offer: u32, fence: u32, visit: VisitId },
    Suppressed { offer: u32, fence: u32, visit: VisitId, reason: &'static str },
    Dropped { reason: &'static str },
    Refused { reason: &'static str },
}

impl Names {
    pub(crate) fn of(scene: &Scene) -> Self {
        let people = (0..).zip(&scene.people);
        let fences = (0..).zip(&scene.fences);
        let offers = (0..).zip(&scene.drafts);
        let merchants = (0..).zip(&scene.merchants);
        Self {
            customers: people.map(|(no, person)| (person.customer.as_str().into(), no)).collect(),
            fences: fences.map(|(no, fence)| (fence.facts.id.clone(), no)).collect(),
            offers: offers.map(|(no, draft)| (draft.id.clone(), no)).collect(),
            merchants: merchants.map(|(no, merchant)| (merchant.as_str().into(), no)).collect(),
        }
    }

    pub(crate) fn customer(&self, name: &str) -> Option<u32> {
        self.customers.get(name).copied()
    }

    pub(crate) fn merchant(&self, name: &str) -> Option<u32> {
        self.merchants.get(name).copied()
    }

    pub(crate) fn fence(&self, id: &FenceId) -> Option<u32> {
        self.fences.get(id).copied()
    }

    pub(crate) fn offer(&self, id: &OfferId) -> Option<u32> {
        self.offers.get(id).copied()
    }

    /// What the engine says; `None` when it speaks of somebody or something that is not of the scene.
    pub(crate) fn fact_of(&self, event: &Event, scene: &Scene) -> Option<Fact> {
        let who = self.customer(event.customer.as_str())?;
        let phones = &scene.people[who as usize].phones;
        let phone = phones.iter().position(|phone| *phone == event.device)? as u32;
        let what = match &event.kind {
            EventKind::Transition { kind, fence, visit, reason } => {
                let fence = self.fence(fence)?;
                What::Transition { kind: *kind, fence, visit: *visit, reason: *reason }
            }
            EventKind::Offer { offer, fence, visit } => {
                What::Offer { offer: self.offer(offer)?, fence: self.fence(fence)?, visit: *visit }
            }
            EventKind::Suppressed { offer, fence, visit, reason } => {
                let (offer, fence) = (self.offer(offer)?, self.fence(fence)?);
                What::Suppressed { offer, fence, visit: *visit, reason }
            }
            EventKind::Refused { reason } => What::Refused { reason },
            EventKind::Dropped { reason } => What::Dropped { reason },
        };
        Some(Fact { who, at_ms: event.at.unix_ms(), phone, what })
    }
}

/// What the judge says.
pub(crate) fn fact_told(told: &Told, scene: &Scene) -> Fact {
    let visit =
        |fence: u32, entered_at_ms: i64| visit_of(scene, told.customer, told.device, fence, entered_at_ms);
    let what = match told.what {
        Heard::Transition { kind, fence, entered_at_ms, initial: _, reason } => {
            let visit = visit(fence, entered_at_ms);
            What::Transition { kind: kind_of(kind), fence, visit, reason }
        }
        Heard::Offer { offer, fence, entered_at_ms } => {
            What::Offer { offer, fence, visit: visit(fence, entered_at_ms) }
        }
        Heard::Suppressed { offer, fence, entered_at_ms, reason, .. } => {
            What::Suppressed { offer, fence, visit: visit(fence, entered_at_ms), reason }
        }
        Heard::Dropped { reason } => What::Dropped { reason },
        Heard::Refused { reason } => What::Refused { reason },
    };
    Fact { who: told.customer, at_ms: told.at_ms, phone: told.device, what }
}

fn visit_of(scene: &Scene, who: u32, phone: u32, fence: u32, entered_at_ms: i64) -> VisitId {
    let person = &scene.people[who as usize];
    let phone = &person.phones[phone as usize];
    let fence = &scene.fences[fence as usize].facts.id;
    VisitId::of(&person.customer, phone, fence, model::Timestamp::from_unix_ms(entered_at_ms))
}

/// The name that the engine must give to what was decided.
pub(crate) fn id_of(scene: &Scene, said: &Said) -> NotificationId {
    let visit = visit_of(scene, said.customer, said.device, said.fence, said.entered_at_ms);
    NotificationId::of(visit, &scene.drafts[said.offer as usize].id)
}

const fn kind_of(kind: Kind) -> TransitionKind {
    match kind {
        Kind::Enter => TransitionKind::Enter,
        Kind::Dwell => TransitionKind::Dwell,
        Kind::Exit => TransitionKind::Exit,
        Kind::Cross => TransitionKind::Cross,
    }
}

impl Fact {
    /// Whether both are verdicts on one offer in one visit.
    pub(crate) fn is_about_that_of(&self, other: &Self) -> bool {
        let subject = |what: What| match what {
            What::Offer { offer, visit, .. } | What::Suppressed { offer, visit, .. } => Some((offer, visit)),
            What::Transition { .. } | What::Dropped { .. } | What::Refused { .. } => None,
        };
        subject(self.what).is_some() && subject(self.what) == subject(other.what)
    }

    /// A sentence with the names of a scene.
    pub(crate) fn told(&self, scene: &Scene) -> String {
        let name = scene.people[self.who as usize].customer.as_str();
        let fence = |no: u32| scene.fences[no as usize].facts.id.as_str();
        let offer = |no: u32| scene.drafts[no as usize].id.as_str();
        let at = super::happening::clock(model::Timestamp::from_unix_ms(self.at_ms));
        let what = match self.what {
            What::Transition { kind, fence: no, reason, .. } => {
                format!("{} of {}{}", kind.word(), fence(no), because(reason))
            }
            What::Offer { offer: no, fence: at, .. } => format!("the offer {} in {}", offer(no), fence(at)),
            What::Suppressed { offer: no, fence: at, reason, .. } => {
                format!("no offer {} in {}{}", offer(no), fence(at), because(Some(reason)))
            }
            What::Dropped { reason } => format!("a fix dropped{}", because(Some(reason))),
            What::Refused { reason } => format!("a message refused{}", because(Some(reason))),
        };
        format!("{name} phone {} at {at}: {what}", self.phone)
    }
}

fn because(reason: Option<&str>) -> String {
    reason.map_or(String::new(), |reason| format!(" ({reason})"))
}
