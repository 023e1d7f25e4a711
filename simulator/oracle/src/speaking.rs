//! The outbox: from a decision to its publication, and what comes back.

use chrono::NaiveDate;

use crate::customer::{Customer, Durability, Outgoing};
use crate::geometry::Map;
use crate::hours::civil_day;
use crate::{Answer, Kind, Leaving, Mode, Offer, Operated, Oracle, Profile, Said, stock};

impl Oracle {
    /// Whether a decided offer that is durable may be published now, and if not, why not.
    ///
    /// # Errors
    /// How it leaves the outbox instead; tell [`Oracle::left`]. One that nobody has decided is revoked.
    pub fn may_send(&self, said: &Said, now_ms: i64) -> Result<(), Leaving> {
        // A clock that steps back makes nothing valid again.
        let now_ms = self.latest_ms(now_ms);
        let known = self.customers.get(said.customer as usize).ok_or(Leaving::Revoked)?;
        let is_it = |outgoing: &&Outgoing| outgoing.said == *said;
        let called_off = self.edits.called_off.iter().find(|(outgoing, _)| is_it(&outgoing));
        let outgoing = known.outbox.iter().find(is_it).or(called_off.map(|(outgoing, _)| outgoing));
        let outgoing = outgoing.ok_or(Leaving::Revoked)?;
        if outgoing.expires_at_ms <= now_ms {
            return Err(Leaving::Expired);
        }
        if let Some((_, leaving)) = called_off {
            return Err(*leaving);
        }
        let is_void =
            outgoing.durability != Durability::Durable || outgoing.n_restrictions != known.n_restrictions;
        let dial = &known.profile().dial;
        let is_muted =
            dial.muted_merchants.contains(&outgoing.merchant) || dial.muted_fences.contains(&said.fence);
        let wants_none = known.profile().minor || is_muted;
        if is_void || wants_none || !known.may_be_told(outgoing.merchant, outgoing.channel, now_ms) {
            return Err(Leaving::Revoked);
        }
        let visits =
            known.devices.iter().filter(|device| device.no == said.device).flat_map(|device| &device.visits);
        let stays = visits
            .into_iter()
            .any(|visit| visit.fence == said.fence && visit.entered_at_ms == said.entered_at_ms);
        let is_of_a_stay = matches!(outgoing.kind, Kind::Enter | Kind::Dwell);
        if is_of_a_stay && !stays && !self.rules.clock_leaps {
            return Err(Leaving::Expired);
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
        self.edits.called_off.retain(|(outgoing, _)| outgoing.said != *said);
        let known = self.customer_mut(said.customer);
        let n_before = known.outbox.len();
        known.outbox.retain(|outgoing| outgoing.said != *said);
        if known.outbox.len() == n_before {
            return;
        }
        self.spoken.touched.insert(said.customer);
        match leaving {
            Leaving::Expired | Leaving::Refused => self.give_back(said),
            Leaving::Sent | Leaving::Revoked | Leaving::FenceGone | Leaving::OfferGone | Leaving::Lapsed => {}
        }
    }

    fn give_back(&mut self, said: &Said) {
        let known = self.customer_mut(said.customer);
        if let Some(heard) = known.unhear(said) {
            let day: Option<NaiveDate> = heard.tz.and_then(|tz| civil_day(tz, heard.at_ms));
            stock::put_back(self.stock.now_mut(), said.offer, day);
        }
    }

    /// A customer's answer to something that was decided for them; `at_ms` is when they gave it, by the
    /// clock of whoever says so.
    pub fn feedback(&mut self, said: &Said, answer: Answer, at_ms: Option<i64>, now_ms: i64) -> bool {
        let now_ms = self.advance(now_ms);
        let Self { customers, rules, .. } = self;
        let Some(known) = customers.get_mut(said.customer as usize) else { return false };
        if !known.awaits(said, answer) {
            return false;
        }
        known.settle(rules, now_ms);
        known.answer(said, answer, at_ms, rules, now_ms);
        self.spoken.touched.insert(said.customer);
        true
    }

    /// The newest that a customer heard of an offer in 30 days, or would have heard but for a holdout:
    /// what a till means that knows no name of its own.
    #[must_use]
    pub fn newest_of(&self, customer: u32, offer: u32, now_ms: i64) -> Option<Said> {
        let now_ms = self.latest_ms(now_ms);
        let known = self.customers.get(customer as usize)?;
        let is_it = |heard: &&crate::Heard| {
            heard.said.offer == offer
                && heard.standing != crate::Standing::Observed
                && now_ms - heard.at_ms < 30 * crate::rules::DAY
        };
        known.heard().filter(is_it).max_by_key(|heard| heard.at_ms).map(|heard| heard.said)
    }

    /// A customer says something about themselves: all that they have said by now.
    pub fn profile(&mut self, customer: u32, profile: Profile, now_ms: i64) {
        let now_ms = self.advance(now_ms);
        let is_homeless = !self.rules.law.knows_home_of(&profile);
        let was_erased = self.graves.is_or_will_be_of(customer);
        let known = self.customer_mut(customer);
        let profile = if known.is_known { Some(profile) } else { profile.bound().filter(|_| !was_erased) };
        // Of somebody who has said no word on consent only that is kept which binds them, and nothing of
        // somebody who was erased.
        if let Some(profile) = profile {
            let is_minor = profile.minor;
            (known.is_known, known.is_homeless) = (true, is_homeless);
            *known.profile.now_mut() = profile;
            self.spoken.touched.insert(customer);
            if is_minor {
                self.stop_seeing(customer, now_ms);
            }
        }
    }

    /// What a customer has said about themselves.
    #[must_use]
    pub fn profile_of(&self, customer: u32) -> Profile {
        self.customers.get(customer as usize).map_or_else(Profile::default, |known| known.profile().clone())
    }

    /// Operators changed the offers: those that there are from now on, by number.
    pub fn offers(&mut self, offers: Vec<Option<Offer>>, now_ms: i64) {
        self.advance(now_ms);
        let before = std::mem::replace(&mut self.offers, offers);
        let asked_for_crossings = self.due.asks_for_crossings;
        self.due = crate::offers::OffersDue::of(&self.map, &self.offers);
        if asked_for_crossings != self.due.asks_for_crossings && !self.rules.crossings {
            let devices = self.customers.iter_mut().flat_map(|known| &mut known.devices);
            devices.for_each(|device| device.looked_for_crossings = false);
        }
        self.call_off(|outgoing, _, offers| {
            let no = outgoing.said.offer as usize;
            let is_off = before.get(no) != offers.get(no) && !is_said_by(outgoing, offers);
            is_off.then_some(Leaving::OfferGone)
        });
    }

    /// Takes out of the outboxes what is called off; it counts as heard all the same. The stock of what is not
    /// durable yet, which nobody can have sent, is given back.
    pub(crate) fn call_off(&mut self, is_off: impl Fn(&Outgoing, &Map, &[Option<Offer>]) -> Option<Leaving>) {
        let Self { customers, map, offers, edits, spoken, stock, .. } = self;
        for (no, known) in (0..).zip(customers) {
            let Customer { outbox, heard, .. } = known;
            outbox.retain(|outgoing| {
                let leaving = is_off(outgoing, map, offers);
                if leaving.is_some() && outgoing.durability != Durability::Durable {
                    let heard = heard.now().iter().find(|heard| heard.said == outgoing.said);
                    let day = heard.and_then(|heard| civil_day(heard.tz?, heard.at_ms));
                    stock::put_back(stock.now_mut(), outgoing.said.offer, day);
                }
                edits.called_off.extend(leaving.map(|leaving| (outgoing.clone(), leaving)));
                spoken.touched.extend(leaving.map(|_| no));
                leaving.is_none()
            });
        }
    }

    /// Whether a fence is there, and still a merchant's.
    pub(crate) fn is_fence_of(&self, fence: u32, merchant: u32) -> bool {
        self.map.fence(fence).is_some_and(|fence| fence.merchant == Some(merchant))
    }
}

/// Whether the offers that there are would say what was decided: to that fence, at that change, in the
/// same words, by the same channel.
pub(crate) fn is_said_by(outgoing: &Outgoing, offers: &[Option<Offer>]) -> bool {
    let Outgoing { said, kind, merchant, channel, words, .. } = outgoing;
    offers.get(said.offer as usize).and_then(Option::as_ref).is_some_and(|offer| {
        offer.operated == Operated::Running
            && offer.mode == Mode::Live
            && (offer.trigger, offer.merchant, offer.channel) == (*kind, *merchant, *channel)
            && offer.fences.contains(&said.fence)
            && offer.text.words == *words
            && !offer.text.breaks_at.contains(&said.fence)
    })
}
