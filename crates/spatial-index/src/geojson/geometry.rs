//! From a GeoJSON geometry to a shape, with what is odd about it.

use model::{Meters, Position, PositionFlaw};
use serde_json::{Map, Value};

use super::flaw::{Place, cut};
use super::options::Limits;
use super::reason::{Hint, Reason};
use super::warning::Concern;
use crate::polygon::{Polygon, Ring, RingFlaw};
use crate::shape::{CircleFlaw, Shape};
use crate::tangle::{EdgeName, Tangle, tangles};
use crate::unroll::{is_over_antimeridian, is_round_the_earth};

/// A circle below this is hardly meant: receivers are not that exact, and kilometres are small numbers.
const RADIUS_EXPECTED_MIN: Meters = Meters(5.0);

/// A shape, and what its author should know.
pub(super) struct Drawn {
    pub(super) shape: Shape,
    pub(super) concerns: Vec<Concern>,
}

/// Reads the geometry of a feature; `given` are its properties.
pub(super) fn read(
    geometry: Option<&Value>,
    given: &Map<String, Value>,
    limits: &Limits,
) -> Result<Drawn, Reason> {
    let geometry = geometry.and_then(Value::as_object).ok_or(Reason::NoGeometry)?;
    let kind = geometry.get("type").and_then(Value::as_str).unwrap_or_default();
    let coordinates = geometry.get("coordinates").unwrap_or(&Value::Null);
    match kind {
        "Point" => read_circle(coordinates, given),
        "Polygon" => read_polygons(&[coordinates], limits),
        "MultiPolygon" => {
            let polygons = list(coordinates, START)?;
            read_polygons(&polygons.iter().collect::<Vec<_>>(), limits)
        }
        other => Err(Reason::GeometryKind { kind: cut(other) }),
    }
}

pub(super) const START: Place = Place { polygon: 0, ring: 0, point: 0 };

fn list(value: &Value, place: Place) -> Result<&[Value], Reason> {
    value.as_array().map(Vec::as_slice).ok_or(Reason::Coordinates(place))
}

fn read_circle(coordinates: &Value, given: &Map<String, Value>) -> Result<Drawn, Reason> {
    let (center, _) = read_point(coordinates, START)?;
    // What is wrong with the centre is told before what is wrong with the radius.
    position(center)?;
    let radius = match given.get("radius_m") {
        None | Some(Value::Null) => return Err(Reason::NoRadius),
        Some(value) => Meters(value.as_f64().ok_or(Reason::RadiusNotANumber)?),
    };
    circle(center, radius)
}

fn position(center: [f64; 2]) -> Result<Position, Reason> {
    Position::new(center[1], center[0]).map_err(|flaw| out_of_range(center, flaw, START))
}

/// A circle round `[longitude, latitude]`.
pub(super) fn circle(center: [f64; 2], radius: Meters) -> Result<Drawn, Reason> {
    let center = position(center)?;
    CircleFlaw::check(radius).map_err(Reason::Radius)?;
    let concerns = if radius < RADIUS_EXPECTED_MIN { vec![Concern::SmallRadius] } else { Vec::new() };
    Ok(Drawn { shape: Shape::Circle { center, radius }, concerns })
}

fn read_polygons(polygons: &[&Value], limits: &Limits) -> Result<Drawn, Reason> {
    let mut drawing = Drawing::new(limits);
    for (polygon, value) in polygons.iter().enumerate() {
        drawing.begin_polygon();
        for (ring, value) in list(value, Place { polygon, ..START })?.iter().enumerate() {
            let place = Place { polygon, ring, point: 0 };
            let points = list(value, place)?;
            drawing.count(points.len())?;
            drawing.ring(&written(points, place)?, place)?;
        }
        drawing.end_polygon()?;
    }
    drawing.finish()
}

/// The points of a ring.
fn written(points: &[Value], place: Place) -> Result<Written, Reason> {
    let mut written = Written::with_capacity(points.len());
    for (point, value) in points.iter().enumerate() {
        let (corner, n_dimensions) = read_point(value, Place { point, ..place })?;
        written.push(corner, n_dimensions);
    }
    Ok(written)
}

/// A ring as a file writes it.
#[derive(Default)]
pub(super) struct Written {
    corners: Vec<[f64; 2]>,
    n_dimensions: usize,
    /// The first point with more or fewer numbers than the one before.
    mixed_at: Option<usize>,
}

impl Written {
    pub(super) fn with_capacity(n: usize) -> Self {
        Self { corners: Vec::with_capacity(n), ..Self::default() }
    }

    /// Adds a point, `[longitude, latitude]`, of which so many numbers are written.
    pub(super) fn push(&mut self, corner: [f64; 2], n_dimensions: usize) {
        if !self.corners.is_empty() && self.n_dimensions != n_dimensions && self.mixed_at.is_none() {
            self.mixed_at = Some(self.corners.len());
        }
        self.n_dimensions = n_dimensions;
        self.corners.push(corner);
    }

    pub(super) fn n_corners(&self) -> usize {
        self.corners.len()
    }
}

/// Where a ring stands in the file, and which of its points are corners.
struct RingName {
    polygon: usize,
    ring: usize,
    /// Numbers of the points that do not repeat the one before; none when all do not.
    distinct: Option<Vec<usize>>,
}

impl RingName {
    fn of(polygon: usize, ring: usize, corners: &[[f64; 2]], found: &Ring) -> Self {
        let distinct_by = |antimeridian: f64| {
            let mut distinct: Vec<usize> = (0..corners.len()).collect();
            distinct.dedup_by_key(|point| {
                let [lng, lat] = corners[*point];
                (if lng == -180.0 { antimeridian } else { lng }.to_bits(), lat.to_bits())
            });
            distinct
        };
        let mut distinct = distinct_by(-180.0);
        let n_repeated_at_end = usize::from(corners.first() == corners.last());
        // An unrolled ring has no -180 beside 180.
        if found.corners().len() - 1 < distinct.len() - n_repeated_at_end {
            distinct = distinct_by(180.0);
        }
        let distinct = (distinct.len() < corners.len()).then_some(distinct);
        Self { polygon, ring, distinct }
    }

    fn place(&self, edge: EdgeName) -> Place {
        let point = self.distinct.as_ref().map_or(edge.point, |distinct| distinct[edge.point]);
        Place { polygon: self.polygon, ring: self.ring, point }
    }
}

/// Polygons ring by ring, with concerns about how they are written.
pub(super) struct Drawing {
    polygons: Vec<Vec<Ring>>,
    names: Vec<Vec<RingName>>,
    concerns: Vec<Concern>,
    n_corners: usize,
    max: usize,
}

impl Drawing {
    pub(super) fn new(limits: &Limits) -> Self {
        let max = limits.corners_per_fence_max;
        Self { polygons: Vec::new(), names: Vec::new(), concerns: Vec::new(), n_corners: 0, max }
    }

    /// Refuses a fence with too many corners.
    pub(super) fn count(&mut self, n_corners: usize) -> Result<(), Reason> {
        self.n_corners += n_corners;
        let max = self.max;
        let is_over = max < self.n_corners;
        if is_over { Err(Reason::OverLimit { limit: "corners_per_fence_max", max }) } else { Ok(()) }
    }

    pub(super) fn begin_polygon(&mut self) {
        self.polygons.push(Vec::new());
        self.names.push(Vec::new());
    }

    /// The next ring of the polygon, the outer one first; holes that have no inside are left out.
    pub(super) fn ring(&mut self, written: &Written, place: Place) -> Result<(), Reason> {
        let corners = written.corners.as_slice();
        self.note(written, place);
        let found = match Ring::new(corners) {
            Ok(found) => found,
            Err(RingFlaw::TooFewCorners | RingFlaw::NoArea) if 0 < place.ring => {
                self.concerns.push(Concern::HoleIgnored(place));
                return Ok(());
            }
            Err(RingFlaw::TooFewCorners) => return Err(Reason::TooFewCorners(place)),
            Err(RingFlaw::NoArea) => return Err(Reason::NoArea(place)),
            Err(RingFlaw::RoundAPole) => return Err(Reason::RoundAPole(place)),
            Err(RingFlaw::Corner { point, flaw }) => {
                return Err(out_of_range(corners[point], flaw, Place { point, ..place }));
            }
        };
        if is_over_antimeridian(found.corners()) {
            self.concerns.push(Concern::OverAntimeridian(place));
        }
        if is_round_the_earth(found.corners()) {
            self.concerns.push(Concern::RoundTheEarth(place));
        }
        let name = RingName::of(place.polygon, place.ring, corners, &found);
        self.names.last_mut().expect("a ring is drawn after its polygon was begun").push(name);
        self.polygons.last_mut().expect("a ring is drawn after its polygon was begun").push(found);
        Ok(())
    }

    /// What is odd about the points of a ring.
    fn note(&mut self, written: &Written, place: Place) {
        let corners = written.corners.as_slice();
        if let Some(point) = written.mixed_at {
            self.concerns.push(Concern::MixedDimensions(Place { point, ..place }));
        }
        if let Some(point) = corners.windows(2).position(|pair| pair[0] == pair[1]) {
            self.concerns.push(Concern::RepeatedPoint(Place { point: point + 1, ..place }));
        }
        if corners.first() != corners.last() {
            self.concerns.push(Concern::NotClosed(place));
        }
    }

    pub(super) fn end_polygon(&self) -> Result<(), Reason> {
        let is_empty = self.polygons.last().is_none_or(Vec::is_empty);
        if is_empty { Err(Reason::NoPolygon) } else { Ok(()) }
    }

    /// The shape, with what is odd about how its rings lie.
    pub(super) fn finish(self) -> Result<Drawn, Reason> {
        if self.polygons.is_empty() {
            return Err(Reason::NoPolygon);
        }
        let place = |edge: EdgeName| self.names[edge.polygon][edge.ring].place(edge);
        let mut concerns = self.concerns;
        concerns.extend(tangles(&self.polygons).into_iter().map(|tangle| match tangle {
            Tangle::Itself(edge) => Concern::CrossesItself(place(edge)),
            Tangle::Rings(edge) => Concern::RingsCross(place(edge)),
            Tangle::HoleOutside(edge) => Concern::HoleOutside(place(edge)),
            Tangle::Polygons(edge) => Concern::PolygonsOverlap(place(edge)),
            Tangle::NotChecked => Concern::NotChecked,
        }));
        let polygon = |mut rings: Vec<Ring>| {
            let holes = rings.split_off(1);
            rings.pop().map(|outer| Polygon::new(outer, holes))
        };
        // Collecting would leave room for four polygons, and most fences have one.
        let mut polygons = Vec::with_capacity(self.polygons.len());
        polygons.extend(self.polygons.into_iter().filter_map(polygon));
        Ok(Drawn { shape: Shape::Polygons(polygons), concerns })
    }
}

/// `[longitude, latitude]`, whatever follows ignored, and how many numbers there are.
fn read_point(value: &Value, place: Place) -> Result<([f64; 2], usize), Reason> {
    let numbers = list(value, place)?;
    match (numbers.first().and_then(Value::as_f64), numbers.get(1).and_then(Value::as_f64)) {
        (Some(lng), Some(lat)) => Ok(([lng, lat], numbers.len())),
        (_, _) => Err(Reason::NotANumber(place)),
    }
}

fn out_of_range([lng, lat]: [f64; 2], flaw: PositionFlaw, place: Place) -> Reason {
    let is_swapped = flaw == PositionFlaw::Latitude && Position::new(lng, lat).is_ok();
    let hint = if 360.0 < lng.abs() && 360.0 < lat.abs() {
        Hint::Metres
    } else if is_swapped {
        Hint::Swapped
    } else {
        Hint::None
    };
    Reason::OutOfRange(place, hint)
}
