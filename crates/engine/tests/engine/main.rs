//! The engine from outside: letters in, outputs out, with a ledger in memory.

mod doors;
mod erasing;
mod happening;
mod law;
mod laws;
mod not_mute;
mod overlapping;
mod phones;
mod plain;
mod sensitive;
mod shell;
mod signals;
mod stock;
mod stories;
mod story;
mod street;
mod visits;
