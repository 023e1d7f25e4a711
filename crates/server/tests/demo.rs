//! `stile demo` as a newcomer runs it: the real program, its child, MQTT, a kill and the sums.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

/// Long enough for the slowest machine; nobody waits for it on others.
const PATIENCE: Duration = Duration::from_secs(150);

/// A demo with a folder of its own for what it leaves lying about.
struct Demo {
    child: Child,
    folder: tempfile::TempDir,
}

struct Ended {
    code: Option<i32>,
    out: String,
    err: String,
    left_over: Vec<PathBuf>,
}

impl Demo {
    fn start(args: &[&str]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let child = Command::new(env!("CARGO_BIN_EXE_stile"))
            .arg("demo")
            .args(args)
            .env("TMPDIR", folder.path())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the program starts");
        Self { child, folder }
    }

    fn wait(self) -> Ended {
        let Self { child, folder } = self;
        let output = child.wait_with_output().unwrap();
        let text = |bytes| String::from_utf8(bytes).expect("the program prints UTF-8");
        Ended {
            code: output.status.code(),
            out: text(output.stdout),
            err: text(output.stderr),
            left_over: files_in(folder.path()),
        }
    }

    fn signal(&self, signal: &str) {
        let sent =
            Command::new("sh").args(["-c", &format!("kill {signal} {}", self.child.id())]).status().unwrap();
        assert!(sent.success());
    }

    /// The server that it started (Linux), found by the settings on its command line.
    fn server(&self) -> Option<u32> {
        let folder = self.folder.path().to_str().unwrap();
        std::fs::read_dir("/proc").ok()?.flatten().find_map(|process| {
            let no = process.file_name().to_str()?.parse().ok()?;
            let line = std::fs::read(process.path().join("cmdline")).ok()?;
            let line = String::from_utf8_lossy(&line).into_owned();
            (line.contains("serve") && line.contains(folder)).then_some(no)
        })
    }

    /// Waits until the town lives: the server runs on the demo's clock.
    fn wait_until_it_plays(&self) {
        until(|| {
            let clock = |no: u32| std::fs::read(format!("/proc/{no}/cmdline")).unwrap_or_default();
            let line = self.server().map(clock).unwrap_or_default();
            String::from_utf8_lossy(&line).contains("--clock-speed\u{0}60")
        });
        std::thread::sleep(Duration::from_secs(1));
    }
}

fn files_in(folder: &Path) -> Vec<PathBuf> {
    std::fs::read_dir(folder).unwrap().flatten().map(|file| file.path()).collect()
}

fn until(mut is_so: impl FnMut() -> bool) {
    let give_up_at = Instant::now() + PATIENCE;
    while !is_so() {
        assert!(Instant::now() < give_up_at, "waited in vain");
        std::thread::sleep(Duration::from_millis(20));
    }
}

fn summary(ended: &Ended) -> Value {
    assert_eq!(ended.out.lines().count(), 1, "one object: {}", ended.out);
    serde_json::from_str(&ended.out).expect("an object")
}

fn number(summary: &Value, key: &str) -> u64 {
    summary[key].as_u64().unwrap_or_else(|| panic!("{key} is no number: {summary}"))
}

#[test]
fn half_a_minute_has_offers_silence_a_kill_and_sums_that_balance() {
    let ended = Demo::start(&["--for", "30s", "--json", "--no-tui"]).wait();
    assert_eq!(ended.code, Some(0), "{}\n{}", ended.out, ended.err);
    let summary = summary(&ended);
    assert_eq!(summary["balanced"], true, "{summary}");
    let n_sent = number(&summary, "offers_sent");
    assert!(5 <= n_sent && n_sent == number(&summary, "offers_received"), "{summary}");
    assert!(5 * n_sent < number(&summary, "naive_would_have_sent"), "{summary}");
    let suppressed = summary["suppressed"].as_object().unwrap();
    let n_reasons = suppressed.values().filter(|n| 0 < n.as_u64().unwrap()).count();
    assert!(5 <= n_reasons, "{n_reasons} reasons for silence: {summary}");
    assert_eq!(number(&summary, "malformed"), 0);
    assert!(0 < number(&summary, "refused") && 0 < number(&summary, "matched"));
    for kind in ["enter", "dwell", "exit"] {
        assert!(0 < number(&summary["transitions"], kind), "{kind}");
    }

    // Someone opted out, and the server was killed once with an offer on its hands.
    assert!(0.0 < summary["opt_out_durable_ms"].as_f64().unwrap());
    assert!(0 < number(&summary, "refused_after_opt_out"), "{summary}");
    assert_eq!(summary["records_by_life"].as_array().unwrap().len(), 2, "{summary}");
    assert!(0.0 < summary["down_ms"].as_f64().unwrap());
    assert_eq!(number(&summary, "offers_received_twice"), 0);
    for part in ["walks past", "refused unread", "Killed, back in"] {
        assert!(ended.err.contains(part), "{part} in {}", ended.err);
    }
    assert!(ended.left_over.is_empty(), "{:?}", ended.left_over);
}

#[test]
fn a_phone_that_claims_a_fix_which_it_did_not_send_is_noticed() {
    let ended = Demo::start(&["--for", "8s", "--json", "--no-tui", "--fault", "drop-one"]).wait();
    assert_eq!(ended.code, Some(1), "{}\n{}", ended.out, ended.err);
    let summary = summary(&ended);
    assert_eq!(summary["balanced"], false);
    let fixes = &summary["checks"]["fixes"];
    assert_eq!(number(fixes, "clients"), number(fixes, "server") + 1, "{summary}");
    assert!(ended.left_over.is_empty(), "{:?}", ended.left_over);
}

#[test]
#[cfg(target_os = "linux")]
fn ctrl_c_sums_up_and_leaves_nothing_behind() {
    let demo = Demo::start(&["--json", "--no-tui"]);
    demo.wait_until_it_plays();
    let server = demo.server().unwrap();
    demo.signal("-INT");
    let ended = demo.wait();
    assert_eq!(ended.code, Some(0), "{}\n{}", ended.out, ended.err);
    assert_eq!(summary(&ended)["balanced"], true, "{}", ended.out);
    assert!(ended.left_over.is_empty(), "{:?}", ended.left_over);
    assert!(!Path::new(&format!("/proc/{server}")).exists(), "the server is still there");
}

#[test]
#[cfg(target_os = "linux")]
fn the_server_does_not_outlive_a_demo_that_is_killed() {
    let mut demo = Demo::start(&["--no-tui"]);
    demo.wait_until_it_plays();
    let server = demo.server().unwrap();
    demo.signal("-KILL");
    demo.child.wait().unwrap();
    until(|| !Path::new(&format!("/proc/{server}")).exists());
}

#[test]
fn wrong_options_are_refused() {
    for args in [["--for", "soon"], ["--for", "0s"], ["--speed", "0"], ["--fault", "fire"]] {
        let ended = Demo::start(&args).wait();
        assert_eq!(ended.code, Some(64), "{args:?}");
    }
}
