//! What commands ask of a running machine: how somebody stands, and whether that is durable.

use std::sync::Arc;
use std::time::Duration;

use consent_gate::Purpose;
use engine::{Engine, House};
use ledger::{Retention, StateRow, StorageError};
use model::{CustomerId, MerchantId, Timestamp};

use super::Running;
use crate::machine::inbound::NotDurable;
use crate::machine::shard::ShardError;

/// A customer as the engine knows them.
#[derive(Clone, Debug)]
pub struct Standing {
    /// What is known; `None` of a stranger.
    pub state: Option<StateRow>,
    /// The consents whose last change is not durable yet.
    pub unrecorded: Vec<(MerchantId, Purpose)>,
    /// They are being erased.
    pub is_leaving: bool,
    /// The engine's time.
    pub at: Timestamp,
}

/// Between two looks at whether somebody has been erased.
const LOOK_AGAIN_AFTER: Duration = Duration::from_millis(20);

impl Running {
    /// Answers once everything that was heard of a customer so far is durable, an erasure too.
    ///
    /// While the ledger cannot be written that is never: whoever asks brings a patience.
    ///
    /// # Errors
    /// When the machine stops.
    pub async fn recorded(&self, customer: &CustomerId) -> Result<(), NotDurable> {
        let shard = &self.shards[self.shard_no(customer)];
        loop {
            let (ticket, settled) = self.inbound.tickets.issue(None);
            let asked = customer.clone();
            let behind = move |engine: &mut Engine| {
                engine.settle_when_recorded(ticket);
                engine.is_leaving(&asked)
            };
            let Ok(is_leaving) = shard.ask(behind).await else {
                self.inbound.tickets.void(ticket);
                return Err(NotDurable);
            };
            settled.await.map_err(|_| NotDurable)?;
            if !is_leaving {
                return Ok(());
            }
            tokio::time::sleep(LOOK_AGAIN_AFTER).await;
        }
    }

    /// What is known of a customer at one moment, and what of it is not durable yet.
    ///
    /// # Errors
    /// When the customer's shard has stopped.
    pub async fn standing_of(&self, customer: &CustomerId) -> Result<Standing, ShardError> {
        let asked = customer.clone();
        let look = move |engine: &mut Engine| Standing {
            state: engine.state_of(&asked),
            unrecorded: engine.unrecorded(&asked),
            is_leaving: engine.is_leaving(&asked),
            at: engine.now(),
        };
        self.shards[self.shard_no(customer)].ask(look).await
    }

    /// The fences and offers in force.
    ///
    /// # Errors
    /// When a shard has stopped.
    pub async fn house(&self) -> Result<Arc<House>, ShardError> {
        self.shards[0].ask(|engine| engine.house().clone()).await
    }

    /// For how long entries are kept.
    #[must_use]
    pub const fn retention(&self) -> Retention {
        self.keep
    }

    /// Why nothing can be made durable now; `None` while all is well.
    #[must_use]
    pub fn trouble(&self) -> Option<StorageError> {
        self.writer.trouble()
    }
}
