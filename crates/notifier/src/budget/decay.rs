//! How pressure wears off: half of it in a half-life, in whole numbers.

use model::Millis;

/// Steps of a half-life; within one nothing changes.
const N_STEPS: usize = 256;

/// 2^(-i/256) in 2^32nds, rounded up.
static POWERS: [u64; N_STEPS] = powers();

/// What is left after a while, rounded up.
///
/// A step is over before it counts and products are rounded up, so it errs high: by less
/// than 0.3 % and a thousandth of a point.
pub(crate) fn rounded_up(milli: u64, half_life: Millis, passed: Millis) -> u64 {
    scaled(milli, half_life, passed)
        .map_or(0, |(product, shift)| (product >> shift) + u64::from(product & ((1 << shift) - 1) != 0))
}

/// What is left after a while, rounded down.
pub(crate) fn rounded_down(milli: u64, half_life: Millis, passed: Millis) -> u64 {
    scaled(milli, half_life, passed).map_or(0, |(product, shift)| product >> shift)
}

/// So many steps of a half-life, begun ones counted.
pub(crate) fn steps(n: u64, half_life: Millis) -> Millis {
    Millis::new((half_life.ms().max(1) as u64 * n).div_ceil(N_STEPS as u64).cast_signed())
}

/// After how long the next step is over.
pub(crate) fn next_fall(passed: Millis, half_life: Millis) -> Millis {
    let n_over = passed.ms().max(0) as u64 * N_STEPS as u64 / half_life.ms().max(1) as u64;
    steps(n_over + 1, half_life)
}

/// Roughly how long it takes one pressure to wear off to another: within a step or two, unless
/// there is next to nothing of either.
pub(crate) fn wears_off_in(milli: u64, to_milli: u64, half_life: Millis) -> Millis {
    let ratio = (to_milli << 32) / milli.max(1);
    if ratio == 0 {
        return steps((N_HALVED_MAX + 1) * N_STEPS as u64, half_life);
    }
    // The ratio is 2^(-n) times one between a half and 1, which the table finds.
    let n_halved = u64::from(ratio.leading_zeros().saturating_sub(32));
    let within = ratio << n_halved;
    let step = POWERS.partition_point(|power| within < *power) as u64;
    steps(n_halved * N_STEPS as u64 + step, half_life)
}

/// The product before it is shifted, and by how much; `None` when nothing is left.
fn scaled(milli: u64, half_life: Millis, passed: Millis) -> Option<(u64, u32)> {
    let (passed, half_life) = (passed.ms().max(0) as u64, half_life.ms().max(1) as u64);
    let n_halved = passed / half_life;
    if N_HALVED_MAX < n_halved {
        return None;
    }
    let step = (passed % half_life).saturating_mul(N_STEPS as u64) / half_life;
    let product = milli.min(MILLI_MAX) * POWERS[step as usize];
    Some((product, 32 + n_halved as u32))
}

/// Halved more often, no pressure is left.
const N_HALVED_MAX: u64 = 31;

/// More pressure than anybody has; its product with a power fits.
const MILLI_MAX: u64 = (1 << 31) - 1;

/// Products of square roots of a half, by the bits of `i`, with 62 bits behind the point.
const fn powers() -> [u64; N_STEPS] {
    const ONE: u128 = 1 << 62;
    // The k-th root is 2^(-2^k/256).
    let mut roots = [ONE / 2; 9];
    let mut k = 8;
    while 0 < k {
        k -= 1;
        roots[k] = root(roots[k + 1] << 62);
    }
    let mut powers = [0; N_STEPS];
    let mut i = 0;
    while i < N_STEPS {
        let (mut power, mut bit) = (ONE, 0);
        while bit < 8 {
            if i >> bit & 1 == 1 {
                power = (power * roots[bit]) >> 62;
            }
            bit += 1;
        }
        powers[i] = power.div_ceil(1 << 30) as u64;
        i += 1;
    }
    powers
}

/// The whole square root.
const fn root(square: u128) -> u128 {
    let (mut root, mut bit) = (0_u128, 1_u128 << 63);
    while 0 < bit {
        let larger = root | bit;
        // A root has 63 bits, so that its square fits.
        if larger * larger <= square {
            root = larger;
        }
        bit >>= 1;
    }
    root
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const HALF_LIFE: Millis = Millis::from_hours(72);

    #[test]
    fn the_table_is_that_of_the_powers_rounded_up() {
        for (i, power) in POWERS.iter().enumerate() {
            let exact = (-(i as f64) / 256.0).exp2() * 4_294_967_296.0;
            assert_eq!(*power, exact.ceil() as u64, "{i}");
        }
    }

    #[test]
    fn half_is_left_after_a_half_life_and_nothing_after_a_quarter_of_a_year() {
        assert_eq!(rounded_up(40_000, HALF_LIFE, Millis::ZERO), 40_000);
        assert_eq!(rounded_up(40_000, HALF_LIFE, Millis::new(-5)), 40_000);
        assert_eq!(rounded_up(40_000, HALF_LIFE, HALF_LIFE), 20_000);
        assert_eq!(rounded_up(40_001, HALF_LIFE, HALF_LIFE), 20_001);
        assert_eq!(rounded_down(40_001, HALF_LIFE, HALF_LIFE), 20_000);
        assert_eq!(rounded_up(40_000, HALF_LIFE, Millis::from_hours(36)), 28_285);
        assert_eq!(rounded_down(40_000, HALF_LIFE, Millis::from_hours(36)), 28_284);
        assert_eq!(rounded_up(1, HALF_LIFE, Millis::from_days(95)), 1);
        assert_eq!(rounded_up(80_000, HALF_LIFE, Millis::from_days(96)), 0);
        assert_eq!(rounded_up(0, HALF_LIFE, Millis::ZERO), 0);
    }

    #[test]
    fn a_step_counts_when_it_is_over() {
        let step = Millis::new(1_012_500);
        let before = rounded_up(60_000, HALF_LIFE, step - Millis::new(1));
        assert_eq!((before, rounded_up(60_000, HALF_LIFE, step)), (60_000, 59_838));
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 2_000, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn pressure_only_falls(milli in 0..200_000_u64, first_ms in 0..10_000_000_000_i64, more_ms in 0..3_000_000_000_i64) {
            let (first, later) = (Millis::new(first_ms), Millis::new(first_ms + more_ms));
            prop_assert!(rounded_up(milli, HALF_LIFE, later) <= rounded_up(milli, HALF_LIFE, first));
            prop_assert!(rounded_down(milli, HALF_LIFE, later) <= rounded_down(milli, HALF_LIFE, first));
            prop_assert!(rounded_down(milli, HALF_LIFE, later) <= rounded_up(milli, HALF_LIFE, later));
        }

        #[test]
        fn what_is_left_is_the_power_of_two_and_at_most_three_thousandths_more(milli in 0..200_000_u64, passed_ms in 0..8_000_000_000_i64) {
            let exact = milli as f64 * (-(passed_ms as f64) / HALF_LIFE.ms() as f64).exp2();
            let left = rounded_up(milli, HALF_LIFE, Millis::new(passed_ms)) as f64;
            prop_assert!(exact <= left + 1e-6 && left <= exact * 1.003 + 1.0, "{left} is not {exact}");
            let least = rounded_down(milli, HALF_LIFE, Millis::new(passed_ms)) as f64;
            prop_assert!(exact - 1.0 <= least && least <= exact * 1.003, "{least} is not {exact}");
        }
    }
}
