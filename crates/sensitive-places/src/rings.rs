//! Rings round places, where laws forbid fences: which fences they refuse, and which they mark.

use spatial_index::{Fence, Index};

use crate::gap::{gap_m, measured_m};
use crate::grid::Grid;
use crate::{Place, RingLaw, labels};
use model::{FenceNo, Meters};

/// The rings of all places.
#[derive(Debug, Default)]
pub struct Rings {
    laws: Vec<RingLaw>,
    grid: Grid,
    /// Of each number in the grid that of its place.
    places: Vec<u32>,
}

/// What a ring makes of a fence.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// An ordinary one within a ring.
    Inside {
        /// Number of the law.
        law: u32,
        /// Number of the place.
        place: u32,
    },
    /// It is there for the place; it must not be.
    Captures {
        /// Number of the law.
        law: u32,
        /// Number of the place.
        place: u32,
    },
}

impl Standing {
    /// The numbers of the law and of the place.
    #[must_use]
    pub const fn law_and_place(self) -> (usize, usize) {
        match self {
            Self::Inside { law, place } | Self::Captures { law, place } => (law as usize, place as usize),
        }
    }
}

impl Rings {
    /// The rings of places under some laws.
    pub(crate) fn of(places: &[Place], laws: Vec<RingLaw>) -> Self {
        let (mut grid, mut numbers) = (Grid::default(), Vec::new());
        for (no, place) in (0..).zip(places) {
            let of_kind = laws.iter().filter(|law| place.category.is_kind_of(law.category));
            let furthest = of_kind.map(|law| law.meters.0).reduce(f64::max);
            if let Some(furthest) = furthest {
                // A metre more, for the rounding of boxes.
                grid.add(&place.shape().bounds(Meters(furthest + 1.0)));
                numbers.push(no);
            }
        }
        Self { laws, grid, places: numbers }
    }

    /// The laws that they come from.
    #[must_use]
    pub fn laws(&self) -> &[RingLaw] {
        &self.laws
    }

    /// What the rings make of a fence: of all that bind it the one that says most, the widest first.
    pub(crate) fn standing(&self, fence: &Fence, places: &[Place], footprints: &Index) -> Option<Standing> {
        if self.places.is_empty() {
            return None;
        }
        let near = self.grid.near(&fence.shape.bounds(Meters(0.0)));
        let near = near.into_iter().map(|no| self.places[no as usize]);
        let found = near.filter_map(|no| self.standing_of(fence, no, &places[no as usize], footprints));
        found.max_by(|a, b| self.weight(*a).total_cmp(&self.weight(*b)).then(turn(*b).cmp(&turn(*a))))
    }

    fn standing_of(&self, fence: &Fence, no: u32, place: &Place, footprints: &Index) -> Option<Standing> {
        let gap_m = gap_m(&fence.shape, footprints, FenceNo(no));
        let is_within = |law: &RingLaw| {
            law.binds(&fence.facts, place)
                && (gap_m <= 0.0
                    || measured_m(&fence.shape, footprints, FenceNo(no), law.from) <= law.meters.0)
        };
        let within = (0..).zip(&self.laws).filter(|(_, law)| is_within(law));
        let (law, _) = within.max_by(|(i, a), (j, b)| a.meters.0.total_cmp(&b.meters.0).then(j.cmp(i)))?;
        let is_there_for_it = gap_m <= 0.0 || labels::mean(&fence.facts, place);
        Some(if is_there_for_it {
            Standing::Captures { law, place: no }
        } else {
            Standing::Inside { law, place: no }
        })
    }

    fn weight(&self, standing: Standing) -> f64 {
        let meters = self.laws[standing.law_and_place().0].meters.0;
        match standing {
            Standing::Inside { .. } => meters,
            Standing::Captures { .. } => f64::MAX,
        }
    }
}

/// Among equals the first place, and its first law.
const fn turn(standing: Standing) -> (usize, usize) {
    let (law, place) = standing.law_and_place();
    (place, law)
}
