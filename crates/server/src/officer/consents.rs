//! Who agreed to what, when, and on which text; and what is said on somebody's behalf.

use consent_gate::{
    Actor, ConsentEvent, ConsentKind, ConsentRow, ConsentState, Effect, EventId, Hearing, Method, Notice,
    NoticeName, Purpose,
};
use engine::Door;
use ledger::{ConsentEntry, Entry, Numbered, What};
use model::{CustomerId, MerchantId, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use wire::Acknowledgement;

use super::notices::Registry;
use super::{Holder, Said, Trouble, Word, instant, named, wrong};
use crate::explain::rfc3339;

/// Something that staff say on behalf of a customer.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Wish {
    /// Whose behalf.
    pub customer: String,
    /// The word of what is said, such as `withdraw`.
    pub kind: String,
    /// About whom and what.
    pub about: About,
    /// The end of a grant or a pause.
    pub until_ms: Option<i64>,
    /// What the customer was shown; a grant needs it.
    pub notice: Option<Shown>,
}

/// Which consents are meant.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum About {
    /// All that are so that the word changes something.
    All,
    /// Those of one merchant.
    Merchant {
        /// Which.
        merchant: String,
        /// For what.
        purposes: Vec<String>,
    },
}

/// The notice that a customer was shown.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Shown {
    /// Which.
    pub id: String,
    /// Which version of it.
    pub version: u32,
    /// In which language.
    pub lang: String,
    /// SHA-256 of the text; that of the registered text when it is absent.
    pub sha256: Option<String>,
    /// When.
    pub shown_at_ms: i64,
}

/// The text of a notice changed materially.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Supersession {
    /// Which notice.
    pub id: String,
    /// The version from which on a yes keeps its force.
    pub version: u32,
    /// Whose consents are meant: customer, merchant, purpose.
    pub of: Vec<(String, String, String)>,
}

/// What a customer agreed to: how it stands now, and if it is wished every event with its evidence.
pub(super) async fn show(
    customer: &CustomerId,
    history: bool,
    holder: &mut impl Holder,
) -> Result<Value, Trouble> {
    let state = holder.state_of(customer).await?;
    let erased_at = holder.graves().await?.erased_at(customer);
    let now = holder.now();
    let rows = state.as_ref().map_or(&[][..], |state| &state.consents);
    let mut told = json!({
        "customer": customer.as_str(),
        "epoch": state.as_ref().map_or(0, |state| state.epoch.0),
        "erased_at": erased_at.map(rfc3339),
        "consents": rows.iter().map(|row| row_as_json(row, now)).collect::<Vec<_>>(),
    });
    if history {
        let entries = holder.entries_of(customer).await?;
        let notices = holder.notices()?;
        told["history"] =
            consent_entries(&entries).map(|(entry, said)| heard_as_json(entry, said, &notices)).collect();
    }
    Ok(told)
}

/// A consent as it stands at an instant.
#[must_use]
pub fn row_as_json(row: &ConsentRow, now: Timestamp) -> Value {
    let (until, resumes_at, confirm_by) = match row.state {
        ConsentState::Granted { until } => (Some(until), None, None),
        ConsentState::Paused { until, granted_until } => (Some(granted_until), Some(until), None),
        ConsentState::PendingConfirmation { until, granted_until, .. } => {
            (Some(granted_until), None, Some(until))
        }
        ConsentState::Unknown
        | ConsentState::Requested
        | ConsentState::Refused
        | ConsentState::Withdrawn
        | ConsentState::Expired
        | ConsentState::Superseded
        | ConsentState::Suppressed { .. } => (None, None, None),
    };
    json!({
        "merchant": row.merchant.as_str(),
        "purpose": row.purpose.word(),
        "state": row.state.word(now),
        "until": until.map(told_end),
        "resumes_at": resumes_at.map(told_end),
        "confirm_by": confirm_by.map(told_end),
        "notice": row.notice.as_ref().map(|notice| json!({ "id": &*notice.id, "version": notice.version })),
        "restricted_at": row.restricted_at.map(rfc3339),
    })
}

/// An end, or that there is none.
fn told_end(at: Timestamp) -> String {
    if at == Timestamp::MAX { "never".to_owned() } else { rfc3339(at) }
}

fn consent_entries(entries: &[Numbered]) -> impl Iterator<Item = (&Entry, &ConsentEntry)> {
    entries.iter().filter_map(|numbered| match &numbered.entry.what {
        What::Consent(said) => Some((&numbered.entry, said)),
        What::Decision(_)
        | What::Delivery { .. }
        | What::Feedback { .. }
        | What::Profile(_)
        | What::Reminder { .. } => None,
    })
}

/// A consent event with its evidence and what became of it.
fn heard_as_json(entry: &Entry, said: &ConsentEntry, notices: &Registry) -> Value {
    let event = &said.event;
    json!({
        "at": rfc3339(entry.at),
        "event_id": event.id.as_str(),
        "merchant": event.merchant.as_str(),
        "purpose": event.purpose.word(),
        "kind": event.kind.word(),
        "effect": said.effect.word(),
        "state": said.state.word(entry.at),
        "epoch": said.epoch.0,
        "actor": event.actor.word(),
        "method": event.method.word(),
        "app": event.app,
        "heard": said.hearing.word(),
        "attested": said.hearing == Hearing::Imported { attested: true },
        "evidence_at": event.evidence_at.map(rfc3339),
        "notice": event.notice.as_ref().map(|notice| notice_as_json(notice, notices)),
    })
}

fn notice_as_json(notice: &Notice, notices: &Registry) -> Value {
    json!({
        "id": &*notice.id,
        "version": notice.version,
        "lang": &*notice.lang,
        "sha256": &*notice.sha256,
        "shown_at": rfc3339(notice.shown_at),
        "registered": notices.vouches_for(notice),
    })
}

/// Tells of customers that the notice of their consent has changed, each through the door that MQTT uses.
pub(super) async fn supersede(told: &Supersession, holder: &mut impl Holder) -> Result<Value, Trouble> {
    let notices = holder.notices()?;
    let now = holder.now();
    let Some(new) = notices.any_of(&told.id, told.version) else {
        let why = format!("{}@{} is not registered: register the new text first", told.id, told.version);
        return Err(wrong(why));
    };
    let notice = Notice {
        id: new.name.id.clone(),
        version: new.name.version,
        lang: new.name.lang.clone(),
        sha256: new.sha256.clone(),
        shown_at: now,
    };
    let mut words = Vec::with_capacity(told.of.len());
    for (customer, merchant, purpose) in &told.of {
        let about = asked_for(merchant, std::slice::from_ref(purpose))?;
        let event = by_staff(ConsentKind::Supersede, &about[0], Some(&notice), now);
        let body = wire::encode_consent(&event);
        words.push(Word { door: Door::Consent, customer: named(customer)?, body });
    }
    let said = holder.hear(words).await?;
    let is_applied = |said: &&Said| said.as_ref().is_some_and(|said| said.effect == Effect::Applied.word());
    Ok(json!({ "superseded": said.iter().filter(is_applied).count(), "told": said.len() }))
}

/// Whether a consent rests on an older version of a text.
#[must_use]
pub fn rests_on_older(row: &ConsentRow, new: &NoticeName, now: Timestamp) -> bool {
    let is_older = row.notice.as_ref().is_some_and(|notice| notice.is_before(new));
    is_older && row.state.is_a_yes() && row.state.ran_out_at(now).is_none()
}

fn by_staff(
    kind: ConsentKind,
    (merchant, purpose): &(MerchantId, Purpose),
    notice: Option<&Notice>,
    now: Timestamp,
) -> ConsentEvent {
    ConsentEvent {
        id: new_id(),
        merchant: merchant.clone(),
        purpose: *purpose,
        kind,
        actor: Actor::Agent,
        method: Method::Staff,
        notice: notice.cloned(),
        evidence_at: Some(now),
        app: None,
    }
}

/// Says something on behalf of a customer, through the door that MQTT uses.
pub(super) async fn say(wish: &Wish, holder: &mut impl Holder) -> Result<Value, Trouble> {
    let customer = named(&wish.customer)?;
    let kind = kind_of(wish)?;
    let now = holder.now();
    let notice = match &wish.notice {
        Some(shown) => Some(notice_of(shown, &*holder.notices()?)?),
        None => None,
    };
    let about = match &wish.about {
        About::Merchant { merchant, purposes } => asked_for(merchant, purposes)?,
        About::All => {
            let state = holder.state_of(&customer).await?;
            let rows = state.map(|state| state.consents).unwrap_or_default();
            let open = rows.into_iter().filter(|row| changes(kind, row.state, now));
            open.map(|row| (row.merchant, row.purpose)).collect()
        }
    };
    let words = about.iter().map(|about| {
        let body = wire::encode_consent(&by_staff(kind, about, notice.as_ref(), now));
        Word { door: Door::Consent, customer: customer.clone(), body }
    });
    let said = holder.hear(words.collect()).await?;
    let said: Vec<Value> = said.iter().map(|said| said_as_json(kind.word(), said)).collect();
    Ok(json!({ "customer": customer.as_str(), "kind": kind.word(), "said": said }))
}

fn kind_of(wish: &Wish) -> Result<ConsentKind, Trouble> {
    let until = wish.until_ms.map(instant);
    let kinds = [
        ConsentKind::Grant { until, confirm: None },
        ConsentKind::Refuse,
        ConsentKind::Withdraw,
        ConsentKind::Pause { until },
        ConsentKind::Resume,
    ];
    let kind = kinds.into_iter().find(|kind| kind.word() == wish.kind);
    kind.ok_or_else(|| wrong(format!("{:?} is nothing that staff say", wish.kind)))
}

/// Whether a word that is said about everything changes a consent in a state.
fn changes(kind: ConsentKind, state: ConsentState, now: Timestamp) -> bool {
    match kind {
        ConsentKind::Refuse | ConsentKind::Withdraw => state.is_a_yes() && state.ran_out_at(now).is_none(),
        ConsentKind::Pause { .. } => matches!(state.word(now), "granted" | "paused"),
        ConsentKind::Resume => state.word(now) == "paused",
        ConsentKind::Show
        | ConsentKind::Grant { .. }
        | ConsentKind::Confirm { .. }
        | ConsentKind::Supersede
        | ConsentKind::Block { .. }
        | ConsentKind::Unblock => false,
    }
}

fn asked_for(merchant: &str, purposes: &[String]) -> Result<Vec<(MerchantId, Purpose)>, Trouble> {
    let merchant =
        MerchantId::new(merchant).map_err(|flaw| wrong(format!("the merchant's id {}", flaw.text())))?;
    let purpose = |word: &String| {
        let words: Vec<&str> = Purpose::ALL.iter().map(|purpose| purpose.word()).collect();
        let told = || wrong(format!("{word:?} is no purpose; there are {}", words.join(", ")));
        Purpose::from_word(word).map(|purpose| (merchant.clone(), purpose)).ok_or_else(told)
    };
    purposes.iter().map(purpose).collect()
}

/// The notice of the evidence; its hash may be that of the registered text.
fn notice_of(shown: &Shown, notices: &Registry) -> Result<Notice, Trouble> {
    let Shown { id, version, lang, sha256, shown_at_ms } = shown;
    let registered = || notices.find((id, *version), lang).map(|known| known.sha256.to_string());
    let sha256 = sha256.clone().or_else(registered).ok_or_else(|| {
        wrong(format!("{id}@{version} in {lang} is not registered: give its text, or the text's SHA-256"))
    })?;
    let shown_at = instant(*shown_at_ms);
    Ok(Notice {
        id: id.as_str().into(),
        version: *version,
        lang: lang.as_str().into(),
        sha256: sha256.into(),
        shown_at,
    })
}

/// A name that no other event has.
pub(super) fn new_id() -> EventId {
    let mut bytes = [0; 12];
    getrandom::fill(&mut bytes).expect("the system gives random bytes");
    let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    EventId::new(&format!("desk-{hex}")).expect("hexadecimal digits obey the rule of ids")
}

fn said_as_json(kind: &str, said: &Said) -> Value {
    let nothing = Acknowledgement {
        event_id: String::new(),
        merchant: String::new(),
        purpose: String::new(),
        state: String::new(),
        effect: "unknown".to_owned(),
        epoch: 0,
        missing: Vec::new(),
        withdrawn: Vec::new(),
    };
    let Acknowledgement { event_id, merchant, purpose, state, effect, epoch, missing, .. } =
        said.as_ref().unwrap_or(&nothing);
    json!({
        "event_id": event_id, "merchant": merchant, "purpose": purpose, "kind": kind,
        "state": state, "effect": effect, "epoch": epoch, "missing": missing,
    })
}
