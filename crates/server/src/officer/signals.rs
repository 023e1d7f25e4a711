//! Signals that staff hand in: Global Privacy Control, and what somebody wrote back to a text message.

use consent_gate::{Actor, Signal, SignalKind};
use engine::Door;
use model::MerchantId;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::consents::new_id;
use super::{Holder, Trouble, Word, named, wrong};

/// A signal that was seen, or a reply that was read.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Seen {
    /// Whose.
    pub customer: String,
    /// Towards which merchant; all when it names none.
    pub merchant: Option<String>,
    /// What they wrote; Global Privacy Control when there is nothing.
    pub reply: Option<String>,
}

/// Hands a signal in, through the door that MQTT uses; tells what it took back.
pub(super) async fn hand_in(seen: &Seen, holder: &mut impl Holder) -> Result<Value, Trouble> {
    let customer = named(&seen.customer)?;
    let merchant = seen.merchant.as_deref().map(MerchantId::new).transpose();
    let signal = Signal {
        id: new_id(),
        merchant: merchant.map_err(|flaw| wrong(format!("the merchant's id {}", flaw.text())))?,
        kind: seen.reply.as_deref().map_or(SignalKind::Gpc, |text| SignalKind::Reply(text.into())),
        actor: Actor::Own,
        evidence_at: Some(holder.now()),
        app: None,
    };
    let body = wire::encode_signal(&signal);
    let word = Word { door: Door::Consent, customer: customer.clone(), body };
    let said = holder.hear(vec![word]).await?.pop().flatten();
    let said = said.ok_or_else(|| Trouble::Failed("nobody answered".to_owned()))?;
    Ok(json!({
        "customer": customer.as_str(),
        "kind": signal.kind.word(),
        "event_id": said.event_id,
        "state": said.state,
        "effect": said.effect,
        "epoch": said.epoch,
        "withdrawn": said.withdrawn,
    }))
}
