//! What a run came to, for a person and for a machine.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use serde::Serialize;

use crate::replay::account::{Account, Flow};
use crate::replay::schedule::Schedule;
use crate::report::number::grouped;

/// Version of the JSON object.
const VERSION: u32 = 1;

/// How a run ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case", tag = "how", content = "why")]
pub(crate) enum Ended {
    /// The whole recording was sent and everything was answered.
    Complete,
    /// Someone pressed Ctrl-C.
    Interrupted,
    /// It stopped before its end, and this is why.
    Stopped(String),
}

/// One run, counted.
#[derive(Debug, Serialize)]
pub(crate) struct Report {
    v: u32,
    pub(crate) ended: Ended,
    qos: u8,
    fixes: Fixes,
    consents: Consents,
    offers: Offers,
    /// Refused messages by the broker's reason.
    refusals: BTreeMap<String, u64>,
    seconds: f64,
    fixes_per_s: f64,
    /// Absent where fixes were sent as fast as they were acknowledged.
    schedule: Option<Schedule>,
}

#[derive(Debug, Serialize)]
struct Fixes {
    messages: u64,
    sent: u64,
    /// Absent where the quality of service asks for no acknowledgement.
    acknowledged: Option<u64>,
    refused: u64,
    unreadable_lines: u64,
}

#[derive(Debug, Serialize)]
struct Consents {
    sent: u64,
    acknowledged: u64,
    waiting: u64,
    by_effect: BTreeMap<String, u64>,
}

#[derive(Debug, Serialize)]
struct Offers {
    received: u64,
    repeated: u64,
    unreadable: u64,
    by_offer: Vec<OfferCount>,
}

#[derive(Debug, Serialize)]
struct OfferCount {
    merchant: String,
    offer: String,
    received: u64,
}

impl Report {
    /// Makes a report of an account; `took` is from the first fix to the last answer.
    pub(crate) fn new(
        account: &Account,
        acknowledges: bool,
        n_unreadable: u64,
        took: Duration,
        ended: Ended,
    ) -> Self {
        let Flow { n_messages, n_sent, n_acknowledged, n_refused } = account.fixes;
        let texts =
            |map: &BTreeMap<Box<str>, u64>| map.iter().map(|(text, &n)| (text.to_string(), n)).collect();
        let n_done = if acknowledges { n_acknowledged } else { n_sent };
        let seconds = took.as_secs_f64();
        let by_offer = account.offers.by_offer.iter();
        Self {
            v: VERSION,
            ended,
            qos: u8::from(acknowledges),
            fixes: Fixes {
                messages: n_messages,
                sent: n_sent,
                acknowledged: acknowledges.then_some(n_acknowledged),
                refused: n_refused,
                unreadable_lines: n_unreadable,
            },
            consents: Consents {
                sent: account.consents.flow.n_sent,
                acknowledged: account.consents.n_settled(),
                waiting: account.consents.n_waiting() as u64,
                by_effect: texts(&account.consents.by_effect),
            },
            offers: Offers {
                received: account.offers.n_received,
                repeated: account.offers.n_repeated,
                unreadable: account.offers.n_unreadable,
                by_offer: by_offer
                    .map(|((merchant, offer), &received)| OfferCount {
                        merchant: merchant.to_string(),
                        offer: offer.to_string(),
                        received,
                    })
                    .collect(),
            },
            refusals: texts(&account.refusals),
            seconds,
            fixes_per_s: if seconds > 0.0 { n_done as f64 / seconds } else { 0.0 },
            schedule: None,
        }
    }

    /// The same with how well the intended times were kept.
    pub(crate) fn with_schedule(self, schedule: Option<Schedule>) -> Self {
        Self { schedule, ..self }
    }

    /// Whether everything that was sent has been acknowledged, and everything was sent.
    pub(crate) fn is_whole(&self) -> bool {
        let fixes = self.fixes.acknowledged.is_none_or(|acknowledged| self.fixes.sent <= acknowledged);
        let consents = self.consents.sent <= self.consents.acknowledged;
        fixes && consents && !matches!(self.ended, Ended::Stopped(_))
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { fixes, consents, offers, .. } = self;
        match &self.ended {
            Ended::Complete => {}
            Ended::Interrupted => writeln!(f, "interrupted; what follows is what was done until then")?,
            Ended::Stopped(why) => writeln!(f, "stopped: {why}")?,
        }
        if 0 < consents.sent {
            write!(
                f,
                "consent       {} sent, {} acknowledged",
                grouped(consents.sent),
                grouped(consents.acknowledged)
            )?;
            writeln!(f, "{}", listed(&consents.by_effect))?;
        }
        writeln!(f, "fixes         {} sent in {} messages", grouped(fixes.sent), grouped(fixes.messages))?;
        match fixes.acknowledged {
            Some(n) => writeln!(f, "acknowledged  {} by PUBACK", grouped(n))?,
            None => writeln!(f, "acknowledged  not asked for (QoS 0)")?,
        }
        if 0 < fixes.refused || !self.refusals.is_empty() {
            writeln!(f, "refused       {}{}", grouped(fixes.refused), listed(&self.refusals))?;
        }
        if 0 < fixes.unreadable_lines {
            writeln!(f, "unreadable    {} lines, not sent", grouped(fixes.unreadable_lines))?;
        }
        write!(f, "offers        {} received", grouped(offers.received))?;
        if 0 < offers.repeated + offers.unreadable {
            write!(f, ", {} repeated, {} unreadable", grouped(offers.repeated), grouped(offers.unreadable))?;
        }
        writeln!(f)?;
        for OfferCount { merchant, offer, received } in &offers.by_offer {
            writeln!(f, "              {:>9}  {merchant} / {offer}", grouped(*received))?;
        }
        if let Some(schedule) = self.schedule {
            writeln!(f, "schedule      {schedule}")?;
        }
        write!(f, "took          {:.2} s, {} fixes/s", self.seconds, grouped(self.fixes_per_s.round() as u64))
    }
}

fn listed(counts: &BTreeMap<String, u64>) -> String {
    if counts.is_empty() {
        return String::new();
    }
    let parts: Vec<_> = counts.iter().map(|(word, &n)| format!("{word} {}", grouped(n))).collect();
    format!(" ({})", parts.join(", "))
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use super::*;
    use crate::replay::account::Load;

    fn check(n_sent: u32, acknowledged: bool, acknowledges: bool, ended: Ended) -> Report {
        let mut account = Account::default();
        account.queue(Load::Fixes(n_sent));
        account.write(u16::from(acknowledges), Instant::now());
        if acknowledged {
            account.settle(1, None, Instant::now());
        }
        Report::new(&account, acknowledges, 0, Duration::from_secs(2), ended)
    }

    #[test]
    fn numbers_are_grouped_by_thousands() {
        let seen: Vec<_> = [0, 7, 999, 1_000, 599_818, 1_234_567].map(grouped).into();
        assert_eq!(seen, ["0", "7", "999", "1,000", "599,818", "1,234,567"]);
    }

    #[test]
    fn a_run_is_whole_when_all_that_was_sent_is_acknowledged() {
        assert!(check(100, true, true, Ended::Complete).is_whole());
        assert!(check(100, true, true, Ended::Interrupted).is_whole());
        assert!(!check(100, false, true, Ended::Complete).is_whole());
        assert!(check(100, false, false, Ended::Complete).is_whole());
        assert!(!check(100, true, true, Ended::Stopped("the broker left".to_owned())).is_whole());
    }

    #[test]
    fn the_report_reads_as_a_table() {
        let text = check(1_000, true, true, Ended::Complete).to_string();
        let expected = "fixes         1,000 sent in 1 messages\nacknowledged  1,000 by PUBACK\n\
                        offers        0 received\ntook          2.00 s, 500 fixes/s";
        assert_eq!(text, expected);
    }

    #[test]
    fn the_json_says_nothing_of_acknowledgements_that_were_not_asked_for() {
        let json = serde_json::to_value(check(10, false, false, Ended::Complete)).unwrap();
        assert_eq!(json["v"], 1);
        assert_eq!(json["fixes"]["sent"], 10);
        assert!(json["fixes"]["acknowledged"].is_null());
        assert_eq!(json["ended"]["how"], "complete");
    }
}
