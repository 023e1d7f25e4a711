//! The porter: all that waits for one customer is decided at one moment.

use std::sync::Arc;

use chrono_tz::Tz;
use consent_gate::{Consented, Purpose};
use model::{
    Channel, CustomerNo, DeviceNo, FenceFacts, FenceId, Heard, OfferId, Standing, Timestamp, TransitionKind,
    VisitId,
};
use notifier::{Candidate, Gathered, Occasion, Ruling, SmsLaw, Suppressed, Suppression, Terms, Verdict};
use offers::{CivilDay, Mode, Obstacle, Offer, OpeningHours, OperatorState};

use crate::engine::Engine;
use crate::house::House;
use crate::record::{self, Inputs};

/// What all rooms know of an occasion at the moment of its decision.
pub(crate) struct Matter<'a> {
    pub(crate) occasion: &'a Occasion,
    pub(crate) offer: &'a Offer,
    pub(crate) fence: &'a FenceFacts,
    pub(crate) hours: Option<Arc<OpeningHours>>,
    pub(crate) zones: Vec<Tz>,
    pub(crate) mode: Mode,
    /// What the law asks of it, and the rules that do, by id.
    pub(crate) law: Option<(SmsLaw, Box<str>)>,
    /// The gate's yes, when it says yes.
    pub(crate) released: Option<Consented<()>>,
    barred: Vec<Suppression>,
    is_there: bool,
    /// The fence lies in the ring of a sensitive place.
    is_in_ring: bool,
}

impl Engine {
    /// Decides everything that has waited for long enough.
    ///
    /// The gate and all rooms are asked here, at the last moment before a decision is written down.
    pub(crate) fn decide_due(&mut self, now: Timestamp) {
        while let Some(gathered) = self.notifier.next_due(now) {
            self.decide(gathered, now);
        }
    }

    fn decide(&mut self, gathered: Gathered, now: Timestamp) {
        let Gathered { customer, mut occasions, is_too_late, .. } = gathered;
        // Numbers of fences hang on what was edited before, so names decide what comes first.
        occasions.sort_by(|a, b| turn(a).cmp(&turn(b)));
        let tolerance = self.notifier.tolerance(customer).clone();
        if is_too_late {
            let late = Suppressed::by(Suppression::TooLate);
            occasions.iter().for_each(|occasion| self.suppress(customer, occasion, &late, Vec::new(), now));
            return;
        }
        let house = self.house.clone();
        let mut matters = Vec::with_capacity(occasions.len());
        for occasion in &occasions {
            match self.matter(&house, customer, occasion, now) {
                Ok(matter) => matters.push(matter),
                Err(gone) => {
                    self.suppress(customer, occasion, &Suppressed::by(gone), Vec::new(), now);
                }
            }
        }
        let verdicts = self.judge(customer, &matters, now);
        let won = verdicts.iter().position(|(verdict, _)| verdict.ruling.standing().is_some());
        let winner = won.map(|won| matters[won].offer.id().clone());
        for (matter, (verdict, heard)) in matters.into_iter().zip(verdicts) {
            let inputs = self.inputs(customer, &matter, &verdict, winner.as_ref());
            self.pronounce(customer, matter, verdict.ruling, (heard, inputs), now);
        }
        if *self.notifier.tolerance(customer) != tolerance {
            self.desk.note_tolerance(self.notifier.tolerance(customer), occasions.len());
        }
    }

    /// Gathers what the rooms know of an occasion now; an operator may have taken it away since.
    fn matter<'a>(
        &mut self,
        house: &'a House,
        customer: CustomerNo,
        occasion: &'a Occasion,
        now: Timestamp,
    ) -> Result<Matter<'a>, Suppression> {
        let Occasion { device, offer, merchant, fence, .. } = occasion;
        let facts = house.facts_of(fence).filter(|facts| facts.merchant.as_ref() == Some(merchant));
        let facts = facts.ok_or(Suppression::FenceGone)?;
        let offer = house
            .catalogue
            .offer(merchant, offer)
            .filter(|offer| offer.draft().trigger == occasion.trigger && offer.applies_to(facts));
        let offer = offer.ok_or(Suppression::OfferGone)?;
        let zones = self.zones(customer, facts);
        let hours = self.hours.of(facts);
        let released = self.release(customer, offer, now);
        let mut barred: Vec<Suppression> =
            released.is_none().then_some(Suppression::NoConsent).into_iter().collect();
        barred.extend(self.obstacles(customer, offer, zones.first().copied(), hours.as_deref(), now));
        let mode = self.policy.mode.max(offer.draft().mode);
        let is_there = self.is_there(*device, occasion);
        let is_in_ring = house.no_of(fence).is_some_and(|no| house.is_in_ring(no));
        let law = match offer.draft().channel {
            Channel::Sms => self.policy.law.of_sms(self.notifier.profile(customer), merchant, facts, now),
            Channel::Push | Channel::Email | Channel::Inbox => None,
        };
        Ok(Matter {
            occasion,
            offer,
            fence: facts,
            hours,
            zones,
            mode,
            law,
            released,
            barred,
            is_there,
            is_in_ring,
        })
    }

    /// The gate's yes to everything that an offer needs.
    fn release(&self, customer: CustomerNo, offer: &Offer, now: Timestamp) -> Option<Consented<()>> {
        let merchant = self.people.find_merchant(&offer.draft().merchant)?;
        let mut needs = offer.needs().map(Purpose::from_word);
        let has_all = needs.all(|purpose| {
            purpose.is_some_and(|purpose| self.gate.check(customer, merchant, purpose, now).is_ok())
        });
        has_all.then(|| self.gate.release(customer, (merchant, offer.draft().channel), (), now).ok())?
    }

    /// Every wall clock that may hang where the customer is.
    fn zones(&self, customer: CustomerNo, fence: &FenceFacts) -> Vec<Tz> {
        let known = fence.tz.as_deref().and_then(notifier::zone);
        let at_home = || self.notifier.profile(customer).tz.as_deref().and_then(notifier::zone);
        let Some(zone) = known.or_else(at_home) else {
            return fence.country.as_deref().map_or_else(Vec::new, notifier::zones_of_country);
        };
        vec![zone]
    }

    fn obstacles(
        &self,
        customer: CustomerNo,
        offer: &Offer,
        zone: Option<Tz>,
        hours: Option<&OpeningHours>,
        now: Timestamp,
    ) -> Vec<Suppression> {
        // Without a clock no hour can be told, and the notifier says so; an operator's word holds anywhere.
        let by_operator = || match offer.state() {
            OperatorState::Running => Vec::new(),
            OperatorState::Paused => vec![Obstacle::Paused],
            OperatorState::Stopped => vec![Obstacle::Stopped],
        };
        let mut obstacles = zone.map_or_else(by_operator, |zone| offer.obstacles_at(zone, now, hours));
        let day = zone.and_then(|zone| CivilDay::at(zone, now));
        if day.is_some_and(|day| self.stock.is_out(offer, day)) {
            obstacles.push(Obstacle::OutOfStock);
        }
        if !offer.is_meant_for(Some(self.notifier.profile(customer))) {
            obstacles.push(Obstacle::NotInAudience);
        }
        obstacles.into_iter().map(suppression).collect()
    }

    /// Whether the customer is where it is meant for: in the fence, or out of it.
    fn is_there(&self, device: DeviceNo, occasion: &Occasion) -> bool {
        let Some(fence) = self.house.no_of(&occasion.fence) else { return false };
        match occasion.trigger {
            TransitionKind::Enter | TransitionKind::Dwell => {
                self.presence.is_inside(device, fence, occasion.entered_at)
            }
            TransitionKind::Exit | TransitionKind::Cross => {
                self.presence.open_visits(device).all(|visit| visit.fence != fence)
            }
        }
    }

    /// The notifier's verdicts, each with what is heard by it.
    fn judge(
        &mut self,
        customer: CustomerNo,
        matters: &[Matter<'_>],
        now: Timestamp,
    ) -> Vec<(Verdict, Option<Heard>)> {
        let possible: Vec<_> = matters.iter().map(Matter::possible_from).collect();
        let candidates: Vec<Candidate<'_>> = matters
            .iter()
            .zip(&possible)
            .map(|(matter, possible_from)| Candidate {
                occasion: matter.occasion,
                terms: matter.terms(),
                zones: &matter.zones,
                // Down: whatever is less than a bound in whole metres stays less.
                radius_m: matter.fence.radius.0 as u32,
                is_there: matter.is_there,
                barred: matter.barred.clone(),
                possible_from,
            })
            .collect();
        let verdicts = self.notifier.decide(customer, &self.people.customer(customer), &candidates, now);
        let with_heard = |(verdict, candidate): (Verdict, &Candidate<'_>)| {
            let heard = verdict.heard(candidate, now);
            (verdict, heard)
        };
        verdicts.into_iter().zip(&candidates).map(with_heard).collect()
    }

    /// What a verdict rests on, and to whom it lost.
    fn inputs(
        &self,
        customer: CustomerNo,
        matter: &Matter<'_>,
        verdict: &Verdict,
        winner: Option<&OfferId>,
    ) -> Inputs {
        let mut inputs = record::inputs(matter, &verdict.reckoning, self.notifier.profile(customer));
        if let (Ruling::Suppressed(suppressed), Some(winner)) = (&verdict.ruling, winner)
            && suppressed.failed().contains(&Suppression::LostArbitration)
        {
            inputs.push(("lost_to".into(), winner.as_str().into()));
        }
        inputs
    }

    /// Writes one verdict down, and lets the winner out.
    fn pronounce(
        &mut self,
        customer: CustomerNo,
        matter: Matter<'_>,
        ruling: Ruling,
        (heard, inputs): (Option<Heard>, Inputs),
        now: Timestamp,
    ) {
        match (ruling, heard) {
            (Ruling::Goes, Some(heard)) => self.let_out(customer, matter, (heard, inputs), now),
            (Ruling::Unsaid(_), Some(heard)) => self.leave_unsaid(customer, &matter, (heard, inputs), now),
            (Ruling::Suppressed(suppressed), _) => {
                self.suppress(customer, matter.occasion, &suppressed, inputs, now);
            }
            (Ruling::Goes | Ruling::Unsaid(_), None) => unreachable!("what won is heard"),
        }
    }
}

impl Matter<'_> {
    fn terms(&self) -> Terms<'_> {
        let draft = self.offer.draft();
        Terms {
            channel: draft.channel,
            priority: draft.priority,
            value: draft.value,
            category: draft.category.as_deref(),
            is_delicate: self.offer.is_delicate(),
            is_in_ring: self.is_in_ring,
            uses_purchases: draft.audience.uses_purchases,
            names_store: self.offer.names_store(),
            names_street: self.offer.names_street(),
            holdout_permille: draft.holdout_permille,
            standing: match self.mode {
                Mode::Live => Standing::Sent,
                Mode::Shadow | Mode::Observe => Standing::Observed,
            },
            law: self.sms_law().copied(),
        }
    }

    /// What the law asks of it as a text message.
    pub(crate) fn sms_law(&self) -> Option<&SmsLaw> {
        self.law.as_ref().map(|(law, _)| law)
    }

    /// When the offer itself would be possible again.
    fn possible_from(&self) -> impl Fn(Timestamp) -> Option<Timestamp> {
        |at| self.offer.possible_again_at(*self.zones.first()?, at, self.hours.as_deref())
    }

    /// The civil day on which it counts.
    pub(crate) fn day(&self, now: Timestamp) -> Option<CivilDay> {
        CivilDay::at(*self.zones.first()?, now)
    }
}

/// Its place among all that are decided together: by time, then as presence tells them, then by name.
fn turn(occasion: &Occasion) -> (Timestamp, u8, &FenceId, &OfferId, VisitId) {
    let rank = match occasion.trigger {
        TransitionKind::Dwell | TransitionKind::Exit => 0,
        TransitionKind::Enter => 1,
        TransitionKind::Cross => 2,
    };
    (occasion.triggered_at, rank, &occasion.fence, &occasion.offer, occasion.visit)
}

const fn suppression(obstacle: Obstacle) -> Suppression {
    match obstacle {
        Obstacle::Paused => Suppression::OfferPaused,
        Obstacle::Stopped => Suppression::OfferStopped,
        Obstacle::NotYet => Suppression::OfferNotYet,
        Obstacle::Over => Suppression::OfferOver,
        Obstacle::OffSchedule => Suppression::OffSchedule,
        Obstacle::StoreClosed => Suppression::StoreClosed,
        Obstacle::OutOfStock => Suppression::OutOfStock,
        Obstacle::NotInAudience => Suppression::NotInAudience,
    }
}
