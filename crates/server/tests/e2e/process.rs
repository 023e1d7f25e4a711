//! Starts, stops and data directories: sections C, D, K and S of `faults.md`.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use model::Partition;
use server::control::{self, Request};
use server::mqtt::Version;
use server::officer::Question;

use crate::client::connect;
use crate::link::Link;
use crate::premises::Premises;
use crate::server::{Server, explain, run, run_on};
use crate::words::{consent, grants, inside, now_ms, stay};
use crate::{PATIENCE, with_clients};

/// A start that is refused: the code, and what was said.
fn refused(premises: &Premises, options: &[&str]) -> (i32, String) {
    match Server::try_start(premises, options, "warn") {
        Ok(_) => panic!("it started"),
        Err((status, log)) => (status.code().expect("it ends by itself"), log),
    }
}

#[test]
fn d13_a_second_server_on_one_directory_exits_75_and_the_first_goes_on() {
    let premises = Premises::new(&[]);
    let first = Server::start(&premises, &[]);
    let (code, said) = refused(&premises, &[]);
    assert_eq!(code, 75, "{said}");
    assert_eq!(first.status()["records"], 0);
    let mode = fs::metadata(control::socket_of(&premises.data())).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    first.stop();
    assert!(!control::socket_of(&premises.data()).exists());
    Server::start(&premises, &[]).stop();
}

#[test]
fn o04_what_a_killed_server_left_behind_does_not_keep_the_next_from_starting() {
    let premises = Premises::new(&[]);
    Server::start(&premises, &[]).kill();
    assert!(control::socket_of(&premises.data()).exists());
    let nobody = run_on(&premises.data(), &["consent", "show", "ada"]);
    assert_eq!(nobody["consents"].as_array().unwrap().len(), 0);
    Server::start(&premises, &[]).stop();
}

#[test]
fn c01_serve_exits_78_and_names_the_line() {
    let premises = Premises::new(&[]);
    premises.change("stile.toml", "rest = ", "rset = ");
    let (code, said) = refused(&premises, &[]);
    assert_eq!(code, 78);
    assert!(said.contains("stile.toml:") && said.contains("did you mean \"rest\"?"), "{said}");
    let premises = Premises::new(&[]);
    premises.change("fences.geojson", "\"radius_m\":100", "\"radius_m\":-1");
    let (code, said) = refused(&premises, &[]);
    assert_eq!(code, 78);
    assert!(said.contains("books-pine-street"), "{said}");
    let premises = Premises::new(&[]);
    premises.change("offers.toml", "tags = [\"books\"]", "fences = [\"books-pine-stret\"]");
    let (code, said) = refused(&premises, &[]);
    assert_eq!(code, 78);
    assert!(said.contains("did you mean \"books-pine-street\"?"), "{said}");
    assert!(!premises.data().exists(), "a refused start leaves nothing behind");
}

#[test]
fn c07_an_address_that_others_reach_is_refused_without_a_word() {
    let premises = Premises::new(&[]);
    premises.change("stile.toml", "127.0.0.1:0", "0.0.0.0:0");
    let (code, said) = refused(&premises, &[]);
    assert_eq!(code, 78, "{said}");
    assert!(said.contains("insecure"), "{said}");
    Server::start(&premises, &["--insecure-listen"]).stop();
}

#[test]
fn an_address_that_is_taken_exits_74() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let premises = Premises::new(&[]);
    premises.change("stile.toml", "127.0.0.1:0", &taken.local_addr().unwrap().to_string());
    let (code, said) = refused(&premises, &[]);
    assert_eq!(code, 74, "{said}");
    assert!(said.contains("cannot listen"), "{said}");
}

#[test]
fn k09_a_clock_behind_the_last_decision_is_refused_unless_accepted() {
    with_clients(async {
        let premises = Premises::new(&[]);
        let server = Server::start(&premises, &[]);
        let mut backend = connect(server.address(), Version::V5, "backend").await;
        assert!(backend.publish("stile/v1/c1/consent", consent("e1", "location", "grant")).await);
        server.stop();
        let at = |ms: i64| chrono::DateTime::from_timestamp_millis(now_ms() + ms).unwrap().to_rfc3339();
        let behind = at(-60_000);
        let (code, said) = refused(&premises, &["--clock", "scaled", "--clock-start", &behind]);
        assert_eq!(code, 78);
        assert!(said.contains("behind the last recorded decision"), "{said}");
        Server::start(&premises, &["--clock", "scaled", "--clock-start", &behind, "--accept-clock"]).stop();
        Server::start(&premises, &["--clock", "scaled", "--clock-start", &at(0)]).stop();
    });
}

#[test]
fn s03_a_stop_finishes_what_was_taken_in() {
    with_clients(async {
        let premises = Premises::new(&[]);
        let mut server = Server::start(&premises, &[]);
        let mut backend = Link::open(server.address(), |_| {});
        // Somebody who asks and stays does not keep it from stopping.
        let asking = std::os::unix::net::UnixStream::connect(control::socket_of(&premises.data())).unwrap();
        for i in 0..200 {
            let [location, _] = grants(&format!("c{i}"));
            backend.send(&format!("stile/v1/c{i}/consent"), &location).await.unwrap();
        }
        let mut n_acknowledged = 0;
        while backend.answer().await.is_ok() {
            n_acknowledged += 1;
            if n_acknowledged == 20 {
                server.signal("-TERM");
                server.signal("-TERM");
            }
        }
        let status = server.ended();
        assert_eq!(status.code(), Some(0));
        drop(asking);
        let n_kept = (0..200)
            .filter(|i| {
                let shown = run_on(&premises.data(), &["consent", "show", &format!("c{i}")]);
                shown["consents"].as_array().unwrap().len() == 1
            })
            .count();
        assert!(
            20 <= n_acknowledged && n_acknowledged <= n_kept,
            "{n_acknowledged} were acknowledged and {n_kept} are there"
        );
    });
}

#[test]
fn a_signal_from_the_keyboard_stops_it_too() {
    let premises = Premises::new(&[]);
    let mut server = Server::start(&premises, &[]);
    server.signal("-INT");
    assert_eq!(server.ended().code(), Some(0));
}

/// A customer whose partition is, or is not, that of another.
fn customer_of(partition: Partition, same: bool) -> String {
    (0..).map(|i| format!("c{i}")).find(|name| (Partition::of(name) == partition) == same).unwrap()
}

/// Changes one byte of the only state row, as a failing disk would.
fn damage(data: &Path) {
    let ledger = rusqlite::Connection::open(data.join("ledger.db")).unwrap();
    let mut sealed: Vec<u8> = ledger.query_row("SELECT sealed FROM states", [], |row| row.get(0)).unwrap();
    *sealed.last_mut().unwrap() ^= 0x40;
    assert_eq!(ledger.execute("UPDATE states SET sealed = ?1", [sealed]).unwrap(), 1);
}

#[test]
fn v09_a_damaged_partition_is_closed_and_the_others_work() {
    with_clients(async {
        let premises = Premises::new(&[]);
        let broken = Partition::of("victim");
        let server = Server::start(&premises, &[]);
        let mut backend = connect(server.address(), Version::V5, "backend").await;
        for event in grants("victim") {
            assert!(backend.publish("stile/v1/victim/consent", event).await);
        }
        server.stop();
        damage(&premises.data());

        let server = Server::start(&premises, &[]);
        let (neighbour, other) = (customer_of(broken, true), customer_of(broken, false));
        let mut backend = connect(server.address(), Version::V5, "backend").await;
        for event in grants("other") {
            assert!(backend.publish(&format!("stile/v1/{other}/consent"), event).await, "others work");
        }
        assert!(backend.publish("stile/v1/victim/phone/fix", stay()).await);
        assert!(backend.publish(&format!("stile/v1/{other}/phone/fix"), inside(5).to_string()).await);
        let status = server.status_when("both came in", |status| status["records"] == 2);
        assert_eq!(
            (&status["refused"]["unknown_customer"], &status["used"]),
            (&1.into(), &1.into()),
            "{status}"
        );
        // Consent of a closed partition is not acknowledged, by either door.
        backend.send(&format!("stile/v1/{neighbour}/consent"), 1, consent("e1", "location", "grant")).await;
        backend.closed().await;
        let request = Request::Officer(Question::Import {
            events: vec![(neighbour, consent("e2", "location", "withdraw"))],
        });
        let answer = control::ask(&premises.data(), &request);
        assert!(answer.unwrap_err().to_string().contains("could not be made durable"));
        let mut backend = connect(server.address(), Version::V5, "backend").await;
        assert!(
            backend
                .publish(&format!("stile/v1/{other}/consent"), consent("e3", "location", "withdraw"))
                .await
        );
        let log = server.stop();
        assert!(log.contains("a partition is closed"), "{log}");
    });
}

/// A small file system in memory; `None`, with a reason, where it cannot be had.
struct Small<'a>(&'a Path);

impl<'a> Small<'a> {
    fn mount(at: &'a Path) -> Option<Self> {
        fs::create_dir_all(at).unwrap();
        let mounted =
            Command::new("mount").args(["-t", "tmpfs", "-o", "size=2m,mode=0700", "tmpfs"]).arg(at).output();
        if mounted.is_ok_and(|mounted| mounted.status.success()) {
            return Some(Self(at));
        }
        println!("skipped: a file system in memory cannot be mounted here");
        None
    }
}

impl Drop for Small<'_> {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(self.0).status();
    }
}

#[test]
fn d02_a_full_disk_holds_decisions_and_not_fixes() {
    let premises = Premises::new(&[]);
    let data = premises.data();
    let Some(_small) = Small::mount(&data) else { return };
    with_clients(async {
        let server = Server::start(&premises, &[]);
        let mut backend = connect(server.address(), Version::V5, "backend").await;
        for event in grants("before") {
            assert!(backend.publish("stile/v1/before/consent", event).await);
        }
        // Whatever room is left, down to the last byte.
        let filler = data.join("filler");
        let mut file = fs::File::create(&filler).unwrap();
        while std::io::Write::write_all(&mut file, &[0; 1_024]).is_ok() {}
        let mut phone = connect(server.address(), Version::V5, "backend").await;
        drop(backend);
        let mut n_durable = 0;
        let blocked = loop {
            let [location, _] = grants(&format!("full-{n_durable}"));
            phone.send(&format!("stile/v1/c{n_durable}/consent"), 1, location).await;
            match phone.answer_within(Duration::from_millis(1_500)).await {
                Some(_) => n_durable += 1,
                None => break n_durable,
            }
            assert!(n_durable < 5_000, "the disk is never full");
        };
        let mut other = crate::client::Login::new(server.address(), Version::V5, "backend");
        other.client_id = "another".into();
        let mut other = crate::client::Client::log_in(other).await.unwrap();
        assert!(other.publish("stile/v1/before/phone/fix", inside(5).to_string()).await, "fixes go on");
        server.status_when("the fix is used", |status| status["used"] == 1);
        assert_eq!(explain(&data, "before").len(), 2, "what is recorded can be read");
        drop(file);
        fs::remove_file(&filler).unwrap();
        assert_eq!(phone.answer_within(PATIENCE).await, Some(true), "the same commit succeeds later");
        drop((phone, other));
        server.stop();
        let shown = run_on(&data, &["consent", "show", &format!("c{blocked}")]);
        assert_eq!(shown["consents"].as_array().unwrap().len(), 1, "{shown}");
    });
}

#[test]
fn a_directory_that_was_never_served_is_no_data() {
    let premises = Premises::new(&[]);
    let ran = run(&["consent", "show", "ada", "--data", premises.data().to_str().unwrap()]);
    assert_eq!(ran.code, Some(78), "{}", ran.err);
    assert!(!premises.data().exists());
    let ran = run(&["customer", "explain", "a/b", "--data", premises.data().to_str().unwrap()]);
    assert_eq!(ran.code, Some(64), "{}", ran.err);
}

#[test]
fn d09_a_server_whose_data_directory_is_taken_away_ends_within_five_seconds() {
    for what in ["data", "data/lock"] {
        let premises = Premises::new(&[]);
        let mut server = Server::start(&premises, &[]);
        let path = premises.path(what);
        if path.is_dir() { fs::remove_dir_all(path) } else { fs::remove_file(path) }.unwrap();
        let removed = std::time::Instant::now();
        assert_eq!(server.ended().code(), Some(74), "{what}");
        assert!(removed.elapsed() < Duration::from_secs(5), "{what}: {:?}", removed.elapsed());
        assert!(server.log().contains("the ledger is gone"), "{what}");
    }
}
