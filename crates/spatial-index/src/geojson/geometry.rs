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

const START: Place = Place { polygon: 0, ring: 0, point: 0 };

fn list(value: &Value, place: Place) -> Result<&[Value], Reason> {
    value.as_array().map(Vec::as_slice).ok_or(Reason::Coordinates(place))
}

fn read_circle(coordinates: &Value, given: &Map<String, Value>) -> Result<Drawn, Reason> {
    let (center, _) = read_point(coordinates, START)?;
    let center = Position::new(center[1], center[0]).map_err(|flaw| out_of_range(center, flaw, START))?;
    let radius = match given.get("radius_m") {
        None | Some(Value::Null) => return Err(Reason::NoRadius),
        Some(value) => Meters(value.as_f64().ok_or(Reason::RadiusNotANumber)?),
    };
    CircleFlaw::check(radius).map_err(Reason::Radius)?;
    let concerns = if radius < RADIUS_EXPECTED_MIN { vec![Concern::SmallRadius] } else { Vec::new() };
    Ok(Drawn { shape: Shape::Circle { center, radius }, concerns })
}

fn read_polygons(polygons: &[&Value], limits: &Limits) -> Result<Drawn, Reason> {
    let mut reader = Reader { concerns: Vec::new(), n_corners: 0, max: limits.corners_per_fence_max };
    let read_polygon = |(polygon, value): (usize, &&Value)| reader.polygon(polygon, value);
    let (rings, names): (Vec<Vec<Ring>>, Vec<Vec<RingName>>) =
        polygons.iter().enumerate().map(read_polygon).collect::<Result<Vec<_>, _>>()?.into_iter().unzip();
    if rings.is_empty() {
        return Err(Reason::NoPolygon);
    }
    let place = |edge: EdgeName| names[edge.polygon][edge.ring].place(edge);
    let mut concerns = reader.concerns;
    concerns.extend(tangles(&rings).into_iter().map(|tangle| match tangle {
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
    let polygons = rings.into_iter().filter_map(polygon).collect();
    Ok(Drawn { shape: Shape::Polygons(polygons), concerns })
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

struct Reader {
    concerns: Vec<Concern>,
    n_corners: usize,
    max: usize,
}

impl Reader {
    /// The rings of a polygon, the outer one first, without holes that have no inside.
    fn polygon(&mut self, polygon: usize, value: &Value) -> Result<(Vec<Ring>, Vec<RingName>), Reason> {
        let mut rings = Vec::new();
        let mut names = Vec::new();
        for (ring, value) in list(value, Place { polygon, ..START })?.iter().enumerate() {
            let place = Place { polygon, ring, point: 0 };
            let corners = self.corners(value, place)?;
            match Ring::new(&corners) {
                Ok(found) => {
                    if is_over_antimeridian(found.corners()) {
                        self.concerns.push(Concern::OverAntimeridian(place));
                    }
                    if is_round_the_earth(found.corners()) {
                        self.concerns.push(Concern::RoundTheEarth(place));
                    }
                    names.push(RingName::of(polygon, ring, &corners, &found));
                    rings.push(found);
                }
                Err(RingFlaw::TooFewCorners | RingFlaw::NoArea) if 0 < ring => {
                    self.concerns.push(Concern::HoleIgnored(place));
                }
                Err(RingFlaw::TooFewCorners) => return Err(Reason::TooFewCorners(place)),
                Err(RingFlaw::NoArea) => return Err(Reason::NoArea(place)),
                Err(RingFlaw::RoundAPole) => return Err(Reason::RoundAPole(place)),
                Err(RingFlaw::Corner { point, flaw }) => {
                    return Err(out_of_range(corners[point], flaw, Place { point, ..place }));
                }
            }
        }
        if rings.is_empty() { Err(Reason::NoPolygon) } else { Ok((rings, names)) }
    }

    /// The points of a ring, with concerns about how it is written.
    fn corners(&mut self, value: &Value, place: Place) -> Result<Vec<[f64; 2]>, Reason> {
        let points = list(value, place)?;
        self.n_corners += points.len();
        if self.max < self.n_corners {
            return Err(Reason::OverLimit { limit: "corners_per_fence_max", max: self.max });
        }
        let mut corners = Vec::with_capacity(points.len());
        let mut dimensions = Vec::with_capacity(points.len());
        for (point, value) in points.iter().enumerate() {
            let (corner, n_dimensions) = read_point(value, Place { point, ..place })?;
            corners.push(corner);
            dimensions.push(n_dimensions);
        }
        if let Some(point) = dimensions.windows(2).position(|pair| pair[0] != pair[1]) {
            self.concerns.push(Concern::MixedDimensions(Place { point: point + 1, ..place }));
        }
        if let Some(point) = corners.windows(2).position(|pair| pair[0] == pair[1]) {
            self.concerns.push(Concern::RepeatedPoint(Place { point: point + 1, ..place }));
        }
        if corners.first() != corners.last() {
            self.concerns.push(Concern::NotClosed(place));
        }
        Ok(corners)
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
