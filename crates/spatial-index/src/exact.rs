//! The one definition of what belongs to a fence; every other answer is measured against it.

use model::{Meters, Position};

use crate::bands::{Bands, Side};
use crate::circle::Circle;
use crate::crossing::{meets_border, meets_circle};
use crate::earth::{Space, in_space};
use crate::nearest::Nearest;
use crate::plane::{Corner, Edge, images};
use crate::polygon::Polygon;

/// A position with what several tests of it share.
pub(crate) struct Probe {
    position: Position,
    in_space: Option<Space>,
}

/// A shape with its preparation.
pub(crate) enum Exact<'a> {
    Circle(Circle),
    Polygons(&'a [Polygon], &'a [Bands]),
}

impl Probe {
    pub(crate) const fn new(position: Position) -> Self {
        Self { position, in_space: None }
    }

    fn in_space(&mut self) -> Space {
        *self.in_space.get_or_insert_with(|| in_space(self.position))
    }
}

impl Exact<'_> {
    /// Whether one part of the shape holds a position: the circle, or the polygon of that number.
    pub(crate) fn part_contains(&self, part: usize, probe: &mut Probe) -> bool {
        match self {
            Self::Circle(circle) => circle.contains(probe.position, probe.in_space()),
            Self::Polygons(polygons, bands) => {
                polygon_contains(&polygons[part], &bands[part], probe.position)
            }
        }
    }

    /// Whether the shape holds a position.
    pub(crate) fn contains(&self, probe: &mut Probe) -> bool {
        (0..self.n_parts()).any(|part| self.part_contains(part, probe))
    }

    /// 0 inside, else the geodesic distance to the nearest point of the shape.
    pub(crate) fn distance_outside(&self, position: Position) -> Meters {
        if self.contains(&mut Probe::new(position)) {
            return Meters(0.0);
        }
        match self {
            Self::Circle(circle) => Meters(circle.distance_outside_m(position).max(0.0)),
            Self::Polygons(polygons, _) => Meters(distance_to_border_m(polygons, position)),
        }
    }

    /// Whether one part of the shape meets the way between two positions.
    pub(crate) fn part_meets(&self, part: usize, way: Edge, ends: &mut [Probe; 2]) -> bool {
        if ends.iter_mut().any(|end| self.part_contains(part, end)) {
            return true;
        }
        match self {
            Self::Circle(circle) => meets_circle(way, circle),
            Self::Polygons(polygons, bands) => meets_border(way, &polygons[part], &bands[part]),
        }
    }

    /// Whether the shape meets the way between two positions.
    pub(crate) fn meets(&self, way: Edge, ends: &mut [Probe; 2]) -> bool {
        (0..self.n_parts()).any(|part| self.part_meets(part, way, ends))
    }

    const fn n_parts(&self) -> usize {
        match self {
            Self::Circle(_) => 1,
            Self::Polygons(polygons, _) => polygons.len(),
        }
    }
}

/// Whether a polygon, its border included, holds a position.
fn polygon_contains(polygon: &Polygon, bands: &Bands, position: Position) -> bool {
    if position.lat().abs() == 90.0 {
        // All longitudes of a pole are one place: an edge or corner there belongs to the polygon.
        return polygon.ys().low == position.lat() || polygon.ys().high == position.lat();
    }
    let mut is_odd = false;
    // Shell and hole may have been unrolled to different sides of the antimeridian: all images count.
    for x in images(position.lng(), polygon.xs()) {
        match bands.side(polygon, Corner::new(x, position.lat())) {
            Side::Outside => {}
            Side::Border => return true,
            Side::Inside => is_odd = !is_odd,
        }
    }
    is_odd
}

/// Distance to the nearest edge of any polygon: begins at the edge that looks nearest.
fn distance_to_border_m(polygons: &[Polygon], position: Position) -> f64 {
    let mut nearest = Nearest::new(position, f64::INFINITY);
    let edges = || polygons.iter().flat_map(Polygon::edges);
    let looks = |edge: &Edge| nearest.guess_2(*edge);
    let first = edges().min_by(|a, b| looks(a).total_cmp(&looks(b)));
    first.into_iter().for_each(|edge| nearest.visit(edge));
    edges().for_each(|edge| nearest.visit(edge));
    nearest.best_m()
}
