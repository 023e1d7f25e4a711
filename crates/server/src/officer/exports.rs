//! Everything that is held of a customer on one paper, and such a paper taken in.
//!
//! `docs/customer-export.md` describes the paper.

mod paper;

use engine::Door;
use model::CustomerId;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

pub use self::paper::{Export, canonical};
use super::imports::Sums;
use super::{Holder, Trouble, Word, wrong};
use crate::explain::clock;

/// An export that somebody brings.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Arrival {
    /// The paper.
    pub export: Value,
    /// The key of a deployment whose signature counts like our own, in hexadecimal digits.
    pub trust: Option<String>,
}

/// Everything that is held of a customer, signed.
pub(super) async fn export(customer: &CustomerId, holder: &mut impl Holder) -> Result<Value, Trouble> {
    // It is signed: nothing may stand in it that a crash would take back.
    holder.recorded(customer).await?;
    let state = holder.state_of(customer).await?;
    let entries = holder.entries_of(customer).await?;
    let erased_at = holder.graves().await?.erased_at(customer);
    let Some(state) = state else {
        let told = match erased_at {
            Some(at) => format!("this customer was erased at {}; nothing is held of them", clock(at)),
            None => "nothing is held of this customer".to_owned(),
        };
        return Err(wrong(told));
    };
    let notices = holder.notices()?;
    let mut export = paper::write(&state, &entries, &notices, holder.now());
    let (signature, key) = holder.sign(&paper::message(&export)).await?;
    export["signature"] = json!({
        "algorithm": "ed25519",
        "public_key": paper::hex(&key),
        "signature": paper::hex(&signature),
    });
    Ok(export)
}

/// Takes an export in: all of it when it is signed by a key that counts and nothing is known of the customer
/// here, else what it takes away and nothing more.
pub(super) async fn take_in(arrival: &Arrival, holder: &mut impl Holder) -> Result<Value, Trouble> {
    let export = paper::read(&arrival.export).map_err(wrong)?;
    let customer = export.state.customer.clone();
    let erased_at = holder.graves().await?.erased_at(&customer);
    if let Some(at) = erased_at.filter(|at| export.exported_at <= *at) {
        let told = format!(
            "this customer was erased at {}, after the export was made; what was erased does not come back",
            clock(at)
        );
        return Err(wrong(told));
    }
    let (_, own_key) = holder.sign(b"").await?;
    let trusted = arrival.trust.as_deref().map(paper::key).transpose().map_err(wrong)?;
    let is_vouched_for =
        export.is_signed_by(&own_key) || trusted.is_some_and(|key| export.is_signed_by(&key));
    if !is_vouched_for {
        return lower(&export, holder).await;
    }
    if holder.state_of(&customer).await?.is_some() {
        let told = "something is known of this customer here already, and an export does not replace it";
        return Err(wrong(told));
    }
    let n_entries = export.entries.len();
    holder.adopt(export.state, export.entries).await?;
    Ok(json!({ "customer": customer.as_str(), "taken_in": "whole", "entries": n_entries }))
}

/// Of a paper that nobody vouches for, every no counts all the same.
async fn lower(export: &Export, holder: &mut impl Holder) -> Result<Value, Trouble> {
    let customer = export.state.customer.clone();
    let events: Vec<_> = export.restrictions().collect();
    let words = events.iter().map(|event| Word {
        door: Door::Imported { attested: false },
        customer: customer.clone(),
        body: wire::encode_consent(event),
    });
    let said = holder.hear(words.collect()).await?;
    let mut sums = Sums::default();
    events.iter().zip(&said).for_each(|(event, said)| sums.count(event.kind, said));
    Ok(json!({ "customer": customer.as_str(), "taken_in": "restrictions", "became": sums.as_json() }))
}

#[cfg(test)]
mod tests;
