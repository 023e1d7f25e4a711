//! The privacy officer's day: sections C, D and V of `faults.md` at the desk, on a running server and without one.

use std::fs;
use std::io::Write as _;
use std::path::Path;

use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::{Value, json};
use server::mqtt::Version;

use crate::client::connect;
use crate::premises::{MERCHANT, Premises};
use crate::server::{Ran, Server, run, run_on};
use crate::with_clients;
use crate::words::{grants, now_ms, stay};

/// The text that the old system showed.
const TEXT: &str = "May we look when you are near our shops?\n";

/// Runs a story with a server that holds the data, and again on the directory that it left.
pub(crate) fn on_both(story: impl Fn(&Premises)) {
    let served = Premises::new(&[]);
    let server = Server::start(&served, &[]);
    story(&served);
    server.stop();
    let left = Premises::new(&[]);
    Server::start(&left, &[]).stop();
    story(&left);
}

/// Runs a command on the data and expects it to end well.
pub(crate) fn well(premises: &Premises, args: &[&str]) -> String {
    let ran = ran(premises, args);
    assert_eq!(ran.code, Some(0), "{args:?}: {}{}", ran.out, ran.err);
    ran.out
}

pub(crate) fn ran(premises: &Premises, args: &[&str]) -> Ran {
    run(&[args, &["--data", premises.data().to_str().unwrap()]].concat())
}

pub(crate) fn register(premises: &Premises) -> String {
    let text = premises.write("notice.txt", TEXT);
    let said = well(
        premises,
        &[
            "consent",
            "notices",
            "register",
            "--id",
            "app",
            "--version",
            "3",
            "--lang",
            "en",
            "--text",
            text.to_str().unwrap(),
            "--system",
            "old CRM",
            "--attested-by",
            "J. Doe",
        ],
    );
    let sha256 = said.trim().rsplit(' ').next().unwrap().to_owned();
    assert_eq!(sha256.len(), 64, "{said}");
    sha256
}

/// A line of an old system.
pub(crate) fn line(customer: &str, purpose: &str, kind: &str, sha256: &str, days_ago: i64) -> String {
    let at = now_ms() - days_ago * 86_400_000;
    json!({
        "customer": customer, "received_at": at, "v": 1,
        "event_id": format!("old-{customer}-{purpose}-{kind}-{days_ago}").replace('.', "-"),
        "merchant": MERCHANT, "purpose": purpose, "kind": kind, "actor": "self", "method": "checkbox",
        "notice": {"id": "app", "version": 3, "lang": "en", "sha256": sha256, "shown_at": at},
        "evidence_ts": at,
    })
    .to_string()
}

pub(crate) fn state_of(shown: &Value, purpose: &str) -> String {
    let rows = shown["consents"].as_array().unwrap();
    let row = rows.iter().find(|row| row["purpose"] == purpose);
    row.map_or("unknown", |row| row["state"].as_str().unwrap()).to_owned()
}

pub(crate) fn shown(premises: &Premises, customer: &str) -> Value {
    run_on(&premises.data(), &["consent", "show", customer, "--history"])
}

#[test]
fn who_agreed_to_what_and_when_on_which_text() {
    on_both(|premises| {
        let sha256 = register(premises);
        let file = premises.write("old.jsonl", &(line("ada", "location", "grant", &sha256, 30) + "\n"));
        well(premises, &["consent", "import", file.to_str().unwrap()]);
        let told = shown(premises, "ada");
        assert_eq!(state_of(&told, "location"), "granted", "{told}");
        assert!(told["consents"][0]["until"].as_str().unwrap().starts_with("20"), "{told}");
        let event = &told["history"][0];
        assert_eq!(
            (&event["kind"], &event["actor"], &event["method"]),
            (&json!("grant"), &json!("self"), &json!("checkbox"))
        );
        let notice = &event["notice"];
        assert_eq!(
            (&notice["id"], &notice["version"], &notice["lang"]),
            (&json!("app"), &json!(3), &json!("en"))
        );
        assert_eq!((&notice["sha256"], &notice["registered"]), (&json!(sha256), &json!(true)));
        let words = well(premises, &["consent", "show", "ada", "--history"]);
        assert!(words.contains("app@3 in en, registered") && words.contains(&sha256), "{words}");
        assert_eq!(well(premises, &["consent", "notices", "show", "app@3"]), TEXT);
    });
}

#[test]
fn a_registered_text_is_never_overwritten() {
    on_both(|premises| {
        let sha256 = register(premises);
        assert_eq!(register(premises), sha256, "the same again is the same");
        let other = premises.write("other.txt", "We look.\n");
        let refused = ran(
            premises,
            &[
                "consent",
                "notices",
                "register",
                "--id",
                "app",
                "--version",
                "3",
                "--lang",
                "en",
                "--text",
                other.to_str().unwrap(),
                "--system",
                "new CRM",
                "--attested-by",
                "A. N. Other",
            ],
        );
        assert_eq!(refused.code, Some(78), "{}", refused.err);
        assert!(refused.err.contains("a version of its own"), "{}", refused.err);
        let listed = run_on(&premises.data(), &["consent", "notices", "list"]);
        assert_eq!(listed["notices"].as_array().unwrap().len(), 1);
        assert_eq!(listed["notices"][0]["attested_by"], "J. Doe");
    });
}

#[test]
fn staff_speak_for_a_customer_with_evidence_or_not_at_all() {
    on_both(|premises| {
        register(premises);
        let grant = ["consent", "grant", "ada", "--merchant", MERCHANT, "--purpose", "location"];
        let bare = ran(premises, &grant);
        assert_eq!(bare.code, Some(78), "{}", bare.out);
        assert!(bare.out.contains("no evidence"), "{}", bare.out);
        let shown_at = chrono::DateTime::from_timestamp_millis(now_ms() - 60_000).unwrap().to_rfc3339();
        let evidence = ["--notice", "app@3", "--shown-at", &shown_at];
        well(premises, &[&grant[..], &["offers.push"], &evidence].concat());
        let told = shown(premises, "ada");
        assert_eq!(
            (state_of(&told, "location"), state_of(&told, "offers.push")),
            ("granted".into(), "granted".into())
        );
        let event = &told["history"][0];
        assert_eq!((&event["actor"], &event["method"]), (&json!("agent"), &json!("staff")), "{event}");
        well(premises, &["customer", "pause", "ada", "--until", "2099-01-01"]);
        assert_eq!(state_of(&shown(premises, "ada"), "location"), "paused");
        well(premises, &["customer", "resume", "ada"]);
        assert_eq!(state_of(&shown(premises, "ada"), "location"), "granted");
        well(premises, &["consent", "withdraw", "ada", "--all"]);
        assert_eq!(state_of(&shown(premises, "ada"), "offers.push"), "withdrawn");
        assert!(well(premises, &["consent", "withdraw", "ada", "--all"]).contains("nothing to withdraw"));
        let unknown =
            ran(premises, &["consent", "withdraw", "ada", "--merchant", MERCHANT, "--purpose", "offers"]);
        assert_eq!(unknown.code, Some(78), "{}", unknown.err);
        assert!(unknown.err.contains("offers.push"), "it names what there is: {}", unknown.err);
    });
}

#[test]
fn a_browser_s_signal_and_a_reply_take_back_what_the_rules_say() {
    on_both(|premises| {
        let sha256 = register(premises);
        let purposes = ["location", "personalisation", "offers.sms"];
        let lines = purposes.map(|purpose| line("ada", purpose, "grant", &sha256, 30));
        let file = premises.write("old.jsonl", &(lines.join("\n") + "\n"));
        well(premises, &["consent", "import", file.to_str().unwrap()]);
        let states = || purposes.map(|purpose| state_of(&shown(premises, "ada"), purpose));
        let polite = ["consent", "reply", "ada", "--merchant", MERCHANT, "--text", "See you, quetzalcoatl"];
        assert!(well(premises, &polite).contains("takes nothing back"));
        assert_eq!(states(), ["granted"; 3]);
        let told = well(premises, &["consent", "gpc", "ada"]);
        assert!(told.contains("personalisation") && told.contains("third_party"), "{told}");
        assert_eq!(states(), ["granted", "withdrawn", "granted"]);
        let stop = ["consent", "reply", "ada", "--text", "Stop please, quetzalcoatl", "--json"];
        let told: Value = serde_json::from_str(&well(premises, &stop)).unwrap();
        assert_eq!(told["withdrawn"], json!([{"merchant": MERCHANT, "purpose": "offers.sms"}]), "{told}");
        assert_eq!(states(), ["granted", "withdrawn", "withdrawn"]);
        let history = shown(premises, "ada")["history"].to_string();
        assert!(history.contains("\"gpc\"") && history.contains("\"sms_reply\""), "{history}");
        assert!(!history.contains("quetzalcoatl"), "what somebody wrote is not kept");
    });
}

#[test]
fn v08_one_bad_line_refuses_the_file_and_every_bad_one_is_named() {
    on_both(|premises| {
        let sha256 = register(premises);
        let good = |no: usize| line(&format!("c{no}"), "location", "grant", &sha256, 9);
        let mut lines: Vec<String> = (0..2_000).map(good).collect();
        lines[700] = lines[700].replace("\"location\"", "\"lokation\"");
        lines[1_500] = "[1]".into();
        let file = premises.write("old.jsonl", &(lines.join("\n") + "\n"));
        for args in [&["consent", "import"][..], &["consent", "import", "--dry-run"]] {
            let refused = ran(premises, &[args, &[file.to_str().unwrap()]].concat());
            assert_eq!(refused.code, Some(78), "{}", refused.err);
            assert!(
                refused.err.contains("old.jsonl:701:") && refused.err.contains("old.jsonl:1501:"),
                "{}",
                refused.err
            );
            assert!(refused.err.contains("2 of 2,000 lines"), "{}", refused.err);
        }
        assert!(shown(premises, "c0")["consents"].as_array().unwrap().is_empty(), "all or nothing");
        lines.remove(1_500);
        let file = premises.write("old.jsonl", &lines.join("\r\n"));
        let told = well(premises, &["consent", "import", "--skip-unknown-purposes", file.to_str().unwrap()]);
        assert!(told.contains("1,998  granted") && told.contains("1  left out"), "{told}");
        assert_eq!(state_of(&shown(premises, "c1999"), "location"), "granted");
        assert_eq!(state_of(&shown(premises, "c700"), "location"), "unknown");
    });
}

#[test]
fn v08_a_file_of_windows_with_a_mark_packed_and_said_twice_is_read_as_it_was_meant() {
    on_both(|premises| {
        let sha256 = register(premises);
        let lines = [
            line("ada", "location", "grant", &sha256, 9),
            line("ada", "location", "grant", &sha256, 9),
            line("ben", "location", "grant", &sha256, 9),
            line("ben", "location", "withdraw", &sha256, 5),
            line("cleo", "location", "withdraw", &sha256, 5),
            line("cleo", "location", "grant", &sha256, 9),
            line("dora", "location", "withdraw", &sha256, 9),
            line("dora", "location", "grant", &sha256, 5),
            line("emil", "location", "grant", &"0".repeat(64), 9),
        ];
        let text = format!("\u{feff}{}\r\n\r\n", lines.join("\r\n"));
        let mut packed = GzEncoder::new(Vec::new(), Compression::fast());
        packed.write_all(text.as_bytes()).unwrap();
        let file = premises.path("old.jsonl.gz");
        fs::write(&file, packed.finish().unwrap()).unwrap();
        let dry = run_on(&premises.data(), &["consent", "import", "--dry-run", file.to_str().unwrap()]);
        assert!(shown(premises, "ada")["consents"].as_array().unwrap().is_empty(), "nothing was changed");
        let real = run_on(&premises.data(), &["consent", "import", file.to_str().unwrap()]);
        assert_eq!(dry["became"], real["became"], "a dry run tells what comes");
        assert_eq!(
            (&real["became"]["granted"], &real["became"]["lowered"], &real["became"]["late"]),
            (&json!(4), &json!(3), &json!(1)),
            "{real}"
        );
        assert_eq!(real["became"]["not_attested"], 1, "nobody vouches for that text: {real}");
        let names = ["ada", "ben", "cleo", "dora", "emil"];
        let states = names.map(|name| state_of(&shown(premises, name), "location"));
        assert_eq!(states, ["granted", "withdrawn", "withdrawn", "granted", "unknown"]);
    });
}

#[test]
fn v11_an_export_of_one_customer_holds_nothing_of_another() {
    with_clients(async {
        let premises = Premises::new(&[]);
        let server = Server::start(&premises, &[]);
        let mut backend = connect(server.address(), Version::V5, "backend").await;
        for name in ["canary-ada", "canary-ben"] {
            for event in grants(&format!("{name}-yes")) {
                assert!(backend.publish(&format!("stile/v1/{name}/consent"), event).await);
            }
            backend.publish(&format!("stile/v1/{name}/{name}-phone/fix"), stay()).await;
        }
        server.status_when("both were seen", |status| status["used"] == 4);
        let check = |export: &str| {
            assert!(export.contains("canary-ada-yes-l") && !export.contains("canary-ben"), "{export}");
        };
        let out = premises.path("ada.json");
        well(&premises, &["customer", "export", "canary-ada", "--out", out.to_str().unwrap()]);
        check(&fs::read_to_string(&out).unwrap());
        well(&premises, &["consent", "export", "--customer", "canary-ada", "--out", out.to_str().unwrap()]);
        check(&fs::read_to_string(&out).unwrap());
        server.stop();
        check(&well(&premises, &["customer", "export", "canary-ada"]));
        let all = well(&premises, &["consent", "export"]);
        assert_eq!(all.lines().count(), 4, "everybody's events: {all}");
    });
}

#[test]
fn a_dial_and_what_is_muted_hold_at_once() {
    on_both(|premises| {
        let stranger = ran(premises, &["customer", "dial", "ada", "--per-week", "2"]);
        assert_eq!(stranger.code, Some(78), "nothing is kept of a stranger: {}", stranger.err);
        let sha256 = register(premises);
        let file = premises.write("old.jsonl", &line("ada", "location", "grant", &sha256, 9));
        well(premises, &["consent", "import", file.to_str().unwrap()]);
        let data = premises.data();
        let dial = |args: &[&str]| run_on(&data, &[&["customer"], args].concat());
        let set = dial(&["dial", "ada", "--per-week", "2", "--quiet", "22:00-08:00"]);
        assert_eq!((&set["per_week"], &set["quiet"]), (&json!(2), &json!("22:00-08:00")));
        let muted = dial(&["mute", "ada", "--merchant", MERCHANT]);
        assert_eq!((&muted["muted_merchants"], &muted["per_week"]), (&json!([MERCHANT]), &json!(2)));
        let muted = dial(&["mute", "ada", "--fence", "books-pine-street"]);
        assert_eq!(muted["muted_fences"], json!(["books-pine-street"]));
        assert_eq!(dial(&["unmute", "ada", "--merchant", MERCHANT])["muted_merchants"], json!([]));
        assert_eq!(dial(&["dial", "ada", "--per-week", "any"])["per_week"], Value::Null);
        for wrong in [&["--per-week", "6"][..], &["--quiet", "22:00"]] {
            let refused = ran(premises, &[&["customer", "dial", "ada"], wrong].concat());
            assert_eq!(refused.code, Some(78), "{}", refused.err);
        }
    });
}

#[test]
fn a_text_that_changed_ends_what_was_agreed_on_the_old_one() {
    on_both(|premises| {
        let sha256 = register(premises);
        let lines = ["ada", "ben"].map(|name| line(name, "location", "grant", &sha256, 9));
        let file = premises.write("old.jsonl", &lines.join("\n"));
        well(premises, &["consent", "import", file.to_str().unwrap()]);
        let supersede = ["consent", "supersede", "--notice", "app", "--before", "4"];
        let dry = well(premises, &[&supersede[..], &["--dry-run"]].concat());
        assert!(dry.contains("2 consents of 2 customers rest on app before version 4"), "{dry}");
        let refused = ran(premises, &supersede);
        assert!(
            refused.code == Some(78) && refused.err.contains("register the new text first"),
            "{}",
            refused.err
        );
        let text = premises.write("new.txt", "May we look, and keep it for a year?\n");
        well(
            premises,
            &[
                "consent",
                "notices",
                "register",
                "--id",
                "app",
                "--version",
                "4",
                "--lang",
                "en",
                "--text",
                text.to_str().unwrap(),
                "--system",
                "the app",
                "--attested-by",
                "J. Doe",
            ],
        );
        assert!(well(premises, &supersede).contains("2 superseded"));
        assert_eq!(state_of(&shown(premises, "ben"), "location"), "superseded");
        assert!(well(premises, &supersede).contains("0 consents of 0 customers"), "once is enough");
    });
}

#[test]
fn the_consents_of_the_demo_enter_by_their_registered_notice() {
    let demo = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../config/demo");
    let premises = Premises::new(&[]);
    Server::start(&premises, &[]).stop();
    let text = demo.join("notice.txt");
    well(
        &premises,
        &[
            "consent",
            "notices",
            "register",
            "--id",
            "demo-notice",
            "--version",
            "1",
            "--lang",
            "en",
            "--text",
            text.to_str().unwrap(),
            "--system",
            "the demo",
            "--attested-by",
            "the demo",
        ],
    );
    // A yes to be seen lasts a year: the file is one of last month in any year.
    let month = (chrono::Utc::now() - chrono::Duration::days(40)).format("\"%Y-%m-").to_string();
    let events = fs::read_to_string(demo.join("consent.jsonl")).unwrap().replace("\"2026-11-", &month);
    let file = premises.write("consent.jsonl", &events);
    let told = run_on(&premises.data(), &["consent", "import", file.to_str().unwrap()]);
    assert_eq!(told["became"]["not_attested"], 0, "{told}");
    assert_eq!(told["became"]["granted"], 15, "{told}");
}
