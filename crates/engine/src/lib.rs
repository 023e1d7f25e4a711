//! Joins the rooms in the order in which data flows.
//!
//! The engine has no clock, no sockets and no files. Its caller, the shell, runs this loop:
//!
//! - after each drain of its queue call [`Engine::handle_letters`];
//! - when [`Engine::poll_timeout`] is due call [`Engine::handle_timeout`];
//! - after either, call [`Engine::poll_staged`]; what it gives must be committed, and the
//!   answer goes to [`Engine::handle_committed`] before the next one is given;
//! - then call [`Engine::poll_output`] until it answers `None`; before every publish and
//!   every retry ask [`Engine::may_send`], and tell [`Engine::handle_delivery`] how it went;
//!   whom [`Output::Erase`] names the ledger must erase behind every commit that was asked for
//!   before, and then [`Engine::handle_erased`] is told.
//!
//! Another fence set is worked out as an [`Alteration`], on any thread, and taken up between two
//! drains by [`Engine::handle_alteration`].
//!
//! A new engine refuses everybody (`gate_starts_shut`) until what the ledger holds has been
//! given to [`Engine::load`] and [`Engine::open`] was called.

mod alteration;
mod census;
mod consents;
mod deciding;
mod desk;
mod engine;
mod erasing;
mod event;
mod front;
mod gathering;
mod house;
mod law;
mod leaving;
mod letter;
mod own;
mod people;
mod policy;
mod record;
mod seeing;
mod signals;
mod tally;
mod unrecorded;

pub use alteration::{Alteration, Extent};
pub use engine::Engine;
pub use event::{Event, EventKind};
pub use house::{Edits, House, InRing, SetVersion};
pub use law::Law;
pub use letter::{ConsentAck, Door, Farewell, Letter, Output, Reminder, Shadow, Sighting};
pub use policy::{ClockSource, Policy};
pub use tally::{Counts, Tally};
