//! The report in a few lines, for a terminal.

use std::fmt;

use crate::report::number::{grouped, measured};
use crate::report::{Ended, Latency, Outcome, QUANTILES, Report};

/// More violations than this would push the summary off the screen; the files have them all.
const N_VIOLATIONS_TOLD: usize = 5;

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let verdict = match self.outcome() {
            Outcome::Passed => "passed",
            Outcome::Failed => "FAILED",
            Outcome::Invalid => "INVALID: it proves nothing",
        };
        write!(f, "{verdict}, seed {}, {} s", self.run.seed, measured(self.run.took_s))?;
        writeln!(f, "{}", if self.is_short() { ", a short run" } else { "" })?;
        if self.run.ended == Ended::Interrupted {
            writeln!(f, "interrupted; what follows is what was done until then")?;
        }
        for reason in &self.verdict.invalid {
            writeln!(f, "  because {reason}")?;
        }
        let generator = &self.generator;
        let (sent, rate) = (grouped(generator.sent), grouped(generator.rate_per_s.round() as u64));
        let (late, lag) = (100.0 * generator.late_share(), measured(generator.lag_max_ms));
        writeln!(f, "sent         {sent} messages, {rate}/s, late on {late:.2} %, largest lag {lag} ms")?;
        let (counts, latencies) = (self.judged.counts, &self.latencies);
        let (transitions, offers) = (grouped(counts.transitions), grouped(counts.offers));
        let withdrawals = grouped(counts.withdrawals);
        writeln!(f, "judged       {transitions} transitions, {offers} offers, {withdrawals} withdrawals")?;
        let verdicts = self.judged.verdicts.named().into_iter().filter(|(_, n)| 0 < *n);
        let verdicts: Vec<String> = verdicts.map(|(word, n)| format!("{word} {}", grouped(n))).collect();
        if !verdicts.is_empty() {
            writeln!(f, "offers       {}", verdicts.join(", "))?;
        }
        timed(f, "fix to offer", &latencies.fix_to_offer)?;
        timed(f, "consent ack", &latencies.consent_ack)?;
        timed(f, "puback", &latencies.puback)?;
        for figure in &self.figures {
            writeln!(f, "{}: {} {}", figure.name, measured(figure.value), figure.unit)?;
        }
        for gate in &self.verdict.gates {
            writeln!(f, "{gate}")?;
        }
        write!(f, "violations   {}", grouped(self.violations.n))?;
        for violation in self.violations.first.iter().take(N_VIOLATIONS_TOLD) {
            write!(f, "\n  {}: {}\n    {}", violation.name, violation.sentence, violation.replay)?;
        }
        Ok(())
    }
}

pub(crate) fn timed(f: &mut fmt::Formatter<'_>, name: &str, latency: &Latency) -> fmt::Result {
    let Some(max_ms) = latency.max_ms() else { return Ok(()) };
    write!(f, "{name:<12}")?;
    for (word, share) in QUANTILES {
        write!(f, " {word} {} ms ", latency.quantile_ms(share).map_or(String::new(), measured))?;
    }
    writeln!(f, " max {} ms", measured(max_ms))
}
