//! Positions in and around somebody's fences, for those who bring none.

use model::Position;
use spatial_index::Shape;

use crate::chance::{Chance, at};
use crate::plain::bounds;

/// Positions near fences drawn evenly: within the fence's bounding box made half as large again on
/// every side, so that some lie inside, some just beside, and crowded places are asked more often.
///
/// None when there is no fence.
#[must_use]
pub fn around(shapes: &[Shape], n: usize, seed: u64) -> Vec<Position> {
    if shapes.is_empty() {
        return Vec::new();
    }
    let boxes: Vec<[f64; 4]> = shapes.iter().map(bounds).collect();
    let mut chance = Chance::new(seed);
    let near = |_| {
        let [south, north, west, east] = boxes[chance.below(boxes.len())];
        let lat = chance.within(south - 0.5 * (north - south), north + 0.5 * (north - south));
        let lng = chance.within(west - 0.5 * (east - west), east + 0.5 * (east - west));
        at(lat, (lng + 540.0).rem_euclid(360.0) - 180.0)
    };
    (0..n).map(near).collect()
}
