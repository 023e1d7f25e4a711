//! The letterbox from outside: every promise about bad input has a test with its number.

mod batches;
mod common;
mod consents;
mod fixes;
mod instants;
mod lists;
mod offers;
mod profiles;
mod properties;
mod readme;
mod recordings;
mod signals;
mod topics;
