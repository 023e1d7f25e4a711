//! kill -9 of a running server while fixes flow in and offers flow out.

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::Value;
use server::control::Request;
use server::officer::Question;

use crate::link::{Heard, Link};
use crate::premises::{LAT, LAT_OUTSIDE, LON, Premises};
use crate::server::Server;
use crate::words::{consent, fix, grants, now_ms, parse, record};
use crate::{ON_THE_WIRE, PATIENCE, with_clients};

const N_CUSTOMERS: usize = 30;
const N_STAYS: usize = 36;
/// From the begin of one stay to that of the next.
const STAY_MS: i64 = 12_000;
/// When fixes come in a stay, and whether in the store: a dwell after two seconds, then an exit.
const STEPS: [(i64, f64); 4] = [(0, LAT), (2_000, LAT), (6_000, LAT_OUTSIDE), (8_000, LAT_OUTSIDE)];
/// Killed in these stays, right after those who stayed were heard.
const KILLED_IN: [usize; 6] = [3, 9, 14, 20, 26, 33];

/// What the backend saw, over all its connections.
#[derive(Default)]
struct Seen {
    /// Offer ids by customer, with how often each came.
    offers: BTreeMap<String, BTreeMap<String, usize>>,
    /// Whose withdrawal the next PUBACK answers.
    withdrawing: Option<String>,
    withdrawn: BTreeMap<String, Instant>,
    after_withdrawal: Vec<String>,
    granted: BTreeSet<String>,
    last_at: Option<Instant>,
}

impl Seen {
    fn hear(&mut self, topic: &str, payload: &[u8]) {
        let customer = topic.split('/').nth(2).unwrap().to_owned();
        let id = parse(payload)["offer_id"].as_str().unwrap().to_owned();
        if self.withdrawn.get(&customer).is_some_and(|at| ON_THE_WIRE < at.elapsed()) {
            self.after_withdrawal.push(customer.clone());
        }
        *self.offers.entry(customer).or_default().entry(id).or_default() += 1;
        self.last_at = Some(Instant::now());
    }
}

/// Tells what comes back in the order in which it comes.
async fn open(address: SocketAddr, seen: &Arc<Mutex<Seen>>) -> Link {
    let seen = seen.clone();
    let mut link = Link::open(address, move |heard| {
        let mut seen = seen.lock().unwrap();
        match heard {
            Heard::Message { topic, payload } => seen.hear(topic, payload),
            Heard::Acknowledged => {
                let withdrawn = seen.withdrawing.take();
                seen.withdrawn.extend(withdrawn.map(|customer| (customer, Instant::now())));
            }
        }
    });
    assert!(link.subscribe("stile/v1/+/+/offer").await.is_ok());
    link
}

struct Message {
    topic: String,
    payload: String,
    /// A grant's or a withdrawal's customer.
    grants: Option<String>,
    withdraws: Option<String>,
    kills: bool,
}

impl Message {
    fn fixes(payload: String) -> Self {
        Self { topic: "stile/v1/batch".into(), payload, grants: None, withdraws: None, kills: false }
    }

    fn consent(customer: &str, payload: String) -> Self {
        Self {
            topic: format!("stile/v1/{customer}/consent"),
            payload,
            grants: None,
            withdraws: None,
            kills: false,
        }
    }
}

fn name(i: usize) -> String {
    format!("customer-{i}")
}

/// Everybody agrees; then everybody comes and goes, while some withdraw and others agree.
fn story(started_ms: i64) -> Vec<Message> {
    let agree = |customer: &str| {
        let [location, push] = grants(&format!("{customer}-yes"));
        [(location, None), (push, Some(customer.to_owned()))]
            .map(|(payload, grants)| Message { grants, ..Message::consent(customer, payload) })
    };
    let mut messages: Vec<Message> = (0..N_CUSTOMERS).flat_map(|i| agree(&name(i))).collect();
    for stay in 0..N_STAYS {
        for (i, (after_ms, lat)) in STEPS.into_iter().enumerate() {
            let at_ms = started_ms + stay as i64 * STAY_MS + after_ms;
            for group in 0..3 {
                let members = (0..N_CUSTOMERS).filter(|i| i % 3 == group);
                let records = members.map(|i| record(&name(i), "phone", &fix(at_ms, lat, LON)));
                let kills = i == 1 && group == 2 && KILLED_IN.contains(&stay);
                messages.push(Message { kills, ..Message::fixes(records.collect()) });
            }
            // In the middle of a stay, when offers are on their way.
            if i == 1 && stay % 6 == 5 {
                let customer = name(stay / 6);
                let withdraw = consent(&format!("{customer}-no"), "offers.push", "withdraw");
                messages.push(Message {
                    withdraws: Some(customer.clone()),
                    ..Message::consent(&customer, withdraw)
                });
            }
            if i == 3 && stay % 6 == 3 {
                messages.extend(agree(&format!("late-{stay}")));
            }
        }
    }
    messages
}

#[test]
fn no_offer_is_lost_or_told_twice_or_told_after_a_withdrawal_however_often_the_server_is_killed() {
    with_clients(tell());
}

async fn tell() {
    let premises = Premises::new(&[]);
    premises.change("stile.toml", "[data]\n", "[engine]\nshards = 2\n[data]\n");
    premises.change(
        "stile.toml",
        "[notifier]\n",
        "[presence]\ndwell = \"1 s\"\n[notifier]\nspeed_max_mps = 100\n",
    );
    // The phones' clocks stand some minutes back, so that stays need not take their time.
    let started_ms = now_ms() - N_STAYS as i64 * STAY_MS - 60_000;
    let seen = Arc::new(Mutex::new(Seen::default()));
    let mut server = Server::start(&premises, &[]);
    let mut link = open(server.address(), &seen).await;
    let mut n_kills = 0;
    let mut killer = None;
    for message in &story(started_ms) {
        // Of fixes that are read together only the newest speaks for the present.
        tokio::time::sleep(Duration::from_millis(3)).await;
        if message.kills {
            n_kills += 1;
            killer = Some(kill_soon(server.pid(), n_kills));
        }
        seen.lock().unwrap().withdrawing = message.withdraws.clone();
        while link.publish(&message.topic, &message.payload).await.is_err() {
            let killed: thread::JoinHandle<()> = killer.take().expect("only who was killed hangs up");
            killed.join().unwrap();
            drop(server);
            server = Server::start(&premises, &[]);
            check_consent(&server, &seen);
            link = open(server.address(), &seen).await;
            seen.lock().unwrap().withdrawing = message.withdraws.clone();
        }
        seen.lock().unwrap().granted.extend(message.grants.clone());
    }
    assert!(n_kills == KILLED_IN.len() && killer.is_none(), "it was killed as often as planned");
    settle(&server, &seen).await;
    check(&server, &seen.lock().unwrap(), started_ms);
    server.stop();
}

/// Kills a few milliseconds from now, at another moment each time.
fn kill_soon(pid: u32, no: usize) -> thread::JoinHandle<()> {
    thread::spawn(move || {
        thread::sleep(Duration::from_micros(no as u64 * 1_300));
        let killed = std::process::Command::new("kill").args(["-KILL", &pid.to_string()]).status().unwrap();
        assert!(killed.success());
    })
}

/// `acknowledged_is_durable`: whatever was acknowledged is there after the restart.
fn check_consent(server: &Server, seen: &Mutex<Seen>) {
    let seen = seen.lock().unwrap();
    for customer in &seen.granted {
        let shown = server
            .ask(&Request::Officer(Question::ConsentShow { customer: customer.clone(), history: false }));
        let states: Vec<_> =
            shown["consents"].as_array().unwrap().iter().map(|row| row["state"].as_str().unwrap()).collect();
        let expected = if seen.withdrawn.contains_key(customer) {
            ["granted", "withdrawn"]
        } else {
            ["granted", "granted"]
        };
        assert_eq!(states, expected, "{customer}");
    }
}

/// Waits until nothing more comes.
async fn settle(server: &Server, seen: &Mutex<Seen>) {
    const SILENCE: Duration = Duration::from_millis(1_500);
    let until = Instant::now() + PATIENCE;
    loop {
        tokio::time::sleep(Duration::from_millis(50)).await;
        assert!(Instant::now() < until, "it never falls silent: {}", server.status());
        let last_at = seen.lock().unwrap().last_at.expect("some offer came");
        if server.status()["waiting"] == 0 && SILENCE < last_at.elapsed() {
            return;
        }
    }
}

fn check(server: &Server, seen: &Seen, started_ms: i64) {
    assert!(
        seen.after_withdrawal.is_empty(),
        "told after an acknowledged withdrawal: {:?}",
        seen.after_withdrawal
    );
    assert_eq!(seen.withdrawn.len(), N_STAYS / 6);
    let mut n_decided = 0;
    for customer in (0..N_CUSTOMERS).map(name) {
        let request = Request::CustomerExplain { customer: customer.clone(), n_max: usize::MAX };
        let told = server.ask(&request);
        let offers: Vec<&Value> = told["sentences"]
            .as_array()
            .unwrap()
            .iter()
            .filter(|said| said["data"]["kind"] == "offer")
            .collect();
        n_decided += offers.len();
        let received = seen.offers.get(&customer).cloned().unwrap_or_default();
        let mut decided = BTreeSet::new();
        let mut stays = BTreeSet::new();
        for offer in offers {
            let (decision, outcome) = (&offer["data"]["decision"], offer["data"]["outcome"].as_str());
            let id = decision["offer_id"].as_str().unwrap();
            assert!(decided.insert(id.to_owned()), "one decision an id");
            let stay = (at_ms(decision["triggered_at"].as_str().unwrap()) - started_ms) / STAY_MS;
            assert!(stays.insert(stay), "{customer} was told twice in stay {stay}");
            match outcome {
                Some("sent") => {
                    assert!(received.contains_key(id), "{customer}: said to be sent, and never came");
                }
                // The stay was over before it could be said, or said again.
                Some("expired") => {}
                Some("revoked") => assert!(seen.withdrawn.contains_key(&customer)),
                other => panic!("{customer}: recorded, not expired, and {other:?}"),
            }
        }
        for id in received.keys() {
            assert!(decided.contains(id), "{customer} heard what was never recorded");
        }
    }
    let n_repeated: usize = seen.offers.values().flat_map(BTreeMap::values).map(|n| n - 1).sum();
    println!("{n_decided} offers decided, {n_repeated} repeated with their id, {} kills", KILLED_IN.len());
    assert!(N_CUSTOMERS * N_STAYS / 2 < n_decided, "{n_decided} offers are too few: {}", server.status());
    assert_eq!(server.status()["balanced"], true);
}

fn at_ms(rfc3339: &str) -> i64 {
    chrono::DateTime::parse_from_rfc3339(rfc3339).unwrap().timestamp_millis()
}
