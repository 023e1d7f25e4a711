//! Hours in which anything may be said: the law's, ours and the customer's own.

use chrono_tz::Tz;
use model::{Timestamp, WeekHours};

use crate::case::Case;
use crate::clocks::Clocks;
use crate::hours::{week_closes, week_holds, week_next};
use crate::{DailyHours, Suppression};

/// When a customer wants to hear something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum OwnHours {
    Always,
    Never,
    Within(DailyHours),
}

impl OwnHours {
    /// What is left of a day beside quiet hours; those that begin when they end are quiet all day.
    pub(crate) fn beside(quiet: Option<(u16, u16)>) -> Self {
        let Some((from, until)) = quiet else { return Self::Always };
        // Midnight may be said in two ways.
        let opens = if until == DailyHours::MINUTES_A_DAY { 0 } else { until };
        DailyHours::new(opens, from).map_or(Self::Never, Self::Within)
    }

    pub(crate) fn hold(self, clocks: &mut Clocks, zone: Tz, at: Timestamp) -> bool {
        match self {
            Self::Always => true,
            Self::Never => false,
            Self::Within(hours) => clocks.holds(hours, zone, at),
        }
    }
}

pub(crate) fn failed(case: &Case<'_>, clocks: &mut Clocks, now: Timestamp, failed: &mut Vec<Suppression>) {
    let zones = case.candidate.zones;
    if zones.is_empty() {
        failed.push(Suppression::ZoneUnknown);
        return;
    }
    let by_law = by_law(case);
    if zones.iter().any(|zone| by_law.is_some_and(|hours| !week_holds(&hours, *zone, now))) {
        failed.push(Suppression::LegalHours);
    }
    if zones.iter().any(|zone| !clocks.holds(case.policy.hours, *zone, now)) {
        failed.push(Suppression::QuietHours);
    }
    let own = OwnHours::beside(case.life.profile.dial.quiet);
    if zones.iter().any(|zone| !own.hold(clocks, *zone, now)) {
        failed.push(Suppression::OwnQuietHours);
    }
}

/// The first instant from one on that no zone's clock rules out on its own account; asked again
/// until nothing moves, it is one that none rules out.
pub(crate) fn free_from(case: &Case<'_>, clocks: &mut Clocks, at: Timestamp) -> Option<Timestamp> {
    let zones = case.candidate.zones;
    let own = match OwnHours::beside(case.life.profile.dial.quiet) {
        OwnHours::Never => return None,
        OwnHours::Always => None,
        OwnHours::Within(hours) => Some(hours),
    };
    zones.first()?;
    let (mut at, by_law) = (at, by_law(case));
    for zone in zones {
        if let Some(hours) = &by_law {
            at = week_next(hours, *zone, at)?;
        }
        for hours in [Some(case.policy.hours), own].into_iter().flatten() {
            at = clocks.next(hours, *zone, at)?;
        }
    }
    Some(at)
}

/// The law's hours, where they leave anything out.
fn by_law(case: &Case<'_>) -> Option<WeekHours> {
    case.candidate.terms.law.map(|law| law.hours).filter(|hours| !hours.is_always())
}

/// When the hours end in the first of some zones; `None` when they never do.
pub(crate) fn quiet_from(
    (hours, by_law): (DailyHours, Option<&WeekHours>),
    quiet: Option<(u16, u16)>,
    zones: &[Tz],
    clocks: &mut Clocks,
    now: Timestamp,
) -> Option<Timestamp> {
    let own = match OwnHours::beside(quiet) {
        OwnHours::Never => return Some(now),
        OwnHours::Always => None,
        OwnHours::Within(own) => Some(own),
    };
    let spans = [Some(hours), own].into_iter().flatten();
    let daily = spans
        .flat_map(|span| zones.iter().map(move |zone| (span, *zone)))
        .filter_map(|(span, zone)| clocks.close(span, zone, now));
    let weekly =
        by_law.into_iter().flat_map(|week| zones.iter().filter_map(|zone| week_closes(week, *zone, now)));
    daily.chain(weekly).min()
}
