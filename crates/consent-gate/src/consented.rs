//! The proof that someone agreed, as a type.

use model::CustomerNo;

/// Counts a customer's restrictions; what was decided under an older one is void.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Epoch(pub u32);

impl Epoch {
    /// The epoch after one more restriction.
    #[must_use]
    pub const fn next(self) -> Self {
        Self(self.0.saturating_add(1))
    }
}

/// Something that may be looked at, because its customer agreed when the gate was asked.
///
/// Invariant: only the gate makes one; it cannot be cloned.
#[derive(Debug)]
pub struct Consented<T> {
    value: T,
    customer: CustomerNo,
    epoch: Epoch,
}

impl<T> Consented<T> {
    pub(crate) const fn new(value: T, customer: CustomerNo, epoch: Epoch) -> Self {
        Self { value, customer, epoch }
    }

    /// Changes what is held and keeps whose it is and under which epoch.
    pub fn map<U>(self, change: impl FnOnce(T) -> U) -> Consented<U> {
        Consented { value: change(self.value), customer: self.customer, epoch: self.epoch }
    }

    /// What is held.
    pub const fn value(&self) -> &T {
        &self.value
    }

    /// What is held, for the last step of its way.
    pub fn into_value(self) -> T {
        self.value
    }

    /// Whose it is.
    pub const fn customer(&self) -> CustomerNo {
        self.customer
    }

    /// The epoch under which the gate said yes.
    pub const fn epoch(&self) -> Epoch {
        self.epoch
    }
}
