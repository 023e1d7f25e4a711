//! Where a row stands, in as little room as most rows need.

use model::Timestamp;

use crate::{Block, ConsentState};

/// The states of one consent and when it was last restricted, in 16 bytes for those that most people have.
///
/// Invariant: whatever fits one of the short forms has it.
#[derive(Debug)]
pub(super) enum Standing {
    /// Granted, recorded, never restricted.
    Granted { until: Timestamp },
    /// Not granted, and all that was weighed is recorded.
    Ended { how: Ended, restricted_at: LastTime },
    /// Whatever else it may be.
    Long(Box<Long>),
}

/// The states that hold no instant.
#[derive(Clone, Copy, Debug)]
pub(super) enum Ended {
    Unknown,
    Requested,
    Refused,
    Withdrawn,
    Expired,
    Superseded,
    Suppressed { why: Block },
}

/// When something happened last; the earliest instant there is means never.
#[derive(Clone, Copy, Debug)]
pub(super) struct LastTime(Timestamp);

/// All of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Long {
    /// What the gate answers by.
    pub(super) effective: ConsentState,
    /// What it will answer by when all that was weighed is recorded.
    pub(super) weighed: ConsentState,
    pub(super) restricted_at: Option<Timestamp>,
    /// The order of the change that is not recorded yet.
    pub(super) awaits: Option<u64>,
}

impl Standing {
    /// Of a consent of which nothing was said.
    pub(super) const NONE: Self =
        Self::Ended { how: Ended::Unknown, restricted_at: LastTime(Timestamp::MIN) };

    pub(super) fn new(long: Long) -> Self {
        let Long { effective, restricted_at, awaits, .. } = long;
        match (awaits, Ended::of(effective), effective, restricted_at) {
            (None, Some(how), _, _) => Self::Ended { how, restricted_at: LastTime::new(restricted_at) },
            (None, None, ConsentState::Granted { until }, None) => Self::Granted { until },
            (_, _, _, _) => Self::Long(Box::new(long)),
        }
    }

    pub(super) fn long(&self) -> Long {
        let recorded =
            |state, restricted_at| Long { effective: state, weighed: state, restricted_at, awaits: None };
        match self {
            Self::Granted { until } => recorded(ConsentState::Granted { until: *until }, None),
            Self::Ended { how, restricted_at } => recorded(how.state(), restricted_at.get()),
            Self::Long(long) => **long,
        }
    }

    pub(super) const fn effective(&self) -> ConsentState {
        match self {
            Self::Granted { until } => ConsentState::Granted { until: *until },
            Self::Ended { how, .. } => how.state(),
            Self::Long(long) => long.effective,
        }
    }

    pub(super) const fn weighed(&self) -> ConsentState {
        match self {
            Self::Long(long) => long.weighed,
            Self::Granted { .. } | Self::Ended { .. } => self.effective(),
        }
    }

    pub(super) fn restricted_at(&self) -> Option<Timestamp> {
        match self {
            Self::Granted { .. } => None,
            Self::Ended { restricted_at, .. } => restricted_at.get(),
            Self::Long(long) => long.restricted_at,
        }
    }
}

impl Ended {
    const fn of(state: ConsentState) -> Option<Self> {
        match state {
            ConsentState::Unknown => Some(Self::Unknown),
            ConsentState::Requested => Some(Self::Requested),
            ConsentState::Refused => Some(Self::Refused),
            ConsentState::Withdrawn => Some(Self::Withdrawn),
            ConsentState::Expired => Some(Self::Expired),
            ConsentState::Superseded => Some(Self::Superseded),
            ConsentState::Suppressed { why } => Some(Self::Suppressed { why }),
            ConsentState::PendingConfirmation { .. }
            | ConsentState::Granted { .. }
            | ConsentState::Paused { .. } => None,
        }
    }

    const fn state(self) -> ConsentState {
        match self {
            Self::Unknown => ConsentState::Unknown,
            Self::Requested => ConsentState::Requested,
            Self::Refused => ConsentState::Refused,
            Self::Withdrawn => ConsentState::Withdrawn,
            Self::Expired => ConsentState::Expired,
            Self::Superseded => ConsentState::Superseded,
            Self::Suppressed { why } => ConsentState::Suppressed { why },
        }
    }
}

impl LastTime {
    fn new(at: Option<Timestamp>) -> Self {
        Self(at.unwrap_or(Timestamp::MIN))
    }

    fn get(self) -> Option<Timestamp> {
        Some(self.0).filter(|at| *at != Timestamp::MIN)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::TokenHash;

    #[test]
    fn a_standing_takes_16_bytes_and_most_need_no_more() {
        assert_eq!(size_of::<Standing>(), 16);
        let at = Timestamp::from_unix_ms(5);
        let long = |state, restricted_at| {
            let long = Long { effective: state, weighed: state, restricted_at, awaits: None };
            matches!(Standing::new(long), Standing::Long(_))
        };
        assert!(!long(ConsentState::Granted { until: at }, None));
        assert!(!long(ConsentState::Withdrawn, Some(at)));
        assert!(long(ConsentState::Granted { until: at }, Some(at)), "granted again");
    }

    #[test]
    fn whatever_is_kept_in_short_is_told_at_length() {
        let [until, granted_until] = [3, 9].map(Timestamp::from_unix_ms);
        let token = TokenHash::from_bytes([7; 32]);
        let states = [
            ConsentState::Unknown,
            ConsentState::Requested,
            ConsentState::PendingConfirmation { until, granted_until, token, renews: None },
            ConsentState::PendingConfirmation { until, granted_until, token, renews: Some(until) },
            ConsentState::Granted { until },
            ConsentState::Paused { until, granted_until },
            ConsentState::Refused,
            ConsentState::Withdrawn,
            ConsentState::Expired,
            ConsentState::Superseded,
            ConsentState::Suppressed { why: Block::Minor },
            ConsentState::Suppressed { why: Block::Legal },
        ];
        for (effective, weighed) in states.into_iter().flat_map(|one| states.map(|other| (one, other))) {
            for restricted_at in [None, Some(until)] {
                let awaits = (effective != weighed).then_some(4);
                let long = Long { effective, weighed, restricted_at, awaits };
                let standing = Standing::new(long);
                assert_eq!(standing.long(), long);
                let parts = (standing.effective(), standing.weighed(), standing.restricted_at());
                assert_eq!(parts, (effective, weighed, restricted_at));
            }
        }
    }
}
