//! How much a customer wants to hear: their dial, and whom they have muted.

use engine::Door;
use ledger::StateRow;
use model::{CustomerId, Dial, FenceId, MerchantId};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use wire::{Decoder, Envelope, Limits};

use super::{Holder, Trouble, Word, named, wrong};

/// A turn of a customer's dial.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Turn {
    /// Whose.
    pub customer: String,
    /// How.
    pub how: How,
}

/// What is turned.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum How {
    /// At most so many a week, and quiet hours such as `22:00-08:00`. What is absent stays, `null` clears.
    Set(serde_json::Map<String, Value>),
    /// Hear nothing of a merchant or a store any more, or again.
    Mute {
        /// Of whom.
        over: Over,
        /// Whether to be silent.
        is_muted: bool,
    },
}

/// Who is muted.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Over {
    /// A merchant, everywhere.
    Merchant(String),
    /// A store.
    Fence(String),
}

/// Turns a customer's dial, through the door that MQTT uses.
pub(super) async fn turn(turn: &Turn, holder: &mut impl Holder) -> Result<Value, Trouble> {
    let customer = named(&turn.customer)?;
    let Some(state) = holder.state_of(&customer).await? else {
        return Err(wrong(
            "nothing is known of this customer, so nothing is kept: they have not agreed to anything",
        ));
    };
    let dial = match &turn.how {
        How::Set(parts) => Value::Object(parts.clone()),
        How::Mute { over, is_muted } => muted(&state.profile.dial, over, *is_muted)?,
    };
    let body = json!({ "v": 1, "dial": dial }).to_string().into_bytes();
    let envelope = Envelope { customer: customer.as_str(), device: "", body: &body };
    let read = Decoder::new(Limits::default()).profile(&envelope);
    read.map_err(|flaw| wrong(format!("the dial does not go there: {flaw}")))?;
    holder.hear(vec![Word { door: Door::Profile, customer: customer.clone(), body }]).await?;
    let state = holder.state_of(&customer).await?;
    Ok(told(&customer, state.as_ref()))
}

/// The lists as they are with one more or one less.
fn muted(dial: &Dial, over: &Over, is_muted: bool) -> Result<Value, Trouble> {
    let bad = |flaw: model::IdFlaw| wrong(format!("the id {}", flaw.text()));
    let listed = |names: Vec<&str>, name: &str| {
        let others = names.into_iter().filter(|known| *known != name);
        others.chain(is_muted.then_some(name)).map(str::to_owned).collect::<Vec<_>>()
    };
    match over {
        Over::Merchant(merchant) => {
            let id = MerchantId::new(merchant).map_err(bad)?;
            let names = dial.muted_merchants.iter().map(MerchantId::as_str).collect();
            Ok(json!({ "muted_merchants": listed(names, id.as_str()) }))
        }
        Over::Fence(fence) => {
            let id = FenceId::new(fence).map_err(bad)?;
            let names = dial.muted_fences.iter().map(FenceId::as_str).collect();
            Ok(json!({ "muted_fences": listed(names, id.as_str()) }))
        }
    }
}

fn told(customer: &CustomerId, state: Option<&StateRow>) -> Value {
    let dial = state.map(|state| state.profile.dial.clone()).unwrap_or_default();
    let clock = |minute: u16| format!("{:02}:{:02}", minute / 60, minute % 60);
    json!({
        "customer": customer.as_str(),
        "per_week": dial.per_week,
        "quiet": dial.quiet.map(|(from, until)| format!("{}-{}", clock(from), clock(until))),
        "muted_merchants": dial.muted_merchants.iter().map(MerchantId::as_str).collect::<Vec<_>>(),
        "muted_fences": dial.muted_fences.iter().map(FenceId::as_str).collect::<Vec<_>>(),
    })
}
