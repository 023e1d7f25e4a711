//! What the benches compare with besides `workloads`: a crate of their own, so that it is built for
//! nobody else. `src/bin/picture.rs` draws what they measure.

pub mod drawing;
pub mod packed;
