//! `stile demo`: a seeded town, the picture of it, and a naive geofence to compare with.
//!
//! The demo drives the real program from outside. It starts itself as a child, `stile serve`, in
//! a directory of its own; the town's people are MQTT clients of it, and what it did is asked
//! through its control socket:
//!
//! ```text
//! agreeing ─┐                               ┌─ account   what clients sent and received
//! director ─┼─► phones ══ MQTT ══► a child ─┤
//! script  ──┘          (life, server_process)└─ observer ─► tidings ─► stage ─► front
//! ```
//!
//! [`stage::Stage`] takes in what the town's phones sent and what the engine made of it,
//! and keeps the [`scene::Scene`] from which [`screen`] draws and [`lines`] prints. Only
//! [`premises`] and [`tidings`] know the engine's nouns.

pub mod account;
mod agreeing;
pub mod difference;
mod director;
mod front;
mod life;
pub mod lines;
mod lodging;
pub mod naive;
pub mod observer;
mod phones;
pub mod premises;
pub mod scene;
pub mod screen;
pub mod script;
mod server_process;
mod show;
pub mod stage;
pub mod story;
pub mod summary;
pub mod terminal;
pub mod tidings;

#[cfg(test)]
mod rehearsal;

use std::io;
use std::time::{SystemTime, UNIX_EPOCH};

use model::Timestamp;

pub use show::{Fault, Options, run};

/// Where topics begin, as the default settings have it.
const PREFIX: &str = "stile/v1";

/// Why a demo could not go on.
#[derive(Debug, thiserror::Error)]
pub enum Broken {
    /// A file, a process or a thread could not be had.
    #[error("the demo could not be set up: {0}")]
    World(#[from] io::Error),
    /// The server ended by itself.
    #[error("the demo's server ended: {0}")]
    Server(String),
    /// A client lost its connection.
    #[error("a phone lost its connection: {0}")]
    Line(String),
    /// Something took far too long.
    #[error("waited in vain for {0}")]
    Patience(&'static str),
}

/// The computer's clock.
fn wall_now() -> Timestamp {
    let since_1970 = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Timestamp::from_unix_ms(i64::try_from(since_1970.as_millis()).unwrap_or(i64::MAX))
}
