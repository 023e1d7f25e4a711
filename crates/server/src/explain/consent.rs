//! What was said about consent, and what it led to.

use consent_gate::{Block, ConsentKind, ConsentState, Effect, Hearing, Purpose};
use ledger::ConsentEntry;
use model::{MerchantId, Timestamp};
use serde_json::{Value, json};

use super::clock;

/// A consent event and what became of it.
pub(super) fn consent(consent: &ConsentEntry, at: Timestamp) -> (String, Value) {
    let (event, effect) = (&consent.event, consent.effect.word());
    let (kind, merchant, purpose) = (event.kind.word(), event.merchant.as_str(), event.purpose.word());
    let mut text = format!("Consent: {kind} of {purpose} for {merchant} ({}).", effect.replace('_', " "));
    for more in [outcome(consent), origin(consent.hearing)].into_iter().flatten() {
        text.push(' ');
        text.push_str(&more);
    }
    let mut data = json!({ "kind": "consent", "event": kind, "merchant": merchant, "purpose": purpose, "effect": effect });
    data["state"] = consent.state.word(at).into();
    if consent.hearing != Hearing::Live {
        data["hearing"] = consent.hearing.word().into();
    }
    if let Some(notice) = &event.notice {
        data["notice"] = json!({ "id": notice.id, "version": notice.version, "lang": notice.lang });
    }
    (text, data)
}

/// What follows from it, where its name alone does not say so.
fn outcome(consent: &ConsentEntry) -> Option<String> {
    let text = || {
        let notice = consent.event.notice.as_ref();
        notice.map_or_else(|| "a text".to_owned(), |it| format!("version {} of {:?}", it.version, it.id))
    };
    if consent.effect != Effect::Applied {
        return None;
    }
    match (consent.event.kind, consent.state) {
        (ConsentKind::Show, _) => Some(format!("They were shown {}, and have not answered.", text())),
        (ConsentKind::Grant { .. }, ConsentState::PendingConfirmation { until, .. }) => {
            Some(format!("It counts once a token comes back, before {}.", clock(until)))
        }
        (ConsentKind::Confirm { .. }, ConsentState::Granted { .. }) => {
            Some("The token that was sent to them came back: their yes counts.".to_owned())
        }
        (ConsentKind::Confirm { .. }, _) => {
            Some("The token was a wrong one, or came too late: their yes has lapsed.".to_owned())
        }
        (ConsentKind::Supersede, _) => Some(format!(
            "{} replaced the one they had agreed to: that yes counts no more.",
            capital(&text())
        )),
        (ConsentKind::Block { why }, _) => Some(format!("Nothing may be asked or used: {}.", reason(why))),
        (ConsentKind::Unblock, _) => {
            Some("It may be asked again; what was said before stays void.".to_owned())
        }
        (
            ConsentKind::Grant { .. }
            | ConsentKind::Refuse
            | ConsentKind::Withdraw
            | ConsentKind::Pause { .. }
            | ConsentKind::Resume,
            _,
        ) => None,
    }
}

fn origin(hearing: Hearing) -> Option<String> {
    match hearing {
        Hearing::Live => None,
        Hearing::Imported { attested: true } => {
            Some("It came from a file, under a notice that somebody vouches for.".to_owned())
        }
        Hearing::Imported { attested: false } => {
            Some("It came from a file, under no notice that anybody vouches for.".to_owned())
        }
    }
}

const fn reason(why: Block) -> &'static str {
    match why {
        Block::Minor => "they are not of age",
        Block::Legal => "the law forbids it",
    }
}

fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map(char::to_uppercase).into_iter().flatten().chain(letters).collect()
}

/// A merchant was told that a grant is about to end.
pub(super) fn reminder(merchant: &MerchantId, purpose: Purpose, until: Timestamp) -> (String, Value) {
    let (merchant, purpose) = (merchant.as_str(), purpose.word());
    let text = format!("{merchant} was reminded that their consent to {purpose} ends {}.", clock(until));
    (text, json!({ "kind": "reminder", "merchant": merchant, "purpose": purpose, "until": until.unix_ms() }))
}

#[cfg(test)]
mod tests {
    use consent_gate::{Actor, ConsentEvent, Epoch, EventId, Method, Notice, TokenHash};

    use super::*;

    const NOON: Timestamp = Timestamp::from_unix_ms(1_763_726_400_000);
    const TOKEN: TokenHash = TokenHash::from_bytes([7; 32]);

    fn check(kind: ConsentKind, state: ConsentState, hearing: Hearing, told: &str) {
        let (id, lang, sha256) = ("terms".into(), "en".into(), "0".repeat(64).into());
        let event = ConsentEvent {
            id: EventId::new("e1").unwrap(),
            merchant: MerchantId::new("books").unwrap(),
            purpose: Purpose::Location,
            kind,
            actor: Actor::Own,
            method: Method::Toggle,
            notice: Some(Notice { id, version: 3, lang, sha256, shown_at: NOON }),
            evidence_at: None,
            app: None,
        };
        let entry = ConsentEntry { event, hearing, effect: Effect::Applied, state, epoch: Epoch(0) };
        let (text, data) = consent(&entry, NOON);
        assert_eq!(text, format!("Consent: {} of location for books (applied).{told}", kind.word()));
        assert_eq!((&data["state"], &data["notice"]["version"]), (&state.word(NOON).into(), &3.into()));
        assert_eq!(data["hearing"].as_str().unwrap_or("live"), hearing.word());
    }

    #[test]
    fn every_kind_of_event_tells_what_follows_from_it() {
        let live = |kind, state, told| check(kind, state, Hearing::Live, told);
        let yes = ConsentState::Granted { until: Timestamp::MAX };
        let grant = ConsentKind::Grant { until: None, confirm: None };
        let pending = ConsentState::PendingConfirmation {
            until: NOON,
            granted_until: Timestamp::MAX,
            token: TOKEN,
            renews: None,
        };
        live(
            ConsentKind::Show,
            ConsentState::Requested,
            " They were shown version 3 of \"terms\", and have not answered.",
        );
        live(grant, yes, "");
        let waits = format!(" It counts once a token comes back, before {}.", clock(NOON));
        check(grant, pending, Hearing::Live, &waits);
        let confirm = ConsentKind::Confirm { token: TOKEN };
        live(confirm, yes, " The token that was sent to them came back: their yes counts.");
        live(
            confirm,
            ConsentState::Expired,
            " The token was a wrong one, or came too late: their yes has lapsed.",
        );
        live(
            ConsentKind::Supersede,
            ConsentState::Superseded,
            " Version 3 of \"terms\" replaced the one they had agreed to: that yes counts no more.",
        );
        let (minor, legal) = (Block::Minor, Block::Legal);
        let suppressed = |why| ConsentState::Suppressed { why };
        live(
            ConsentKind::Block { why: minor },
            suppressed(minor),
            " Nothing may be asked or used: they are not of age.",
        );
        live(
            ConsentKind::Block { why: legal },
            suppressed(legal),
            " Nothing may be asked or used: the law forbids it.",
        );
        live(
            ConsentKind::Unblock,
            ConsentState::Unknown,
            " It may be asked again; what was said before stays void.",
        );
        live(ConsentKind::Withdraw, ConsentState::Withdrawn, "");
        let vouched = " It came from a file, under a notice that somebody vouches for.";
        check(grant, yes, Hearing::Imported { attested: true }, vouched);
        let unvouched = " It came from a file, under no notice that anybody vouches for.";
        let imported = Hearing::Imported { attested: false };
        check(ConsentKind::Refuse, ConsentState::Refused, imported, unvouched);
    }
}
