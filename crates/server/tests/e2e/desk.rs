//! What an officer says of somebody, and how the desk answers what cannot be meant.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::Command;

use serde_json::{Value, json};

use crate::officer::{line, on_both, ran, register, shown, state_of, well};
use crate::premises::{MERCHANT, Premises};
use crate::server::{Server, run, run_on};

/// Lets somebody agree to be seen.
fn agree(premises: &Premises, customer: &str) {
    let sha256 = register(premises);
    let file = premises.write("old.jsonl", &line(customer, "location", "grant", &sha256, 30));
    well(premises, &["consent", "import", file.to_str().unwrap()]);
    assert_eq!(state_of(&shown(premises, customer), "location"), "granted");
}

fn why(shown: &Value) -> (String, Value) {
    (state_of(shown, "location"), shown["consents"][0]["why"].clone())
}

#[test]
fn whoever_is_not_of_age_is_shown_as_suppressed_and_why() {
    on_both(|premises| {
        agree(premises, "iris");
        let profile = ["customer", "profile", "iris", "--minor", "true", "--residence", "US-WA"];
        let told = run_on(&premises.data(), &profile);
        assert_eq!((&told["minor"], &told["residence"]), (&json!(true), &json!("US-WA")), "{told}");
        assert_eq!(why(&shown(premises, "iris")), ("suppressed".to_owned(), json!("minor")));
        for command in [["consent", "show", "iris"], ["customer", "show", "iris"]] {
            let words = well(premises, &command);
            assert!(words.contains("suppressed (minor)") && !words.contains("granted"), "{words}");
        }
        let export: Value = serde_json::from_str(&well(premises, &["customer", "export", "iris"])).unwrap();
        assert_eq!(export["consents"][0]["why"], "minor", "{export}");
        assert_eq!(export["consents"][0]["said"], "granted", "what was said is told beside it");
        well(premises, &["customer", "profile", "iris", "--minor", "false"]);
        assert_eq!(why(&shown(premises, "iris")), ("granted".to_owned(), Value::Null));
    });
}

#[test]
fn staff_block_and_unblock_and_the_record_says_who_did_it() {
    on_both(|premises| {
        agree(premises, "iris");
        assert!(well(premises, &["consent", "block", "iris", "--reason", "legal"]).contains("suppressed"));
        let told = shown(premises, "iris");
        assert_eq!(why(&told), ("suppressed".to_owned(), json!("legal")));
        let last = told["history"].as_array().unwrap().last().unwrap().clone();
        assert_eq!(
            (&last["kind"], &last["actor"], &last["method"]),
            (&json!("block"), &json!("agent"), &json!("staff"))
        );
        let again = well(premises, &["consent", "block", "iris", "--reason", "legal"]);
        assert!(again.contains("nothing to block"), "{again}");
        well(premises, &["consent", "unblock", "iris"]);
        assert_ne!(why(&shown(premises, "iris")).0, "suppressed");
        let other = ran(premises, &["consent", "block", "iris", "--reason", "whim"]);
        assert_eq!(other.code, Some(64), "{}", other.err);
    });
}

#[test]
fn staff_bring_back_the_token_of_a_yes_of_two_words_and_it_is_no_argument() {
    on_both(|premises| {
        agree(premises, "mia");
        well(premises, &["customer", "profile", "mia", "--residence", "CA-ON"]);
        let token = premises.write("token", "for-your-eyes-only\n");
        let sms = ["--merchant", MERCHANT, "--purpose", "offers.sms"];
        let of_token = ["--token", token.to_str().unwrap()];
        let shown_now = ["--notice", "app@3", "--shown-at", "2026-11-01"];
        let say = |kind: &str, more: &[&str]| {
            run_on(&premises.data(), &[&["consent", kind, "mia"][..], &sms, &of_token, more].concat())["said"]
                [0]
            .clone()
        };
        assert_eq!(say("grant", &shown_now)["state"], "pending_confirmation");
        let confirmed = say("confirm", &[]);
        assert_eq!((&confirmed["state"], &confirmed["effect"]), (&json!("granted"), &json!("applied")));
        let bare = [&["consent", "confirm", "mia"][..], &sms].concat();
        assert_eq!(ran(premises, &bare).code, Some(64), "without its token it is nothing");
    });
}

#[test]
fn what_cannot_be_meant_is_refused_in_words_that_help() {
    on_both(|premises| {
        agree(premises, "ada");
        let refused = |args: &[&str], code: i32, words: &str| {
            let ran = ran(premises, args);
            assert_eq!(ran.code, Some(code), "{args:?}: {}{}", ran.out, ran.err);
            assert!(ran.err.contains(words), "{args:?}: {}", ran.err);
        };
        refused(&["customer", "pause", "ada", "--until", "2020-01-01"], 78, "an end lies in the future");
        assert_eq!(state_of(&shown(premises, "ada"), "location"), "granted");
        refused(
            &["customer", "mute", "ada", "--merchant", "corner-boks"],
            78,
            "did you mean \"corner-books\"?",
        );
        refused(&["customer", "mute", "ada", "--fence", "book-pine-street"], 78, "\"books-pine-street\"?");
        well(premises, &["customer", "unmute", "ada", "--merchant", "corner-boks"]);
        refused(&["customer", "dial", "ada", "--per-week", "9"], 78, "from 0 to 5 offers a week");
        refused(&["customer", "dial", "ada", "--quiet", "22:00"], 78, "such as 22:00-08:00");
        refused(&["customer", "profile", "ada", "--residence", "XX"], 64, "leaves to its users");
        refused(&["customer", "profile", "ada"], 64, "required");
        let stranger = well(premises, &["customer", "erase", "nobody-here", "--yes"]);
        assert!(
            stranger.contains("nobody of the name nobody-here was known; a tombstone was left"),
            "{stranger}"
        );
        let known = well(premises, &["customer", "erase", "ada", "--yes"]);
        assert!(known.contains("ada was erased") && known.contains("and the key"), "{known}");
    });
}

#[test]
fn files_about_people_are_read_by_their_owner_alone() {
    on_both(|premises| {
        agree(premises, "ada");
        for of in [&["customer", "export", "ada"][..], &["consent", "export"]] {
            let out = premises.path(of[0]);
            well(premises, &[of, &["--out", out.to_str().unwrap()]].concat());
            assert_eq!(fs::metadata(&out).unwrap().permissions().mode() & 0o777, 0o600, "{of:?}");
        }
    });
}

fn stile(data: &Path, args: &[&str], master_key: &Path) -> (Option<i32>, String) {
    let ran = Command::new(env!("CARGO_BIN_EXE_stile"))
        .args(args)
        .args(["--data", data.to_str().unwrap()])
        .env("STILE_MASTER_KEY_FILE", master_key)
        .output()
        .unwrap();
    (ran.status.code(), String::from_utf8_lossy(&ran.stderr).into_owned())
}

#[test]
fn every_command_finds_the_master_key_where_the_environment_says() {
    let premises = Premises::new(&[]);
    Server::start(&premises, &[]).stop();
    agree(&premises, "ada");
    let key = premises.path("elsewhere.key");
    fs::rename(premises.data().join("master.key"), &key).unwrap();
    let file = premises.path("old.jsonl");
    for args in [
        &["audit", "key"][..],
        &["audit", "verify"],
        &["consent", "export"],
        &["consent", "show", "ada"],
        &["consent", "supersede", "--notice", "app", "--before", "9", "--dry-run"],
        &["consent", "import", "--dry-run", file.to_str().unwrap()],
    ] {
        let (code, said) = stile(&premises.data(), args, &key);
        assert_eq!(code, Some(0), "{args:?}: {said}");
    }
}

#[test]
fn a_restore_into_an_empty_directory_says_all_that_it_lacks() {
    let premises = Premises::new(&[]);
    Server::start(&premises, &[]).stop();
    let backup = premises.path("backup");
    well(&premises, &["backup", backup.to_str().unwrap()]);
    let host = premises.path("host");
    fs::create_dir(&host).unwrap();
    let refused = run(&["restore", backup.to_str().unwrap(), "--data", host.to_str().unwrap()]);
    assert_eq!(refused.code, Some(78), "{}", refused.err);
    assert!(refused.err.contains("lacks keys.db, master.key, tombstones"), "{}", refused.err);
}
