//! Going back to an older ledger without giving anybody's yes back that they may have taken back since.

use std::collections::{BTreeMap, BTreeSet};

use consent_gate::{
    Actor, ConsentEvent, ConsentKind, ConsentState, Effect, EventId, Hearing, Method, Purpose,
};
use model::{CustomerId, MerchantId, Profile, Timestamp};

use crate::{ConsentEntry, Entry, Rebuilt, StateRow, What};

/// What a customer has said since the point to which a ledger goes back.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Since {
    /// Consents that were spoken about; `None` when nobody knows.
    about: Option<BTreeSet<(MerchantId, Purpose)>>,
    /// What they said last about themselves.
    profile: Option<Profile>,
}

/// A row that was taken back, and the entries that say so.
#[derive(Clone, Debug, PartialEq)]
pub struct RolledBack {
    /// What is to be written down.
    pub entries: Vec<Entry>,
    /// The row after it.
    pub row: StateRow,
}

impl Since {
    /// What nobody knows of: any consent may have ended.
    #[must_use]
    pub const fn unknown() -> Self {
        Self { about: None, profile: None }
    }

    /// What the entries since then say, by customer; of whom they say nothing about consent or
    /// themselves, there is nothing.
    #[must_use]
    pub fn all(entries: &[Entry]) -> BTreeMap<CustomerId, Self> {
        let mut all = BTreeMap::<CustomerId, Self>::new();
        let nothing = || Self { about: Some(BTreeSet::new()), profile: None };
        for entry in entries {
            match &entry.what {
                What::Consent(consent) => {
                    let since = all.entry(entry.customer.clone()).or_insert_with(nothing);
                    let about = (consent.event.merchant.clone(), consent.event.purpose);
                    since.about.get_or_insert_default().insert(about);
                }
                What::Profile(profile) => {
                    let since = all.entry(entry.customer.clone()).or_insert_with(nothing);
                    since.profile = Some(profile.clone());
                }
                What::Decision(_) | What::Delivery { .. } | What::Feedback { .. } | What::Reminder { .. } => {
                }
            }
        }
        all
    }

    /// Whether any consent may have changed.
    #[must_use]
    pub fn is_about_consent(&self) -> bool {
        self.about.as_ref().is_none_or(|about| !about.is_empty())
    }

    /// Whether they have said something about themselves.
    #[must_use]
    pub const fn is_about_themselves(&self) -> bool {
        self.profile.is_some()
    }

    /// Lowers every yes of an older row when any consent has changed since, and keeps what the customer
    /// has said about themselves.
    ///
    /// Every consent of theirs also forgets what was shown before `now`: no notice of the time that is
    /// lost can bring a yes back that comes late or again.
    #[must_use]
    pub fn roll_back(self, row: StateRow, now: Timestamp) -> RolledBack {
        let customer = row.customer.clone();
        let mut rebuilt = Rebuilt {
            epoch: row.epoch,
            consents: row.consents.clone(),
            profile: row.profile.clone(),
            tolerance: row.tolerance.clone(),
            heard: Vec::new(),
            outbox: Vec::new(),
        };
        let mut entries = Vec::new();
        let mut add = |what: What, rebuilt: &mut Rebuilt| {
            let entry = Entry { customer: customer.clone(), at: now, what };
            rebuilt.apply(&entry);
            entries.push(entry);
        };
        if self.is_about_consent() {
            let known = row.consents.iter().map(|row| (row.merchant.clone(), row.purpose));
            let about: BTreeSet<_> = known.chain(self.about.into_iter().flatten()).collect();
            for (no, (merchant, purpose)) in about.into_iter().enumerate() {
                let state =
                    row.consents.iter().find(|row| row.merchant == merchant && row.purpose == purpose);
                let state = lowered(state.map_or(ConsentState::Unknown, |row| row.state));
                let event = superseding(no, merchant, purpose, now);
                let epoch = rebuilt.epoch.next();
                let (hearing, effect) = (Hearing::Live, Effect::Applied);
                add(What::Consent(ConsentEntry { event, hearing, effect, state, epoch }), &mut rebuilt);
            }
        }
        if let Some(profile) = self.profile {
            add(What::Profile(profile), &mut rebuilt);
        }
        let Rebuilt { epoch, consents, profile, .. } = rebuilt;
        RolledBack { entries, row: StateRow { epoch, consents, profile, ..row } }
    }
}

/// What is left of a state: every no, and no yes.
const fn lowered(state: ConsentState) -> ConsentState {
    match state {
        ConsentState::Granted { .. }
        | ConsentState::Paused { .. }
        | ConsentState::PendingConfirmation { .. }
        | ConsentState::Superseded => ConsentState::Superseded,
        ConsentState::Unknown => ConsentState::Unknown,
        ConsentState::Requested => ConsentState::Requested,
        ConsentState::Refused => ConsentState::Refused,
        ConsentState::Withdrawn => ConsentState::Withdrawn,
        ConsentState::Expired => ConsentState::Expired,
        ConsentState::Suppressed { why } => ConsentState::Suppressed { why },
    }
}

fn superseding(no: usize, merchant: MerchantId, purpose: Purpose, now: Timestamp) -> ConsentEvent {
    let id = EventId::new(&format!("restore-{}-{no}", now.unix_ms().unsigned_abs()));
    ConsentEvent {
        id: id.expect("digits and dashes are an id"),
        merchant,
        purpose,
        kind: ConsentKind::Supersede,
        actor: Actor::System,
        method: Method::Staff,
        notice: None,
        evidence_at: Some(now),
        app: None,
    }
}
