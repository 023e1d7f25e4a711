//! Clocks against what the zone database answers, law for law.

use chrono::{Datelike, Timelike};
use proptest::prelude::*;

use super::*;

/// Zones with gaps of a day, halves of hours, changes at midnight, in Ramadan, or none at all.
const ZONES: [Tz; 16] = [
    Tz::UTC,
    Tz::Europe__Berlin,
    Tz::Europe__London,
    Tz::America__New_York,
    Tz::America__Sao_Paulo,
    Tz::America__St_Johns,
    Tz::America__Asuncion,
    Tz::Asia__Beirut,
    Tz::Asia__Gaza,
    Tz::Asia__Kathmandu,
    Tz::Africa__Casablanca,
    Tz::Africa__Cairo,
    Tz::Australia__Lord_Howe,
    Tz::Pacific__Apia,
    Tz::Pacific__Kiritimati,
    Tz::Antarctica__Troll,
];

/// An instant from 1970 until 2060, half of them within days of a change of the clock.
fn instant(zone: Tz) -> impl Strategy<Value = Timestamp> {
    let any = 0..2_840_000_000_i64;
    let near = (any.clone(), -200_000..200_000_i64)
        .prop_map(move |(secs, beside)| change_after(zone, secs) + beside);
    prop_oneof![any, near].prop_map(|secs| Timestamp::from_unix_ms(secs.max(200_000) * 1_000 + secs % 1_000))
}

/// The first hour after a second in which another offset holds than in it, within two years.
fn change_after(zone: Tz, secs: i64) -> i64 {
    let before = offset_of(zone, secs * 1_000);
    let hours = (1..24 * 730).map(|n| secs + n * 3_600);
    hours.into_iter().find(|secs| offset_of(zone, secs * 1_000) != before).unwrap_or(secs)
}

fn hours() -> impl Strategy<Value = DailyHours> {
    let any =
        (0..1_440_u16, 0..=1_440_u16).prop_filter_map("hours", |(from, until)| DailyHours::new(from, until));
    prop_oneof![1 => Just(DailyHours::default()), 1 => Just(DailyHours::ALWAYS), 4 => any]
}

fn scene() -> impl Strategy<Value = (Tz, Timestamp, Vec<i64>)> {
    let zone = prop::sample::select(ZONES.to_vec());
    zone.prop_flat_map(|zone| (Just(zone), instant(zone), prop::collection::vec(-900_000..900_000_i64, 1..8)))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 3_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_is_remembered_of_a_clock_is_what_the_zone_database_says((zone, at, steps) in scene(), hours in hours()) {
        let mut clocks = Clocks::default();
        let mut at = at;
        for step in steps {
            // One pair of clocks is asked again and again, forwards and backwards.
            at = at + Millis::from_secs(step);
            let local = DateTime::from_timestamp_millis(at.unix_ms()).unwrap().with_timezone(&zone);
            let wall = Wall {
                day: i64::from(local.date_naive().to_epoch_days()),
                minute: (local.hour() * 60 + local.minute()) as u16,
            };
            prop_assert_eq!(clocks.wall(zone, at), Some(wall));
            prop_assert_eq!(wall.is_weekend(), 5 <= local.weekday().num_days_from_monday());
            prop_assert_eq!(clocks.civil_day(zone, at), Some(wall.day));
            prop_assert_eq!(clocks.next_day_at(zone, at), next_day_at(zone, at));
            prop_assert_eq!(clocks.holds(hours, zone, at), hours.holds(zone, at));
            prop_assert_eq!(clocks.next(hours, zone, at), hours.next(zone, at));
            prop_assert_eq!(clocks.close(hours, zone, at), hours.close(zone, at));
        }
    }

    #[test]
    fn no_minute_that_is_asked_for_is_passed_over((zone, at, _) in scene(), minutes in prop::collection::vec(0..=1_440_u16, 0..4)) {
        let mut clocks = Clocks::default();
        let next_at = clocks.next_of_minutes(&minutes, zone, at).unwrap();
        prop_assert!(at < next_at && next_at <= at + Millis::from_hours(25));
        let face = |at: Timestamp| Clocks::default().wall(zone, at).unwrap();
        let wanted = |wall: Wall| wall.minute == 0 || minutes.iter().any(|minute| minute % 1_440 == wall.minute);
        let mut before = face(at);
        for n in 1..next_at.since(at).ms() / 60_000 {
            let wall = face(at + Millis::from_mins(n));
            prop_assert!(wall == before || !wanted(wall), "{wall:?} was passed over");
            before = wall;
        }
    }
}

#[test]
fn a_year_of_questions_asks_the_database_a_few_times() {
    let (mut clocks, mut n_spans, mut last) = (Clocks::default(), 0, None);
    for hour in 0..365 * 24 {
        let at = Timestamp::from_unix_ms(1_780_272_000_000) + Millis::from_hours(hour);
        clocks.wall(Tz::Europe__Berlin, at);
        let span = clocks.spans[Tz::Europe__Berlin as usize].map(|span| span.from);
        n_spans += usize::from(span != last);
        last = span;
    }
    assert!(n_spans < 20, "{n_spans}");
}

#[test]
fn outside_the_calendar_there_is_no_time() {
    for at in [Timestamp::MAX, Timestamp::MIN] {
        let mut clocks = Clocks::default();
        assert_eq!(clocks.wall(Tz::UTC, at), None);
        assert_eq!(clocks.civil_day(Tz::UTC, at), None);
        assert!(!clocks.holds(DailyHours::default(), Tz::UTC, at));
        assert_eq!(clocks.next(DailyHours::default(), Tz::UTC, at), None);
        assert_eq!(clocks.next_of_minutes(&[540], Tz::UTC, at), None);
    }
}
