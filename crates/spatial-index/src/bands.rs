//! A polygon's edges sorted into bands of latitude, so that a position meets only those beside it.

use crate::plane::{Corner, Edge, Span};
use crate::polygon::Polygon;

/// A polygon with fewer edges is scanned whole.
const N_EDGES_UNSORTED: usize = 12;
/// Edges per band that are worth a band of their own.
const N_EDGES_PER_BAND: usize = 2;
/// Most bands of one polygon.
const N_BANDS_MAX: usize = 8_192;
/// How often an edge may be listed on average; tall edges that fill many bands make bands fewer.
const N_LISTINGS_MAX: usize = 4;

/// On which side of its rings a polygon has a point.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Side {
    Outside,
    Border,
    Inside,
}

/// Which edges touch each of some equally high bands.
///
/// Invariant: an edge is listed in the band of each latitude that it touches; `band_of` never
/// falls as the latitude grows, so rounding can misplace nothing.
pub(crate) struct Bands {
    low: f64,
    bands_per_degree: f64,
    /// Where each band's edges start in `edges`, and after the last band their end.
    starts: Vec<u32>,
    edges: Vec<u32>,
}

impl Bands {
    /// O(edges).
    pub(crate) fn of(polygon: &Polygon) -> Self {
        let n_edges = polygon.n_corners();
        let mut n_bands = (n_edges / N_EDGES_PER_BAND).clamp(1, N_BANDS_MAX);
        if n_edges < N_EDGES_UNSORTED {
            n_bands = 1;
        }
        loop {
            let mut bands = Self::empty(polygon.ys(), n_bands);
            let n_listings: usize = polygon.edges().map(|edge| bands.touched_by(edge.ys()).count()).sum();
            if n_bands == 1 || n_listings <= N_LISTINGS_MAX * n_edges {
                bands.fill(polygon, n_listings);
                return bands;
            }
            n_bands /= 2;
        }
    }

    fn empty(ys: Span, n_bands: usize) -> Self {
        let bands_per_degree = n_bands as f64 / ys.width();
        Self { low: ys.low, bands_per_degree, starts: vec![0; n_bands + 1], edges: Vec::new() }
    }

    /// Counting sort of the edges by band.
    fn fill(&mut self, polygon: &Polygon, n_listings: usize) {
        for edge in polygon.edges() {
            for band in self.touched_by(edge.ys()) {
                self.starts[band + 1] += 1;
            }
        }
        for band in 1..self.starts.len() {
            self.starts[band] += self.starts[band - 1];
        }
        let mut next = self.starts.clone();
        self.edges = vec![0; n_listings];
        for number in polygon.edge_numbers() {
            for band in self.touched_by(polygon.edge(number).ys()) {
                self.edges[next[band] as usize] = number;
                next[band] += 1;
            }
        }
    }

    /// How many edges a test meets on average.
    pub(crate) const fn n_edges_met(&self) -> usize {
        self.edges.len() / self.n_bands()
    }

    /// Bytes that they take.
    pub(crate) const fn bytes(&self) -> usize {
        size_of::<Self>() + (self.starts.len() + self.edges.len()) * size_of::<u32>()
    }

    const fn n_bands(&self) -> usize {
        self.starts.len() - 1
    }

    /// Latitudes beyond the polygon belong to the outermost bands.
    fn band_of(&self, y: f64) -> usize {
        (((y - self.low) * self.bands_per_degree) as usize).min(self.n_bands() - 1)
    }

    fn touched_by(&self, ys: Span) -> std::ops::RangeInclusive<usize> {
        self.band_of(ys.low)..=self.band_of(ys.high)
    }

    /// Numbers of the edges that may touch a range of latitudes; some twice.
    pub(crate) fn edges_at(&self, ys: Span) -> &[u32] {
        let bands = self.touched_by(ys);
        &self.edges[self.starts[*bands.start()] as usize..self.starts[*bands.end() + 1] as usize]
    }

    /// Where a point of the plane lies by the even-odd rule over all rings; exact.
    ///
    /// Counts the edges that a ray to the east crosses. An edge owns its lower end and not its
    /// upper one, so that a corner counts once where the ring goes on and twice or not at all
    /// where it turns back. O(edges in the band), about 1 ns each.
    pub(crate) fn side(&self, polygon: &Polygon, point: Corner) -> Side {
        if !polygon.xs().holds(point.x) || !polygon.ys().holds(point.y) {
            return Side::Outside;
        }
        let mut is_odd = false;
        for &number in self.edges_at(Span { low: point.y, high: point.y }) {
            match passes(polygon.edge(number), point) {
                Passing::Before => {}
                Passing::On => return Side::Border,
                Passing::Beyond => is_odd = !is_odd,
            }
        }
        if is_odd { Side::Inside } else { Side::Outside }
    }
}

/// How an edge lies to a ray from a point to the east.
enum Passing {
    /// The ray does not cross it.
    Before,
    /// The point is on it.
    On,
    /// The ray crosses it.
    Beyond,
}

fn passes(edge: Edge, point: Corner) -> Passing {
    let (low, high) = if edge.from.y <= edge.to.y { (edge.from, edge.to) } else { (edge.to, edge.from) };
    let xs = edge.xs();
    if point.y < low.y || high.y < point.y || xs.high < point.x {
        return Passing::Before;
    }
    let ray_crosses = low.y <= point.y && point.y < high.y;
    if point.x < xs.low {
        return if ray_crosses { Passing::Beyond } else { Passing::Before };
    }
    let side = point.side_of(low, high);
    if side == 0.0 {
        return Passing::On;
    }
    if ray_crosses && 0.0 < side { Passing::Beyond } else { Passing::Before }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::polygon::Ring;

    /// A comb of long teeth: every edge but one is as tall as the polygon.
    fn comb(n_teeth: u32) -> Polygon {
        let mut corners = vec![[0.0, 0.0]];
        for tooth in 0..n_teeth {
            let x = f64::from(tooth) / f64::from(n_teeth);
            corners.push([x, 1.0]);
            corners.push([x + 0.5 / f64::from(n_teeth), 0.1]);
        }
        corners.push([1.0, 0.0]);
        Polygon::new(Ring::new(&corners).unwrap(), Vec::new())
    }

    #[test]
    fn a10_tall_edges_do_not_fill_the_memory() {
        let polygon = comb(10_000);
        let bands = Bands::of(&polygon);
        assert!(bands.edges.len() <= N_LISTINGS_MAX * polygon.n_corners());
        assert_eq!(bands.side(&polygon, Corner::new(0.5, 0.05)), Side::Inside);
        assert_eq!(bands.side(&polygon, Corner::new(0.5, 1.05)), Side::Outside);
    }

    #[test]
    fn the_border_is_told_from_the_sides() {
        let ring = |corners: &[[f64; 2]]| Ring::new(corners).unwrap();
        let shell = ring(&[[0.0, 0.0], [4.0, 0.0], [4.0, 4.0], [2.0, 3.0], [0.0, 4.0]]);
        let hole = ring(&[[1.0, 1.0], [2.0, 1.0], [1.5, 2.0]]);
        let polygon = Polygon::new(shell, vec![hole]);
        let bands = Bands::of(&polygon);
        for (x, y, expected) in [
            (0.0, 0.0, Side::Border),
            (4.0, 2.0, Side::Border),
            (1.0, 3.5, Side::Border),
            (1.5, 1.0, Side::Border),
            (1.5, 2.0, Side::Border),
            (1.5, 1.5, Side::Outside),
            (0.5, 1.0, Side::Inside),
            (0.5, 2.0, Side::Inside),
            (2.0, 3.5, Side::Outside),
            (-1.0, 0.0, Side::Outside),
            (0.5, 3.0, Side::Inside),
        ] {
            assert_eq!(bands.side(&polygon, Corner::new(x, y)), expected, "{x} {y}");
        }
    }
}
