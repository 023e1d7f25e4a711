//! Workloads that are the same on every machine, and what the index is compared with on them.
//!
//! Every workload is made from a seed by plain arithmetic, so its number of hits is known and
//! asserted wherever it runs. The benches and `stile bench match` share them.

pub mod around;
pub mod bars;
pub mod baseline;
pub mod chance;
pub mod circles;
pub mod contest;
pub mod country;
pub mod judge;
pub mod overlap;
mod plain;
pub mod real;
pub mod rims;
mod row;
pub mod tiling;
pub mod updating;
mod work;

pub use row::Row;
pub use work::Work;
