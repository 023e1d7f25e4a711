//! The list of orders, as it is written.

use model::{OfferId, Timestamp};
use offers::OperatorState;
use serde::{Deserialize, Serialize};

use super::Order;

/// The format that this program writes.
const FORMAT: u32 = 1;

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct List {
    format: u32,
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

pub(super) fn parse(bytes: &[u8]) -> Result<Vec<Order>, String> {
    #[derive(Deserialize)]
    struct Head {
        format: u32,
    }
    let head: Head = serde_json::from_slice(bytes).map_err(|error| error.to_string())?;
    if head.format != FORMAT {
        return Err(format!("it has format {}, and this program knows {FORMAT}", head.format));
    }
    let list: List = serde_json::from_slice(bytes).map_err(|error| error.to_string())?;
    list.orders.into_iter().map(read).collect()
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
    let list = List { format: FORMAT, orders: written.collect() };
    let mut bytes = serde_json::to_vec_pretty(&list).expect("a list of orders is JSON");
    bytes.push(b'\n');
    bytes
}
