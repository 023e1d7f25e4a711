//! What the entries before one tell about it.

use std::collections::{BTreeMap, HashMap};

use consent_gate::{ConsentKind, Effect};
use ledger::{ConsentEntry, Entry, What};
use model::{MerchantId, NotificationId, Profile, Timestamp, Tolerance};

/// What was agreed, said and borne until some entry.
#[derive(Debug, Default)]
pub(super) struct Past {
    consents: BTreeMap<(MerchantId, &'static str), Yes>,
    /// What each notification said, and at which store.
    said: HashMap<NotificationId, (String, Box<str>)>,
    pub(super) profile: Profile,
    pub(super) tolerance: Tolerance,
}

/// The last time that somebody agreed to something.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Yes {
    pub(super) at: Timestamp,
    /// The text that they were shown, and its version.
    pub(super) notice: Option<(Box<str>, u32)>,
}

impl Past {
    /// Goes past an entry.
    pub(super) fn take(&mut self, entry: &Entry) {
        let tolerance = match &entry.what {
            What::Consent(consent) => return self.agree(consent, entry.at),
            What::Profile(profile) => {
                self.profile = profile.clone();
                return;
            }
            What::Decision(decision) => {
                if let Some(said) = &decision.said {
                    self.said.insert(decision.id, (said.words.title.clone(), decision.store.clone()));
                }
                &decision.tolerance
            }
            What::Reminder { .. } => return,
            What::Delivery { tolerance, .. } | What::Feedback { tolerance, .. } => tolerance,
        };
        if let Some(tolerance) = tolerance {
            self.tolerance = tolerance.clone();
        }
    }

    /// When a merchant was last told yes for a purpose, by its word.
    pub(super) fn yes(&self, merchant: &MerchantId, purpose: &str) -> Option<&Yes> {
        let found = self.consents.iter().find(|((whose, word), _)| whose == merchant && *word == purpose);
        found.map(|(_, yes)| yes)
    }

    /// What a notification said, and at which store.
    pub(super) fn said(&self, notification: NotificationId) -> Option<(&str, &str)> {
        self.said.get(&notification).map(|(title, store)| (&**title, &**store))
    }

    fn agree(&mut self, consent: &ConsentEntry, at: Timestamp) {
        let event = &consent.event;
        let is_yes = match event.kind {
            ConsentKind::Grant { .. } => consent.effect == Effect::Applied,
            ConsentKind::Show
            | ConsentKind::Confirm { .. }
            | ConsentKind::Refuse
            | ConsentKind::Withdraw
            | ConsentKind::Pause { .. }
            | ConsentKind::Resume
            | ConsentKind::Supersede
            | ConsentKind::Block { .. }
            | ConsentKind::Unblock => false,
        };
        if is_yes {
            let notice = event.notice.as_ref().map(|notice| (notice.id.clone(), notice.version));
            self.consents.insert((event.merchant.clone(), event.purpose.word()), Yes { at, notice });
        }
    }
}
