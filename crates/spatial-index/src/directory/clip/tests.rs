//! Looks for points that a leaf with edges tells wrongly, right outside its band.

use model::Position;

use super::super::lanes::{Lanes, N_LANES, Portable};
use super::super::trial::{Chance, Rings, grid_of_one, in_square, lines, polygons, stored};
use super::super::units::{Spot, position_of};
use super::*;
use crate::store::Polygons;

/// A leaf of one polygon.
struct Trial<'a> {
    square: Square,
    polygons: &'a Polygons,
    parts: LeafParts,
    lines: Vec<Line>,
}

impl<'a> Trial<'a> {
    /// None when no edge comes near the square: then it is no leaf.
    fn new(square: Square, polygons: &'a Polygons) -> Option<Self> {
        let grid = grid_of_one(square);
        let mut near = Vec::new();
        for line in lines(&polygons.polygons[0]) {
            grid.along(line, |_, _| near.push(line));
        }
        if near.is_empty() {
            return None;
        }
        let mut parts = LeafParts { band: band(square), ..LeafParts::default() };
        let is_inside = |x: f64, y: f64| polygons.part_contains(0, position_of(x, y));
        add_part(&mut parts, square, (0, 0), near.iter().copied(), is_inside);
        Some(Self { square, polygons, parts, lines: near })
    }

    fn is_exact_only(&self) -> bool {
        self.parts.parts[0].answer.is_exact_only()
    }

    /// As a leaf answers: none where the exact test is asked.
    fn said(&self, spot: Spot) -> Option<bool> {
        let part = &self.parts.parts[0];
        let middle = self.square.center();
        let offset = |at: u32, middle: u32| at.wrapping_sub(middle).cast_signed() as f32;
        let at = [offset(spot.x, middle.x), offset(spot.y, middle.y)];
        let (mut count, mut any_near) = (part.answer.flip(), part.answer.is_exact_only());
        for (number, edges) in self.parts.edges.chunks(N_LANES).enumerate() {
            let list = |of: fn(&LeafEdge) -> f32| {
                let mut list = [0; N_LANES];
                list.iter_mut().zip(edges).for_each(|(word, edge)| *word = of(edge).to_bits());
                list
            };
            let lists =
                [list(|edge| edge.ax), list(|edge| edge.ay), list(|edge| edge.bx), list(|edge| edge.by)];
            let (below, near) = Portable.edges(at, self.parts.band, lists.each_ref());
            let mask = part.masks[number / 4] >> (number % 4 * N_LANES) & 0xFF;
            count ^= (mask & below).count_ones();
            any_near |= mask & near != 0;
        }
        (!any_near).then_some(count & 1 == 1)
    }

    /// Whether the exact test was asked.
    fn check(&self, (position, spot): (Position, Spot)) -> bool {
        let Some(said) = self.said(spot) else { return true };
        let expected = self.polygons.part_contains(0, position);
        assert_eq!(said, expected, "{:?} {position:?} of {:?}", self.square, self.lines);
        false
    }

    /// A place beside an edge, as far off as the band is wide, or a bit more or less.
    fn beside_an_edge(&self, chance: &mut Chance) -> [f64; 2] {
        let Line { from, to } = self.lines[chance.below(self.lines.len())];
        let low = [f64::from(self.square.x), f64::from(self.square.y)];
        // Within the square, if the edge goes there.
        let on = |share: f64| [0, 1].map(|axis| from[axis] + share * (to[axis] - from[axis]));
        let share = (0..20).map(|_| chance.between(0.0, 1.0).powi(chance.pick(&[1, 8])));
        let shares: Vec<f64> = share.chain([0.0, 1.0]).collect();
        let is_in = |&share: &f64| {
            (0..2).all(|axis| {
                let at = on(share)[axis] - low[axis];
                (-2.0..self.square.side() + 2.0).contains(&at)
            })
        };
        let shares: Vec<f64> = shares.into_iter().filter(is_in).collect();
        let place = if shares.is_empty() { on(chance.between(0.0, 1.0)) } else { on(chance.pick(&shares)) };
        let length = (to[0] - from[0]).hypot(to[1] - from[1]).max(1e-9);
        let normal = [(to[1] - from[1]) / length, (from[0] - to[0]) / length];
        let bands = [0.0, 0.01, 0.25, 0.5, 0.7, 0.9, 1.0, 1.1, 1.42, 1.5, 2.0, 3.0];
        let off = chance.sign() * chance.pick(&bands) * f64::from(self.parts.band);
        let off = off + chance.between(-0.6, 0.6);
        [place[0] + off * normal[0], place[1] + off * normal[1]]
    }

    fn check_all(&self, chance: &mut Chance, tally: &mut Tally) {
        let side = self.square.side();
        let low = [f64::from(self.square.x), f64::from(self.square.y)];
        for _ in 0..60 {
            let place = match chance.below(4) {
                0 => low.map(|low| low + chance.between(-0.5, side - 0.5)),
                1 => low
                    .map(|low| low + chance.pick(&[-0.499, 0.0, 1.0, side / 2.0, side - 1.0, side - 0.501])),
                _ => self.beside_an_edge(chance),
            };
            // Both a place and the places that round as falsely as may be.
            let lie = chance.pick(&[0.0, 0.499_99]);
            let place = if lie == 0.0 { place } else { place.map(|at| at.round() + chance.sign() * lie) };
            if let Some(found) = in_square(place[0], place[1], self.square) {
                let is_exact = self.check(found);
                *(if is_exact { &mut tally.n_exact } else { &mut tally.n_by_edges }) += 1;
            }
        }
    }
}

#[derive(Default)]
struct Tally {
    n_leaves: usize,
    n_exact_only: usize,
    n_exact: usize,
    n_by_edges: usize,
}

#[test]
fn no_point_outside_the_band_is_told_wrongly() {
    let mut chance = Chance::new(7);
    let mut tally = Tally::default();
    for _ in 0..60_000 {
        let level = chance.level();
        let square = chance.square(level);
        let Some(fence) = polygons(&Rings::round(square, &mut chance).any()) else { continue };
        let Some(trial) = Trial::new(square, stored(&fence)) else { continue };
        tally.n_leaves += 1;
        tally.n_exact_only += usize::from(trial.is_exact_only());
        trial.check_all(&mut chance, &mut tally);
    }
    let Tally { n_leaves, n_exact_only, n_exact, n_by_edges } = tally;
    let all =
        format!("{n_leaves} leaves, {n_exact_only} exact; {n_exact} points exact, {n_by_edges} by edges");
    assert!(30_000 < n_leaves && 8 * n_exact_only < n_leaves, "{all}");
    assert!(200_000 < n_exact && 1_000_000 < n_by_edges, "{all}");
}

/// Or the band would be proof of nothing.
#[test]
fn ordinary_points_are_told_by_the_edges() {
    let mut chance = Chance::new(8);
    let (mut n, mut n_exact) = (0, 0);
    for _ in 0..2_000 {
        let square = chance.square(14);
        let middle = [square.x, square.y].map(|low| f64::from(low) + square.side() / 2.0);
        let corner = |turn: f64, chance: &mut Chance| {
            let reach = square.side() * chance.between(0.3, 3.0);
            [middle[0] + reach * turn.cos(), (middle[1] + reach * turn.sin()).clamp(0.0, 2_147_483_648.0)]
        };
        let ring: Vec<[f64; 2]> = (0..8).map(|i| corner(f64::from(i) * 0.785, &mut chance)).collect();
        let Some(fence) = polygons(&[ring]) else { continue };
        let Some(trial) = Trial::new(square, stored(&fence)) else { continue };
        for _ in 0..100 {
            let place = middle.map(|middle| middle + chance.between(-0.5, 0.5) * square.side());
            if let Some(found) = in_square(place[0], place[1], square) {
                n += 1;
                n_exact += usize::from(trial.check(found));
            }
        }
    }
    assert!(50_000 < n && n_exact * 100 < n, "{n_exact} of {n}");
}
