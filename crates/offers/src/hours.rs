//! Opening hours as OpenStreetMap writes them, on the wall clock of a zone.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use chrono::{NaiveDate, NaiveDateTime, NaiveTime};
use chrono_tz::Tz;
use model::{FenceFacts, Timestamp};
use opening_hours::Context;
use opening_hours::localization::{Country, Localize};
use opening_hours::schedule::TimeRange;
use opening_hours_syntax::rules::OpeningHoursExpression;
use opening_hours_syntax::rules::day::{Date, Month, MonthdayRange};
use opening_hours_syntax::rules::time::{Time, TimeEvent, TimeSpan};
use opening_hours_syntax::{Error, ExtendedTime, RuleKind};

use crate::clock::{CivilDay, Span, Stretch, in_both};

/// When a store is open.
///
/// What the text leaves open counts as closed: "by appointment", an end that is not told (`17:00+`),
/// holidays of some regions only. Where a text names sunrise or sunset, the store counts as open
/// while it is open however early or late those come ([`Sun`]), since nobody tells its latitude.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OpeningHours {
    /// The rules under each sun that they may have; open is what is open under all. None: closed.
    suns: Vec<opening_hours::OpeningHours<Sun>>,
}

/// Why a text is no opening hours.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum HoursFlaw {
    /// Longer than its bound in bytes.
    TooLong,
    /// It cannot be read.
    Unreadable {
        /// From this character on, counted from 1.
        column: usize,
    },
    /// It can be read and makes no sense.
    Senseless(String),
}

impl fmt::Display for HoursFlaw {
    /// A clause that follows what it is about.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooLong => write!(f, "is longer than {} bytes", OpeningHours::LEN_MAX),
            Self::Unreadable { column } => {
                write!(f, "cannot be read from character {column} on, as opening hours of OpenStreetMap")
            }
            Self::Senseless(why) => write!(f, "makes no sense as opening hours: {why}"),
        }
    }
}

/// Whether a store is open, and until when that is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OpenUntil {
    /// Whether it is open.
    pub is_open: bool,
    /// The instant that was asked about.
    pub from: Timestamp,
    /// The answer holds before this instant; what holds then must be asked again.
    pub until: Timestamp,
}

impl OpenUntil {
    /// Whether the answer is one for this instant, too.
    #[must_use]
    pub fn holds(&self, at: Timestamp) -> bool {
        self.from <= at && at < self.until
    }
}

/// How far ahead an opening is looked for: a week of next year, and leap days of none.
pub(crate) const DAYS_AHEAD_MAX: i64 = 400;

impl OpeningHours {
    /// Longest text in bytes; OpenStreetMap allows 255 characters.
    pub const LEN_MAX: usize = 1_024;

    /// Opening hours from a text; the country, ISO 3166-1 alpha-2, says when public holidays are.
    ///
    /// # Errors
    /// The first flaw of the text.
    pub fn parse(text: &str, country: Option<&str>) -> Result<Self, HoursFlaw> {
        if Self::LEN_MAX < text.len() {
            return Err(HoursFlaw::TooLong);
        }
        let read = |text: &str| text.parse::<opening_hours::OpeningHours>().map_err(|why| flaw_of(&why));
        // Many write a rule's end behind the last one, too.
        let mut hours = read(without_remarks_on_open(text).trim_end_matches([';', ' ']))?;
        let mut rules = hours.get_expression();
        check_spans(&rules)?;
        check_dates(&rules)?;
        if rules.rules.iter().any(|rule| rule.time_selector.spans.iter().any(has_no_end)) {
            hours = read(&without_unknown_ends(&rules).to_string())?;
            rules = hours.get_expression();
        }
        let country: Option<Country> = country.and_then(|code| code.to_ascii_uppercase().parse().ok());
        let under = |sun: Sun| {
            let context = Context::default().with_locale(sun);
            hours.clone().with_context(match country {
                Some(country) => context
                    .with_holidays(country.holidays())
                    .with_holidays_unknown(country.holidays_regional()),
                None => context,
            })
        };
        let n_suns = if names_sun(&rules) { Sun::ALL.len() } else { 1 };
        Ok(Self { suns: Sun::ALL.into_iter().take(n_suns).map(under).collect() })
    }

    /// Hours of a store that never opens.
    #[must_use]
    pub const fn never() -> Self {
        Self { suns: Vec::new() }
    }

    /// Whether it is open at an instant. 0.4 to 0.9 us.
    #[must_use]
    pub fn is_open(&self, zone: Tz, at: Timestamp) -> bool {
        Stretch::of(zone, at).is_some_and(|stretch| stretch.begins_in(&self.spans_of(stretch.day)))
    }

    /// Whether it is open at an instant, and until when that holds at least; `None` outside the
    /// calendar's range.
    ///
    /// For callers who ask often: they keep the answer while it holds.
    #[must_use]
    pub fn open_until(&self, zone: Tz, at: Timestamp) -> Option<OpenUntil> {
        let stretch = Stretch::of(zone, at)?;
        let open = self.spans_of(stretch.day);
        let is_open = stretch.begins_in(&open);
        let change = if is_open { stretch.first_in(&without(&open)) } else { stretch.first_in(&open) };
        Some(OpenUntil { is_open, from: at, until: change.unwrap_or(stretch.until) })
    }

    /// The first instant from `at` on at which it is open; `None` when there is none within 400 days.
    #[must_use]
    pub fn next_open(&self, zone: Tz, at: Timestamp) -> Option<Timestamp> {
        self.next(zone, at, true)
    }

    /// The first instant from `at` on at which it is closed; `None` when there is none within 400 days.
    #[must_use]
    pub fn next_closed(&self, zone: Tz, at: Timestamp) -> Option<Timestamp> {
        self.next(zone, at, false)
    }

    fn next(&self, zone: Tz, at: Timestamp, open: bool) -> Option<Timestamp> {
        if self.suns.is_empty() && open {
            return None;
        }
        let mut stretch = Stretch::of(zone, at)?;
        let last_day = i64::from(stretch.day.days_since_1970()) + DAYS_AHEAD_MAX;
        while i64::from(stretch.day.days_since_1970()) <= last_day {
            let spans = self.spans_of(stretch.day);
            let found = stretch.first_in(&if open { spans } else { without(&spans) });
            if found.is_some() {
                return found;
            }
            stretch = Stretch::of(zone, stretch.until)?;
        }
        None
    }

    /// The minutes of a day in which it is open, ascending and apart.
    pub(crate) fn spans_of(&self, day: CivilDay) -> Vec<Span> {
        let Some(date) = day.date() else { return Vec::new() };
        let mut under_each = self.suns.iter().map(|hours| open_spans(hours, date));
        let Some(first) = under_each.next() else { return Vec::new() };
        under_each.fold(first, |open, also| in_both(&open, &also))
    }
}

/// When the sun rises and sets on one of the days of a year, somewhere.
///
/// Between the polar circles it rises no later and sets no earlier than these, on the clocks that
/// people keep; a store that closes at sunset is open until the earliest of them at least.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Sun {
    rises_minute: u16,
    sets_minute: u16,
}

impl Sun {
    const ALL: [Self; 2] = [
        Self { rises_minute: 10 * 60, sets_minute: 15 * 60 },
        Self { rises_minute: 3 * 60, sets_minute: 23 * 60 },
    ];
    /// Between dawn and sunrise, and between sunset and dusk.
    const TWILIGHT_MINUTES: u16 = 40;

    const fn minute_of(self, event: TimeEvent) -> u16 {
        match event {
            TimeEvent::Dawn => self.rises_minute - Self::TWILIGHT_MINUTES,
            TimeEvent::Sunrise => self.rises_minute,
            TimeEvent::Sunset => self.sets_minute,
            TimeEvent::Dusk => self.sets_minute + Self::TWILIGHT_MINUTES,
        }
    }
}

impl Localize for Sun {
    type DateTime = NaiveDateTime;

    fn naive(&self, at: NaiveDateTime) -> NaiveDateTime {
        at
    }

    fn datetime(&self, naive: NaiveDateTime) -> NaiveDateTime {
        naive
    }

    fn event_time(&self, _: NaiveDate, event: TimeEvent) -> Option<NaiveTime> {
        NaiveTime::from_num_seconds_from_midnight_opt(u32::from(self.minute_of(event)) * 60, 0)
    }
}

fn open_spans(hours: &opening_hours::OpeningHours<Sun>, date: NaiveDate) -> Vec<Span> {
    // A remark without a word on being open means that it depends.
    let is_open = |range: &TimeRange| range.kind == RuleKind::Open && range.comment.is_empty();
    let ranges = hours.schedule_at(date).into_iter().filter(is_open);
    let mut spans: Vec<Span> = Vec::new();
    for range in ranges.map(|range| range.range) {
        let [from_minute, until_minute] = [range.start, range.end].map(ExtendedTime::mins_from_midnight);
        match spans.last_mut() {
            Some(last) if from_minute <= last.until_minute => {
                last.until_minute = last.until_minute.max(until_minute);
            }
            Some(_) | None => spans.push(Span { from_minute, until_minute }),
        }
    }
    spans
}

/// The minutes of a day that lie in none of some spans, which are ascending and apart.
fn without(spans: &[Span]) -> Vec<Span> {
    let begins = core::iter::once(0).chain(spans.iter().map(|span| span.until_minute));
    let ends = spans.iter().map(|span| span.from_minute).chain([Span::MINUTES_A_DAY]);
    let gaps = begins.zip(ends).filter(|(from, until)| from < until);
    gaps.map(|(from_minute, until_minute)| Span { from_minute, until_minute }).collect()
}

fn names_sun(rules: &OpeningHoursExpression) -> bool {
    let spans = rules.rules.iter().flat_map(|rule| &rule.time_selector.spans);
    spans
        .into_iter()
        .any(|span| [span.range.start, span.range.end].iter().any(|time| matches!(time, Time::Variable(_))))
}

/// `open "bring your own cup"` is open, while a remark alone means that it depends; read, the two are the same.
fn without_remarks_on_open(text: &str) -> String {
    let mut rest = text;
    let mut kept = String::with_capacity(text.len());
    while let Some((before, (remark, behind))) =
        rest.split_once('"').and_then(|(before, quoted)| Some((before, quoted.split_once('"')?)))
    {
        kept.push_str(before);
        if !before.trim_end().to_ascii_lowercase().ends_with("open") {
            kept.extend(["\"", remark, "\""]);
        }
        rest = behind;
    }
    kept + rest
}

/// An end that nobody told, as in `17:00+`.
fn has_no_end(span: &TimeSpan) -> bool {
    span.open_end && span.range.end == Time::Fixed(ExtendedTime::MIDNIGHT_24)
}

/// The rules without the spans whose end nobody told: unknown counts as closed.
fn without_unknown_ends(rules: &OpeningHoursExpression) -> OpeningHoursExpression {
    let mut rules = rules.clone();
    for rule in &mut rules.rules {
        if rule.time_selector.spans.iter().all(has_no_end) {
            rule.kind = RuleKind::Closed;
        } else {
            rule.time_selector.spans.retain(|span| !has_no_end(span));
        }
    }
    rules
}

/// Refuses spans that reach beyond the two days that a time may name: their evaluation would panic.
fn check_spans(rules: &OpeningHoursExpression) -> Result<(), HoursFlaw> {
    for span in rules.rules.iter().flat_map(|rule| &rule.time_selector.spans) {
        for sun in Sun::ALL {
            let minute = |time: Time| match time {
                Time::Fixed(time) => Some(i32::from(time.mins_from_midnight())),
                Time::Variable(time) => {
                    let minute = i32::from(sun.minute_of(time.event)) + i32::from(time.offset);
                    (0..=2 * i32::from(Span::MINUTES_A_DAY)).contains(&minute).then_some(minute)
                }
            };
            let is_fine = match (minute(span.range.start), minute(span.range.end)) {
                (Some(start), Some(end)) => start < end || end <= i32::from(Span::MINUTES_A_DAY),
                (None, _) | (_, None) => false,
            };
            if !is_fine {
                return Err(HoursFlaw::Senseless(format!("{span} reaches into a third day")));
            }
        }
    }
    Ok(())
}

/// Refuses days that no month has, which would be taken for every day.
fn check_dates(rules: &OpeningHoursExpression) -> Result<(), HoursFlaw> {
    for range in rules.rules.iter().flat_map(|rule| &rule.day_selector.monthday) {
        let MonthdayRange::Date { start: (start, _), end: (end, _) } = range else { continue };
        for date in [start, end] {
            // A leap year has all days that there are.
            let is_there = |month: Month, day: u8| {
                NaiveDate::from_ymd_opt(2024, u32::from(month as u8), u32::from(day)).is_some()
            };
            match date {
                Date::Fixed { month, day, .. } if !is_there(*month, *day) => {
                    return Err(HoursFlaw::Senseless(format!("there is no {date}")));
                }
                Date::Fixed { .. } | Date::Weekday { .. } | Date::Easter { .. } => {}
            }
        }
    }
    Ok(())
}

fn flaw_of(why: &Error) -> HoursFlaw {
    let said = why.to_string();
    let Error::Syntax(_) = why else { return HoursFlaw::Senseless(said) };
    // The parser draws a picture below " --> line:column".
    let place = said.split_once("--> ").and_then(|(_, rest)| rest.lines().next());
    let column = place.and_then(|place| place.split_once(':')?.1.trim().parse().ok());
    HoursFlaw::Unreadable { column: column.unwrap_or(1) }
}

/// Opening hours of stores, each text read once.
///
/// A shard keeps one, so that nobody waits for a lock.
#[derive(Clone, Debug, Default)]
pub struct HoursBook {
    by_country: BTreeMap<Box<str>, BTreeMap<Box<str>, Entry>>,
    n_texts: usize,
}

type Entry = Result<Arc<OpeningHours>, HoursFlaw>;

impl HoursBook {
    /// Texts that are kept; one more and all are read anew.
    pub const TEXTS_MAX: usize = 16_384;

    /// When a store is open; `None` when it does not say, which counts as open.
    ///
    /// A text that cannot be read counts as closed; [`HoursBook::check`] says what is wrong with it.
    pub fn of(&mut self, fence: &FenceFacts) -> Option<Arc<OpeningHours>> {
        let hours = self.look_up(fence.opening_hours.as_deref()?, fence.country.as_deref());
        Some(hours.clone().unwrap_or_else(|_| Arc::new(OpeningHours::never())))
    }

    /// What is wrong with the opening hours of a store.
    ///
    /// # Errors
    /// The flaw.
    pub fn check(&mut self, fence: &FenceFacts) -> Result<(), HoursFlaw> {
        let Some(text) = fence.opening_hours.as_deref() else { return Ok(()) };
        self.look_up(text, fence.country.as_deref()).as_ref().map(|_| ()).map_err(Clone::clone)
    }

    fn look_up(&mut self, text: &str, country: Option<&str>) -> &Entry {
        let is_known = |book: &Self| {
            book.by_country.get(country.unwrap_or_default()).is_some_and(|texts| texts.contains_key(text))
        };
        if !is_known(self) {
            if Self::TEXTS_MAX <= self.n_texts {
                *self = Self::default();
            }
            let hours = OpeningHours::parse(text, country).map(Arc::new);
            self.by_country.entry(country.unwrap_or_default().into()).or_default().insert(text.into(), hours);
            self.n_texts += 1;
        }
        &self.by_country[country.unwrap_or_default()][text]
    }
}
