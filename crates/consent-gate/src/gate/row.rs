//! One consent as the gate keeps it.

use std::sync::Arc;

use model::{MerchantId, MerchantNo, Timestamp};

use super::standing::{Long, Standing};
use crate::transition::{Past, stays_reminded};
use crate::{ConsentRow, ConsentState, NoticeName, Purpose};

#[derive(Debug)]
pub(super) struct Row {
    pub(super) merchant: MerchantNo,
    pub(super) purpose: Purpose,
    pub(super) reminded: bool,
    pub(super) notice: Option<Arc<NoticeName>>,
    standing: Standing,
}

/// What an applied event makes of a row.
pub(super) struct Applied {
    pub(super) state: ConsentState,
    /// No other change has it.
    pub(super) order: u64,
    /// It holds at once.
    pub(super) restricts: bool,
    pub(super) silences_until: Option<Timestamp>,
    pub(super) agreed_on: Option<Arc<NoticeName>>,
}

impl Row {
    /// What stands where no row is.
    pub(super) const NOBODYS: Self = Self::unknown(MerchantNo(u32::MAX), Purpose::Location);

    pub(super) const fn unknown(merchant: MerchantNo, purpose: Purpose) -> Self {
        Self { merchant, purpose, reminded: false, notice: None, standing: Standing::NONE }
    }

    pub(super) fn loaded(merchant: MerchantNo, row: &ConsentRow, notice: Option<Arc<NoticeName>>) -> Self {
        let &ConsentRow { purpose, state, restricted_at, reminded, .. } = row;
        let standing = Standing::new(Long { effective: state, weighed: state, restricted_at, awaits: None });
        Self { merchant, purpose, reminded, notice, standing }
    }

    pub(super) fn is_about(&self, merchant: MerchantNo, purpose: Purpose) -> bool {
        self.merchant == merchant && self.purpose == purpose
    }

    /// What the gate answers by.
    pub(super) const fn effective(&self) -> ConsentState {
        self.standing.effective()
    }

    /// What it will answer by when all that was weighed is recorded.
    pub(super) const fn weighed(&self) -> ConsentState {
        self.standing.weighed()
    }

    pub(super) fn past(&self) -> Past<'_> {
        Past {
            state: self.weighed(),
            restricted_at: self.standing.restricted_at(),
            notice: self.notice.as_deref(),
            erased_at: None,
        }
    }

    pub(super) fn apply(&mut self, applied: Applied) {
        let Applied { state, order, restricts, silences_until, agreed_on } = applied;
        let Long { effective, weighed, restricted_at, .. } = self.standing.long();
        self.reminded = stays_reminded(self.reminded, weighed, state);
        self.standing = Standing::new(Long {
            effective: if restricts { restricted_to(effective, state) } else { effective },
            weighed: state,
            restricted_at: restricted_at.max(silences_until),
            awaits: Some(order),
        });
        self.notice = agreed_on.or(self.notice.take());
    }

    /// Puts a recorded change in force, unless a later one has overtaken it.
    pub(super) fn confirm(&mut self, order: u64) {
        let long = self.standing.long();
        if long.awaits == Some(order) {
            self.standing = Standing::new(Long { effective: long.weighed, awaits: None, ..long });
        }
    }
}

/// What a restriction leaves in force at once: never more than was in force before.
fn restricted_to(effective: ConsentState, state: ConsentState) -> ConsentState {
    match (state, effective.granted_until()) {
        (ConsentState::Paused { until, granted_until }, Some(in_force_until)) => {
            ConsentState::Paused { until, granted_until: granted_until.min(in_force_until) }
        }
        // The grant beneath is not recorded yet.
        (ConsentState::Paused { .. }, None) | (ConsentState::Granted { .. }, _) => effective,
        (
            ConsentState::Unknown
            | ConsentState::Requested
            | ConsentState::PendingConfirmation { .. }
            | ConsentState::Refused
            | ConsentState::Withdrawn
            | ConsentState::Expired
            | ConsentState::Superseded
            | ConsentState::Suppressed { .. },
            _,
        ) => state,
    }
}

/// One consent as it stands once all that was weighed is recorded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RowView<'a> {
    /// Towards whom.
    pub merchant: MerchantNo,
    /// For what.
    pub purpose: Purpose,
    /// Where it stands.
    pub state: ConsentState,
    /// When it was last restricted.
    pub restricted_at: Option<Timestamp>,
    /// The text that was last agreed on.
    pub notice: Option<&'a NoticeName>,
    /// Its merchant has been told that the grant is about to end.
    pub reminded: bool,
}

impl<'a> RowView<'a> {
    pub(super) fn of(row: &'a Row) -> Self {
        Self {
            merchant: row.merchant,
            purpose: row.purpose,
            state: row.weighed(),
            restricted_at: row.standing.restricted_at(),
            notice: row.notice.as_deref(),
            reminded: row.reminded,
        }
    }

    /// The row as it is stored, under its merchant's name.
    #[must_use]
    pub fn named(&self, merchant: MerchantId) -> ConsentRow {
        ConsentRow {
            merchant,
            purpose: self.purpose,
            state: self.state,
            restricted_at: self.restricted_at,
            notice: self.notice.cloned(),
            reminded: self.reminded,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_takes_32_bytes() {
        assert_eq!(size_of::<Row>(), 32);
    }
}
