//! Words on one consent, one after the other.

use super::*;
use crate::rules::DAY;

const GRANT: Word = Word::Grant { until_ms: None, token: None };
const TERMS: Terms = Terms {
    is_double: false,
    grant_lasts_ms: 365 * DAY,
    lasts_max_ms: Some(365 * DAY),
    token_lasts_ms: 3 * DAY,
    erased_at_ms: None,
};

/// At what time, what, shown or said when; what became of it, and the reason of a no at that time
/// once it is durable.
type Step = (i64, Word, Option<i64>, Effect, Option<&'static str>);

/// A story of one row.
fn check(story: &[Step]) {
    let mut row = Row::unknown(0, Purpose::Location);
    for (i, &(now_ms, word, evidence, effect, refusal)) in story.iter().enumerate() {
        let is_grant = matches!(word, Word::Grant { .. });
        let shown_at_ms = evidence.filter(|_| is_grant);
        let evidence_at_ms = evidence.filter(|_| !is_grant);
        let consent = Consent { shown_at_ms, ..Consent::said(word, evidence_at_ms) };
        let became = if consent.proves_nothing(false, now_ms) {
            Effect::NoEvidence
        } else {
            row.hear(&consent, &TERMS, now_ms).0
        };
        assert_eq!(became, effect, "step {i}");
        row.write();
        row.confirm(row.n_said());
        assert_eq!(row.in_force.refusal(now_ms), refusal, "step {i}");
    }
}

#[test]
fn a_notice_shown_before_the_last_no_grants_nothing() {
    check(&[
        (1_000, GRANT, Some(900), Effect::Applied, None),
        (2_000, Word::Withdraw, None, Effect::Applied, Some("withdrawn")),
        (3_000, GRANT, Some(2_000), Effect::LateGrant, Some("withdrawn")),
        (3_000, GRANT, Some(2_001), Effect::Applied, None),
        (4_000, Word::Refuse, None, Effect::Applied, Some("refused")),
    ]);
}

#[test]
fn a_yes_needs_evidence_and_may_come_from_a_clock_a_minute_ahead() {
    check(&[
        (1_000, GRANT, None, Effect::NoEvidence, Some("not_granted")),
        (1_000, GRANT, Some(61_001), Effect::NoEvidence, Some("not_granted")),
        (1_000, GRANT, Some(61_000), Effect::Applied, None),
        (2_000, Word::Withdraw, None, Effect::Applied, Some("withdrawn")),
        // It has used its moment up.
        (3_000, GRANT, Some(61_000), Effect::LateGrant, Some("withdrawn")),
    ]);
}

#[test]
fn a_pause_ends_by_itself_and_never_extends_the_grant() {
    check(&[
        (0, Word::Grant { until_ms: Some(10_000), token: None }, Some(0), Effect::Applied, None),
        (1_000, Word::Pause { until_ms: Some(5_000) }, None, Effect::Applied, Some("paused")),
        (5_000, Word::Resume, Some(900), Effect::LateGrant, None),
        (6_000, Word::Pause { until_ms: Some(20_000) }, None, Effect::Applied, Some("paused")),
        (20_000, Word::Resume, None, Effect::NoEvidence, Some("expired")),
    ]);
}

#[test]
fn a_yes_to_be_seen_lasts_a_year_whatever_end_it_names() {
    let far = Word::Grant { until_ms: Some(99_999_999_999_999), token: None };
    check(&[
        (0, far, Some(0), Effect::Applied, None),
        (365 * DAY - 1, Word::Resume, Some(1), Effect::NothingToChange, None),
        (365 * DAY, Word::Resume, Some(1), Effect::NothingToChange, Some("expired")),
    ]);
}

#[test]
fn a_pause_told_late_does_not_shorten_the_one_after_it() {
    check(&[
        (0, GRANT, Some(0), Effect::Applied, None),
        (1_000, Word::Pause { until_ms: Some(9_000) }, Some(1_000), Effect::Applied, Some("paused")),
        (2_000, Word::Pause { until_ms: Some(1_500) }, Some(500), Effect::Applied, Some("paused")),
        (3_000, Word::Pause { until_ms: Some(3_500) }, Some(3_000), Effect::Applied, Some("paused")),
        (3_500, Word::Resume, Some(2_000), Effect::LateGrant, None),
    ]);
}

#[test]
fn what_was_not_granted_is_neither_paused_nor_resumed() {
    check(&[
        (0, Word::Pause { until_ms: None }, None, Effect::NothingToChange, Some("not_granted")),
        (0, Word::Resume, Some(0), Effect::NothingToChange, Some("not_granted")),
        (0, Word::Withdraw, None, Effect::Applied, Some("withdrawn")),
        (0, Word::Pause { until_ms: None }, None, Effect::NothingToChange, Some("withdrawn")),
    ]);
}

#[test]
fn a_grant_counts_once_durable_and_a_withdrawal_at_once() {
    let mut row = Row::unknown(0, Purpose::Location);
    row.hear(&Consent::grant(None, 0), &TERMS, 0);
    assert_eq!(row.in_force.refusal(0), Some("not_granted"));
    let n_said = row.n_said();
    row.write();
    row.hear(&Consent::said(Word::Withdraw, None), &TERMS, 1);
    row.confirm(n_said);
    assert_eq!(row.in_force.refusal(1), Some("withdrawn"));
    row.hear(&Consent::grant(None, 2), &TERMS, 2);
    row.hear(&Consent::said(Word::Pause { until_ms: Some(9) }, None), &TERMS, 2);
    assert_eq!(row.in_force.refusal(3), Some("withdrawn"), "the grant beneath is not durable");
    row.write();
    row.confirm(row.n_said());
    assert_eq!(row.in_force.refusal(3), Some("paused"));
    assert_eq!(row.in_force.refusal(9), None);
}
