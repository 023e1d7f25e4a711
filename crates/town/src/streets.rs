//! Streets: a grid that grew, with crossings out of line and stretches missing.

use core::cmp::Reverse;
use std::collections::BinaryHeap;

use crate::chance::Chance;
use crate::{Plan, Point};

/// A crossing, by its place in the list.
pub(crate) type Crossing = u16;

pub(crate) struct Streets {
    crossings: Vec<Point>,
    stretches: Vec<(Crossing, Crossing)>,
    /// Of each crossing, where one can walk from it, and how far in millimetres.
    next: Vec<Vec<(Crossing, u64)>>,
}

/// The usual distance of two crossings.
const BLOCK_M: f64 = 205.0;

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
        let mut streets = Self { crossings, stretches, next: Vec::new() };
        streets.close_some(chance);
        streets
    }

    /// Takes about an eighth of the stretches away, as parks and rivers do, and leaves every
    /// crossing with three ways or more where it had them.
    fn close_some(&mut self, chance: &mut Chance) {
        self.join();
        let mut order: Vec<usize> = (0..self.stretches.len()).collect();
        chance.shuffle(&mut order);
        let mut n_left = self.stretches.len() / 8;
        let mut closed = vec![false; self.stretches.len()];
        for at in order {
            let (a, b) = self.stretches[at];
            let wide = |end: Crossing| 4 <= self.next[usize::from(end)].len();
            if n_left == 0 || !(wide(a) && wide(b)) {
                continue;
            }
            self.next[usize::from(a)].retain(|&(other, _)| other != b);
            self.next[usize::from(b)].retain(|&(other, _)| other != a);
            closed[at] = true;
            n_left -= 1;
        }
        let mut at = 0;
        self.stretches.retain(|_| {
            at += 1;
            !closed[at - 1]
        });
    }

    fn join(&mut self) {
        self.next = vec![Vec::new(); self.crossings.len()];
        for &(a, b) in &self.stretches {
            let length = self.at(a).distance_m(self.at(b));
            let length_mm = (length * 1_000.0).round() as u64;
            self.next[usize::from(a)].push((b, length_mm));
            self.next[usize::from(b)].push((a, length_mm));
        }
    }

    pub(crate) fn n_crossings(&self) -> usize {
        self.crossings.len()
    }

    pub(crate) fn at(&self, crossing: Crossing) -> Point {
        self.crossings[usize::from(crossing)]
    }

    pub(crate) fn ends(&self) -> &[(Crossing, Crossing)] {
        &self.stretches
    }

    pub(crate) fn stretches(&self) -> impl Iterator<Item = (Point, Point)> + '_ {
        self.stretches.iter().map(|&(a, b)| (self.at(a), self.at(b)))
    }

    pub(crate) fn nearest(&self, point: Point) -> Crossing {
        let distance = |&no: &Crossing| self.at(no).distance_m(point);
        let all = 0..self.crossings.len() as Crossing;
        all.min_by(|a, b| distance(a).total_cmp(&distance(b))).unwrap_or_default()
    }

    /// The shortest way from one crossing to another, both included.
    ///
    /// Dijkstra over whole millimetres, so that ties and rounding fall the same everywhere.
    pub(crate) fn way(&self, from: Crossing, to: Crossing) -> Vec<Crossing> {
        let mut before = vec![from; self.crossings.len()];
        let mut length = vec![u64::MAX; self.crossings.len()];
        let mut open = BinaryHeap::from([Reverse((0_u64, from))]);
        length[usize::from(from)] = 0;
        while let Some(Reverse((so_far, here))) = open.pop() {
            if here == to {
                break;
            }
            if length[usize::from(here)] < so_far {
                continue;
            }
            for &(next, step) in &self.next[usize::from(here)] {
                if so_far + step < length[usize::from(next)] {
                    length[usize::from(next)] = so_far + step;
                    before[usize::from(next)] = here;
                    open.push(Reverse((so_far + step, next)));
                }
            }
        }
        let mut way = vec![to];
        let mut here = to;
        while here != from && before[usize::from(here)] != here {
            here = before[usize::from(here)];
            way.push(here);
        }
        way.reverse();
        way
    }
}

/// Where parallel streets lie: evenly, give or take a fifth of a block.
fn lines(n: usize, half_m: f64, chance: &mut Chance) -> Vec<f64> {
    let step = half_m * 2.0 / (n - 1) as f64;
    (0..n).map(|i| i as f64 * step - half_m + chance.between(-0.18, 0.18) * step).collect()
}
