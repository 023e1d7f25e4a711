//! W1 and W4: circles of 150 m round stores, in towns and all over a country.

use model::Position;

use crate::chance::{Area, Chance, at};
use crate::work::{Work, circle};

/// Of every store's circle.
const RADIUS_M: f64 = 150.0;

/// Towns of a region, the largest first; their stores stand in bells round their middles.
struct Towns {
    middles: Vec<Position>,
    /// Ascending; the share of all stores that stand in this town or a larger one.
    shares: Vec<f64>,
    /// Standard deviation of the stores' bell, in degrees of latitude.
    widths: Vec<f64>,
}

impl Towns {
    const REGION: Area = Area { south: 29.0, north: 33.0, west: -99.0, east: -95.0 };
    const N: usize = 150;
    /// The width of a town with all the stores; that of others goes with the root of their share,
    /// so that every town is as dense as every other.
    const WIDTH: f64 = 0.19;

    fn new(seed: u64) -> Self {
        let middles = Self::REGION.positions(Self::N, seed);
        let weights = || (0..Self::N).map(|rank| 1.0 / (rank + 4) as f64);
        let sum: f64 = weights().sum();
        let widths = weights().map(|weight| Self::WIDTH * (weight / sum).sqrt()).collect();
        let mut so_far = 0.0;
        let mut share = |weight: f64| {
            so_far += weight / sum;
            so_far
        };
        Self { middles, shares: weights().map(&mut share).collect(), widths }
    }

    /// A place in a town, spread so many times as wide as its stores.
    fn place(&self, spread: f64, chance: &mut Chance) -> Position {
        let draw = chance.unit();
        let town = self.shares.partition_point(|&share| share <= draw).min(Self::N - 1);
        let (middle, width) = (self.middles[town], spread * self.widths[town]);
        let lat = middle.lat() + width * chance.bell();
        at(lat, middle.lng() + 1.17 * width * chance.bell())
    }

    fn places(&self, n: usize, spread: f64, seed: u64) -> Vec<Position> {
        let mut chance = Chance::new(seed);
        (0..n).map(|_| self.place(spread, &mut chance)).collect()
    }
}

fn stores_in_towns(name: &'static str, spread: f64, n_hits: usize) -> Work {
    let towns = Towns::new(1);
    let shapes = towns.places(30_000, 1.0, 2).into_iter().map(|center| circle(center, RADIUS_M)).collect();
    Work { name, shapes, positions: towns.places(1 << 16, spread, 3), n_hits: Some(n_hits) }
}

/// W1: 30,000 stores in 150 towns; people live 3.3 times as widely spread as stores stand, so that
/// about 6 % of them are at one.
#[must_use]
pub fn w1_few_hits() -> Work {
    stores_in_towns("w1_few_hits", 3.3, 4_612)
}

/// W1 with the same stores: people spread as the stores are, so that about 30 % are at one.
#[must_use]
pub fn w1_many_hits() -> Work {
    stores_in_towns("w1_many_hits", 1.0, 24_586)
}

/// W4: stores anywhere in a country, and so many positions anywhere that no cache holds what they touch.
#[must_use]
pub fn w4_cold(n_fences: usize, n_positions: usize) -> Work {
    let name = if n_fences < 10_000_000 { "w4_1m_cold" } else { "w4_10m_cold" };
    let n_hits = match (n_fences, n_positions) {
        (1_000_000, N_COLD) => Some(2_904),
        (10_000_000, N_COLD) => Some(27_729),
        _ => None,
    };
    let positions = Area::COUNTRY.positions(n_positions, 5);
    Work { name, shapes: country_circles(n_fences), positions, n_hits }
}

/// Positions of the cold workloads.
pub const N_COLD: usize = 1 << 19;

/// W4 with a million stores: 4,096 places near stores that are visited again and again.
#[must_use]
pub fn w4_warm() -> Work {
    let shapes = country_circles(1_000_000);
    let centers = Area::COUNTRY.positions(1_000_000, 4);
    let mut chance = Chance::new(6);
    let near = |chance: &mut Chance| {
        let center = centers[chance.below(centers.len())];
        let lat = center.lat() + chance.within(-0.003, 0.003);
        at(lat, center.lng() + chance.within(-0.003, 0.003))
    };
    let places: Vec<Position> = (0..4_096).map(|_| near(&mut chance)).collect();
    let positions = (0..1 << 17).map(|_| places[chance.below(places.len())]).collect();
    Work { name: "w4_1m_warm", shapes, positions, n_hits: Some(25_321) }
}

fn country_circles(n: usize) -> Vec<spatial_index::Shape> {
    Area::COUNTRY.positions(n, 4).into_iter().map(|center| circle(center, RADIUS_M)).collect()
}

/// Any number of stores, evenly spread over a square that grows with their number, so that about 6 % of
/// the positions lie in one whatever the number is.
#[must_use]
pub fn evenly(n_fences: usize, n_positions: usize) -> Work {
    // 1.83 degrees hold 30,000.
    let side = 1.83 * (n_fences as f64 / 30_000.0).sqrt();
    let (tall, wide) = (side.min(40.0), side * (side / side.min(40.0)));
    let area = Area {
        south: 36.0 - tall / 2.0,
        north: 36.0 + tall / 2.0,
        west: -wide.min(360.0) / 2.0,
        east: wide.min(360.0) / 2.0,
    };
    let shapes = area.positions(n_fences, 7).into_iter().map(|center| circle(center, RADIUS_M)).collect();
    Work { name: "circles", shapes, positions: area.positions(n_positions, 8), n_hits: None }
}
