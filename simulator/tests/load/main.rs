//! Mode load against the real server in this process, and against one that does things wrong.

mod bars;
mod proxy;
mod stage;

use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use self::proxy::Wrong;
use self::stage::{Stage, check, n, told, town};

/// Everything right, and so much of it.
fn is_right(report: &serde_json::Value) {
    let wrong = ["duplicate", "missing", "late", "leaked", "wrong_customer", "unexpected"];
    assert!(wrong.iter().all(|verdict| n(report, verdict) == 0), "{report:#}");
    assert!(20 < n(report, "correct"), "{report:#}");
    assert_eq!(report["violations"]["n"], 0, "{report:#}");
}

/// Whether a server's records are all that was sent: a message counts once where it is refused
/// unread, and else as many times as it holds fixes.
fn is_all(report: &serde_json::Value, n_records: u64) -> bool {
    let sent = |what: &str| report["generator"][what].as_u64().unwrap();
    let n_consents = report["latencies"]["consent_ack"]["n"].as_u64().unwrap();
    (sent("sent") - n_consents..=sent("fixes")).contains(&n_records)
}

fn figure(report: &serde_json::Value, name: &str) -> f64 {
    let all = report["figures"].as_array().unwrap();
    all.iter().find(|figure| figure["name"] == name).unwrap()["value"].as_f64().unwrap()
}

#[test]
fn every_offer_of_a_quiet_run_is_right_and_the_server_counts_the_same() {
    let stage = Stage::set();
    let (code, report, said) = check(stage.port, &[]);
    assert!(code == 0 || report["verdict"]["invalid"] != serde_json::json!([]), "{said}");
    is_right(&report);
    let tally = stage.close();
    let judged = &report["judged"];
    assert!(is_all(&report, tally.n_records), "{report:#}");
    assert_eq!(judged["counts"]["transitions"].as_u64().unwrap(), tally.transitions.total());
    assert_eq!(n(&report, "correct"), tally.n_decided);
    let n_refused: u64 = tally.refused.total();
    let outcomes = judged["outcomes"].as_object().unwrap();
    let refused = ["unknown_customer", "withdrawn", "paused", "not_granted"];
    let told: u64 = refused.iter().filter_map(|word| outcomes.get(*word)?.as_u64()).sum();
    assert_eq!(told, n_refused, "{judged}");
}

#[test]
fn no_fault_brings_a_wrong_offer() {
    let runs: [&[&str]; 5] = [
        &["--qos", "1", "--reconnect-storm", "20", "--window", "50"],
        &["--qos", "mixed", "--reconnect-storm", "20", "--threads", "2"],
        &["--batch", "20", "--opt-out-race", "300", "--flash-crowd", "300"],
        &["--qos", "1", "--batch", "7", "--hostile", "50"],
        &["--faults", "crowd,race,slow,hostile"],
    ];
    for options in runs {
        let stage = Stage::set();
        let (_, report, said) = check(stage.port, options);
        assert!(report.is_object(), "{options:?}: {said}");
        is_right(&report);
        let has = |option: &str| options.contains(&option);
        assert!(!has("--hostile") || 0.0 < figure(&report, "hostile"));
        assert_eq!(figure(&report, "unjudged"), 0.0, "{options:?}: {report:#}");
        assert!(!has("--opt-out-race") || 100 < report["judged"]["counts"]["withdrawals"].as_u64().unwrap());
        assert!(stage.close().is_balanced());
    }
}

#[test]
fn offers_are_exchanged_under_load() {
    let stage = Stage::set();
    let (asked, done) = (stage.dir.path().join("asked"), stage.dir.path().join("done"));
    let offers = stage.dir.path().join("offers.toml");
    let before = std::fs::read_to_string(&offers).unwrap();
    let command =
        format!("touch {}; while [ ! -e {} ]; do sleep 0.01; done", asked.display(), done.display());
    let options = ["--swap-offers", offers.to_str().unwrap(), "--reload-with", &command];
    let running = town(stage.port, &options).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let patience = Instant::now() + Duration::from_secs(60);
    while !asked.exists() && Instant::now() < patience {
        std::thread::sleep(Duration::from_millis(10));
    }
    stage.reload();
    std::fs::write(&done, "").unwrap();
    let (_, report, said) = told(&running.wait_with_output().unwrap());
    assert!(report.is_object(), "{said}");
    is_right(&report);
    assert_eq!(std::fs::read_to_string(&offers).unwrap(), before, "the next run finds what was laid");
}

#[test]
fn an_exchange_of_offers_that_did_not_happen_is_told() {
    let stage = Stage::set();
    let offers = stage.dir.path().join("offers.toml");
    let with = |command| ["--for", "3s", "--swap-offers", offers.to_str().unwrap(), "--reload-with", command];
    let (code, report, said) = check(stage.port, &with("true"));
    assert_eq!(code, 1, "told to reload, it goes on with the old names: {said}");
    assert!(0 < n(&report, "unexpected") && 0 < n(&report, "correct"), "{report:#}");
    let (code, report, said) = check(stage.port, &with("echo no such server >&2; exit 4"));
    assert_eq!(code, 3, "{said}");
    let reasons = report["verdict"]["invalid"].to_string();
    assert!(reasons.contains("offers were not exchanged") && reasons.contains("no such server"), "{reasons}");
    let (code, _, said) = check(stage.port, &["--faults", "all"]);
    assert!(code == 2 && said.contains("--reload-with"), "{said}");
}

#[test]
fn people_walk_around_the_fences_of_a_file() {
    let stage = Stage::set();
    // What was laid around a file is a file of fences itself, and the offers for it are the same.
    let fences = stage.dir.path().join("fences.geojson");
    let around = stage.dir.path().join("around");
    let mut lay = Command::new(env!("CARGO_BIN_EXE_simulator"));
    lay.args(["lay", "--around", fences.to_str().unwrap(), "--out", around.to_str().unwrap()]);
    assert!(lay.status().unwrap().success());
    for name in ["fences.geojson", "offers.toml"] {
        std::fs::copy(around.join(name), stage.dir.path().join(name)).unwrap();
    }
    stage.reload();
    let mut town =
        stage::town_of(stage.port, &[], &["--flash-crowd", "300", "--around", fences.to_str().unwrap()]);
    let (_, report, said) = told(&town.output().unwrap());
    assert!(report.is_object(), "{said}");
    is_right(&report);
}

/// What a server that does one thing wrong is told.
fn accused(wrong: Wrong, options: &[&str]) -> serde_json::Value {
    let stage = Stage::set();
    let (code, report, said) = check(proxy::start(stage.port, wrong), options);
    assert_eq!(code, 1, "{wrong:?}: {said}");
    stage.close();
    report
}

fn first(report: &serde_json::Value, name: &str) -> serde_json::Value {
    let all = report["violations"]["first"].as_array().unwrap();
    all.iter().find(|violation| violation["name"] == name).unwrap_or_else(|| panic!("no {name}")).clone()
}

#[test]
fn a_judge_finds_an_offer_that_never_comes_and_says_how_to_see_it_again() {
    let report = accused(Wrong::Dropped, &[]);
    assert!(0 < n(&report, "missing") && 0 < n(&report, "correct"), "{report:#}");
    assert_eq!(n(&report, "unexpected") + n(&report, "duplicate") + n(&report, "leaked"), 0);
    let violation = first(&report, "missing");
    let customer = violation["customer"].as_str().unwrap();
    assert!(violation["replay"].as_str().unwrap().ends_with(&format!("--only {customer}")), "{violation}");
    assert!(violation["sentence"].as_str().unwrap().contains("never came"), "{violation}");
}

#[test]
fn a_judge_finds_an_offer_that_comes_twice() {
    let report = accused(Wrong::Doubled, &[]);
    assert!(0 < n(&report, "duplicate"), "{report:#}");
    assert_eq!(n(&report, "missing") + n(&report, "unexpected"), 0, "{report:#}");
    first(&report, "duplicate");
}

#[test]
fn a_judge_finds_an_offer_of_somebody_else() {
    let report = accused(Wrong::Readdressed, &[]);
    assert!(0 < n(&report, "wrong_customer"), "{report:#}");
    assert_eq!(n(&report, "missing"), 0, "what somebody else got is not missing besides: {report:#}");
    first(&report, "wrong_customer");
}

#[test]
fn a_judge_finds_an_offer_behind_the_answer_to_a_withdrawal() {
    let report = accused(Wrong::Held, &["--opt-out-race", "400"]);
    assert!(0 < n(&report, "leaked"), "{report:#}");
    let violation = first(&report, "leaked");
    assert!(violation["sentence"].as_str().unwrap().contains("behind the acknowledgement"), "{violation}");
}

#[test]
fn one_customer_alone_lives_through_the_same_run() {
    let stage = Stage::set();
    let (_, all, _) = check(stage.port, &["--for", "3s"]);
    let alone = Stage::set();
    let (code, one, said) = check(alone.port, &["--for", "3s", "--only", "c000007"]);
    assert_eq!(code, 0, "{said}");
    let tally = alone.close();
    assert!(is_all(&one, tally.n_records), "{one:#}");
    assert!(tally.n_records < 20 && all["generator"]["fixes"].as_u64().unwrap() > 100 * tally.n_records);
    let (code, _, said) = check(1, &["--only", "nobody"]);
    assert!(code == 2 && said.contains("nobody in this town is called nobody"), "{said}");
}

#[test]
fn a_server_that_has_met_these_people_is_told_to_forget_them_first() {
    let stage = Stage::set();
    let (_, first, _) = check(stage.port, &["--for", "3s"]);
    let (_, again, _) = check(stage.port, &["--for", "3s"]);
    assert_eq!(
        (&first["run"]["plan"]["met_before"], &again["run"]["plan"]["met_before"]),
        (&false.into(), &true.into())
    );
    is_right(&first);
    is_right(&again);
}

#[test]
fn a_run_that_judged_too_little_is_invalid_and_a_shut_gate_fails_a_valid_one() {
    let stage = Stage::set();
    let little = ["--for", "2s", "--transitions-min", "1000000"];
    let (code, report, _) = check(stage.port, &little);
    assert_eq!(code, 3);
    let reasons = report["verdict"]["invalid"].to_string();
    assert!(reasons.contains("1,000,000"), "{reasons}");
    let (code, report, _) = check(stage.port, &["--for", "2s", "--assert", "correct>=1000000"]);
    let gate = &report["verdict"]["gates"][0];
    assert_eq!(gate["passed"], false, "{report:#}");
    assert!(code == 1 || report["verdict"]["invalid"] != serde_json::json!([]), "{report:#}");
}

#[test]
fn ctrl_c_ends_with_the_report() {
    let stage = Stage::set();
    let mut command = town(stage.port, &["--for", "10min"]);
    let running = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    std::thread::sleep(Duration::from_secs(6));
    let interrupted = Command::new("kill").args(["-INT", &running.id().to_string()]).status().unwrap();
    assert!(interrupted.success());
    let (_, report, said) = told(&running.wait_with_output().unwrap());
    assert_eq!(report["run"]["ended"]["how"], "interrupted", "{said}");
    assert!(is_all(&report, stage.close().n_records), "{report:#}");
    assert_eq!(n(&report, "missing"), 0);
}

#[test]
fn o02_nobody_elses_server_is_loaded_and_nobody_at_home_is_unreachable() {
    let mut elsewhere = Command::new(env!("CARGO_BIN_EXE_simulator"));
    elsewhere.args(["town", "--broker", "broker.example:1883"]);
    let (code, _, said) = told(&elsewhere.output().unwrap());
    assert!(code == 2 && said.contains("--i-own-this-broker"), "{said}");
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let (code, _, said) = check(free, &[]);
    assert!(code == 4 && said.contains(&format!("cannot reach 127.0.0.1:{free}")), "{said}");
}

#[test]
fn what_the_generator_offers_arrives() {
    let mut command = Command::new(env!("CARGO_BIN_EXE_simulator"));
    let output =
        command.args(["rate", "--json", "--messages", "20000", "--customers", "100"]).output().unwrap();
    let rows: Vec<serde_json::Value> = String::from_utf8(output.stdout)
        .unwrap()
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let n_messages: Vec<_> = rows.iter().map(|row| row["n_messages"].as_u64().unwrap()).collect();
    assert_eq!(n_messages, [20_000, 20_000], "of each quality of service; the sink has counted them");
}
