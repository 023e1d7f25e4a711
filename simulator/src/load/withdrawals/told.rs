//! What a run of withdrawals came to, in the words of its bar.

use std::collections::HashMap;
use std::fmt;
use std::process::ExitCode;

use serde::Serialize;

use super::{Moment, Plan, Ran};
use crate::cli::exit;
use crate::report::number::{grouped, measured};
use crate::report::text::timed;
use crate::report::{LATE_SHARE_MAX, Latency, Machine};

/// Shares may miss what was asked for by so much.
const SHARE_OFF_MAX: f64 = 0.01;
/// Rates may, as a share of what was asked for.
const RATE_OFF_MAX: f64 = 0.02;
/// The same of offers, which chance makes uneven.
const OFFERS_OFF_MAX: f64 = 0.15;

/// What was asked for, and what was reached.
#[derive(Clone, Copy, Debug, Serialize)]
struct Reached {
    asked: f64,
    reached: f64,
}

/// The account of a run.
#[derive(Debug, Serialize)]
pub(crate) struct Told {
    /// A second, while it held.
    fixes: Reached,
    /// Share of the fixes that came of people who had agreed.
    consented: Reached,
    /// Share of the fixes inside a fence.
    inside: Reached,
    /// A second.
    offers: Reached,
    /// A second.
    withdrawals: Reached,
    /// Of the generator's messages, the withdrawals among them.
    late_share: f64,
    lag_max_ms: f64,
    /// From sending to acknowledgement.
    ack: Latency,
    /// Of 4 KiB appended and synced beside it.
    fsync: Latency,
    p99_max_ms: f64,
    /// Offers that came behind the acknowledgement.
    n_leaked: u64,
    /// Withdrawals of which the server did not say that they were applied.
    n_not_applied: u64,
    load_before: String,
    load_after: String,
    /// Why it proves nothing.
    invalid: Vec<String>,
}

impl Told {
    pub(super) fn of(plan: &Plan, ran: &Ran) -> Self {
        let [begun, ended] = ran.ends;
        let lasted_s = (ended.at_ns - begun.at_ns) as f64 / 1e9;
        let more = |of: fn(&Moment) -> u64| (of(&ended) - of(&begun)) as f64;
        let n_fixes = more(|moment| moment.sent.n_fixes).max(1.0);
        let reached = |asked: f64, reached: f64| Reached { asked, reached };
        let n_late = (ran.account.n_late + ran.withdrawn.n_late) as f64;
        let mut told = Self {
            fixes: reached(plan.rate, n_fixes / lasted_s),
            consented: reached(plan.shares.consented, more(|moment| moment.sent.n_consented) / n_fixes),
            inside: reached(plan.shares.inside, more(|moment| moment.sent.n_inside) / n_fixes),
            offers: reached(plan.shares.enters_per_s, more(|moment| moment.n_offers) / lasted_s),
            withdrawals: reached(plan.withdrawals, ran.withdrawn.n_sent as f64 / plan.hold.as_secs_f64()),
            late_share: n_late / (ran.account.n_messages + ran.withdrawn.n_sent).max(1) as f64,
            lag_max_ms: ran.account.lag_max_ns as f64 / 1e6,
            ack: ran.withdrawn.ack.clone(),
            fsync: ran.fsync.clone(),
            p99_max_ms: plan.p99_max.as_secs_f64() * 1e3,
            n_leaked: n_leaked(plan, ran),
            n_not_applied: n_not_applied(ran),
            load_before: plan.load_before.clone(),
            load_after: Machine::here().load_before,
            invalid: Vec::new(),
        };
        told.invalid = told.doubts(ran);
        told
    }

    /// Reasons for which it proves nothing.
    fn doubts(&self, ran: &Ran) -> Vec<String> {
        let mut doubts = Vec::new();
        if LATE_SHARE_MAX < self.late_share {
            let percent = 100.0 * self.late_share;
            doubts.push(format!("the generator was late on {percent:.1} % of its sends"));
        }
        let n_stalled = ran.account.n_stalled;
        if LATE_SHARE_MAX < n_stalled as f64 / ran.account.n_messages.max(1) as f64 {
            doubts.push(format!(
                "the server took less than was offered: {n_stalled} messages were late for it"
            ));
        }
        let is_off = |Reached { asked, reached }: Reached, off_max: f64| off_max < (reached - asked).abs();
        let mut missed = |what: &str, is_off: bool| {
            if is_off {
                doubts.push(format!("{what} missed what was asked for"));
            }
        };
        missed("the rate of the fixes", is_off(self.fixes, RATE_OFF_MAX * self.fixes.asked));
        missed("the share of the consented", is_off(self.consented, SHARE_OFF_MAX));
        missed("the share inside a fence", is_off(self.inside, SHARE_OFF_MAX));
        missed("the rate of the offers", is_off(self.offers, OFFERS_OFF_MAX * self.offers.asked));
        let off_max = RATE_OFF_MAX * self.withdrawals.asked;
        missed("the rate of the withdrawals", is_off(self.withdrawals, off_max));
        doubts.extend(ran.withdrawn.gave_up.clone());
        doubts.extend(ran.account.gave_up.clone());
        doubts.extend(ran.heard.lost.clone());
        if ran.interrupted {
            doubts.push("it was interrupted".to_owned());
        }
        doubts
    }

    /// Whether what is asked of the server holds.
    fn holds(&self) -> bool {
        let p99_ms = self.ack.quantile_ms(0.99);
        p99_ms.is_some_and(|p99_ms| p99_ms < self.p99_max_ms) && self.n_leaked == 0 && self.n_not_applied == 0
    }

    pub(crate) fn code(&self) -> ExitCode {
        match (self.invalid.is_empty(), self.holds()) {
            (false, _) => ExitCode::from(exit::INVALID),
            (true, false) => ExitCode::from(exit::FAILED),
            (true, true) => ExitCode::SUCCESS,
        }
    }
}

impl fmt::Display for Told {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let rate = |Reached { asked, reached }: Reached| {
            format!("{}/s of {}", grouped(reached.round() as u64), grouped(asked.round() as u64))
        };
        let percent = |Reached { asked, reached }: Reached| {
            format!("{:.1} % of {:.0} %", 100.0 * reached, 100.0 * asked)
        };
        let (late, lag) = (100.0 * self.late_share, measured(self.lag_max_ms));
        writeln!(f, "fixes        {}, late on {late:.2} %, largest lag {lag} ms", rate(self.fixes))?;
        writeln!(f, "consented    {}", percent(self.consented))?;
        writeln!(f, "inside       {}", percent(self.inside))?;
        writeln!(f, "offers       {}", rate(self.offers))?;
        let n = grouped(self.ack.n());
        writeln!(f, "withdrawals  {}, {n} acknowledged", rate(self.withdrawals))?;
        timed(f, "acknowledged", &self.ack)?;
        timed(f, "disk's fsync", &self.fsync)?;
        writeln!(f, "leaked       {} offers, not applied {}", self.n_leaked, self.n_not_applied)?;
        writeln!(f, "load average {} before, {} after", self.load_before, self.load_after)?;
        for reason in &self.invalid {
            writeln!(f, "it proves nothing: {reason}")?;
        }
        let bar = measured(self.p99_max_ms);
        write!(f, "bar          p99 below {bar} ms: {}", if self.holds() { "met" } else { "missed" })
    }
}

/// Offers read so long behind the acknowledgement of their customer's withdrawal that they were written
/// behind it.
fn n_leaked(plan: &Plan, ran: &Ran) -> u64 {
    let grace_ns = super::nanos(plan.grace);
    let acked: HashMap<u32, u64> = ran.withdrawn.acked_ns.iter().copied().collect();
    let leaked = ran.heard.offers.iter().filter(|offer| {
        let acked_ns = offer.customer.and_then(|customer| acked.get(&customer));
        acked_ns.is_some_and(|acked_ns| acked_ns + grace_ns < offer.read_ns)
    });
    leaked.count() as u64
}

fn n_not_applied(ran: &Ran) -> u64 {
    let applied = ran.heard.answers.iter().filter(|answer| answer.effect == "applied").count() as u64;
    ran.withdrawn.ack.n().saturating_sub(applied)
}
