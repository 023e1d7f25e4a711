//! Other offers for a running server: under load, killed around it, refused.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::Duration;

use serde_json::Value;
use server::control::{self, Request};
use server::fence_sets::Wish;

use crate::link::{Heard, Link};
use crate::premises::{LAT, LAT_OUTSIDE, LON, Premises, offers};
use crate::server::{Ran, Server, explain, run};
use crate::with_clients;
use crate::words::{fix, grants, now_ms, record, stay_in_batch};

const RELOAD: Request = Request::FencesChange(Wish::Reload { yes: false });

fn reload(premises: &Premises) -> Ran {
    run(&["reload", "--config", premises.path("stile.toml").to_str().unwrap()])
}

fn name(i: usize) -> String {
    format!("customer-{i}")
}

/// The one offer under another id, or with another title.
fn other(trigger: &str, id: &str, title: &str) -> String {
    offers(trigger)
        .replace("paperbacks\"\nm", &format!("{id}\"\nm"))
        .replace("Three paperbacks for two", title)
}

/// A backend that everybody has agreed through.
async fn agreed(server: &Server, customers: impl Iterator<Item = usize>, n_heard: &Arc<AtomicU64>) -> Link {
    let n_heard = n_heard.clone();
    let mut link = Link::open(server.address(), move |heard| {
        let is_offer = matches!(heard, Heard::Message { topic, .. } if topic.ends_with("/offer"));
        n_heard.fetch_add(u64::from(is_offer), Ordering::Relaxed);
    });
    assert!(link.subscribe("stile/v1/+/+/offer").await.is_ok());
    agree(&mut link, customers).await;
    link
}

async fn agree(link: &mut Link, customers: impl Iterator<Item = usize>) {
    for i in customers {
        for grant in grants(&format!("{}-yes", name(i))) {
            assert!(link.publish(&format!("stile/v1/{}/consent", name(i)), &grant).await.is_ok());
        }
    }
}

/// The last decision about a customer, and how what was decided left the house.
fn is_written_down(premises: &Premises, customer: &str) -> bool {
    explain(&premises.data(), customer).iter().any(|said| said["data"]["decision"].is_object())
}

fn last_decision(premises: &Premises, customer: &str) -> (Value, Value) {
    let told = explain(&premises.data(), customer);
    let last = told.iter().rev().find(|said| said["data"]["decision"].is_object());
    let data = last.expect("something was decided")["data"].clone();
    (data["decision"]["offer"].clone(), data["outcome"].clone())
}

const N_CUSTOMERS: usize = 25;
const N_STAYS: usize = 40;
const STAY_MS: i64 = 10_000;
const STEPS: [(i64, f64); 4] = [(0, LAT_OUTSIDE), (3_500, LAT), (7_000, LAT_OUTSIDE), (8_500, LAT_OUTSIDE)];

/// Long enough for an offer to get out of the house in between.
const BETWEEN_SWAPS: Duration = Duration::from_millis(60);

/// Changes the offers until it is told to stop; answers how often it did.
fn swap(premises: &Premises, stop: Arc<AtomicBool>) -> thread::JoinHandle<usize> {
    let texts = [
        other("enter", "hardcovers", "One for two"),
        other("enter", "hardcovers", "Two for one"),
        offers("enter"),
    ];
    let (file, data): (PathBuf, PathBuf) = (premises.path("offers.toml"), premises.data());
    thread::spawn(move || {
        let mut n_swaps = 0;
        while !stop.load(Ordering::Relaxed) {
            std::fs::write(&file, &texts[n_swaps % texts.len()]).unwrap();
            let answer = control::ask(&data, &RELOAD).unwrap().expect("it serves");
            assert_eq!((&answer["in_force"], &answer["version"]), (&true.into(), &1.into()), "{answer}");
            let changed = n_swaps % texts.len() == 1;
            let expected = [u64::from(!changed), u64::from(!changed), u64::from(changed)];
            let counts = ["added", "removed", "changed"].map(|key| answer["offers"][key].as_u64().unwrap());
            assert_eq!(counts, expected, "{answer}");
            n_swaps += 1;
            thread::sleep(BETWEEN_SWAPS);
        }
        n_swaps
    })
}

#[test]
fn l04_offers_that_are_swapped_under_load_lose_no_transition_and_are_said_once_or_dropped() {
    with_clients(swap_under_load());
}

async fn swap_under_load() {
    let premises = Premises::new(&[]);
    premises.change("stile.toml", "[data]\n", "[engine]\nshards = 2\n[data]\n");
    premises.change("stile.toml", "[notifier]\n", "[notifier]\nspeed_max_mps = 100\n");
    premises.write("offers.toml", &offers("enter"));
    let server = Server::start(&premises, &[]);
    let n_heard = Arc::new(AtomicU64::new(0));
    let mut link = agreed(&server, 0..N_CUSTOMERS, &n_heard).await;
    let stop = Arc::new(AtomicBool::new(false));
    let swapping = swap(&premises, stop.clone());
    let started_ms = now_ms() - N_STAYS as i64 * STAY_MS - 60_000;
    for stay in 0..N_STAYS as i64 {
        for (after_ms, lat) in STEPS {
            let at_ms = started_ms + stay * STAY_MS + after_ms;
            let records: String =
                (0..N_CUSTOMERS).map(|i| record(&name(i), "phone", &fix(at_ms, lat, LON))).collect();
            assert!(link.publish("stile/v1/batch", &records).await.is_ok());
            // Of fixes that are read together only the newest speaks for the present, and whoever has
            // left again before it is decided is not spoken to.
            tokio::time::sleep(Duration::from_millis(10)).await;
            server.status_when("decided", |status| status["waiting"] == 0);
        }
    }
    stop.store(true, Ordering::Relaxed);
    let n_swaps = swapping.join().unwrap();
    let n = (N_CUSTOMERS * N_STAYS) as u64;
    let number = |status: &Value, of: &str, key: &str| status[of][key].as_u64().unwrap();
    let status = server.status_when("everything has left", |status| {
        let ways = ["sent", "offer_gone", "expired"];
        let has_left: u64 = ways.iter().map(|way| number(status, "delivered", way)).sum();
        status["used"] == n * STEPS.len() as u64 && status["waiting"] == 0 && status["decided"] == has_left
    });
    // Expired: whoever has left by the time of its turn is not spoken to.
    let [n_sent, n_gone, n_late] =
        ["sent", "offer_gone", "expired"].map(|how| number(&status, "delivered", how));
    let n_dropped = n_gone + n_late;
    let n_suppressed = number(&status, "suppressed", "offer_gone");
    println!(
        "{n_swaps} swaps; {n_sent} sent, {n_suppressed} dropped from the line, {n_dropped} from the outbox"
    );
    assert!(10 < n_swaps, "{n_swaps} swaps are too few");
    assert_eq!((&status["transitions"]["enter"], &status["transitions"]["exit"]), (&n.into(), &n.into()));
    assert_eq!(status["candidates"], n, "every stay calls for one of the offers");
    assert_eq!(n_sent + n_dropped + n_suppressed, n, "{status}");
    assert!(0 < n_sent && 0 < n_dropped + n_suppressed, "some are said and some dropped: {status}");
    assert_eq!(status["balanced"], true, "{status}");
    tokio::time::sleep(Duration::from_millis(200)).await;
    // One that was on its way when it was taken back is recorded as sent after all.
    let is_sent = |said: &&Value| said["data"]["outcome"] == "sent";
    let n_recorded: usize =
        (0..N_CUSTOMERS).map(|i| explain(&premises.data(), &name(i)).iter().filter(is_sent).count()).sum();
    let n_heard = n_heard.load(Ordering::Relaxed);
    assert_eq!(n_heard, n_recorded as u64, "each once");
    assert!(n_sent <= n_heard && n_heard <= n_sent + n_dropped, "{n_heard} heard: {status}");
    server.stop();
}

#[test]
fn an_offer_that_was_taken_away_while_it_waited_for_a_phone_is_not_sent_by_this_server_nor_the_next() {
    with_clients(take_away_what_waits());
}

async fn take_away_what_waits() {
    for is_killed in [false, true] {
        let premises = Premises::new(&[]);
        let mut server = Server::start(&premises, &[]);
        let n_heard = Arc::new(AtomicU64::new(0));
        // Nobody listens for offers.
        let mut link = Link::open(server.address(), |_| {});
        agree(&mut link, 0..1).await;
        assert!(link.publish("stile/v1/batch", &stay_in_batch(&name(0), "phone")).await.is_ok());
        // What was only decided dies with the process.
        server.status_when("decided", |_| is_written_down(&premises, &name(0)));
        premises.write("offers.toml", &other("dwell", "hardcovers", "One for two"));
        if is_killed {
            server.kill();
            server = Server::start(&premises, &[]);
        } else {
            let ran = reload(&premises);
            let said = "version 1 stays: 1 fence, none of them different; 1 offer, 1 added, 1 removed, 0 changed; in force";
            assert!(ran.code == Some(0) && ran.out.starts_with(said), "{}{}", ran.out, ran.err);
        }
        let mut link = agreed(&server, 1..2, &n_heard).await;
        server.status_when("dropped", |status| status["delivered"]["offer_gone"] == 1);
        assert_eq!(last_decision(&premises, &name(0)), ("paperbacks".into(), "offer_gone".into()));
        let told = explain(&premises.data(), &name(0));
        assert!(told.iter().any(|said| {
            said["text"].as_str().unwrap().ends_with("the offer was taken away or changed first.")
        }));
        // The others are offered what there is now.
        assert!(link.publish("stile/v1/batch", &stay_in_batch(&name(1), "phone")).await.is_ok());
        server.status_when("sent", |status| status["delivered"]["sent"] == 1);
        assert_eq!(last_decision(&premises, &name(1)), ("hardcovers".into(), "sent".into()));
        assert_eq!(n_heard.load(Ordering::Relaxed), 1);
        server.stop();
    }
}

#[test]
fn d06_a_server_that_is_killed_while_offers_are_swapped_comes_back_with_those_of_the_file() {
    with_clients(kill_while_swapping());
}

async fn kill_while_swapping() {
    let premises = Premises::new(&[]);
    let n_heard = Arc::new(AtomicU64::new(0));
    for round in 0..6_usize {
        let server = Server::start(&premises, &[]);
        let stop = Arc::new(AtomicBool::new(false));
        let (file, data) = (premises.path("offers.toml"), premises.data());
        let stopped = stop.clone();
        let swapping = thread::spawn(move || {
            for i in 0.. {
                if stopped.load(Ordering::Relaxed) {
                    return;
                }
                let written = file.with_extension("new");
                std::fs::write(&written, other("dwell", &format!("round-{}", i % 2), "One for two")).unwrap();
                std::fs::rename(&written, &file).unwrap();
                let _ = control::ask(&data, &RELOAD);
            }
        });
        thread::sleep(Duration::from_micros(40_000 + 3_700 * round as u64));
        server.kill();
        stop.store(true, Ordering::Relaxed);
        swapping.join().unwrap();
        let server = Server::start(&premises, &[]);
        let text = std::fs::read_to_string(premises.path("offers.toml")).unwrap();
        let expected = ["round-0", "round-1"].into_iter().find(|id| text.contains(id)).unwrap();
        let mut link = agreed(&server, round..round + 1, &n_heard).await;
        assert!(link.publish("stile/v1/batch", &stay_in_batch(&name(round), "phone")).await.is_ok());
        server.status_when("sent", |status| status["delivered"]["sent"] == 1);
        assert_eq!(last_decision(&premises, &name(round)), (expected.into(), "sent".into()));
        server.stop();
    }
}

#[test]
fn c11_bad_offers_are_refused_whole_with_file_and_line_and_the_old_ones_stay() {
    let premises = Premises::new(&[]);
    let server = Server::start(&premises, &[]);
    let check = |text: &str, words: &[&str]| {
        premises.write("offers.toml", text);
        let ran = reload(&premises);
        assert_eq!(ran.code, Some(78), "{}{}", ran.out, ran.err);
        for word in words {
            assert!(ran.err.contains(word), "{word:?} is not in {}", ran.err);
        }
    };
    let good = other("dwell", "hardcovers", "One for two");
    check(&format!("{good}\n[[offer]]\nid = \"b\"\n"), &["offers.toml:11", "merchant", "title"]);
    check(&good.replace("One for two", "We saw you"), &["offers.toml:6:", "we saw you"]);
    check(&good.replace("[\"books\"]", "[\"boks\"]"), &["offers.toml:4:", "did you mean \"books\"?"]);
    check(
        &good.replace("tags = [\"books\"]", "fences = [\"nowhere\"]"),
        &["offers.toml:4:", "no fence has that id"],
    );
    std::fs::remove_file(premises.path("offers.toml")).unwrap();
    let ran = reload(&premises);
    assert!(ran.code == Some(78) && ran.err.contains("does not exist"), "{}", ran.err);
    // Nothing was taken up, and the offers that are there are those of the start.
    premises.write("offers.toml", &offers("dwell"));
    let ran = reload(&premises);
    assert!(ran.code == Some(0) && ran.out.contains("nothing is different"), "{}{}", ran.out, ran.err);
    premises.write("offers.toml", &good);
    let answer = control::ask(&premises.data(), &RELOAD).unwrap().unwrap();
    assert_eq!((&answer["offers"]["n"], &answer["offers"]["added"]), (&1.into(), &1.into()), "{answer}");
    server.stop();
}

#[test]
fn a_fence_that_was_taken_back_does_not_bring_the_offers_of_its_time_back() {
    let premises = Premises::new(&[]);
    let server = Server::start(&premises, &[]);
    let fences = std::fs::read_to_string(premises.path("fences.geojson")).unwrap();
    let wider = premises.write("wider.geojson", &fences.replace("\"radius_m\":100", "\"radius_m\":120"));
    let ask = |wish: Wish| control::ask(&premises.data(), &Request::FencesChange(wish)).unwrap().unwrap();
    ask(Wish::Put { file: wider });
    premises.write("offers.toml", &other("dwell", "hardcovers", "One for two"));
    let answer = ask(Wish::Reload { yes: true });
    assert_eq!((&answer["changed"], &answer["offers"]["removed"]), (&1.into(), &1.into()), "{answer}");
    ask(Wish::Rollback { to: Some(2) });
    ask(Wish::Rollback { to: Some(1) });
    with_clients(async {
        let n_heard = Arc::new(AtomicU64::new(0));
        let mut link = agreed(&server, 0..1, &n_heard).await;
        assert!(link.publish("stile/v1/batch", &stay_in_batch(&name(0), "phone")).await.is_ok());
        server.status_when("sent", |status| status["delivered"]["sent"] == 1);
    });
    assert_eq!(last_decision(&premises, &name(0)).0, "hardcovers");
    server.stop();
}
