//! Which stores are near a place: the town in squares, each with the fences that touch it.

use crate::plane::Bounds;
use crate::stores::Store;
use crate::{Point, StoreNo};

pub(crate) struct Grid {
    south_west: Point,
    square_m: f64,
    n_across: usize,
    n_up: usize,
    /// Where the stores of each square begin in `stores`, and one more for the end of the last.
    first: Vec<u32>,
    stores: Vec<StoreNo>,
    /// Fences too wide to be told square by square.
    wide: Vec<StoreNo>,
}

/// Squares are at least so wide, about a block.
const SQUARE_M: f64 = 250.0;
/// A fence that touches more squares is tried everywhere.
const N_SQUARES_MAX: usize = 1_024;

impl Grid {
    pub(crate) fn of(stores: &[Store]) -> Self {
        let bounds: Vec<Bounds> = stores.iter().map(Store::bounds).collect();
        let all = bounds.iter().copied().reduce(Bounds::with).expect("a town has stores");
        let (width_m, height_m) = (all.east_m - all.west_m, all.north_m - all.south_m);
        let square_m = SQUARE_M.max((width_m * height_m / (4.0 * stores.len() as f64)).sqrt());
        let mut grid = Self {
            south_west: Point::new(all.west_m, all.south_m),
            square_m,
            n_across: (width_m / square_m) as usize + 1,
            n_up: (height_m / square_m) as usize + 1,
            first: Vec::new(),
            stores: Vec::new(),
            wide: Vec::new(),
        };
        grid.list(&bounds);
        grid
    }

    fn list(&mut self, bounds: &[Bounds]) {
        let touched: Vec<Squares> = bounds.iter().map(|bounds| self.squares(*bounds)).collect();
        let mut first = vec![0_u32; self.n_across * self.n_up + 1];
        for (no, squares) in touched.iter().enumerate() {
            if N_SQUARES_MAX < squares.n() {
                self.wide.push(StoreNo(no as u32));
            } else {
                squares.each(self.n_across, |square| first[square + 1] += 1);
            }
        }
        for square in 1..first.len() {
            first[square] += first[square - 1];
        }
        let mut free = first.clone();
        self.stores = vec![StoreNo(0); first[first.len() - 1] as usize];
        for (no, squares) in touched.iter().enumerate().filter(|(_, squares)| squares.n() <= N_SQUARES_MAX) {
            squares.each(self.n_across, |square| {
                self.stores[free[square] as usize] = StoreNo(no as u32);
                free[square] += 1;
            });
        }
        self.first = first;
    }

    /// The stores whose fences may touch a box, ascending, each once.
    pub(crate) fn touching(&self, bounds: Bounds) -> Vec<StoreNo> {
        let mut found = self.wide.clone();
        self.squares(bounds).each(self.n_across, |square| {
            found.extend(&self.stores[self.first[square] as usize..self.first[square + 1] as usize]);
        });
        found.sort_unstable();
        found.dedup();
        found
    }

    /// The stores nearest to a place by where their customers stand, nearest first; of two at one
    /// distance the lower number.
    pub(crate) fn nearest(&self, stores: &[Store], here: Point, n: usize) -> Vec<StoreNo> {
        let widest_m = self.square_m * (self.n_across + self.n_up) as f64;
        let outside_m = Bounds {
            west_m: self.south_west.x_m,
            east_m: self.south_west.x_m + self.square_m * self.n_across as f64,
            south_m: self.south_west.y_m,
            north_m: self.south_west.y_m + self.square_m * self.n_up as f64,
        }
        .distance_m(here);
        let mut reach_m = outside_m + self.square_m;
        loop {
            let mut found: Vec<(f64, StoreNo)> = self
                .touching(Bounds::about(here, reach_m))
                .into_iter()
                .map(|no| (stores[no.slot()].spot.distance_m(here), no))
                .filter(|(distance_m, _)| *distance_m <= reach_m)
                .collect();
            if n <= found.len() || outside_m + widest_m < reach_m {
                found.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
                found.truncate(n);
                return found.into_iter().map(|(_, no)| no).collect();
            }
            reach_m *= 2.0;
        }
    }

    fn squares(&self, bounds: Bounds) -> Squares {
        let place =
            |m: f64, from_m: f64, n: usize| (((m - from_m) / self.square_m).max(0.0) as usize).min(n - 1);
        Squares {
            columns: (
                place(bounds.west_m, self.south_west.x_m, self.n_across),
                place(bounds.east_m, self.south_west.x_m, self.n_across),
            ),
            rows: (
                place(bounds.south_m, self.south_west.y_m, self.n_up),
                place(bounds.north_m, self.south_west.y_m, self.n_up),
            ),
        }
    }
}

/// A rectangle of squares, first and last included.
struct Squares {
    columns: (usize, usize),
    rows: (usize, usize),
}

impl Squares {
    const fn n(&self) -> usize {
        (self.columns.1 - self.columns.0 + 1) * (self.rows.1 - self.rows.0 + 1)
    }

    fn each(&self, n_across: usize, mut then: impl FnMut(usize)) {
        for row in self.rows.0..=self.rows.1 {
            for column in self.columns.0..=self.columns.1 {
                then(row * n_across + column);
            }
        }
    }
}
