//! Which fences hold a position: circles and polygons on WGS 84, GeoJSON in, fence numbers out.
//!
//! The room knows fences and positions and nothing else: no customers, no time, no files. It can be
//! used alone.
//!
//! # What a fence holds
//!
//! - A **circle** holds every position whose geodesic distance from the centre (Karney 2013) is
//!   at most the radius. Circles wrap round the antimeridian and over the poles.
//! - A **polygon** has straight edges in longitude and latitude (RFC 7946) and holds what its
//!   rings together enclose by the even-odd rule, which is defined for every ring, crossed ones
//!   included. Several polygons of one fence hold their union.
//! - Every shape is **closed**: rims, corners, edges and the borders of holes belong to it.
//!   Two tiles both hold their common border.
//! - An edge that spans more than 180 degrees of longitude goes the **short way round**, over
//!   the antimeridian. At a pole all longitudes are one place.
//!
//! ```
//! use model::{FenceNo, Meters, Position};
//! use spatial_index::{Change, Hits, Index, Live, Polygon, Ring, Shape};
//!
//! let center = Position::new(30.2672, -97.7431).unwrap();
//! let block = Ring::new(&[[-97.75, 30.26], [-97.74, 30.26], [-97.74, 30.27], [-97.75, 30.27]]).unwrap();
//! let index = Index::build(vec![
//!     Shape::Circle { center, radius: Meters(150.0) },
//!     Shape::Polygons(vec![Polygon::new(block, Vec::new())]),
//! ])
//! .unwrap();
//!
//! // One position, or many at once, which is several times as fast.
//! let mut found = Vec::new();
//! index.match_one(center, &mut found);
//! assert_eq!(found, [FenceNo(0), FenceNo(1)]);
//! let mut hits = Hits::new();
//! index.match_batch(&[center, Position::new(30.265, -97.749).unwrap()], &mut hits);
//! assert_eq!((hits.of(0), hits.of(1)), (&found[..], &[FenceNo(1)][..]));
//! assert_eq!(index.distance_outside(FenceNo(0), center), Meters(0.0));
//!
//! // Fences change while other threads read.
//! let live = Live::new(index);
//! let before = live.load();
//! live.change(&[Change::Remove(FenceNo(0))]).unwrap();
//! live.load().match_one(center, &mut found);
//! assert_eq!(found, [FenceNo(1)]);
//! live.replace(before);
//! ```
//!
//! # Costs
//!
//! One thread of a shared AMD EPYC; `stile bench match --workload all` measures them anew, and the
//! README has the whole table.
//!
//! | | |
//! |---|---|
//! | a position in a batch | 6-11 ns among 30,000 circles in towns or 266 neighbourhoods, 15-20 ns among a million circles, 30-40 ns among ten million |
//! | a position alone | 12-20 ns; up to 150 ns where nothing is in a cache |
//! | a position within 1-2 cm of a border | 0.3-0.5 us: the exact test answers |
//! | building | 0.7 us a circle, 1 us a corner; 0.2 s and 44 MB for a polygon round half the world |
//! | memory | 30-100 bytes a circle and 32 for the circle itself; 600 where fences are few and cells fine |
//! | one fence added, moved or removed | 0.02 ms, p99 0.2 ms; up to 40 ms among large polygons |
//!
//! # Limits
//!
//! - Some 2^30 fences, and 4 GB of directory; [`BuildError`] says when they are exceeded.
//! - [`Index::crossed`] may miss a circle that a way grazes by less than 1 mm + 0.01 % of the
//!   radius; [`Index::distance_outside`] of polygons is exact to 1 mm + 0.01 %.
//! - Corridors (a line with a width) are not built yet.
//!
//! # How answers are found
//!
//! `exact` is the one definition of the rules above. `directory` finds the fences near a position,
//! and answers by cheap filters wherever their error band, derived beside each of them, allows;
//! within the band `exact` is asked. Filters are tried from both sides of their bands, and the whole
//! by an adversary (`cargo run --release -p spatial-index --example adversary`) against a scan that
//! shares no function with this crate.

mod area;
mod bands;
mod circle;
mod crossing;
mod directory;
mod earth;
mod exact;
pub mod geojson;
mod hits;
mod index;
mod live;
mod nearest;
mod padding;
mod plane;
mod polygon;
mod shape;
mod store;
mod tangle;
mod unroll;

pub use hits::Hits;
pub use index::{BuildError, Change, Index, IndexBytes};
pub use live::Live;
pub use polygon::{Polygon, Ring, RingFlaw};
pub use shape::{CircleFlaw, Fence, RADIUS_MAX, Shape};
