//! What the demo says at its end: a table for people, an object for machines.

use std::fmt::Write as _;

use notifier::Suppression;
use serde::Serialize;

use super::account::Checks;
use super::difference::rule_text;
use super::observer::Counts;
use super::scene::thousands;

/// The sums of a demo. Its JSON form is a contract: fields may be added, none renamed.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Summary {
    /// Messages until they are decoded, then fixes.
    pub records: u64,
    /// Refused unread for want of consent.
    pub refused: u64,
    /// Read and found wrong.
    pub malformed: u64,
    /// Fixes inside at least one fence.
    pub matched: u64,
    /// Changes of presence, by kind.
    pub transitions: Counts,
    /// Offers that a transition called for.
    pub candidates: u64,
    /// Offers that went out.
    pub offers_sent: u64,
    /// Offers that phones received.
    pub offers_received: u64,
    /// What a naive geofence would have sent to the same people.
    pub naive_would_have_sent: u64,
    /// Candidates held back, by reason.
    pub suppressed: Counts,
    /// What the town's clients sent and received agrees with the engine's sums.
    pub balanced: bool,
    /// Each side of it.
    pub checks: Checks,
    /// Records of each life of the server: counters die with a process, so its last words are
    /// taken before it is killed, when it has counted all that was sent, and all lives are added.
    pub records_by_life: Vec<u64>,
    /// How long the server was away when it was killed, until all phones were back.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub down_ms: Option<f64>,
    /// Offers that were recorded before the kill and delivered after it.
    pub offers_taken_up: u64,
    /// Messages of those who opted out, refused unread since.
    pub refused_after_opt_out: u64,
    /// Why the naive geofence sent more, push by push; adds up to its number.
    pub difference: Counts,
    /// From saying "no more" to having it on disk.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub opt_out_durable_ms: Option<f64>,
    /// Bytes to outcome, on this machine.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fixes_per_s_per_core: Option<f64>,
    /// How many times faster the match is than rstar with geo, on this machine.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ratio_to_rstar: Option<f64>,
    /// Offers that said the same to the same person again.
    pub offers_received_twice: u64,
    /// Offers that came again under their own id, which phones show once.
    pub offers_retried: u64,
    /// The town's chance.
    pub seed: u64,
    /// How long it ran, in real seconds.
    pub seconds: f64,
}

/// What a newcomer may want to type next.
pub const NEXT: &str = "cargo run --release -- serve --config config/demo/demo.toml";

impl Summary {
    /// The object for machines, in one line.
    ///
    /// # Panics
    /// Never: no field can fail to be written.
    #[must_use]
    pub fn json(&self) -> String {
        serde_json::to_string(self).expect("numbers and words become JSON")
    }

    /// The table for people, with the command to try next.
    #[must_use]
    pub fn table(&self) -> String {
        let mut table = String::new();
        let mut row = |name: &str, value: String| {
            let _ = writeln!(table, "  {name:<46}{value:>12}");
        };
        row("A naive geofence would have sent", thousands(self.naive_would_have_sent));
        row("Stile sent", thousands(self.offers_sent));
        row("  received by phones", thousands(self.offers_received));
        row("  received twice", thousands(self.offers_received_twice));
        if 0 < self.offers_retried {
            row("  sent again under their own id", thousands(self.offers_retried));
        }
        row("Fixes that phones sent", thousands(self.checks.fixes.clients));
        row("Records in", thousands(self.records));
        row("  refused unread, for want of consent", thousands(self.refused));
        row("  malformed", thousands(self.malformed));
        row("  inside a fence", thousands(self.matched));
        for (kind, n) in self.transitions.iter().filter(|(_, n)| 0 < **n) {
            row(&format!("Transitions: {kind}"), thousands(*n));
        }
        row("Candidates for an offer", thousands(self.candidates));
        for (reason, n) in self.suppressed.iter().filter(|(_, n)| 0 < **n) {
            let why = Suppression::from_word(reason).map_or("another reason", rule_text);
            row(&format!("  silence: {why}"), thousands(*n));
        }
        if let Some(ms) = self.opt_out_durable_ms {
            row("Opting out was durable after", format!("{ms:.1} ms"));
            row("  refused unread from then on", thousands(self.refused_after_opt_out));
        }
        if let Some(ms) = self.down_ms {
            row("Killed, and back after", format!("{:.2} s", ms / 1_000.0));
            row("  recorded before, delivered after", thousands(self.offers_taken_up));
        }
        if let Some(rate) = self.fixes_per_s_per_core {
            row("Fixes a second per core", thousands(rate as u64));
        }
        if let Some(ratio) = self.ratio_to_rstar {
            row("Match, times faster than rstar + geo", format!("{ratio:.1}"));
        }
        row("The sums balance", if self.balanced { "yes".into() } else { "NO".into() });
        self.explain(&mut table);
        let _ = writeln!(table, "\n  Next, run it for real; README.md goes on from there:\n    {NEXT}");
        table
    }

    /// How the sums were made, and where they do not agree.
    fn explain(&self, table: &mut String) {
        if let [before @ .., last] = self.records_by_life.as_slice()
            && let [_, ..] = before
        {
            let n_before: u64 = before.iter().sum();
            let _ = writeln!(
                table,
                "\n  Counters die with their process: {} records were counted when it was killed, and\n  \
                 {} by the one that followed. All rows are the sums of both.",
                thousands(n_before),
                thousands(*last)
            );
        }
        let Checks { fixes, offers, told_twice, received_after_withdrawal, server_balanced } = &self.checks;
        let mut wrong = |sentence: String| {
            let _ = writeln!(table, "  {sentence}");
        };
        if fixes.clients != fixes.server {
            wrong(format!("Phones sent {} fixes; {} have an outcome.", fixes.clients, fixes.server));
        }
        if offers.clients != offers.server {
            wrong(format!("Phones received {} offers; {} were sent.", offers.clients, offers.server));
        }
        if 0 < *told_twice {
            wrong(format!("{told_twice} offers were told twice."));
        }
        if 0 < *received_after_withdrawal {
            wrong(format!("{received_after_withdrawal} offers came after a withdrawal was acknowledged."));
        }
        if !server_balanced {
            wrong("The server's own sums do not agree.".to_owned());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counts(counts: &[(&str, u64)]) -> Counts {
        counts.iter().map(|(word, n)| ((*word).to_owned(), *n)).collect()
    }

    fn summary() -> Summary {
        Summary {
            records: 24_310,
            transitions: counts(&[("dwell", 40), ("enter", 311), ("exit", 280)]),
            suppressed: counts(&[("no_consent", 9), ("rest_between_offers", 4), ("text", 0)]),
            candidates: 31,
            offers_sent: 18,
            offers_received: 18,
            naive_would_have_sent: 305,
            balanced: true,
            opt_out_durable_ms: Some(1.84),
            seed: 7,
            seconds: 30.0,
            ..Summary::default()
        }
    }

    #[test]
    fn the_object_has_the_promised_keys() {
        let object: serde_json::Value = serde_json::from_str(&summary().json()).unwrap();
        for key in [
            "records",
            "refused",
            "malformed",
            "matched",
            "transitions",
            "candidates",
            "offers_sent",
            "offers_received",
            "naive_would_have_sent",
            "suppressed",
            "balanced",
        ] {
            assert!(object.get(key).is_some(), "{key}");
        }
        assert_eq!(object["suppressed"]["no_consent"], 9);
        assert!(object.get("ratio_to_rstar").is_none());
    }

    #[test]
    fn the_table_leaves_out_reasons_that_never_were() {
        let table = summary().table();
        assert!(table.contains("silence: agreed to location, not to offers"));
        assert!(!table.contains("text rule"));
        assert!(table.contains(NEXT));
    }
}
