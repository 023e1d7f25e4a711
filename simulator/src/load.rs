//! Load: drives a running server from outside in real time, and judges what it did.
//!
//! The schedule is fixed before the first message, and every latency counts from the instant at
//! which a message was *meant* to leave: a server that stalls cannot hide it by slowing its load
//! down (coordinated omission).

pub(crate) mod bystanders;
pub(crate) mod changes;
mod clock;
mod disk;
pub(crate) mod faults;
mod findings;
mod judging;
mod letter;
pub(crate) mod link;
mod nearby;
mod observer;
mod packet;
pub(crate) mod rate;
pub(crate) mod rules;
pub(crate) mod run;
pub(crate) mod schedule;
pub(crate) mod script;
mod sender;
mod setup;
mod sink;
mod speakers;
mod swap;
pub(crate) mod telling;
mod townsfolk;
pub(crate) mod watch;
pub(crate) mod withdrawals;
mod withdrawing;
