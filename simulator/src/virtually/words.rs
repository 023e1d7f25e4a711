//! What people say about consent, and that they want to be forgotten.

use consent_gate::{Block, ConsentKind, Hearing, Purpose};
use engine::ClockSource;
use model::{Millis, Timestamp};

use super::chance::Chance;
use super::happening::{Fault, Happening, Step};
use super::post::token;
use super::story::Writer;

/// What people speak about first.
const PURPOSES: [Purpose; 7] = [
    Purpose::Location,
    Purpose::Background,
    Purpose::OffersPush,
    Purpose::OffersSms,
    Purpose::OffersEmail,
    Purpose::OffersInbox,
    Purpose::Personalisation,
];

/// What people speak about later: mostly of what they are seen and spoken to by.
const LATER: [Purpose; 14] = [
    Purpose::Location,
    Purpose::Location,
    Purpose::Background,
    Purpose::Background,
    Purpose::OffersPush,
    Purpose::OffersPush,
    Purpose::OffersSms,
    Purpose::OffersEmail,
    Purpose::OffersInbox,
    Purpose::Personalisation,
    Purpose::History,
    Purpose::Measurement,
    Purpose::Aggregate,
    Purpose::ThirdParty,
];

/// What most people agree to; the rest is a matter of taste.
const ALWAYS_ASKED: [Purpose; 3] = [Purpose::Location, Purpose::Background, Purpose::OffersPush];

/// A yes that waits for its second word.
#[derive(Clone, Copy, Debug)]
pub(super) struct Waiting {
    who: u32,
    merchant: u32,
    purpose: Purpose,
    token: usize,
}

impl Writer<'_> {
    /// Most people agree to most before anything else; some to location alone, some to nothing.
    pub(crate) fn agree(&mut self) {
        for who in 0..self.scene.people.len() as u32 {
            if self.chance.per_mille(80) {
                continue;
            }
            self.agree_to_most(who);
        }
        for who in 0..self.scene.people.len() as u32 {
            if self.chance.per_mille(400) {
                self.say_something(who);
            }
        }
        self.now = self.now + Millis::from_secs(30);
    }

    pub(super) fn agree_to_most(&mut self, who: u32) {
        for merchant in 0..self.scene.merchants.len() as u32 {
            for purpose in PURPOSES {
                let refuses = if ALWAYS_ASKED.contains(&purpose) { 60 } else { 400 };
                if !self.chance.per_mille(refuses) {
                    let acted_at = self.now;
                    self.say_yes(who, merchant, purpose, None, acted_at);
                }
            }
        }
    }

    /// Yes, and sooner or later the second word where one is asked for.
    fn say_yes(
        &mut self,
        who: u32,
        merchant: u32,
        purpose: Purpose,
        until: Option<Timestamp>,
        acted_at: Timestamp,
    ) {
        let asks_twice = self.scene.asks_twice();
        let no = self.chance.below(3);
        // Now and then nobody thought of a token.
        let confirm = (asks_twice && !self.chance.per_mille(30)).then(|| token(no));
        self.consent(who, merchant, purpose, ConsentKind::Grant { until, confirm }, acted_at);
        if confirm.is_none() {
            return;
        }
        let token = if self.chance.per_mille(60) { no + 1 } else { no };
        let waiting = Waiting { who, merchant, purpose, token };
        match self.chance.below(20) {
            0..16 => self.confirm(waiting),
            16..19 => {
                let n = self.chance.of_list(&[2, 20, 200]);
                let n_messages = self.n_messages + self.chance.below(n);
                self.confirmations.push((n_messages, waiting));
            }
            _ => {}
        }
    }

    pub(super) fn confirm(&mut self, waiting: Waiting) {
        let Waiting { who, merchant, purpose, token: no } = waiting;
        let acted_at = self.now;
        self.consent(who, merchant, purpose, ConsentKind::Confirm { token: token(no) }, acted_at);
    }

    fn consent(&mut self, who: u32, merchant: u32, purpose: Purpose, kind: ConsentKind, acted_at: Timestamp) {
        self.n_consents += 1;
        let no = self.n_consents;
        let hearing = self.hearing;
        self.push(Happening::Consent { who, merchant, purpose, kind, acted_at, no, hearing });
    }

    /// Somebody wants to be forgotten, perhaps twice, perhaps with a yes between; most come back.
    pub(super) fn leave(&mut self, who: u32) {
        if 0 < self.fault_once_in && self.chance.per_mille(300) {
            let at = self.chance.of_list(&Step::OF_ERASURES);
            let write_survives = self.chance.per_mille(500);
            self.push(Happening::Fault(Fault::Crash { at, write_survives }));
        }
        if 0 < self.fault_once_in && self.chance.per_mille(200) {
            self.lasts(Fault::ErasuresSlow(true), Fault::ErasuresSlow(false));
        }
        self.push(Happening::Erasure { who });
        if self.chance.per_mille(300) {
            let n_words = self.chance.below(3);
            for _ in 0..n_words {
                self.change_of_mind(who);
            }
            self.push(Happening::Erasure { who });
        }
        if self.chance.per_mille(700) {
            self.back.push((self.n_messages + self.chance.below(30), who));
        }
    }

    /// Words of long ago or of just now, out of another system's files.
    pub(super) fn import(&mut self) {
        self.hearing = Hearing::Imported { attested: self.chance.per_mille(600) };
        for _ in 0..1 + self.chance.below(6) {
            let who = self.chance.below(self.scene.people.len()) as u32;
            let now = self.now;
            let hours_ago = self.chance.of_list(&[0, 0, 0, 1, 30, 2_000]);
            self.now = now - Millis::from_hours(hours_ago);
            let n_before = self.n_happenings();
            self.change_of_mind(who);
            self.now = now;
            self.put_at(n_before, now);
        }
        self.hearing = Hearing::Live;
    }

    pub(super) fn change_of_mind(&mut self, who: u32) {
        let merchant = self.chance.below(self.scene.merchants.len()) as u32;
        let purpose = self.chance.of_list(&LATER);
        // A clock that leaps from fix to fix lets nothing run out between a letter and the fix in it.
        let runs_out = self.scene.policy.clock == ClockSource::Caller;
        let soon = |chance: &mut Chance, now: Timestamp| {
            runs_out.then(|| now + Millis::from_secs(chance.whole(-60, 4_000)))
        };
        let mut runs_until = None;
        let kind = match self.chance.below(20) {
            0 | 1 => ConsentKind::Withdraw,
            2 => ConsentKind::Refuse,
            3 => ConsentKind::Pause { until: None },
            4 | 5 => ConsentKind::Pause { until: soon(&mut self.chance, self.now) },
            6 => ConsentKind::Resume,
            7 => {
                runs_until = soon(&mut self.chance, self.now);
                ConsentKind::Grant { until: None, confirm: None }
            }
            8 => ConsentKind::Show,
            9 => ConsentKind::Supersede,
            10 => ConsentKind::Block { why: self.chance.of_list(&Block::ALL) },
            11 | 12 => ConsentKind::Unblock,
            13 => ConsentKind::Confirm { token: token(self.chance.below(3)) },
            _ => ConsentKind::Grant { until: None, confirm: None },
        };
        let ago_s =
            if self.chance.per_mille(800) { 0 } else { self.chance.of_list(&[-300, -30, 5, 600, 90_000]) };
        let acted_at = self.now - Millis::from_secs(ago_s);
        if matches!(kind, ConsentKind::Grant { .. }) {
            self.say_yes(who, merchant, purpose, runs_until, acted_at);
        } else {
            self.consent(who, merchant, purpose, kind, acted_at);
        }
    }
}
