//! What a customer's own phone may say of consent: it speaks for the customer and for nobody else.

use consent_gate::{Actor, ConsentEvent, ConsentKind, Method};
use wire::{ConsentLetter, Flaw};

/// Lets a letter of the customer's own phone pass when it says what a customer says.
///
/// A phone is no member of staff and no backend. It lifts no block, and the token that is to prove another
/// channel is not of its making.
pub(crate) fn from_their_phone(letter: ConsentLetter) -> Result<ConsentLetter, Flaw> {
    let (actor, is_theirs) = match &letter {
        ConsentLetter::Event(event) => (event.actor, is_theirs(event)),
        ConsentLetter::Signal(signal) => (signal.actor, true),
    };
    if actor == Actor::Own && is_theirs { Ok(letter) } else { Err(Flaw::BackendOnly) }
}

fn is_theirs(event: &ConsentEvent) -> bool {
    let by_themselves = match event.method {
        Method::Staff | Method::Api => false,
        Method::Toggle
        | Method::Checkbox
        | Method::SmsReply
        | Method::Tcf
        | Method::Gpp
        | Method::Gpc
        | Method::OsPermission => true,
    };
    by_themselves
        && match event.kind {
            ConsentKind::Grant { confirm, .. } => confirm.is_none(),
            ConsentKind::Show
            | ConsentKind::Confirm { .. }
            | ConsentKind::Refuse
            | ConsentKind::Withdraw
            | ConsentKind::Pause { .. }
            | ConsentKind::Resume => true,
            ConsentKind::Supersede | ConsentKind::Block { .. } | ConsentKind::Unblock => false,
        }
}
