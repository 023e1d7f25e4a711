//! Offers of a running server: how they stand, and a word that stops one.

use std::sync::Arc;
use std::time::{Duration, Instant};

use engine::{Alteration, Edits};
use model::{OfferId, Timestamp};
use offers::{Catalogue, Counted, Draft, Mode, Stock};
use serde_json::{Value, json};

use super::FenceDesk;
use super::fences::InForce;
use crate::cli::report::problem_json;
use crate::explain::rfc3339;
use crate::machine::Running;
use crate::orders::{OfferWish, Order, Orders};

impl FenceDesk {
    /// Every offer, and how it stands.
    pub(super) async fn offers(&self, stock: &Stock) -> Value {
        let in_force = self.in_force.lock().await;
        listed_as_json(in_force.house.catalogue(), &in_force.orders, stock, in_force.mode)
    }

    /// Gives an order, and lets every shard take it up.
    pub(super) async fn operate(
        &self,
        wish: OfferWish,
        running: &Running,
        by: &str,
        now: Timestamp,
    ) -> Result<Value, String> {
        let started = Instant::now();
        let mut in_force = self.in_force.lock().await;
        let known: Vec<OfferId> =
            in_force.house.catalogue().offers().iter().map(|offer| offer.id().clone()).collect();
        let order = match in_force.orders.weigh(&wish, &known, by, now) {
            Ok(Some(order)) => order,
            Ok(None) => return Ok(operated_as_json(&wish, None, None)),
            Err(problems) => {
                return Ok(json!({ "refused": problems.iter().map(problem_json).collect::<Vec<_>>() }));
            }
        };
        tokio::task::block_in_place(|| in_force.orders.give(order.clone()))
            .map_err(|error| error.to_string())?;
        let alteration = in_force.operated();
        running.take_up(&alteration).await.map_err(|error| error.to_string())?;
        in_force.house = alteration.to().clone();
        let (offer, state) = (order.offer.as_str(), order.state.word());
        tracing::info!(offer, state, "an operator gave an order");
        Ok(operated_as_json(&wish, Some(&order), Some(started.elapsed())))
    }
}

impl InForce {
    /// The way to the same fences with the offers as they were ordered.
    fn operated(&self) -> Arc<Alteration> {
        let catalogue = Arc::new(self.orders.applied_to(self.house.catalogue()));
        let alteration = Alteration::edit(&self.house, Edits::new()).expect("the same fences can be matched");
        Arc::new(alteration.with_offers(catalogue).named(self.house.version().cloned()))
    }
}

/// The answer to an order; `None` when the offer was in that state already.
pub(crate) fn operated_as_json(wish: &OfferWish, order: Option<&Order>, took: Option<Duration>) -> Value {
    json!({
        "offer": wish.offer,
        "state": wish.state,
        "unchanged": order.is_none(),
        "at": order.map(|order| rfc3339(order.at)),
        "by": order.map(|order| &*order.by),
        "in_force": took.is_some(),
        "took_ms": took.map(|took| (took.as_secs_f64() * 1e6).round() / 1e3),
    })
}

/// Every offer of a catalogue, and every order to one that it has not.
pub(crate) fn listed_as_json(catalogue: &Catalogue, orders: &Orders, stock: &Stock, mode: Mode) -> Value {
    let in_force = orders.in_force();
    let offers = catalogue.offers().iter().map(|offer| {
        let mut listed = draft_as_json(offer.draft());
        // The more careful of the two holds.
        listed["mode"] = offer.draft().mode.max(mode).word().into();
        let n_taken = stock.n_taken(offer.id(), Counted::Total);
        listed["sent"] = n_taken.into();
        listed["stock"]["left"] = offer.draft().stock.total.map(|total| total.saturating_sub(n_taken)).into();
        put_order(&mut listed, in_force.get(offer.id()).copied());
        listed
    });
    let is_there = |id: &OfferId| catalogue.offers().iter().any(|offer| offer.id() == id);
    let gone = in_force.iter().filter(|(id, _)| !is_there(id)).map(|(id, order)| {
        let mut listed = json!({ "offer": id.as_str(), "in_file": false });
        put_order(&mut listed, Some(order));
        listed
    });
    let history: Vec<Value> = orders
        .given()
        .iter()
        .map(|order| {
            let mut given = json!({ "offer": order.offer.as_str() });
            put_order(&mut given, Some(order));
            given
        })
        .collect();
    json!({ "offers": offers.chain(gone).collect::<Vec<_>>(), "history": history })
}

fn put_order(listed: &mut Value, order: Option<&Order>) {
    listed["state"] = order.map_or("running", |order| order.state.word()).into();
    listed["since"] = order.map(|order| rfc3339(order.at)).into();
    listed["by"] = order.map(|order| &*order.by).into();
    listed["why"] = order.and_then(|order| order.why.as_deref()).into();
}

fn draft_as_json(draft: &Draft) -> Value {
    let day = |day: Option<chrono::NaiveDate>| day.map(|day| day.to_string());
    json!({
        "offer": draft.id.as_str(),
        "in_file": true,
        "merchant": draft.merchant.as_str(),
        "trigger": draft.trigger.word(),
        "channel": draft.channel.word(),
        "category": draft.category,
        "priority": draft.priority,
        "starts_on": day(draft.season.starts_on),
        "ends_on": day(draft.season.ends_on),
        "schedule": draft.season.schedule,
        "holdout_permille": draft.holdout_permille,
        "stock": { "total": draft.stock.total, "per_day": draft.stock.per_day },
    })
}
