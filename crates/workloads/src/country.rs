//! W6: 200,000 polygons that tile a country: Voronoi cells with wiggled borders.

use delaunator::{EMPTY, Point, Triangulation, next_halfedge, triangulate};
use spatial_index::{Polygon, Ring, Shape};

use crate::chance::{Area, Chance};
use crate::work::Work;

const N_COLUMNS: usize = 500;
const N_ROWS: usize = 400;
/// Sites round the country whose cells are not taken, since some are open towards the outside.
const N_RIM: usize = 2;

/// Cells of 20 to 60 corners; nearly every position lies in exactly one, none in a gap.
#[must_use]
pub fn w6_country() -> Work {
    let inside = Area { south: 25.1, north: 48.9, west: -123.8, east: -67.2 };
    let positions = inside.positions(1 << 18, 21);
    let shape = |ring: Vec<[f64; 2]>| {
        Shape::Polygons(vec![Polygon::new(Ring::new(&ring).expect("a cell is a ring"), Vec::new())])
    };
    let shapes = cells(N_COLUMNS, N_ROWS).into_iter().map(shape).collect();
    // One each: the cells are a tiling.
    Work { name: "w6_country", n_hits: Some(positions.len()), shapes, positions }
}

/// The rings of columns x rows cells.
fn cells(n_columns: usize, n_rows: usize) -> Vec<Vec<[f64; 2]>> {
    let width = n_columns + 2 * N_RIM;
    let mut chance = Chance::new(22);
    let sites: Vec<Point> = (0..width * (n_rows + 2 * N_RIM))
        .map(|i| {
            let x = (i % width) as f64 + chance.within(0.15, 0.85);
            Point { x, y: (i / width) as f64 + chance.within(0.15, 0.85) }
        })
        .collect();
    let net = triangulate(&sites);
    let crossings: Vec<[f64; 2]> = net.triangles.chunks_exact(3).map(|ids| middle(&sites, ids)).collect();
    let mut coming_in = vec![EMPTY; sites.len()];
    for edge in 0..net.halfedges.len() {
        coming_in[net.triangles[next_halfedge(edge)]] = edge;
    }
    let on_map = |[x, y]: [f64; 2]| {
        let country = Area::COUNTRY;
        let east = (x - N_RIM as f64) / n_columns as f64 * (country.east - country.west);
        [
            country.west + east,
            country.south + (y - N_RIM as f64) / n_rows as f64 * (country.north - country.south),
        ]
    };
    let is_inside = |site: &usize| {
        let (column, row) = (site % width, site / width);
        (N_RIM..N_RIM + n_columns).contains(&column) && (N_RIM..N_RIM + n_rows).contains(&row)
    };
    (0..sites.len())
        .filter(is_inside)
        .map(|site| cell(&net, &crossings, coming_in[site]).into_iter().map(on_map).collect())
        .collect()
}

/// The ring round the site that a half-edge comes in to.
fn cell(net: &Triangulation, crossings: &[[f64; 2]], coming_in: usize) -> Vec<[f64; 2]> {
    let mut ring = Vec::with_capacity(48);
    let mut edge = coming_in;
    loop {
        let out = next_halfedge(edge);
        let twin = net.halfedges[out];
        ring.push(crossings[out / 3]);
        // Both cells beside a border draw it from the same end, so that they agree to the last bit.
        let first = out.min(twin);
        let wiggled = border(crossings[first / 3], crossings[out.max(twin) / 3], first);
        if first == out {
            ring.extend(wiggled);
        } else {
            ring.extend(wiggled.into_iter().rev());
        }
        edge = twin;
        if edge == coming_in {
            return ring;
        }
    }
}

/// The corners between the two ends of a border.
fn border(from: [f64; 2], to: [f64; 2], seed: usize) -> Vec<[f64; 2]> {
    let mut chance = Chance::new(seed as u64);
    let n = 4 + chance.below(3);
    let (dx, dy) = (to[0] - from[0], to[1] - from[1]);
    (1..=n)
        .map(|i| {
            let along = i as f64 / (n + 1) as f64;
            // Nothing near the ends, so that borders which meet do not cross.
            let aside = 0.32 * along * (1.0 - along) * chance.within(-1.0, 1.0);
            [from[0] + along * dx - aside * dy, from[1] + along * dy + aside * dx]
        })
        .collect()
}

/// The middle of the circle through three sites.
fn middle(sites: &[Point], ids: &[usize]) -> [f64; 2] {
    let [a, b, c] = [&sites[ids[0]], &sites[ids[1]], &sites[ids[2]]];
    let (bx, by, cx, cy) = (b.x - a.x, b.y - a.y, c.x - a.x, c.y - a.y);
    let (b2, c2) = (bx * bx + by * by, cx * cx + cy * cy);
    let scale = 0.5 / (bx * cy - by * cx);
    [a.x + (cy * b2 - by * c2) * scale, a.y + (bx * c2 - cx * b2) * scale]
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use super::*;

    #[test]
    fn every_border_is_drawn_by_two_cells_to_the_last_bit() {
        let rings = cells(30, 20);
        assert_eq!(rings.len(), 600);
        let mut borders: HashMap<[[u64; 2]; 2], u32> = HashMap::new();
        for ring in &rings {
            assert!((18..=66).contains(&ring.len()), "{} corners", ring.len());
            for (from, to) in ring.iter().zip(ring.iter().cycle().skip(1)) {
                let mut ends = [from.map(f64::to_bits), to.map(f64::to_bits)];
                ends.sort_unstable();
                *borders.entry(ends).or_default() += 1;
            }
        }
        assert!(borders.values().all(|&n| n <= 2));
        // Only those at the outside have one cell: 100 cells, some two or three borders of five pieces.
        let n_alone = borders.values().filter(|&&n| n == 1).count();
        assert!(n_alone < 2_000, "{n_alone} of {}", borders.len());
    }
}
