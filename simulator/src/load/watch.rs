//! Whoever watches a run: a row a second, one line on a terminal, and an ear for Ctrl-C.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use crate::load::clock::RunClock;
use crate::load::observer::Live;
use crate::load::sender::Gauges;
use crate::report::{Moment, Progress, Second};

/// How often Ctrl-C was pressed: once ends the run with its report, twice without.
pub(crate) struct Interrupts(Arc<AtomicU64>);

impl Interrupts {
    /// Listens from now on.
    pub(crate) fn begin() -> Self {
        let n = Arc::new(AtomicU64::new(0));
        let counted = Arc::clone(&n);
        std::thread::spawn(move || {
            let Ok(runtime) = tokio::runtime::Builder::new_current_thread().enable_all().build() else {
                return;
            };
            while runtime.block_on(tokio::signal::ctrl_c()).is_ok() {
                if 0 < counted.fetch_add(1, Ordering::Relaxed) {
                    std::process::exit(130);
                }
            }
        });
        Self(n)
    }

    pub(crate) fn came(&self) -> bool {
        0 < self.0.load(Ordering::Relaxed)
    }
}

/// The watcher.
pub(crate) struct Watch<'a> {
    clock: RunClock,
    gauges: &'a Gauges,
    live: &'a Live,
    lasts_s: f64,
    progress: Progress,
    rows: Vec<Second>,
    /// Sent, acknowledged and offered up to the last row.
    before: (u64, u64, u64),
}

impl<'a> Watch<'a> {
    pub(crate) fn new(clock: RunClock, gauges: &'a Gauges, live: &'a Live, lasts_s: f64) -> Self {
        let progress = Progress::start();
        Self { clock, gauges, live, lasts_s, progress, rows: Vec::new(), before: (0, 0, 0) }
    }

    /// Watches until it is over; Ctrl-C makes it be over.
    pub(crate) fn until(&mut self, is_over: impl Fn() -> bool, interrupts: &Interrupts) {
        while !is_over() {
            self.wait();
            if interrupts.came() {
                self.gauges.stop.store(true, Ordering::Relaxed);
            }
        }
    }

    /// Watches until no offer has come for a while.
    pub(crate) fn drain(&mut self, silence: Duration, longest: Duration, interrupts: &Interrupts) {
        let ns = |span: Duration| u64::try_from(span.as_nanos()).unwrap_or(u64::MAX);
        let began_ns = self.clock.now_ns();
        loop {
            let silence = if interrupts.came() { silence.min(Duration::from_secs(2)) } else { silence };
            let now_ns = self.clock.now_ns();
            let last_ns = self.live.last_ns.load(Ordering::Relaxed).max(began_ns);
            if last_ns + ns(silence) <= now_ns || began_ns + ns(longest) <= now_ns {
                return;
            }
            self.wait();
        }
    }

    fn wait(&mut self) {
        std::thread::sleep(Duration::from_millis(20));
        let now_s = self.clock.now_ns() as f64 / 1e9;
        if (self.rows.len() + 1) as f64 <= now_s {
            self.note(now_s);
        }
    }

    fn note(&mut self, at_s: f64) {
        let read = |gauge: &AtomicU64| gauge.load(Ordering::Relaxed);
        let sums = (read(&self.gauges.n_sent), read(&self.gauges.n_acked), read(&self.live.n_offers));
        let mut p99_ms = None;
        if let Ok(mut latency) = self.live.latency.lock() {
            p99_ms = latency.quantile_ms(0.99);
            latency.clear();
        }
        let row = Second {
            at_s,
            connected: read(&self.gauges.n_connected),
            sent: sums.0 - self.before.0,
            acked: sums.1 - self.before.1,
            offers: sums.2 - self.before.2,
            p50_ms: None,
            p99_ms,
            violations: 0,
        };
        self.before = sums;
        self.rows.push(row);
        let doing = if at_s < self.lasts_s { "load" } else { "waiting for the last offers" };
        self.progress.show(&Moment {
            doing: doing.to_owned(),
            elapsed: Duration::from_secs_f64(at_s),
            connected: Some(row.connected),
            sent_per_s: row.sent as f64,
            offers_per_s: row.offers as f64,
            p99_ms: row.p99_ms,
            violations: read(&self.live.n_duplicates),
        });
    }

    /// The rows.
    pub(crate) fn finish(self) -> Vec<Second> {
        self.progress.finish();
        self.rows
    }
}
