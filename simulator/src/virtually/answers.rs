//! What senders are told of their letters, held against the laws.

use consent_gate::{ConsentEvent, ConsentKind, Hearing};
use engine::{ConsentAck, Reminder};
use model::Timestamp;

use super::plant::Plant;
use super::post::Message;
use super::profiles::ProfileWord;
use super::shell::{AnswerSent, Asked, Sent, Shell, is_recent};

impl Shell<'_> {
    pub(crate) fn acknowledge(&mut self, ack: &ConsentAck) {
        let Some(who) = self.names.customer(ack.customer.as_str()) else { return };
        let pause_ends = self.unsettled.get(&ack.ticket).and_then(|sent| match &sent.what {
            Asked::Consent(event, _) => match event.kind {
                ConsentKind::Pause { until } => Some(until.unwrap_or(Timestamp::MAX)),
                _ => None,
            },
            Asked::Feedback(_) | Asked::Profile(_) | Asked::Erasure => None,
        });
        if !self.past.contains(&ack.ticket) {
            self.counts.n_new_lives += u64::from(self.laws.acknowledge(who, ack, pause_ends));
        }
        self.count(ack);
        self.compare_effects(who, ack);
    }

    fn count(&mut self, ack: &ConsentAck) {
        let Some(Sent { what: Asked::Consent(event, hearing), .. }) = self.unsettled.get(&ack.ticket) else {
            return;
        };
        let (is_applied, is_granted) = (ack.answer.effect == "applied", ack.answer.state == "granted");
        if let ConsentKind::Confirm { .. } = event.kind {
            self.counts.n_confirmed += u64::from(is_applied && is_granted);
            self.counts.n_unconfirmed += u64::from(is_applied && !is_granted);
        }
        if *hearing != Hearing::Live {
            self.counts.n_imported += 1;
            self.counts.n_imports_applied += u64::from(is_applied);
        }
    }

    /// Law `reminders_agree`: a merchant is told once of what ends soon, and of nothing else.
    pub(crate) fn remind(&mut self, reminder: &Reminder) {
        self.counts.n_reminders += 1;
        let who = self.names.customer(reminder.customer.as_str());
        let merchant = self.names.merchant(reminder.merchant.as_str());
        let is_due = who.zip(merchant).is_some_and(|(who, no)| self.opinion.reminded(who, no, reminder));
        self.laws.hold(is_due, "reminders_agree", who, || {
            format!(
                "a merchant is told of {} that ends soon, and the judge would not",
                reminder.purpose.word()
            )
        });
    }

    /// Law `consent_agrees`: both judges say the same of what became of a consent event.
    fn compare_effects(&mut self, who: u32, ack: &ConsentAck) {
        let Some(judged) = self.effects.remove(&ack.ticket) else { return };
        let is_planted = self.plant == Some(Plant::MistakesEffects) && ack.ticket.is_multiple_of(3);
        let told = if is_planted { "late_grant" } else { &*ack.answer.effect };
        self.laws.hold(told == judged, "consent_agrees", Some(who), || {
            let event = &ack.answer.event_id;
            format!("the consent event {event}: the engine says {told}, the judge says {judged}")
        });
    }

    /// What a shell must never do: say yes to what is not durable.
    pub(crate) fn acknowledge_early(&mut self, who: u32, event: &ConsentEvent, ticket: u64) {
        let answer = wire::Acknowledgement {
            event_id: event.id.as_str().into(),
            merchant: event.merchant.as_str().into(),
            purpose: event.purpose.word().into(),
            state: "granted".into(),
            effect: "applied".into(),
            epoch: 0,
            missing: Vec::new(),
            withdrawn: Vec::new(),
        };
        let customer = self.scene.people[who as usize].customer.clone();
        let _ = self.laws.acknowledge(who, &ConsentAck { customer, ticket, answer }, None);
    }

    pub(crate) fn settled(&mut self, ticket: u64, now: Timestamp) {
        if self.plant == Some(Plant::NeverAnswers) && ticket.is_multiple_of(3) {
            return;
        }
        let Some(Sent { message, what }) = self.unsettled.remove(&ticket) else { return };
        let is_past = self.past.remove(&ticket);
        let (id, kind, counts) = match what {
            Asked::Erasure => return self.erasure_settled(message.who),
            _ if is_past => return,
            Asked::Feedback(AnswerSent { about: Ok(id), kind, counts, .. }) => (id, kind, counts),
            Asked::Profile(word) => return self.profile_settled(&message, &word, now),
            Asked::Feedback(_) | Asked::Consent(..) => return,
        };
        // What was heard is forgotten after some weeks, and feedback on it is of no use then.
        let is_known = self.last_offer.values().any(|offer| offer.id == id && is_recent(offer.at, now));
        let is_of_use =
            if self.opinion.is_asked() { self.of_use.remove(&ticket) } else { is_known && counts };
        if is_of_use {
            self.laws.acknowledge_feedback(message.who, id, kind.word());
        }
    }

    /// Before its first word on consent nothing of a letter is kept but what binds.
    pub(crate) fn note_profile(&mut self, who: u32, ticket: u64) {
        if self.has_spoken(who) {
            self.kept.insert(ticket);
        }
    }

    fn has_spoken(&self, who: u32) -> bool {
        let customer = &self.scene.people[who as usize].customer;
        self.disk.state(customer).is_some_and(|row| !row.consents.is_empty())
    }

    /// What a letter mutes is muted, unless another one is on its way.
    fn profile_settled(&mut self, message: &Message, word: &ProfileWord, now: Timestamp) {
        let who = message.who;
        let is_of_who = |sent: &Sent| sent.message.who == who && matches!(sent.what, Asked::Profile(_));
        let is_kept = self.kept.remove(&message.ticket) && self.has_spoken(who);
        if is_kept && !self.unsettled.values().any(is_of_who) {
            self.laws.mute(who, word.mutes(), now.max(self.seen_at));
        }
    }
}
