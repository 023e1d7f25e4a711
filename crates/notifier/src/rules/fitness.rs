//! What the customer, the offer and the visit rule out, whatever the hour.

use model::{Timestamp, TransitionKind};

use crate::Suppression;
use crate::case::Case;

pub(crate) fn failed(case: &Case<'_>, now: Timestamp, failed: &mut Vec<Suppression>) {
    let occasion = case.candidate.occasion;
    failed.extend_from_slice(&case.candidate.barred);
    let rules = [
        (Suppression::Minor, case.life.profile.minor),
        (Suppression::AlreadyInside, occasion.initial && occasion.trigger == TransitionKind::Enter),
        (Suppression::Unfit, !occasion.may_trigger),
        (Suppression::NotThereAnyMore, !case.candidate.is_there),
        (Suppression::TooFast, is_too_fast(case)),
        (Suppression::AlreadyTold, was_told(case)),
        (Suppression::TooLate, occasion.expires_at <= now),
    ];
    failed.extend(rules.into_iter().filter(|(_, fails)| *fails).map(|(why, _)| why));
}

fn is_too_fast(case: &Case<'_>) -> bool {
    let speeds = &case.policy.speeds;
    let max_mm_s = match case.candidate.occasion.trigger {
        TransitionKind::Enter => speeds.enter_max_mm_s.min(speeds.max_mm_s),
        TransitionKind::Dwell | TransitionKind::Exit | TransitionKind::Cross => speeds.max_mm_s,
    };
    case.candidate.occasion.speed_mm_s.is_some_and(|mm_s| max_mm_s < mm_s)
}

/// Something was said of this visit, or this was decided before, said or not.
fn was_told(case: &Case<'_>) -> bool {
    let visit = case.candidate.occasion.visit;
    let of_visit = |heard: &model::Heard| heard.visit == visit;
    let was_decided = || {
        case.life.heard.iter().any(|heard| of_visit(heard) && heard.offer == case.candidate.occasion.offer)
    };
    case.counted(Timestamp::MIN).any(|(heard, _)| of_visit(heard)) || was_decided()
}
