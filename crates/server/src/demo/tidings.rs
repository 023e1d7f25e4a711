//! From the engine's trace to what the stage is told.

use engine::{Event, EventKind};
use model::{Timestamp, TransitionKind};
use notifier::Suppression;
use serde::Deserialize;
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

/// A line of the trace, as far as the stage is told.
#[derive(Deserialize)]
struct Line<'a> {
    at: i64,
    customer: &'a str,
    kind: &'a str,
    fence: Option<&'a str>,
    reason: Option<&'a str>,
}

/// The same of a line of the trace as the control socket gives it, with its time.
#[must_use]
pub fn read(line: &str, town: &Town) -> Option<(Tiding, Timestamp)> {
    let Line { at, customer, kind, fence, reason } = serde_json::from_str(line).ok()?;
    let person = town.person_no(customer)?;
    let store = || town.store_no(fence?);
    let tiding = match kind {
        "enter" => Tiding::Entered(person, store()?),
        "dwell" => Tiding::Dwelled(person, store()?),
        "exit" => Tiding::Left(person, store()?),
        "offer" => Tiding::Sent(person, store()?),
        "suppressed" => Tiding::HeldBack(person, store()?, Suppression::from_word(reason?)?),
        "refused" => Tiding::Refused(person),
        _ => return None,
    };
    Some((tiding, Timestamp::from_unix_ms(at)))
}

#[cfg(test)]
mod tests {
    use engine::EventKind;
    use model::{OfferId, StableHasher, VisitId};

    use super::*;
    use crate::trace::trace_line;

    #[test]
    fn a_line_tells_what_its_event_tells() {
        let town = Town::build(&town::Plan::default()).unwrap();
        let (person, store) = (&town.people()[7], &town.stores()[3]);
        let (fence, visit) = (store.id.clone(), VisitId(StableHasher::new("test").finish()));
        let offer = OfferId::new("tea").unwrap();
        let transition = |kind| EventKind::Transition { kind, fence: fence.clone(), visit, reason: None };
        let reason = Suppression::Rest.word();
        let suppressed = EventKind::Suppressed { offer: offer.clone(), fence: fence.clone(), visit, reason };
        let mut kinds: Vec<EventKind> = TransitionKind::ALL.map(transition).into();
        kinds.extend([
            EventKind::Offer { offer, fence: fence.clone(), visit },
            suppressed,
            EventKind::Refused { reason: "not_granted" },
            EventKind::Dropped { reason: "stale" },
        ]);
        for kind in kinds {
            let at = Timestamp::from_unix_ms(1_000);
            let event = Event { at, customer: person.customer.clone(), device: person.device.clone(), kind };
            let mut line = Vec::new();
            trace_line(&event).write(&mut line).unwrap();
            let told = read(std::str::from_utf8(&line).unwrap(), &town);
            assert_eq!(told, of(&event, &town).map(|tiding| (tiding, at)));
        }
    }
}
