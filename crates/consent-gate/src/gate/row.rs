//! One consent as the gate keeps it.

use std::sync::Arc;

use model::{MerchantId, MerchantNo, Timestamp};

use crate::transition::{Past, stays_reminded};
use crate::{ConsentRow, ConsentState, NoticeName, Purpose};

#[derive(Debug)]
pub(super) struct Row {
    pub(super) merchant: MerchantNo,
    pub(super) purpose: Purpose,
    /// What the gate answers by.
    pub(super) effective: ConsentState,
    /// What it will answer by when all that was weighed is recorded.
    pub(super) weighed: ConsentState,
    pub(super) order: u32,
    pub(super) restricted_at: Option<Timestamp>,
    pub(super) notice: Option<Arc<NoticeName>>,
    pub(super) reminded: bool,
}

/// What an applied event makes of a row.
pub(super) struct Applied {
    pub(super) state: ConsentState,
    /// It holds at once.
    pub(super) restricts: bool,
    pub(super) silences_until: Option<Timestamp>,
    pub(super) agreed_on: Option<Arc<NoticeName>>,
}

impl Row {
    pub(super) const fn unknown(merchant: MerchantNo, purpose: Purpose) -> Self {
        let state = ConsentState::Unknown;
        Self {
            merchant,
            purpose,
            effective: state,
            weighed: state,
            order: 0,
            restricted_at: None,
            notice: None,
            reminded: false,
        }
    }

    pub(super) fn loaded(merchant: MerchantNo, row: &ConsentRow, notice: Option<Arc<NoticeName>>) -> Self {
        let (effective, weighed, restricted_at, reminded) =
            (row.state, row.state, row.restricted_at, row.reminded);
        Self { effective, weighed, restricted_at, notice, reminded, ..Self::unknown(merchant, row.purpose) }
    }

    pub(super) fn past(&self) -> Past<'_> {
        Past {
            state: self.weighed,
            restricted_at: self.restricted_at,
            notice: self.notice.as_deref(),
            erased_at: None,
        }
    }

    pub(super) fn apply(&mut self, applied: Applied) {
        let Applied { state, restricts, silences_until, agreed_on } = applied;
        self.reminded = stays_reminded(self.reminded, self.weighed, state);
        self.weighed = state;
        self.order = self.order.wrapping_add(1);
        if restricts {
            self.effective = self.restricted_to(state);
        }
        self.restricted_at = self.restricted_at.max(silences_until);
        self.notice = agreed_on.or(self.notice.take());
    }

    /// What a restriction leaves in force at once: never more than was in force before.
    fn restricted_to(&self, state: ConsentState) -> ConsentState {
        match (state, self.effective.granted_until()) {
            (ConsentState::Paused { until, granted_until }, Some(in_force_until)) => {
                ConsentState::Paused { until, granted_until: granted_until.min(in_force_until) }
            }
            // The grant beneath is not recorded yet.
            (ConsentState::Paused { .. }, None) | (ConsentState::Granted { .. }, _) => self.effective,
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
            state: row.weighed,
            restricted_at: row.restricted_at,
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
