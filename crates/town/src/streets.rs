//! Streets: a grid that grew, with crossings out of line and stretches missing.

use core::cmp::Reverse;
use std::collections::BinaryHeap;

use crate::chance::Chance;
use crate::{Plan, Point};

/// A crossing, by its place in the list.
pub(crate) type Crossing = u32;
/// A stretch of street between two crossings, by its place in the list.
pub(crate) type Stretch = u32;

pub(crate) struct Streets {
    crossings: Vec<Point>,
    stretches: Vec<(Crossing, Crossing)>,
    /// Where the ways out of each crossing begin in `ways`, and one more for the end of the last.
    first_way: Vec<u32>,
    ways: Vec<Way>,
    /// Crossings in a row, where they lie in rows.
    n_across: Option<usize>,
}

/// A way out of a crossing.
#[derive(Clone, Copy)]
pub(crate) struct Way {
    pub(crate) to: Crossing,
    pub(crate) stretch: Stretch,
    /// Whole millimetres, so that ties and rounding fall the same everywhere.
    length_mm: u64,
}

/// The usual distance of two crossings.
pub(crate) const BLOCK_M: f64 = 205.0;
/// In a big town nobody looks for a crossing further away than so many blocks.
const BLOCKS_MAX: usize = 12;

impl Streets {
    pub(crate) fn lay(plan: &Plan, chance: &mut Chance) -> Self {
        let (half_x, half_y) = plan.half_size_m();
        let (half_x, half_y) = (half_x * 0.96, half_y * 0.96);
        let n_across = ((half_x * 2.0 / BLOCK_M).round() as usize).max(4);
        let n_up = ((half_y * 2.0 / BLOCK_M).round() as usize).max(4);
        let columns = lines(n_across, half_x, chance);
        let rows = lines(n_up, half_y, chance);
        let mut crossings = Vec::with_capacity(n_across * n_up);
        let mut stretches = Vec::new();
        for (row, &y_m) in rows.iter().enumerate() {
            for (column, &x_m) in columns.iter().enumerate() {
                let at = crossings.len();
                let bend = BLOCK_M * 0.09;
                crossings
                    .push(Point::new(x_m + chance.between(-bend, bend), y_m + chance.between(-bend, bend)));
                if 0 < column {
                    stretches.push(((at - 1) as Crossing, at as Crossing));
                }
                if 0 < row {
                    stretches.push(((at - n_across) as Crossing, at as Crossing));
                }
            }
        }
        close_some(&mut stretches, crossings.len(), chance);
        Self { n_across: Some(n_across), ..Self::between(crossings, stretches) }
    }

    /// Streets between any crossings.
    pub(crate) fn between(crossings: Vec<Point>, stretches: Vec<(Crossing, Crossing)>) -> Self {
        let mut first_way = vec![0_u32; crossings.len() + 1];
        for end in stretches.iter().flat_map(|&(a, b)| [a, b]) {
            first_way[end as usize + 1] += 1;
        }
        for no in 1..first_way.len() {
            first_way[no] += first_way[no - 1];
        }
        let mut free = first_way.clone();
        let mut ways = vec![Way { to: 0, stretch: 0, length_mm: 0 }; stretches.len() * 2];
        for (no, &(a, b)) in stretches.iter().enumerate() {
            let length_m = crossings[a as usize].distance_m(crossings[b as usize]);
            let length_mm = (length_m * 1_000.0).round() as u64;
            for (from, to) in [(a, b), (b, a)] {
                let slot = &mut free[from as usize];
                ways[*slot as usize] = Way { to, stretch: no as Stretch, length_mm };
                *slot += 1;
            }
        }
        Self { crossings, stretches, first_way, ways, n_across: None }
    }

    pub(crate) fn n_crossings(&self) -> usize {
        self.crossings.len()
    }

    pub(crate) fn at(&self, crossing: Crossing) -> Point {
        self.crossings[crossing as usize]
    }

    /// The two crossings that each stretch joins.
    pub(crate) fn ends(&self) -> &[(Crossing, Crossing)] {
        &self.stretches
    }

    pub(crate) fn stretches(&self) -> impl Iterator<Item = (Point, Point)> + '_ {
        self.stretches.iter().map(|&(a, b)| (self.at(a), self.at(b)))
    }

    /// The ways out of a crossing.
    pub(crate) fn ways(&self, crossing: Crossing) -> &[Way] {
        let [from, to] = [crossing, crossing + 1].map(|no| self.first_way[no as usize] as usize);
        &self.ways[from..to]
    }

    pub(crate) fn nearest(&self, point: Point) -> Crossing {
        let distance = |&no: &Crossing| self.at(no).distance_m(point);
        let all = 0..self.crossings.len() as Crossing;
        all.min_by(|a, b| distance(a).total_cmp(&distance(b))).unwrap_or_default()
    }

    /// Any crossing within so many blocks of another as people know their way about; where
    /// crossings lie in no rows, one that a stroll of so many stretches leads to.
    pub(crate) fn any_near(&self, crossing: Crossing, chance: &mut Chance) -> Crossing {
        if self.n_across.is_none() {
            return self.stroll(crossing, chance);
        }
        let window = self.window(crossing, crossing);
        window.crossing(chance.below(window.n()))
    }

    fn stroll(&self, crossing: Crossing, chance: &mut Chance) -> Crossing {
        (0..BLOCKS_MAX).fold(crossing, |here, _| {
            let ways = self.ways(here);
            ways[chance.below(ways.len())].to
        })
    }

    /// The shortest way from one crossing to another, both included.
    ///
    /// Dijkstra over whole millimetres, within some blocks of the box round both.
    pub(crate) fn way(&self, from: Crossing, to: Crossing) -> Vec<Crossing> {
        let window = self.window(from, to);
        let mut before = vec![from; window.n()];
        let mut length = vec![u64::MAX; window.n()];
        let mut open = BinaryHeap::from([Reverse((0_u64, from))]);
        let place = |crossing: Crossing| window.place(crossing);
        length[place(from).expect("a window holds its ends")] = 0;
        while let Some(Reverse((so_far, here))) = open.pop() {
            if here == to {
                break;
            }
            if place(here).is_none_or(|here| length[here] < so_far) {
                continue;
            }
            for way in self.ways(here) {
                let Some(next) = place(way.to) else { continue };
                if so_far + way.length_mm < length[next] {
                    length[next] = so_far + way.length_mm;
                    before[next] = here;
                    open.push(Reverse((length[next], way.to)));
                }
            }
        }
        let mut way = vec![to];
        let mut here = to;
        while let Some(place) = place(here).filter(|&place| here != from && before[place] != here) {
            here = before[place];
            way.push(here);
        }
        way.reverse();
        way
    }

    /// The part of the town in which a way is looked for; all of it where crossings lie in no rows.
    fn window(&self, from: Crossing, to: Crossing) -> Window {
        let n_across = self.n_across.unwrap_or(self.n_crossings());
        let n_up = self.n_crossings() / n_across;
        let reach = self.n_across.map_or(n_across, |_| BLOCKS_MAX);
        let span = |a: usize, b: usize, n: usize| {
            let first = a.min(b).saturating_sub(reach);
            (first, (a.max(b) + reach + 1).min(n) - first)
        };
        let (from, to) = (from as usize, to as usize);
        Window {
            n_across,
            rows: span(from / n_across, to / n_across, n_up),
            columns: span(from % n_across, to % n_across, n_across),
        }
    }
}

/// Some rows and some columns of crossings: the first of each, and how many.
struct Window {
    n_across: usize,
    rows: (usize, usize),
    columns: (usize, usize),
}

impl Window {
    const fn n(&self) -> usize {
        self.rows.1 * self.columns.1
    }

    fn place(&self, crossing: Crossing) -> Option<usize> {
        let row = (crossing as usize / self.n_across).checked_sub(self.rows.0)?;
        let column = (crossing as usize % self.n_across).checked_sub(self.columns.0)?;
        (row < self.rows.1 && column < self.columns.1).then_some(row * self.columns.1 + column)
    }

    /// The crossing at a place, counted along the rows.
    const fn crossing(&self, place: usize) -> Crossing {
        ((self.rows.0 + place / self.columns.1) * self.n_across + self.columns.0 + place % self.columns.1)
            as Crossing
    }
}

/// Takes about an eighth of the stretches away, as parks and rivers do, and leaves every
/// crossing with three ways or more where it had them.
fn close_some(stretches: &mut Vec<(Crossing, Crossing)>, n_crossings: usize, chance: &mut Chance) {
    let mut n_ways = vec![0_u8; n_crossings];
    for end in stretches.iter().flat_map(|&(a, b)| [a, b]) {
        n_ways[end as usize] += 1;
    }
    let mut order: Vec<usize> = (0..stretches.len()).collect();
    chance.shuffle(&mut order);
    let mut n_left = stretches.len() / 8;
    let mut closed = vec![false; stretches.len()];
    for at in order {
        let (a, b) = stretches[at];
        if n_left == 0 || n_ways[a as usize] < 4 || n_ways[b as usize] < 4 {
            continue;
        }
        n_ways[a as usize] -= 1;
        n_ways[b as usize] -= 1;
        closed[at] = true;
        n_left -= 1;
    }
    let mut at = 0;
    stretches.retain(|_| {
        at += 1;
        !closed[at - 1]
    });
}

/// Where parallel streets lie: evenly, give or take a fifth of a block.
fn lines(n: usize, half_m: f64, chance: &mut Chance) -> Vec<f64> {
    let step = half_m * 2.0 / (n - 1) as f64;
    (0..n).map(|i| i as f64 * step - half_m + chance.between(-0.18, 0.18) * step).collect()
}
