//! The program as a shell sees it, against a small scripted peer.

mod broker;

use std::fmt::Write as _;
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};
use std::time::Duration;

use rumqttc::v5::mqttbytes::QoS;
use rumqttc::v5::mqttbytes::v5::{ConnectReturnCode, Login, PubAckReason, SubscribeReasonCode};
use serde_json::Value;
use tempfile::TempDir;

use crate::broker::{Broker, Manner, Received};

const FIRST_MS: u64 = 1_425_708_022_000;

/// A recording in a directory of its own: `n` fixes, a second apart, of three customers in turn.
struct Recording {
    dir: TempDir,
    fixes: PathBuf,
}

fn recording(n: u64) -> Recording {
    let mut text = "customer,device,ts_unix_ms,lat,lon\n".to_owned();
    for i in 0..n {
        writeln!(text, "c{},phone,{},30.26,-97.74", i % 3, FIRST_MS + i * 1_000).unwrap();
    }
    recorded(&text)
}

fn recorded(text: &str) -> Recording {
    let dir = tempfile::tempdir().unwrap();
    let fixes = dir.path().join("fixes.csv");
    std::fs::write(&fixes, text).unwrap();
    Recording { dir, fixes }
}

fn simulator(recording: &Recording, port: u16, options: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_simulator"));
    command.args(["replay", "--json", "--drain", "0", "--broker", &format!("127.0.0.1:{port}")]);
    command.arg("--fixes").arg(&recording.fixes).args(options).env_remove("STILE_SECRET");
    command
}

/// Runs it and gives its exit code, its report, and what it said besides.
fn check(recording: &Recording, port: u16, options: &[&str]) -> (i32, Value, String) {
    told(&simulator(recording, port, options).output().unwrap())
}

fn told(output: &Output) -> (i32, Value, String) {
    let report = serde_json::from_slice(&output.stdout).unwrap_or(Value::Null);
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    (output.status.code().expect("it ends by itself"), report, said)
}

/// Acknowledges consent as an engine does.
fn engine(received: &Received) -> Vec<(String, Vec<u8>)> {
    if !received.topic.ends_with("/consent") {
        return Vec::new();
    }
    let event: Value = serde_json::from_slice(&received.payload).unwrap();
    let ack = serde_json::json!({
        "v": 1, "event_id": event["event_id"], "merchant": event["merchant"], "purpose": event["purpose"],
        "state": "granted", "effect": "applied", "epoch": 0,
    });
    vec![(format!("{}/ack", received.topic), ack.to_string().into_bytes())]
}

fn willing() -> Manner {
    Manner { reply: engine, ..Manner::default() }
}

fn lines(received: &Received) -> Vec<Value> {
    let records = received.payload.split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
    records.map(|line| serde_json::from_slice(line).unwrap()).collect()
}

#[test]
fn consent_comes_before_the_first_fix_and_fixes_keep_their_order() {
    let broker = Broker::start(willing());
    let options = ["--merchant", "coffee", "--merchant", "books", "--batch", "100"];
    let (code, report, said) = check(&recording(250), broker.port, &options);
    assert_eq!(code, 0, "{said}");
    let received = broker.received();
    let (consents, fixes) = received.split_at(3 * 2 * 3);
    assert!(consents.iter().all(|message| message.topic.ends_with("/consent")));
    assert!(fixes.iter().all(|message| message.topic == "stile/v1/batch"));
    let sizes: Vec<_> = fixes.iter().map(|message| lines(message).len()).collect();
    assert_eq!(sizes, [100, 100, 50]);
    let times: Vec<_> = fixes.iter().flat_map(lines).map(|record| record["ts"].as_u64().unwrap()).collect();
    assert!(times.iter().copied().eq((0..250).map(|i| FIRST_MS + i * 1_000)));
    assert_eq!(report["fixes"]["sent"], 250);
    assert_eq!(report["fixes"]["acknowledged"], 250);
    assert_eq!(report["fixes"]["messages"], 3);
    assert_eq!(report["consents"]["by_effect"]["applied"], 18);
    assert_eq!(report["ended"]["how"], "complete");
}

#[test]
fn a_batch_begins_each_record_with_its_customer() {
    let broker = Broker::start(willing());
    check(&recording(3), broker.port, &["--grant", "none"]);
    let received = broker.received();
    let text = String::from_utf8(received[0].payload.clone()).unwrap();
    for (i, line) in text.lines().enumerate() {
        assert!(line.starts_with(&format!("{{\"customer\":\"c{i}\",\"device\":\"phone\",")), "{line}");
    }
}

#[test]
fn one_by_one_each_fix_goes_to_its_own_topic() {
    let broker = Broker::start(willing());
    let (code, report, _) = check(&recording(4), broker.port, &["--grant", "none", "--batch", "1"]);
    assert_eq!((code, report["fixes"]["acknowledged"].as_u64()), (0, Some(4)));
    let topics: Vec<_> = broker.received().into_iter().map(|message| message.topic).collect();
    let expected: Vec<_> = [0, 1, 2, 0].map(|i| format!("stile/v1/c{i}/phone/fix")).into();
    assert_eq!(topics, expected);
}

#[test]
fn a_limit_ends_the_recording_early() {
    let broker = Broker::start(willing());
    let (code, report, _) = check(&recording(50), broker.port, &["--merchant", "m", "--limit", "2"]);
    assert_eq!((code, report["fixes"]["sent"].as_u64()), (0, Some(2)));
    assert_eq!(report["consents"]["sent"], 6, "only those who are in the part that is played");
}

#[test]
fn without_quality_of_service_nothing_is_acknowledged_and_nothing_missed() {
    let broker = Broker::start(willing());
    let (code, report, _) =
        check(&recording(30), broker.port, &["--merchant", "m", "--qos", "0", "--batch", "1"]);
    assert_eq!(code, 0);
    assert!(report["fixes"]["acknowledged"].is_null());
    let received = broker.received();
    assert_eq!(received.iter().filter(|message| message.qos == QoS::AtMostOnce).count(), 30);
    let consents = received.iter().filter(|message| message.topic.ends_with("/consent"));
    assert!(consents.clone().count() == 9 && consents.clone().all(|message| message.qos == QoS::AtLeastOnce));
}

#[test]
fn events_of_a_file_come_when_the_fixes_reach_their_time() {
    let recording = recording(10);
    let event = |id: &str, kind: &str, after_ms: u64| {
        serde_json::json!({
            "customer": "c0", "received_at": FIRST_MS + after_ms, "v": 1, "event_id": id, "merchant": "m",
            "purpose": "location", "kind": kind, "actor": "self", "method": "toggle",
            "notice": {"id": "n", "version": 1, "lang": "en", "sha256": "0".repeat(64), "shown_at": FIRST_MS},
        })
    };
    let file = recording.dir.path().join("consent.jsonl");
    let events = [event("a", "grant", 0), event("b", "withdraw", 4_500), event("c", "grant", 60_000)];
    std::fs::write(&file, events.map(|event| format!("{event}\n")).concat()).unwrap();
    let broker = Broker::start(willing());
    let (code, _, said) = check(&recording, broker.port, &["--grant", file.to_str().unwrap()]);
    assert_eq!(code, 0, "{said}");
    let story: Vec<_> = broker
        .received()
        .iter()
        .map(|message| match message.topic.as_str() {
            "stile/v1/batch" => format!("{} fixes", lines(message).len()),
            _ => lines(message)[0]["kind"].as_str().unwrap().to_owned(),
        })
        .collect();
    assert_eq!(story, ["grant", "5 fixes", "withdraw", "5 fixes", "grant"]);
}

#[test]
fn offers_are_counted_by_merchant_and_offer_and_repeats_apart() {
    let reply = |received: &Received| {
        if received.topic != "stile/v1/batch" {
            return engine(received);
        }
        let offer = |id: u8, name: &str| {
            let payload = serde_json::json!({
                "v": 1, "offer_id": format!("{id:032x}"), "offer": name, "merchant": "m", "fence": "f",
                "store": "Corner Books", "title": "t", "body": "b", "why": "w",
                "issued_at": "2015-03-07T06:00:22Z", "expires_at": "2015-03-07T06:30:22Z",
            });
            ("stile/v1/c0/phone/offer".to_owned(), payload.to_string().into_bytes())
        };
        vec![offer(1, "coffee"), offer(2, "coffee"), offer(2, "coffee"), offer(3, "tea")]
    };
    let broker = Broker::start(Manner { reply, ..Manner::default() });
    let (code, report, said) = check(&recording(3), broker.port, &["--merchant", "m"]);
    assert_eq!(code, 0, "{said}");
    let offers = &report["offers"];
    assert_eq!((offers["received"].as_u64(), offers["repeated"].as_u64()), (Some(4), Some(1)), "{offers}");
    assert_eq!(offers["unreadable"], 0);
    let by_offer = serde_json::json!([
        {"merchant": "m", "offer": "coffee", "received": 2},
        {"merchant": "m", "offer": "tea", "received": 1},
    ]);
    assert_eq!(offers["by_offer"], by_offer);
}

#[test]
fn nobody_at_home_is_unreachable() {
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let (code, _, said) = check(&recording(1), free, &["--grant", "none"]);
    assert_eq!(code, 4);
    assert!(said.contains(&format!("cannot reach 127.0.0.1:{free}")), "{said}");
}

#[test]
fn o07_a_refused_secret_is_unreachable_and_never_shown() {
    let recording = recording(1);
    let secret = recording.dir.path().join("secret");
    std::fs::write(&secret, "hunter2\n").unwrap();
    let manner = Manner { greeting: ConnectReturnCode::BadUserNamePassword, ..Manner::default() };
    let broker = Broker::start(manner);
    let options = ["--grant", "none", "--user", "backend", "--secret-file", secret.to_str().unwrap()];
    let (code, _, said) = check(&recording, broker.port, &options);
    assert_eq!(code, 4);
    assert!(said.contains("refuses the connection") && !said.contains("hunter2"), "{said}");
    assert_eq!(broker.login(), Some(Login::new("backend", "hunter2")));
}

#[test]
fn a_subscription_that_is_refused_ends_the_run_before_it_begins() {
    let manner = Manner { subscription: SubscribeReasonCode::NotAuthorized, ..Manner::default() };
    let broker = Broker::start(manner);
    let (code, _, said) = check(&recording(1), broker.port, &["--grant", "none"]);
    assert_eq!(code, 4);
    assert!(said.contains("backend identity") && broker.received().is_empty(), "{said}");
}

#[test]
fn o02_a_broker_elsewhere_is_refused_before_anything_is_looked_up() {
    let mut command = Command::new(env!("CARGO_BIN_EXE_simulator"));
    command.args(["replay", "--grant", "none", "--broker", "broker.example:1883", "--fixes", "absent.csv"]);
    let (code, _, said) = told(&command.output().unwrap());
    assert_eq!(code, 2);
    assert!(said.contains("broker.example:1883") && said.contains("--i-own-this-broker"), "{said}");
}

#[test]
fn what_is_missing_is_named() {
    let absent = Recording { fixes: "absent.csv".into(), dir: tempfile::tempdir().unwrap() };
    let (code, _, said) = check(&absent, 1, &["--grant", "none"]);
    assert!(code == 2 && said.contains("absent.csv"), "{said}");
    let (code, _, said) = check(&recording(1), 1, &[]);
    assert!(code == 2 && said.contains("--merchant"), "{said}");
    let (code, _, said) = check(&recording(1), 1, &["--grant", "none", "--user", "backend"]);
    assert!(code == 2 && said.contains("STILE_SECRET"), "{said}");
    let (code, _, said) = check(&recorded("customer,ts_unix_ms,lat,lon\n"), 1, &["--grant", "none"]);
    assert!(code == 2 && said.contains("no fix"), "{said}");
    let (code, _, _) = check(&recording(1), 1, &["--batch", "0"]);
    assert_eq!(code, 2);
}

#[test]
fn a_broker_that_never_answers_fills_the_window_and_no_more() {
    let answer = |topic: &str| topic.ends_with("/consent").then_some(PubAckReason::Success);
    let broker = Broker::start(Manner { answer, ..willing() });
    let options = ["--grant", "none", "--batch", "1", "--patience", "1"];
    let (code, report, _) = check(&recording(500), broker.port, &options);
    assert_eq!(code, 3);
    assert_eq!(report["fixes"]["acknowledged"], 0);
    assert_eq!(broker.received().len() as u64, report["fixes"]["sent"].as_u64().unwrap());
    assert!(broker.received().iter().all(|message| message.n_unanswered < 64));

    let broker = Broker::start(Manner { answer, ..willing() });
    let narrow = ["--grant", "none", "--batch", "1", "--patience", "1", "--window", "3"];
    check(&recording(500), broker.port, &narrow);
    assert_eq!(broker.received().len(), 3);
}

#[test]
fn consent_that_nobody_acknowledges_stops_the_run_before_the_first_fix() {
    let broker = Broker::start(Manner::default());
    let (code, report, _) = check(&recording(5), broker.port, &["--merchant", "m", "--patience", "1"]);
    assert_eq!(code, 3);
    assert!(report["ended"]["why"].as_str().unwrap().contains("stile serve"), "{report}");
    assert_eq!(
        (report["fixes"]["sent"].as_u64(), report["consents"]["waiting"].as_u64()),
        (Some(0), Some(9))
    );
}

#[test]
fn a_broker_that_hangs_up_leaves_a_report() {
    let broker = Broker::start(Manner { n_messages_max: 20, ..willing() });
    let (code, report, _) = check(&recording(500), broker.port, &["--grant", "none", "--batch", "1"]);
    assert_eq!(code, 3);
    assert!(report["ended"]["why"].as_str().unwrap().contains("connection was lost"), "{report}");
    assert!(20 <= report["fixes"]["sent"].as_u64().unwrap());
}

#[test]
fn a_puback_that_says_no_is_no_acknowledgement() {
    let answer = |topic: &str| {
        Some(if topic.ends_with("/batch") { PubAckReason::NotAuthorized } else { PubAckReason::Success })
    };
    let broker = Broker::start(Manner { answer, ..willing() });
    let (code, report, _) = check(&recording(5), broker.port, &["--merchant", "m"]);
    assert_eq!(code, 3);
    let fixes = &report["fixes"];
    assert_eq!((fixes["acknowledged"].as_u64(), fixes["refused"].as_u64()), (Some(0), Some(5)));
    assert_eq!(report["refusals"]["NotAuthorized"], 1);
}

#[test]
fn a_rate_is_kept() {
    let broker = Broker::start(willing());
    let options = ["--grant", "none", "--batch", "10", "--rate", "200"];
    let (code, report, _) = check(&recording(100), broker.port, &options);
    assert_eq!(code, 0);
    let seconds = report["seconds"].as_f64().unwrap();
    assert!((0.45..5.0).contains(&seconds), "{seconds}");
}

#[test]
fn a_speed_sends_each_fix_when_it_is_due_and_tells_how_well_it_kept_to_that() {
    let broker = Broker::start(willing());
    let options = ["--grant", "none", "--batch", "1", "--speed", "10"];
    let (code, report, said) = check(&recording(20), broker.port, &options);
    assert_eq!(code, 0, "{said}");
    let seconds = report["seconds"].as_f64().unwrap();
    assert!((1.85..10.0).contains(&seconds), "19 s at ten times the speed take {seconds}");
    let schedule = &report["schedule"];
    assert_eq!(schedule["messages"], 20, "{schedule}");
    let late = schedule["late"].as_u64().unwrap();
    assert!(late < 20 && schedule["late_share"].as_f64() == Some(late as f64 / 20.0), "{schedule}");
    let (_, as_fast_as_can_be, _) = check(&recording(3), broker.port, &["--grant", "none"]);
    assert!(as_fast_as_can_be["schedule"].is_null());
}

#[test]
fn fixes_that_are_due_apart_do_not_travel_together() {
    let broker = Broker::start(willing());
    let (code, report, _) = check(&recording(20), broker.port, &["--grant", "none", "--speed", "20"]);
    assert_eq!((code, report["fixes"]["sent"].as_u64()), (0, Some(20)));
    // A tenth of a second is two seconds of the recording, and both its ends belong to it.
    let sizes: Vec<_> = broker.received().iter().map(|message| lines(message).len()).collect();
    assert_eq!(sizes, [3, 3, 3, 3, 3, 3, 2]);
}

#[test]
fn a_broker_that_lets_us_wait_makes_messages_late_and_not_the_schedule_slower() {
    let answer = |_: &str| {
        std::thread::sleep(Duration::from_millis(300));
        Some(PubAckReason::Success)
    };
    let broker = Broker::start(Manner { answer, ..willing() });
    let options = ["--grant", "none", "--batch", "1", "--speed", "10", "--window", "1"];
    let (code, report, said) = check(&recording(10), broker.port, &options);
    assert_eq!(code, 0, "{said}");
    let schedule = &report["schedule"];
    // The tenth is due after 0.9 s, and leaves when nine answers have come.
    assert!(5 <= schedule["late"].as_u64().unwrap(), "{schedule}");
    assert!(1_500 <= schedule["behind_ms_max"].as_u64().unwrap(), "{schedule}");
}

#[test]
fn a_shift_to_now_makes_the_first_fix_one_of_this_moment_and_keeps_the_rest_apart() {
    let broker = Broker::start(willing());
    let now_ms =
        || std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_millis() as u64;
    let before = now_ms();
    let options = ["--grant", "none", "--shift", "now", "--speed", "1", "--limit", "3"];
    let (code, _, said) = check(&recording(9), broker.port, &options);
    assert_eq!(code, 0, "{said}");
    assert!(said.contains("--clock wall"), "{said}");
    let times: Vec<_> =
        broker.received().iter().flat_map(lines).map(|record| record["ts"].as_u64().unwrap()).collect();
    assert!((before..=now_ms()).contains(&times[0]), "{times:?}");
    assert_eq!([times[1] - times[0], times[2] - times[0]], [1_000, 2_000]);
}

#[test]
fn copies_have_names_and_consents_of_their_own_and_set_out_one_after_the_other() {
    let broker = Broker::start(willing());
    let options = ["--merchant", "m", "--copies", "3", "--offset", "500 ms", "--batch", "1000"];
    let (code, report, said) = check(&recording(6), broker.port, &options);
    assert_eq!(code, 0, "{said}");
    assert!(said.starts_with("18 fixes, "), "{said}");
    assert_eq!((report["fixes"]["sent"].as_u64(), report["consents"]["sent"].as_u64()), (Some(18), Some(27)));
    let received = broker.received();
    let records: Vec<_> =
        received.iter().filter(|message| message.topic.ends_with("batch")).flat_map(lines).collect();
    let times: Vec<_> = records.iter().map(|record| record["ts"].as_u64().unwrap() - FIRST_MS).collect();
    assert!(times.is_sorted() && times.last() == Some(&6_000), "{times:?}");
    let of = |name: &str| {
        let of = records.iter().filter(|record| record["customer"] == name);
        of.map(|record| record["ts"].as_u64().unwrap() - FIRST_MS).collect::<Vec<_>>()
    };
    assert_eq!([of("c0"), of("c0-copy1"), of("c0-copy2")], [[0, 3_000], [500, 3_500], [1_000, 4_000]]);
    let agreed = received.iter().filter(|message| message.topic == "stile/v1/c2-copy2/consent");
    assert_eq!(agreed.count(), 3);
}

#[test]
fn events_of_a_file_move_with_the_recording() {
    let recording = recording(4);
    let event = |id: &str, after_ms: u64| {
        serde_json::json!({
            "customer": "c0", "received_at": FIRST_MS + after_ms, "v": 1, "event_id": id, "merchant": "m",
            "purpose": "location", "kind": "grant", "actor": "self", "method": "toggle",
            "notice": {"id": "n", "version": 1, "lang": "en", "sha256": "0".repeat(64), "shown_at": FIRST_MS},
            "evidence_ts": FIRST_MS + 1, "until": FIRST_MS + 2,
        })
    };
    let file = recording.dir.path().join("consent.jsonl");
    std::fs::write(&file, format!("{}\n{}\n", event("a", 0), event("b", 1_500))).unwrap();
    let broker = Broker::start(willing());
    let options = ["--grant", file.to_str().unwrap(), "--shift", "1 h"];
    let (code, _, said) = check(&recording, broker.port, &options);
    assert_eq!(code, 0, "{said}");
    let received = broker.received();
    let is_batch: Vec<_> = received.iter().map(|message| message.topic.ends_with("batch")).collect();
    assert_eq!(is_batch, [false, true, false, true], "each before the fix that it came before");
    let moved = &lines(&received[2])[0];
    let hour = FIRST_MS + 3_600_000;
    let times = [&moved["notice"]["shown_at"], &moved["evidence_ts"], &moved["until"]];
    assert_eq!(times.map(|at| at.as_u64().unwrap()), [hour, hour + 1, hour + 2], "{moved}");
    assert_eq!(lines(&received[1])[0]["ts"], hour);
}

#[test]
fn what_does_not_go_together_is_refused_before_anything_is_sent() {
    let backwards = recorded("customer,ts_unix_ms,lat,lon\nc,1425708022000,1,2\nc,1425701022000,1,2\n");
    let nobody = 1;
    let check_refused = |recording: &Recording, options: &[&str], words: &[&str]| {
        let options = [&["--grant", "none"], options].concat();
        let (code, _, said) = check(recording, nobody, &options);
        assert_eq!(code, 2, "{options:?}: {said}");
        for word in words {
            assert!(said.contains(word), "{word:?} is not said of {options:?}: {said}");
        }
    };
    let fine = recording(2);
    check_refused(&fine, &["--rate", "10", "--speed", "10"], &["--rate", "--speed"]);
    check_refused(&fine, &["--shift", "now"], &["--speed 1", "future"]);
    check_refused(&fine, &["--shift", "now", "--speed", "60"], &["--speed 1"]);
    check_refused(&fine, &["--offset", "7 min"], &["--copies"]);
    check_refused(&fine, &["--copies", "2", "--offset", "-1 s"], &["nought"]);
    check_refused(&fine, &["--copies", "0"], &["1..=500"]);
    check_refused(&fine, &["--speed", "1001"], &["1 to 1000"]);
    check_refused(&fine, &["--shift", "tomorrow"], &["`now`"]);
    check_refused(&backwards, &["--speed", "10"], &["steps back", "7000 s", "sort it"]);
    let (code, _, said) = check(&fine, nobody, &["--grant", "events.jsonl", "--copies", "2"]);
    assert!(code == 2 && said.contains("--copies"), "{said}");
}

#[test]
fn ctrl_c_ends_with_the_report() {
    let broker = Broker::start(willing());
    let recording = recording(1_000);
    let mut command =
        simulator(&recording, broker.port, &["--grant", "none", "--batch", "1", "--rate", "20"]);
    let running = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    for _ in 0..500 {
        if 5 <= broker.received().len() {
            break;
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    let interrupted = Command::new("kill").args(["-INT", &running.id().to_string()]).status().unwrap();
    assert!(interrupted.success());
    let (code, report, said) = told(&running.wait_with_output().unwrap());
    assert_eq!(code, 0, "{said}");
    assert_eq!(report["ended"]["how"], "interrupted");
    let fixes = &report["fixes"];
    assert_eq!(fixes["sent"], fixes["acknowledged"]);
    assert_eq!(fixes["sent"].as_u64().unwrap(), broker.received().len() as u64);
}

#[test]
fn times_tells_when_a_servers_clock_should_start() {
    let recording = recording(4);
    let mut command = Command::new(env!("CARGO_BIN_EXE_simulator"));
    command.args(["times", "--json", "--fixes"]).arg(&recording.fixes);
    let (code, times, said) = told(&command.output().unwrap());
    assert_eq!(code, 0, "{said}");
    assert_eq!(
        (times["fixes"].as_u64(), times["customers"].as_u64(), times["devices"].as_u64()),
        (Some(4), Some(3), Some(3))
    );
    assert_eq!(times["first"], "2015-03-07T06:00:22Z");
    assert_eq!(times["last"], "2015-03-07T06:00:25Z");
    assert_eq!((times["seconds"].as_f64(), times["back_seconds"].as_f64()), (Some(3.0), Some(0.0)));
    assert_eq!(times["clock_start"], "2015-03-05T06:00:22Z");
}
