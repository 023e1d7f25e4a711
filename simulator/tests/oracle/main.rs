//! The oracle and the engine, told the same, say the same: every transition, suppression, offer,
//! refusal and drop, one for one.

mod arena;
mod austin;
mod chance;
#[path = "../../src/world/numbers.rs"]
mod numbers;
#[allow(dead_code, reason = "the simulator itself uses more of it")]
#[path = "../../src/world/rows.rs"]
mod rows;
#[allow(dead_code, reason = "the simulator itself uses more of it")]
#[path = "../../src/world/second.rs"]
mod second;
mod town;
mod twins;
