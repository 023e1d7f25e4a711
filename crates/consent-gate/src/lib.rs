//! The consent gate: who agreed to what, and the only maker of [`Consented`].
//!
//! Default deny: only a grant that is in force allows; a missing row, a pause, an
//! expiry and everything unknown refuse.

mod consented;
mod effect;
mod event;
mod evidence;
mod gate;
mod notices;
mod purpose;
pub mod rules;
mod signal;
mod state;
mod transition;

pub use consented::{Consented, Epoch};
pub use effect::{Effect, GatePolicy, Hearing, OptIn, Weighing};
pub use event::{Block, CLOCK_AHEAD_MAX, ConsentEvent, ConsentKind, EventId};
pub use evidence::{Actor, Method, Missing, Notice, NoticeName, TokenHash};
pub use gate::{Change, Gate, Reminder, RowView};
pub use purpose::Purpose;
pub use rules::{Binding, RuleBook, Whereabouts};
pub use signal::{Signal, SignalKind};
pub use state::{ConsentRow, ConsentState, Refusal};
pub use transition::{Past, transition};
