//! The pantry: the catalogue of offers, and which of them a transition calls for.

mod catalogue;
mod difference;
mod offer;
mod text;

pub use catalogue::{Catalogue, CatalogueFlaw};
pub use difference::Difference;
pub use offer::{Draft, Offer};
pub use text::{TextFlaw, TextPart};
