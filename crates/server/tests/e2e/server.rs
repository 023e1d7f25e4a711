//! A running `stile serve`, and the other commands.

use std::fs::{self, File};
use std::io::{BufRead as _, BufReader, Read as _};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::Value;
use server::control::{self, Request};

use crate::PATIENCE;
use crate::premises::Premises;

/// Killed when dropped.
pub(crate) struct Server {
    child: Child,
    said: String,
    data: PathBuf,
    log: PathBuf,
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Server {
    pub(crate) fn start(premises: &Premises, options: &[&str]) -> Self {
        Self::try_start(premises, options, "debug").unwrap_or_else(|(status, log)| panic!("{status}: {log}"))
    }

    /// The error is how it ended, and what it said on stderr.
    pub(crate) fn try_start(
        premises: &Premises,
        options: &[&str],
        log_level: &str,
    ) -> Result<Self, (ExitStatus, String)> {
        let log = premises.path("log");
        let err = File::options().append(true).create(true).open(&log).unwrap();
        let mut child = stile()
            .args(["serve", "--config", premises.path("stile.toml").to_str().unwrap()])
            .args(options)
            .env("STILE_LOG", log_level)
            .stdout(Stdio::piped())
            .stderr(err)
            .spawn()
            .unwrap();
        let mut out = BufReader::new(child.stdout.take().unwrap());
        let mut said = String::new();
        out.read_line(&mut said).unwrap();
        // What it says later must not fill the pipe.
        thread::spawn(move || out.read_to_end(&mut Vec::new()));
        if said.is_empty() {
            let status = child.wait().unwrap();
            return Err((status, fs::read_to_string(&log).unwrap()));
        }
        Ok(Self { child, said, data: premises.data(), log })
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.said.trim().rsplit(' ').next().unwrap().parse().expect("it says where it listens")
    }

    /// The line with which it says that it is ready.
    pub(crate) fn said(&self) -> &str {
        self.said.trim()
    }

    /// What it has logged so far.
    pub(crate) fn log(&self) -> String {
        fs::read_to_string(&self.log).unwrap()
    }

    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    pub(crate) fn ask(&self, request: &Request) -> Value {
        control::ask(&self.data, request).unwrap().expect("it serves")
    }

    pub(crate) fn status(&self) -> Value {
        self.ask(&Request::Status)
    }

    /// Waits until its counters are as they should be.
    pub(crate) fn status_when(&self, what: &str, is_so: impl Fn(&Value) -> bool) -> Value {
        let until = Instant::now() + PATIENCE;
        loop {
            let status = self.status();
            if is_so(&status) {
                return status;
            }
            assert!(Instant::now() < until, "never {what}: {status}");
            thread::sleep(Duration::from_millis(10));
        }
    }

    pub(crate) fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    pub(crate) fn signal(&self, signal: &str) {
        let sent = Command::new("kill").args([signal, &self.pid().to_string()]).status().unwrap();
        assert!(sent.success());
    }

    pub(crate) fn ended(&mut self) -> ExitStatus {
        let until = Instant::now() + PATIENCE;
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status;
            }
            assert!(Instant::now() < until, "it does not end");
            thread::sleep(Duration::from_millis(10));
        }
    }

    /// Stops it as a supervisor does; gives its log.
    pub(crate) fn stop(mut self) -> String {
        self.signal("-TERM");
        let status = self.ended();
        let log = fs::read_to_string(&self.log).unwrap();
        assert_eq!(status.code(), Some(0), "{log}");
        log
    }
}

fn stile() -> Command {
    Command::new(env!("CARGO_BIN_EXE_stile"))
}

/// What a command printed and how it ended.
pub(crate) struct Ran {
    pub(crate) code: Option<i32>,
    pub(crate) out: String,
    pub(crate) err: String,
}

pub(crate) fn run(args: &[&str]) -> Ran {
    let Output { status, stdout, stderr } = stile().args(args).output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    Ran { code: status.code(), out: text(stdout), err: text(stderr) }
}

/// Runs a command on a data directory and reads the JSON that it prints.
pub(crate) fn run_on(data: &Path, args: &[&str]) -> Value {
    let ran = run(&[args, &["--data", data.to_str().unwrap(), "--json"]].concat());
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    serde_json::from_str(&ran.out).unwrap()
}

/// Every sentence about a customer, from the server or from its directory.
pub(crate) fn explain(data: &Path, customer: &str) -> Vec<Value> {
    let explained = run_on(data, &["customer", "explain", customer, "--last", "100000"]);
    explained["sentences"].as_array().unwrap().clone()
}
