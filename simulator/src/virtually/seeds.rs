//! Many seeds, one after the other or on several cores, until they are done or the time is up.

use std::io::{IsTerminal as _, Write as _};
use std::ops::RangeInclusive;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use serde::Serialize;

use super::Options;
use super::seed::{self, Found, Played};
use super::shell::Counts;
use crate::load::watch::Interrupts;
use crate::violation::Violation;

/// Which seeds, and for how long.
#[derive(Clone, Debug)]
pub(crate) struct Seeds {
    pub(crate) range: RangeInclusive<u64>,
    /// Seeds go on past the range until then.
    pub(crate) time: Option<Duration>,
    pub(crate) n_jobs: usize,
    /// The run goes on after so many violations.
    pub(crate) n_violations_max: usize,
}

/// What all of them came to.
#[derive(Debug, Default, Serialize)]
pub(crate) struct Summary {
    v: u32,
    pub(crate) n_seeds: u64,
    pub(crate) n_fixes: u64,
    pub(crate) fixes_per_s_core: f64,
    pub(crate) n_letters: u64,
    pub(crate) n_offers: u64,
    pub(crate) n_published: u64,
    pub(crate) n_transitions: u64,
    pub(crate) n_suppressed: u64,
    pub(crate) n_refused: u64,
    pub(crate) n_restrictions: u64,
    pub(crate) n_starts: u64,
    pub(crate) n_edits: u64,
    pub(crate) n_erasures: u64,
    pub(crate) n_new_lives: u64,
    pub(crate) n_reminders: u64,
    pub(crate) n_confirmed: u64,
    pub(crate) n_unconfirmed: u64,
    pub(crate) n_imported: u64,
    pub(crate) n_imports_applied: u64,
    pub(crate) took_s: f64,
    made_s: f64,
    played_s: f64,
    pub(crate) violations: Vec<Violation>,
    /// Why the run proves nothing, if it does not.
    pub(crate) invalid: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) digests: Vec<(u64, String)>,
}

impl Summary {
    fn add(&mut self, played: &Played) {
        let Counts {
            n_fixes,
            n_letters,
            n_offers,
            n_transitions,
            n_suppressed,
            n_refused,
            n_dropped: _,
            n_restrictions,
            n_starts,
            n_edits,
            n_shadows: _,
            n_erasures,
            n_new_lives,
            n_reminders,
            n_confirmed,
            n_unconfirmed,
            n_imported,
            n_imports_applied,
        } = played.ending.counts;
        self.n_seeds += 1;
        self.n_fixes += n_fixes;
        self.n_letters += n_letters;
        self.n_offers += n_offers;
        self.n_published += played.ending.n_published;
        self.n_transitions += n_transitions;
        self.n_suppressed += n_suppressed;
        self.n_refused += n_refused;
        self.n_restrictions += n_restrictions;
        self.n_starts += n_starts;
        self.n_edits += n_edits;
        self.n_erasures += n_erasures;
        self.n_new_lives += n_new_lives;
        self.n_reminders += n_reminders;
        self.n_confirmed += n_confirmed;
        self.n_unconfirmed += n_unconfirmed;
        self.n_imported += n_imported;
        self.n_imports_applied += n_imports_applied;
        self.made_s += played.made_s;
        self.played_s += played.played_s;
        if let Some(digest) = played.ending.digest {
            self.digests.push((played.seed, digest.to_string()));
        }
    }

    /// One line.
    fn line(&self) -> String {
        format!(
            "{} seeds, {} fixes, {:.0} fixes/s a core, {} transitions, {} offers, {} held back, {} refused, \
             {} starts, {} edits, {} erasures, {} new lives, {} confirmations \
             ({} failed), {} reminders, {} imports ({} applied), {} violations",
            self.n_seeds,
            self.n_fixes,
            self.fixes_per_s_core,
            self.n_transitions,
            self.n_offers,
            self.n_suppressed,
            self.n_refused,
            self.n_starts,
            self.n_edits,
            self.n_erasures,
            self.n_new_lives,
            self.n_confirmed,
            self.n_unconfirmed,
            self.n_reminders,
            self.n_imported,
            self.n_imports_applied,
            self.violations.len()
        )
    }
}

impl std::fmt::Display for Summary {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for (seed, digest) in &self.digests {
            writeln!(f, "seed {seed} {digest}")?;
        }
        write!(f, "{}", self.line())?;
        let all_s = self.made_s + self.played_s;
        if 0.0 < all_s {
            write!(f, "\nof the time {:.0} % made the stories", 100.0 * self.made_s / all_s)?;
        }
        self.invalid.iter().try_for_each(|why| write!(f, "\ninvalid: {why}"))
    }
}

/// Plays them all; violations are printed as they are found, and Ctrl-C lets no further seed begin.
pub(crate) fn run(seeds: &Seeds, options: &Options) -> Summary {
    seed::keep_panics_quiet();
    let interrupts = Interrupts::begin();
    let started = Instant::now();
    let next = AtomicU64::new(*seeds.range.start());
    let stop = AtomicBool::new(false);
    let summary = Mutex::new(Summary { v: 1, ..Summary::default() });
    let work = || {
        while !stop.load(Ordering::Relaxed) && !interrupts.came() {
            let seed = next.fetch_add(1, Ordering::Relaxed);
            let is_over = match seeds.time {
                Some(time) => time <= started.elapsed(),
                None => *seeds.range.end() < seed,
            };
            if is_over {
                return;
            }
            let played = seed::run(seed, options);
            let mut summary = summary.lock().expect("nobody panics while adding");
            summary.add(&played);
            if let Some(Found { violation, story }) = played.found {
                show(&violation, &story);
                summary.violations.push(violation);
                stop.fetch_or(seeds.n_violations_max <= summary.violations.len(), Ordering::Relaxed);
            }
            progress(&summary, started);
        }
    };
    std::thread::scope(|scope| {
        for _ in 1..seeds.n_jobs {
            scope.spawn(work);
        }
        work();
    });
    let mut summary = summary.into_inner().expect("nobody panics while adding");
    if std::io::stderr().is_terminal() {
        eprint!("\r\x1b[K");
    }
    summary.digests.sort_unstable();
    summary.took_s = started.elapsed().as_secs_f64();
    let busy_s = summary.made_s + summary.played_s;
    summary.fixes_per_s_core = if 0.0 < busy_s { summary.n_fixes as f64 / busy_s } else { 0.0 };
    summary
}

fn progress(summary: &Summary, started: Instant) {
    if std::io::stderr().is_terminal() {
        let secs = started.elapsed().as_secs_f64();
        let (n_seeds, n_fixes) = (summary.n_seeds, summary.n_fixes as f64);
        let n_violations = summary.violations.len();
        let rate = n_fixes / secs;
        eprint!("\r\x1b[K{secs:.0} s: {n_seeds} seeds, {rate:.0} fixes/s, {n_violations} violations");
        let _ = std::io::stderr().flush();
    }
}

fn show(violation: &Violation, story: &str) {
    let Violation { name, sentence, seed, customer, replay, .. } = violation;
    let customer = customer.as_deref().map_or(String::new(), |customer| format!(", customer {customer}"));
    eprintln!("\nseed {seed}{customer}: {name}\n  {sentence}\n{story}\n  {replay}");
}
