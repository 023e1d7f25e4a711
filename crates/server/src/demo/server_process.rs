//! The program itself as a child: started, read, killed, and never left behind.

use std::fs::{File, OpenOptions};
use std::io::{self, BufRead as _, BufReader};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, TryRecvError, channel};
use std::thread;
use std::time::{Duration, Instant};

use model::Timestamp;

use super::Broken;
use super::lodging::Lodging;
use crate::explain::rfc3339;

/// The clock that a server is started with.
#[derive(Clone, Copy)]
pub(super) struct ServerClock {
    pub(super) start_at: Timestamp,
    /// When that was, by the wall.
    pub(super) started: Timestamp,
    pub(super) speed: u32,
}

/// A running `stile serve`; dropping it kills it.
pub(super) struct ServerProcess {
    child: Child,
    lines: Receiver<String>,
    log: PathBuf,
}

/// Before its address stands this in the server's first line.
const READY: &str = "stile is listening on ";
/// How long an orderly stop may take.
const STOP_TIME_MAX: Duration = Duration::from_secs(10);

impl ServerProcess {
    /// Starts this very program as a server.
    pub(super) fn start(lodging: &Lodging, clock: ServerClock) -> io::Result<Self> {
        let log = OpenOptions::new().create(true).append(true).open(lodging.log())?;
        let mut child = Command::new(this_program()?)
            .arg0("stile")
            .arg("serve")
            .arg("--config")
            .arg(lodging.settings())
            .arg("--stop-with-stdin")
            .args(["--clock", "scaled", "--clock-start", &rfc3339(clock.start_at)])
            .args(["--clock-started", &rfc3339(clock.started), "--clock-speed", &clock.speed.to_string()])
            // Ctrl-C goes to a whole group; the demo ends its server itself, in order.
            .process_group(0)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(log)
            .spawn()?;
        let (tell, lines) = channel();
        if let Some(out) = child.stdout.take() {
            thread::spawn(move || {
                for line in BufReader::new(out).lines().map_while(Result::ok) {
                    if tell.send(line).is_err() {
                        return;
                    }
                }
            });
        }
        Ok(Self { child, lines, log: lodging.log() })
    }

    /// The port that it listens on, once it does.
    pub(super) fn port(&mut self) -> Result<Option<u16>, Broken> {
        match self.lines.try_recv() {
            Ok(line) => {
                Ok(line.strip_prefix(READY).and_then(|address| address.rsplit(':').next()?.parse().ok()))
            }
            Err(TryRecvError::Empty) => self.is_alive().map(|()| None),
            Err(TryRecvError::Disconnected) => {
                let _ = self.child.wait();
                Err(self.broken())
            }
        }
    }

    /// An error when it has ended.
    pub(super) fn is_alive(&mut self) -> Result<(), Broken> {
        match self.child.try_wait() {
            Ok(None) => Ok(()),
            Ok(Some(_)) | Err(_) => Err(self.broken()),
        }
    }

    /// SIGKILL: it gets no chance to put anything in order.
    pub(super) fn kill(&mut self) {
        // One that has ended by itself is as dead.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }

    /// Lets it end in order.
    pub(super) fn stop(mut self) {
        drop(self.child.stdin.take());
        let give_up_at = Instant::now() + STOP_TIME_MAX;
        while Instant::now() < give_up_at {
            if !matches!(self.child.try_wait(), Ok(None)) {
                return;
            }
            thread::sleep(Duration::from_millis(2));
        }
    }

    fn broken(&self) -> Broken {
        Broken::Server(last_line(&self.log).unwrap_or_else(|| "it ended without a word".to_owned()))
    }
}

impl Drop for ServerProcess {
    fn drop(&mut self) {
        self.kill();
    }
}

/// This program, also when its file was replaced meanwhile, as a build does.
fn this_program() -> io::Result<PathBuf> {
    let running = Path::new("/proc/self/exe");
    if running.exists() { Ok(running.to_owned()) } else { std::env::current_exe() }
}

fn last_line(log: &Path) -> Option<String> {
    BufReader::new(File::open(log).ok()?).lines().map_while(Result::ok).filter(|line| !line.is_empty()).last()
}
