//! What comes in and what goes out.

use ledger::Recorded;
use model::{CustomerId, Notification};
use wire::Acknowledgement;

/// Which slot of the letterbox.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Door {
    /// Fixes of one device.
    Fixes,
    /// A consent event.
    Consent,
    /// Feedback on an offer.
    Feedback,
}

/// One message, or one record of a batch, still closed.
///
/// Its names come from the topic or from the head of the record and obey the rules of ids.
#[derive(Clone, Copy, Debug)]
pub struct Letter<'a> {
    /// What it claims to be.
    pub door: Door,
    /// Whose.
    pub customer: &'a str,
    /// From which phone; empty for consent.
    pub device: &'a str,
    /// What is inside, unread.
    pub body: &'a [u8],
    /// Comes back in [`Output::Settled`] when the sender may be told that it arrived; 0 asks for no answer.
    pub ticket: u64,
}

/// Something for the shell to do.
#[derive(Debug)]
pub enum Output {
    /// Publish it, after [`crate::Engine::may_send`].
    Send(Recorded<Notification>),
    /// Tell the customer what became of a consent event; what it changed is durable.
    Acknowledge(ConsentAck),
    /// A consent event or feedback is durable, or of no use: the message may be acknowledged.
    Settled {
        /// The letter's number.
        ticket: u64,
    },
}

/// An answer to a consent event, with its address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConsentAck {
    /// Whose.
    pub customer: CustomerId,
    /// The letter's number.
    pub ticket: u64,
    /// What to say.
    pub answer: Acknowledgement,
}
