//! How much a customer wants to hear: their dial, and whom they have muted.

use std::collections::BTreeSet;

use engine::{Door, House};
use ledger::StateRow;
use model::{CustomerId, Dial, FenceId, MerchantId, Profile};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use settings::nearest;
use wire::{Decoder, Envelope, Flaw, Limits};

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
        How::Mute { over, is_muted } => {
            if *is_muted {
                is_known(over, &state, &*holder.house().await?)?;
            }
            muted(&state.profile.dial, over, *is_muted)?
        }
    };
    let body = json!({ "v": 1, "dial": dial }).to_string().into_bytes();
    let envelope = Envelope { customer: customer.as_str(), device: "", body: &body };
    let read = Decoder::new(Limits::default()).profile(&envelope);
    read.map_err(no_dial)?;
    holder.hear(vec![Word { door: Door::Profile, customer: customer.clone(), body }]).await?;
    let state = holder.state_of(&customer).await?;
    Ok(told(&customer, state.as_ref()))
}

fn no_dial(flaw: Flaw) -> Trouble {
    if flaw == Flaw::TooMany {
        return wrong(format!("no more than {} merchants and {0} stores can be muted", Profile::ENTRIES_MAX));
    }
    wrong(format!(
        "the dial takes from 0 to {} offers a week, and quiet hours from one time of the day until another, \
         such as 22:00-08:00",
        Dial::PER_WEEK_MAX
    ))
}

/// A mistyped name would leave the customer with the offers that they do not want. Where there are no fences
/// nobody knows better.
fn is_known(over: &Over, state: &StateRow, house: &House) -> Result<(), Trouble> {
    let (what, name) = match over {
        Over::Merchant(name) => ("merchant", name),
        Over::Fence(name) => ("fence", name),
    };
    let names: BTreeSet<&str> = match over {
        Over::Merchant(_) => {
            let of_fences = house.facts().filter_map(|fence| fence.merchant.as_ref().map(MerchantId::as_str));
            of_fences.chain(state.consents.iter().map(|row| row.merchant.as_str())).collect()
        }
        Over::Fence(_) => house.facts().map(|fence| fence.id.as_str()).collect(),
    };
    if names.contains(name.as_str()) || house.facts().next().is_none() {
        return Ok(());
    }
    let near = nearest(name, names).map(|near| format!("; did you mean {near:?}?")).unwrap_or_default();
    Err(wrong(format!("no {what} has the name {name:?}{near}")))
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
