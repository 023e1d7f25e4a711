//! The porter: holds back all but the few offers that a person would welcome.
//!
//! A candidate is judged by every rule in order ([`Notifier::propose`]); the first that
//! fails is its verdict, all that fail are told. What passes waits until the caller can
//! send it, counted like a sent one, and is pulled by [`Notifier::next_waiting`].

mod hours;
mod notifier;
mod policy;
mod rules;
mod suppression;

pub use hours::{DailyHours, zone};
pub use notifier::{Candidate, Notifier, Waiting};
pub use policy::NotifierPolicy;
pub use suppression::{Suppressed, Suppression};
