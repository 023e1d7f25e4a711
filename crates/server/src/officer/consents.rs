//! Who agreed to what, when, and on which text; and what is said on somebody's behalf.

use consent_gate::{
    Actor, Block, ConsentEvent, ConsentKind, ConsentRow, ConsentState, Effect, EventId, Hearing, Method,
    Notice, NoticeName, Purpose,
};
use engine::Door;
use ledger::{ConsentEntry, Entry, Numbered, What};
use model::{CustomerId, MerchantId, Profile, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use wire::Acknowledgement;

use super::notices::Registry;
use super::{Holder, Said, Standing, Trouble, Unrecorded, Word, instant, named, wrong};
use crate::explain::{clock, rfc3339};

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
    /// Why it is blocked: `minor` or `legal`.
    #[serde(default)]
    pub reason: Option<String>,
    /// The token of a yes of two words: with a grant the one that must come back, with a confirmation the
    /// one that came.
    #[serde(default)]
    pub token: Option<String>,
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
    let standing = holder.standing_of(customer).await?;
    let erased_at = holder.graves().await?.erased_at(customer);
    let now = holder.now();
    let mut told = json!({
        "customer": customer.as_str(),
        "epoch": standing.state.as_ref().map_or(0, |state| state.epoch.0),
        "erased_at": erased_at.map(rfc3339),
        "consents": rows_as_json(&standing, now),
        "unrecorded": standing.unrecorded.as_ref().map(unrecorded_as_json),
    });
    if history {
        let entries = holder.entries_of(customer).await?;
        let notices = holder.notices()?;
        told["history"] =
            consent_entries(&entries).map(|(entry, said)| heard_as_json(entry, said, &notices)).collect();
    }
    Ok(told)
}

/// A customer's consents as they stand at an instant, and which of them a crash would forget.
pub(super) fn rows_as_json(standing: &Standing, now: Timestamp) -> Vec<Value> {
    let Some(state) = &standing.state else { return Vec::new() };
    let told = state.consents.iter().map(|row| {
        let mut told = row_as_json(row, &state.profile, now);
        told["recorded"] = standing.is_recorded(row).into();
        told
    });
    told.collect()
}

pub(super) fn unrecorded_as_json(unrecorded: &Unrecorded) -> Value {
    json!({ "why": unrecorded.why, "erasure": unrecorded.is_leaving })
}

/// What keeps a consent from being used at an instant, be it said of it or of the customer.
fn suppressed(row: &ConsentRow, profile: &Profile, now: Timestamp) -> Option<Block> {
    match row.state {
        ConsentState::Suppressed { why } => Some(why),
        ConsentState::Granted { .. }
        | ConsentState::Paused { .. }
        | ConsentState::PendingConfirmation { .. } => {
            (profile.minor && row.state.ran_out_at(now).is_none()).then_some(Block::Minor)
        }
        ConsentState::Unknown
        | ConsentState::Requested
        | ConsentState::Refused
        | ConsentState::Withdrawn
        | ConsentState::Expired
        | ConsentState::Superseded => None,
    }
}

/// A consent as it stands at an instant, with all that the customer's profile says of it.
#[must_use]
pub fn row_as_json(row: &ConsentRow, profile: &Profile, now: Timestamp) -> Value {
    let (until, resumes_at, confirm_by) = match row.state {
        ConsentState::Granted { until } => (Some(until), None, None),
        ConsentState::Paused { until, granted_until } => {
            // A pause that is over says nothing about the end of the grant.
            (Some(granted_until), (now < until).then_some(until), None)
        }
        ConsentState::PendingConfirmation { until, granted_until, renews, .. } => {
            (renews.or(Some(granted_until)), None, Some(until))
        }
        ConsentState::Unknown
        | ConsentState::Requested
        | ConsentState::Refused
        | ConsentState::Withdrawn
        | ConsentState::Expired
        | ConsentState::Superseded
        | ConsentState::Suppressed { .. } => (None, None, None),
    };
    let suppressed = suppressed(row, profile, now);
    json!({
        "merchant": row.merchant.as_str(),
        "purpose": row.purpose.word(),
        "state": if suppressed.is_some() { "suppressed" } else { row.state.word(now) },
        "said": row.state.word(now),
        "why": suppressed.map(Block::word),
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
    // Of a grant that is being renewed nobody knows which version it was to.
    let renews = matches!(row.state, ConsentState::PendingConfirmation { renews: Some(_), .. });
    let is_older = |notice: &NoticeName| notice.is_before(new) || renews && notice.id == new.id;
    let is_older = row.notice.as_ref().is_some_and(is_older);
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
    let now = holder.now();
    let kind = kind_of(wish, now)?;
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
        let event = by_staff(kind, about, notice.as_ref(), now);
        let body = match &wish.token {
            Some(token) if matches!(kind, ConsentKind::Confirm { .. }) => {
                wire::encode_confirmation(&event, token)
            }
            Some(_) | None => wire::encode_consent(&event),
        };
        Word { door: Door::Consent, customer: customer.clone(), body }
    });
    let words: Vec<Word> = words.collect();
    if words.is_empty() {
        // That nothing is left to say rests on what was said before.
        holder.recorded(&customer).await?;
    }
    let said = holder.hear(words).await?;
    let said: Vec<Value> = said.iter().map(|said| said_as_json(kind.word(), said)).collect();
    Ok(json!({ "customer": customer.as_str(), "kind": kind.word(), "said": said }))
}

fn kind_of(wish: &Wish, now: Timestamp) -> Result<ConsentKind, Trouble> {
    let until = wish.until_ms.map(instant);
    if let Some(past) = until.filter(|until| *until <= now) {
        return Err(wrong(format!("{} is over: an end lies in the future", clock(past))));
    }
    let token = wish.token.as_deref().map(wire::token_hash);
    match wish.kind.as_str() {
        "grant" => Ok(ConsentKind::Grant { until, confirm: token }),
        "confirm" => {
            let token = token.ok_or_else(|| wrong("a confirmation is made with the token that came back"))?;
            Ok(ConsentKind::Confirm { token })
        }
        "refuse" => Ok(ConsentKind::Refuse),
        "withdraw" => Ok(ConsentKind::Withdraw),
        "pause" => Ok(ConsentKind::Pause { until }),
        "resume" => Ok(ConsentKind::Resume),
        "block" => {
            let why = wish.reason.as_deref().and_then(Block::from_word);
            let why = why.ok_or_else(|| wrong("a block has a reason: minor or legal"))?;
            Ok(ConsentKind::Block { why })
        }
        "unblock" => Ok(ConsentKind::Unblock),
        other => Err(wrong(format!("{other:?} is nothing that staff say"))),
    }
}

/// Whether a word that is said about everything changes a consent in a state.
fn changes(kind: ConsentKind, state: ConsentState, now: Timestamp) -> bool {
    match kind {
        ConsentKind::Refuse | ConsentKind::Withdraw => state.is_a_yes() && state.ran_out_at(now).is_none(),
        ConsentKind::Pause { .. } => state.granted_until().is_some_and(|until| now < until),
        ConsentKind::Resume => state.word(now) == "paused",
        ConsentKind::Confirm { .. } => state.word(now) == "pending_confirmation",
        ConsentKind::Block { why } => state != ConsentState::Suppressed { why },
        ConsentKind::Unblock => matches!(state, ConsentState::Suppressed { .. }),
        ConsentKind::Show | ConsentKind::Grant { .. } | ConsentKind::Supersede => false,
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
