//! Who never hears an offer, so that one can tell what hearing it does.

use model::{CustomerId, OfferId, StableHasher};

/// Whether a customer is one of those; the same for ever under one key.
pub(crate) fn is_held_out(key: &str, offer: &OfferId, customer: &CustomerId, permille: u16) -> bool {
    0 < permille && draw(key, offer, customer) % 1_000 < u64::from(permille)
}

fn draw(key: &str, offer: &OfferId, customer: &CustomerId) -> u64 {
    let hasher = StableHasher::new("stile holdout v1").text(key).text(offer.as_str());
    hasher.text(customer.as_str()).finish().low_u64()
}
