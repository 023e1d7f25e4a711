//! A wall clock that is watched by one that only runs forward (K08).
//!
//! A step of the wall of more than five minutes is not believed: time goes on at the pace of the
//! steady clock, and the engines are shut until the wall has come back, or has run evenly for a
//! minute since it stepped forward. After a step back nothing opens by itself: the windows of caps
//! would be lived through twice, so an operator has to start again with `--accept-clock`.

use std::sync::LazyLock;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use model::Timestamp;

/// A larger step of the wall is not believed: time servers correct by less.
const STEP_MAX_MS: i64 = 5 * 60 * 1_000;

/// The wall has come back when it is so near to where it would be.
const NEAR_MS: i64 = 5_000;

/// Within this it runs evenly.
const EVEN_MS: i64 = 1_000;

/// So long it has to run evenly before a step forward is believed.
const EVEN_FOR: Duration = Duration::from_secs(60);

/// There is one wall for the whole process.
static PACE: LazyLock<Pace> = LazyLock::new(Pace::new);

/// The time by the wall, as far as it is believed.
pub(super) fn wall_now() -> Timestamp {
    PACE.now()
}

struct Pace {
    began: Instant,
    /// How far the wall is believed to be ahead of the steady clock.
    ahead_ms: AtomicI64,
}

impl Pace {
    fn new() -> Self {
        let began = Instant::now();
        Self { began, ahead_ms: AtomicI64::new(wall_ms()) }
    }

    fn now(&self) -> Timestamp {
        let (steady_ms, wall_ms) = (self.steady_ms(), wall_ms());
        let believed_ms = steady_ms + self.ahead_ms.load(Ordering::Relaxed);
        let is_step = STEP_MAX_MS < (wall_ms - believed_ms).abs();
        Timestamp::from_unix_ms(if is_step { believed_ms } else { wall_ms })
    }

    fn steady_ms(&self) -> i64 {
        i64::try_from(self.began.elapsed().as_millis()).unwrap_or(i64::MAX)
    }
}

fn wall_ms() -> i64 {
    let since_1970 = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since_1970.as_millis()).unwrap_or(i64::MAX)
}

/// What the one who watches has to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Turn {
    /// Shut the engines: the wall stepped by so much.
    Shut {
        /// Forward is positive.
        by_ms: i64,
    },
    /// Open them again.
    Open,
}

/// Looks at the wall now and then.
#[derive(Debug, Default)]
pub(super) struct Watch {
    stepped: Option<Stepped>,
}

#[derive(Clone, Copy, Debug)]
struct Stepped {
    /// Since when the wall has run evenly.
    since: Duration,
    ahead_ms: i64,
}

impl Watch {
    /// Looks once; call it every second or so.
    pub(super) fn look(&mut self) -> Option<Turn> {
        let (pace, steady_ms) = (&*PACE, PACE.steady_ms());
        let mut believed_ms = pace.ahead_ms.load(Ordering::Relaxed);
        let turn = self.weigh(&mut believed_ms, wall_ms() - steady_ms, pace.began.elapsed());
        pace.ahead_ms.store(believed_ms, Ordering::Relaxed);
        turn
    }

    /// Compares how far the wall is ahead with what is believed, at a time of the steady clock.
    fn weigh(&mut self, believed_ms: &mut i64, ahead_ms: i64, at: Duration) -> Option<Turn> {
        let by_ms = ahead_ms - *believed_ms;
        let Some(stepped) = self.stepped else {
            if by_ms.abs() <= STEP_MAX_MS {
                // Walls drift, and are led back.
                *believed_ms = ahead_ms;
                return None;
            }
            self.stepped = Some(Stepped { since: at, ahead_ms });
            return Some(Turn::Shut { by_ms });
        };
        let is_even = (ahead_ms - stepped.ahead_ms).abs() <= EVEN_MS;
        if by_ms.abs() <= NEAR_MS || is_even && 0 < by_ms && EVEN_FOR <= at - stepped.since {
            *believed_ms = ahead_ms;
            self.stepped = None;
            return Some(Turn::Open);
        }
        if !is_even {
            self.stepped = Some(Stepped { since: at, ahead_ms });
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR_MS: i64 = 3_600_000;

    /// The turns of a watch that looks every second at a wall which is so far ahead.
    fn turns(ahead: impl IntoIterator<Item = i64>) -> (Vec<(u64, Turn)>, i64) {
        let (mut watch, mut believed_ms) = (Watch::default(), 0);
        let mut turns = Vec::new();
        for (second, ahead_ms) in (0..).zip(ahead) {
            let turn = watch.weigh(&mut believed_ms, ahead_ms, Duration::from_secs(second));
            turns.extend(turn.map(|turn| (second, turn)));
        }
        (turns, believed_ms)
    }

    #[test]
    fn k08_a_step_forward_shuts_until_the_wall_has_run_evenly_for_a_minute() {
        for by_ms in [HOUR_MS, 24 * HOUR_MS] {
            let wall = std::iter::repeat_n(0, 10).chain(std::iter::repeat_n(by_ms, 100));
            assert_eq!(turns(wall), (vec![(10, Turn::Shut { by_ms }), (70, Turn::Open)], by_ms));
        }
        let unsteady = (0..200).map(|second| if second < 10 { 0 } else { HOUR_MS + second * 2_000 });
        assert_eq!(turns(unsteady).0.len(), 1, "it never runs evenly");
    }

    #[test]
    fn k08_a_step_back_shuts_until_the_wall_comes_back() {
        for by_ms in [-HOUR_MS, -56 * 365 * 24 * HOUR_MS] {
            let wall = std::iter::repeat_n(by_ms, 500).chain(std::iter::repeat_n(40, 2));
            assert_eq!(turns(wall), (vec![(0, Turn::Shut { by_ms }), (500, Turn::Open)], 40));
        }
    }

    #[test]
    fn k08_what_a_time_server_corrects_is_followed() {
        let drift = (0..1_000).map(|second| second * 200);
        assert_eq!(turns(drift), (Vec::new(), 999 * 200));
        assert_eq!(turns([0, STEP_MAX_MS, 0, -STEP_MAX_MS]).0, []);
    }
}
