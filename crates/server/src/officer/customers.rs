//! All that holds for a customer now; of somebody who was erased, that they were.

use model::CustomerId;
use serde_json::{Value, json};

use super::{Holder, Trouble, consents};
use crate::control::stranger;
use crate::explain::{self, rfc3339};

/// Consent, what they said of themselves, and what their answers brought.
pub(super) async fn show(customer: &CustomerId, holder: &mut impl Holder) -> Result<Value, Trouble> {
    let state = holder.state_of(customer).await?;
    let erased_at = holder.graves().await?.erased_at(customer);
    let now = holder.now();
    let Some(state) = state else {
        return Ok(match erased_at {
            Some(at) => json!({ "customer": customer.as_str(), "erased_at": rfc3339(at) }),
            None => stranger(customer.as_str()),
        });
    };
    let mut shown = explain::customer_as_json(&state, now);
    shown["consents"] = state.consents.iter().map(|row| consents::row_as_json(row, now)).collect();
    if let Some(at) = erased_at {
        // An earlier life.
        shown["erased_at"] = rfc3339(at).into();
    }
    Ok(shown)
}
