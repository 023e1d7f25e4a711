//! From a world in which a point is answered wrongly to the least that still shows it.

use spatial_index::Hits;

use super::points::Point;
use super::{answers_agree, build, position};
use crate::scan::{Drawn, Scan};

/// A line that fails when it stands in a test.
pub(super) fn line(fences: &[Drawn], point: Point, batch: &[Point]) -> String {
    let shows = |fences: &[Drawn], points: &[Point]| is_wrong(fences, points);
    let points = if shows(fences, &[point]) { vec![point] } else { without_any(batch, |p| shows(fences, p)) };
    let mut fences = without_any(fences, |fences| shows(fences, &points));
    for i in 0..fences.len() {
        let Drawn::Polygons(polygons) = fences[i].clone() else { continue };
        for (j, rings) in polygons.iter().enumerate() {
            for (k, ring) in rings.iter().enumerate() {
                let with = |ring: &[[f64; 2]]| {
                    let mut smaller = fences.clone();
                    if let Drawn::Polygons(polygons) = &mut smaller[i] {
                        polygons[j][k] = ring.to_vec();
                    }
                    smaller
                };
                let ring = without_any(ring, |ring| shows(&with(ring), &points));
                fences = with(&ring);
            }
        }
    }
    let written: Vec<String> = fences.iter().map(literal).collect();
    format!("check_answers(&[{}], &{points:?});", written.join(", "))
}

/// Whether any of some points is answered wrongly, in one batch or alone.
fn is_wrong(fences: &[Drawn], points: &[Point]) -> bool {
    let (kept, index) = build(fences);
    if kept.len() < fences.len() {
        return false;
    }
    let scan = Scan::new(&kept);
    let positions: Vec<_> = points.iter().map(|&(lat, lng)| position(lat, lng)).collect();
    let mut hits = Hits::new();
    index.match_batch(&positions, &mut hits);
    let all: Vec<u32> = (0..kept.len() as u32).collect();
    (0..points.len()).any(|i| {
        let expected = scan.matches(points[i].0, points[i].1);
        !hits.of(i).iter().map(|fence| fence.0).eq(expected.iter().copied())
            || !answers_agree(&index, positions[i], &expected, &all)
    })
}

/// As few of some things as still show it: ever smaller pieces are left out.
fn without_any<T: Clone>(things: &[T], shows: impl Fn(&[T]) -> bool) -> Vec<T> {
    let mut kept = things.to_vec();
    let mut n_out = kept.len().div_ceil(2);
    // Bounded: what is not small by then is worth a look as it is.
    let mut n_tries = 0;
    while 0 < n_out && n_tries < 400 {
        let mut at = 0;
        while at < kept.len() && n_tries < 400 {
            let mut fewer = kept.clone();
            fewer.drain(at..(at + n_out).min(kept.len()));
            n_tries += 1;
            if !fewer.is_empty() && shows(&fewer) {
                kept = fewer;
            } else {
                at += n_out;
            }
        }
        n_out /= 2;
    }
    kept
}

/// The fence as Rust writes it.
fn literal(fence: &Drawn) -> String {
    match fence {
        Drawn::Circle { .. } => format!("Drawn::{fence:?}"),
        Drawn::Polygons(polygons) => {
            let ring = |ring: &Vec<[f64; 2]>| format!("vec!{ring:?}");
            let list = |written: Vec<String>| format!("vec![{}]", written.join(", "));
            let rings = |rings: &Vec<Vec<[f64; 2]>>| list(rings.iter().map(ring).collect());
            format!("Drawn::Polygons({})", list(polygons.iter().map(rings).collect()))
        }
    }
}
