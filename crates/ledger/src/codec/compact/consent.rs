//! Consent: states, events, evidence.

use consent_gate::{
    ConsentEvent, ConsentKind, ConsentRow, ConsentState, Epoch, EventId, Notice, NoticeName, TokenHash,
};
use model::MerchantId;

use super::bytes::{Reader, Writer};
use crate::{ConsentEntry, Unreadable};

pub(super) fn write<'a>(entry: &'a ConsentEntry, out: &mut Writer<'_, 'a>) {
    let event = &entry.event;
    out.flags([event.notice.is_some(), event.evidence_at.is_some(), event.app.is_some()]);
    out.text(event.id.as_str());
    out.text(event.merchant.as_str());
    out.word(event.purpose);
    write_kind(event.kind, out);
    out.word(event.actor);
    out.word(event.method);
    event.notice.iter().for_each(|notice| write_notice(notice, out));
    event.evidence_at.into_iter().for_each(|at| out.instant(at));
    event.app.iter().for_each(|app| out.text(app));
    out.word(entry.hearing);
    out.word(entry.effect);
    write_state(entry.state, out);
    out.number(entry.epoch.0);
}

pub(super) fn read(from: &mut Reader<'_>) -> Result<ConsentEntry, Unreadable> {
    let [has_notice, has_evidence, has_app] = from.flags()?;
    let event = ConsentEvent {
        id: from.id(EventId::new)?,
        merchant: from.id(MerchantId::new)?,
        purpose: from.word()?,
        kind: read_kind(from)?,
        actor: from.word()?,
        method: from.word()?,
        notice: has_notice.then(|| read_notice(from)).transpose()?,
        evidence_at: from.instant_if(has_evidence)?,
        app: from.boxed_if(has_app)?,
    };
    Ok(ConsentEntry {
        event,
        hearing: from.word()?,
        effect: from.word()?,
        state: read_state(from)?,
        epoch: Epoch(from.small()?),
    })
}

fn write_kind(kind: ConsentKind, out: &mut Writer<'_, '_>) {
    match kind {
        ConsentKind::Show => out.byte(0),
        ConsentKind::Grant { until, confirm } => {
            out.byte(1);
            out.flags([until.is_some(), confirm.is_some()]);
            until.into_iter().for_each(|until| out.instant(until));
            confirm.into_iter().for_each(|token| write_token(token, out));
        }
        ConsentKind::Confirm { token } => {
            out.byte(2);
            write_token(token, out);
        }
        ConsentKind::Refuse => out.byte(3),
        ConsentKind::Withdraw => out.byte(4),
        ConsentKind::Pause { until } => {
            out.byte(5);
            out.flags([until.is_some()]);
            until.into_iter().for_each(|until| out.instant(until));
        }
        ConsentKind::Resume => out.byte(6),
        ConsentKind::Supersede => out.byte(7),
        ConsentKind::Block { why } => {
            out.byte(8);
            out.word(why);
        }
        ConsentKind::Unblock => out.byte(9),
    }
}

fn read_kind(from: &mut Reader<'_>) -> Result<ConsentKind, Unreadable> {
    Ok(match from.byte()? {
        0 => ConsentKind::Show,
        1 => {
            let [ends, is_asked_again] = from.flags()?;
            let until = from.instant_if(ends)?;
            ConsentKind::Grant { until, confirm: is_asked_again.then(|| read_token(from)).transpose()? }
        }
        2 => ConsentKind::Confirm { token: read_token(from)? },
        3 => ConsentKind::Refuse,
        4 => ConsentKind::Withdraw,
        5 => {
            let [ends] = from.flags()?;
            ConsentKind::Pause { until: from.instant_if(ends)? }
        }
        6 => ConsentKind::Resume,
        7 => ConsentKind::Supersede,
        8 => ConsentKind::Block { why: from.word()? },
        9 => ConsentKind::Unblock,
        _ => return Err(Unreadable::Malformed),
    })
}

fn write_state(state: ConsentState, out: &mut Writer<'_, '_>) {
    match state {
        ConsentState::Unknown => out.byte(0),
        ConsentState::Requested => out.byte(1),
        ConsentState::PendingConfirmation { until, granted_until, token, renews } => {
            out.byte(if renews.is_some() { 10 } else { 2 });
            out.instant(until);
            out.instant(granted_until);
            write_token(token, out);
            renews.into_iter().for_each(|renews| out.instant(renews));
        }
        ConsentState::Granted { until } => {
            out.byte(3);
            out.instant(until);
        }
        ConsentState::Paused { until, granted_until } => {
            out.byte(4);
            out.instant(until);
            out.instant(granted_until);
        }
        ConsentState::Refused => out.byte(5),
        ConsentState::Withdrawn => out.byte(6),
        ConsentState::Expired => out.byte(7),
        ConsentState::Superseded => out.byte(8),
        ConsentState::Suppressed { why } => {
            out.byte(9);
            out.word(why);
        }
    }
}

fn read_state(from: &mut Reader<'_>) -> Result<ConsentState, Unreadable> {
    Ok(match from.byte()? {
        0 => ConsentState::Unknown,
        1 => ConsentState::Requested,
        2 => ConsentState::PendingConfirmation {
            until: from.instant()?,
            granted_until: from.instant()?,
            token: read_token(from)?,
            renews: None,
        },
        3 => ConsentState::Granted { until: from.instant()? },
        4 => ConsentState::Paused { until: from.instant()?, granted_until: from.instant()? },
        5 => ConsentState::Refused,
        6 => ConsentState::Withdrawn,
        7 => ConsentState::Expired,
        8 => ConsentState::Superseded,
        9 => ConsentState::Suppressed { why: from.word()? },
        10 => ConsentState::PendingConfirmation {
            until: from.instant()?,
            granted_until: from.instant()?,
            token: read_token(from)?,
            renews: Some(from.instant()?),
        },
        _ => return Err(Unreadable::Malformed),
    })
}

fn write_token(token: TokenHash, out: &mut Writer<'_, '_>) {
    out.bytes(token.bytes());
}

fn read_token(from: &mut Reader<'_>) -> Result<TokenHash, Unreadable> {
    from.bytes().map(TokenHash::from_bytes)
}

/// A hash of 64 lower-case digits takes 32 bytes; whatever else stands in its place is kept as it came.
fn write_notice<'a>(notice: &'a Notice, out: &mut Writer<'_, 'a>) {
    let hash = TokenHash::from_hex(&notice.sha256).filter(|hash| *hash.to_hex() == *notice.sha256);
    out.flags([hash.is_some()]);
    out.text(&notice.id);
    out.number(notice.version);
    out.text(&notice.lang);
    match hash {
        Some(hash) => out.bytes(hash.bytes()),
        None => out.text(&notice.sha256),
    }
    out.instant(notice.shown_at);
}

fn read_notice(from: &mut Reader<'_>) -> Result<Notice, Unreadable> {
    let [is_hash] = from.flags()?;
    Ok(Notice {
        id: from.boxed()?,
        version: from.small()?,
        lang: from.boxed()?,
        sha256: if is_hash { read_token(from)?.to_hex().into() } else { from.boxed()? },
        shown_at: from.instant()?,
    })
}

pub(super) fn write_row<'a>(row: &'a ConsentRow, out: &mut Writer<'_, 'a>) {
    out.flags([row.restricted_at.is_some(), row.notice.is_some(), row.reminded]);
    out.text(row.merchant.as_str());
    out.word(row.purpose);
    write_state(row.state, out);
    row.restricted_at.into_iter().for_each(|at| out.instant(at));
    if let Some(NoticeName { id, version }) = &row.notice {
        out.text(id);
        out.number(*version);
    }
}

pub(super) fn read_row(from: &mut Reader<'_>) -> Result<ConsentRow, Unreadable> {
    let [was_restricted, has_notice, reminded] = from.flags()?;
    let notice = |from: &mut Reader<'_>| Ok(NoticeName { id: from.boxed()?, version: from.small()? });
    Ok(ConsentRow {
        merchant: from.id(MerchantId::new)?,
        purpose: from.word()?,
        state: read_state(from)?,
        restricted_at: from.instant_if(was_restricted)?,
        notice: has_notice.then(|| notice(from)).transpose()?,
        reminded,
    })
}
