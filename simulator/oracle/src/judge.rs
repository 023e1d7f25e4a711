//! Offers seen from outside, held against those that were due, one for one.

use std::collections::{BTreeMap, BTreeSet};

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
    /// The name that it must go out with, where it can be worked out.
    pub id: Option<u128>,
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
/// Offers match by their names, and those whose names tell nothing by customer, fence and offer, the
/// first due with the first given and so on. Costs a sort of both.
#[must_use]
pub fn judge(
    expected: &[Expected],
    observed: &[Observed],
    withdrawals: &[Withdrawal],
    tolerance: &Tolerance,
) -> Vec<Judgement> {
    let mut judged = Vec::with_capacity(expected.len() + observed.len());
    let mut ids = BTreeSet::new();
    let mut given: BTreeMap<Subject, Vec<Observed>> = BTreeMap::new();
    let mut in_order = observed.to_vec();
    in_order.sort_unstable();
    for one in in_order {
        let verdict = if one.heard_by != one.customer {
            Verdict::WrongCustomer
        } else if !ids.insert(one.id) {
            Verdict::Duplicate
        } else {
            given.entry((one.customer, one.fence, one.offer)).or_default().push(one);
            continue;
        };
        judged.push(Judgement { verdict, expected: None, observed: Some(one) });
    }
    let mut due: BTreeMap<Subject, Vec<Expected>> = BTreeMap::new();
    let mut in_order = expected.to_vec();
    in_order.sort_unstable();
    for one in in_order {
        due.entry((one.customer, one.fence, one.offer)).or_default().push(one);
    }
    let held_back = HeldBack::of(withdrawals, tolerance.grace_ms);
    let subjects: BTreeSet<Subject> = due.keys().chain(given.keys()).copied().collect();
    for subject in subjects {
        let (due, given) = (due.remove(&subject), given.remove(&subject));
        let pairs = pair(&due.unwrap_or_default(), given.unwrap_or_default(), tolerance);
        judged.extend(pairs.into_iter().map(|(due, given)| held_back.judge(due, given, tolerance)));
    }
    swap_addressees(&mut judged, tolerance);
    judged
}

/// What verdicts are counted by: customer, fence, offer.
type Subject = (u32, u32, u32);

type Pair = (Option<Expected>, Option<Observed>);

/// By name; what is left, the first due with the first given in time.
fn pair(due: &[Expected], given: Vec<Observed>, tolerance: &Tolerance) -> Vec<Pair> {
    let (mut pairs, mut due, mut given) = (Vec::new(), due.to_vec(), given);
    due.retain(|one| {
        let named = given.iter().position(|given| one.id == Some(given.id));
        pairs.extend(named.map(|at| (Some(*one), Some(given.remove(at)))));
        named.is_none()
    });
    pair_in_order(&due, given, tolerance, &mut pairs);
    pairs
}

fn pair_in_order(due: &[Expected], given: Vec<Observed>, tolerance: &Tolerance, pairs: &mut Vec<Pair>) {
    let mut given = given.into_iter().peekable();
    for (i, one) in due.iter().enumerate() {
        while let Some(early) = given.next_if(|given| given.at_ms < one.at_ms - tolerance.grace_ms) {
            pairs.push((None, Some(early)));
        }
        let next_ms = due.get(i + 1).map_or(i64::MAX, |next| next.at_ms - tolerance.grace_ms);
        let in_time = |given: &Observed| given.at_ms - one.at_ms <= tolerance.late_after_ms;
        pairs.push((Some(*one), given.next_if(|given| in_time(given) || given.at_ms < next_ms)));
    }
    pairs.extend(given.map(|given| (None, Some(given))));
}

/// Withdrawals by customer.
struct HeldBack {
    of: BTreeMap<u32, Vec<Withdrawal>>,
    grace_ms: i64,
}

impl HeldBack {
    fn of(withdrawals: &[Withdrawal], grace_ms: i64) -> Self {
        let mut of: BTreeMap<u32, Vec<Withdrawal>> = BTreeMap::new();
        for withdrawal in withdrawals {
            of.entry(withdrawal.customer).or_default().push(*withdrawal);
        }
        Self { of, grace_ms }
    }

    fn judge(
        &self,
        expected: Option<Expected>,
        observed: Option<Observed>,
        tolerance: &Tolerance,
    ) -> Judgement {
        let verdict = match (expected, observed) {
            (_, Some(observed)) if self.is_leak(&observed) => Verdict::Leaked,
            (Some(expected), Some(observed)) => {
                let is_late = tolerance.late_after_ms < observed.at_ms - expected.at_ms;
                if is_late { Verdict::Late } else { Verdict::Correct }
            }
            (None, Some(observed)) => {
                self.unless_unsure(observed.customer, observed.at_ms, Verdict::Unexpected)
            }
            (Some(expected), None) => self.unless_unsure(expected.customer, expected.at_ms, Verdict::Missing),
            (None, None) => unreachable!("a pair has at least one side"),
        };
        Judgement { verdict, expected, observed }
    }

    fn withdrawals(&self, customer: u32) -> &[Withdrawal] {
        self.of.get(&customer).map_or(&[], Vec::as_slice)
    }

    /// Given after the acknowledgement and before the next yes.
    fn is_leak(&self, observed: &Observed) -> bool {
        self.withdrawals(observed.customer).iter().any(|one| {
            one.acknowledged_at_ms.saturating_add(self.grace_ms) < observed.at_ms
                && observed.at_ms < one.agreed_again_at_ms
        })
    }

    fn unless_unsure(&self, customer: u32, at_ms: i64, verdict: Verdict) -> Verdict {
        let is_unsure = self.withdrawals(customer).iter().any(|one| {
            one.said_at_ms - self.grace_ms <= at_ms
                && at_ms <= one.acknowledged_at_ms.saturating_add(self.grace_ms)
        });
        if is_unsure { Verdict::Excused } else { verdict }
    }
}

/// What one customer was not due while another missed the very same was given to the wrong one.
fn swap_addressees(judged: &mut Vec<Judgement>, tolerance: &Tolerance) {
    let mut missing: BTreeMap<(u32, u32), Vec<usize>> = BTreeMap::new();
    for (i, one) in judged.iter().enumerate() {
        if let (Verdict::Missing, Some(expected)) = (one.verdict, one.expected) {
            missing.entry((expected.fence, expected.offer)).or_default().push(i);
        }
    }
    let mut found = BTreeSet::new();
    for i in 0..judged.len() {
        let (Verdict::Unexpected, Some(observed)) = (judged[i].verdict, judged[i].observed) else { continue };
        let Some(others) = missing.get_mut(&(observed.fence, observed.offer)) else { continue };
        let is_it = |other: &usize| {
            judged[*other].expected.is_some_and(|expected| {
                (expected.at_ms - tolerance.grace_ms..=expected.at_ms + tolerance.late_after_ms)
                    .contains(&observed.at_ms)
            })
        };
        if let Some(place) = others.iter().position(is_it) {
            let other = others.swap_remove(place);
            let expected = judged[other].expected;
            judged[i] = Judgement { verdict: Verdict::WrongCustomer, expected, observed: Some(observed) };
            found.insert(other);
        }
    }
    let mut no = 0;
    judged.retain(|_| {
        no += 1;
        !found.contains(&(no - 1))
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    const TOLERANCE: Tolerance = Tolerance { late_after_ms: 1_000, grace_ms: 100 };

    fn due(at_ms: i64, customer: u32) -> Expected {
        Expected { at_ms, customer, fence: 1, offer: 2, id: None }
    }

    fn given(at_ms: i64, customer: u32) -> Observed {
        let id = u128::from(customer) << 64 | at_ms as u128;
        Observed { at_ms, customer, heard_by: customer, fence: 1, offer: 2, id }
    }

    fn check(expected: &[Expected], observed: &[Observed], withdrawals: &[Withdrawal], says: &[Verdict]) {
        let judged = judge(expected, observed, withdrawals, &TOLERANCE);
        let mut verdicts: Vec<Verdict> = judged.iter().map(|one| one.verdict).collect();
        verdicts.sort_unstable();
        let mut says = says.to_vec();
        says.sort_unstable();
        assert_eq!(verdicts, says, "{judged:?}");
    }

    #[test]
    fn offers_match_one_for_one_in_their_order() {
        use Verdict::{Correct, Late, Missing, Unexpected};
        check(&[due(0, 1), due(9_000, 1)], &[given(10, 1), given(9_010, 1)], &[], &[Correct, Correct]);
        check(&[due(0, 1), due(9_000, 1)], &[given(9_010, 1)], &[], &[Missing, Correct]);
        check(&[due(0, 1), due(9_000, 1)], &[given(2_000, 1), given(9_010, 1)], &[], &[Late, Correct]);
        check(&[due(9_000, 1)], &[given(10, 1), given(9_010, 1)], &[], &[Unexpected, Correct]);
        check(&[due(0, 1)], &[given(0, 1), given(5, 1)], &[], &[Correct, Unexpected]);
    }

    #[test]
    fn a_name_tells_which_of_two_was_given() {
        let named = |at_ms| Expected { id: Some(given(at_ms + 2, 1).id), ..due(at_ms, 1) };
        let withdrawal =
            Withdrawal { customer: 1, said_at_ms: 20, acknowledged_at_ms: 30, agreed_again_at_ms: 300 };
        let check = |observed: &[Observed], withdrawals: &[Withdrawal], says: &[Verdict]| {
            check(&[named(0), named(500)], observed, withdrawals, says);
        };
        // The first was taken back while it was on its way; the second comes within its time.
        check(&[given(502, 1)], &[withdrawal], &[Verdict::Excused, Verdict::Correct]);
        check(&[given(502, 1)], &[], &[Verdict::Missing, Verdict::Correct]);
        check(&[given(2, 1)], &[], &[Verdict::Correct, Verdict::Missing]);
    }

    #[test]
    fn what_is_given_twice_is_a_duplicate() {
        let again = Observed { at_ms: 50, ..given(10, 1) };
        check(&[due(0, 1)], &[given(10, 1), again], &[], &[Verdict::Correct, Verdict::Duplicate]);
    }

    #[test]
    fn what_somebody_else_is_given_is_the_wrong_customers() {
        let overheard = Observed { heard_by: 7, ..given(10, 1) };
        check(&[due(0, 1)], &[overheard], &[], &[Verdict::WrongCustomer, Verdict::Missing]);
        check(&[due(0, 1)], &[given(10, 3)], &[], &[Verdict::WrongCustomer]);
        check(&[due(0, 1)], &[given(5_000, 3)], &[], &[Verdict::Unexpected, Verdict::Missing]);
    }

    #[test]
    fn nothing_may_come_once_a_withdrawal_is_acknowledged() {
        let withdrawal = Withdrawal {
            customer: 1,
            said_at_ms: 1_000,
            acknowledged_at_ms: 1_200,
            agreed_again_at_ms: 60_000,
        };
        let check = |expected: &[Expected], observed: &[Observed], verdict| {
            check(expected, observed, &[withdrawal], &[verdict]);
        };
        check(&[], &[given(1_301, 1)], Verdict::Leaked);
        check(&[due(900, 1)], &[given(1_301, 1)], Verdict::Leaked);
        check(&[], &[given(1_300, 1)], Verdict::Excused);
        check(&[due(900, 1)], &[], Verdict::Excused);
        check(&[due(899, 1)], &[], Verdict::Missing);
        check(&[due(899, 1)], &[given(1_250, 1)], Verdict::Correct);
        check(&[due(60_000, 1)], &[given(60_000, 1)], Verdict::Correct);
        check(&[], &[given(1_301, 2)], Verdict::Unexpected);
    }
}
