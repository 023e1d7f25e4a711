//! The machine room: threads and channels around the engine, and nothing that decides.
//!
//! ```text
//! Ingress ─► Inbound ─► shard threads (an Engine each) ─► Outbound ─► listener or broker
//!                          │  ▲
//!                          ▼  │ committed
//!                        writer thread (the ledger)
//! ```

mod clock;
mod farewells;
mod inbound;
mod line;
mod lookout;
mod outbound;
mod pace;
mod parcel;
mod patience;
mod running;
mod shard;
mod tickets;
mod upkeep;
mod writer;

pub use clock::Clock;
pub use inbound::NotDurable;
pub use running::{Running, Setup, Standing, StartError};
pub(crate) use running::{entries_of, stock};
pub use shard::ShardError;
pub use upkeep::Upkeep;
