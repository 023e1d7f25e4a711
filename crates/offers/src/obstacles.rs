//! What an offer itself says of an instant: whether it may be said, and if not, when again.

use chrono_tz::Tz;
use model::{Millis, Timestamp};

use crate::clock::{CivilDay, Span, Stretch, in_both};
use crate::hours::{DAYS_AHEAD_MAX, OpeningHours};
use crate::offer::{Offer, OperatorState};

/// Why an offer itself forbids that it is said.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Obstacle {
    /// An operator paused it.
    Paused,
    /// An operator stopped it for good.
    Stopped,
    /// Its first day has not come.
    NotYet,
    /// Its last day has passed.
    Over,
    /// Not at this hour or on this day of the week.
    OffSchedule,
    /// The store is closed, as far as is known.
    StoreClosed,
    /// As many have gone out as may, ever or today.
    OutOfStock,
    /// It is meant for others.
    NotInAudience,
}

impl Obstacle {
    /// All of them, in the order in which verdicts name them.
    pub const ALL: [Self; 8] = [
        Self::Paused,
        Self::Stopped,
        Self::NotYet,
        Self::Over,
        Self::OffSchedule,
        Self::StoreClosed,
        Self::OutOfStock,
        Self::NotInAudience,
    ];

    /// The word of its verdict.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Paused => "offer_paused",
            Self::Stopped => "offer_stopped",
            Self::NotYet => "offer_not_yet",
            Self::Over => "offer_over",
            Self::OffSchedule => "off_schedule",
            Self::StoreClosed => "store_closed",
            Self::OutOfStock => "out_of_stock",
            Self::NotInAudience => "not_in_audience",
        }
    }
}

impl Offer {
    /// Everything in the offer itself that forbids it at an instant, on the wall clock of a zone, by an
    /// operator's word, its dates, its schedule and the store's hours; in the order of [`Obstacle::ALL`].
    ///
    /// A store without hours counts as open. About 1 us when hours are asked.
    #[must_use]
    pub fn obstacles_at(&self, zone: Tz, at: Timestamp, hours: Option<&OpeningHours>) -> Vec<Obstacle> {
        let mut obstacles = Vec::new();
        match self.state() {
            OperatorState::Running => {}
            OperatorState::Paused => obstacles.push(Obstacle::Paused),
            OperatorState::Stopped => obstacles.push(Obstacle::Stopped),
        }
        // An instant that no calendar has lies on no day of its own.
        let Some(stretch) = Stretch::of(zone, at) else {
            obstacles.push(Obstacle::OffSchedule);
            return obstacles;
        };
        if self.first_day().is_some_and(|first| stretch.day < first) {
            obstacles.push(Obstacle::NotYet);
        }
        if self.last_day().is_some_and(|last| last < stretch.day) {
            obstacles.push(Obstacle::Over);
        }
        let is_shut = |hours: &OpeningHours| !stretch.begins_in(&hours.spans_of(stretch.day));
        if self.schedule().is_some_and(is_shut) {
            obstacles.push(Obstacle::OffSchedule);
        }
        if self.hours_that_bind(hours).is_some_and(is_shut) {
            obstacles.push(Obstacle::StoreClosed);
        }
        obstacles
    }

    /// The first instant from `at` on at which [`Offer::obstacles_at`] names nothing; `None` when an
    /// operator forbids it, its last day has passed, or there is none within 400 days.
    #[must_use]
    pub fn possible_again_at(
        &self,
        zone: Tz,
        at: Timestamp,
        hours: Option<&OpeningHours>,
    ) -> Option<Timestamp> {
        if self.state() != OperatorState::Running {
            return None;
        }
        let nowhere_before = self.first_day().map_or(at, CivilDay::is_nowhere_before);
        let mut stretch = Stretch::of(zone, at.max(nowhere_before))?;
        let last_day = i64::from(stretch.day.days_since_1970()) + DAYS_AHEAD_MAX;
        while i64::from(stretch.day.days_since_1970()) <= last_day {
            if self.is_over_for_good(stretch.day) {
                return None;
            }
            let found = stretch.first_in(&self.spans_of(stretch.day, hours));
            if found.is_some() {
                return found;
            }
            stretch = Stretch::of(zone, stretch.until)?;
        }
        None
    }

    /// Whether its dates and its schedule let it be said at any time in the 400 days to come, somewhere.
    #[must_use]
    pub fn comes_after(&self, now: Timestamp) -> bool {
        // A day earlier it was as late as it is anywhere now.
        self.possible_again_at(Tz::UTC, now - Millis::from_days(1), None).is_some()
    }

    /// The minutes of a day at which its dates, its schedule and the store's hours allow it.
    fn spans_of(&self, day: CivilDay, hours: Option<&OpeningHours>) -> Vec<Span> {
        let is_early = self.first_day().is_some_and(|first| day < first);
        let is_late = self.last_day().is_some_and(|last| last < day);
        if is_early || is_late {
            return Vec::new();
        }
        let both = [self.schedule(), self.hours_that_bind(hours)].into_iter().flatten();
        both.fold(vec![Span::WHOLE_DAY], |open, hours| in_both(&open, &hours.spans_of(day)))
    }

    /// Whether its last day cannot come back: a clock that is put back at midnight shows one day twice.
    fn is_over_for_good(&self, day: CivilDay) -> bool {
        self.last_day().is_some_and(|last| last.days_since_1970().saturating_add(1) < day.days_since_1970())
    }

    fn hours_that_bind<'a>(&self, hours: Option<&'a OpeningHours>) -> Option<&'a OpeningHours> {
        hours.filter(|_| self.draft().season.open_only)
    }

    fn first_day(&self) -> Option<CivilDay> {
        self.draft().season.starts_on.map(CivilDay::of_date)
    }

    fn last_day(&self) -> Option<CivilDay> {
        self.draft().season.ends_on.map(CivilDay::of_date)
    }
}
