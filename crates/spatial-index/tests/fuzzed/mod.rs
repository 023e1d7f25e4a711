//! What the fuzz targets do with bytes; the tests do it again with those that are kept.
#![allow(dead_code, reason = "not every target uses every part")]

mod tape;

use std::io::Read;

use model::{FenceNo, Meters, Position};
use spatial_index::geojson::{self, ReadOptions};
use spatial_index::{Change, Hits, Index, Shape};

use crate::adversary::points::Point;
use crate::adversary::{build, check_fences, position, shape};
use crate::scan::Drawn;

/// Points that are looked at beside each fence of a file.
const N_CORNERS_LOOKED_AT: usize = 40;
const N_FENCES_LOOKED_AT: usize = 40;
/// Fences that are changed one by one.
const N_CHANGED: usize = 5;
/// Fences beside them: of few fences, a change of one is a new index.
const N_BESIDE: u32 = 100;

/// Reads bytes as a fence file, whole and in crumbs, and asks the index for points near its fences.
pub(crate) fn geojson_to_index(bytes: &[u8]) {
    let options = ReadOptions { skip_invalid: bytes.len().is_multiple_of(2), ..ReadOptions::default() };
    let whole = geojson::read(bytes, &options);
    let crumbs = geojson::read_from(Crumbs { bytes, n: 1 }, &options, &mut |_| ());
    match (&whole, &crumbs) {
        (Ok(whole), Ok(crumbs)) => assert!(whole == crumbs, "read in crumbs it is another file"),
        (Err(_), Err(_)) => {}
        _ => panic!("read in crumbs it is {}", if crumbs.is_ok() { "good" } else { "refused" }),
    }
    let Ok(loaded) = whole else { return };
    let written = geojson::write(&loaded.fences);
    let again = geojson::read(written.as_bytes(), &ReadOptions::default());
    assert!(again.is_ok_and(|again| again.fences == loaded.fences), "what was written reads otherwise");
    let shapes: Vec<Shape> = loaded.fences.into_iter().map(|fence| fence.shape).collect();
    let near: Vec<Position> = shapes.iter().take(N_FENCES_LOOKED_AT).flat_map(positions_near).collect();
    all_ways_to_ask_agree(&Index::build(shapes).unwrap(), &near);
}

/// Draws fences and points from bytes and compares the answers with those of the scan.
pub(crate) fn fences_and_points(bytes: &[u8]) {
    let (fences, points) = tape::draw(bytes);
    check_fences(&fences, &points);
    changes_lead_to_the_same(&fences, &points);
}

/// Fences that come one by one, some to where another was, are answered as if all came at once.
fn changes_lead_to_the_same(fences: &[Drawn], points: &[Point]) {
    let shapes: Vec<Shape> = build(fences).0.iter().filter_map(shape).collect();
    let beside = (0..N_BESIDE).map(|no| Shape::Circle {
        center: position(f64::from(no) - 50.0, f64::from(no) * 3.6 - 180.0),
        radius: Meters(100.0),
    });
    let wanted: Vec<Shape> = shapes.iter().cloned().chain(beside).collect();
    let mut others = wanted.clone();
    others[..shapes.len().min(N_CHANGED)].rotate_right(shapes.len().min(1));
    let mut index = Index::build(others).unwrap();
    for (no, shape) in (0..).map(FenceNo).zip(&shapes).take(N_CHANGED) {
        if no.0.is_multiple_of(2) {
            index = index.changed(&[Change::Remove(no)]).unwrap();
        }
        index = index.changed(&[Change::Put(no, shape.clone())]).unwrap();
    }
    let positions: Vec<Position> = points.iter().map(|&(lat, lng)| position(lat, lng)).collect();
    let (mut changed, mut built) = (Hits::new(), Hits::new());
    index.match_batch(&positions, &mut changed);
    Index::build(wanted).unwrap().match_batch(&positions, &mut built);
    for (point, (changed, built)) in points.iter().zip(changed.iter().zip(built.iter())) {
        assert!(changed == built, "{point:?}: changed {changed:?}, built {built:?}: {fences:?}");
    }
}

/// Gives a few bytes at a time.
struct Crumbs<'a> {
    bytes: &'a [u8],
    n: usize,
}

impl Read for Crumbs<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let n = self.n.min(buffer.len()).min(self.bytes.len());
        buffer[..n].copy_from_slice(&self.bytes[..n]);
        self.bytes = &self.bytes[n..];
        self.n = self.n % 7 + 1;
        Ok(n)
    }
}

fn positions_near(shape: &Shape) -> Vec<Position> {
    let corners: Vec<[f64; 2]> = match shape {
        Shape::Circle { center, .. } => vec![[center.lng(), center.lat()]],
        Shape::Polygons(polygons) => {
            let corners = polygons.iter().flat_map(|polygon| polygon.rings().flatten());
            corners.take(N_CORNERS_LOOKED_AT).collect()
        }
    };
    let beside = |&[lng, lat]: &[f64; 2]| {
        let offsets = [(0.0, 0.0), (1e-3, 0.0), (0.0, -1e-3), (1e-14, 1e-14)];
        offsets.map(|(x, y)| Position::new(lat + y, lng + x).ok())
    };
    let middles = corners.windows(2).map(|pair| {
        Position::new(f64::midpoint(pair[0][1], pair[1][1]), f64::midpoint(pair[0][0], pair[1][0])).ok()
    });
    corners.iter().flat_map(beside).chain(middles).flatten().collect()
}

fn all_ways_to_ask_agree(index: &Index, positions: &[Position]) {
    let (mut batch, mut single) = (Hits::new(), Vec::new());
    index.match_batch(positions, &mut batch);
    for (position, found) in positions.iter().zip(batch.iter()) {
        index.match_one(*position, &mut single);
        assert!(single == found, "single call and batch differ");
        for fence in (0..index.len().min(N_FENCES_LOOKED_AT) as u32).map(FenceNo) {
            assert!(index.contains(fence, *position) == found.contains(&fence), "search and test differ");
        }
    }
}
