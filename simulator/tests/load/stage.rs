//! A server in this process with a laid town, and the program before it.

use std::path::Path;
use std::process::{Command, Output};
use std::sync::Arc;

use engine::{Alteration, House, Policy, Tally};
use ledger::MemoryStorage;
use serde_json::Value;
use server::machine::{Clock, Running, Setup, Upkeep};
use server::mqtt::{Identity, ListenerOptions, Role};
use spatial_index::geojson::{self, ReadOptions};
use tempfile::TempDir;
use tokio::runtime::Runtime;

/// What is laid and played: small, and dense enough that people meet fences within seconds.
pub(crate) const TOWN: [&str; 4] = ["--fences", "60", "--merchants", "2"];
/// A run of seconds; it says that it proves little.
const SHORT: [&str; 16] = [
    "--customers",
    "400",
    "--rate",
    "800",
    "--for",
    "6s",
    "--ramp",
    "500ms",
    "--drain",
    "1s",
    "--transitions-min",
    "0",
    "--offers-min",
    "0",
    "--withdrawals-min",
    "0",
];

pub(crate) struct Stage {
    runtime: Runtime,
    running: Running,
    house: Arc<House>,
    pub(crate) port: u16,
    pub(crate) dir: TempDir,
}

impl Stage {
    /// Lays the town and starts a server with the rules of `config/load.toml`.
    pub(crate) fn set() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let mut lay = Command::new(env!("CARGO_BIN_EXE_simulator"));
        let laid = lay.arg("lay").args(TOWN).arg("--out").arg(dir.path()).output().unwrap();
        assert!(laid.status.success(), "{}", String::from_utf8_lossy(&laid.stderr));
        let house = Arc::new(house(dir.path()));
        let runtime = Runtime::new().unwrap();
        let (running, port) = runtime.block_on(start(&house));
        Self { runtime, running, house, port, dir }
    }

    /// Takes the offers up that lie in the folder now.
    pub(crate) fn reload(&self) {
        let alteration = Alteration::between(self.house.clone(), Arc::new(house(self.dir.path())));
        self.runtime.block_on(self.running.take_up(&Arc::new(alteration))).expect("the shard is alive");
    }

    /// Ends the server; what it counted.
    pub(crate) fn close(self) -> Tally {
        let tally = self.runtime.block_on(self.running.tally()).expect("the shard is alive");
        self.runtime.block_on(self.running.shut_down());
        tally
    }
}

fn house(dir: &Path) -> House {
    let fences = std::fs::read(dir.join("fences.geojson")).unwrap();
    let loaded = geojson::read(&fences, &ReadOptions::default()).expect("what is laid is good");
    let text = std::fs::read_to_string(dir.join("offers.toml")).unwrap();
    let offers = settings::OffersFile::parse(Path::new("offers.toml"), &text).expect("what is laid is good");
    House::new(loaded.fences, offers.catalogue()).expect("the house stands")
}

async fn start(house: &Arc<House>) -> (Running, u16) {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../config/load.toml");
    let settings = settings::load(&file).expect("the shipped file is sound");
    let backend = Identity::with_token("load", Role::Backend, b"try-the-load-backend").unwrap();
    let options = ListenerOptions { address: ([127, 0, 0, 1], 0).into(), ..ListenerOptions::default() };
    let setup = Setup {
        house: house.clone(),
        alteration: None,
        policy: Policy { notifier: settings.notifier, ..Policy::default() },
        storage: Box::new(MemoryStorage::default()),
        n_shards: 1,
        prefix: "stile/v1".to_owned(),
        clock: Clock::Wall,
        upkeep: Upkeep::default(),
        listener: Some((options, vec![backend])),
        broker: None,
    };
    let running = Running::start(setup).await.expect("loopback has a free port");
    let port = running.address().expect("it listens").port();
    (running, port)
}

/// The program on a short run; options that come twice count as they come last.
pub(crate) fn town(port: u16, options: &[&str]) -> Command {
    town_of(port, &TOWN, options)
}

/// The same in another town.
pub(crate) fn town_of(port: u16, town: &[&str], options: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_simulator"));
    command.args(["town", "--json", "--broker", &format!("127.0.0.1:{port}")]).args(town);
    let is_given = |option: &str| options.contains(&option);
    let kept = SHORT.chunks(2).filter(|pair| !is_given(pair[0])).flatten();
    command.args(kept).args(options).env_remove("STILE_SECRET");
    command
}

/// Runs it: its exit code, its report, what it said besides.
pub(crate) fn check(port: u16, options: &[&str]) -> (i32, Value, String) {
    told(&town(port, options).output().unwrap())
}

pub(crate) fn told(output: &Output) -> (i32, Value, String) {
    let report = serde_json::from_slice(&output.stdout).unwrap_or(Value::Null);
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    (output.status.code().expect("it ends by itself"), report, said)
}

/// How many offers got a verdict.
pub(crate) fn n(report: &Value, verdict: &str) -> u64 {
    report["judged"]["verdicts"][verdict].as_u64().unwrap_or_else(|| panic!("no {verdict} in {report}"))
}
