//! The consent gate: who agreed to what, and the only maker of [`Consented`].
//!
//! Default deny: only a grant that is in force allows; a missing row, a pause, an
//! expiry and everything unknown refuse.

mod consented;
mod event;
mod gate;
mod state;

pub use consented::{Consented, Epoch};
pub use event::{Actor, CLOCK_AHEAD_MAX, ConsentEvent, ConsentKind, EventId, Method, Notice, Purpose};
pub use gate::{Change, Effect, Gate, GatePolicy};
pub use state::{ConsentRow, ConsentState, Refusal};
