//! The few fences that somebody can have met, so that a full scan over them is short.

use oracle::{Fence, Place, Shape};

/// Boxes of all fences, ascending by their south.
pub(crate) struct Nearby {
    boxes: Vec<Bounds>,
    /// The tallest of them, in degrees.
    height: f64,
}

#[derive(Clone, Copy, Debug)]
struct Bounds {
    south: f64,
    north: f64,
    west: f64,
    east: f64,
    fence: u32,
}

/// Generous: a metre is 9e-6 degrees of latitude, and this far from a fence nothing is decided.
const MARGIN_DEG: f64 = 0.002;
/// Metres of a degree of latitude are more than this.
const METRES_A_DEGREE_MIN: f64 = 110_000.0;

impl Nearby {
    pub(crate) fn of(fences: &[Fence]) -> Self {
        let mut boxes: Vec<_> = (0..).zip(fences).map(|(no, fence)| bounds(no, &fence.shape)).collect();
        boxes.sort_by(|a, b| a.south.total_cmp(&b.south));
        let height = boxes.iter().map(|bounds| bounds.north - bounds.south).fold(0.0, f64::max);
        Self { boxes, height }
    }

    /// Numbers of the fences near any of these places, ascending.
    pub(crate) fn around(&self, places: &[Place]) -> Vec<u32> {
        let mut found: Vec<u32> = Vec::new();
        let mut last: Option<Place> = None;
        for place in places {
            // Who stands still meets the same fences.
            let moved = last.is_none_or(|last| {
                MARGIN_DEG / 4.0 < (last.lat - place.lat).abs() + (last.lng - place.lng).abs()
            });
            if moved {
                last = Some(*place);
                self.near(*place, &mut found);
            }
        }
        found.sort_unstable();
        found.dedup();
        found
    }

    fn near(&self, place: Place, found: &mut Vec<u32>) {
        let first = self.boxes.partition_point(|bounds| bounds.south < place.lat - self.height);
        let in_reach = self.boxes[first..].iter().take_while(|bounds| bounds.south <= place.lat);
        let holds = |bounds: &&Bounds| {
            place.lat <= bounds.north && bounds.west <= place.lng && place.lng <= bounds.east
        };
        found.extend(in_reach.filter(holds).map(|bounds| bounds.fence));
    }
}

fn bounds(fence: u32, shape: &Shape) -> Bounds {
    let (south, north, west, east) = match shape {
        Shape::Circle { centre, radius_m } => {
            let lat = radius_m / METRES_A_DEGREE_MIN;
            let lng = lat / centre.lat.to_radians().cos().max(1e-6);
            (centre.lat - lat, centre.lat + lat, centre.lng - lng, centre.lng + lng)
        }
        Shape::Polygons(polygons) => {
            let corners = polygons.iter().flatten().flatten();
            let none = (f64::MAX, f64::MIN, f64::MAX, f64::MIN);
            corners.fold(none, |(south, north, west, east), corner| {
                (south.min(corner.lat), north.max(corner.lat), west.min(corner.lng), east.max(corner.lng))
            })
        }
    };
    let margin_lng = MARGIN_DEG / south.abs().max(north.abs()).to_radians().cos().max(1e-6);
    let (south, north) = (south - MARGIN_DEG, north + MARGIN_DEG);
    Bounds { south, north, west: west - margin_lng, east: east + margin_lng, fence }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whoever_is_inside_a_fence_is_near_it() {
        let at = |lat: f64, lng: f64| Place { lat, lng };
        let shapes = (0..200).map(|i| {
            let (lat, lng) = (30.0 + f64::from(i % 20) * 0.01, -97.0 + f64::from(i / 20) * 0.01);
            if i % 3 == 0 {
                let ring = vec![at(lat, lng), at(lat + 0.004, lng), at(lat, lng + 0.003)];
                return Shape::Polygons(vec![vec![ring]]);
            }
            Shape::Circle { centre: at(lat, lng), radius_m: 20.0 + f64::from(i) }
        });
        let fences: Vec<_> = shapes.map(|shape| Fence::of(shape, 1.0)).collect();
        let nearby = Nearby::of(&fences);
        for (no, fence) in (0..).zip(&fences) {
            let inside = match &fence.shape {
                Shape::Circle { centre, radius_m } => at(centre.lat + radius_m / 111_500.0, centre.lng),
                Shape::Polygons(polygons) => at(polygons[0][0][0].lat + 0.001, polygons[0][0][0].lng + 0.001),
            };
            assert!(nearby.around(&[at(0.0, 0.0), inside]).contains(&no), "{no}");
        }
        assert!(nearby.around(&[at(0.0, 0.0)]).is_empty());
    }
}
