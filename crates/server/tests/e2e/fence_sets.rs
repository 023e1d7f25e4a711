//! Other fences for a running server: under load, killed in the middle, refused, and back again.

use std::fmt::Write as _;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use serde_json::Value;
use server::control::{self, Request};
use server::fence_sets::Wish;

use crate::link::Link;
use crate::premises::{LAT, LAT_OUTSIDE, LON, MERCHANT, Premises, offers};
use crate::server::{Ran, Server, explain, run, run_on};
use crate::with_clients;
use crate::words::{fix, grants, now_ms, record};

/// The store of all premises, and others whose ids stand before and behind its own.
fn fences(others: &[(&str, f64)]) -> String {
    let feature = |id: &str, lat: f64, tag: &str| {
        format!(
            r#"{{"type":"Feature","id":"{id}","properties":{{"name":"{id}","merchant":"{MERCHANT}","tags":["{tag}"],"tz":"America/Los_Angeles","radius_m":100}},"geometry":{{"type":"Point","coordinates":[{LON},{lat}]}}}}"#
        )
    };
    let mut text = feature("books-pine-street", LAT, "books");
    for (id, lat) in others {
        write!(text, ",{}", feature(id, *lat, "other")).unwrap();
    }
    format!(r#"{{"type":"FeatureCollection","features":[{text}]}}"#)
}

fn stile(premises: &Premises, args: &[&str]) -> Ran {
    let config = premises.path("stile.toml");
    run(&[args, &["--config", config.to_str().unwrap()]].concat())
}

fn apply(file: PathBuf) -> Request {
    Request::FencesChange(Wish::Apply { file, yes: true })
}

fn in_force(premises: &Premises) -> u64 {
    run_on(&premises.data(), &["fences", "list"])["in_force"].as_u64().unwrap()
}

fn name(i: usize) -> String {
    format!("customer-{i}")
}

/// The versions by which decisions about a customer were made.
fn sets_of_decisions(premises: &Premises, customer: &str) -> Vec<String> {
    let told = explain(&premises.data(), customer);
    let decisions = told.iter().map(|said| &said["data"]["decision"]).filter(|decision| decision.is_object());
    decisions.map(|decision| decision["facts"]["fence_set"].as_str().unwrap().to_owned()).collect()
}

async fn agreed(server: &Server, customers: impl Iterator<Item = usize>) -> Link {
    let mut link = Link::open(server.address(), |_| {});
    assert!(link.subscribe("stile/v1/+/+/offer").await.is_ok());
    for i in customers {
        for grant in grants(&format!("{}-yes", name(i))) {
            assert!(link.publish(&format!("stile/v1/{}/consent", name(i)), &grant).await.is_ok());
        }
    }
    link
}

const N_CUSTOMERS: usize = 25;
const N_STAYS: usize = 40;
const STAY_MS: i64 = 10_000;
const STEPS: [(i64, f64); 4] = [(0, LAT_OUTSIDE), (3_500, LAT), (7_000, LAT_OUTSIDE), (8_500, LAT_OUTSIDE)];

/// Changes the fences until it is told to stop; answers how often it did.
fn swap(premises: &Premises, data: PathBuf, stop: Arc<AtomicBool>) -> thread::JoinHandle<usize> {
    let file = |name: &str, others: &[(&str, f64)]| premises.write(name, &fences(others));
    // Numbers shift, a fence moves, and one lies where everybody walks by now and then.
    let wishes = [
        apply(file("a.geojson", &[("a-shop", 10.0), ("z-shop", 20.0)])),
        apply(file("b.geojson", &[("z-shop", 20.5)])),
        Request::FencesChange(Wish::Put { file: file("c.geojson", &[("b-shop", LAT + 0.01)]) }),
        Request::FencesChange(Wish::Rollback { to: None }),
        Request::FencesChange(Wish::Put { file: file("d.geojson", &[("a-shop", 11.0)]) }),
        Request::FencesChange(Wish::Remove { ids: vec!["a-shop".into()] }),
    ];
    thread::spawn(move || {
        let mut n_swaps = 0;
        while !stop.load(Ordering::Relaxed) {
            let answer = control::ask(&data, &wishes[n_swaps % wishes.len()]).unwrap().expect("it serves");
            assert_eq!(answer["in_force"], true, "{answer}");
            n_swaps += 1;
        }
        n_swaps
    })
}

#[test]
fn g17_fences_that_are_swapped_under_load_lose_nothing_elsewhere() {
    with_clients(swap_under_load());
}

async fn swap_under_load() {
    let premises = Premises::new(&[]);
    premises.change("stile.toml", "[data]\n", "[engine]\nshards = 2\n[data]\n");
    premises.change("stile.toml", "[notifier]\n", "[notifier]\nspeed_max_mps = 100\n");
    // An enter that a swap turned into one of somebody who was there before would bring no offer.
    premises.write("offers.toml", &offers("enter"));
    let server = Server::start(&premises, &[]);
    let mut link = agreed(&server, 0..N_CUSTOMERS).await;
    let stop = Arc::new(AtomicBool::new(false));
    let swapping = swap(&premises, premises.data(), stop.clone());
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
    let status = server.status_when("all used", |status| status["used"] == n * STEPS.len() as u64);
    println!("{n_swaps} swaps during {} fixes", n * STEPS.len() as u64);
    assert!(20 < n_swaps, "{n_swaps} swaps are too few");
    for none in ["refused", "malformed", "dropped"] {
        let counts = status[none].as_object().unwrap();
        assert!(counts.values().all(|count| count == 0), "{none}: {counts:?}");
    }
    assert_eq!((&status["transitions"]["enter"], &status["transitions"]["exit"]), (&n.into(), &n.into()));
    assert_eq!(status["candidates"], n, "every stay calls for its offer");
    assert_eq!(status["suppressed"]["already_inside"], 0);
    let status = server.status_when("decided", |status| status["decided"] == n);
    assert_eq!(status["balanced"], true, "{status}");
    // Every decision says by which of them it was made.
    let sets = sets_of_decisions(&premises, &name(0));
    assert!(
        sets.len() == N_STAYS
            && sets.is_sorted_by_key(|set| set.parse::<u64>().unwrap() <= n_swaps as u64 + 1)
    );
    let distinct: std::collections::BTreeSet<_> = sets.iter().collect();
    assert!(5 < distinct.len(), "{distinct:?}");
    server.stop();
}

#[test]
fn d06_a_server_that_is_killed_while_it_swaps_comes_back_with_the_old_set_or_the_new_one() {
    with_clients(kill_while_swapping());
}

async fn kill_while_swapping() {
    let premises = Premises::new(&[]);
    premises.change("stile.toml", "[notifier]\n", "[notifier]\nspeed_max_mps = 100\n");
    premises.write("offers.toml", &offers("enter"));
    let files = [("a.geojson", 10.0), ("b.geojson", 20.0)]
        .map(|(name, lat)| premises.write(name, &fences(&[("z-shop", lat)])));
    let (mut n_old, mut n_new) = (0, 0);
    for round in 0..8_usize {
        let server = Server::start(&premises, &[]);
        let before = in_force(&premises);
        // What was acknowledged last, by what is heard until the server dies.
        let (data, files) = (premises.data(), files.clone());
        let swapping = thread::spawn(move || {
            let mut acknowledged = before;
            for i in round.. {
                match control::ask(&data, &apply(files[i % 2].clone())) {
                    Ok(Some(answer)) => acknowledged = answer["version"].as_u64().unwrap(),
                    Ok(None) | Err(_) => return acknowledged,
                }
            }
            acknowledged
        });
        thread::sleep(Duration::from_micros(60_000 + 3_700 * round as u64));
        server.kill();
        let acknowledged = swapping.join().unwrap();
        let now = in_force(&premises);
        assert!(now == acknowledged || now == acknowledged + 1, "{now} after {acknowledged}");
        (n_old, n_new) = (n_old + usize::from(now == acknowledged), n_new + usize::from(now != acknowledged));
        let server = Server::start(&premises, &[]);
        assert_eq!(in_force(&premises), now, "a start goes on with the set in force");
        let mut link = agreed(&server, round..round + 1).await;
        for (ago_ms, lat) in [(60_000, LAT_OUTSIDE), (1_000, LAT)] {
            let here = record(&name(round), "phone", &fix(now_ms() - ago_ms, lat, LON));
            assert!(link.publish("stile/v1/batch", &here).await.is_ok());
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        server.status_when("decided", |status| status["decided"] == 1);
        assert_eq!(sets_of_decisions(&premises, &name(round)), [now.to_string()]);
        server.stop();
    }
    println!("came back {n_old} times with what was acknowledged, {n_new} times with what was about to be");
}

#[test]
fn c01_a_bad_set_is_refused_with_every_problem_and_the_old_one_stays() {
    let premises = Premises::new(&[]);
    let server = Server::start(&premises, &[]);
    let mut bad: Value = serde_json::from_str(&fences(&[("a-shop", 10.0), ("b-shop", 20.0)])).unwrap();
    bad["features"][1]["geometry"]["coordinates"] = serde_json::json!([200.5, 10.0]);
    bad["features"][2]["properties"]["radius_m"] = serde_json::json!(-1);
    premises.write("fences.geojson", &bad.to_string());
    let ran = stile(&premises, &["reload"]);
    assert_eq!((ran.code, ran.err.lines().count()), (Some(78), 2), "{}", ran.err);
    assert!(ran.err.contains("a-shop") && ran.err.contains("b-shop"), "{}", ran.err);
    // Offers name what is not there any more.
    let none = premises.write("none.geojson", r#"{"type":"FeatureCollection","features":[]}"#);
    let ran = stile(&premises, &["fences", "apply", none.to_str().unwrap(), "--yes"]);
    assert!(ran.code == Some(78) && ran.err.contains("books"), "{}", ran.err);
    let ran = stile(&premises, &["fences", "remove", "books-pine-street"]);
    assert!(ran.code == Some(78) && ran.err.contains("offers.toml"), "{}", ran.err);
    let ran = stile(&premises, &["fences", "remove", "nowhere"]);
    assert!(ran.code == Some(78) && ran.err.contains("nowhere"), "{}", ran.err);
    let ran = stile(&premises, &["fences", "rollback", "7"]);
    assert!(ran.code == Some(78) && ran.err.contains("version 7 is not kept"), "{}", ran.err);
    // A file is named as it was given, though the server has a working directory of its own.
    let ran = stile(&premises, &["fences", "apply", "no/such.geojson"]);
    assert!(ran.code == Some(78) && ran.err.starts_with("no/such.geojson: "), "{}", ran.err);
    assert_eq!(in_force(&premises), 1);
    server.stop();
}

#[test]
fn o01_an_empty_set_is_taken_up_only_by_who_says_yes() {
    let premises = Premises::new(&[]);
    premises.change("stile.toml", "[offers]\nfile = \"offers.toml\"\n", "");
    let server = Server::start(&premises, &[]);
    premises.write("fences.geojson", r#"{"type":"FeatureCollection","features":[]}"#);
    let ran = stile(&premises, &["reload"]);
    assert!(ran.code == Some(78) && ran.err.contains("100 %") && ran.err.contains("--yes"), "{}", ran.err);
    assert_eq!(in_force(&premises), 1);
    assert_eq!(stile(&premises, &["reload", "--yes"]).code, Some(0));
    assert_eq!(in_force(&premises), 2);
    server.stop();
}

#[test]
fn a_start_goes_on_with_the_set_in_force_until_the_settings_file_is_edited() {
    let premises = Premises::new(&[]);
    let other = premises.write("other.geojson", &fences(&[("a-shop", 10.0)]));
    Server::start(&premises, &[]).stop();
    // Nobody serves: it counts from the next start on.
    let ran = stile(&premises, &["fences", "put", other.to_str().unwrap()]);
    assert!(ran.code == Some(0) && ran.out.contains("when a server starts"), "{}{}", ran.out, ran.err);
    let server = Server::start(&premises, &[]);
    assert_eq!(in_force(&premises), 2);
    let ran = stile(&premises, &["fences", "rollback"]);
    assert!(
        ran.code == Some(0) && ran.out.starts_with("version 1, after version 2"),
        "{}{}",
        ran.out,
        ran.err
    );
    server.kill();
    let server = Server::start(&premises, &[]);
    assert_eq!(in_force(&premises), 1, "gone back for good");
    server.stop();
    premises.write("fences.geojson", &fences(&[("a-shop", 10.0), ("b-shop", 11.0)]));
    let server = Server::start(&premises, &[]);
    assert_eq!(in_force(&premises), 3);
    let told = run_on(&premises.data(), &["fences", "diff", "1", "3"]);
    assert_eq!(
        (&told["added"], &told["removed"]),
        (&serde_json::json!(["a-shop", "b-shop"]), &serde_json::json!([]))
    );
    server.stop();
}
