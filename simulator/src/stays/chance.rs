//! Chance that is the same everywhere: `SplitMix64`, and draws that use plain arithmetic only.

/// A stream of draws.
#[derive(Clone)]
pub(super) struct Chance(u64);

/// The step and the mixing of `SplitMix64` (Steele, Lea and Flood 2014).
const STEP: u64 = 0x9E37_79B9_7F4A_7C15;

const fn mix(mut z: u64) -> u64 {
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

impl Chance {
    /// A stream named by numbers: other numbers, or another order, are another stream.
    pub(super) fn of(name: &[u64]) -> Self {
        Self(name.iter().fold(0, |state, &part| mix(state.wrapping_add(STEP) ^ mix(part.wrapping_add(STEP)))))
    }

    pub(super) const fn draw(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(STEP);
        mix(self.0)
    }

    /// Uniform in 0..1.
    pub(super) fn unit(&mut self) -> f64 {
        (self.draw() >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// Uniform between two numbers.
    pub(super) fn between(&mut self, low: f64, high: f64) -> f64 {
        low + (high - low) * self.unit()
    }

    /// Uniform in 0..n.
    pub(super) fn below(&mut self, n: usize) -> usize {
        ((self.unit() * n as f64) as usize).min(n.saturating_sub(1))
    }

    /// True once in so many times.
    pub(super) fn once_in(&mut self, n: f64) -> bool {
        self.unit() * n < 1.0
    }

    /// Two independent normal draws (the polar method of Marsaglia).
    pub(super) fn normals(&mut self) -> (f64, f64) {
        loop {
            let (x, y) = (self.between(-1.0, 1.0), self.between(-1.0, 1.0));
            let square = x * x + y * y;
            if 0.0 < square && square < 1.0 {
                let scale = (-2.0 * square.ln() / square).sqrt();
                return (x * scale, y * scale);
            }
        }
    }
}
