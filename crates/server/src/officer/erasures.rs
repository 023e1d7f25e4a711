//! Taking everything of a customer away.

use model::CustomerId;
use serde_json::{Value, json};

use super::{Holder, Trouble};
use crate::explain::rfc3339;

/// Erases a customer; durable when it answers, with the signed statement.
pub(super) async fn erase(customer: &CustomerId, holder: &mut impl Holder) -> Result<Value, Trouble> {
    let (erasure, statement) = holder.erase(customer).await?;
    Ok(json!({
        "customer": customer.as_str(),
        "erased_at": rfc3339(erasure.at),
        "entries": erasure.n_entries,
        "key": erasure.key.map(|key| key.to_string()),
        "partition": erasure.partition.no(),
        "no": erasure.no,
        "statement": statement,
    }))
}
