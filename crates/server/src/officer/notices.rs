//! Texts that customers were shown: registered once, with who vouches for them, and never changed.

mod registry;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

pub use self::registry::{Name, Registered, Registry, RegistryError, TEXT_LEN_MAX, sha256_of};
use super::{Holder, Trouble};
use crate::explain::rfc3339;

/// A notice that is to be registered.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Draft {
    /// Which notice.
    pub id: String,
    /// Which version of it.
    pub version: u32,
    /// In which language, BCP 47.
    pub lang: String,
    /// The text as it was shown.
    pub text: String,
    /// Which system showed it.
    pub system: String,
    /// Who vouches for that.
    pub attested_by: String,
    /// Since when it was shown, as far as that is known.
    pub shown_from_ms: Option<i64>,
    /// Until when it was.
    pub shown_until_ms: Option<i64>,
}

/// Every notice, in the order in which they were registered.
pub(super) fn list(holder: &mut impl Holder) -> Result<Value, Trouble> {
    let notices = holder.notices()?;
    Ok(json!({ "notices": notices.all().iter().map(as_json).collect::<Vec<_>>() }))
}

pub(super) async fn register(draft: Draft, holder: &mut impl Holder) -> Result<Value, Trouble> {
    let asked = (draft.id.clone(), draft.version, draft.lang.clone());
    let new = holder.register(draft).await?;
    let is_new = new.is_some();
    let notices = holder.notices()?;
    let found = new.or_else(|| notices.find((&asked.0, asked.1), &asked.2).cloned());
    let mut told = found.as_ref().map_or(Value::Null, as_json);
    told["unchanged"] = (!is_new).into();
    Ok(told)
}

/// All of a notice.
#[must_use]
pub fn as_json(notice: &Registered) -> Value {
    json!({
        "id": &*notice.name.id,
        "version": notice.name.version,
        "lang": &*notice.name.lang,
        "sha256": &*notice.sha256,
        "text": &*notice.text,
        "system": &*notice.system,
        "attested_by": &*notice.attested_by,
        "shown_from": notice.shown_from.map(rfc3339),
        "shown_until": notice.shown_until.map(rfc3339),
        "registered_at": rfc3339(notice.registered_at),
        "registered_by": &*notice.registered_by,
    })
}
