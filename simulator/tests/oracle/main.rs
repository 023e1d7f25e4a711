//! The oracle and the engine, told the same, say the same: every transition, suppression, offer,
//! refusal and drop, one for one.

mod arena;
mod chance;
mod twins;
