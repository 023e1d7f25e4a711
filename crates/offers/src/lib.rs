//! The pantry: the catalogue of offers, which of them a transition calls for, and what each of them
//! says itself of the instant: its dates, its hours, its stock, its words.

mod catalogue;
mod check;
mod clock;
mod difference;
mod hours;
mod language;
mod obstacles;
mod offer;
mod reason;
mod stock;
mod text;

pub use chrono::NaiveDate;

pub use catalogue::Catalogue;
pub use check::{CatalogueFlaw, is_category};
pub use clock::CivilDay;
pub use difference::Difference;
pub use hours::{HoursBook, HoursFlaw, OpenUntil, OpeningHours};
pub use obstacles::Obstacle;
pub use offer::{
    Audience, DELICATE_CATEGORIES, Draft, Limits, Mode, Offer, OperatorState, PERSONALISATION, Season, Text,
};
pub use stock::{Counted, Left, Stock};
pub use text::{TextFlaw, TextPart};
