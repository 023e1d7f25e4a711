//! The engine from outside: letters in, outputs out, with a ledger in memory.

mod doors;
mod laws;
mod not_mute;
mod overlapping;
mod plain;
mod shell;
mod stories;
mod story;
mod street;
