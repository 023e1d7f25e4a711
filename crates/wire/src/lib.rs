//! The letterbox: bytes in, nouns out, and back. The only crate that knows formats.
//!
//! A fix is opened only out of a [`consent_gate::Consented`] envelope; of a batch only the
//! names at the head of each record are read before that.

mod acknowledgement;
mod consent;
mod decoder;
mod feedback;
mod fix;
mod flaw;
mod instant;
mod json;
mod limits;
mod names;
mod offer;
mod raw_fix;
mod topic;

pub use acknowledgement::{Acknowledgement, decode_acknowledgement, encode_acknowledgement};
pub use decoder::{Decoder, Envelope};
pub use feedback::{Feedback, FeedbackKind, encode_feedback};
pub use flaw::{Field, Flaw};
pub use limits::Limits;
pub use offer::encode_offer;
pub use topic::{Topic, Topics};
