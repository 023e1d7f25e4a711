//! Worlds of fences that are hard to keep apart: what real files hold, and what they do not.

use super::random::Random;
use crate::scan::Drawn;

/// The side of a square of the grid that a fixed-point index may lay over the earth, in degrees:
/// 2^21 steps of 360 / 2^32 degrees.
pub(crate) const SQUARE: f64 = 360.0 / 2048.0;

/// Fences, where most of them lie, and how far they reach from there.
pub(crate) struct World {
    pub(crate) kind: Kind,
    pub(crate) spot: Spot,
    pub(crate) fences: Vec<Drawn>,
}

/// What a world is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Some of everything in one place.
    Mixed,
    /// Corners and rims on the borders of squares and of their halves, quarters, ...
    Squares,
    /// Thousands of small circles over tiles with common borders.
    City,
    /// Everything on top of everything, with rings of 10,000 corners.
    Heap,
    /// The whole earth in tiles, half of it in one fence, wide circles over poles and antimeridian.
    Globe,
}

/// A place that shapes are drawn round.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Spot {
    pub(crate) lat: f64,
    pub(crate) lng: f64,
    /// Degrees from the middle to the end of the world.
    pub(crate) scale: f64,
    /// Coordinates are multiples of this; 0 when they are not.
    pub(crate) step: f64,
}

const PLACES: [(f64, f64); 12] = [
    (30.27, -97.74),
    (0.0, 0.0),
    (-16.8, 180.0),
    (68.9, -180.0),
    (52.0, 179.9999),
    (89.95, 12.0),
    (-89.99, -170.0),
    (64.0, -128.0),
    (45.0, 0.0),
    (1.3, 103.8),
    (0.0, 90.0),
    (-75.0, 180.0),
];

impl World {
    pub(crate) fn new(random: &mut Random) -> Self {
        let kind = match random.below(100) {
            0..55 => Kind::Mixed,
            55..80 => Kind::Squares,
            80..88 => Kind::City,
            88..94 => Kind::Heap,
            _ => Kind::Globe,
        };
        Self::of(kind, random)
    }

    pub(crate) fn of(kind: Kind, random: &mut Random) -> Self {
        let spot = Spot::new(kind, random);
        let fences = match kind {
            Kind::Mixed => mixed(random, spot),
            Kind::Squares => squares(random, spot),
            Kind::City => city(random, spot),
            Kind::Heap => heap(random, spot),
            Kind::Globe => globe(random, spot),
        };
        Self { kind, spot, fences }
    }
}

impl Spot {
    fn new(kind: Kind, random: &mut Random) -> Self {
        let (mut lat, mut lng) = random.pick(&PLACES);
        if random.one_in(2) {
            (lat, lng) = (random.between(-89.9, 89.9), random.between(-180.0, 180.0));
        }
        let depth = random.below(14) as i32;
        let (scale, step) = match kind {
            Kind::Mixed => {
                let steps = [0.0, 0.0, 1e-7, 1e-5, SQUARE / 2_f64.powi(depth)];
                (random.magnitude(1e-5, 20.0), random.pick(&steps))
            }
            Kind::Squares => {
                let step = SQUARE / 2_f64.powi(depth);
                (step * random.pick(&[2.0, 4.0, 8.0]), step)
            }
            Kind::City => (random.magnitude(0.05, 0.5), random.pick(&[0.0, 1e-7])),
            Kind::Heap => (random.magnitude(0.001, 0.3), 0.0),
            Kind::Globe => (60.0, random.pick(&[0.0, 0.0, SQUARE, 1.0])),
        };
        if kind == Kind::Squares || random.one_in(8) {
            (lat, lng) = ((lat / SQUARE).round() * SQUARE, (lng / SQUARE).round() * SQUARE);
        }
        Self { lat, lng, scale, step }
    }

    /// A corner some scales to the east and north of the middle.
    pub(crate) fn at(self, x: f64, y: f64) -> [f64; 2] {
        let on_step = |degrees: f64| {
            if 0.0 < self.step { (degrees / self.step).round() * self.step } else { degrees }
        };
        on_map(on_step(self.lng + x * self.scale), on_step(self.lat + y * self.scale))
    }

    fn anywhere(self, random: &mut Random) -> [f64; 2] {
        self.at(random.between(-1.0, 1.0), random.between(-1.0, 1.0))
    }
}

/// `[longitude, latitude]` within the map; what goes over the antimeridian comes back.
pub(crate) fn on_map(lng: f64, lat: f64) -> [f64; 2] {
    let turned = if 180.0 < lng {
        lng - 360.0
    } else if lng < -180.0 {
        lng + 360.0
    } else {
        lng
    };
    [turned.clamp(-180.0, 180.0), lat.clamp(-90.0, 90.0)]
}

fn mixed(random: &mut Random, spot: Spot) -> Vec<Drawn> {
    let n_fences = 4 + random.below(36);
    (0..n_fences).map(|_| any_fence(random, spot)).collect()
}

fn any_fence(random: &mut Random, spot: Spot) -> Drawn {
    match random.below(10) {
        0..4 => circle(random, spot),
        4 => Drawn::Polygons(vec![vec![tile(random, spot)]]),
        5 => Drawn::Polygons(vec![vec![sliver(random, spot)]]),
        6 => Drawn::Polygons(vec![tangles(random, spot)]),
        7 => {
            let n_teeth = 2 + random.below(60);
            Drawn::Polygons(vec![vec![comb(spot, n_teeth)]])
        }
        _ => {
            let n_parts = 1 + random.below(3);
            Drawn::Polygons((0..n_parts).map(|_| star_with_hole(random, spot)).collect())
        }
    }
}

fn circle(random: &mut Random, spot: Spot) -> Drawn {
    let [lng, lat] = spot.anywhere(random);
    let own_size_m = (111_000.0 * spot.scale).clamp(1.0, 100_000.0);
    let radius_m = match random.below(4) {
        0 => random.pick(&[1.0, 25.0, 150.0, 1_000.0, 50_000.0, 100_000.0]),
        1 => random.magnitude(1.0, 100_000.0),
        _ => random.magnitude(1.0, own_size_m.next_up()),
    };
    Drawn::Circle { lat, lng, radius_m }
}

/// Neighbours share edges and corners.
fn tile(random: &mut Random, spot: Spot) -> Vec<[f64; 2]> {
    let (x, y) = (random.below(8) as f64 - 4.0, random.below(8) as f64 - 4.0);
    rectangle(spot, [x / 4.0, y / 4.0, (x + 1.0) / 4.0, (y + 1.0) / 4.0])
}

fn rectangle(spot: Spot, [west, south, east, north]: [f64; 4]) -> Vec<[f64; 2]> {
    vec![spot.at(west, south), spot.at(east, south), spot.at(east, north), spot.at(west, north)]
}

/// Long, and as thin as numbers allow.
fn sliver(random: &mut Random, spot: Spot) -> Vec<[f64; 2]> {
    let (from, to) = (spot.anywhere(random), spot.anywhere(random));
    let width = random.pick(&[1e-3, 1e-6, 1e-9, 1e-12]);
    let shift = |[x, y]: [f64; 2]| on_map(x + width, y + width * random.pick(&[-1.0, 0.5, 1.0]));
    let back = [to, from].map(shift);
    vec![from, to, back[0], back[1]]
}

/// Rings that cross themselves and each other.
fn tangles(random: &mut Random, spot: Spot) -> Vec<Vec<[f64; 2]>> {
    let n_rings = 1 + random.below(3);
    let n_corners = 3 + random.below(12);
    let on_eighths = random.one_in(2);
    let corner = |random: &mut Random| {
        let mut offset = || random.between(-1.0, 1.0);
        let (x, y) = (offset(), offset());
        if on_eighths { spot.at((8.0 * x).round() / 8.0, (8.0 * y).round() / 8.0) } else { spot.at(x, y) }
    };
    (0..n_rings).map(|_| (0..n_corners).map(|_| corner(random)).collect()).collect()
}

/// Teeth from one end of the world to the other; every other edge is as tall as the comb.
fn comb(spot: Spot, n_teeth: usize) -> Vec<[f64; 2]> {
    let mut corners = vec![spot.at(-1.0, -1.0)];
    for tooth in 0..n_teeth {
        let x = |half: f64| -1.0 + 2.0 * (tooth as f64 + half) / n_teeth as f64;
        corners.extend([spot.at(x(0.0), 1.0), spot.at(x(0.5), -0.9)]);
    }
    corners.extend([spot.at(1.0, 1.0), spot.at(1.0, -1.0)]);
    corners
}

fn star_with_hole(random: &mut Random, spot: Spot) -> Vec<Vec<[f64; 2]>> {
    let [x, y] = [random.between(-0.5, 0.5), random.between(-0.5, 0.5)];
    let reach = random.magnitude(0.01, 1.0);
    let n_corners = 5 + random.below(60);
    let mut rings = vec![star(random, spot, (x, y), (0.3 * reach, reach), n_corners)];
    if random.one_in(2) {
        rings.push(star(random, spot, (x, y), (0.05 * reach, 0.25 * reach), n_corners));
    }
    rings
}

/// Corners at growing angles round a middle.
fn star(
    random: &mut Random,
    spot: Spot,
    (x, y): (f64, f64),
    (least, most): (f64, f64),
    n_corners: usize,
) -> Vec<[f64; 2]> {
    let mut corner = |i: usize| {
        let angle = (i as f64 + 0.8 * random.share()) / n_corners as f64 * std::f64::consts::TAU;
        let length = random.between(least, most);
        spot.at(x + angle.cos() * length, y + angle.sin() * length)
    };
    (0..n_corners).map(&mut corner).collect()
}

/// Squares of all sizes, triangles with corners in their middles, circles that end at borders.
fn squares(random: &mut Random, spot: Spot) -> Vec<Drawn> {
    let n_fences = 10 + random.below(90);
    let n_steps = (spot.scale / spot.step) as usize;
    let corner = |random: &mut Random, part: f64| {
        let n = |random: &mut Random| {
            (random.below(2 * n_steps + 1) as f64 - n_steps as f64) / n_steps as f64
                + part * random.pick(&[0.0, 0.0, 0.5, 0.25, 0.125]) / n_steps as f64
        };
        let (x, y) = (n(random), n(random));
        // Halves of a step stay, though the spot rounds to whole ones.
        Spot { step: 0.0, ..spot }.at(x, y)
    };
    let fence = |random: &mut Random| {
        let [lng, lat] = corner(random, 1.0);
        match random.below(6) {
            0 => {
                let [to_lng, to_lat] = corner(random, 1.0);
                let wgs84 = geographiclib_rs::Geodesic::wgs84();
                let apart_m: f64 =
                    geographiclib_rs::InverseGeodesic::inverse(&wgs84, lat, lng, to_lat, to_lng);
                Drawn::Circle { lat, lng, radius_m: apart_m.clamp(0.001, 100_000.0) }
            }
            1 => Drawn::Polygons(vec![vec![tile(random, spot)]]),
            2 => {
                let (width, height) = (spot.step * random.pick(&[0.5, 1.0, 2.0]), spot.step);
                let ring = [[lng, lat], [lng + width, lat], [lng + width, lat + height], [lng, lat + height]];
                Drawn::Polygons(vec![vec![ring.map(|[x, y]| on_map(x, y)).to_vec()]])
            }
            3 => circle(random, spot),
            _ => {
                let n_corners = 3 + random.below(5);
                Drawn::Polygons(vec![vec![(0..n_corners).map(|_| corner(random, 1.0)).collect()]])
            }
        }
    };
    (0..n_fences).map(|_| fence(random)).collect()
}

fn city(random: &mut Random, spot: Spot) -> Vec<Drawn> {
    let n_circles = random.pick(&[100, 1_000, 5_000]);
    let radii_m = random.pick(&[(150.0, 150.000_1), (5.0, 300.0), (1.0, 20.0)]);
    let shop = |random: &mut Random| {
        let [lng, lat] = spot.anywhere(random);
        Drawn::Circle { lat, lng, radius_m: random.magnitude(radii_m.0, radii_m.1) }
    };
    let mut fences: Vec<Drawn> = (0..n_circles).map(|_| shop(random)).collect();
    let n_rows = random.pick(&[4, 12]);
    fences.extend(tiling(random, spot, n_rows));
    fences.extend((0..4).map(|_| any_fence(random, spot)));
    fences
}

/// Tiles with bent borders that neighbours share to the last bit.
fn tiling(random: &mut Random, spot: Spot, n_rows: usize) -> Vec<Drawn> {
    const N_BENDS: usize = 8;
    let n = n_rows * N_BENDS;
    let mut lattice = Vec::new();
    for row in 0..=n {
        for column in 0..=n {
            let at_border = |i: usize| i == 0 || i == n;
            let mut offset = |i: usize| {
                let shift = if at_border(i) { 0.0 } else { random.between(-0.3, 0.3) };
                -1.0 + 2.0 * (i as f64 + shift) / n as f64
            };
            let (x, y) = (offset(column), offset(row));
            lattice.push(spot.at(x, y));
        }
    }
    let corner = |column: usize, row: usize| lattice[row * (n + 1) + column];
    let tile = |i: usize| {
        let (west, south) = (i % n_rows * N_BENDS, i / n_rows * N_BENDS);
        let (east, north) = (west + N_BENDS, south + N_BENDS);
        let mut ring: Vec<[f64; 2]> = (west..east).map(|column| corner(column, south)).collect();
        ring.extend((south..north).map(|row| corner(east, row)));
        ring.extend((west + 1..=east).rev().map(|column| corner(column, north)));
        ring.extend((south + 1..=north).rev().map(|row| corner(west, row)));
        Drawn::Polygons(vec![vec![ring]])
    };
    (0..n_rows * n_rows).map(tile).collect()
}

fn heap(random: &mut Random, spot: Spot) -> Vec<Drawn> {
    let n_circles = 50 + random.below(400);
    let mut fences: Vec<Drawn> = (0..n_circles).map(|_| circle(random, spot)).collect();
    fences.extend((0..10).map(|_| any_fence(random, spot)));
    fences.push(Drawn::Polygons(vec![vec![comb(spot, 5_000)]]));
    fences.push(Drawn::Polygons(vec![vec![star(random, spot, (0.0, 0.0), (0.1, 1.0), 10_000)]]));
    let knot = (0..300).map(|_| spot.anywhere(random)).collect();
    fences.push(Drawn::Polygons(vec![vec![knot]]));
    fences
}

fn globe(random: &mut Random, spot: Spot) -> Vec<Drawn> {
    let whole = Spot { lat: 0.0, lng: 0.0, scale: 1.0, ..spot };
    let mut fences = Vec::new();
    let size = random.pick(&[15, 30]);
    for west in (-180..180).step_by(size) {
        for south in (-90..90).step_by(size) {
            let [west, south, size] = [west, south, size as i32].map(f64::from);
            let middle = whole.at(west + size * random.share(), south + size);
            let mut ring = rectangle(whole, [west, south, west + size, south + size]);
            // A roof that the neighbour in the north does not have: they overlap or leave a gap.
            if middle[1] < 90.0 {
                ring.insert(3, [middle[0], middle[1] + random.between(-0.4, 0.4) * size]);
            }
            fences.push(Drawn::Polygons(vec![vec![ring]]));
        }
    }
    fences.push(half_of_the_earth(random));
    for _ in 0..60 {
        let lat = if random.one_in(3) { random.pick(&[-90.0, 90.0]) } else { random.between(-90.0, 90.0) };
        let lat = (lat + random.pick(&[0.0, 1e-9, 0.3, -0.3]) * random.share()).clamp(-90.0, 90.0);
        let lng = if random.one_in(3) { 180.0 } else { random.between(-180.0, 180.0) };
        let [lng, lat] = on_map(lng + random.pick(&[0.0, 1e-9, 0.3]) * random.share(), lat);
        fences.push(Drawn::Circle { lat, lng, radius_m: random.pick(&[1_000.0, 50_000.0, 77_777.7, 1e5]) });
    }
    fences.extend((0..10).map(|_| any_fence(random, spot)));
    fences
}

/// North, south, east or west half, or a coast round the whole earth.
fn half_of_the_earth(random: &mut Random) -> Drawn {
    let equator = (0..=36).map(|i| f64::from(i) * 10.0 - 180.0);
    let ring: Vec<[f64; 2]> = match random.below(4) {
        0 => equator.map(|x| [x, 0.0]).chain([[180.0, 90.0], [-180.0, 90.0]]).collect(),
        1 => {
            let coast = |x: f64| [x, -70.0 + if x.abs() < 180.0 { random.between(-5.0, 5.0) } else { 0.0 }];
            equator.map(coast).chain([[180.0, -90.0], [-180.0, -90.0]]).collect()
        }
        2 => vec![[0.0, -90.0], [90.0, -90.0], [180.0, -90.0], [180.0, 90.0], [90.0, 90.0], [0.0, 90.0]],
        _ => vec![[-90.0, -89.0], [0.0, -89.0], [90.0, -89.0], [90.0, 89.0], [0.0, 89.0], [-90.0, 89.0]],
    };
    Drawn::Polygons(vec![vec![ring]])
}
