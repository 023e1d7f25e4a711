//! Everything of one customer on one paper, such a paper taken in, and everything taken away.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use server::mqtt::Version;

use crate::client::connect;
use crate::officer::{line, on_both, ran, register, shown, state_of, well};
use crate::premises::Premises;
use crate::server::{Server, run_on};
use crate::with_clients;
use crate::words::{grants, stay};

/// Everything but when it was made and who signed it.
fn content(export: &str) -> Value {
    let mut export: Value = serde_json::from_str(export).unwrap();
    let fields = export.as_object_mut().unwrap();
    for changing in ["exported_at", "exported_at_ms", "signature"] {
        assert!(fields.remove(changing).is_some(), "{changing}");
    }
    export
}

#[test]
fn an_export_that_nobody_vouches_for_only_takes_away() {
    let (from, to) = (Premises::new(&[]), Premises::new(&[]));
    for premises in [&from, &to] {
        Server::start(premises, &[]).stop();
    }
    let sha256 = register(&from);
    let lines = [
        line("ada", "location", "grant", &sha256, 9),
        line("ada", "offers.push", "grant", &sha256, 9),
        line("ada", "offers.push", "withdraw", &sha256, 5),
    ];
    let file = from.write("old.jsonl", &lines.join("\n"));
    well(&from, &["consent", "import", file.to_str().unwrap()]);
    let paper = from.path("ada.json");
    well(&from, &["customer", "export", "ada", "--out", paper.to_str().unwrap()]);
    let _ = content(&fs::read_to_string(&paper).unwrap());
    let told = well(&to, &["customer", "import", paper.to_str().unwrap()]);
    assert!(told.contains("only its 1 restrictions"), "{told}");
    let there = shown(&to, "ada");
    assert_eq!(
        (state_of(&there, "location"), state_of(&there, "offers.push")),
        ("unknown".into(), "withdrawn".into())
    );
}

#[test]
fn what_is_no_export_is_refused() {
    on_both(|premises| {
        let check = |text: &str| {
            let file = premises.write("wrong.json", text);
            let refused = ran(premises, &["customer", "import", file.to_str().unwrap()]);
            assert_eq!(refused.code, Some(78), "{text}: {}", refused.err);
        };
        for wrong in ["", "{", "[]", "{}", r#"{"format":"stile customer export","version":2}"#] {
            check(wrong);
        }
    });
}

#[test]
fn a_stranger_has_nothing_to_export() {
    on_both(|premises| {
        let refused = ran(premises, &["customer", "export", "nobody"]);
        assert_eq!(refused.code, Some(78), "{}", refused.err);
        assert!(refused.err.contains("nothing is held"), "{}", refused.err);
        assert_eq!(ran(premises, &["customer", "export", "a/b"]).code, Some(64));
    });
}

/// An export of somebody who was somewhere and got an offer.
fn lived(premises: &Premises) -> PathBuf {
    with_clients(async {
        let server = Server::start(premises, &[]);
        let mut backend = connect(server.address(), Version::V5, "backend").await;
        for event in grants("ada-yes") {
            assert!(backend.publish("stile/v1/ada/consent", event).await);
        }
        let said = json!({ "v": 1, "lang": "de", "favourites": ["books-pine-street"] }).to_string();
        assert!(backend.publish("stile/v1/ada/profile", said).await);
        backend.publish("stile/v1/ada/phone/fix", stay()).await;
        server.status_when("an offer was decided", |status| status["decided"] == 1);
        server.stop();
    });
    let paper = premises.path("ada.json");
    well(premises, &["customer", "export", "ada", "--out", paper.to_str().unwrap()]);
    paper
}

fn own_key(paper: &Path) -> String {
    let export: Value = serde_json::from_slice(&fs::read(paper).unwrap()).unwrap();
    export["signature"]["public_key"].as_str().unwrap().to_owned()
}

#[test]
fn an_export_taken_in_again_gives_the_same_state() {
    let (from, to) = (Premises::new(&[]), Premises::new(&[]));
    let paper = lived(&from);
    Server::start(&to, &[]).stop();
    let take_in = ["customer", "import", paper.to_str().unwrap(), "--trust", &own_key(&paper)];
    let told = well(&to, &take_in);
    assert!(told.contains("taken in whole"), "{told}");
    let again = to.path("again.json");
    well(&to, &["customer", "export", "ada", "--out", again.to_str().unwrap()]);
    let [before, after] = [&paper, &again].map(|file| {
        let mut export = content(&fs::read_to_string(file).unwrap());
        // The log of this deployment numbers them anew.
        export["entries"].as_array_mut().unwrap().iter_mut().for_each(|entry| entry["no"] = Value::Null);
        export
    });
    assert_eq!(before, after);
    assert!(before["entries"].as_array().unwrap().len() >= 4, "consents, profile, decision: {before}");
    Server::start(&to, &[]).stop();
    let twice = ran(&to, &take_in);
    assert!(twice.code == Some(78) && twice.err.contains("already"), "{}", twice.err);
}

#[test]
fn an_export_with_one_word_changed_is_vouched_for_by_nobody() {
    let (from, to) = (Premises::new(&[]), Premises::new(&[]));
    let paper = lived(&from);
    Server::start(&to, &[]).stop();
    let key = own_key(&paper);
    let forged = fs::read_to_string(&paper).unwrap().replace("\"de\"", "\"en\"");
    let file = to.write("forged.json", &forged);
    for trust in [&["--trust", &key][..], &[]] {
        let told = well(&to, &[&["customer", "import", file.to_str().unwrap()], trust].concat());
        assert!(told.contains("only its 0 restrictions"), "{told}");
    }
    assert!(shown(&to, "ada")["consents"].as_array().unwrap().is_empty());
    let bad_key = ran(&to, &["customer", "import", file.to_str().unwrap(), "--trust", "abc"]);
    assert_eq!(bad_key.code, Some(78), "{}", bad_key.err);
}

#[test]
fn who_was_erased_is_gone_and_an_export_from_before_stays_out() {
    for is_served in [false, true] {
        let premises = Premises::new(&[]);
        let paper = lived(&premises);
        let server = is_served.then(|| Server::start(&premises, &[]));
        let nobody_to_ask = ran(&premises, &["customer", "erase", "ada"]);
        assert_eq!(nobody_to_ask.code, Some(64), "{}", nobody_to_ask.err);
        let statement = premises.path("statement.json");
        let file = statement.to_str().unwrap();
        let told = well(&premises, &["customer", "erase", "ada", "--yes", "--statement", file]);
        assert!(told.contains("was erased at"), "{told}");
        let text = fs::read_to_string(&statement).unwrap();
        assert!(store::check_statement(text.trim(), None).is_ok(), "it is signed: {text}");
        assert!(!text.contains("\"ada\""), "the statement names nobody: {text}");
        let shown_now = run_on(&premises.data(), &["customer", "show", "ada"]);
        let fields: Vec<&String> = shown_now.as_object().unwrap().keys().collect();
        assert_eq!(fields, ["customer", "erased_at"], "when it was, and nothing else");
        let gone = ran(&premises, &["customer", "export", "ada"]);
        assert!(gone.code == Some(78) && gone.err.contains("was erased at"), "{}", gone.err);
        let back = ran(&premises, &["customer", "import", paper.to_str().unwrap()]);
        assert!(back.code == Some(78) && back.err.contains("does not come back"), "{}", back.err);
        assert_eq!(run_on(&premises.data(), &["customer", "explain", "ada"])["sentences"], json!([]));
        let sha256 = register(&premises);
        let old = premises.write("old.jsonl", &line("ada", "location", "grant", &sha256, 9));
        for dry in [&["--dry-run"][..], &[]] {
            let told =
                run_on(&premises.data(), &[&["consent", "import", old.to_str().unwrap()], dry].concat());
            assert_eq!(told["became"]["erased_before"], 1, "{told}");
        }
        assert!(shown(&premises, "ada")["consents"].as_array().unwrap().is_empty());
        drop(server);
    }
}
