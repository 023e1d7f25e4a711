//! What is measured: fences, positions, and how many hits they have.

use std::fmt;

use model::{Meters, Position};
use spatial_index::{Index, Shape};

/// Fences and the positions that are matched with them. `Debug` shows no coordinate.
#[derive(Clone, PartialEq)]
pub struct Work {
    /// As benches and tables call it.
    pub name: &'static str,
    /// Fence number i is the i-th.
    pub shapes: Vec<Shape>,
    /// In the order in which they are asked.
    pub positions: Vec<Position>,
    /// Pairs of a position and a fence that holds it, where that is known beforehand.
    pub n_hits: Option<usize>,
}

impl Work {
    /// An index over a copy of the fences.
    ///
    /// # Panics
    /// When a fence is none; those of this crate are all good.
    #[must_use]
    pub fn index(&self) -> Index {
        Index::build(self.shapes.clone()).expect("the fences of a workload are good")
    }
}

impl fmt::Debug for Work {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Work({}: {} fences, {} positions)", self.name, self.shapes.len(), self.positions.len())
    }
}

pub(crate) const fn circle(center: Position, radius_m: f64) -> Shape {
    Shape::Circle { center, radius: Meters(radius_m) }
}
