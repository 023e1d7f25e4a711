//! The pantry: the catalogue of offers, and which of them a transition calls for.

mod catalogue;
mod offer;
mod text;

pub use catalogue::{Catalogue, CatalogueFlaw};
pub use offer::{Draft, Offer};
pub use text::{TextFlaw, TextPart};
