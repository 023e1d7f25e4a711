//! The porter: holds back all but the few offers that a person would welcome.
//!
//! What calls for an offer waits a moment for others of its customer ([`Notifier::gather`]); then
//! all of them are decided together ([`Notifier::decide`]). Each is judged by every rule in order:
//! the first that fails is its verdict, all that fail are told. Of those that pass one wins.
//! Arithmetic is in whole numbers throughout, so that a decision can be made again anywhere.

mod answers;
mod arbitration;
mod budget;
mod case;
mod clocks;
mod countries;
mod deciding;
mod entered;
mod gathering;
mod holdout;
mod hours;
mod next_possible;
mod notifier;
mod occasion;
mod people;
mod policy;
mod rules;
mod suppression;
mod verdict;

pub use answers::FeedbackEffect;
pub use budget::cost::{Cost, Part};
pub use countries::zones_of_country;
pub use gathering::{Gathered, Place};
pub use hours::{DailyHours, zone};
pub use notifier::Notifier;
pub use occasion::{Candidate, Occasion, SmsLaw, Terms};
pub use people::Known;
pub use policy::{
    AnswerPolicy, Budget, Caps, Complaint, Cooldowns, Costs, Lowers, NotifierPolicy, Raises, Speeds,
};
pub use suppression::{Suppressed, Suppression};
pub use verdict::{Count, Reckoning, Ruling, Verdict};
