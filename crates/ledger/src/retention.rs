//! How long entries are kept.

use model::Millis;

/// For how long entries are kept; state rows live as long as they are needed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Retention {
    /// Decisions, deliveries and feedback, from when they were written.
    pub decisions: Millis,
    /// Consent entries, from when what was agreed to came to its end.
    pub consents: Millis,
}

impl Default for Retention {
    /// 13 months, and 3 years after the end.
    fn default() -> Self {
        Self { decisions: Millis::from_days(395), consents: Millis::from_days(3 * 365 + 1) }
    }
}

/// What a portion of deleting did.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Retained {
    /// Entries whose content is gone.
    pub n_entries: usize,
    /// Customers of whom nothing is left at all.
    pub n_customers: usize,
    /// There is more to look at: ask again soon.
    pub is_more_due: bool,
}
