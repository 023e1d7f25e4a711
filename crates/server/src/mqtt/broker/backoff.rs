//! How long to wait before the next connection.

use std::time::Duration;

/// Waits that double, with jitter, so that a fleet does not come back in step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Backoff {
    /// After the first failure.
    pub first: Duration,
    /// Never longer than this.
    pub longest: Duration,
    /// After a refusal that only an operator can mend, such as a wrong password.
    pub after_refusal: Duration,
    /// A connection that lasted this long makes the next failure a first one.
    pub stable_after: Duration,
}

impl Default for Backoff {
    fn default() -> Self {
        Self {
            first: Duration::from_millis(500),
            longest: Duration::from_secs(60),
            after_refusal: Duration::from_secs(30),
            stable_after: Duration::from_secs(30),
        }
    }
}

impl Backoff {
    /// The wait after `n_failures` in a row, at least one: half fixed, half by `chance`.
    pub(super) fn wait(&self, n_failures: u32, chance: u16) -> Duration {
        let doubled = self.first.saturating_mul(1 << n_failures.saturating_sub(1).min(20));
        let whole = doubled.min(self.longest);
        whole / 2 + whole.mul_f64(f64::from(chance) / f64::from(u16::MAX)) / 2
    }

    /// The wait after a refusal: the full time, and up to half of it more.
    pub(super) fn wait_after_refusal(&self, chance: u16) -> Duration {
        self.after_refusal + self.after_refusal.mul_f64(f64::from(chance) / f64::from(u16::MAX)) / 2
    }
}

/// Chance for the jitter; none of it is secret, so a source that fails costs only the jitter.
pub(super) fn chance() -> u16 {
    let mut bytes = [0; 2];
    match getrandom::fill(&mut bytes) {
        Ok(()) => u16::from_le_bytes(bytes),
        Err(_) => u16::MAX / 2,
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::Backoff;

    #[test]
    fn waits_double_up_to_the_longest_and_spread_over_their_upper_half() {
        let backoff = Backoff::default();
        let seconds = |n, chance| backoff.wait(n, chance).as_secs_f64();
        assert_eq!(seconds(1, 0), 0.25);
        assert_eq!(seconds(1, u16::MAX), 0.5);
        assert_eq!(seconds(3, u16::MAX), 2.0);
        assert_eq!(seconds(8, u16::MAX), 60.0);
        assert_eq!(seconds(u32::MAX, 0), 30.0);
    }

    #[test]
    fn t11_a_refusal_is_never_repeated_within_its_time() {
        let backoff = Backoff::default();
        assert_eq!(backoff.wait_after_refusal(0), Duration::from_secs(30));
        assert_eq!(backoff.wait_after_refusal(u16::MAX), Duration::from_secs(45));
    }
}
