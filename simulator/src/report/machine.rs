//! Where and when a run took place.

use chrono::{DateTime, SecondsFormat};
use serde::Serialize;

/// What a run ran on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Machine {
    /// The processor's name.
    pub(crate) processor: String,
    /// How many of its cores this process may use.
    pub(crate) cores: usize,
    /// Memory in GiB, rounded.
    pub(crate) memory_gib: u64,
    /// Kernel and architecture.
    pub(crate) system: String,
    /// How many threads wanted a core in the minute before the run: 0.3 on a quiet machine.
    pub(crate) load_before: String,
}

impl Machine {
    /// This one.
    pub(crate) fn here() -> Self {
        let read = |path: &str| std::fs::read_to_string(path).unwrap_or_default();
        let memory_kib = field(&read("/proc/meminfo"), "MemTotal").and_then(|text| {
            let digits = text.split(' ').next()?;
            digits.parse::<u64>().ok()
        });
        let kernel = read("/proc/sys/kernel/osrelease");
        let load = read("/proc/loadavg");
        Self {
            processor: field(&read("/proc/cpuinfo"), "model name").unwrap_or_else(unknown),
            cores: std::thread::available_parallelism().map_or(1, std::num::NonZero::get),
            memory_gib: memory_kib.map_or(0, |kib| (kib + (1 << 19)) >> 20),
            system: format!("{} {} {}", std::env::consts::OS, kernel.trim(), std::env::consts::ARCH),
            load_before: load.split(' ').next().filter(|load| !load.is_empty()).unwrap_or("?").to_owned(),
        }
    }
}

/// This process's command line, as one would type it again.
pub(super) fn command() -> String {
    let args = std::env::args().skip(1).map(|arg| quoted(&arg));
    std::iter::once("simulator".to_owned()).chain(args).collect::<Vec<_>>().join(" ")
}

/// This process's command line for one customer alone, as a person would look at it.
pub(super) fn command_only(customer: &str) -> String {
    let args = alone(std::env::args().skip(1), customer);
    std::iter::once("simulator".to_owned())
        .chain(args.iter().map(|arg| quoted(arg)))
        .collect::<Vec<_>>()
        .join(" ")
}

/// The arguments without what would write elsewhere or choose somebody else, and with the customer.
fn alone(args: impl IntoIterator<Item = String>, customer: &str) -> Vec<String> {
    let mut kept = Vec::new();
    let mut args = args.into_iter();
    while let Some(arg) = args.next() {
        match arg.as_str() {
            "--json" => {}
            "--only" | "--out" => drop(args.next()),
            joined if joined.starts_with("--only=") || joined.starts_with("--out=") => {}
            _ => kept.push(arg),
        }
    }
    kept.extend(["--only".to_owned(), customer.to_owned()]);
    kept
}

/// The program's version, and the commit that it was built from where the builder told.
pub(super) fn commit() -> String {
    let commit = option_env!("STILE_COMMIT").unwrap_or("unknown");
    format!("{}, commit {commit}", env!("CARGO_PKG_VERSION"))
}

/// The present instant, RFC 3339 in UTC.
pub(super) fn now() -> String {
    let now = DateTime::<chrono::Utc>::from(std::time::SystemTime::now());
    now.to_rfc3339_opts(SecondsFormat::Secs, true)
}

/// The first value of a key in a file of `key: value` lines.
fn field(text: &str, key: &str) -> Option<String> {
    let line = text.lines().find(|line| line.starts_with(key))?;
    Some(line.split_once(':')?.1.trim().to_owned())
}

fn unknown() -> String {
    "unknown processor".to_owned()
}

/// An argument that a shell would take apart, between quotes.
fn quoted(arg: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "-_./:=,+@%".contains(c);
    if !arg.is_empty() && arg.chars().all(is_plain) {
        arg.to_owned()
    } else {
        format!("'{}'", arg.replace('\'', r"'\''"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_can_be_typed_again() {
        for (arg, typed) in [
            ("--seed=7", "--seed=7"),
            ("p99_fix_to_offer<20ms", "'p99_fix_to_offer<20ms'"),
            ("it's", r"'it'\''s'"),
            ("", "''"),
        ] {
            assert_eq!(quoted(arg), typed);
        }
    }

    #[test]
    fn a_command_for_one_customer_names_one_and_writes_nothing() {
        let alone = |text: &str| alone(text.split(' ').map(str::to_owned), "c7").join(" ");
        assert_eq!(alone("town --only c1 --json --seed 9 --out a"), "town --seed 9 --only c7");
        assert_eq!(alone("town --out=a --only=c1 --rate 5"), "town --rate 5 --only c7");
        assert_eq!(alone("town --offers-min 0"), "town --offers-min 0 --only c7");
    }

    #[test]
    fn fields_are_found_by_name() {
        let text = "processor\t: 0\nmodel name\t: A: fast one\nMemTotal:       16 kB\n";
        assert_eq!(field(text, "model name").as_deref(), Some("A: fast one"));
        assert_eq!(field(text, "MemTotal").as_deref(), Some("16 kB"));
        assert_eq!(field(text, "absent"), None);
    }
}
