//! How often what touches a root cell may be listed in all its cells together.
//!
//! Most edges and rims lie in a few small cells. But an edge may cross the whole square, and near a
//! pole, where cells are slivers of longitude, a small circle may: then more cells are only more
//! listings. So divisions share a budget, and end where it does.

use super::build::PartEdge;
use super::flat::Flat;
use super::units::Square;
use crate::store::Fences;

/// Listings of an edge and of a circle, on average.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Listings {
    edges: f64,
    circles: f64,
}

const BUDGET: Listings = Listings { edges: 24.0, circles: 1_024.0 };

/// What the cells of a square have to spend together: less where they are slivers, since there a
/// circle already lies in many root cells.
pub(crate) fn budget_of(square: Square) -> Listings {
    let east = Flat::around(square, 0.0).east;
    Listings { circles: BUDGET.circles * (4.0 * east).min(1.0), ..BUDGET }
}

impl Listings {
    /// About how many the cells of a square's grid would have.
    pub(crate) fn of(square: Square, k: u32, fences: &Fences, circles: &[u32], edges: &[PartEdge]) -> Self {
        let average = |sum: f64, n: usize| (sum / n.max(1) as f64).max(1.0);
        let length: f64 = edges.iter().map(|edge| edge.line.length_within(square.side())).sum();
        let in_edges = edges.len() as f64 + length / (square.side() / f64::from(1 << k));
        let n_columns = f64::from(1 << k);
        let flat = Flat::around(square, 0.0);
        let cell_m = flat.metres(square.side()) / n_columns;
        let of_circle = |&fence: &u32| {
            let width_m = 2.0 * fences.circle(fence).1;
            let rows = (1.0 + width_m / cell_m).min(n_columns);
            let columns = (1.0 + width_m / (cell_m * flat.east.max(1e-9))).min(n_columns);
            // Cells of the rim, and cells within: those often have lists in common.
            (rows * columns).min(4.0 * (rows + columns)) + rows * columns / 32.0
        };
        let in_circles = circles.iter().map(of_circle).sum();
        Self { edges: average(in_edges, edges.len()), circles: average(in_circles, circles.len()) }
    }

    /// Whether a budget suffices for them.
    pub(crate) fn fit(self, budget: Self) -> bool {
        self.edges <= budget.edges && self.circles <= budget.circles
    }

    /// What of a budget is left for each cell.
    pub(crate) fn left_of(self, budget: Self) -> Self {
        Self { edges: budget.edges / self.edges, circles: budget.circles / self.circles }
    }
}
