//! Looks for cells that an edge touches unseen, and for filled cells that are not inside.

use super::super::trial::{Chance, Rings, in_square, lines, polygons, stored};
use super::super::units::{Square, position_of};
use super::*;

fn any_grid(chance: &mut Chance) -> (Grid, Square, u32) {
    let k = chance.below(5) as u32;
    let log2 = 9 + chance.below(13 - k as usize) as u32;
    let square = chance.square(log2 + k);
    let n = 1 << k;
    let (x, y) = (f64::from(square.x), f64::from(square.y));
    (Grid { x, y, log2, n_columns: n, n_rows: n }, square, k)
}

/// Points of a line where it meets the borders of a grid's cells, and some between.
fn points_on(line: Line, grid: &Grid) -> Vec<[f64; 2]> {
    let mut shares = vec![0.0, 1.0, 0.5];
    for axis in 0..2 {
        let (origin, n) = if axis == 0 { (grid.x, grid.n_columns) } else { (grid.y, grid.n_rows) };
        let step = line.to[axis] - line.from[axis];
        if step != 0.0 {
            let at = |number: usize| (origin + number as f64 * grid.side() - line.from[axis]) / step;
            shares.extend((0..=n).map(at));
        }
    }
    shares.retain(|share| (0.0..=1.0).contains(share));
    shares.sort_unstable_by(f64::total_cmp);
    let middles: Vec<f64> = shares.windows(2).map(|pair| f64::midpoint(pair[0], pair[1])).collect();
    shares.extend(middles);
    let at = |share: f64| [0, 1].map(|axis| line.from[axis] + share * (line.to[axis] - line.from[axis]));
    shares.into_iter().map(at).collect()
}

#[test]
fn no_cell_within_the_margin_of_an_edge_is_missed() {
    let mut chance = Chance::new(5);
    let (mut n_near, mut n_visited) = (0, 0);
    for _ in 0..8_000 {
        let (grid, square, _) = any_grid(&mut chance);
        let Some(fence) = polygons(&Rings::round(square, &mut chance).any()) else { continue };
        // A hair less than the margin, for what rounding moves the points of the line.
        let reach = margin(grid.log2) - 1e-4;
        for line in lines(&stored(&fence).polygons[0]) {
            let mut visited = vec![0_u8; grid.n_columns * grid.n_rows];
            grid.along(line, |column, row| visited[row * grid.n_columns + column] += 1);
            assert!(visited.iter().all(|&n| n <= 1), "a cell was visited twice");
            n_visited += visited.iter().filter(|&&n| n == 1).count();
            for [x, y] in points_on(line, &grid) {
                for (dx, dy) in
                    [(0.0, 0.0), (-1.0, 0.0), (1.0, 0.0), (0.0, -1.0), (0.0, 1.0), (1.0, 1.0), (-1.0, -1.0)]
                {
                    let column = ((x + dx * reach - grid.x) / grid.side()).floor();
                    let row = ((y + dy * reach - grid.y) / grid.side()).floor();
                    let is_in = |at: f64, n: usize| 0.0 <= at && at < n as f64;
                    if is_in(column, grid.n_columns) && is_in(row, grid.n_rows) {
                        n_near += 1;
                        let cell = row as usize * grid.n_columns + column as usize;
                        assert_eq!(visited[cell], 1, "{line:?} at {x} {y} is in {column} {row} of {grid:?}");
                    }
                }
            }
        }
    }
    assert!(100_000 < n_near && 50_000 < n_visited, "{n_near} {n_visited}");
}

#[test]
fn what_is_filled_is_inside_and_what_is_left_is_outside() {
    let mut chance = Chance::new(6);
    let (mut n_inside, mut n_outside, mut n_asked) = (0, 0, 0);
    let mut sweep = Sweep::default();
    for _ in 0..12_000 {
        let (grid, square, k) = any_grid(&mut chance);
        let Some(fence) = polygons(&Rings::round(square, &mut chance).any()) else { continue };
        let fence = stored(&fence);
        sweep.clear(&grid);
        for line in lines(&fence.polygons[0]) {
            grid.along(line, |column, row| sweep.touch(&grid, column, row));
        }
        let touched: Vec<bool> = sweep.cells.iter().map(|known| *known == Known::Touched).collect();
        let mut filled = vec![false; touched.len()];
        let is_inside = |column: usize, row: usize| {
            n_asked += 1;
            let [x, y] = grid.middle(column, row);
            fence.part_contains(0, position_of(x, y))
        };
        let all = (0..grid.n_columns, 0..grid.n_rows);
        sweep.fill(&grid, all, is_inside, |column, row| filled[row * grid.n_columns + column] = true);
        for number in (0..touched.len()).filter(|&number| !touched[number]) {
            let cell = square.cell(k, number as u32);
            *(if filled[number] { &mut n_inside } else { &mut n_outside }) += 1;
            let (low, high) = (-0.499, cell.side() - 0.501);
            for (dx, dy) in [(low, low), (high, low), (low, high), (high, high), (high / 2.0, high / 2.0)] {
                let place = in_square(f64::from(cell.x) + dx, f64::from(cell.y) + dy, cell);
                let Some((position, _)) = place else { continue };
                assert_eq!(fence.part_contains(0, position), filled[number], "{cell:?} {position:?}");
            }
        }
    }
    assert!(10_000 < n_inside && 10_000 < n_outside, "{n_inside} {n_outside}");
    assert!(n_asked < (n_inside + n_outside) / 2, "{n_asked} of {n_inside} + {n_outside} were asked");
}
