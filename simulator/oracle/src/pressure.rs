//! How pressure wears off, in whole numbers.

/// Steps in a half-life; time is rounded down to a step, so that pressure errs high.
const N_STEPS: i64 = 256;

/// What is left of a positive number of milli-points after a while, rounded up.
pub(crate) fn left_of(milli: i64, after_ms: i64, half_life_ms: i64) -> i64 {
    let (product, shift) = scaled(milli, after_ms, half_life_ms);
    match shift {
        64.. => 0,
        _ => ((product + (1_u128 << shift) - 1) >> shift) as i64,
    }
}

/// The same of a number that takes pressure away: rounded towards nothing.
pub(crate) fn left_of_relief(milli: i64, after_ms: i64, half_life_ms: i64) -> i64 {
    if 0 <= milli {
        return left_of(milli, after_ms, half_life_ms);
    }
    let (product, shift) = scaled(-milli, after_ms, half_life_ms);
    if shift < 64 { -((product >> shift) as i64) } else { 0 }
}

/// A product and by how many bits it is to be shifted down.
fn scaled(milli: i64, after_ms: i64, half_life_ms: i64) -> (u128, u32) {
    let after_ms = after_ms.max(0);
    let n_halves = after_ms / half_life_ms;
    let step = (after_ms % half_life_ms) * N_STEPS / half_life_ms;
    let share = 2_f64.powf(32.0 - step as f64 / N_STEPS as f64).ceil() as u128;
    let shift = u32::try_from(n_halves).unwrap_or(u32::MAX).saturating_add(32);
    (u128::from(milli.unsigned_abs()) * share, shift)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::HOUR;

    #[test]
    fn half_is_left_after_each_half_life_and_never_too_little() {
        let left = |milli, hours| left_of(milli, hours * HOUR, 72 * HOUR);
        assert_eq!([0, 72, 144, 216].map(|hours| left(25_000, hours)), [25_000, 12_500, 6_250, 3_125]);
        assert_eq!((left(25_000, -5), left(1, 10_000), left(0, 5)), (25_000, 0, 0));
        for hours in 0..600 {
            let exact = 25_000.0 * (-(hours as f64) / 72.0).exp2();
            let left = left(25_000, hours) as f64;
            assert!(exact <= left && left <= exact * 1.003 + 1.0, "{hours} h: {left} for {exact}");
        }
    }

    #[test]
    fn relief_errs_towards_nothing() {
        let left = |milli, hours| left_of_relief(milli, hours * HOUR, 72 * HOUR);
        assert_eq!((left(-5_001, 72), left(-1, 72), left(-5_001, 10_000)), (-2_500, 0, 0));
        assert_eq!(left(5_001, 72), 2_501);
    }
}
