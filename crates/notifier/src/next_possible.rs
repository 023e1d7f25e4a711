//! When it would be possible, if nothing more were heard till then.

use model::Timestamp;

use crate::Suppression;
use crate::budget;
use crate::case::Case;
use crate::clocks::Clocks;
use crate::rules::{caps, cooldowns, hours};

/// Rules that pass at different times of day move an instant on by a day or so a round.
const N_ROUNDS_MAX: usize = 64;

/// The first instant from now on at which every rule of time would pass; `None` when a rule failed
/// that time alone does not mend, or when none was found within weeks.
///
/// Every rule moves the instant to the first that it would let pass itself, so none is missed; an
/// instant that no rule moves any more passes them all.
pub(crate) fn at(
    case: &Case<'_>,
    clocks: &mut Clocks,
    failed: &[Suppression],
    now: Timestamp,
) -> Option<Timestamp> {
    if !failed.iter().all(|rule| is_of_time(*rule)) {
        return None;
    }
    // A rest that is over is over for good.
    let mut at = cooldowns::free_from(case, now)?;
    for _ in 0..N_ROUNDS_MAX {
        let before = at;
        at = caps::free_from(case, clocks, at)?;
        at = budget::free_from(case, clocks, at)?;
        at = hours::free_from(case, clocks, at)?;
        at = (case.candidate.possible_from)(at)?;
        if at == before {
            return Some(at);
        }
    }
    None
}

/// Whether what fails now may pass later by itself.
const fn is_of_time(rule: Suppression) -> bool {
    use Suppression as S;

    match rule {
        S::OfferNotYet
        | S::OffSchedule
        | S::StoreClosed
        | S::LegalHours
        | S::QuietHours
        | S::OwnQuietHours
        | S::FenceCooldown
        | S::OfferCooldown
        // Not for who was really told, whose rest never ends.
        | S::ToldForLife
        | S::MerchantCooldown
        | S::Rest
        | S::SettlingIn
        | S::AfterDismissal
        | S::AfterTooOften
        | S::AfterCreepy
        | S::AfterRedemption
        | S::Cap24h
        | S::CapCivilDay
        | S::Cap7d
        | S::Cap30d
        | S::CapAllChannels7d
        | S::CapSms24h
        | S::CapSms7d
        | S::CapSms30d
        | S::CapOwn
        | S::Budget => true,
        S::NoConsent
        | S::Minor
        | S::OfferPaused
        | S::OfferStopped
        | S::OfferOver
        | S::OutOfStock
        | S::NotInAudience
        | S::AlreadyInside
        | S::Unfit
        | S::NotThereAnyMore
        | S::TooFast
        | S::AlreadyTold
        | S::ZoneUnknown
        | S::Muted
        | S::LostArbitration
        | S::Holdout
        | S::Text
        | S::TooLate
        | S::FenceGone
        | S::OfferGone
        | S::Crowded => false,
    }
}
