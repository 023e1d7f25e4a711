//! What the picture shows, as plain data: no clocks, no engine, no terminal.

use std::time::Duration;

use town::Point;

/// One moment of the demo.
#[derive(Clone, Debug, Default)]
pub struct Scene {
    /// The town's clock, such as `Sat 10:12`.
    pub clock: String,
    /// How many times faster than real the town lives.
    pub speed: u32,
    /// Streets, fences and merchants.
    pub map: Map,
    /// People out of doors.
    pub dots: Vec<Dot>,
    /// Offers that just went out, the oldest first.
    pub flashes: Vec<Flash>,
    /// The two counters.
    pub counters: Counters,
    /// Why the counters differ, the most frequent first.
    pub reasons: Vec<Reason>,
    /// What happened to one customer.
    pub story: Story,
    /// Someone opts out.
    pub opt_out: OptOut,
    /// The engine is killed and comes back.
    pub restart: Restart,
    /// How fast this machine is.
    pub figures: Figures,
}

/// What does not change during the demo; metres east and north of the middle.
#[derive(Clone, Debug, Default)]
pub struct Map {
    /// Half the width and half the height of the town.
    pub half_size_m: (f64, f64),
    /// Streets.
    pub streets: Vec<(Point, Point)>,
    /// Fences.
    pub fences: Vec<FenceLine>,
    /// Names of the merchants, by number.
    pub merchants: Vec<String>,
}

/// The line of one fence.
#[derive(Clone, Debug)]
pub struct FenceLine {
    /// Closed lines: one, and one more for each hole.
    pub lines: Vec<Vec<Point>>,
    /// Whose it is, a place in [`Map::merchants`].
    pub merchant: usize,
}

/// A person on the map.
#[derive(Clone, Copy, Debug)]
pub struct Dot {
    /// Where they truly are.
    pub at: Point,
    /// As whom they are drawn.
    pub kind: DotKind,
}

/// As whom a person is drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum DotKind {
    /// Never agreed: the viewer sees them because the town is simulated; the engine never looks.
    Unseen,
    /// Agreed to be seen.
    Seen,
    /// Opted out before the viewer's eyes.
    OptedOut,
    /// The customer whose story is told.
    Protagonist,
}

/// An offer that just went out.
#[derive(Clone, Debug)]
pub struct Flash {
    /// To somebody here.
    pub at: Point,
    /// Its title.
    pub title: String,
    /// Whose, a place in [`Map::merchants`].
    pub merchant: usize,
}

/// The two counters.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counters {
    /// What a naive geofence would have sent.
    pub n_naive: u64,
    /// What Stile sent.
    pub n_sent: u64,
    /// Payloads that Stile refused unread, for want of consent.
    pub n_refused: u64,
}

/// One row of the difference.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reason {
    /// In a few words.
    pub text: String,
    /// How often.
    pub n: u64,
    /// Whether it is a reason for silence, and not a send or an open case.
    pub is_silence: bool,
}

/// What happened to one customer, in plain sentences.
#[derive(Clone, Debug, Default)]
pub struct Story {
    /// Who.
    pub name: String,
    /// The sentences, the oldest first.
    pub lines: Vec<StoryLine>,
}

/// One sentence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoryLine {
    /// The town's clock when it happened, such as `10:04`.
    pub clock: String,
    /// What happened.
    pub text: String,
    /// Whether Stile spoke.
    pub spoke: bool,
}

/// Someone opts out.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum OptOut {
    /// Nobody has yet.
    #[default]
    Awaited,
    /// Said, and not yet durable.
    Asked {
        /// Who.
        name: String,
        /// The town's clock.
        clock: String,
    },
    /// On disk and acknowledged.
    Durable {
        /// Who.
        name: String,
        /// The town's clock when they said it.
        clock: String,
        /// From the publish to the acknowledgement.
        after: Duration,
        /// Messages of theirs refused unread since.
        n_refused: u64,
    },
}

/// The engine is killed and comes back.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub enum Restart {
    /// Not yet.
    #[default]
    Awaited,
    /// It is down.
    Down,
    /// It is back.
    Back {
        /// How long it was down.
        after: Duration,
        /// Offers that had been sent before.
        n_sent_before: u64,
        /// Offers that were recorded and not delivered before, and are now.
        n_taken_up: u64,
        /// Offers that somebody heard again under another id.
        n_twice: u64,
        /// Offers that came again under their own id, which phones show once.
        n_retried: u64,
    },
}

/// How fast this machine is; absent until measured.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Figures {
    /// Fixes a second that one core takes from bytes to outcome.
    pub fixes_per_s_per_core: Option<f64>,
    /// How many times faster the match is than rstar with geo.
    pub ratio_to_rstar: Option<f64>,
}

impl Scene {
    /// How many different reasons for silence there have been.
    #[must_use]
    pub fn n_silences(&self) -> usize {
        self.reasons.iter().filter(|reason| reason.is_silence && 0 < reason.n).count()
    }
}

impl Restart {
    /// What is going on, as a sentence.
    #[must_use]
    pub fn text(&self) -> String {
        match self {
            Self::Awaited => "In a moment the engine will be killed.".to_owned(),
            Self::Down => "Killed, without warning. Starting again from the ledger …".to_owned(),
            Self::Back { after, n_sent_before, n_taken_up, n_twice, n_retried } => {
                let twice = if *n_twice == 0 { "none".to_owned() } else { n_twice.to_string() };
                let mut text = format!(
                    "Killed, back in {} from the ledger. Of {n_sent_before} offers sent before, {twice} went out twice.",
                    brief(*after)
                );
                match n_taken_up {
                    0 => {}
                    1 => text += " One still waited: sent now.",
                    n => text += &format!(" {n} still waited: sent now."),
                }
                if 0 < *n_retried {
                    text += &format!(" {n_retried} came again under their own number.");
                }
                text
            }
        }
    }

    /// The same for a narrow place.
    #[must_use]
    pub fn short_text(&self) -> String {
        match self {
            Self::Awaited => "soon: the engine is killed".to_owned(),
            Self::Down => "killed; starting again …".to_owned(),
            Self::Back { after, n_twice, .. } => {
                format!("back in {}; {n_twice} sent twice", brief(*after))
            }
        }
    }
}

impl OptOut {
    /// The same for a narrow place.
    #[must_use]
    pub fn short_text(&self) -> String {
        match self {
            Self::Awaited => "nobody yet; press o".to_owned(),
            Self::Asked { name, .. } => format!("{name} opts out …"),
            Self::Durable { after, n_refused, .. } => {
                format!("durable in {}; {n_refused} unread", brief(*after))
            }
        }
    }

    /// What is going on, as a sentence.
    #[must_use]
    pub fn text(&self) -> String {
        match self {
            Self::Awaited => "Nobody yet. Press o and someone does.".to_owned(),
            Self::Asked { name, clock } => format!("{clock} {name} opts out …"),
            Self::Durable { name, clock, after, n_refused } => {
                let refused = match n_refused {
                    0 => "Their next fix will be refused unread.".to_owned(),
                    1 => "Their next fix: refused unread.".to_owned(),
                    n => format!("Their next {n} fixes: refused unread."),
                };
                format!("{clock} {name} opts out. Durable in {}. {refused}", brief(*after))
            }
        }
    }
}

impl Figures {
    /// Both figures as a line; says so while they are not known.
    #[must_use]
    pub fn text(&self) -> String {
        let rate =
            self.fixes_per_s_per_core.map(|rate| format!("{} fixes/s per core", thousands(rate as u64)));
        let ratio = self.ratio_to_rstar.map(|ratio| format!("match {ratio:.1}x rstar + geo"));
        match (rate, ratio) {
            (None, None) if cfg!(debug_assertions) => "a debug build is not measured".to_owned(),
            (None, None) => "measuring this machine …".to_owned(),
            (Some(one), None) | (None, Some(one)) => one,
            (Some(rate), Some(ratio)) => format!("{rate} · {ratio}"),
        }
    }
}

/// A short time with as many digits as one reads: `1.8 ms`, `0.42 s`.
#[must_use]
pub fn brief(time: Duration) -> String {
    let ms = time.as_secs_f64() * 1_000.0;
    if ms < 100.0 { format!("{ms:.1} ms") } else { format!("{:.2} s", ms / 1_000.0) }
}

/// A number with commas: `1,234,567`.
#[must_use]
pub fn thousands(n: u64) -> String {
    let digits = n.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (no, digit) in digits.chars().enumerate() {
        if 0 < no && (digits.len() - no).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_read_as_people_write_them() {
        assert_eq!([7, 999, 1_000, 1_234_567].map(thousands), ["7", "999", "1,000", "1,234,567"]);
        assert_eq!(brief(Duration::from_micros(1_840)), "1.8 ms");
        assert_eq!(brief(Duration::from_millis(420)), "0.42 s");
    }
}
