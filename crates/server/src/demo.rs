//! `stile demo`: a seeded town, the picture of it, and a naive geofence to compare with.
//!
//! [`stage::Stage`] takes in what the town's phones sent and what the engine made of it,
//! and keeps the [`scene::Scene`] from which [`screen`] draws and [`lines`] prints. Nothing
//! here knows the engine: whoever runs it tells the stage.

pub mod difference;
pub mod lines;
pub mod naive;
pub mod scene;
pub mod screen;
pub mod script;
pub mod stage;
pub mod story;
pub mod summary;
pub mod terminal;

#[cfg(test)]
mod rehearsal;
