//! Whoever holds the data: a running machine, or a command on a directory that nobody serves.

use std::path::Path;
use std::sync::Arc;

use consent_gate::{ConsentRow, Purpose};
use engine::{Door, House};
use ledger::{Erasure, Graves, Numbered, StateRow};
use model::{CustomerId, MerchantId, Timestamp};
use settings::Problem;
use wire::Acknowledgement;

use super::notices::{Draft, Registered, Registry, RegistryError};
use super::wrong;

/// Something said about a customer, for one of the doors.
#[derive(Clone, Debug)]
pub struct Word {
    /// Which door.
    pub door: Door,
    /// About whom.
    pub customer: CustomerId,
    /// What, as MQTT would bring it.
    pub body: Vec<u8>,
}

/// What became of a [`Word`] that is durable: of a consent event its answer.
pub type Said = Option<Acknowledgement>;

/// How a customer stands, and what of it a crash would forget.
#[derive(Clone, Debug, Default)]
pub struct Standing {
    /// What is known; `None` of a stranger.
    pub state: Option<StateRow>,
    /// What of it is not recorded.
    pub unrecorded: Option<Unrecorded>,
}

/// What was heard and is not durable, although there was a moment for it.
#[derive(Clone, Debug)]
pub struct Unrecorded {
    /// The consents whose last change it is.
    pub consents: Vec<(MerchantId, Purpose)>,
    /// They are being erased.
    pub is_leaving: bool,
    /// Why it is not.
    pub why: String,
}

impl Standing {
    /// Whether a consent stands on disk as it stands here.
    #[must_use]
    pub fn is_recorded(&self, row: &ConsentRow) -> bool {
        let is_it = |(merchant, purpose): &(MerchantId, Purpose)| {
            (merchant, *purpose) == (&row.merchant, row.purpose)
        };
        !self.unrecorded.as_ref().is_some_and(|unrecorded| unrecorded.consents.iter().any(is_it))
    }
}

/// Why there is no answer.
#[derive(Debug)]
pub enum Trouble {
    /// What was asked for is wrong; nothing was changed.
    Refused(Vec<Problem>),
    /// The world did not play along.
    Failed(String),
}

impl Trouble {
    /// A failure in the words of its error.
    #[expect(clippy::needless_pass_by_value, reason = "map_err gives the error away")]
    pub fn failed(error: impl ToString) -> Self {
        Self::Failed(error.to_string())
    }
}

impl From<RegistryError> for Trouble {
    fn from(error: RegistryError) -> Self {
        match error {
            RegistryError::Refused(why) => wrong(why),
            RegistryError::Io { .. } | RegistryError::Damaged { .. } | RegistryError::Suspect { .. } => {
                Self::failed(error)
            }
        }
    }
}

/// Holds the data, and hears words at the doors.
pub trait Holder: Send {
    /// The data directory.
    fn dir(&self) -> &Path;

    /// The time.
    fn now(&self) -> Timestamp;

    /// Who asks, for what is written down.
    fn by(&self) -> String;

    /// Hears words in their order; all are durable when it answers, in that order, and so is what they
    /// rest on.
    fn hear(&mut self, words: Vec<Word>) -> impl Future<Output = Result<Vec<Said>, Trouble>> + Send;

    /// What is known of a customer, and whether they were erased.
    fn state_of(
        &mut self,
        customer: &CustomerId,
    ) -> impl Future<Output = Result<Option<StateRow>, Trouble>> + Send;

    /// The same, and what of it is not recorded yet.
    fn standing_of(
        &mut self,
        customer: &CustomerId,
    ) -> impl Future<Output = Result<Standing, Trouble>> + Send;

    /// Waits until everything that was heard of a customer is durable; an answer that rests on it is true then.
    fn recorded(&mut self, customer: &CustomerId) -> impl Future<Output = Result<(), Trouble>> + Send;

    /// The ledger's entries about a customer, oldest first.
    fn entries_of(
        &mut self,
        customer: &CustomerId,
    ) -> impl Future<Output = Result<Vec<Numbered>, Trouble>> + Send;

    /// Who was erased.
    fn graves(&mut self) -> impl Future<Output = Result<Graves, Trouble>> + Send;

    /// Takes away everything of a customer; durable when it answers, with the signed statement.
    fn erase(
        &mut self,
        customer: &CustomerId,
    ) -> impl Future<Output = Result<(Erasure, String), Trouble>> + Send;

    /// Signs with the deployment's key; beside the signature, the key that checks it.
    fn sign(&mut self, message: &[u8]) -> impl Future<Output = Result<([u8; 64], [u8; 32]), Trouble>> + Send;

    /// Writes down what another deployment held of a customer of whom nothing is known here.
    fn adopt(
        &mut self,
        row: StateRow,
        entries: Vec<ledger::Entry>,
    ) -> impl Future<Output = Result<(), Trouble>> + Send;

    /// The fences and offers in force.
    fn house(&mut self) -> impl Future<Output = Result<Arc<House>, Trouble>> + Send;

    /// The registered notices.
    ///
    /// # Errors
    /// When their list cannot be read.
    fn notices(&mut self) -> Result<Arc<Registry>, Trouble>;

    /// Registers a notice; durable when it answers. `None` when it was registered already.
    fn register(&mut self, draft: Draft) -> impl Future<Output = Result<Option<Registered>, Trouble>> + Send;
}
