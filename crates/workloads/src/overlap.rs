//! W5: circles of hundreds of metres to several kilometres and polygons, one over the other in cities.

use model::Position;
use spatial_index::{Polygon, Ring, Shape};

use crate::chance::{Area, Chance, at};
use crate::work::{Work, circle};

const N_CITIES: usize = 12;
/// Standard deviation of a city, in degrees of latitude.
const WIDTH: f64 = 0.115;

/// 16,000 circles and 4,000 polygons in twelve cities; a position has about nine hits.
#[must_use]
pub fn w5_overlap() -> Work {
    let cities = Area { south: 33.0, north: 45.0, west: -118.0, east: -76.0 }.positions(N_CITIES, 11);
    let mut chance = Chance::new(12);
    let mut shapes: Vec<Shape> = (0..16_000)
        .map(|_| {
            let reach = chance.unit();
            circle(place(&cities, &mut chance), 300.0 + 4_700.0 * reach * reach * reach)
        })
        .collect();
    shapes.extend((0..4_000).map(|_| star(place(&cities, &mut chance), &mut chance)));
    let positions = (0..1 << 16).map(|_| place(&cities, &mut chance)).collect();
    Work { name: "w5_overlap", shapes, positions, n_hits: Some(618_190) }
}

fn place(cities: &[Position], chance: &mut Chance) -> Position {
    let city = cities[chance.below(cities.len())];
    let lat = city.lat() + WIDTH * chance.bell();
    at(lat, city.lng() + 1.3 * WIDTH * chance.bell())
}

/// A ring of 16 to 64 corners round a middle, the radius of each drawn anew; 0.5 to 5 km wide.
fn star(middle: Position, chance: &mut Chance) -> Shape {
    let n_corners = 4 * (4 + chance.below(13));
    let size = chance.within(0.005, 0.045);
    let corner = |i: usize| {
        let [x, y] = on_diamond(i, n_corners);
        let reach = size * chance.within(0.6, 1.0);
        [middle.lng() + 1.3 * reach * x, middle.lat() + reach * y]
    };
    let ring: Vec<[f64; 2]> = (0..n_corners).map(corner).collect();
    Shape::Polygons(vec![Polygon::new(Ring::new(&ring).expect("a star is a ring"), Vec::new())])
}

/// The i-th of n places on the line |x| + |y| = 1, in order of their direction.
fn on_diamond(i: usize, n: usize) -> [f64; 2] {
    let along = 4.0 * i as f64 / n as f64;
    match along as usize {
        0 => [1.0 - along, along],
        1 => [1.0 - along, 2.0 - along],
        2 => [along - 3.0, 2.0 - along],
        _ => [along - 3.0, along - 4.0],
    }
}
