//! A plain second opinion: what must become of every fix, consent and offer, worked out without
//! any room of the engine.
//!
//! It reads the documents its own way and prefers obvious over clever: fences are found by a scan
//! over all of them, circles are judged by geographiclib, polygons by even-odd with exact signs;
//! what a customer heard is counted anew for every candidate. Whoever calls it tells it what
//! happens in the order in which the engine handles it, and compares what both say.
//!
//! Customers, devices, merchants, fences and offers are numbers here; a fence's or an offer's is
//! its place in the list that the caller gave.

mod consent;
mod customer;
mod draw;
mod erasing;
mod failed;
mod fence;
mod fix;
mod gathering;
mod geometry;
mod heard;
mod hearing;
mod hours;
mod judge;
mod kept;
mod law;
mod notifier;
mod numbers;
mod offer;
mod offers;
mod oracle;
mod patience;
mod presence;
mod pressure;
mod profile;
mod reminding;
mod restarting;
mod restored;
mod row;
mod rules;
mod screening;
mod speaking;
mod stock;
mod told;
mod week;

#[cfg(test)]
mod stories;

pub use consent::{Consent, ConsentState, Effect, Hearing, Purpose, Word};
pub use failed::Failed;
pub use fence::{Fence, Place, Shape};
pub use fix::Fix;
pub use heard::{Answer, Answers, Heard, Standing};
pub use judge::{Expected, Judgement, Observed, Tolerance, Verdict, Withdrawal, judge};
pub use law::{Law, LawRule, Where};
pub use numbers::{AnswerRules, Budget, Caps, Costs, Rests};
pub use offer::{Audience, Channel, Kind, Leaving, Mode, Offer, Operated, Said, Season, Text};
pub use oracle::{Oracle, Person};
pub use patience::{Over, Patience, Why};
pub use profile::{Dial, Profile};
pub use reminding::Reminder;
pub use restored::{Restored, StoredConsent, StoredCustomer, StoredNotice, StoredVisit};
pub use rules::Rules;
pub use stock::Counts;
pub use told::{Told, What};
pub use week::Week;
