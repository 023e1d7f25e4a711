//! What operators have said of offers while they are served: paused, running again, stopped for good.
//!
//! It lies in `offers.json` in the data directory, one order after the other, and the newest of an offer
//! holds. An order counts once the list is durable; a server lets no offer pass before it has read it.

mod list;

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use model::{OfferId, Timestamp};
use offers::{Catalogue, OperatorState};
use serde::{Deserialize, Serialize};
use settings::{Problem, Shown, nearest};
use store::{CheckedList, NotReplaced, replace_file};

use crate::explain::clock;

/// An order that was given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Order {
    /// Which offer.
    pub offer: OfferId,
    /// How it stands from then on.
    pub state: OperatorState,
    /// When.
    pub at: Timestamp,
    /// By whom.
    pub by: Box<str>,
    /// Why, in the operator's words.
    pub why: Option<Box<str>>,
}

/// What an operator wants of an offer.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct OfferWish {
    /// Its id.
    pub offer: String,
    /// The word of the state that it is to be in.
    pub state: String,
    /// Why, in the operator's words.
    pub why: Option<String>,
}

/// Every order of a data directory that is kept, oldest first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Orders {
    path: PathBuf,
    given: Vec<Order>,
    /// The list was held against its checksum; an older one has none.
    is_checked: bool,
    /// A failed sync leaves open what a power loss would leave.
    is_suspect: bool,
}

/// Why orders cannot be read or given.
#[derive(Debug, thiserror::Error)]
pub enum OrdersError {
    /// The world did not play along; nothing was changed.
    #[error("{}: {source}", .path.display())]
    Io {
        /// With which file.
        path: PathBuf,
        /// What it said.
        source: io::Error,
    },
    /// The list is none.
    #[error(
        "{} is damaged: {why}; put it back from a backup, or take it away, and every offer runs",
        .path.display()
    )]
    Damaged {
        /// The list.
        path: PathBuf,
        /// What is wrong with it.
        why: String,
    },
    /// A rename could not be synced.
    #[error("{}: {source}: start the server again, which looks", .path.display())]
    Suspect {
        /// The list.
        path: PathBuf,
        /// What the system said.
        source: NotReplaced,
    },
    /// After [`OrdersError::Suspect`] nothing is written.
    #[error("a sync failed before; start the server again, which looks what is on the disk")]
    NotTrusted,
}

/// Older orders that are kept beside the newest of each offer.
const OLD_MAX: usize = 1_000;

/// Longest reason in bytes: a sentence or two.
const WHY_LEN_MAX: usize = 500;

impl Orders {
    /// Reads the orders of a data directory; none were given where there is no list.
    ///
    /// # Errors
    /// When the list cannot be read: which offers were stopped is not guessed.
    pub fn read(data_dir: &Path) -> Result<Self, OrdersError> {
        let path = data_dir.join("offers.json");
        let list = match fs::read(&path) {
            Ok(bytes) => {
                list::parse(&bytes).map_err(|why| OrdersError::Damaged { path: path.clone(), why })?
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                CheckedList { said: Vec::new(), is_checked: true }
            }
            Err(source) => return Err(OrdersError::Io { path, source }),
        };
        let CheckedList { said: given, is_checked } = list;
        Ok(Self { path, given, is_checked, is_suspect: false })
    }

    /// Gives a list of an older version its checksum, for whoever holds the data directory.
    ///
    /// # Errors
    /// When it cannot be read or written.
    pub fn take_over(data_dir: &Path) -> Result<(), OrdersError> {
        let mut orders = Self::read(data_dir)?;
        if orders.is_checked { Ok(()) } else { orders.write(orders.given.clone()) }
    }

    /// Whether the list was held against a checksum of its own.
    #[must_use]
    pub const fn is_checked(&self) -> bool {
        self.is_checked
    }

    /// Every order that is kept, oldest first.
    #[must_use]
    pub fn given(&self) -> &[Order] {
        &self.given
    }

    /// The order that holds for an offer, if one was ever given.
    #[must_use]
    pub fn of(&self, offer: &OfferId) -> Option<&Order> {
        self.given.iter().rfind(|order| order.offer == *offer)
    }

    /// The order that holds for each offer.
    #[must_use]
    pub fn in_force(&self) -> BTreeMap<&OfferId, &Order> {
        self.given.iter().map(|order| (&order.offer, order)).collect()
    }

    /// The same offers in the states that they were ordered into.
    #[must_use]
    pub fn applied_to(&self, catalogue: &Catalogue) -> Catalogue {
        let states = self.in_force().into_iter().map(|(offer, order)| (offer.clone(), order.state));
        catalogue.operated(&states.collect())
    }

    /// The order that a wish comes to; `None` when the offer is in that state.
    ///
    /// # Errors
    /// An offer that nobody knows, and one that was stopped.
    pub fn weigh(
        &self,
        wish: &OfferWish,
        known: &[OfferId],
        by: &str,
        now: Timestamp,
    ) -> Result<Option<Order>, Vec<Problem>> {
        let problem = |reason: String| Problem::of_file(Path::new("offers"), reason);
        let state = OperatorState::from_word(&wish.state);
        let state = state.ok_or_else(|| vec![problem(format!("{:?} is no state", wish.state))])?;
        if wish.why.as_ref().is_some_and(|why| WHY_LEN_MAX < why.len()) {
            return Err(vec![problem(format!("the reason is longer than {WHY_LEN_MAX} bytes"))]);
        }
        let in_force = self.in_force();
        let mut ids = known.iter().chain(in_force.keys().copied());
        let Some(offer) = ids.find(|id| id.as_str() == wish.offer) else {
            let unknown = problem(format!("no offer has the id {:?}", wish.offer));
            let near =
                nearest(&wish.offer, known.iter().chain(in_force.keys().copied()).map(OfferId::as_str));
            return Err(vec![match near {
                Some(near) => unknown.with_hint(format!("did you mean {near:?}?")),
                None => unknown,
            }]);
        };
        let last = in_force.get(offer).copied();
        let was = last.map_or(OperatorState::Running, |order| order.state);
        match (was, last) {
            _ if was == state => Ok(None),
            (OperatorState::Stopped, Some(stop)) => {
                let reason = format!(
                    "{} was stopped by {} at {}, and stopped is for good",
                    offer.as_str(),
                    Shown(&stop.by),
                    clock(stop.at)
                );
                let hint = "write it under a new id in the offers file, and run stile reload";
                Err(vec![problem(reason).with_hint(hint)])
            }
            (OperatorState::Running | OperatorState::Paused | OperatorState::Stopped, _) => Ok(Some(Order {
                offer: offer.clone(),
                state,
                at: now,
                by: by.into(),
                why: wish.why.as_deref().map(Into::into),
            })),
        }
    }

    /// Gives an order; it is durable on return.
    ///
    /// # Errors
    /// Nothing is changed then, except where it says that nobody knows.
    pub fn give(&mut self, order: Order) -> Result<(), OrdersError> {
        let mut given = self.given.clone();
        given.push(order);
        forget_old(&mut given);
        self.write(given)
    }

    fn write(&mut self, given: Vec<Order>) -> Result<(), OrdersError> {
        if self.is_suspect {
            return Err(OrdersError::NotTrusted);
        }
        replace_file(&self.path, &list::to_bytes(&given)).map_err(|error| {
            let path = self.path.clone();
            match error {
                NotReplaced::Io(source) => OrdersError::Io { path, source },
                NotReplaced::Suspect(_) => {
                    self.is_suspect = true;
                    OrdersError::Suspect { path, source: error }
                }
            }
        })?;
        (self.given, self.is_checked) = (given, true);
        Ok(())
    }
}

/// Forgets the oldest orders that hold no more, and that an offer runs again.
fn forget_old(given: &mut Vec<Order>) {
    let n_old = given.len().saturating_sub(OLD_MAX);
    let holds = |i: usize| {
        let order = &given[i];
        let is_last = !given[i + 1..].iter().any(|later| later.offer == order.offer);
        is_last && order.state != OperatorState::Running
    };
    let stays: Vec<bool> = (0..given.len()).map(|i| n_old <= i || holds(i)).collect();
    let mut stays = stays.into_iter();
    given.retain(|_| stays.next() == Some(true));
}

#[cfg(test)]
mod tests;
