//! Rests: of a fence, an offer, a merchant, between any two, and after an answer.

use model::{SilenceOver, SilenceReason, Standing, Timestamp};

use crate::Suppression;
use crate::case::Case;

/// A rest and the instant at which it is over; `Timestamp::MAX` is never.
type Rest = (Suppression, Timestamp);

pub(crate) fn failed(case: &Case<'_>, now: Timestamp, failed: &mut Vec<Suppression>) {
    let holding = rests(case, now).filter(|(_, over_at)| now < *over_at);
    failed.extend(holding.map(|(why, _)| why));
}

/// The first instant from one on at which all rests are over.
pub(crate) fn free_from(case: &Case<'_>, at: Timestamp) -> Option<Timestamp> {
    let free_at = rests(case, at).fold(at, |free_at, (_, over_at)| free_at.max(over_at));
    (free_at < Timestamp::MAX).then_some(free_at)
}

fn rests<'a>(case: &'a Case<'_>, at: Timestamp) -> impl Iterator<Item = Rest> + use<'a> {
    after_heard(case, at).into_iter().chain(after_words(case)).chain(after_answers(case))
}

/// Rests that follow what was heard.
fn after_heard(case: &Case<'_>, at: Timestamp) -> [Rest; 4] {
    let cooldowns = &case.policy.cooldowns;
    let of_fence = if case.favourite { cooldowns.favourite_fence } else { cooldowns.fence };
    let mut rests = [
        (Suppression::FenceCooldown, Timestamp::MIN),
        (Suppression::OfferCooldown, Timestamp::MIN),
        (Suppression::MerchantCooldown, Timestamp::MIN),
        (Suppression::Rest, Timestamp::MIN),
    ];
    for (heard, same) in case.counted(at) {
        let spans = [
            (same.fence, of_fence),
            (same.offer, cooldowns.offer),
            (same.merchant, cooldowns.merchant),
            (true, cooldowns.rest),
        ];
        for ((_, over_at), (concerns, span)) in rests.iter_mut().zip(spans) {
            if concerns {
                *over_at = (*over_at).max(heard.at + span);
            }
        }
    }
    rests
}

/// Rests that follow what the customer said of themselves, and what was told for life.
fn after_words(case: &Case<'_>) -> [Rest; 3] {
    let occasion = case.candidate.occasion;
    let for_ever = |holds: bool| if holds { Timestamp::MAX } else { Timestamp::MIN };
    let is_muted = case.life.profile.dial.mutes(&occasion.merchant, &occasion.fence);
    let settled_at = match case.life.agreed_at {
        Some(agreed_at) => agreed_at + case.policy.cooldowns.settle_in,
        // The gate has said why; who never agreed is not settling in.
        None if case.candidate.barred.contains(&Suppression::NoConsent) => Timestamp::MIN,
        None => Timestamp::MAX,
    };
    [
        (Suppression::Muted, for_ever(is_muted)),
        (Suppression::ToldForLife, told_for_life_until(case)),
        (Suppression::SettlingIn, settled_at),
    ]
}

/// Until when the offer was told as often as it ever may be.
///
/// What was really told stays told. What would have been is known only as far as is remembered: who
/// is not told is held back until enough of it is forgotten.
fn told_for_life_until(case: &Case<'_>) -> Timestamp {
    let n_said = u32::from(case.life.tolerance.n_told(&case.candidate.occasion.offer));
    let Some(n_left) = case.policy.cooldowns.offer_ever_max.checked_sub(n_said).filter(|n| 0 < *n) else {
        return Timestamp::MAX;
    };
    let all = case.counted(Timestamp::MIN);
    let mut unsaid = all.filter(|(heard, same)| heard.standing != Standing::Sent && same.offer);
    // With as many remembered as are left there is no room: the oldest of these has to go.
    let filling = unsaid.nth_back(n_left as usize - 1);
    filling.map_or(Timestamp::MIN, |(heard, _)| case.forgotten_at(heard))
}

/// Silences that answers brought.
fn after_answers<'a>(case: &'a Case<'_>) -> impl Iterator<Item = Rest> + use<'a> {
    let covering = case.life.tolerance.silences.iter().filter(|silence| covers(case, &silence.over));
    covering.map(|silence| (why(silence.why), silence.until))
}

fn covers(case: &Case<'_>, over: &SilenceOver) -> bool {
    let occasion = case.candidate.occasion;
    match over {
        SilenceOver::All => true,
        SilenceOver::Merchant(merchant) => *merchant == occasion.merchant,
        SilenceOver::Fence(fence) => *fence == occasion.fence,
        SilenceOver::Offer(offer) => *offer == occasion.offer,
    }
}

const fn why(reason: SilenceReason) -> Suppression {
    match reason {
        SilenceReason::Dismissed => Suppression::AfterDismissal,
        SilenceReason::TooOften => Suppression::AfterTooOften,
        SilenceReason::Creepy => Suppression::AfterCreepy,
        SilenceReason::Redeemed => Suppression::AfterRedemption,
        SilenceReason::NotRelevant => Suppression::Muted,
    }
}
