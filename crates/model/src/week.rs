//! Days of the week, and hours of each.

use core::fmt;

/// A day of the week.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Weekday {
    /// The first.
    Monday,
    /// The second.
    Tuesday,
    /// The third.
    Wednesday,
    /// The fourth.
    Thursday,
    /// The fifth.
    Friday,
    /// The sixth.
    Saturday,
    /// The seventh.
    Sunday,
}

impl Weekday {
    /// All of them, Monday first.
    pub const ALL: [Self; 7] = [
        Self::Monday,
        Self::Tuesday,
        Self::Wednesday,
        Self::Thursday,
        Self::Friday,
        Self::Saturday,
        Self::Sunday,
    ];

    /// The weekday of a civil day, counted from 1970-01-01, a Thursday.
    #[must_use]
    pub const fn of_day(days_since_1970: i64) -> Self {
        Self::ALL[(days_since_1970 + 3).rem_euclid(7) as usize]
    }

    /// Its two letters, as in OpenStreetMap's opening hours.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Monday => "Mo",
            Self::Tuesday => "Tu",
            Self::Wednesday => "We",
            Self::Thursday => "Th",
            Self::Friday => "Fr",
            Self::Saturday => "Sa",
            Self::Sunday => "Su",
        }
    }
}

/// Of every weekday one span of minutes on the wall clock, or none: from inclusive, until exclusive.
///
/// Invariant: `from < until <= 1440` on every day that has one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WeekHours {
    days: [Option<(u16, u16)>; 7],
}

impl WeekHours {
    const MINUTES_A_DAY: u16 = 24 * 60;

    /// Every minute of the week.
    pub const ALWAYS: Self = Self { days: [Some((0, Self::MINUTES_A_DAY)); 7] };

    /// Hours by day, Monday first; `None` when a span is empty or not of a day.
    #[must_use]
    pub fn new(days: [Option<(u16, u16)>; 7]) -> Option<Self> {
        let is_span = |(from, until): (u16, u16)| from < until && until <= Self::MINUTES_A_DAY;
        days.into_iter().flatten().all(is_span).then_some(Self { days })
    }

    /// The hours of a day; `None` when it has none.
    #[must_use]
    pub const fn on(&self, day: Weekday) -> Option<(u16, u16)> {
        self.days[day as usize]
    }

    /// Whether they leave nothing out.
    #[must_use]
    pub fn is_always(&self) -> bool {
        *self == Self::ALWAYS
    }

    /// What lies within both.
    #[must_use]
    pub fn within(self, other: Self) -> Self {
        let both = |day: Weekday| {
            let ((from, until), (others_from, others_until)) = (self.on(day)?, other.on(day)?);
            let (from, until) = (from.max(others_from), until.min(others_until));
            (from < until).then_some((from, until))
        };
        Self { days: Weekday::ALL.map(both) }
    }
}

impl fmt::Display for WeekHours {
    /// As in OpenStreetMap's opening hours: `Mo-Sa 09:00-21:00, Su 12:00-21:00`; `off` when there are none.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut is_first = true;
        let mut day = 0;
        while let Some(hours) = self.days.get(day) {
            let n_alike = self.days[day..].iter().take_while(|others| *others == hours).count();
            let (first, last) = (Weekday::ALL[day], Weekday::ALL[day + n_alike - 1]);
            day += n_alike;
            let Some((from, until)) = hours else { continue };
            f.write_str(if is_first { "" } else { ", " })?;
            is_first = false;
            f.write_str(first.word())?;
            if first != last {
                write!(f, "-{}", last.word())?;
            }
            write!(f, " {:02}:{:02}-{:02}:{:02}", from / 60, from % 60, until / 60, until % 60)?;
        }
        if is_first { f.write_str("off") } else { Ok(()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn week(days: [Option<(u16, u16)>; 7]) -> WeekHours {
        WeekHours::new(days).unwrap()
    }

    #[test]
    fn what_lies_within_both_is_no_more_than_either() {
        let texas = week([
            Some((540, 1_260)),
            Some((540, 1_260)),
            Some((540, 1_260)),
            Some((540, 1_260)),
            Some((540, 1_260)),
            Some((540, 1_260)),
            Some((720, 1_260)),
        ]);
        let florida = week([Some((480, 1_200)); 7]);
        let weekdays = week([Some((600, 700)), None, None, None, None, None, None]);
        assert_eq!(texas.within(florida).to_string(), "Mo-Sa 09:00-20:00, Su 12:00-20:00");
        assert_eq!(texas.within(florida), florida.within(texas));
        assert_eq!(texas.within(weekdays).to_string(), "Mo 10:00-11:40");
        assert_eq!(texas.within(WeekHours::ALWAYS), texas);
        assert_eq!(week([Some((0, 10)); 7]).within(week([Some((10, 20)); 7])).to_string(), "off");
    }

    #[test]
    fn c05_hours_that_hold_nothing_are_refused() {
        for span in [(10, 10), (20, 10), (0, 1_441)] {
            assert_eq!(WeekHours::new([Some(span), None, None, None, None, None, None]), None);
        }
    }

    #[test]
    fn days_are_counted_from_a_thursday() {
        let check = |day, weekday| assert_eq!(Weekday::of_day(day), weekday);
        check(0, Weekday::Thursday);
        check(-1, Weekday::Wednesday);
        check(20_779, Weekday::Sunday);
    }
}
