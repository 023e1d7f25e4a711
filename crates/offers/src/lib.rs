//! The pantry: the catalogue of offers, and which of them a transition calls for.

mod catalogue;
mod clock;
mod difference;
mod hours;
mod offer;
mod text;

pub use catalogue::{Catalogue, CatalogueFlaw};
pub use clock::CivilDay;
pub use difference::Difference;
pub use hours::{HoursBook, HoursFlaw, OpenUntil, OpeningHours};
pub use offer::{Draft, Offer};
pub use text::{TextFlaw, TextPart};
