//! The parts of the `stile` program: sockets, files, threads and the clock around the engine.

pub mod demo;
pub mod mqtt;
