//! A disk that fails on demand, a scripted run on it, and what must hold afterwards.
//!
//! [`Disk`] is a small library in C (`disk/disk.c`) that is loaded before libc into a program of its own
//! and stands between it and its data directory: SQLite's files and ours alike. It can let one call fail,
//! and it writes down every call in a [`Journal`]. From a journal a [`Platter`] knows what a disk would
//! have kept when the power fails at any point. The program is `scripted-run`: a ledger, an engine and the
//! lists beside them, from the first start to an orderly end ([`script`]); it says on its standard
//! output what it tries and what is acknowledged, and [`check`] holds the directory against that.

pub mod check;
mod disk;
mod journal;
mod platter;
mod run;
pub mod script;
mod watched;

pub use disk::{Disk, Fault, FaultKind};
pub use journal::{Call, CallKind, Done, Journal, Record};
pub use platter::{Loss, Platter};
pub use run::{Run, copy_dir, data_of, room};
