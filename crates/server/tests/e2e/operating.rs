//! Offers that are paused, resumed and stopped while they are served.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::Value;
use server::control::{self, Request};
use server::fence_sets::Wish;

use crate::link::{Heard, Link};
use crate::premises::{LAT, LAT_OUTSIDE, LON, Premises, offers};
use crate::server::{Ran, Server, explain, run, run_on};
use crate::with_clients;
use crate::words::{fix, grants, now_ms, record, stay_in_batch};

fn name(i: usize) -> String {
    format!("customer-{i}")
}

/// `stile offers WORD paperbacks`, as an operator types it.
fn order(premises: &Premises, word: &str) -> Ran {
    let config = premises.path("stile.toml");
    run(&["offers", word, "paperbacks", "--why", "wrong price", "--config", config.to_str().unwrap()])
}

fn ordered(premises: &Premises, word: &str) -> String {
    let ran = order(premises, word);
    assert_eq!(ran.code, Some(0), "{}{}", ran.out, ran.err);
    ran.out
}

/// How the one offer stands, by the list.
fn listed(premises: &Premises) -> Value {
    let ran = run(&["offers", "list", "--json", "--config", premises.path("stile.toml").to_str().unwrap()]);
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    let listed: Value = serde_json::from_str(&ran.out).unwrap();
    listed["offers"].as_array().unwrap().iter().find(|offer| offer["offer"] == "paperbacks").unwrap().clone()
}

/// A backend that hears every offer.
async fn listener(server: &Server) -> (Link, Arc<AtomicU64>) {
    let n_heard = Arc::new(AtomicU64::new(0));
    let n = n_heard.clone();
    let mut link = Link::open(server.address(), move |heard| {
        let is_offer = matches!(heard, Heard::Message { topic, .. } if topic.ends_with("/offer"));
        n.fetch_add(u64::from(is_offer), Ordering::Relaxed);
    });
    assert!(link.subscribe("stile/v1/+/+/offer").await.is_ok());
    (link, n_heard)
}

async fn agree(link: &mut Link, customers: std::ops::Range<usize>) {
    for i in customers {
        for grant in grants(&format!("{}-yes", name(i))) {
            assert!(link.publish(&format!("stile/v1/{}/consent", name(i)), &grant).await.is_ok());
        }
    }
}

async fn stays(link: &mut Link, customer: usize) {
    assert!(link.publish("stile/v1/batch", &stay_in_batch(&name(customer), "phone")).await.is_ok());
}

fn number(status: &Value, of: &str, key: &str) -> u64 {
    status[of][key].as_u64().unwrap_or_default()
}

#[test]
fn an_offer_that_is_stopped_is_stopped_within_a_second_for_good_and_by_the_next_server_too() {
    with_clients(async {
        for is_killed in [false, true] {
            stop_while_one_waits(is_killed).await;
        }
    });
}

async fn stop_while_one_waits(is_killed: bool) {
    let premises = Premises::new(&[]);
    let mut server = Server::start(&premises, &[]);
    // Nobody listens for offers: the first stands in the outbox.
    let mut link = Link::open(server.address(), |_| {});
    agree(&mut link, 0..2).await;
    stays(&mut link, 0).await;
    // What was only decided dies with the process.
    server.status_when("recorded", |_| {
        explain(&premises.data(), &name(0)).iter().any(|said| said["data"]["kind"] == "offer")
    });
    let started = Instant::now();
    let said = ordered(&premises, "stop");
    let took = started.elapsed();
    println!("{} ({} ms with the program)", said.trim(), took.as_millis());
    assert!(said.starts_with("paperbacks is stopped for good; in force after"), "{said}");
    assert!(took < Duration::from_secs(1), "{took:?}");
    if is_killed {
        server.kill();
        server = Server::start(&premises, &[]);
    }
    let (mut link, n_heard) = listener(&server).await;
    stays(&mut link, 1).await;
    let status = server.status_when("silent", |status| number(status, "suppressed", "offer_stopped") == 1);
    let told = explain(&premises.data(), &name(0));
    let offer = told.iter().find(|said| said["data"]["kind"] == "offer").expect("it was decided");
    assert_eq!(offer["data"]["outcome"], "offer_gone", "{offer}");
    assert_eq!((n_heard.load(Ordering::Relaxed), &status["waiting"]), (0, &0.into()), "{status}");
    let offer = listed(&premises);
    assert_eq!((&offer["state"], &offer["why"]), (&"stopped".into(), &"wrong price".into()), "{offer}");
    assert!(offer["by"].as_str().unwrap().starts_with("user "), "{offer}");
    let refused = order(&premises, "resume");
    assert_eq!(refused.code, Some(78), "{}", refused.out);
    assert!(refused.err.contains("for good") && refused.err.contains("new id"), "{}", refused.err);
    assert_eq!(ordered(&premises, "stop").trim(), "paperbacks is stopped already");
    server.stop();
}

const MINUTE_MS: i64 = 60_000;
const DAY_MS: i64 = 1_440 * MINUTE_MS;

/// Everybody stays for some minutes from an instant on, and goes.
async fn everybody_stays(link: &mut Link, n_customers: usize, from_ms: i64) {
    for (after, lat) in [(0, LAT_OUTSIDE), (2, LAT), (4, LAT), (6, LAT), (8, LAT_OUTSIDE), (10, LAT_OUTSIDE)]
    {
        let at_ms = from_ms + after * MINUTE_MS;
        let records: String =
            (0..n_customers).map(|i| record(&name(i), "phone", &fix(at_ms + i as i64, lat, LON))).collect();
        assert!(link.publish("stile/v1/batch", &records).await.is_ok());
    }
}

#[test]
fn o05_an_offer_that_is_resumed_after_three_days_sends_nothing_of_what_was_kept_back() {
    with_clients(pause_for_three_days());
}

async fn pause_for_three_days() {
    const N_CUSTOMERS: usize = 5;
    let premises = Premises::new(&[]);
    // The fixes move the clock, from the moment at which everybody agrees.
    let started_ms = now_ms() + 2 * MINUTE_MS;
    let start = chrono::DateTime::from_timestamp_millis(now_ms()).unwrap().to_rfc3339();
    let server = Server::start(&premises, &["--clock", "fixes", "--clock-start", &start]);
    let (mut link, n_heard) = listener(&server).await;
    agree(&mut link, 0..N_CUSTOMERS).await;
    assert!(ordered(&premises, "pause").starts_with("paperbacks is paused; in force after"));
    for half_day in 0..6 {
        everybody_stays(&mut link, N_CUSTOMERS, started_ms + half_day * DAY_MS / 2).await;
    }
    let n_kept_back = 6 * N_CUSTOMERS as u64;
    server.status_when("kept back", |status| number(status, "suppressed", "offer_paused") == n_kept_back);
    ordered(&premises, "resume");
    assert_eq!(listed(&premises)["state"], "running");
    tokio::time::sleep(Duration::from_millis(500)).await;
    let status = server.status();
    assert_eq!((&status["decided"], &status["waiting"]), (&0.into(), &0.into()), "{status}");
    assert_eq!(n_heard.load(Ordering::Relaxed), 0, "nothing was queued");
    everybody_stays(&mut link, N_CUSTOMERS, started_ms + 3 * DAY_MS).await;
    let n = N_CUSTOMERS as u64;
    server.status_when("sent", |status| number(status, "delivered", "sent") == n);
    tokio::time::sleep(Duration::from_millis(200)).await;
    assert_eq!(n_heard.load(Ordering::Relaxed), n, "one each, for the stay that is now");
    server.stop();
}

#[test]
fn an_order_without_a_server_holds_from_the_next_start_and_through_every_change_of_fences() {
    let premises = Premises::new(&[]);
    Server::start(&premises, &[]).stop();
    assert!(ordered(&premises, "pause").contains("in force when a server starts on this directory"));
    let server = Server::start(&premises, &[]);
    let fences = std::fs::read_to_string(premises.path("fences.geojson")).unwrap();
    let wider = premises.write("wider.geojson", &fences.replace("\"radius_m\":100", "\"radius_m\":120"));
    let ask = |wish: Wish| control::ask(&premises.data(), &Request::FencesChange(wish)).unwrap().unwrap();
    with_clients(async {
        let (mut link, n_heard) = listener(&server).await;
        agree(&mut link, 0..4).await;
        stays(&mut link, 0).await;
        ordered(&premises, "resume");
        assert_eq!(ask(Wish::Put { file: wider })["version"], 2);
        ordered(&premises, "pause");
        // To go back to a set is not to go back to the orders of its time.
        assert_eq!(ask(Wish::Rollback { to: Some(1) })["version"], 1);
        stays(&mut link, 1).await;
        premises.write("offers.toml", &offers("dwell").replace("Three paperbacks", "Two paperbacks"));
        let reloaded = ask(Wish::Reload { yes: true });
        assert_eq!(reloaded["offers"]["changed"], 1, "{reloaded}");
        stays(&mut link, 2).await;
        server.status_when("silent", |status| number(status, "suppressed", "offer_paused") == 3);
        ordered(&premises, "resume");
        stays(&mut link, 3).await;
        server.status_when("sent", |status| number(status, "delivered", "sent") == 1);
        assert_eq!(n_heard.load(Ordering::Relaxed), 1);
    });
    server.stop();
}

#[test]
fn an_order_does_not_wait_for_a_large_fence_set_and_outlives_it() {
    const N_FENCES: usize = 40_000;
    let premises = Premises::new(&[]);
    let server = Server::start(&premises, &[]);
    let fences = std::fs::read_to_string(premises.path("fences.geojson")).unwrap();
    let own = fences.split_once("\"features\":[").unwrap().1.strip_suffix("]}").unwrap();
    let others = (0..N_FENCES).map(|i| {
        format!(
            r#"{{"type":"Feature","id":"shop-{i}","properties":{{"radius_m":50,"tz":"Europe/Berlin"}},"geometry":{{"type":"Point","coordinates":[{},{}]}}}}"#,
            (i % 200) as f64 * 0.01,
            40.0 + (i / 200) as f64 * 0.01
        )
    });
    let features: Vec<String> = others.chain([own.to_owned()]).collect();
    let many = premises.write(
        "many.geojson",
        &format!(r#"{{"type":"FeatureCollection","features":[{}]}}"#, features.join(",")),
    );
    let data = premises.data();
    let applying = thread::spawn(move || {
        let wish = Wish::Apply { file: many, yes: true };
        control::ask(&data, &Request::FencesChange(wish)).unwrap().unwrap()
    });
    thread::sleep(Duration::from_millis(100));
    let started = Instant::now();
    let said = ordered(&premises, "stop");
    let took = started.elapsed();
    let was_under_way = !applying.is_finished();
    let applied = applying.join().unwrap();
    println!("{} (while a set took {} ms)", said.trim(), applied["took_ms"]);
    assert!(took < Duration::from_secs(1), "{took:?}");
    assert!(was_under_way, "the set was there before the order: {applied}");
    assert_eq!((&applied["version"], &applied["in_force"]), (&2.into(), &true.into()), "{applied}");
    with_clients(async {
        let (mut link, n_heard) = listener(&server).await;
        agree(&mut link, 0..1).await;
        stays(&mut link, 0).await;
        server.status_when("silent", |status| number(status, "suppressed", "offer_stopped") == 1);
        assert_eq!(n_heard.load(Ordering::Relaxed), 0);
    });
    server.stop();
}

#[test]
fn d06_a_server_that_is_killed_around_an_order_comes_back_with_what_was_answered() {
    let premises = Premises::new(&[]);
    for round in 0..6_u64 {
        let server = Server::start(&premises, &[]);
        let data = premises.data();
        let ordering = thread::spawn(move || {
            let mut answered = Value::Null;
            for state in ["paused", "running"].into_iter().cycle() {
                let (offer, state) = ("paperbacks".into(), state.to_owned());
                let wish = server::orders::OfferWish { offer, state, why: None };
                match control::ask(&data, &Request::OffersOperate(wish)) {
                    Ok(Some(answer)) => answered = answer,
                    Ok(None) | Err(_) => return answered,
                }
            }
            answered
        });
        thread::sleep(Duration::from_micros(30_000 + 4_300 * round));
        server.kill();
        let answered = ordering.join().unwrap();
        let server = Server::start(&premises, &[]);
        let orders = run_on(&premises.data(), &["offers", "list"]);
        let history = orders["history"].as_array().unwrap();
        // The order that was under way may be durable though nobody was told.
        let last_two = history.iter().rev().take(2).map(|order| &order["state"]);
        let states: Vec<&Value> = last_two.collect();
        assert!(answered.is_null() || states.contains(&&answered["state"]), "{answered}: {history:?}");
        server.stop();
    }
}

#[test]
fn an_offer_that_there_is_not_is_refused_with_the_nearest_name() {
    let premises = Premises::new(&[]);
    let server = Server::start(&premises, &[]);
    let config = premises.path("stile.toml");
    let ran = run(&["offers", "stop", "paperbaks", "--config", config.to_str().unwrap()]);
    assert_eq!(ran.code, Some(78));
    assert!(ran.err.contains("did you mean \"paperbacks\"?"), "{}", ran.err);
    assert_eq!(listed(&premises)["state"], "running");
    server.stop();
}

#[test]
fn d06_orders_that_cannot_be_read_keep_a_server_from_starting() {
    let premises = Premises::new(&[]);
    Server::start(&premises, &[]).stop();
    std::fs::write(premises.data().join("offers.json"), "{\"format\":1,\"orders\":[").unwrap();
    let Err((status, log)) = Server::try_start(&premises, &[], "warn") else {
        panic!("which offers were stopped is not guessed");
    };
    assert_eq!(status.code(), Some(78), "{log}");
    assert!(log.contains("offers.json is damaged") && log.contains("from a backup"), "{log}");
    let ran = run(&["offers", "pause", "paperbacks", "--data", premises.data().to_str().unwrap()]);
    assert_eq!(ran.code, Some(78), "{}{}", ran.out, ran.err);
    std::fs::remove_file(premises.data().join("offers.json")).unwrap();
    let ran = run(&["offers", "pause", "paperbacks", "--data", premises.data().to_str().unwrap()]);
    assert!(ran.code == Some(64) && ran.err.contains("--config"), "{}{}", ran.out, ran.err);
    Server::start(&premises, &[]).stop();
}
