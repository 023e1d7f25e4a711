//! From a change of presence to what is said: candidates, the line, the back door, the outbox.

use std::collections::VecDeque;

use crate::customer::{Durability, Heard, Outgoing};
use crate::hours::quiet_from_ms;
use crate::notifier::{Candidate, first_no, was_told};
use crate::presence::{Change, LEFT};
use crate::{Kind, Leaving, Oracle, Said, What};

/// Candidates that no rule held back, until the engine is asked what to record.
#[derive(Debug, Default)]
pub(crate) struct Line(pub(crate) VecDeque<InLine>);

#[derive(Clone, Copy, Debug)]
pub(crate) struct InLine {
    candidate: Candidate,
    since_ms: i64,
}

impl Oracle {
    /// Decides what some changes of one phone call for, once its newest fix has been seen: who has
    /// left since they came in is not spoken to, nor who came back since they left.
    pub(crate) fn decide(&mut self, customer: u32, place: usize, changes: &[Change], now_ms: i64) {
        for change in changes {
            let device = &self.customers[customer as usize].devices[place];
            // A visit that we ended ourselves is no occasion to speak.
            if change.reason.is_some_and(|reason| change.kind == Kind::Exit && reason != LEFT) {
                continue;
            }
            let is_so_still = match change.kind {
                Kind::Enter | Kind::Dwell => device.visits.iter().any(|visit| {
                    visit.fence == change.fence
                        && visit.entered_at_ms == change.entered_at_ms
                        && visit.is_inside()
                }),
                Kind::Exit | Kind::Cross => {
                    device.track.last.is_none_or(|last| last.taken_at_ms <= change.at_ms)
                }
            };
            let device = device.no;
            self.offer(customer, device, change, change.is_fit && is_so_still, now_ms);
        }
    }

    /// Of several offers due at one change the first that passes gets into the line, and the others
    /// lose to it.
    fn offer(&mut self, customer: u32, device: u32, change: &Change, is_fit: bool, now_ms: i64) {
        let &Change { kind, fence, at_ms, entered_at_ms, initial, speed_mps, .. } = change;
        let due = self.due.at(fence, kind).to_vec();
        let tz = self.map.fence(fence).and_then(|fence| fence.tz);
        let mut has_winner = false;
        for offer in due {
            let said = Said { customer, device, offer, fence, entered_at_ms };
            let &crate::Offer { merchant, valid_for_ms, .. } = &self.offers[offer as usize];
            // A late fix or a slow clock shortens it: nothing is said long after its occasion.
            let expires_at_ms = at_ms.min(now_ms).saturating_add(valid_for_ms);
            let candidate = Candidate { said, merchant, kind, initial, is_fit, speed_mps, tz, expires_at_ms };
            let no = if !self.customers[customer as usize].may_be_told(merchant, now_ms) {
                Some("no_consent")
            } else if has_winner {
                Some("lost_arbitration")
            } else {
                let no = self.propose(candidate, now_ms);
                // The visit has had its word, and what lost to that loses again.
                let heard = &self.customers[customer as usize].heard;
                has_winner = no.is_none() || was_told(&candidate, heard);
                no
            };
            if let Some(reason) = no {
                self.suppress(&said, reason, now_ms);
            }
        }
    }

    /// Puts a candidate in line unless a rule holds it back.
    fn propose(&mut self, candidate: Candidate, now_ms: i64) -> Option<&'static str> {
        let memory_ms = self.rules.memory_ms();
        let known = &mut self.customers[candidate.said.customer as usize];
        known.heard.retain(|heard| now_ms.saturating_sub(heard.at_ms) < memory_ms);
        if let Some(reason) = self.judge(&candidate, None, now_ms) {
            return Some(reason);
        }
        // What is delivered late must not be delivered into the quiet hours.
        let quiet_ms = candidate.tz.and_then(|tz| quiet_from_ms(self.rules.hours, tz, now_ms));
        let expires_at_ms = quiet_ms.map_or(candidate.expires_at_ms, |at| at.min(candidate.expires_at_ms));
        let candidate = Candidate { expires_at_ms, ..candidate };
        self.line.0.push_back(InLine { candidate, since_ms: now_ms });
        self.customers[candidate.said.customer as usize].n_in_line += 1;
        None
    }

    fn judge(&self, candidate: &Candidate, own: Option<Said>, now_ms: i64) -> Option<&'static str> {
        let known = &self.customers[candidate.said.customer as usize];
        let mut heard = known.heard.clone();
        if known.n_in_line != 0 {
            let others = self.line.0.iter().map(|waiting| &waiting.candidate).filter(|waiting| {
                waiting.said.customer == candidate.said.customer && Some(waiting.said) != own
            });
            heard.extend(others.map(|waiting| heard_at(waiting, now_ms)));
        }
        first_no(candidate, &heard, known.agreed_at_ms, &self.rules, now_ms)
    }

    /// Gives everything in line its verdict. What has waited is asked about again: a day or the hours
    /// may have ended, a fence may be gone, a consent taken back.
    pub(crate) fn let_out(&mut self, now_ms: i64) {
        while let Some(InLine { candidate, since_ms }) = self.line.0.pop_front() {
            let said = candidate.said;
            let is_late =
                self.rules.decide_within_ms < now_ms - since_ms || candidate.expires_at_ms <= now_ms;
            let no = if is_late {
                Some("too_late")
            } else if let Some(reason) =
                (since_ms < now_ms).then(|| self.judge(&candidate, Some(said), now_ms)).flatten()
            {
                Some(reason)
            } else if !self.stands(&said, candidate.merchant) {
                Some("fence_gone")
            } else if !self.customers[said.customer as usize].may_be_told(candidate.merchant, now_ms) {
                Some("withdrawn")
            } else {
                None
            };
            self.spoken.touched.insert(said.customer);
            let known = &mut self.customers[said.customer as usize];
            known.n_in_line -= 1;
            if let Some(reason) = no {
                self.suppress(&said, reason, now_ms);
                continue;
            }
            known.heard.push(heard_at(&candidate, now_ms));
            let (expires_at_ms, n_restrictions) = (candidate.expires_at_ms, known.n_restrictions);
            known.outbox.push(Outgoing { said, expires_at_ms, n_restrictions, durability: Durability::Said });
            let Said { customer, device, offer, fence, entered_at_ms } = said;
            self.tell(now_ms, customer, device, What::Offer { offer, fence, entered_at_ms });
        }
    }

    /// Whether a decided offer that is durable may be published now, and if not, why not.
    ///
    /// # Errors
    /// How it leaves the outbox instead; tell [`Oracle::left`]. One that nobody has decided is revoked.
    pub fn may_send(&self, said: &Said, now_ms: i64) -> Result<(), Leaving> {
        // A clock that steps back makes nothing valid again.
        let now_ms = self.latest_ms(now_ms);
        let known = self.customers.get(said.customer as usize).ok_or(Leaving::Revoked)?;
        let outgoing = known.outbox.iter().find(|outgoing| outgoing.said == *said).ok_or(Leaving::Revoked)?;
        let merchant = self.offers[said.offer as usize].merchant;
        if outgoing.expires_at_ms <= now_ms {
            return Err(Leaving::Expired);
        }
        if !self.stands(said, merchant) {
            return Err(Leaving::FenceGone);
        }
        let is_void =
            outgoing.durability != Durability::Durable || outgoing.n_restrictions != known.n_restrictions;
        if is_void || !known.may_be_told(merchant, now_ms) {
            return Err(Leaving::Revoked);
        }
        Ok(())
    }

    /// What is durable and waits to be published, ascending.
    #[must_use]
    pub fn to_send(&self) -> Vec<Said> {
        let outgoing = self.customers.iter().flat_map(|known| &known.outbox);
        let durable = outgoing.filter(|outgoing| outgoing.durability == Durability::Durable);
        let mut to_send: Vec<Said> = durable.map(|outgoing| outgoing.said).collect();
        to_send.sort_unstable();
        to_send
    }

    /// A decided offer left the outbox; one that expired or was refused gives its count back.
    pub fn left(&mut self, said: &Said, leaving: Leaving, now_ms: i64) {
        self.advance(now_ms);
        let known = self.customer_mut(said.customer);
        let n_before = known.outbox.len();
        known.outbox.retain(|outgoing| outgoing.said != *said);
        if known.outbox.len() == n_before {
            return;
        }
        match leaving {
            Leaving::Expired | Leaving::Refused => {
                known.heard.retain(|heard| heard.said != *said);
                known.given_back.push(*said);
            }
            Leaving::Sent | Leaving::Revoked | Leaving::FenceGone | Leaving::Lapsed => {}
        }
        self.spoken.touched.insert(said.customer);
    }

    /// Whether the fence that something is said about is there and that merchant's, and no edit ended
    /// the visit.
    pub(crate) fn stands(&self, said: &Said, merchant: u32) -> bool {
        let Said { customer, device, fence, entered_at_ms, .. } = *said;
        let is_theirs = self.map.fence(fence).is_some_and(|fence| fence.merchant == Some(merchant));
        is_theirs && !self.edits.ended.contains(&(customer, device, fence, entered_at_ms))
    }

    fn suppress(&mut self, said: &Said, reason: &'static str, now_ms: i64) {
        let &Said { customer, device, offer, fence, entered_at_ms } = said;
        self.tell(now_ms, customer, device, What::Suppressed { offer, fence, entered_at_ms, reason });
    }
}

fn heard_at(candidate: &Candidate, now_ms: i64) -> Heard {
    Heard { said: candidate.said, at_ms: now_ms, tz: candidate.tz, durability: Durability::Said }
}
