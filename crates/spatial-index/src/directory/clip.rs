//! Polygons cut down to one cell: edges such that those below a point tell on which side it is.
//!
//! # How a side is told
//!
//! Within one cell, take everything of a polygon's edges that lies in a box B, the cell and a
//! [`margin`] round it. Where an edge leaves B through the bottom, a **floor edge** runs from
//! there along the bottom to the right end of B. Count the edges below a point P of the cell:
//! those with `ax <= x < bx` that P is above. The count changes by an odd number exactly where P
//! crosses an edge of the polygon: at a corner one edge begins where another ends; at the bottom a
//! floor edge takes over; what leaves B at the sides does so outside the cell, and what leaves at
//! the top is above P anyway. So P is inside where the count is odd, or everywhere where it is even.
//! Which of the two, one exact test of one point of the cell tells.
//!
//! # The band
//!
//! The comparisons of x are exact. What can be wrong is the place of P, of the corners, and the
//! sign of the cross product o = ex dy - ey dx. With u = 2^-24 and B at most S wide:
//!
//! - P is off by at most `sqrt(2) SPOT_ERROR` = 0.71 units, a corner by `S u` for rounding to `f32`
//!   and 0.001 for cutting. Moving both to their rounded places by these lengths crosses nothing
//!   if P was further than their sum from every edge.
//! - Each difference, product and sum rounds by a factor 1 + u, so o is off by at most
//!   `4.2 u S (|ex| + |ey|)`.
//! - The distance of P from the line is |o| over the length, at least `|o| / (|ex| + |ey|)`.
//!
//! So where `|o| > band (|ex| + |ey|)` for every edge, with `band = 1 + 16 u S`, the count is right;
//! elsewhere the exact test is asked. Floor edges lie a margin below the cell, and the margin is
//! wider than the band.

use super::grid::{Line, margin};
use super::lanes;
use super::leaf::{LeafEdge, LeafPart, LeafParts, N_EDGES_MAX, N_MASKS_MAX, PartAnswer};
use super::units::Square;

/// How often a point is tried that might tell what an even count means.
const N_TRIES: u32 = 12;

/// The distance from an edge, in units, up to which its side may be told wrongly.
pub(crate) fn band(square: Square) -> f32 {
    (1.0 + width(square) / f64::from(1 << 20)) as f32
}

/// Width of the box B.
fn width(square: Square) -> f64 {
    square.side() + 2.0 * margin(square.log2)
}

/// Adds a polygon that only the exact test can answer for.
pub(crate) fn add_exact_part(into: &mut LeafParts, (fence, part): (u32, u32)) {
    into.parts.push(LeafPart { fence, answer: PartAnswer::exact_only(part), masks: [0; N_MASKS_MAX] });
}

/// Adds a polygon with the lines that touch a square; `is_inside` is the exact test of a place in
/// units, exact to a millionth.
pub(crate) fn add_part(
    into: &mut LeafParts,
    square: Square,
    (fence, part): (u32, u32),
    lines: impl Iterator<Item = Line>,
    is_inside: impl Fn(f64, f64) -> bool,
) {
    let n_before = into.edges.len();
    let mut masks = [0_u32; N_MASKS_MAX];
    let mut exact_only = false;
    for line in lines {
        if exact_only {
            break;
        }
        let [edge, floor] = clipped(line, square);
        for (edge, is_floor) in
            edge.map(|edge| (edge, false)).into_iter().chain(floor.map(|edge| (edge, true)))
        {
            let known = into.edges.iter().position(|known| *known == edge);
            let number = known.unwrap_or(into.edges.len());
            if number == N_EDGES_MAX {
                exact_only = true;
                continue;
            }
            if known.is_none() {
                into.edges.push(edge);
            }
            let bit = 1 << (number % 32);
            // Two floors cross out as in any count; an edge that does so must still be a border.
            exact_only |= !is_floor && masks[number / 32] & bit != 0;
            masks[number / 32] ^= bit;
        }
    }
    let answer = if exact_only { None } else { calibrated(into, square, &masks, is_inside) };
    match answer {
        Some(is_odd_outside) => {
            let answer = PartAnswer::by_edges(part, is_odd_outside);
            into.parts.push(LeafPart { fence, answer, masks });
        }
        None => {
            into.edges.truncate(n_before);
            add_exact_part(into, (fence, part));
        }
    }
}

/// Whether an odd count is outside, from a point that is clear of all edges; none when all points
/// tried are near one.
fn calibrated(
    parts: &LeafParts,
    square: Square,
    masks: &[u32; N_MASKS_MAX],
    is_inside: impl Fn(f64, f64) -> bool,
) -> Option<bool> {
    let band = band(square);
    let middle = square.center();
    // Steps of the golden ratio and its square spread well; any other points would do.
    let step = |n: u32, ratio: f64| ((f64::from(n) * ratio).fract() - 0.5) * square.side();
    for n in 0..N_TRIES {
        let (x, y) = (step(n, 0.754_877_666).floor(), step(n, 0.569_840_291).floor());
        if f64::from(middle.y) + y < 1.0 {
            // At a pole every longitude is one place, which no count of edges tells.
            continue;
        }
        let (mut n_below, mut any_near) = (0, false);
        for (number, edge) in parts.edges.iter().enumerate() {
            if masks[number / 32] >> (number % 32) & 1 == 1 {
                let (below, near) = lanes::edge([x as f32, y as f32], band, *edge);
                n_below += u32::from(below);
                any_near |= near;
            }
        }
        if !any_near {
            let inside = is_inside(f64::from(middle.x) + x, f64::from(middle.y) + y);
            return Some(inside != (n_below % 2 == 1));
        }
    }
    None
}

/// What of a line lies in the box B of a square, relative to its middle, and its floor edge.
fn clipped(line: Line, square: Square) -> [Option<LeafEdge>; 2] {
    let half = width(square) / 2.0;
    let middle = square.center();
    let from_middle = |[x, y]: [f64; 2]| [x - f64::from(middle.x), y - f64::from(middle.y)];
    let (mut a, mut b) = (from_middle(line.from), from_middle(line.to));
    // Both neighbours must cut a common edge at the very same place.
    if (b[0], b[1]) < (a[0], a[1]) {
        (a, b) = (b, a);
    }
    let mut floor = None;
    match (a[1] < -half, b[1] < -half) {
        (true, true) => return [None, None],
        (false, false) => {}
        (is_a_below, _) => {
            let x = crossing(a, b, 1, -half);
            *(if is_a_below { &mut a } else { &mut b }) = [x, -half];
            floor = (-half < x && x < half).then(|| [[x, -half], [half, -half]]);
        }
    }
    let beyond = (a[0] < -half && b[0] < -half) || (half < a[0] && half < b[0]);
    let edge = if beyond || (half < a[1] && half < b[1]) { None } else { Some(cut_to_box(a, b, half)) };
    [edge.and_then(rounded), floor.and_then(rounded)]
}

/// Cuts off what lies left, right and above.
fn cut_to_box(mut a: [f64; 2], mut b: [f64; 2], half: f64) -> [[f64; 2]; 2] {
    if a[0] < -half {
        a = [-half, crossing(a, b, 0, -half)];
    }
    if half < b[0] {
        b = [half, crossing(a, b, 0, half)];
    }
    match (half < a[1], half < b[1]) {
        (true, false) => a = [crossing(a, b, 1, half), half],
        (false, true) => b = [crossing(a, b, 1, half), half],
        (true, true) | (false, false) => {}
    }
    [a, b]
}

/// The other coordinate where a line has this one on `axis`.
fn crossing(a: [f64; 2], b: [f64; 2], axis: usize, at: f64) -> f64 {
    let other = 1 - axis;
    let share = (at - a[axis]) / (b[axis] - a[axis]);
    let (low, high) = (a[other].min(b[other]), a[other].max(b[other]));
    (a[other] + share * (b[other] - a[other])).clamp(low, high)
}

/// To `f32`; none when nothing is left.
fn rounded([a, b]: [[f64; 2]; 2]) -> Option<LeafEdge> {
    let edge = LeafEdge { ax: a[0] as f32, ay: a[1] as f32, bx: b[0] as f32, by: b[1] as f32 };
    let is_nothing = edge.ax == edge.bx && edge.ay == edge.by;
    (!is_nothing).then_some(edge)
}

#[cfg(test)]
mod tests;
