//! Chance that is the same everywhere: `SplitMix64`, and draws that use plain arithmetic only.

/// A stream of draws, the same on every machine.
#[derive(Clone, Debug)]
pub struct Chance(u64);

/// The step and the mixing of `SplitMix64` (Steele, Lea and Flood 2014).
const STEP: u64 = 0x9E37_79B9_7F4A_7C15;

const fn mix(mut z: u64) -> u64 {
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

impl Chance {
    /// A stream named by numbers: other numbers, or another order, are another stream.
    #[must_use]
    pub fn of(name: &[u64]) -> Self {
        Self(name.iter().fold(0, |state, &part| mix(state.wrapping_add(STEP) ^ mix(part.wrapping_add(STEP)))))
    }

    /// The next 64 bits.
    pub const fn draw(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(STEP);
        mix(self.0)
    }

    /// Uniform in 0..1.
    pub fn unit(&mut self) -> f64 {
        (self.draw() >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// Uniform between two numbers.
    pub fn between(&mut self, low: f64, high: f64) -> f64 {
        low + (high - low) * self.unit()
    }

    /// Uniform in 0..n; 0 when `n` is 0.
    pub fn below(&mut self, n: usize) -> usize {
        ((self.unit() * n as f64) as usize).min(n.saturating_sub(1))
    }

    /// True once in so many times.
    pub fn once_in(&mut self, n: f64) -> bool {
        self.unit() * n < 1.0
    }

    /// Close to standard normal: twelve uniform draws, which no platform rounds differently.
    pub(crate) fn normal(&mut self) -> f64 {
        (0..12).map(|_| self.unit()).sum::<f64>() - 6.0
    }

    /// The same from three draws, in steps of a 65,536th: for those who need millions a second.
    pub(crate) fn quick_normal(&mut self) -> f64 {
        let four = |draw: u64| (0..4).map(|part| (draw >> (part * 16)) & 0xFFFF).sum::<u64>();
        let sum: u64 = (0..3).map(|_| four(self.draw())).sum();
        (sum as f64 + 6.0) / 65_536.0 - 6.0
    }

    /// Puts a list in random order.
    pub(crate) fn shuffle<T>(&mut self, list: &mut [T]) {
        for last in (1..list.len()).rev() {
            list.swap(last, self.below(last + 1));
        }
    }
}
