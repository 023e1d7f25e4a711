//! What the law asks for where a customer lives, where their number is from, where the merchant sits and
//! where the fence lies.
//!
//! Rules are data that somebody wrote down with their source. Every rule that holds anywhere in question
//! binds, and of all that bind the strictest wins, decision by decision: one more place can never turn a
//! no into a yes. A rule that nobody has verified may only tighten.

mod binding;
mod book;
mod place;
mod rule;
mod whereabouts;

pub use binding::{Binding, Bound, Reason, RingNeeded};
pub use book::{PlacedRing, RuleBook, RuleDraft, RuleFlaw};
pub use place::{Geography, Group, Parts, Place};
pub use rule::{Basis, ConsentDemands, Demands, Duties, MeasuredFrom, Ring, Rule, SmsDemands};
pub use whereabouts::{Role, Whereabouts};
