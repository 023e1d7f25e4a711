//! The engine's events as lines of a trace.

use engine::{Event, EventKind};
use wire::trace::TraceLine;

/// An event as a line of the replay trace.
#[must_use]
pub fn trace_line(event: &Event) -> TraceLine<'_> {
    let line = TraceLine {
        at: event.at,
        customer: event.customer.as_str(),
        device: event.device.as_str(),
        kind: "",
        fence: None,
        visit: None,
        reason: None,
        offer: None,
    };
    match &event.kind {
        EventKind::Transition { kind, fence, visit, reason } => TraceLine {
            kind: kind.word(),
            fence: Some(fence.as_str()),
            visit: Some(*visit),
            reason: *reason,
            ..line
        },
        EventKind::Offer { offer, fence, visit } => TraceLine {
            kind: "offer",
            fence: Some(fence.as_str()),
            visit: Some(*visit),
            offer: Some(offer.as_str()),
            ..line
        },
        EventKind::Suppressed { offer, fence, visit, reason } => TraceLine {
            kind: "suppressed",
            fence: Some(fence.as_str()),
            visit: Some(*visit),
            offer: Some(offer.as_str()),
            reason: Some(reason),
            ..line
        },
        EventKind::Refused { reason } => TraceLine { kind: "refused", reason: Some(reason), ..line },
        EventKind::Dropped { reason } => TraceLine { kind: "dropped", reason: Some(reason), ..line },
    }
}
