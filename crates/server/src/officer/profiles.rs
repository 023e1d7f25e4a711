//! What binds a customer whatever they say: that they are not of age, and whose law counts.

use engine::Door;
use ledger::StateRow;
use model::{CustomerId, Jurisdiction};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use wire::{Decoder, Envelope, Limits};

use super::{Holder, Trouble, Word, named, wrong};

/// What staff know of a customer.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Known {
    /// Of whom.
    pub customer: String,
    /// `minor`, `residence` and `phone_region`; what is absent stays, `null` clears.
    pub parts: Map<String, Value>,
}

/// What staff say; the rest is the customer's own to tell.
const PARTS: [&str; 3] = ["minor", "residence", "phone_region"];

/// Notes it, through the door that MQTT uses.
pub(super) async fn note(known: &Known, holder: &mut impl Holder) -> Result<Value, Trouble> {
    let customer = named(&known.customer)?;
    if let Some(other) = known.parts.keys().find(|part| !PARTS.contains(&part.as_str())) {
        return Err(wrong(format!("{other:?} is nothing that staff say; they say {}", PARTS.join(", "))));
    }
    let mut body = known.parts.clone();
    body.insert("v".to_owned(), 1.into());
    let body = Value::Object(body).to_string().into_bytes();
    let read = Decoder::new(Limits::default()).profile(&Envelope {
        customer: customer.as_str(),
        device: "",
        body: &body,
    });
    read.map_err(|flaw| {
        wrong(format!("it cannot be used ({flaw}): minor is true or false, a place is of ISO 3166"))
    })?;
    holder.hear(vec![Word { door: Door::Profile, customer: customer.clone(), body }]).await?;
    match holder.state_of(&customer).await? {
        Some(state) => Ok(told(&customer, &state)),
        None => Err(wrong(
            "nothing is known of this customer, and nothing was kept: they have not said anything about consent",
        )),
    }
}

fn told(customer: &CustomerId, state: &StateRow) -> Value {
    let place = |place: &Option<Jurisdiction>| place.as_ref().map(|place| place.as_str().to_owned());
    json!({
        "customer": customer.as_str(),
        "minor": state.profile.minor,
        "residence": place(&state.profile.residence),
        "phone_region": place(&state.profile.phone_region),
    })
}
