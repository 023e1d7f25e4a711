//! The parts of the `stile` program: sockets, files, threads and the clock around the engine.

pub mod cli;
pub mod consent_file;
pub mod control;
pub mod demo;
pub mod explain;
pub mod fence_files;
pub mod fence_sets;
pub mod log;
pub mod machine;
pub mod measure;
pub mod mqtt;
pub mod offer_report;
pub mod officer;
pub mod orders;
pub mod privacy;
pub mod sensitive;
pub mod trace;
