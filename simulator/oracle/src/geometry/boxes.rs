//! A scan over the boxes of all fences.

use super::Bounds;
use crate::Place;

/// Boxes in flat arrays, in the order of their fences; one that reaches over the antimeridian is
/// there twice.
#[derive(Debug, Default)]
pub(crate) struct Boxes(Vec<Block>);

const N: usize = 16;

/// So many boxes that a compiler compares several of them at a time.
#[derive(Clone, Debug)]
struct Block {
    lat_min: [i32; N],
    lat_max: [i32; N],
    lng_min: [i32; N],
    lng_max: [i32; N],
    fence: [u32; N],
}

/// Boxes are held in whole ten-millionths of a degree, rounded outward.
const UNITS_A_DEGREE: f64 = 1e7;

/// A box that holds nothing.
const NOTHING: Block =
    Block { lat_min: [i32::MAX; N], lat_max: [i32::MIN; N], lng_min: [0; N], lng_max: [0; N], fence: [0; N] };

impl Boxes {
    pub(crate) fn of(bounds: impl Iterator<Item = Option<Bounds>>) -> Self {
        let mut boxes = Self::default();
        let mut n = 0;
        for (no, bounds) in (0..).zip(bounds) {
            let Some(bounds) = bounds else { continue };
            for turn in [-360.0, 0.0, 360.0] {
                let (west, east) = (bounds.lng.0 + turn, bounds.lng.1 + turn);
                if east < -180.0 || 180.0 < west {
                    continue;
                }
                if n % N == 0 {
                    boxes.0.push(NOTHING);
                }
                let (block, k) = (boxes.0.last_mut().expect("one was pushed"), n % N);
                (block.lat_min[k], block.lat_max[k]) = (below(bounds.lat.0), above(bounds.lat.1));
                (block.lng_min[k], block.lng_max[k]) = (below(west.max(-180.0)), above(east.min(180.0)));
                block.fence[k] = no;
                n += 1;
            }
        }
        boxes
    }

    /// Every fence whose box holds a place, ascending; none twice, since no box is wider than once round.
    pub(crate) fn holding(&self, at: Place, mut found: impl FnMut(u32)) {
        let (lat, lng) = (nearest(at.lat), nearest(at.lng));
        for block in &self.0 {
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

fn nearest(degrees: f64) -> i32 {
    (degrees * UNITS_A_DEGREE).round() as i32
}

fn below(degrees: f64) -> i32 {
    (degrees * UNITS_A_DEGREE).floor() as i32 - 1
}

fn above(degrees: f64) -> i32 {
    (degrees * UNITS_A_DEGREE).ceil() as i32 + 1
}
