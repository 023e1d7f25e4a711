//! What comes in and what goes out.

use consent_gate::Purpose;
use ledger::Recorded;
use model::{
    Channel, CustomerId, FenceFacts, FenceId, Fix, MerchantId, Notification, OfferId, Timestamp, Words,
};
use offers::Offer;
use wire::Acknowledgement;

/// Which slot of the letterbox.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Door {
    /// Fixes of one device.
    Fixes,
    /// A consent event.
    Consent,
    /// A consent event out of another system's files: it can only restrict, unless its notice is vouched
    /// for.
    Imported {
        /// It is registered, and somebody stands for it.
        attested: bool,
    },
    /// Feedback on an offer.
    Feedback,
    /// What a customer says about themselves.
    Profile,
    /// A customer's wish that everything kept of them is destroyed.
    Erasure,
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
    /// From which phone. Of consent and a profile, not empty when the customer's own phone says it.
    pub device: &'a str,
    /// What is inside, unread.
    pub body: &'a [u8],
    /// Comes back in [`Output::Settled`] when the sender may be told that it arrived; 0 asks for no answer.
    pub ticket: u64,
}

/// A fix that needs no opening, for callers in virtual time.
#[derive(Clone, Copy, Debug)]
pub struct Sighting<'a> {
    /// Whose.
    pub customer: &'a str,
    /// Of which phone.
    pub device: &'a str,
    /// Where and when.
    pub fix: Fix,
}

/// Something for the shell to do.
#[derive(Debug)]
pub enum Output {
    /// Publish it, after [`crate::Engine::may_send`].
    Send(Recorded<Notification>),
    /// Tell the customer what became of a consent event; what it changed is durable.
    Acknowledge(ConsentAck),
    /// Tell the merchant that a grant is about to end.
    Remind(Box<Reminder>),
    /// Show operators what would have been said.
    Shadow(Box<Shadow>),
    /// Destroy everything that is kept of a customer, behind every commit that was asked for before;
    /// then tell [`crate::Engine::handle_erased`].
    Erase(Farewell),
    /// A consent event, feedback or profile is durable, or of no use: the message may be acknowledged.
    Settled {
        /// The letter's number.
        ticket: u64,
    },
}

/// A grant that ends soon, told once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reminder {
    /// Whose.
    pub customer: CustomerId,
    /// Towards whom.
    pub merchant: MerchantId,
    /// For what.
    pub purpose: Purpose,
    /// When it ends.
    pub until: Timestamp,
}

/// A customer on their way out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Farewell {
    /// Who.
    pub customer: CustomerId,
    /// When their wish was heard.
    pub at: Timestamp,
    /// The letter's number.
    pub ticket: u64,
}

/// What would have been said, and nothing of whom to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shadow {
    /// What.
    pub offer: OfferId,
    /// Whose.
    pub merchant: MerchantId,
    /// Where.
    pub fence: FenceId,
    /// The store's public name.
    pub store: Box<str>,
    /// How.
    pub channel: Channel,
    /// Its text.
    pub words: Words,
    /// What it would have cost, in points of the budget.
    pub cost: u16,
    /// When it was decided.
    pub at: Timestamp,
}

impl Shadow {
    pub(crate) fn of((offer, fence): (&Offer, &FenceFacts), words: Words, cost: u16, at: Timestamp) -> Self {
        Self {
            offer: offer.id().clone(),
            merchant: offer.draft().merchant.clone(),
            fence: fence.id.clone(),
            store: fence.name.clone(),
            channel: offer.draft().channel,
            words,
            cost,
            at,
        }
    }
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
