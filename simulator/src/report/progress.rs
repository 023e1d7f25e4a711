//! One line that tells how a run is going.

use std::fmt;
use std::io::{IsTerminal as _, Write as _};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};

use crate::report::number::grouped;

/// Where nobody watches, in a log, a line every so often is enough.
const BETWEEN_LINES: Duration = Duration::from_secs(10);

/// A run at one moment.
#[derive(Clone, Debug, Default)]
pub(crate) struct Moment {
    /// What it is doing: `ramp up`, `hold`, `seed 412 of 1,000`.
    pub(crate) doing: String,
    /// Since it began.
    pub(crate) elapsed: Duration,
    /// Connections that stand; absent where there are none.
    pub(crate) connected: Option<u64>,
    /// Messages sent in the last second; in virtual time, fixes.
    pub(crate) sent_per_s: f64,
    /// Offers that came in the last second.
    pub(crate) offers_per_s: f64,
    /// The 99th percentile of fix to offer, in milliseconds, once there is one.
    pub(crate) p99_ms: Option<f64>,
    /// Violations found until now.
    pub(crate) violations: u64,
}

/// Tells how a run goes: on a terminal one line that is written over, elsewhere a line every ten seconds.
pub(crate) struct Progress(Line);

enum Line {
    Over(ProgressBar),
    /// When the next line is due, since the run began.
    Every {
        due: Duration,
    },
}

impl Progress {
    /// Begins to tell on standard error.
    pub(crate) fn start() -> Self {
        if !std::io::stderr().is_terminal() {
            return Self(Line::Every { due: BETWEEN_LINES });
        }
        let style = ProgressStyle::with_template("{spinner} {wide_msg}");
        let style = style.unwrap_or_else(|_| ProgressStyle::default_spinner());
        Self(Line::Over(ProgressBar::new_spinner().with_style(style)))
    }

    /// Tells a moment; call it as often as you like, once a second or so.
    pub(crate) fn show(&mut self, moment: &Moment) {
        match &mut self.0 {
            Line::Over(bar) => {
                bar.set_message(moment.to_string());
                bar.tick();
            }
            Line::Every { due } => {
                if is_due(due, moment.elapsed) {
                    // Who closed the other end has stopped watching, and the run goes on.
                    let _ = writeln!(std::io::stderr(), "{moment}");
                }
            }
        }
    }

    /// Takes the line away.
    pub(crate) fn finish(self) {
        match self.0 {
            Line::Over(bar) => bar.finish_and_clear(),
            Line::Every { .. } => {}
        }
    }
}

/// Whether a line is due, and if so puts the next one off.
fn is_due(due: &mut Duration, elapsed: Duration) -> bool {
    let is_due = *due <= elapsed;
    if is_due {
        *due = elapsed + BETWEEN_LINES;
    }
    is_due
}

impl fmt::Display for Moment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds = self.elapsed.as_secs();
        write!(f, "{:02}:{:02}", seconds / 60, seconds % 60)?;
        if !self.doing.is_empty() {
            write!(f, "  {}", self.doing)?;
        }
        if let Some(connected) = self.connected {
            write!(f, "  {} connected", grouped(connected))?;
        }
        let whole = |rate: f64| grouped(rate.round() as u64);
        write!(f, "  {} sent/s  {} offers/s", whole(self.sent_per_s), whole(self.offers_per_s))?;
        if let Some(p99_ms) = self.p99_ms {
            write!(f, "  p99 {p99_ms:.1} ms")?;
        }
        match self.violations {
            1 => write!(f, "  1 violation"),
            n => write!(f, "  {} violations", grouped(n)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_is_one_line() {
        let moment = Moment {
            doing: "hold".to_owned(),
            elapsed: Duration::from_secs(83),
            connected: Some(1_000),
            sent_per_s: 99_812.4,
            offers_per_s: 212.0,
            p99_ms: Some(8.42),
            violations: 0,
        };
        let line = "01:23  hold  1,000 connected  99,812 sent/s  212 offers/s  p99 8.4 ms  0 violations";
        assert_eq!(moment.to_string(), line);
        let bare = Moment { violations: 1, ..Moment::default() };
        assert_eq!(bare.to_string(), "00:00  0 sent/s  0 offers/s  1 violation");
    }

    #[test]
    fn where_nobody_watches_a_line_comes_every_ten_seconds() {
        let mut due = BETWEEN_LINES;
        let told: Vec<u64> =
            (0..60).filter(|second| is_due(&mut due, Duration::from_secs(*second))).collect();
        assert_eq!(told, [10, 20, 30, 40, 50]);
    }
}
