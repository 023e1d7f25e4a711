//! The program against the real thing: listener, gate, engine and ledger in this process.

use std::fmt::Write as _;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;

use engine::{House, Policy, Tally};
use ledger::MemoryStorage;
use model::{Millis, Timestamp};
use serde_json::Value;
use server::machine::{Clock, Running, Setup, Upkeep};
use server::mqtt::{Identity, ListenerOptions, Role};
use spatial_index::geojson::{self, ReadOptions};
use tempfile::TempDir;

/// Noon in Austin on a Saturday.
const FIRST_MS: i64 = 1_425_751_200_000;
const TOKEN: &str = "a token of the tests";
const STORE: (f64, f64) = (30.2686, -97.7441);

const FENCES: &str = r#"{"type": "FeatureCollection", "features": [{
    "type": "Feature", "id": "corner", "geometry": {"type": "Point", "coordinates": [-97.7441, 30.2686]},
    "properties": {"name": "Corner Coffee", "merchant": "coffee", "radius_m": 100, "tz": "America/Chicago"}
}]}"#;

const OFFERS: &str = r#"
[[offer]]
id = "second-coffee"
merchant = "coffee"
trigger = "dwell"
fences = ["corner"]
holdout_permille = 0
title = "The second cup is on us"
body = "Any filter coffee at {{ store }}."
"#;

fn house() -> House {
    let loaded = geojson::read(FENCES.as_bytes(), &ReadOptions::default()).expect("the fence is good");
    let offers = settings::OffersFile::parse(Path::new("offers.toml"), OFFERS).expect("the offer is good");
    House::new(loaded.fences, offers.catalogue()).expect("the house stands")
}

/// A clock that follows the fixes.
fn recorded() -> Clock {
    Clock::Fixes { start_at: Timestamp::from_unix_ms(FIRST_MS) - Millis::from_days(2) }
}

/// Starts an engine; nothing is kept.
async fn start(clock: Clock) -> (Running, u16) {
    let backend = Identity::with_token("backend", Role::Backend, TOKEN.as_bytes()).unwrap();
    let options = ListenerOptions { address: ([127, 0, 0, 1], 0).into(), ..ListenerOptions::default() };
    let setup = Setup {
        house: Arc::new(house()),
        alteration: None,
        policy: Policy::default(),
        storage: Box::new(MemoryStorage::default()),
        n_shards: 1,
        prefix: "stile/v1".to_owned(),
        clock,
        upkeep: Upkeep::default(),
        listener: Some((options, vec![backend])),
        broker: None,
    };
    let running = Running::start(setup).await.expect("loopback has a free port");
    let port = running.address().expect("it listens").port();
    (running, port)
}

/// A fix a minute of everybody: `shopper`s come in and stay, `passer`s never come near.
fn recording(n_shoppers: u32, n_passers: u32, n_minutes: i64) -> TempDir {
    let mut text = "customer,device,ts_unix_ms,lat,lon,acc_m,speed_mps\n".to_owned();
    let (lat, lon) = STORE;
    for minute in 0..n_minutes {
        let ts = FIRST_MS + minute * 60_000;
        // Those who stay were seen outside before.
        let away = if minute < 3 { 0.02 } else { 0.0 };
        for shopper in 0..n_shoppers {
            writeln!(text, "shopper{shopper},phone,{},{},{lon},8,0.3", ts + i64::from(shopper), lat + away)
                .unwrap();
        }
        for passer in 0..n_passers {
            writeln!(
                text,
                "passer{passer},phone,{},{},{lon},8,0.3",
                ts + 500 + i64::from(passer),
                lat + 0.02
            )
            .unwrap();
        }
    }
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("fixes.csv"), text).unwrap();
    dir
}

/// Plays a recording and gives the simulator's report and the engine's own counts.
fn check(recording: &TempDir, options: &[&str]) -> (i32, Value, Tally) {
    check_by(recorded(), recording, options)
}

fn check_by(clock: Clock, recording: &TempDir, options: &[&str]) -> (i32, Value, Tally) {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let (running, port) = runtime.block_on(start(clock));
    let output = Command::new(env!("CARGO_BIN_EXE_simulator"))
        .args(["replay", "--json", "--user", "backend", "--broker", &format!("127.0.0.1:{port}")])
        .arg("--fixes")
        .arg(recording.path().join("fixes.csv"))
        .args(options)
        .env("STILE_SECRET", TOKEN)
        .output()
        .unwrap();
    let tally = runtime.block_on(running.tally()).expect("the shard is alive");
    runtime.block_on(running.shut_down());
    let said = String::from_utf8_lossy(&output.stderr);
    let report = serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("no report: {said}"));
    (output.status.code().unwrap(), report, tally)
}

#[test]
fn who_stays_gets_an_offer_and_who_passes_gets_none() {
    // Slow enough that an offer is durable before the clock of the fixes passes its end.
    let options = ["--merchant", "coffee", "--batch", "10", "--rate", "100"];
    let (code, report, tally) = check(&recording(3, 7, 20), &options);
    assert_eq!(code, 0, "{report}");
    assert_eq!(report["fixes"]["acknowledged"], 200);
    assert_eq!(report["consents"]["by_effect"]["applied"], 30);
    assert_eq!(tally.n_records, 200);
    assert_eq!(tally.refused.total() + tally.malformed.total() + tally.unusable.total(), 0, "{tally:?}");
    assert!(tally.is_balanced());
    let offers = serde_json::json!([{"merchant": "coffee", "offer": "second-coffee", "received": 3}]);
    assert_eq!(report["offers"]["by_offer"], offers, "{tally:?}");
    assert_eq!(
        (report["offers"]["received"].as_u64(), report["offers"]["repeated"].as_u64()),
        (Some(3), Some(0))
    );
}

#[test]
fn without_consent_every_fix_is_acknowledged_and_none_is_looked_at() {
    for batch in ["1", "100"] {
        let (code, report, tally) = check(&recording(3, 7, 20), &["--grant", "none", "--batch", batch]);
        assert_eq!(code, 0, "{report}");
        assert_eq!(report["fixes"]["acknowledged"], 200);
        assert_eq!((tally.refused.total(), tally.n_opened), (200, 0), "{tally:?}");
        assert_eq!(report["offers"]["received"], 0);
    }
}

#[test]
fn many_consent_events_are_all_answered() {
    let merchants = ["--merchant", "coffee", "books", "tea", "bread"];
    let (code, report, _) = check(&recording(50, 0, 1), &merchants);
    assert_eq!(code, 0, "{report}");
    assert_eq!(report["consents"]["sent"], 600);
    assert_eq!(report["consents"]["by_effect"]["applied"], 600);
}

#[test]
fn a_server_on_the_wall_clock_takes_a_recording_that_is_moved_to_now_and_no_other() {
    let recording = recording(20, 20, 1);
    let (code, report, tally) = check_by(Clock::Wall, &recording, &["--merchant", "coffee"]);
    assert_eq!(code, 0, "{report}");
    let stale = |tally: &Tally| tally.dropped.iter().find(|(word, _)| *word == "stale").map(|(_, n)| n);
    // Nor does a grant hold that ran out years ago.
    assert_eq!((tally.n_used, stale(&tally)), (0, Some(0)), "{tally:?}");
    assert_eq!(tally.refused.total(), 40, "{tally:?}");
    let options = ["--merchant", "coffee", "--shift", "now", "--speed", "1", "--copies", "2"];
    let (code, report, tally) = check_by(Clock::Wall, &recording, &options);
    assert_eq!((code, report["fixes"]["acknowledged"].as_u64()), (0, Some(80)), "{report}");
    assert_eq!((tally.n_used, tally.dropped.total() + tally.refused.total()), (80, 0), "{tally:?}");
    assert_eq!(tally.flagged.total(), 0, "fresh: {tally:?}");
}

#[test]
fn at_a_thousand_times_the_speed_who_stays_still_gets_an_offer_and_so_does_every_copy() {
    let options =
        ["--merchant", "coffee", "--batch", "10", "--speed", "1000", "--copies", "4", "--offset", "7 min"];
    let (code, report, tally) = check(&recording(3, 2, 20), &options);
    assert_eq!(code, 0, "{report}");
    assert_eq!(tally.n_records, 400);
    let offers = serde_json::json!([{"merchant": "coffee", "offer": "second-coffee", "received": 12}]);
    assert_eq!(report["offers"]["by_offer"], offers, "{tally:?}");
}
