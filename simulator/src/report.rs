//! What a run came to: for a terminal, for a machine (JSON), for a colleague (HTML), for a gate.

mod gates;
mod html;
mod latency;
mod machine;
pub(crate) mod markup;
pub(crate) mod number;
pub(crate) mod plot;
mod progress;
pub(crate) mod text;

use std::collections::BTreeMap;
use std::io;
use std::path::Path;
use std::process::ExitCode;

use serde::ser::SerializeMap as _;
use serde::{Serialize, Serializer};
use serde_json::Value;

use crate::cli::exit;
use crate::report::number::grouped;
use crate::violation::Violation;

pub(crate) use gates::{Gate, Gates, Judgement};
pub(crate) use latency::{Latency, QUANTILES};
pub(crate) use machine::Machine;
pub(crate) use progress::{Moment, Progress};

/// Version of the JSON object; a field that changes its meaning or goes away makes it higher.
const VERSION: u32 = 1;

/// More violations than this are counted and not kept.
pub(crate) const N_VIOLATIONS_KEPT: usize = 100;

/// A generator that was late more often than this has not measured what it says.
pub(crate) const LATE_SHARE_MAX: f64 = 0.01;

/// One run. Its fields, in this order, are the JSON object that `report.json` holds.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Report {
    v: u32,
    /// What was run, where and when.
    pub(crate) run: Run,
    /// The generator's own account.
    pub(crate) generator: Generator,
    /// What was compared with the oracle.
    pub(crate) judged: Judged,
    /// How long things took.
    pub(crate) latencies: Latencies,
    /// Further figures, each with what it means.
    pub(crate) figures: Vec<Figure>,
    /// A row a second of the run.
    pub(crate) seconds: Vec<Second>,
    /// What must not happen, and did.
    pub(crate) violations: Violations,
    /// Whether it counts, and whether it passed.
    pub(crate) verdict: Verdict,
    /// Fences with what happened in them: drawn, and not part of the JSON.
    #[serde(skip)]
    pub(crate) map: Vec<MapFence>,
}

/// What was run, where and when.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Run {
    /// `load` or `virtual`.
    pub(crate) mode: Mode,
    /// The command line, as one would type it again.
    pub(crate) command: String,
    /// What all chance of the run comes from.
    pub(crate) seed: u64,
    /// When it began, RFC 3339 in UTC.
    pub(crate) began_at: String,
    /// From its beginning to its end.
    pub(crate) took_s: f64,
    /// How it ended.
    pub(crate) ended: Ended,
    /// The program's version and the commit that it was built from.
    pub(crate) commit: String,
    /// What it ran on.
    pub(crate) machine: Machine,
    /// What was planned, in the order in which a reader wants to know it.
    pub(crate) plan: Facts,
}

/// What drove the engine.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Mode {
    /// A running server, from outside, in real time.
    Load,
}

/// How a run ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case", tag = "how", content = "why")]
pub(crate) enum Ended {
    /// As planned.
    Complete,
    /// Someone pressed Ctrl-C; what is told is what was done until then.
    Interrupted,
    /// It could not go on, and this is why.
    Stopped(String),
}

/// Named facts in an order; a JSON object.
#[derive(Clone, Debug, Default)]
pub(crate) struct Facts(Vec<(String, Value)>);

/// What fed the engine. In virtual time nothing is late, and a message is what was handed over at once.
#[derive(Clone, Debug, Default, Serialize)]
pub(crate) struct Generator {
    /// Processor time that its threads took, in seconds.
    pub(crate) cpu_s: f64,
    /// Messages sent.
    pub(crate) sent: u64,
    /// Messages acknowledged; with QoS 0 nobody does.
    pub(crate) acked: u64,
    /// Fixes in those messages.
    pub(crate) fixes: u64,
    /// Messages sent later after their intended instant than the plan allows.
    pub(crate) late: u64,
    /// The largest of all delays of a send, in milliseconds.
    pub(crate) lag_max_ms: f64,
    /// Messages a second during the hold; in virtual time, simulated fixes a second of one core.
    pub(crate) rate_per_s: f64,
}

impl Generator {
    /// Late sends as a share of all; nought when nothing was sent.
    pub(crate) fn late_share(&self) -> f64 {
        if self.sent == 0 { 0.0 } else { self.late as f64 / self.sent as f64 }
    }
}

/// What was compared with the oracle.
#[derive(Clone, Debug, Default, Serialize)]
pub(crate) struct Judged {
    /// How much of it there was.
    pub(crate) counts: Counts,
    /// How much the run says that it needs to mean anything.
    pub(crate) needed: Counts,
    /// What became of each offer that was seen or expected.
    pub(crate) verdicts: Verdicts,
    /// Records that were not used, by the word of their refusal or drop.
    pub(crate) outcomes: BTreeMap<String, u64>,
    /// What became of candidates, by word: `sent`, and the reasons of suppressions.
    pub(crate) suppressions: BTreeMap<String, u64>,
    /// Invariants that were watched, by name: how often each was checked.
    pub(crate) invariants: BTreeMap<String, u64>,
}

/// How much was judged.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub(crate) struct Counts {
    /// Enters, dwells, exits and crossings.
    pub(crate) transitions: u64,
    /// Offers seen or expected.
    pub(crate) offers: u64,
    /// Withdrawals and pauses that were acknowledged.
    pub(crate) withdrawals: u64,
}

impl Counts {
    /// What a full run needs; a run that asks for less says so.
    pub(crate) const FULL: Self = Self { transitions: 50_000, offers: 5_000, withdrawals: 1_000 };

    fn named(self) -> [(&'static str, u64); 3] {
        [("transitions", self.transitions), ("offers", self.offers), ("withdrawals", self.withdrawals)]
    }
}

/// What became of each offer that was seen or expected.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub(crate) struct Verdicts {
    /// Expected, and seen once, in time, by the right customer.
    pub(crate) correct: u64,
    /// Seen more often than expected.
    pub(crate) duplicate: u64,
    /// Expected and not seen.
    pub(crate) missing: u64,
    /// Seen after it had expired.
    pub(crate) late: u64,
    /// Seen after the acknowledgement of a withdrawal.
    pub(crate) leaked: u64,
    /// Seen by somebody else than it was meant for.
    pub(crate) wrong_customer: u64,
    /// Seen and not expected.
    pub(crate) unexpected: u64,
}

impl Verdicts {
    /// Each with its word.
    pub(crate) fn named(self) -> [(&'static str, u64); 7] {
        [
            ("correct", self.correct),
            ("duplicate", self.duplicate),
            ("missing", self.missing),
            ("late", self.late),
            ("leaked", self.leaked),
            ("wrong_customer", self.wrong_customer),
            ("unexpected", self.unexpected),
        ]
    }
}

/// How long things took, each from the instant at which it was *meant* to be sent.
#[derive(Clone, Debug, Default, Serialize)]
pub(crate) struct Latencies {
    /// From the intended send of a fix to the arrival of the offer that it called for.
    pub(crate) fix_to_offer: Latency,
    /// From the intended send of a consent change to its acknowledgement.
    pub(crate) consent_ack: Latency,
    /// From the intended send of a message of QoS 1 to its PUBACK.
    pub(crate) puback: Latency,
}

/// A further figure.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Figure {
    /// A few words.
    pub(crate) name: String,
    /// How much.
    pub(crate) value: f64,
    /// Of what; empty for a plain count.
    pub(crate) unit: String,
    /// One sentence for somebody who sees it for the first time.
    pub(crate) means: String,
}

/// One second of a run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub(crate) struct Second {
    /// Seconds since the run began, at the end of this one.
    pub(crate) at_s: f64,
    /// Connections that stood then.
    pub(crate) connected: u64,
    /// Messages sent within it.
    pub(crate) sent: u64,
    /// Acknowledgements that came within it.
    pub(crate) acked: u64,
    /// Offers that came within it.
    pub(crate) offers: u64,
    /// The median of fix to offer of those offers, in milliseconds.
    pub(crate) p50_ms: Option<f64>,
    /// The 99th percentile of the same.
    pub(crate) p99_ms: Option<f64>,
    /// Violations found within it.
    pub(crate) violations: u64,
}

/// What must not happen, and did.
#[derive(Clone, Debug, Default, Serialize)]
pub(crate) struct Violations {
    /// How many there were.
    pub(crate) n: u64,
    /// The first hundred of them.
    pub(crate) first: Vec<Violation>,
}

impl Violations {
    /// Counts one, and keeps it if it is among the first.
    pub(crate) fn note(&mut self, violation: Violation) {
        self.n += 1;
        if self.first.len() < N_VIOLATIONS_KEPT {
            self.first.push(violation);
        }
    }
}

/// Whether a run counts, and whether it passed.
#[derive(Clone, Debug, Default, Serialize)]
pub(crate) struct Verdict {
    /// Why it proves nothing, one sentence each; empty when it counts.
    pub(crate) invalid: Vec<String>,
    /// What was asserted of it.
    pub(crate) gates: Vec<Judgement>,
}

/// One fence of the map.
#[derive(Clone, Debug, Default)]
pub(crate) struct MapFence {
    /// Its id, or its name where it has one.
    pub(crate) name: String,
    /// A place in it, in degrees: latitude, then longitude.
    pub(crate) centre: (f64, f64),
    /// Of a circle its radius, else that of a circle with the same area.
    pub(crate) radius_m: f64,
    /// The rings of a polygon, (latitude, longitude); empty for a circle.
    pub(crate) rings: Vec<Vec<(f64, f64)>>,
    /// Enters told there.
    pub(crate) enters: u64,
    /// Dwells told there.
    pub(crate) dwells: u64,
    /// Offers sent from there.
    pub(crate) offers: u64,
}

/// What a run says to a shell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// Valid, without a violation, through every gate.
    Passed,
    /// Something was found that must not be, or a gate is shut.
    Failed,
    /// It proves nothing.
    Invalid,
}

impl Outcome {
    /// The exit code.
    pub(crate) fn code(self) -> ExitCode {
        match self {
            Self::Passed => ExitCode::SUCCESS,
            Self::Failed => ExitCode::from(exit::FAILED),
            Self::Invalid => ExitCode::from(exit::INVALID),
        }
    }
}

impl Report {
    /// A report of a run of which nothing is known yet.
    pub(crate) fn new(run: Run) -> Self {
        Self {
            v: VERSION,
            run,
            generator: Generator::default(),
            judged: Judged::default(),
            latencies: Latencies::default(),
            figures: Vec::new(),
            seconds: Vec::new(),
            violations: Violations::default(),
            verdict: Verdict::default(),
            map: Vec::new(),
        }
    }

    /// Says whether the run counts and what its gates say; call when all else is filled in.
    ///
    /// Reasons for which the caller knows it to be invalid stay.
    pub(crate) fn close(&mut self, gates: &Gates) {
        self.verdict.invalid.extend(self.reasons_to_doubt());
        self.verdict.gates = gates.judge(self);
    }

    /// A violation is a violation in a run that proves nothing, too; a gate is not.
    pub(crate) fn outcome(&self) -> Outcome {
        if 0 < self.violations.n {
            Outcome::Failed
        } else if !self.verdict.invalid.is_empty() {
            Outcome::Invalid
        } else if self.verdict.gates.iter().any(|gate| !gate.passed) {
            Outcome::Failed
        } else {
            Outcome::Passed
        }
    }

    /// Whether it asked for less than a full run.
    pub(crate) fn is_short(&self) -> bool {
        let pairs = self.judged.needed.named().into_iter().zip(Counts::FULL.named());
        pairs.into_iter().any(|((_, needed), (_, full))| needed < full)
    }

    /// The object, on several lines.
    pub(crate) fn json(&self) -> String {
        serde_json::to_string_pretty(self).expect("a report holds nothing that JSON cannot say")
    }

    /// One page that needs no network, for a person.
    pub(crate) fn html(&self) -> String {
        html::page(self)
    }

    /// Writes `report.json` and `report.html` into a folder, which is made if need be.
    ///
    /// # Errors
    /// What the file system says.
    pub(crate) fn write_into(&self, folder: &Path) -> io::Result<()> {
        std::fs::create_dir_all(folder)?;
        std::fs::write(folder.join("report.json"), self.json())?;
        std::fs::write(folder.join("report.html"), self.html())
    }

    fn reasons_to_doubt(&self) -> Vec<String> {
        let mut reasons = Vec::new();
        let late_share = self.generator.late_share();
        if LATE_SHARE_MAX < late_share {
            let (percent, percent_max) = (100.0 * late_share, 100.0 * LATE_SHARE_MAX);
            reasons.push(format!(
                "the generator was late on {percent:.1} % of its sends, more than {percent_max:.0} %: what \
                 was measured is the generator"
            ));
        }
        let (counts, needed) = (self.judged.counts.named(), self.judged.needed.named());
        for ((name, n), (_, n_needed)) in counts.into_iter().zip(needed) {
            if n < n_needed {
                let (n, n_needed) = (grouped(n), grouped(n_needed));
                reasons.push(format!("{n} {name} were judged, fewer than the {n_needed} that it needs"));
            }
        }
        if let Ended::Stopped(why) = &self.run.ended {
            reasons.push(format!("it stopped before its end: {why}"));
        }
        reasons
    }
}

impl Run {
    /// This process's command for one customer alone.
    pub(crate) fn command_only(customer: &str) -> String {
        machine::command_only(customer)
    }

    /// A run that begins now, with this process's command line.
    pub(crate) fn begin(mode: Mode, seed: u64) -> Self {
        Self {
            mode,
            command: machine::command(),
            seed,
            began_at: machine::now(),
            took_s: 0.0,
            ended: Ended::Complete,
            commit: machine::commit(),
            machine: Machine::here(),
            plan: Facts::default(),
        }
    }
}

impl Facts {
    /// Adds one.
    pub(crate) fn note(&mut self, name: &str, value: impl Into<Value>) {
        self.0.push((name.to_owned(), value.into()));
    }

    /// All, in order.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&str, &Value)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value))
    }
}

impl Serialize for Facts {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.0.len()))?;
        for (name, value) in &self.0 {
            map.serialize_entry(name, value)?;
        }
        map.end()
    }
}

#[cfg(test)]
mod tests;
