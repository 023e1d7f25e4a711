//! From the engine's trace to what the stage is told.

use engine::{Event, EventKind};
use model::TransitionKind;
use notifier::Suppression;
use town::Town;

use super::stage::Tiding;

/// What an event means on stage; `None` for what the audience is not told, and for
/// customers and fences that are none of the town's.
#[must_use]
pub fn of(event: &Event, town: &Town) -> Option<Tiding> {
    let person = town.person_no(event.customer.as_str())?;
    let store = |fence: &model::FenceId| town.store_no(fence.as_str());
    match &event.kind {
        EventKind::Transition { kind, fence, .. } => {
            let store = store(fence)?;
            match kind {
                TransitionKind::Enter => Some(Tiding::Entered(person, store)),
                TransitionKind::Dwell => Some(Tiding::Dwelled(person, store)),
                TransitionKind::Exit => Some(Tiding::Left(person, store)),
                TransitionKind::Cross => None,
            }
        }
        EventKind::Offer { fence, .. } => Some(Tiding::Sent(person, store(fence)?)),
        EventKind::Suppressed { fence, reason, .. } => {
            Some(Tiding::HeldBack(person, store(fence)?, Suppression::from_word(reason)?))
        }
        EventKind::Refused { .. } => Some(Tiding::Refused(person)),
        EventKind::Dropped { .. } => None,
    }
}
