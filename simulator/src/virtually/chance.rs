//! Chance that is the same in every process: `SplitMix64`.

/// A stream of draws.
#[derive(Clone, Debug)]
pub(crate) struct Chance(u64);

const STEP: u64 = 0x9E37_79B9_7F4A_7C15;

const fn mix(mut z: u64) -> u64 {
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

impl Chance {
    /// A stream named by numbers: other numbers, or another order, are another stream.
    pub(crate) fn of(name: &[u64]) -> Self {
        Self(name.iter().fold(1, |state, &part| mix(state.wrapping_add(STEP) ^ mix(part.wrapping_add(STEP)))))
    }

    pub(crate) const fn draw(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(STEP);
        mix(self.0)
    }

    /// Uniform in 0..1.
    pub(crate) fn unit(&mut self) -> f64 {
        (self.draw() >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// Uniform between two numbers.
    pub(crate) fn between(&mut self, low: f64, high: f64) -> f64 {
        low + (high - low) * self.unit()
    }

    /// Uniform in `low..=high`.
    pub(crate) const fn whole(&mut self, low: i64, high: i64) -> i64 {
        low + (self.draw() % (high - low + 1).unsigned_abs()).cast_signed()
    }

    /// Uniform in 0..n; n is above 0.
    pub(crate) const fn below(&mut self, n: usize) -> usize {
        (self.draw() % n as u64) as usize
    }

    /// True so many times in a thousand.
    pub(crate) const fn per_mille(&mut self, n: u64) -> bool {
        self.draw() % 1_000 < n
    }

    /// One of a list.
    pub(crate) const fn of_list<T: Copy>(&mut self, list: &[T]) -> T {
        list[self.below(list.len())]
    }

    /// Close to standard normal: the sum of four uniform draws, which no platform rounds differently.
    pub(crate) fn normal(&mut self) -> f64 {
        const SPREAD: f64 = 1.732_050_807_568_877_2;
        (self.unit() + self.unit() + self.unit() + self.unit() - 2.0) * SPREAD
    }
}
