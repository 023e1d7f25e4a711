//! `stile demo`: a seeded town, the picture of it, and a naive geofence to compare with.
//!
//! [`stage::Stage`] takes in what the town's phones sent and what the engine made of it,
//! and keeps the [`scene::Scene`] from which [`screen`] draws and [`lines`] prints. Only
//! [`premises`] and [`tidings`] know the engine's nouns: whoever runs it tells the stage.

pub mod difference;
pub mod lines;
pub mod naive;
pub mod premises;
pub mod scene;
pub mod screen;
pub mod script;
pub mod stage;
pub mod story;
pub mod summary;
pub mod terminal;
pub mod tidings;

#[cfg(test)]
mod rehearsal;
