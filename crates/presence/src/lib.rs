//! The guest book: which device is in which fence, since when, and what changed.
//!
//! A fix is first screened ([`Presence::screen`]): old, repeated, impossible ones are
//! dropped, a sudden jump is held until the next fix explains it. What is used then
//! updates the visits ([`Presence::update`]), which yields changes: enter, dwell, exit,
//! cross. The clock of presence is the device's; `now` only judges age and silence.

mod change;
mod depth;
mod device;
mod devices;
mod look;
mod policy;
mod presence;
mod redrawn;
mod screen;
mod visit;
mod visitors;
mod visits;
mod whereabouts;
#[cfg(test)]
mod world;

pub use change::{Change, Surroundings};
pub use policy::PresencePolicy;
pub use presence::{Presence, TimedOut};
pub use redrawn::Redrawn;
pub use screen::{Arrival, Drop, Flag, Screening, Used};
pub use visit::OpenVisit;
