//! Which fences hold a position: circles and polygons on WGS 84, GeoJSON in, fence numbers out.
//!
//! The room knows fences and positions and nothing else: no customers, no time, no files.
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
//! use spatial_index::{Index, Polygon, Ring, Shape};
//!
//! let center = Position::new(30.2672, -97.7431).unwrap();
//! let block = Ring::new(&[[-97.75, 30.26], [-97.74, 30.26], [-97.74, 30.27], [-97.75, 30.27]]).unwrap();
//! let index = Index::build(vec![
//!     Shape::Circle { center, radius: Meters(150.0) },
//!     Shape::Polygons(vec![Polygon::new(block, Vec::new())]),
//! ])
//! .unwrap();
//!
//! let mut hits = Vec::new();
//! index.match_one(center, &mut hits);
//! assert_eq!(hits, [FenceNo(0), FenceNo(1)]);
//! assert_eq!(index.distance_outside(FenceNo(0), center), Meters(0.0));
//! ```
//!
//! `exact` is the one definition of these rules, `candidates` the part that says where to
//! apply it. A filter may answer for `exact` only outside a proven error band.

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
