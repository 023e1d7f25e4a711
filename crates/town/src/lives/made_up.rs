//! Fences for who has none: high streets with shops side by side, and single shops between.

use model::{Meters, Position};

use crate::chance::Chance;
use crate::{Plane, Point, Shape};

/// A store that nobody keeps.
#[derive(Clone, Debug)]
pub struct MadeUp {
    /// A circle of 40 to 85 m: who walks through is out again within three minutes.
    pub shape: Shape,
    /// Whose it is: a number below that of the merchants.
    pub merchant: usize,
}

/// So many shops stand in a high street.
const N_IN_A_STREET: u32 = 12;
/// High streets have about so much room to each side.
const STREET_SQUARE_M: f64 = 1_600.0;

/// So many stores of so many merchants about the middle of a country.
///
/// # Panics
/// When there is no merchant.
#[must_use]
pub fn made_up(n_stores: u32, n_merchants: usize, seed: u64) -> Vec<MadeUp> {
    assert!(0 < n_merchants, "somebody keeps the stores");
    let mut chance = Chance::of(&[seed, 23]);
    let plane = Plane::at(Position::new(44.05, -91.64).expect("on earth"));
    let n_streets = n_stores.div_ceil(N_IN_A_STREET);
    let n_across = f64::from(n_streets).sqrt().ceil() as u32;
    let store = |no: u32| {
        let (street, place) = (no / N_IN_A_STREET, no % N_IN_A_STREET);
        let mut of_street = Chance::of(&[seed, 24, u64::from(street)]);
        let (column, row) = (f64::from(street % n_across), f64::from(street / n_across));
        let middle = Point::new(
            (column - f64::from(n_across) / 2.0 + of_street.between(-0.2, 0.2)) * STREET_SQUARE_M,
            (row - f64::from(n_across) / 2.0 + of_street.between(-0.2, 0.2)) * STREET_SQUARE_M,
        );
        // Two rows of shops face each other; every sixth stands alone, round the corner.
        let (east_m, north_m) = (f64::from(place / 2) * 110.0 - 275.0, f64::from(place % 2) * 120.0);
        let spot = if place.is_multiple_of(6) {
            middle.moved(chance.between(-600.0, 600.0), chance.between(350.0, 600.0))
        } else {
            middle.moved(east_m + chance.between(-15.0, 15.0), north_m + chance.between(-15.0, 15.0))
        };
        let radius = Meters(chance.between(40.0, 85.0).round());
        MadeUp {
            shape: Shape::Circle { centre: plane.position(spot), radius },
            merchant: chance.below(n_merchants),
        }
    };
    (0..n_stores).map(store).collect()
}
