//! A scan over the boxes of all fences.

use super::Bounds;
use crate::Place;

/// Boxes in flat arrays, by latitude; one that reaches over the antimeridian is there twice.
#[derive(Debug, Default)]
pub(crate) struct Boxes(Vec<Block>);

const N: usize = 16;

/// So many boxes that a compiler compares several of them at a time.
#[derive(Clone, Debug)]
struct Block {
    /// From the least to the greatest of its boxes.
    lat: (i32, i32),
    lat_min: [i32; N],
    lat_max: [i32; N],
    lng_min: [i32; N],
    lng_max: [i32; N],
    fence: [u32; N],
}

/// Boxes are held in whole ten-millionths of a degree, rounded outward.
const UNITS_A_DEGREE: f64 = 1e7;

/// Holds nothing.
const NOTHING: Block = Block {
    lat: (i32::MAX, i32::MIN),
    lat_min: [i32::MAX; N],
    lat_max: [i32::MIN; N],
    lng_min: [0; N],
    lng_max: [0; N],
    fence: [0; N],
};

impl Boxes {
    pub(crate) fn of(bounds: impl Iterator<Item = Option<Bounds>>) -> Self {
        let mut all = Vec::new();
        for (no, bounds) in (0..).zip(bounds) {
            let Some(Bounds { lat, lng }) = bounds else { continue };
            let turns: &[f64] = if lng.1 - lng.0 < 360.0 { &[-360.0, 0.0, 360.0] } else { &[0.0] };
            for turn in turns {
                let (west, east) = (lng.0 + turn, lng.1 + turn);
                if -180.0 < east && west <= 180.0 {
                    all.push((Bounds { lat, lng: (west.max(-180.0), east.min(180.0)) }, no));
                }
            }
        }
        all.sort_by(|a, b| a.0.lat.0.total_cmp(&b.0.lat.0));
        Self(all.chunks(N).map(Block::of).collect())
    }

    /// Every fence whose box holds a place; none twice, since a place on the antimeridian is named 180.
    pub(crate) fn holding(&self, at: Place, mut found: impl FnMut(u32)) {
        let (lat, lng) = (nearest(at.lat), nearest(at.lng));
        for block in self.0.iter().filter(|block| block.lat.0 <= lat && lat <= block.lat.1) {
            let holds = |k: usize| {
                (block.lat_min[k] <= lat)
                    & (lat <= block.lat_max[k])
                    & (block.lng_min[k] <= lng)
                    & (lng <= block.lng_max[k])
            };
            if (0..N).fold(false, |any, k| any | holds(k)) {
                (0..N).filter(|k| holds(*k)).for_each(|k| found(block.fence[k]));
            }
        }
    }
}

impl Block {
    fn of(boxes: &[(Bounds, u32)]) -> Self {
        let mut block = NOTHING;
        for (k, (Bounds { lat, lng }, fence)) in boxes.iter().enumerate() {
            (block.lat_min[k], block.lat_max[k]) = (below(lat.0), above(lat.1));
            (block.lng_min[k], block.lng_max[k]) = (below(lng.0), above(lng.1));
            block.lat = (block.lat.0.min(below(lat.0)), block.lat.1.max(above(lat.1)));
            block.fence[k] = *fence;
        }
        block
    }
}

fn nearest(degrees: f64) -> i32 {
    (degrees * UNITS_A_DEGREE).round() as i32
}

fn below(degrees: f64) -> i32 {
    (degrees * UNITS_A_DEGREE).floor() as i32 - 1
}

fn above(degrees: f64) -> i32 {
    (degrees * UNITS_A_DEGREE).ceil() as i32 + 1
}
