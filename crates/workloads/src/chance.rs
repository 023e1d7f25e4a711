//! Chance that is the same on every machine: SplitMix64 and plain arithmetic, no library of sines.

use model::Position;

/// A stream of numbers from a seed.
#[derive(Clone, Debug)]
pub struct Chance(u64);

impl Chance {
    /// The stream of a seed.
    #[must_use]
    pub const fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// The next number, every bit of it.
    pub const fn bits(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// Even within 0 <= x < 1.
    pub fn unit(&mut self) -> f64 {
        (self.bits() >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// Even within `low` <= x < `high`.
    pub fn within(&mut self, low: f64, high: f64) -> f64 {
        low + (high - low) * self.unit()
    }

    /// Even within 0 <= x < `n`.
    ///
    /// # Panics
    /// When `n` is 0.
    pub fn below(&mut self, n: usize) -> usize {
        assert!(0 < n, "there is something to choose from");
        ((self.unit() * n as f64) as usize).min(n - 1)
    }

    /// A bell: middle 0, standard deviation 1, never beyond 3.5.
    pub fn bell(&mut self) -> f64 {
        let sum: f64 = (0..4).map(|_| self.unit()).sum();
        (sum - 2.0) * 3.0_f64.sqrt()
    }
}

/// A rectangle of the map, in degrees.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Area {
    /// Least latitude.
    pub south: f64,
    /// Greatest latitude.
    pub north: f64,
    /// Least longitude.
    pub west: f64,
    /// Greatest longitude.
    pub east: f64,
}

impl Area {
    /// About the contiguous United States.
    pub const COUNTRY: Self = Self { south: 25.0, north: 49.0, west: -124.0, east: -67.0 };

    /// A position anywhere within.
    pub fn position(self, chance: &mut Chance) -> Position {
        let lat = chance.within(self.south, self.north);
        at(lat, chance.within(self.west, self.east))
    }

    /// Many of them.
    #[must_use]
    pub fn positions(self, n: usize, seed: u64) -> Vec<Position> {
        let mut chance = Chance::new(seed);
        (0..n).map(|_| self.position(&mut chance)).collect()
    }
}

/// A position from degrees that a generator has made; beyond the map's edge it stands on the edge.
pub(crate) fn at(lat: f64, lng: f64) -> Position {
    Position::new(lat.clamp(-90.0, 90.0), lng.clamp(-180.0, 180.0)).expect("it was clamped to the map")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_gives_the_same_numbers() {
        assert_eq!(Chance::new(0).bits(), 0xE220_A839_7B1D_CDAF, "SplitMix64's published first number");
        assert_eq!(Area::COUNTRY.positions(3, 7), Area::COUNTRY.positions(3, 7));
    }

    #[test]
    fn a_bell_has_the_width_that_it_says() {
        let mut chance = Chance::new(1);
        let squares: f64 = (0..10_000).map(|_| chance.bell()).map(|x| x * x).sum();
        assert!((squares / 10_000.0 - 1.0).abs() < 0.05, "{squares}");
    }
}
