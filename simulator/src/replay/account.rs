//! What was sent, what was acknowledged and what came back, counted from the packets themselves.

use std::collections::{BTreeMap, HashSet, VecDeque};
use std::time::Instant;

/// How many offer ids are remembered to notice repeats; beyond it repeats count as offers.
const OFFER_IDS_MAX: usize = 1_000_000;

/// What one message carries.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Load {
    /// So many fixes.
    Fixes(u32),
    /// The consent event of this id.
    Consent(Box<str>),
}

/// One kind of record from here to the broker and back.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Flow {
    pub(crate) n_messages: u64,
    /// Written to the connection.
    pub(crate) n_sent: u64,
    /// Acknowledged by PUBACK.
    pub(crate) n_acknowledged: u64,
    /// Answered with a PUBACK that says no.
    pub(crate) n_refused: u64,
}

/// What came of the consent events.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Consents {
    pub(crate) flow: Flow,
    /// Acknowledgement messages, by their effect.
    pub(crate) by_effect: BTreeMap<Box<str>, u64>,
    waiting: HashSet<Box<str>>,
}

impl Consents {
    /// Sent, and neither acknowledged by a message nor refused.
    pub(crate) fn n_waiting(&self) -> usize {
        self.waiting.len()
    }

    /// Acknowledgement messages that belong to an event of ours.
    pub(crate) fn n_settled(&self) -> u64 {
        self.by_effect.values().sum()
    }
}

/// Offers that came back.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Offers {
    /// Every one of them, repeats and unreadable ones too.
    pub(crate) n_received: u64,
    /// With an offer id that was there before.
    pub(crate) n_repeated: u64,
    pub(crate) n_unreadable: u64,
    /// Without repeats, by merchant and offer.
    pub(crate) by_offer: BTreeMap<(Box<str>, Box<str>), u64>,
    seen: HashSet<u128>,
}

/// The counts of one connection, kept by whoever polls it.
#[derive(Debug, Default)]
pub(crate) struct Account {
    pub(crate) fixes: Flow,
    pub(crate) consents: Consents,
    pub(crate) offers: Offers,
    /// Refusals of messages, by the reason of the PUBACK.
    pub(crate) refusals: BTreeMap<Box<str>, u64>,
    /// When the last offer came.
    pub(crate) offer_at: Option<Instant>,
    /// When the last fixes were acknowledged; where nothing is, written, and in the end read.
    pub(crate) settled_at: Option<Instant>,
    /// The broker has answered what was asked after everything else.
    pub(crate) fenced: bool,
    /// We took leave.
    pub(crate) left: bool,
    /// Why the connection is no more, when we did not.
    pub(crate) lost: Option<String>,
    /// Handed to the client, in order, and not yet written.
    queued: VecDeque<Load>,
    /// Written, and not yet acknowledged, by packet id.
    in_flight: BTreeMap<u16, Load>,
}

impl Account {
    /// A message is handed to the client. Call in the order of the messages.
    pub(crate) fn queue(&mut self, load: Load) {
        if let Load::Consent(event_id) = &load {
            self.consents.waiting.insert(event_id.clone());
        }
        self.queued.push_back(load);
    }

    /// The client wrote its next message; packet id 0 means that nothing will acknowledge it.
    pub(crate) fn write(&mut self, packet_id: u16, now: Instant) {
        let Some(load) = self.queued.pop_front() else { return };
        let (flow, n) = self.flow(&load);
        flow.n_messages += 1;
        flow.n_sent += n;
        if packet_id != 0 {
            self.in_flight.insert(packet_id, load);
        } else if matches!(load, Load::Fixes(_)) {
            self.settled_at = Some(now);
        }
    }

    /// The broker answered a message; `refusal` says why not. False when it answers none of ours.
    pub(crate) fn settle(&mut self, packet_id: u16, refusal: Option<String>, now: Instant) -> bool {
        let Some(load) = self.in_flight.remove(&packet_id) else { return false };
        if matches!(load, Load::Fixes(_)) {
            self.settled_at = Some(now);
        }
        let (flow, n) = self.flow(&load);
        match refusal {
            None => flow.n_acknowledged += n,
            Some(reason) => {
                flow.n_refused += n;
                *self.refusals.entry(reason.into()).or_default() += 1;
                if let Load::Consent(event_id) = &load {
                    self.consents.waiting.remove(event_id);
                }
            }
        }
        true
    }

    /// An acknowledgement message came for a consent event. False when it is none of ours.
    pub(crate) fn consent_settled(&mut self, event_id: &str, effect: &str) -> bool {
        let ours = self.consents.waiting.remove(event_id);
        if ours {
            *self.consents.by_effect.entry(effect.into()).or_default() += 1;
        }
        ours
    }

    /// An offer came; nothing when it could not be read.
    pub(crate) fn offer(&mut self, offer: Option<Offer<'_>>, now: Instant) {
        self.offer_at = Some(now);
        self.offers.n_received += 1;
        let Some(offer) = offer else {
            self.offers.n_unreadable += 1;
            return;
        };
        let room = self.offers.seen.len() < OFFER_IDS_MAX;
        if self.offers.seen.contains(&offer.id) || (room && !self.offers.seen.insert(offer.id)) {
            self.offers.n_repeated += 1;
            return;
        }
        *self.offers.by_offer.entry((offer.merchant.into(), offer.offer.into())).or_default() += 1;
    }

    /// The broker answered what was asked after everything else.
    pub(crate) fn fence(&mut self, now: Instant) {
        self.fenced = true;
        let Flow { n_sent, n_acknowledged, n_refused, .. } = self.fixes;
        if 0 < n_sent && n_acknowledged + n_refused == 0 {
            self.settled_at = Some(now);
        }
    }

    /// Messages on their way: handed over or written, and not answered.
    pub(crate) fn n_on_the_way(&self) -> usize {
        self.queued.len() + self.in_flight.len()
    }

    /// Grows with every answer of the broker and of the engine: equal means no progress.
    pub(crate) fn n_answers(&self) -> u64 {
        let flows = [&self.fixes, &self.consents.flow];
        let answered: u64 = flows.iter().map(|flow| flow.n_sent + flow.n_acknowledged + flow.n_refused).sum();
        answered + self.consents.n_settled() + self.offers.n_received
    }

    fn flow(&mut self, load: &Load) -> (&mut Flow, u64) {
        match load {
            Load::Fixes(n) => (&mut self.fixes, u64::from(*n)),
            Load::Consent(_) => (&mut self.consents.flow, 1),
        }
    }
}

/// What is counted of an offer.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Offer<'a> {
    /// Of the notification: equal for every retry.
    pub(crate) id: u128,
    pub(crate) merchant: &'a str,
    pub(crate) offer: &'a str,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sent(loads: &[(u16, Load)]) -> Account {
        let mut account = Account::default();
        for (_, load) in loads {
            account.queue(load.clone());
        }
        for (packet_id, _) in loads {
            account.write(*packet_id, Instant::now());
        }
        account
    }

    fn offer(id: u128) -> Option<Offer<'static>> {
        Some(Offer { id, merchant: "m", offer: "coffee" })
    }

    #[test]
    fn fixes_are_acknowledged_by_the_message_that_carries_them() {
        let mut account = sent(&[(1, Load::Fixes(100)), (2, Load::Fixes(7))]);
        assert_eq!((account.fixes.n_messages, account.fixes.n_sent, account.n_on_the_way()), (2, 107, 2));
        assert!(account.settle(2, None, Instant::now()));
        assert_eq!((account.fixes.n_acknowledged, account.n_on_the_way()), (7, 1));
        assert!(account.settle(1, None, Instant::now()));
        assert_eq!((account.fixes.n_acknowledged, account.n_on_the_way()), (107, 0));
    }

    #[test]
    fn an_answer_counts_once() {
        let mut account = sent(&[(1, Load::Fixes(5))]);
        assert!(account.settle(1, None, Instant::now()));
        assert!(!account.settle(1, None, Instant::now()));
        assert!(!account.settle(9, None, Instant::now()));
        assert_eq!(account.fixes.n_acknowledged, 5);
    }

    #[test]
    fn a_refusal_is_no_acknowledgement() {
        let mut account = sent(&[(1, Load::Fixes(5))]);
        account.settle(1, Some("NotAuthorized".to_owned()), Instant::now());
        assert_eq!((account.fixes.n_acknowledged, account.fixes.n_refused), (0, 5));
        assert_eq!(account.refusals["NotAuthorized"], 1);
    }

    #[test]
    fn without_qos_nothing_stays_on_the_way() {
        let account = sent(&[(0, Load::Fixes(5)), (0, Load::Fixes(5))]);
        assert_eq!((account.fixes.n_sent, account.fixes.n_acknowledged, account.n_on_the_way()), (10, 0, 0));
    }

    #[test]
    fn a_consent_waits_for_its_message_and_not_for_its_puback() {
        let mut account = sent(&[(1, Load::Consent("a".into())), (2, Load::Consent("b".into()))]);
        account.settle(1, None, Instant::now());
        assert_eq!(account.consents.n_waiting(), 2);
        assert!(account.consent_settled("a", "applied"));
        assert!(!account.consent_settled("a", "applied"));
        assert!(!account.consent_settled("someone else's", "applied"));
        assert_eq!((account.consents.n_waiting(), account.consents.n_settled()), (1, 1));
        account.settle(2, Some("NotAuthorized".to_owned()), Instant::now());
        assert_eq!((account.consents.n_waiting(), account.consents.n_settled()), (0, 1));
    }

    #[test]
    fn a_repeated_offer_is_told_apart() {
        let mut account = Account::default();
        for one in [offer(1), offer(2), offer(1), None] {
            account.offer(one, Instant::now());
        }
        let offers = &account.offers;
        assert_eq!((offers.n_received, offers.n_repeated, offers.n_unreadable), (4, 1, 1));
        assert_eq!(offers.by_offer[&("m".into(), "coffee".into())], 2);
    }
}
