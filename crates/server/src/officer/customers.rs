//! All that holds for a customer now; of somebody who was erased, that they were.

use model::CustomerId;
use serde_json::{Value, json};

use super::{Holder, Trouble, consents};
use crate::control::stranger;
use crate::explain::{self, rfc3339};

/// Consent, what they said of themselves, and what their answers brought.
pub(super) async fn show(customer: &CustomerId, holder: &mut impl Holder) -> Result<Value, Trouble> {
    let standing = holder.standing_of(customer).await?;
    let erased_at = holder.graves().await?.erased_at(customer);
    let now = holder.now();
    let unrecorded = standing.unrecorded.as_ref().map(consents::unrecorded_as_json);
    let Some(state) = &standing.state else {
        let mut told = match erased_at {
            Some(at) => json!({ "customer": customer.as_str(), "erased_at": rfc3339(at) }),
            None => stranger(customer.as_str()),
        };
        if let Some(unrecorded) = unrecorded {
            told["unrecorded"] = unrecorded;
        }
        return Ok(told);
    };
    let mut shown = explain::customer_as_json(state, now);
    shown["consents"] = consents::rows_as_json(&standing, now).into();
    shown["unrecorded"] = unrecorded.into();
    if let Some(at) = erased_at {
        // An earlier life.
        shown["erased_at"] = rfc3339(at).into();
    }
    Ok(shown)
}
