//! The oracle and the engine, told the same, say the same: every transition, suppression, offer,
//! refusal and drop, one for one.

mod arena;
mod austin;
mod chance;
mod plain;
mod town;
mod twins;
