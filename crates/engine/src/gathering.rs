//! The pantry: from a transition to the occasions that wait for their moment.

use model::{
    CustomerNo, DeviceNo, ExitReason, FenceNo, NotificationId, Timestamp, Transition, TransitionKind,
};
use notifier::{Occasion, Place, Suppressed, Suppression};
use offers::Offer;

use crate::engine::Engine;

impl Engine {
    /// Finds the offers that a transition calls for; each waits with all that the customer's moment brings.
    ///
    /// A visit that we ended ourselves is no occasion to speak.
    pub(crate) fn call_for_offers(
        &mut self,
        customer: CustomerNo,
        device: DeviceNo,
        (transition, fence): (&Transition, FenceNo),
        now: Timestamp,
    ) {
        if transition.exit_reason.is_some_and(|reason| reason != ExitReason::Left) {
            return;
        }
        let house = self.house.clone();
        if transition.kind == TransitionKind::Dwell && house.is_in_ring(fence) {
            // Who stays beside a clinic is not spoken to for having stayed.
            return;
        }
        for offer in house.catalogue.due(transition.kind, house.fence(fence)) {
            let occasion = occasion(offer, device, transition, now);
            match self.notifier.gather(customer, occasion.clone(), now) {
                Place::Waits => self.book.tally.n_candidates += 1,
                Place::Repeated => {}
                Place::Full => {
                    self.book.tally.n_candidates += 1;
                    let crowded = Suppressed::by(Suppression::Crowded);
                    self.suppress(customer, &occasion, &crowded, Vec::new(), now);
                }
            }
        }
    }
}

fn occasion(offer: &Offer, device: DeviceNo, transition: &Transition, now: Timestamp) -> Occasion {
    let &Transition { visit, kind, at, entered_at, initial, may_trigger, speed_mps, foreground, .. } =
        transition;
    Occasion {
        notification: NotificationId::of(visit, offer.id()),
        device,
        offer: offer.id().clone(),
        merchant: offer.draft().merchant.clone(),
        fence: transition.fence.clone(),
        visit,
        trigger: kind,
        triggered_at: at,
        entered_at,
        // A late fix or a clock that is slow shortens it: nothing is said long after its occasion.
        expires_at: at.min(now) + offer.draft().valid_for,
        initial,
        may_trigger,
        speed_mm_s: speed_mps.map(|mps| (mps * 1_000.0).round() as u32),
        foreground,
    }
}
