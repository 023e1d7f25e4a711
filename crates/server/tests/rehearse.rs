//! `stile rehearse`, as an operator runs it.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::Value;

struct Ran {
    code: Option<i32>,
    out: String,
    err: String,
}

fn rehearse(args: &[&str]) -> Ran {
    let program = Command::new(env!("CARGO_BIN_EXE_stile")).arg("rehearse").args(args).output();
    let Output { status, stdout, stderr } = program.expect("the program starts");
    let text = |bytes| String::from_utf8(bytes).expect("the program prints UTF-8");
    Ran { code: status.code(), out: text(stdout), err: text(stderr) }
}

fn demo(file: &str) -> String {
    let root: PathBuf = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../config/demo");
    root.join(file).to_str().expect("a path in UTF-8").to_owned()
}

fn json(args: &[&str]) -> Value {
    let ran = rehearse(&[args, &["--json"]].concat());
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    serde_json::from_str(&ran.out).expect("one JSON object")
}

fn offer<'a>(told: &'a Value, id: &str) -> &'a Value {
    told["offers"].as_array().unwrap().iter().find(|offer| offer["offer"] == id).expect("the offer is told")
}

#[test]
fn the_demo_town_is_rehearsed_and_the_same_seed_prints_the_same_bytes() {
    let (fences, offers) = (demo("fences.geojson"), demo("offers.toml"));
    let args = ["--offers", &offers, "--fences", &fences, "--people", "40", "--days", "21", "--seed", "3"];
    let (one, other) = (rehearse(&args), rehearse(&args));
    assert_eq!(one.code, Some(0), "{}", one.err);
    assert_eq!(one.out, other.out);
    for part in [
        "commuter",
        "mall",
        "loyal",
        "courier",
        "night",
        "crowd",
        "second-coffee",
        "pressure at 20:00",
        "a full block",
    ] {
        assert!(one.out.contains(part), "{part} is missing in\n{}", one.out);
    }
    assert!(
        one.out.contains("note: courier wants 40 fences near each other and finds 8.0 here"),
        "{}",
        one.out
    );
    assert_ne!(rehearse(&[&args[..8], &["--seed", "4"]].concat()).out, one.out);
}

#[test]
fn json_holds_every_persona_offer_and_day() {
    let told = json(&["--made-up", "240", "--people", "40", "--days", "14"]);
    assert_eq!(told["balanced"], true);
    assert_eq!(told["personas"].as_array().unwrap().len(), 6);
    assert_eq!(told["offers"].as_array().unwrap().len(), 48);
    for crew in told["personas"].as_array().unwrap() {
        assert_eq!(crew["pressure_by_day"].as_array().unwrap().len(), 14);
    }
    let count = &told["total"];
    let held: u64 = count["verdicts"].as_object().unwrap().values().filter_map(Value::as_u64).sum();
    assert_eq!(count["sent"].as_u64().unwrap() + held, count["candidates"].as_u64().unwrap());
}

#[test]
fn one_persona_can_be_played_alone() {
    let told = json(&["--made-up", "240", "--people", "10", "--days", "14", "--persona", "night"]);
    let crews = told["personas"].as_array().unwrap();
    assert_eq!((crews.len(), &crews[0]["persona"]), (1, &Value::from("night")));
    assert_eq!(crews[0]["count"]["sent"], 0);
}

#[test]
fn the_rules_are_those_of_the_settings_and_offers_that_look_on_are_played_as_live() {
    let folder = tempfile::tempdir().unwrap();
    let offers = "[[offer]]\nid = \"hello\"\nmerchant = \"bean-and-leaf\"\ntags = [\"coffee\"]\nmode = \"observe\"\nholdout_permille = 0\n\
                  title = \"Hello\"\nbody = \"Come to 12 High Street today.\"\n";
    std::fs::write(folder.path().join("offers.toml"), offers).unwrap();
    let settings =
        format!("[fences]\nfile = {:?}\n[offers]\nfile = \"offers.toml\"\n", demo("fences.geojson"));
    let strict = format!("{settings}[notifier]\nhours = \"12:00-12:01\"\n");
    let file = |name: &str, text: &str| {
        let file = folder.path().join(name);
        std::fs::write(&file, text).unwrap();
        file.to_str().unwrap().to_owned()
    };
    let (plain, strict) = (file("plain.toml", &settings), file("strict.toml", &strict));
    let args = |config: &str| json(&["--config", config, "--people", "40", "--days", "14"]);
    let (plain, strict) = (args(&plain), args(&strict));
    let sent = |told: &Value| offer(told, "hello")["count"]["sent"].as_u64().unwrap();
    assert!(5 * sent(&strict) < sent(&plain), "{} and {}", sent(&strict), sent(&plain));
    let faults = offer(&plain, "hello")["at_fault"].to_string();
    assert!(faults.contains("names a street: +15"), "{faults}");
}

#[test]
fn what_is_wrong_with_files_is_told_with_file_and_line() {
    let folder = tempfile::tempdir().unwrap();
    let offers = folder.path().join("offers.toml");
    std::fs::write(&offers, "[[offer]]\nid = \"x\"\nmerchant = \"bean-and-leaf\"\ntags = [\"cofee\"]\ntitle = \"T\"\nbody = \"B\"\n")
        .unwrap();
    let ran = rehearse(&["--offers", offers.to_str().unwrap(), "--fences", &demo("fences.geojson")]);
    assert_eq!((ran.code, ran.out.as_str()), (Some(78), ""));
    assert!(ran.err.contains("offers.toml:4") && ran.err.contains("cofee"), "{}", ran.err);
    assert_eq!(rehearse(&["--offers", &demo("offers.toml")]).code, Some(64));
    assert_eq!(rehearse(&["--offers", "nowhere.toml", "--fences", &demo("fences.geojson")]).code, Some(78));
    for wrong in [["--days", "0"], ["--persona", "robot"], ["--from", "tomorrow"], ["--every", "0s"]] {
        assert_eq!(rehearse(&[&["--made-up", "24"], &wrong[..]].concat()).code, Some(64), "{wrong:?}");
    }
}
