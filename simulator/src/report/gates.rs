//! What a run must come to: `p99_fix_to_offer<20ms`, `leaked==0`.

use std::fmt;
use std::str::FromStr;

use serde::Serialize;

use crate::report::{Latency, QUANTILES, Report, Verdicts};

/// All that is asserted of one run.
#[derive(Clone, Debug, Default)]
pub(crate) struct Gates(Vec<Gate>);

/// One assertion: a metric, a comparison, a bound.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Gate {
    text: String,
    metric: Metric,
    comparison: Comparison,
    bound: f64,
    unit: Unit,
}

/// What a gate says of a run.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct Judgement {
    /// The assertion as it was written.
    pub(crate) gate: String,
    /// What was measured, in the unit of the assertion; `null` when nothing was, which never passes.
    pub(crate) value: Option<f64>,
    /// That unit; empty for a count.
    pub(crate) unit: &'static str,
    /// Whether it holds.
    pub(crate) passed: bool,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Metric {
    Quantile(Timed, f64),
    Longest(Timed),
    Verdict(&'static str),
    Count(Counted),
    LateShare,
    Rate,
    OfferRate,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Timed {
    FixToOffer,
    ConsentAck,
    Puback,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Counted {
    Violations,
    Sent,
    Transitions,
    Offers,
    Withdrawals,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Comparison {
    Less,
    AtMost,
    More,
    AtLeast,
    Equal,
    Unequal,
}

/// Two signs before one, so that `<=` is not read as `<`.
const COMPARISONS: [(&str, Comparison); 6] = [
    ("<=", Comparison::AtMost),
    (">=", Comparison::AtLeast),
    ("==", Comparison::Equal),
    ("!=", Comparison::Unequal),
    ("<", Comparison::Less),
    (">", Comparison::More),
];

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Dimension {
    Time,
    Share,
    Rate,
    Count,
}

/// A unit, and how much of its dimension's own (ms, 1, 1/s, 1) it is.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Unit {
    word: &'static str,
    dimension: Dimension,
    size: f64,
}

const UNITS: [Unit; 6] = [
    Unit { word: "us", dimension: Dimension::Time, size: 1e-3 },
    Unit { word: "ms", dimension: Dimension::Time, size: 1.0 },
    Unit { word: "s", dimension: Dimension::Time, size: 1e3 },
    Unit { word: "%", dimension: Dimension::Share, size: 1e-2 },
    Unit { word: "/s", dimension: Dimension::Rate, size: 1.0 },
    Unit { word: "", dimension: Dimension::Count, size: 1.0 },
];

impl Gates {
    /// Those that were asked for.
    pub(crate) fn new(gates: Vec<Gate>) -> Self {
        Self(gates)
    }

    /// What each says of a run, in the order in which they were given.
    pub(crate) fn judge(&self, report: &Report) -> Vec<Judgement> {
        self.0.iter().map(|gate| gate.judge(report)).collect()
    }
}

impl Gate {
    fn judge(&self, report: &Report) -> Judgement {
        let value = self.metric.read(report).map(|value| value / self.unit.size);
        Judgement {
            gate: self.text.clone(),
            value,
            unit: self.unit.word,
            passed: value.is_some_and(|value| self.comparison.holds(value, self.bound)),
        }
    }
}

impl FromStr for Gate {
    type Err = String;

    /// Spaces between the parts are allowed.
    fn from_str(text: &str) -> Result<Self, String> {
        let expected = || {
            format!(
                "expected a metric, one of < <= > >= == != and a number, as in p99_fix_to_offer<20ms, and not `{text}`"
            )
        };
        let at = text.find(['<', '>', '=', '!']).ok_or_else(expected)?;
        let (word, rest) = (text[..at].trim(), &text[at..]);
        let sign = COMPARISONS.into_iter().find(|(sign, _)| rest.starts_with(sign));
        let (sign, comparison) = sign.ok_or_else(expected)?;
        let metric = Metric::named(word)?;
        let amount = rest[sign.len()..].trim();
        let is_of_number = |c: char| c.is_ascii_digit() || c == '.';
        let (number, unit) = amount.split_at(amount.find(|c| !is_of_number(c)).unwrap_or(amount.len()));
        let bound: f64 = number.parse().map_err(|_| expected())?;
        let unit = metric.dimension().unit(unit.trim(), word)?;
        Ok(Self { text: text.trim().to_owned(), metric, comparison, bound, unit })
    }
}

impl Metric {
    /// Every metric by its word: the closed list.
    fn all() -> Vec<(String, Self)> {
        let timed = [
            ("fix_to_offer", Timed::FixToOffer),
            ("consent_ack", Timed::ConsentAck),
            ("puback", Timed::Puback),
        ];
        let mut all = Vec::new();
        for (word, what) in timed {
            let quantiles = QUANTILES.into_iter().map(|(name, share)| (name, Self::Quantile(what, share)));
            let with_longest = quantiles.chain([("max", Self::Longest(what))]);
            all.extend(with_longest.map(|(name, metric)| (format!("{name}_{word}"), metric)));
        }
        let verdicts = Verdicts::default().named().map(|(word, _)| (word, Self::Verdict(word)));
        let others = [
            ("violations", Self::Count(Counted::Violations)),
            ("sent", Self::Count(Counted::Sent)),
            ("transitions", Self::Count(Counted::Transitions)),
            ("offers", Self::Count(Counted::Offers)),
            ("withdrawals", Self::Count(Counted::Withdrawals)),
            ("late_share", Self::LateShare),
            ("rate", Self::Rate),
            ("offer_rate", Self::OfferRate),
        ];
        all.extend(verdicts.into_iter().chain(others).map(|(word, metric)| (word.to_owned(), metric)));
        all
    }

    fn named(word: &str) -> Result<Self, String> {
        let all = Self::all();
        if let Some((_, metric)) = all.iter().find(|(known, _)| known == word) {
            return Ok(*metric);
        }
        let words: Vec<&str> = all.iter().map(|(known, _)| known.as_str()).collect();
        let nearest = words.iter().min_by_key(|known| n_edits(known, word)).unwrap_or(&"");
        Err(format!("no metric is called `{word}`; did you mean {nearest}? There are {}", words.join(", ")))
    }

    const fn dimension(self) -> Dimension {
        match self {
            Self::Quantile(..) | Self::Longest(_) => Dimension::Time,
            Self::Verdict(_) | Self::Count(_) => Dimension::Count,
            Self::LateShare => Dimension::Share,
            Self::Rate | Self::OfferRate => Dimension::Rate,
        }
    }

    /// In its dimension's own unit; `None` when it was not measured.
    fn read(self, report: &Report) -> Option<f64> {
        let judged = &report.judged;
        match self {
            Self::Quantile(what, share) => what.of(report).quantile_ms(share),
            Self::Longest(what) => what.of(report).max_ms(),
            Self::Verdict(word) => {
                let named = judged.verdicts.named().into_iter().find(|(known, _)| *known == word);
                named.map(|(_, n)| n as f64)
            }
            Self::Count(what) => Some(match what {
                Counted::Violations => report.violations.n,
                Counted::Sent => report.generator.sent,
                Counted::Transitions => judged.counts.transitions,
                Counted::Offers => judged.counts.offers,
                Counted::Withdrawals => judged.counts.withdrawals,
            } as f64),
            Self::LateShare => Some(report.generator.late_share()),
            Self::Rate => Some(report.generator.rate_per_s),
            Self::OfferRate => {
                (0.0 < report.run.took_s).then(|| judged.counts.offers as f64 / report.run.took_s)
            }
        }
    }
}

impl Timed {
    const fn of(self, report: &Report) -> &Latency {
        match self {
            Self::FixToOffer => &report.latencies.fix_to_offer,
            Self::ConsentAck => &report.latencies.consent_ack,
            Self::Puback => &report.latencies.puback,
        }
    }
}

impl Comparison {
    fn holds(self, value: f64, bound: f64) -> bool {
        match self {
            Self::Less => value < bound,
            Self::AtMost => value <= bound,
            Self::More => bound < value,
            Self::AtLeast => bound <= value,
            Self::Equal => value.total_cmp(&bound).is_eq(),
            Self::Unequal => value.total_cmp(&bound).is_ne(),
        }
    }
}

impl Dimension {
    fn unit(self, word: &str, metric: &str) -> Result<Unit, String> {
        let fitting = || UNITS.into_iter().filter(|unit| unit.dimension == self);
        fitting().find(|unit| unit.word == word).ok_or_else(|| {
            let words: Vec<&str> = fitting().map(|unit| unit.word).collect();
            let said = if word.is_empty() { "no unit".to_owned() } else { format!("`{word}`") };
            match self {
                Self::Count => format!("{metric} is a count and has no unit, and not {said}"),
                Self::Time | Self::Share | Self::Rate => {
                    format!("{metric} is told in {}, and not in {said}", words.join(" or "))
                }
            }
        })
    }
}

impl fmt::Display for Judgement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let word = if self.passed { "pass" } else { "FAIL" };
        match self.value {
            Some(value) => {
                let digits = if value.fract() == 0.0 { 0 } else { 2 };
                write!(f, "{word}  {}  (it was {value:.digits$}{})", self.gate, self.unit)
            }
            None => write!(f, "{word}  {}  (nothing was measured)", self.gate),
        }
    }
}

/// How many letters must be put in, taken out or changed to make one word of another (Levenshtein).
fn n_edits(from: &str, to: &str) -> usize {
    let mut row: Vec<usize> = (0..=to.chars().count()).collect();
    for (i, a) in from.chars().enumerate() {
        let mut diagonal = std::mem::replace(&mut row[0], i + 1);
        for (j, b) in to.chars().enumerate() {
            let changed = diagonal + usize::from(a != b);
            diagonal = row[j + 1];
            row[j + 1] = changed.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row.pop().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::{Mode, Run};

    fn report() -> Report {
        let mut report = Report::new(Run::begin(Mode::Load, 7));
        (0..100).for_each(|_| report.latencies.fix_to_offer.record_us(15_000));
        report.generator.sent = 1_000;
        report.generator.late = 15;
        report.generator.rate_per_s = 99_500.0;
        report.judged.verdicts.leaked = 2;
        report
    }

    fn check(text: &str) -> bool {
        text.parse::<Gate>().unwrap_or_else(|why| panic!("{text}: {why}")).judge(&report()).passed
    }

    #[test]
    fn every_comparison_compares() {
        for (text, holds) in [
            ("leaked==2", true),
            ("leaked==0", false),
            ("leaked!=2", false),
            ("leaked!=3", true),
            ("leaked<2", false),
            ("leaked<=2", true),
            ("leaked>2", false),
            ("leaked >= 2", true),
        ] {
            assert_eq!(check(text), holds, "{text}");
        }
    }

    #[test]
    fn units_are_of_one_quantity() {
        for (text, holds) in [
            ("p99_fix_to_offer<20ms", true),
            ("p99_fix_to_offer<0.020s", true),
            ("p99_fix_to_offer<14000us", false),
            ("max_fix_to_offer<15.1ms", true),
            ("late_share<=1.5%", true),
            ("late_share<1%", false),
            ("rate>99000/s", true),
            ("rate>=100000/s", false),
        ] {
            assert_eq!(check(text), holds, "{text}");
        }
    }

    #[test]
    fn what_was_not_measured_passes_no_gate() {
        for text in ["p99_puback<20ms", "p99_puback>0ms", "p99_puback!=1ms", "offer_rate>=0/s"] {
            assert!(!check(text), "{text}");
        }
        let judgement = "p50_puback<1ms".parse::<Gate>().unwrap().judge(&report());
        assert_eq!(judgement.to_string(), "FAIL  p50_puback<1ms  (nothing was measured)");
    }

    #[test]
    fn an_unknown_metric_is_told_the_nearest_and_all() {
        for (word, nearest) in [
            ("p99_fixtooffer", "p99_fix_to_offer"),
            ("leeked", "leaked"),
            ("p95_puback", "p90_puback"),
            ("withdrawels", "withdrawals"),
        ] {
            let why = format!("{word}<1").parse::<Gate>().unwrap_err();
            assert!(why.contains(&format!("did you mean {nearest}?")), "{why}");
            assert!(Metric::all().iter().all(|(known, _)| why.contains(known.as_str())), "{why}");
        }
    }

    #[test]
    fn a_wrong_unit_is_told_the_right_ones() {
        for (text, told) in [
            ("p99_puback<20", "p99_puback is told in us or ms or s, and not in no unit"),
            ("leaked==0ms", "leaked is a count and has no unit, and not `ms`"),
            ("late_share<0.01", "late_share is told in %, and not in no unit"),
            ("rate>5min", "rate is told in /s, and not in `min`"),
        ] {
            assert_eq!(text.parse::<Gate>().unwrap_err(), told);
        }
    }

    #[test]
    fn what_is_no_gate_is_refused() {
        for text in
            ["", "leaked", "leaked=0", "<3", "leaked<", "leaked<-1", "leaked<nan", "leaked<1.2.3", "leaked!3"]
        {
            assert!(text.parse::<Gate>().is_err(), "{text}");
        }
    }

    #[test]
    fn a_count_of_edits_is_the_fewest() {
        for (from, to, n) in
            [("", "abc", 3), ("late", "late", 0), ("kitten", "sitting", 3), ("p99", "p90", 1)]
        {
            assert_eq!((n_edits(from, to), n_edits(to, from)), (n, n), "{from} {to}");
        }
    }
}
