//! `no_offer_after_withdrawal`, with offers on their way while withdrawals are written.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use crate::link::{Heard, Link};
use crate::premises::Premises;
use crate::server::Server;
use crate::words::{consent, grants, stay_in_batch};
use crate::{ON_THE_WIRE, with_clients};

const N: usize = 120;

/// What came back on the one connection, in its order.
#[derive(Default)]
struct Order {
    n_acknowledged: usize,
    /// Whose withdrawal each of our messages is, by its place.
    withdrawals: BTreeMap<usize, String>,
    withdrawn: BTreeMap<String, Instant>,
    n_offers: usize,
    n_on_the_wire: usize,
    too_late: Vec<String>,
}

impl Order {
    fn hear(&mut self, heard: &Heard<'_>) {
        match heard {
            Heard::Acknowledged => {
                let withdrawn = self.withdrawals.get(&self.n_acknowledged);
                self.withdrawn.extend(withdrawn.map(|customer| (customer.clone(), Instant::now())));
                self.n_acknowledged += 1;
            }
            Heard::Message { topic, .. } => {
                let customer = topic.split('/').nth(2).unwrap();
                self.n_offers += 1;
                match self.withdrawn.get(customer) {
                    None => {}
                    Some(at) if at.elapsed() <= ON_THE_WIRE => self.n_on_the_wire += 1,
                    Some(_) => self.too_late.push(customer.to_owned()),
                }
            }
        }
    }
}

async fn check(n_shards: usize, purpose: &str) -> usize {
    let premises = Premises::new(&[]);
    premises.change("stile.toml", "[data]\n", &format!("[engine]\nshards = {n_shards}\n[data]\n"));
    let server = Server::start(&premises, &[]);
    let order = Arc::new(Mutex::new(Order::default()));
    let told = order.clone();
    let mut backend = Link::open(server.address(), move |heard| told.lock().unwrap().hear(&heard));
    backend.subscribe("stile/v1/+/+/offer").await.unwrap();
    let customers: Vec<String> = (0..N).map(|i| format!("c{i}")).collect();
    let mut n_said = 0;
    for customer in &customers {
        for event in grants(customer) {
            backend.send(&format!("stile/v1/{customer}/consent"), &event).await.unwrap();
            n_said += 1;
        }
    }
    for _ in 0..n_said {
        backend.answer().await.unwrap();
    }
    // Each withdrawal comes a little later behind its stay: while the offer is decided, written,
    // handed over, or gone.
    for (i, customer) in customers.iter().enumerate() {
        backend.send("stile/v1/batch", &stay_in_batch(customer, "phone")).await.unwrap();
        tokio::time::sleep(Duration::from_micros(100 * (i as u64 % 60))).await;
        order.lock().unwrap().withdrawals.insert(n_said + 1, customer.clone());
        let withdraw = consent(&format!("{customer}-no"), purpose, "withdraw");
        backend.send(&format!("stile/v1/{customer}/consent"), &withdraw).await.unwrap();
        n_said += 2;
        for _ in 0..2 {
            backend.answer().await.unwrap();
        }
    }
    tokio::time::sleep(Duration::from_millis(700)).await;
    let status = server.status();
    assert_eq!(status["balanced"], true, "{status}");
    server.stop();
    let order = order.lock().unwrap();
    assert_eq!(order.withdrawn.len(), N);
    assert!(order.too_late.is_empty(), "told after their withdrawal was acknowledged: {:?}", order.too_late);
    assert!(order.n_on_the_wire <= N / 10, "{} offers crossed their withdrawal", order.n_on_the_wire);
    println!("{} offers crossed the acknowledgement on the wire", order.n_on_the_wire);
    order.n_offers
}

#[test]
fn no_offer_after_withdrawal_however_close_it_is() {
    let mut n_offers = 0;
    for (n_shards, purpose) in [(1, "offers.push"), (2, "location"), (2, "offers.push")] {
        n_offers += with_clients(check(n_shards, purpose));
    }
    println!("{n_offers} of {} offers went out before the withdrawal", 3 * N);
    assert!((10..3 * N - 10).contains(&n_offers), "{n_offers} offers: withdrawals were never close");
}
