//! How fast the generator is on this machine, against a sink of its own.

use std::fmt;
use std::time::Duration;

use consent_gate::ConsentEvent;
use serde::Serialize;
use town::Wish;

use crate::load::clock::RunClock;
use crate::load::letter::Written;
use crate::load::link::{Door, Link};
use crate::load::schedule::{Pace, Schedule};
use crate::load::script::{Changes, Form, Instant, Names, Phones, Qos, Said, Script};
use crate::load::sender::{Gauges, Sender};
use crate::load::sink::Sink;

/// Messages a second of one core that a generator must reach to be no bottleneck, by QoS.
const BARS: [f64; 2] = [500_000.0, 100_000.0];

/// How much to send.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Trial {
    pub(crate) n_messages: u64,
    pub(crate) n_customers: u32,
    pub(crate) n_links: usize,
    /// Unacknowledged messages on one connection.
    pub(crate) n_window: usize,
}

/// What came of it.
#[derive(Clone, Copy, Debug, Serialize)]
pub(crate) struct Offered {
    pub(crate) qos: u8,
    pub(crate) n_messages: u64,
    pub(crate) seconds: f64,
    /// Messages a second of real time.
    pub(crate) per_second: f64,
    /// Messages a second of one core, by what the generator's thread used of it.
    pub(crate) per_core_second: f64,
    /// Share of a core that it used.
    pub(crate) core_share: f64,
    pub(crate) bar: f64,
    pub(crate) passed: bool,
}

/// Sends single fixes as fast as it can.
///
/// # Errors
/// A sentence when loopback does not work, or a message was lost.
pub(crate) fn offer<P: Phones>(trial: Trial, phones: P, qos: Qos) -> Result<Offered, String> {
    let sink = Sink::start()?;
    let at_once = Pace { rate: 1e12, ramp_s: 0.0, hold_s: trial.n_messages as f64 / 1e12 };
    let customers = 0..trial.n_customers;
    let script = Script {
        schedule: Schedule::new(at_once, trial.n_customers, 7),
        phones,
        changes: Changes::new(trial.n_customers),
        form: Form { n_batch: 1, qos },
        n_links: trial.n_links,
        names: Names::topics(customers.map(|no| format!("stile/v1/c{no:07}/phone/fix"))),
        batch_topic: Vec::new(),
        only: None,
    };
    let links = (0..trial.n_links).map(|no| {
        let client = format!("rate-{no}");
        Link::connect(Door { address: sink.address(), login: None, client }, trial.n_window)
    });
    let links = links.collect::<Result<Vec<_>, _>>()?;
    let gauges = Gauges::default();
    let sender = Sender::new(&script, links, (0, 1), RunClock::in_a_while(Duration::ZERO), &gauges);
    let began = std::time::Instant::now();
    let account = std::thread::scope(|scope| scope.spawn(|| sender.run()).join());
    let account = account.map_err(|_| "the generator panicked".to_owned())?;
    let seconds = began.elapsed().as_secs_f64();
    if sink.n_messages() != account.n_messages {
        return Err(format!("{} messages were sent and {} arrived", account.n_messages, sink.n_messages()));
    }
    let core_seconds = account.cpu_ns as f64 / 1e9;
    let n = account.n_messages as f64;
    let bar = BARS[usize::from(qos == Qos::One)];
    Ok(Offered {
        qos: u8::from(qos == Qos::One),
        n_messages: account.n_messages,
        seconds,
        per_second: n / seconds,
        per_core_second: n / core_seconds,
        core_share: core_seconds / seconds,
        bar,
        passed: bar <= n / core_seconds,
    })
}

/// Phones on a straight way: what is measured is the generator, and not a town.
pub(crate) struct Straight;

impl Phones for Straight {
    type Phone = (f64, f64);

    fn phone(&self, customer: u32) -> (f64, f64) {
        (30.0 + f64::from(customer) * 1e-6, -97.0)
    }

    fn says(&self, phone: &mut (f64, f64), at: Instant, said: &mut Said) {
        phone.0 += 1e-5;
        phone.1 -= 1e-5;
        said.fixes.push(Written::simple(at.wall_ms, phone.0, phone.1));
    }

    fn consents(&self, _customer: u32, _wish: &Wish, _at: Instant) -> (String, Vec<ConsentEvent>) {
        (String::new(), Vec::new())
    }
}

impl fmt::Display for Offered {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let k = |rate: f64| rate / 1e3;
        write!(
            f,
            "QoS {}  {:>8} messages in {:.2} s: {:>7.0} k/s by the wall, {:>7.0} k/s a core ({:.0} % of one used); bar {:.0} k: {}",
            self.qos,
            self.n_messages,
            self.seconds,
            k(self.per_second),
            k(self.per_core_second),
            100.0 * self.core_share,
            k(self.bar),
            if self.passed { "met" } else { "missed" }
        )
    }
}
