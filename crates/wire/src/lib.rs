//! The letterbox: bytes in, nouns out, and back. The only crate that knows formats.
//!
//! A fix is opened only out of a [`consent_gate::Consented`] envelope; of a batch only the
//! names at the head of each record are read before that.

mod acknowledgement;
pub mod batch;
mod consent;
pub mod consent_file;
mod decoder;
mod encode;
mod feedback;
mod fix;
mod flaw;
mod instant;
mod json;
mod limits;
mod line;
mod names;
mod offer;
mod profile;
mod raw_fix;
mod reminder;
mod topic;
pub mod trace;

pub use acknowledgement::{Acknowledgement, TakenBack, encode_ack};
pub use consent::{ConsentLetter, encode_confirmation, encode_consent, encode_signal, token_hash};
pub use decoder::{Decoder, Envelope};
pub use encode::{encode_batch_record, encode_fix, encode_fixes};
pub use feedback::{About, Feedback, encode_feedback};
pub use flaw::Flaw;
pub use limits::Limits;
pub use line::{LineError, LineReason};
pub use model::FeedbackKind;
pub use offer::{Offer, decode_offer, encode_offer};
pub use profile::{DialChange, ProfileChange, encode_profile};
pub use reminder::{Reminder, encode_reminder};
pub use topic::{Topic, Topics};
