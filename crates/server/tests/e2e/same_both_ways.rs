//! `stile replay` and `stile serve --clock fixes` tell the same story of the same fixes.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use model::{Millis, Timestamp};
use serde_json::Value;
use server::control::Request;
use wire::trace::TraceFix;

use crate::link::Link;
use crate::premises::Premises;
use crate::server::{Server, run};
use crate::with_clients;

/// One day of buses is about 26,000 fixes.
const N_FIXES: usize = 60_000;

/// How long it may take to read what was acknowledged.
const READ_MAX: Duration = Duration::from_secs(90);

/// A file of the shared data; `None`, with a reason, where there is none.
fn shared(name: &str) -> Option<PathBuf> {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data").join(name);
    if !file.exists() {
        println!("skipped: {name} is not in ../shared/data");
        return None;
    }
    Some(file)
}

/// Buses, neighbourhoods, and offers for whoever stays in or leaves some of them.
struct Story {
    premises: Premises,
    fixes: Vec<TraceFix>,
}

const MERCHANT: &str = "a-merchant";

fn story() -> Option<Story> {
    let [polygons, stores, fixes] =
        ["polygons_austin_neighbourhoods.geojson", "starbucks_world.csv.gz", "fixes_austin_bus.csv.gz"]
            .map(shared);
    let (polygons, stores, fixes) = (polygons?, stores?, fixes?);
    let premises = Premises::new(&[]);
    premises.restrain();
    let out = premises.path("fences.geojson");
    std::fs::remove_file(&out).unwrap();
    let [polygons, stores, out] = [&polygons, &stores, &out].map(|path| path.to_str().unwrap());
    let import = [
        "fences",
        "import",
        "--geojson",
        polygons,
        "--csv",
        stores,
        "--radius",
        "150",
        "--bbox",
        "30.0,30.7,-98.1,-97.4",
        "--where",
        "brand=Starbucks",
        "--merchant",
        MERCHANT,
        "--out",
        out,
    ];
    let ran = run(&import);
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    let fixes: Vec<TraceFix> =
        wire::trace::open(&fixes).unwrap().filter_map(Result::ok).take(N_FIXES).collect();
    let recorded: String = fixes
        .iter()
        .map(|seen| {
            let position = seen.fix.position;
            let speed = seen.fix.speed_mps.map_or_else(String::new, |speed| speed.to_string());
            format!(
                "{},{},{},{},{speed}\n",
                seen.device.as_str(),
                seen.fix.taken_at.unix_ms(),
                position.lat(),
                position.lng()
            )
        })
        .collect();
    premises.write("fixes.csv", &format!("device,ts_unix_ms,lat,lon,speed_mps\n{recorded}"));
    premises.write("offers.toml", &offers(out));
    Some(Story { premises, fixes })
}

/// Offers in every fence: a store's for staying, a neighbourhood's for leaving.
fn offers(fences: &str) -> String {
    let fences: Value = serde_json::from_slice(&std::fs::read(fences).unwrap()).unwrap();
    let ids = |is_store: bool| {
        let features = fences["features"].as_array().unwrap().iter();
        let of_kind = features.filter(|feature| (feature["geometry"]["type"] == "Point") == is_store);
        of_kind.map(|feature| feature["id"].to_string()).collect::<Vec<_>>().join(",")
    };
    let offer = |id: &str, trigger: &str, fences: &str| {
        format!(
            "[[offer]]\nid = \"{id}\"\nmerchant = \"{MERCHANT}\"\ntrigger = \"{trigger}\"\nfences = [{fences}]\nholdout_permille = 0\ntitle = \"Coffee\"\nbody = \"A cup at half price.\"\n"
        )
    };
    [offer("stay", "dwell", &ids(true)), offer("leave", "exit", &ids(false))].concat()
}

/// What happened to each device, in order, up to an instant.
fn by_device(trace: &str, until: Timestamp) -> BTreeMap<String, Vec<String>> {
    let mut by_device: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for line in trace.lines() {
        let event: Value = serde_json::from_str(line).unwrap();
        let Some(device) = event["device"].as_str() else { continue };
        if event["at"].as_i64().unwrap() <= until.unix_ms() {
            by_device.entry(device.to_owned()).or_default().push(line.to_owned());
        }
    }
    by_device
}

fn replayed(story: &Story, out: &str) -> String {
    let out = story.premises.path(out);
    let path = |name: &str| story.premises.path(name).to_str().unwrap().to_owned();
    let ran = run(&[
        "replay",
        "--fences",
        &path("fences.geojson"),
        "--fixes",
        &path("fixes.csv"),
        "--offers",
        &path("offers.toml"),
        "--config",
        &path("stile.toml"),
        "--assume-consent",
        "--out",
        out.to_str().unwrap(),
    ]);
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    std::fs::read_to_string(out).unwrap()
}

async fn served(story: &Story) -> String {
    let (first, last) = (story.fixes[0].fix.taken_at, story.fixes.last().unwrap().fix.taken_at);
    let agreed_at = first - Millis::from_days(2);
    let time = |at: Timestamp| chrono::DateTime::from_timestamp_millis(at.unix_ms()).unwrap().to_rfc3339();
    let server = Server::start(&story.premises, &["--clock", "fixes", "--clock-start", &time(agreed_at)]);
    let mut backend = Link::open(server.address(), |_| {});
    backend.subscribe("stile/v1/+/+/offer").await.unwrap();
    let customers: BTreeSet<&str> = story.fixes.iter().map(|seen| seen.customer.as_str()).collect();
    let mut n_asked = 0;
    for customer in customers {
        for (no, purpose) in ["location", "background", "offers.push"].into_iter().enumerate() {
            let event = serde_json::json!({
                "v": 1, "event_id": format!("{customer}-{no}"), "merchant": MERCHANT, "purpose": purpose,
                "kind": "grant", "until": time(last + Millis::from_days(1)), "actor": "system", "method": "api",
                "notice": {"id": "n", "version": 1, "lang": "en", "sha256": "0".repeat(64), "shown_at": time(agreed_at)},
            });
            backend.send(&format!("stile/v1/{customer}/consent"), &event.to_string()).await.unwrap();
            n_asked += 1;
        }
    }
    for _ in 0..n_asked {
        backend.answer().await.unwrap();
    }
    let mut trace = String::new();
    let mut hear = || trace.push_str(server.ask(&Request::Events)["events"].as_str().unwrap());
    hear();
    for part in story.fixes.chunks(500) {
        let mut batch = Vec::new();
        for seen in part {
            wire::encode_batch_record(&seen.customer, &seen.device, &seen.fix, &mut batch);
        }
        backend.publish("stile/v1/batch", std::str::from_utf8(&batch).unwrap()).await.unwrap();
        hear();
    }
    // It acknowledges fixes before it reads them.
    let until = Instant::now() + READ_MAX;
    while server.status()["records"] != story.fixes.len() {
        assert!(Instant::now() < until, "never everything is read: {}", server.status());
        hear();
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    hear();
    assert_eq!(server.status()["balanced"], true);
    drop(backend);
    server.stop();
    trace
}

#[test]
fn a_replay_and_mqtt_tell_the_same_of_every_device() {
    let Some(story) = story() else { return };
    let last_at = story.fixes.last().unwrap().fix.taken_at;
    let replay = replayed(&story, "first.jsonl");
    assert!(replay == replayed(&story, "second.jsonl"), "the same fixes give the same bytes");
    let over_mqtt = by_device(&with_clients(served(&story)), last_at);
    let replay = by_device(&replay, last_at);
    let n = |kind: &str| {
        let kind = format!("\"kind\":\"{kind}\"");
        replay.values().flatten().filter(|line| line.contains(&kind)).count()
    };
    let told = ["enter", "dwell", "exit", "offer", "suppressed", "dropped"]
        .map(|kind| format!("{} {kind}", n(kind)));
    println!("{} fixes, {} devices: {}", story.fixes.len(), replay.len(), told.join(", "));
    assert!(1_000 < n("enter") && 100 < n("offer") && 100 < n("suppressed"), "{told:?}");
    for (device, events) in &replay {
        let empty = Vec::new();
        let other = over_mqtt.get(device).unwrap_or(&empty);
        let differs = events.iter().zip(other).find(|(one, other)| one != other);
        assert!(
            differs.is_none() && events.len() == other.len(),
            "{device}: {} and {} events, first {differs:?}",
            events.len(),
            other.len()
        );
    }
    assert_eq!(replay.len(), over_mqtt.len());
}
