//! Backup under load, restore on another host, doctor and the proof of the chains, from the command line.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use serde_json::Value;
use server::mqtt::Version;

use crate::client::{Client, connect};
use crate::premises::Premises;
use crate::server::{Server, run, run_on};
use crate::with_clients;
use crate::words::{consent, grants};

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

async fn backend(server: &Server) -> Client {
    connect(server.address(), Version::V5, "backend").await
}

async fn agree(backend: &mut Client, customer: &str, event: &str) {
    for grant in grants(event) {
        assert!(backend.publish(&format!("stile/v1/{customer}/consent"), grant).await);
    }
}

/// The states of somebody's consents.
fn states(data: &Path, customer: &str) -> Vec<String> {
    let shown = run_on(data, &["consent", "show", customer]);
    let rows = shown["consents"].as_array().unwrap();
    rows.iter().map(|row| row["state"].as_str().unwrap().to_owned()).collect()
}

fn back_up(data: &Path, to: &Path, args: &[&str]) -> PathBuf {
    let told = run_on(data, &[&["backup"], args, &[text(to)]].concat());
    told["backup"].as_str().unwrap().into()
}

/// What an examination found at worst, and how it ended.
fn doctor(data: &Path) -> (Option<i32>, Value) {
    let ran = run(&["doctor", "--data", text(data), "--json"]);
    (ran.code, serde_json::from_str(&ran.out).unwrap_or_else(|_| panic!("{}", ran.err)))
}

#[test]
fn d11_a_backup_taken_while_consents_pour_in_is_restored_on_another_host() {
    let premises = Premises::new(&[]);
    let (data, backups, host) = (premises.data(), premises.path("backups"), premises.path("host"));
    fs::create_dir(&backups).unwrap();
    let server = Server::start(&premises, &[]);
    let (backup, keys) = with_clients(async {
        agree(&mut backend(&server).await, "before", "before").await;
        let mut pouring = backend(&server).await;
        let pour = tokio::spawn(async move {
            for n in 0.. {
                agree(&mut pouring, &format!("c{n}"), &format!("e{n}")).await;
            }
        });
        let made = (back_up(&data, &backups, &[]), back_up(&data, &backups, &["keys"]));
        pour.abort();
        made
    });
    let (code, found) = doctor(&data);
    assert_eq!(code, Some(0), "{found:#}");
    assert!(found.to_string().contains(&format!("held by process {}", server.pid())), "{found:#}");
    assert_eq!(run_on(&data, &["audit", "verify"])["ok"], true);
    server.kill();

    fs::create_dir(&host).unwrap();
    let bring = |from: &Path, name: &str| {
        fs::copy(from.join(name), host.join(name)).unwrap();
        fs::set_permissions(host.join(name), fs::Permissions::from_mode(0o600)).unwrap();
    };
    bring(&data, "master.key");
    bring(&keys, "keys.db");
    let restore = |more: &[&str]| {
        let args = ["restore", text(&backup), "--data", text(&host), "--json"];
        run(&[&args[..], more].concat())
    };
    let refused = restore(&[]);
    assert_eq!(refused.code, Some(78), "{}", refused.err);
    assert!(refused.err.contains("--tombstones"), "{}", refused.err);
    let tombstones = backup.join("tombstones");
    let restored = restore(&["--tombstones", text(&tombstones), "--i-understand-consent-rollback"]);
    assert_eq!(restored.code, Some(0), "{}", restored.err);
    assert_eq!(states(&host, "before"), ["granted", "granted"], "as at the time of the backup");
    let verified = run_on(&host, &["audit", "verify"]);
    assert_eq!((&verified["ok"], &verified["faults"]), (&true.into(), &Value::Array(Vec::new())));
    let (code, found) = doctor(&host);
    assert_eq!(code, Some(0), "{found:#}");
}

#[test]
fn d12_a_restore_of_an_old_backup_asks_again_whoever_said_no_since() {
    let premises = Premises::new(&[]);
    let (data, backups) = (premises.data(), premises.path("backups"));
    fs::create_dir(&backups).unwrap();
    let server = Server::start(&premises, &[]);
    let backup = with_clients(async {
        let mut backend = backend(&server).await;
        agree(&mut backend, "ada", "ada").await;
        agree(&mut backend, "ben", "ben").await;
        let backup = back_up(&data, &backups, &[]);
        let no = consent("no", "offers.push", "withdraw");
        assert!(backend.publish("stile/v1/ada/consent", no).await);
        backup
    });
    let served = run(&["restore", text(&backup), "--data", text(&data)]);
    assert_eq!(served.code, Some(75), "{}", served.err);
    server.stop();
    let verified = run(&["restore", text(&backup), "--data", text(&data), "--verify"]);
    assert!(verified.code == Some(0) && verified.out.starts_with("whole: "), "{}", verified.err);
    assert_eq!(states(&data, "ada"), ["granted", "withdrawn"], "to verify changes nothing");

    let told = run_on(&data, &["restore", text(&backup)]);
    assert_eq!((&told["lowered"], &told["lowered_unknown"]), (&1.into(), &0.into()), "{told}");
    assert_eq!(states(&data, "ada"), ["superseded", "superseded"]);
    assert_eq!(states(&data, "ben"), ["granted", "granted"]);
    // The server takes it up, and a yes to a notice that was shown after the restore counts.
    let server = Server::start(&premises, &[]);
    std::thread::sleep(std::time::Duration::from_millis(1_100));
    with_clients(async { agree(&mut backend(&server).await, "ada", "again").await });
    assert_eq!(states(&data, "ada"), ["granted", "granted"]);
    server.stop();

    let told = run_on(&data, &["restore", text(&backup), "--i-understand-consent-rollback"]);
    assert_eq!(told["lowered"], 0, "{told}");
    assert_eq!(states(&data, "ada"), ["granted", "granted"]);
}

#[test]
fn one_changed_byte_is_found_and_its_place_is_named() {
    let premises = Premises::new(&[]);
    let data = premises.data();
    let server = Server::start(&premises, &[]);
    with_clients(async { agree(&mut backend(&server).await, "ada", "ada").await });
    server.stop();
    let ledger = rusqlite::Connection::open(data.join("ledger.db")).unwrap();
    let change = "UPDATE entries SET sealed = zeroblob(length(sealed)) WHERE (place & 0xffffffffff) = 2";
    assert_eq!(ledger.execute(change, []).unwrap(), 1);
    drop(ledger);
    let ran = run(&["audit", "verify", "--data", text(&data)]);
    assert_eq!(ran.code, Some(74), "{}", ran.out);
    let partition = model::Partition::of("ada").no();
    let place = format!("partition {partition}, entry 2 (after ");
    assert!(ran.out.contains(&place) && ran.out.contains("not what was written there"), "{}", ran.out);
    let (code, found) = doctor(&data);
    assert_eq!((code, &found["worst"]), (Some(74), &"fault".into()), "{found:#}");
    // A backup of what is damaged would only replace a good one.
    let ran = run(&["backup", text(&premises.path("backups")), "--data", text(&data)]);
    assert_eq!(ran.code, Some(74), "{}", ran.err);
}

#[test]
fn o04_a_list_or_a_row_that_was_changed_by_hand_is_found_by_the_audit() {
    let premises = Premises::new(&[]);
    let data = premises.data();
    let server = Server::start(&premises, &[]);
    with_clients(async { agree(&mut backend(&server).await, "ada", "ada").await });
    let config = premises.path("stile.toml");
    let paused = run(&["offers", "pause", "paperbacks", "--config", text(&config)]);
    assert_eq!(paused.code, Some(0), "{}", paused.err);
    server.stop();
    let verify = || run(&["audit", "verify", "--data", text(&data)]);
    let ran = verify();
    assert!(ran.code == Some(0) && ran.out.contains("1 state rows are what"), "{}{}", ran.out, ran.err);
    let list = data.join("offers.json");
    let written = fs::read_to_string(&list).unwrap();
    fs::write(&list, written.replace("paperbacks", "paperbecks")).unwrap();
    let ran = verify();
    assert_eq!(ran.code, Some(74), "{}", ran.out);
    assert!(ran.out.contains("offers.json is damaged: it is not what was written there"), "{}", ran.out);
    assert_eq!(doctor(&data).0, Some(74));
    fs::write(&list, written).unwrap();
    let ledger = rusqlite::Connection::open(data.join("ledger.db")).unwrap();
    assert_eq!(ledger.execute("DELETE FROM states", []).unwrap(), 1);
    drop(ledger);
    let ran = verify();
    assert_eq!(ran.code, Some(74), "{}", ran.out);
    assert!(ran.out.contains("there are entries of somebody and no row"), "{}", ran.out);
    assert!(ran.out.contains("the chains are whole, and SOMETHING BESIDE THEM WAS CHANGED"), "{}", ran.out);
}

#[test]
fn a_statement_is_checked_by_the_key_that_the_ledger_tells() {
    let premises = Premises::new(&[]);
    let data = premises.data();
    let server = Server::start(&premises, &[]);
    with_clients(async { agree(&mut backend(&server).await, "ada", "ada").await });
    let key = run(&["audit", "key", "--data", text(&data)]).out.trim().to_owned();
    assert_eq!(key.len(), 64);
    server.stop();
    let chance = Box::new(|bytes: &mut [u8]| getrandom::fill(bytes).unwrap());
    let mut store =
        store::SqliteStore::open(&data, store::Options { create: false, master_key: None }, chance).unwrap();
    let ada = model::CustomerId::new("ada").unwrap();
    let erasure = ledger::Storage::erase(&mut store, &ada, model::Timestamp::from_unix_ms(1)).unwrap();
    let statement = premises.write("statement.json", &ledger::statement(&erasure, &store));
    drop(store);
    let check = |more: &[&str]| run(&[&["audit", "statement", text(&statement)], more].concat());
    let good = check(&["--key", &key]);
    assert!(good.code == Some(0) && good.out.contains("signed by the key that was named"), "{}", good.err);
    assert!(check(&[]).out.contains(&key));
    let other = check(&["--key", &"ab".repeat(32)]);
    assert!(other.code == Some(74) && other.err.contains("another key"), "{}", other.err);
    assert_eq!(run(&["audit", "key", "--data", text(&data)]).out.trim(), key, "it stays the same");
}
