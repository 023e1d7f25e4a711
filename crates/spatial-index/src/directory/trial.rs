//! What the attacks on the filters draw: chance, squares, and polygons that are hard on a square.

use model::Position;

use super::grid::{Grid, Line, margin};
use super::root::line_of;
use super::units::{ROOT_LOG2, Spot, Square, TURN, position_of};
use crate::polygon::{Polygon, Ring};
use crate::shape::Shape;
use crate::store::{Polygons, Stored};

/// Chance from a seed: SplitMix64 (Steele, Lea, Flood 2014).
pub(super) struct Chance(u64);

impl Chance {
    pub(super) const fn new(seed: u64) -> Self {
        Self(seed)
    }

    const fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    pub(super) fn between(&mut self, low: f64, high: f64) -> f64 {
        low + (high - low) * ((self.next() >> 11) as f64 / (1_u64 << 53) as f64)
    }

    pub(super) fn below(&mut self, n: usize) -> usize {
        (self.next() % n as u64) as usize
    }

    pub(super) fn pick<T: Copy>(&mut self, from: &[T]) -> T {
        from[self.below(from.len())]
    }

    /// Evenly spread orders of magnitude.
    pub(super) fn magnitude(&mut self, low: f64, high: f64) -> f64 {
        self.between(low.ln(), high.ln()).exp()
    }

    /// -1 or 1.
    pub(super) fn sign(&mut self) -> f64 {
        self.pick(&[-1.0, 1.0])
    }

    /// A square of some level: beside a pole, the equator or the antimeridian, or anywhere.
    pub(super) fn square(&mut self, log2: u32) -> Square {
        let half_turn = 1_u32 << 31;
        let near = |place: u32, chance: &mut Self| {
            let reach = 1_u32 << chance.between(f64::from(log2), 30.0) as u32;
            let off = chance.below(reach as usize) as u32;
            if chance.below(2) == 0 { place.wrapping_add(off) } else { place.wrapping_sub(off) }
        };
        let y = match self.below(6) {
            0 => near(0, self),
            1 => near(half_turn, self),
            2 => near(half_turn / 2, self),
            _ => self.next() as u32,
        };
        // Beyond a pole is as far before it.
        let y = if half_turn <= y { y.wrapping_neg() } else { y }.min(half_turn - 1);
        let x = if self.below(4) == 0 { near(0, self) } else { self.next() as u32 };
        Square { x: x >> log2 << log2, y: y >> log2 << log2, log2 }
    }

    /// Any level that a leaf may have.
    pub(super) fn level(&mut self) -> u32 {
        self.pick(&[9, 9, 10, 12, 14, 16, 18, 20, 21])
    }
}

/// The position of some units, and its spot if that lies in a square.
pub(super) fn in_square(x: f64, y: f64, square: Square) -> Option<(Position, Spot)> {
    if !(0.0..=TURN / 2.0).contains(&y) {
        return None;
    }
    let position = position_of(x, y);
    let spot = Spot::of(position);
    let is_in = spot.x >> square.log2 == square.x >> square.log2
        && spot.y >> square.log2 == square.y >> square.log2
        && !spot.is_at_pole();
    is_in.then_some((position, spot))
}

/// The polygon of a shape as a leaf asks for it, from rings in units; none when they are no rings.
pub(super) fn polygons(rings: &[Vec<[f64; 2]>]) -> Option<Stored> {
    let degrees = |&[x, y]: &[f64; 2]| {
        let position = position_of(x, y);
        [position.lng(), position.lat()]
    };
    let ring = |ring: &Vec<[f64; 2]>| Ring::new(&ring.iter().map(degrees).collect::<Vec<_>>()).ok();
    let mut rings: Vec<Ring> = rings.iter().filter_map(ring).collect();
    if rings.is_empty() {
        return None;
    }
    let outer = rings.remove(0);
    Some(Stored::of(Shape::Polygons(vec![Polygon::new(outer, rings)])))
}

/// What [`polygons`] made.
pub(super) fn stored(stored: &Stored) -> &Polygons {
    match stored {
        Stored::Polygons(polygons) => polygons,
        Stored::Circle { .. } | Stored::Removed => unreachable!("it is made of polygons"),
    }
}

/// All images of a polygon's edges that the map may show, in units.
pub(super) fn lines(polygon: &Polygon) -> impl Iterator<Item = Line> {
    let images = |line: Line| (-1..=2).map(move |turns| line.moved(-f64::from(turns) * TURN));
    polygon.edges().map(line_of).flat_map(images)
}

/// A square as a grid of one cell.
pub(super) fn grid_of_one(square: Square) -> Grid {
    let (x, y) = (f64::from(square.x), f64::from(square.y));
    Grid { x, y, log2: square.log2, n_columns: 1, n_rows: 1 }
}

/// Rings round a square in units that are hard to cut down to it.
pub(super) struct Rings<'a> {
    chance: &'a mut Chance,
    middle: [f64; 2],
    half: f64,
    /// From the middle to the end of the box that is cut down to.
    box_half: f64,
}

impl<'a> Rings<'a> {
    pub(super) fn round(square: Square, chance: &'a mut Chance) -> Self {
        let half = square.side() / 2.0;
        let middle = [f64::from(square.x) + half, f64::from(square.y) + half];
        Self { chance, middle, half, box_half: half + margin(square.log2) }
    }

    /// Some rings of any kind.
    pub(super) fn any(&mut self) -> Vec<Vec<[f64; 2]>> {
        let n_rings = self.chance.pick(&[1, 1, 1, 2, 3]);
        let mut rings: Vec<_> = (0..n_rings).map(|_| self.ring()).collect();
        for corner in rings.iter_mut().flatten() {
            // What goes far in longitude would be taken the other way round.
            corner[0] = corner[0].clamp(-0.2 * TURN, 0.2 * TURN) + self.middle[0];
            corner[1] = (corner[1] + self.middle[1]).clamp(0.0, TURN / 2.0);
        }
        rings
    }

    fn ring(&mut self) -> Vec<[f64; 2]> {
        let n = 3 + self.chance.below(9);
        match self.chance.below(7) {
            0 => (0..n).map(|_| self.anywhere(1.2)).collect(),
            1 | 2 => (0..n).map(|_| self.on_lattice()).collect(),
            3 => (0..n)
                .map(|_| if self.chance.below(2) == 0 { self.far() } else { self.on_lattice() })
                .collect(),
            4 => self.needle(),
            5 => self.steps(),
            _ => self.through_a_corner(),
        }
    }

    fn anywhere(&mut self, reach: f64) -> [f64; 2] {
        [0, 1].map(|_| self.chance.between(-reach, reach) * self.half)
    }

    fn far(&mut self) -> [f64; 2] {
        let most = (0.2 * TURN / self.half).max(3.0);
        [0, 1].map(|_| self.chance.sign() * self.half * self.chance.magnitude(1.0, most))
    }

    /// On borders of the square and of the box, or a hair beside them.
    fn on_lattice(&mut self) -> [f64; 2] {
        [0, 1].map(|_| {
            let on = [0.0, 0.5 * self.half, self.half, self.box_half, self.box_half, 1.5 * self.half];
            let beside = [0.0, 0.0, 1e-5, 0.01, 0.5, 1.0];
            self.chance.sign() * self.chance.pick(&on) + self.chance.sign() * self.chance.pick(&beside)
        })
    }

    fn end(&mut self) -> [f64; 2] {
        match self.chance.below(3) {
            0 => self.far(),
            1 => self.on_lattice(),
            _ => self.anywhere(1.0),
        }
    }

    /// There and back, a hair beside.
    fn needle(&mut self) -> Vec<[f64; 2]> {
        let (a, b) = (self.end(), self.end());
        let width = self.chance.magnitude(1e-5, 8.0);
        vec![a, b, [b[0] + width * self.chance.sign(), b[1] + width], [a[0] + width, a[1] + width]]
    }

    /// A line of many short steps, some back, some beside it.
    fn steps(&mut self) -> Vec<[f64; 2]> {
        let (a, b) = (self.anywhere(1.1), self.anywhere(1.1));
        let n = 40;
        let aside = self.chance.pick(&[0.0, 0.0, 1e-4, 0.05, 1.0]);
        let is_short = self.chance.below(2) == 0;
        let mut corners = vec![a];
        for step in 1..n {
            let share = (f64::from(step) + self.chance.between(-0.9, 0.9)) / f64::from(n);
            let share = if is_short { share * 4.0 / self.half } else { share };
            corners.push(
                [0, 1].map(|axis| {
                    a[axis] + share * (b[axis] - a[axis]) + aside * self.chance.between(-1.0, 1.0)
                }),
            );
        }
        corners.extend([b, self.end()]);
        corners
    }

    /// A triangle with an edge through a corner of the square or the box.
    fn through_a_corner(&mut self) -> Vec<[f64; 2]> {
        let reach = self.chance.pick(&[self.half, self.box_half]);
        let corner = [0, 1].map(|_| self.chance.sign() * reach);
        let a = self.end();
        let on = self.chance.between(0.5, 4.0);
        let b = [0, 1].map(|axis| corner[axis] + on * (corner[axis] - a[axis]));
        let b = [b[0], b[1] + self.chance.pick(&[0.0, 0.0, 1e-3, 0.1, 1.0])];
        vec![a, b, self.end()]
    }
}

/// Root cells are the largest squares of all.
pub(super) const LARGEST: u32 = ROOT_LOG2;
