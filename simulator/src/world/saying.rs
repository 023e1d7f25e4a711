//! What people say about consent, with the evidence that they said it.

use consent_gate::{Actor, ConsentEvent, ConsentKind, EventId, Method, Notice, Purpose};
use model::{Millis, Timestamp};
use town::{Agreement, PersonNo, Want, Wish};

use super::World;

impl World {
    /// What a person agreed to, an event for each merchant and purpose.
    pub(crate) fn grants(&self, person: PersonNo, shown_at: Timestamp) -> Vec<ConsentEvent> {
        let merchants = 0..self.town.merchants().len();
        merchants
            .flat_map(|merchant| {
                self.said(person, merchant, ConsentKind::Grant { until: None, confirm: None }, shown_at)
            })
            .collect()
    }

    /// The same taken back.
    pub(crate) fn withdrawals(&self, person: PersonNo, at: Timestamp) -> Vec<ConsentEvent> {
        let merchants = 0..self.town.merchants().len();
        merchants.flat_map(|merchant| self.said(person, merchant, ConsentKind::Withdraw, at)).collect()
    }

    /// What a wish says about consent; nothing when it is about an offer.
    ///
    /// The house has no erasure of its own yet: who wants to be forgotten takes everything back.
    pub(crate) fn consents(&self, person: PersonNo, wish: &Wish) -> Vec<ConsentEvent> {
        let said = |kind| self.said(person, wish.merchant, kind, wish.at);
        match wish.what {
            Want::Withdraw => said(ConsentKind::Withdraw),
            Want::Pause { until } => said(ConsentKind::Pause { until: Some(until) }),
            Want::Grant => said(ConsentKind::Grant { until: end_named(wish.at), confirm: None }),
            Want::Resume => said(ConsentKind::Resume),
            Want::Erase => self.withdrawals(person, wish.at),
            Want::Feedback(_) => Vec::new(),
        }
    }

    /// One word to one merchant, about each purpose that the person ever agreed to with them.
    fn said(&self, person: PersonNo, merchant: usize, kind: ConsentKind, at: Timestamp) -> Vec<ConsentEvent> {
        let purposes: &[Purpose] = match self.town.people()[person.slot()].agreements[merchant] {
            Agreement::Nothing => &[],
            Agreement::LocationOnly => &[Purpose::Location, Purpose::Background],
            Agreement::Offers => &[Purpose::Location, Purpose::Background, Purpose::OffersPush],
        };
        self.words(person, merchant, purposes, kind, at)
    }

    /// One word to one merchant, about each of some purposes.
    pub(crate) fn words(
        &self,
        person: PersonNo,
        merchant: usize,
        purposes: &[Purpose],
        kind: ConsentKind,
        at: Timestamp,
    ) -> Vec<ConsentEvent> {
        let event = |(no, purpose): (usize, &Purpose)| {
            // One person says one thing to one merchant at one instant.
            let id = format!("{}-{}-{merchant}-{no}-{}", kind.word(), person.0, at.unix_ms());
            ConsentEvent {
                id: EventId::new(&id).expect("words and numbers make an id"),
                merchant: self.merchant(merchant).clone(),
                purpose: *purpose,
                kind,
                actor: Actor::Own,
                method: Method::Toggle,
                notice: matches!(kind, ConsentKind::Grant { .. }).then(|| notice(at)),
                evidence_at: Some(at),
                app: None,
            }
        };
        purposes.iter().enumerate().map(event).collect()
    }
}

/// Some name an end, further away than any yes to be seen lasts.
fn end_named(at: Timestamp) -> Option<Timestamp> {
    (at.unix_ms() % 3 == 0).then_some(at + Millis::from_days(40_000))
}

/// What the app showed; its hash is that of an empty text, for the town's app is not written.
fn notice(at: Timestamp) -> Notice {
    Notice {
        id: "town-app".into(),
        version: 1,
        lang: "en".into(),
        sha256: "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855".into(),
        shown_at: at,
    }
}
