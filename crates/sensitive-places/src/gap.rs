//! How far a fence lies from a place.

use model::{FenceNo, Position};
use spatial_index::{Index, Polygon, Shape};

use crate::MeasuredFrom;

/// Metres between a fence and a place's footprint; 0 or less where they meet.
///
/// Two shapes apart are nearest at a corner of one of them, but for what straight edges bend on the
/// earth: less than a millimetre over the length of a house.
pub(crate) fn gap_m(fence: &Shape, footprints: &Index, place: FenceNo) -> f64 {
    let Some(footprint) = footprints.shape(place) else { return f64::INFINITY };
    match (fence, &footprint) {
        (Shape::Circle { center, radius }, _) => footprints.distance_outside(place, *center).0 - radius.0,
        (Shape::Polygons(_), Shape::Circle { center, radius }) => {
            fence.distance_outside(*center).0 - radius.0
        }
        (Shape::Polygons(ours), Shape::Polygons(theirs)) => {
            if ours.iter().flat_map(ways).any(|(from, to)| is_met(footprints, place, from, to)) {
                return 0.0;
            }
            let to_them = corners(ours).map(|corner| footprints.distance_outside(place, corner).0);
            let to_us = corners(theirs).map(|corner| fence.distance_outside(corner).0);
            to_them.chain(to_us).fold(f64::INFINITY, f64::min)
        }
    }
}

/// Metres from where a law measures to the nearest point of a fence.
pub(crate) fn measured_m(fence: &Shape, footprints: &Index, place: FenceNo, from: MeasuredFrom) -> f64 {
    match (from, footprints.shape(place)) {
        (MeasuredFrom::Centre, Some(Shape::Circle { center, .. })) => fence.distance_outside(center).0,
        (MeasuredFrom::Centre, Some(Shape::Polygons(_)) | None) | (MeasuredFrom::Perimeter, _) => {
            gap_m(fence, footprints, place)
        }
    }
}

fn is_met(footprints: &Index, place: FenceNo, from: Position, to: Position) -> bool {
    let mut met = Vec::new();
    footprints.crossed(from, to, &mut met);
    met.contains(&place)
}

fn corners(polygons: &[Polygon]) -> impl Iterator<Item = Position> {
    polygons.iter().flat_map(ways).map(|(from, _)| from)
}

/// The edges of a polygon.
fn ways(polygon: &Polygon) -> Vec<(Position, Position)> {
    let position = |&[lng, lat]: &[f64; 2]| Position::new(lat, lng).ok();
    let of_ring = |ring: Vec<[f64; 2]>| {
        let ring: Vec<Position> = ring.iter().filter_map(position).collect();
        ring.windows(2).map(|edge| (edge[0], edge[1])).collect::<Vec<_>>()
    };
    polygon.rings().flat_map(of_ring).collect()
}
