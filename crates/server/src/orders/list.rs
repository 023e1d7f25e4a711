//! The list of orders, as it is written.

use model::{OfferId, Timestamp};
use offers::OperatorState;
use serde::{Deserialize, Serialize};
use store::{CheckedList, list_of_bytes, list_to_bytes};

use super::Order;

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct List {
    orders: Vec<Written>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    offer: String,
    state: String,
    at_ms: i64,
    by: Box<str>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    why: Option<Box<str>>,
}

pub(super) fn parse(bytes: &[u8]) -> Result<CheckedList<Vec<Order>>, String> {
    let CheckedList { said, is_checked } = list_of_bytes::<List>(bytes)?;
    let said = said.orders.into_iter().map(read).collect::<Result<_, _>>()?;
    Ok(CheckedList { said, is_checked })
}

fn read(written: Written) -> Result<Order, String> {
    let Written { offer, state, at_ms, by, why } = written;
    let offer = OfferId::new(&offer).map_err(|flaw| format!("the offer {offer:?} {}", flaw.text()))?;
    let state = OperatorState::from_word(&state).ok_or_else(|| format!("{state:?} is no state"))?;
    Ok(Order { offer, state, at: Timestamp::from_unix_ms(at_ms), by, why })
}

pub(super) fn to_bytes(orders: &[Order]) -> Vec<u8> {
    let written = orders.iter().map(|order| Written {
        offer: order.offer.as_str().to_owned(),
        state: order.state.word().to_owned(),
        at_ms: order.at.unix_ms(),
        by: order.by.clone(),
        why: order.why.clone(),
    });
    list_to_bytes(&List { orders: written.collect() })
}
