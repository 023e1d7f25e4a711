//! The fences themselves, as the exact test needs them, in chunks that versions share.

use std::sync::Arc;

use model::{FenceNo, Meters, Position};

use crate::bands::Bands;
use crate::circle::Circle;
use crate::exact::{Exact, Probe};
use crate::polygon::Polygon;
use crate::shape::Shape;

/// Fences of a chunk; a change copies one chunk.
const CHUNK_LEN: usize = 512;

/// All fences of one version, by number. Cloning shares them.
#[derive(Clone, Default)]
pub(crate) struct Fences {
    chunks: Vec<Arc<Vec<Stored>>>,
    len: usize,
}

/// One fence.
#[derive(Clone)]
pub(crate) enum Stored {
    /// The number is free.
    Removed,
    Circle {
        center: Position,
        radius: Meters,
    },
    Polygons(Arc<Polygons>),
}

/// Polygons with what makes tests of them fast.
pub(crate) struct Polygons {
    pub(crate) polygons: Vec<Polygon>,
    /// For each polygon, in its order.
    pub(crate) bands: Vec<Bands>,
    radius: Meters,
}

impl Fences {
    pub(crate) fn of(shapes: Vec<Shape>) -> Self {
        let len = shapes.len();
        let mut chunks = Vec::with_capacity(len.div_ceil(CHUNK_LEN));
        let mut stored = shapes.into_iter().map(Stored::of);
        while chunks.len() < len.div_ceil(CHUNK_LEN) {
            chunks.push(Arc::new(stored.by_ref().take(CHUNK_LEN).collect()));
        }
        Self { chunks, len }
    }

    /// One more than the highest number ever used.
    pub(crate) const fn len(&self) -> usize {
        self.len
    }

    /// # Panics
    /// When there is no fence of that number.
    #[inline]
    pub(crate) fn get(&self, fence: u32) -> &Stored {
        &self.chunks[fence as usize / CHUNK_LEN][fence as usize % CHUNK_LEN]
    }

    /// Centre and radius, in metres, of a circle.
    ///
    /// # Panics
    /// When it is none.
    #[inline]
    pub(crate) fn circle(&self, fence: u32) -> (Position, f64) {
        match self.get(fence) {
            Stored::Circle { center, radius } => (*center, radius.0),
            Stored::Polygons(_) | Stored::Removed => unreachable!("the fence is listed as a circle"),
        }
    }

    /// The polygons of a fence.
    ///
    /// # Panics
    /// When it has none.
    pub(crate) fn polygons(&self, fence: u32) -> &Polygons {
        match self.get(fence) {
            Stored::Polygons(polygons) => polygons,
            Stored::Circle { .. } | Stored::Removed => unreachable!("the fence is listed with polygons"),
        }
    }

    /// Whether there is a fence of that number.
    pub(crate) fn has(&self, fence: FenceNo) -> bool {
        fence.slot() < self.len && !matches!(self.get(fence.0), Stored::Removed)
    }

    /// Puts a fence in the place of another, or behind the last one.
    pub(crate) fn set(&mut self, fence: FenceNo, stored: Stored) {
        let (chunk, slot) = (fence.slot() / CHUNK_LEN, fence.slot() % CHUNK_LEN);
        if chunk == self.chunks.len() {
            self.chunks.push(Arc::new(Vec::with_capacity(CHUNK_LEN)));
        }
        let chunk = Arc::make_mut(&mut self.chunks[chunk]);
        if slot == chunk.len() {
            chunk.push(stored);
            self.len += 1;
        } else {
            chunk[slot] = stored;
        }
    }

    /// Bytes that they take, shared or not; those of the shapes' corners included.
    pub(crate) fn bytes(&self) -> usize {
        let of = |stored: &Stored| {
            size_of::<Stored>()
                + match stored {
                    Stored::Removed | Stored::Circle { .. } => 0,
                    Stored::Polygons(polygons) => polygons.bytes(),
                }
        };
        self.chunks.iter().flat_map(|chunk| chunk.iter()).map(of).sum()
    }
}

impl Stored {
    pub(crate) fn of(shape: Shape) -> Self {
        let radius = shape.radius();
        match shape {
            Shape::Circle { center, radius } => Self::Circle { center, radius },
            Shape::Polygons(polygons) => {
                let bands = polygons.iter().map(Bands::of).collect();
                Self::Polygons(Arc::new(Polygons { polygons, bands, radius }))
            }
        }
    }

    /// The shape that it was made of.
    pub(crate) fn shape(&self) -> Option<Shape> {
        match self {
            Self::Removed => None,
            Self::Circle { center, radius } => Some(Shape::Circle { center: *center, radius: *radius }),
            Self::Polygons(polygons) => Some(Shape::Polygons(polygons.polygons.clone())),
        }
    }

    /// Of a circle its radius, of polygons sqrt(area / pi), of a removed fence 0.
    pub(crate) fn radius(&self) -> Meters {
        match self {
            Self::Removed => Meters(0.0),
            Self::Circle { radius, .. } => *radius,
            Self::Polygons(polygons) => polygons.radius,
        }
    }

    /// Ready for the exact test; none for a removed fence.
    pub(crate) fn exact(&self) -> Option<Exact<'_>> {
        match self {
            Self::Removed => None,
            Self::Circle { center, radius } => Some(Exact::Circle(Circle::new(*center, *radius))),
            Self::Polygons(polygons) => Some(Exact::Polygons(&polygons.polygons, &polygons.bands)),
        }
    }
}

impl Polygons {
    /// Whether exact tests of one of them are so slow that the directory had better not ask many.
    pub(crate) fn is_slow(&self, part: usize) -> bool {
        const N_EDGES_MET: usize = 256;
        N_EDGES_MET < self.bands[part].n_edges_met()
    }

    /// The exact test of one of them.
    pub(crate) fn part_contains(&self, part: usize, position: Position) -> bool {
        Exact::Polygons(&self.polygons, &self.bands).part_contains(part, &mut Probe::new(position))
    }

    fn bytes(&self) -> usize {
        let corners: usize = self.polygons.iter().map(Polygon::bytes).sum();
        let bands: usize = self.bands.iter().map(Bands::bytes).sum();
        size_of::<Self>() + corners + bands
    }
}
