//! Who sends at which instant: worked out from the plan alone, so that a slow server changes
//! nothing about it, and a judge can work it out again.

/// Rates and times of a run.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Pace {
    /// Messages a second while it holds.
    pub(crate) rate: f64,
    /// The rate grows evenly from nought for so long, and shrinks for as long at the end.
    pub(crate) ramp_s: f64,
    /// And holds for so long between.
    pub(crate) hold_s: f64,
}

/// The schedule: message `k` belongs to one customer and is due at one instant.
///
/// All customers take turns, in an order drawn from the seed, so that each of them reports evenly.
#[derive(Clone, Debug)]
pub(crate) struct Schedule {
    pace: Pace,
    n_customers: u64,
    step: u64,
    /// Turns `step` back.
    step_back: u64,
    first: u64,
    n_messages: u64,
}

impl Schedule {
    pub(crate) fn new(pace: Pace, n_customers: u32, seed: u64) -> Self {
        let n_customers = u64::from(n_customers.max(1));
        let near_golden = (n_customers as f64 * 0.618_033_988_75) as u64;
        let step = (near_golden.max(1)..).find(|step| gcd(*step, n_customers) == 1).unwrap_or(1);
        let n_messages = (pace.rate * (pace.hold_s + pace.ramp_s)) as u64;
        let step_back = inverse(step % n_customers.max(2), n_customers);
        Self { pace, n_customers, step, step_back, first: seed % n_customers, n_messages }
    }

    /// How many messages there are.
    pub(crate) const fn n_messages(&self) -> u64 {
        self.n_messages
    }

    /// How many customers take turns.
    pub(crate) const fn n_customers(&self) -> u64 {
        self.n_customers
    }

    /// From the first to the last, in seconds.
    pub(crate) const fn lasts_s(&self) -> f64 {
        self.pace.hold_s + 2.0 * self.pace.ramp_s
    }

    /// When message `k` is due, in nanoseconds of the run; never before the one before it.
    pub(crate) fn due_ns(&self, k: u64) -> u64 {
        let Pace { rate, ramp_s, hold_s } = self.pace;
        let (k, n) = (k as f64, self.n_messages as f64);
        let n_ramp = rate * ramp_s / 2.0;
        let at_s = if k < n_ramp {
            (2.0 * ramp_s * k / rate).sqrt()
        } else if k <= n - n_ramp {
            ramp_s + (k - n_ramp) / rate
        } else {
            hold_s + 2.0 * ramp_s - (2.0 * ramp_s * (n - k).max(0.0) / rate).sqrt()
        };
        (at_s * 1e9) as u64
    }

    /// Whose turn message `k` is.
    pub(crate) const fn customer(&self, k: u64) -> u32 {
        let turn = k % self.n_customers;
        ((turn * self.step + self.first) % self.n_customers) as u32
    }

    /// A customer's turn: their messages are this one and every `n_customers`-th after it.
    pub(crate) const fn turn_of(&self, customer: u32) -> u64 {
        let shifted = (customer as u64 + self.n_customers - self.first) % self.n_customers;
        shifted * self.step_back % self.n_customers
    }

    /// A customer's messages, in order.
    pub(crate) fn messages_of(&self, customer: u32) -> impl Iterator<Item = u64> + use<> {
        (self.turn_of(customer)..self.n_messages).step_by(self.n_customers as usize)
    }

    /// How many messages the customer of message `k` sent before it.
    pub(crate) const fn round(&self, k: u64) -> u64 {
        k / self.n_customers
    }
}

const fn gcd(mut a: u64, mut b: u64) -> u64 {
    while b != 0 {
        (a, b) = (b, a % b);
    }
    a
}

/// The number that makes one of `a`, modulo `n`; Euclid's way.
fn inverse(a: u64, n: u64) -> u64 {
    let (mut old, mut new) = ((i128::from(a), 1_i128), (i128::from(n), 0_i128));
    while new.0 != 0 {
        let quotient = old.0 / new.0;
        (old, new) = (new, (old.0 - quotient * new.0, old.1 - quotient * new.1));
    }
    old.1.rem_euclid(i128::from(n)) as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn schedule(n_customers: u32, seed: u64) -> Schedule {
        Schedule::new(Pace { rate: 1_000.0, ramp_s: 2.0, hold_s: 10.0 }, n_customers, seed)
    }

    #[test]
    fn the_rate_grows_holds_and_shrinks() {
        let schedule = schedule(100, 7);
        assert_eq!(schedule.n_messages(), 12_000);
        let mut in_second = [0; 14];
        for k in 0..schedule.n_messages() {
            in_second[(schedule.due_ns(k) / 1_000_000_000).min(13) as usize] += 1;
        }
        let expected = [250, 750, 1000, 1000, 1000, 1000, 1000, 1000, 1000, 1000, 1000, 1000, 750, 250];
        let near = |(n, expected): (&i32, &i32)| (n - expected).abs() <= 2;
        assert!(in_second.iter().zip(&expected).all(near), "{in_second:?}");
    }

    #[test]
    fn no_message_is_due_before_the_one_before_it() {
        let schedule = schedule(7, 1);
        let due: Vec<_> = (0..schedule.n_messages()).map(|k| schedule.due_ns(k)).collect();
        assert!(due.is_sorted());
        assert!(*due.last().unwrap() <= 14_000_000_000);
    }

    #[test]
    fn everybody_has_their_turn_and_a_customers_messages_are_found_again() {
        for n in [1, 2, 3, 10, 97, 1_000] {
            for seed in [0, 1, 12_345] {
                let schedule = schedule(n, seed);
                let mut turns: Vec<_> = (0..u64::from(n)).map(|k| schedule.customer(k)).collect();
                for (k, customer) in (0..).zip(&turns) {
                    assert_eq!(schedule.turn_of(*customer), k, "{n} {seed}");
                }
                turns.sort_unstable();
                assert!(turns.iter().copied().eq(0..n));
                let of_first: Vec<_> = schedule.messages_of(0).collect();
                let by_scan = (0..schedule.n_messages()).filter(|k| schedule.customer(*k) == 0);
                assert!(by_scan.eq(of_first.iter().copied()));
            }
        }
    }
}
