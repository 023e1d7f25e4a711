//! Opening hours against the cases of OpenStreetMap's own evaluator, against the clock's changes and
//! against a search minute by minute.

use std::path::Path;

use chrono::{DateTime, NaiveDateTime, TimeZone};
use chrono_tz::Tz;
use model::{FenceFacts, FenceId, Meters, Millis, Timestamp};
use offers::{HoursBook, HoursFlaw, OpeningHours};
use proptest::prelude::*;
use serde_json::Value;

const BERLIN: Tz = chrono_tz::Europe::Berlin;

fn at(text: &str) -> Timestamp {
    Timestamp::from_unix_ms(DateTime::parse_from_rfc3339(text).unwrap().timestamp_millis())
}

fn hours(text: &str) -> OpeningHours {
    OpeningHours::parse(text, None).unwrap_or_else(|flaw| panic!("{text}: {flaw}"))
}

/// All cases; `None`, and said so, where they are not laid beside the project.
fn cases() -> Option<Vec<Value>> {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data/opening_hours_cases.jsonl");
    let Ok(text) = std::fs::read_to_string(&file) else {
        println!("skipped: ../shared/data/opening_hours_cases.jsonl is not there");
        return None;
    };
    Some(text.lines().map(|line| serde_json::from_str(line).unwrap()).collect())
}

fn of_kind<'a>(cases: &'a [Value], kind: &'a str) -> impl Iterator<Item = &'a Value> {
    cases.iter().filter(move |case| case["kind"] == kind)
}

fn parsed(case: &Value) -> Result<OpeningHours, HoursFlaw> {
    OpeningHours::parse(case["value"].as_str().unwrap(), case["location"]["country_code"].as_str())
}

/// The open intervals of a case as it expects them; what it calls unknown counts as closed.
fn expected(case: &Value) -> Vec<(Timestamp, Timestamp)> {
    let open = case["expected"].as_array().unwrap().iter().filter(|interval| interval["unknown"] == false);
    let mut merged: Vec<(Timestamp, Timestamp)> = Vec::new();
    for interval in open {
        let [from, to] = ["from", "to"].map(|key| at(interval[key].as_str().unwrap()));
        match merged.last_mut() {
            Some(last) if last.1 == from => last.1 = to,
            Some(_) | None => merged.push((from, to)),
        }
    }
    merged
}

/// The same as we answer them.
fn answered(hours: &OpeningHours, case: &Value) -> Vec<(Timestamp, Timestamp)> {
    let [from, to] = ["from", "to"].map(|key| at(case[key].as_str().unwrap()));
    let mut intervals = Vec::new();
    let mut now = from;
    while let Some(open) = hours.next_open(BERLIN, now).filter(|open| *open < to) {
        let closed = hours.next_closed(BERLIN, open).map_or(to, |closed| closed.min(to));
        intervals.push((open, closed));
        now = closed;
    }
    intervals
}

fn passes(case: &Value) -> bool {
    parsed(case).is_ok_and(|hours| answered(&hours, case) == expected(case))
}

/// Of 313 cases that are not simple. The others repair texts that break the specification, or need
/// the latitude, the state's holidays or points in time; of most of them we say less than is so.
const N_OTHERS_MIN: usize = 94;

#[test]
fn the_simple_cases_are_answered_exactly_and_most_of_the_others() {
    let Some(cases) = cases() else { return };
    let (simple, others): (Vec<&Value>, Vec<&Value>) =
        of_kind(&cases, "intervals").partition(|case| case["simple"] == true);
    for case in &simple {
        assert!(passes(case), "{}: {:?}", case["value"], parsed(case).map(|hours| answered(&hours, case)));
    }
    let n_passed = others.iter().filter(|case| passes(case)).count();
    let n_refused = others.iter().filter(|case| parsed(case).is_err()).count();
    println!("{} simple cases, all answered exactly", simple.len());
    println!("{n_passed} of {} others answered exactly, {n_refused} refused", others.len());
    if std::env::var_os("HOURS_ALL").is_some() {
        for case in others.iter().filter(|case| !passes(case)) {
            let said = parsed(case).map(|hours| answered(&hours, case));
            println!("  {} ({}): {said:?}", case["value"], case["name"]);
        }
    }
    assert_eq!(simple.len(), 31);
    assert!(N_OTHERS_MIN <= n_passed, "{n_passed}");
}

/// Of 32 cases that must fail; the others pass wrong arguments or modes to opening_hours.js, which
/// we have none of, so that nothing is wrong with their texts.
const N_REFUSED_MIN: usize = 23;

#[test]
fn texts_that_must_fail_are_refused() {
    let Some(cases) = cases() else { return };
    let must_fail: Vec<&Value> = of_kind(&cases, "must_fail").collect();
    let (refused, read): (Vec<&Value>, Vec<&Value>) =
        must_fail.into_iter().partition(|case| parsed(case).is_err());
    println!("{} texts refused, {} read", refused.len(), read.len());
    for case in &read {
        println!("  read: {} ({})", case["value"], case["name"]);
    }
    assert!(N_REFUSED_MIN <= refused.len());
}

#[test]
fn the_next_change_is_the_one_expected() {
    let Some(cases) = cases() else { return };
    let wall = |text: &Value| {
        let naive = NaiveDateTime::parse_from_str(text.as_str()?, "%Y-%m-%d %H:%M").ok()?;
        Some(Timestamp::from_unix_ms(BERLIN.from_local_datetime(&naive).single()?.timestamp_millis()))
    };
    for case in of_kind(&cases, "next_change") {
        let hours = parsed(case).unwrap();
        let from = wall(&case["from"]).unwrap();
        let change = match hours.is_open(BERLIN, from) {
            true => hours.next_closed(BERLIN, from),
            false => hours.next_open(BERLIN, from),
        };
        assert_eq!(change, wall(&case["expected_next_change"]), "{}", case["value"]);
    }
}

/// Open from the one instant on until the other, and closed before and behind.
fn check_opening(text: &str, zone: Tz, opens: &str, closes: &str) {
    let hours = hours(text);
    let (opens, closes) = (at(opens), at(closes));
    let just = Millis::new(1);
    assert!(!hours.is_open(zone, opens - just), "{text} {zone}: open before it opens");
    assert!(hours.is_open(zone, opens), "{text} {zone}: closed when it opens");
    assert_eq!(hours.next_open(zone, opens - just), Some(opens), "{text} {zone}");
    assert_eq!(hours.next_closed(zone, opens), Some(closes), "{text} {zone}");
    assert!(!hours.is_open(zone, closes), "{text} {zone}: open when it closes");
}

#[test]
fn a_store_opens_and_closes_on_its_own_wall_clock() {
    check_opening("Mo-Fr 09:00-17:00", BERLIN, "2026-06-01T07:00:00Z", "2026-06-01T15:00:00Z");
    check_opening(
        "Mo-Fr 09:00-17:00",
        chrono_tz::America::Chicago,
        "2026-06-01T14:00:00Z",
        "2026-06-01T22:00:00Z",
    );
    check_opening("Fr-Sa 22:00-02:00", BERLIN, "2026-06-05T20:00:00Z", "2026-06-06T00:00:00Z");
}

#[test]
fn opening_hours_follow_the_clock_through_its_changes() {
    let new_york = chrono_tz::America::New_York;
    // 8 March has no 02:30: the store opens when the clock jumps over it.
    check_opening("02:30-12:00", new_york, "2026-03-08T07:00:00Z", "2026-03-08T16:00:00Z");
    // 1 November has 01:30 twice: closed again when the clock is put back to 01:00.
    check_opening("01:30-12:00", new_york, "2026-11-01T05:30:00Z", "2026-11-01T06:00:00Z");
    check_opening("01:30-12:00", new_york, "2026-11-01T06:30:00Z", "2026-11-01T17:00:00Z");
    // Half an hour on Lord Howe: 02:00 becomes 02:30.
    check_opening(
        "02:15-20:00",
        chrono_tz::Australia::Lord_Howe,
        "2026-10-03T15:30:00Z",
        "2026-10-04T09:00:00Z",
    );
    // No midnight in Sao Paulo and Beirut, no 30 December on Samoa.
    check_opening(
        "00:00-10:00",
        chrono_tz::America::Sao_Paulo,
        "2018-11-04T03:00:00Z",
        "2018-11-04T12:00:00Z",
    );
    check_opening("00:00-10:00", chrono_tz::Asia::Beirut, "2026-03-28T22:00:00Z", "2026-03-29T07:00:00Z");
    check_opening("09:00-20:00", chrono_tz::Pacific::Apia, "2011-12-30T19:00:00Z", "2011-12-31T06:00:00Z");
    // A night of 23 hours and one of 25.
    check_opening("Sa 20:00-04:00", BERLIN, "2026-03-28T19:00:00Z", "2026-03-29T02:00:00Z");
    check_opening("Sa 20:00-04:00", BERLIN, "2026-10-24T18:00:00Z", "2026-10-25T03:00:00Z");
}

#[test]
fn what_a_text_leaves_open_counts_as_closed() {
    let monday = |time: &str| at(&format!("2026-06-01T{time}:00+02:00"));
    let check = |text: &str, time: &str, is_open: bool| {
        assert_eq!(hours(text).is_open(BERLIN, monday(time)), is_open, "{text} at {time}");
    };
    check("Mo \"by appointment\"", "12:00", false);
    check("Mo 10:00-12:00 unknown", "11:00", false);
    check("11:00-14:00,17:00+", "12:00", true);
    check("11:00-14:00,17:00+", "18:00", false);
    check("Mo 17:00+; Tu 10:00-12:00", "18:00", false);
    check("10:00-16:00+", "15:00", true);
    check("10:00-16:00+", "17:00", false);
    check("10:00-12:00 open \"bring your own cup\"", "11:00", true);
    check("24/7 off", "12:00", false);
    check("24/7", "12:00", true);
}

#[test]
fn by_the_sun_a_store_is_open_only_while_it_is_so_in_every_season() {
    let june = |time: &str| at(&format!("2026-06-01T{time}:00+02:00"));
    let check = |text: &str, time: &str, is_open: bool| {
        assert_eq!(hours(text).is_open(BERLIN, june(time)), is_open, "{text} at {time}");
    };
    check("sunrise-sunset", "12:00", true);
    check("sunrise-sunset", "20:00", false);
    check("sunset-sunrise", "01:00", true);
    check("sunset-sunrise", "04:00", false);
    check("(sunrise+01:00)-12:00", "11:30", true);
    check("09:00-dusk", "14:00", true);
}

#[test]
fn public_holidays_are_those_of_the_country() {
    let in_country = |code| OpeningHours::parse("Mo-Fr 09:00-17:00; PH off", code).unwrap();
    let unity = at("2025-10-03T12:00:00+02:00");
    assert!(!in_country(Some("DE")).is_open(BERLIN, unity));
    assert!(!in_country(Some("de")).is_open(BERLIN, unity));
    assert!(in_country(Some("FR")).is_open(BERLIN, unity));
    assert!(in_country(Some("XX")).is_open(BERLIN, unity) && in_country(None).is_open(BERLIN, unity));
}

#[test]
fn a_text_that_is_no_opening_hours_says_where() {
    let check = |text: &str, said: &str| {
        let flaw = OpeningHours::parse(text, None).expect_err(text).to_string();
        assert!(flaw.contains(said), "{text}: {flaw}");
    };
    check("nine to five", "character 1 ");
    check("Mo-Fr 09:00-17:00; Xy off", "character 20 ");
    check("", "cannot be read");
    check(&"24/7; ".repeat(200), "longer than 1024 bytes");
    check("Feb 30 10:00-12:00", "there is no Feb 30");
    check("2026 Apr 1-Apr 31 off", "there is no Apr 31");
    check("(sunset+10:00)-26:00", "third day");
    check("(sunrise-12:00)-10:00", "third day");
}

#[test]
fn a_store_that_never_opens_is_not_looked_for_for_ever() {
    for text in ["24/7 off", "2020 Mo-Fr 09:00-17:00"] {
        assert_eq!(hours(text).next_open(BERLIN, at("2026-06-01T00:00:00Z")), None, "{text}");
    }
    assert_eq!(hours("24/7").next_closed(BERLIN, at("2026-06-01T00:00:00Z")), None);
    assert_eq!(OpeningHours::never().next_open(BERLIN, at("2026-06-01T00:00:00Z")), None);
    assert_eq!(hours("24/7").next_open(BERLIN, Timestamp::MAX), None);
}

#[test]
fn a_book_reads_each_text_once_and_takes_what_it_cannot_read_for_closed() {
    let fence = |text: Option<&str>| FenceFacts {
        id: FenceId::new("quay").unwrap(),
        name: "Quay".into(),
        merchant: None,
        tags: Vec::new(),
        tz: None,
        country: Some("DE".into()),
        region: None,
        opening_hours: text.map(Into::into),
        radius: Meters(50.0),
    };
    let mut book = HoursBook::default();
    let noon = at("2026-06-01T10:00:00Z");
    assert!(book.of(&fence(None)).is_none() && book.check(&fence(None)).is_ok());
    let first = book.of(&fence(Some("24/7"))).unwrap();
    assert!(std::sync::Arc::ptr_eq(&first, &book.of(&fence(Some("24/7"))).unwrap()));
    assert!(book.of(&fence(Some("24/7"))).unwrap().is_open(BERLIN, noon));
    assert!(!book.of(&fence(Some("always"))).unwrap().is_open(BERLIN, noon));
    assert_eq!(book.check(&fence(Some("always"))), Err(HoursFlaw::Unreadable { column: 1 }));
    // A book that is full begins anew and answers as before.
    for n in 0..=HoursBook::TEXTS_MAX {
        let text = format!("{:02}:{:02}-24:00 \"{n}\"", n % 24, n % 60);
        book.of(&fence(Some(&text)));
    }
    assert!(book.of(&fence(Some("24/7"))).unwrap().is_open(BERLIN, noon));
}

fn any_zone() -> impl Strategy<Value = Tz> {
    prop::sample::select(vec![
        BERLIN,
        chrono_tz::America::New_York,
        chrono_tz::America::Sao_Paulo,
        chrono_tz::America::St_Johns,
        chrono_tz::Australia::Lord_Howe,
        chrono_tz::Asia::Beirut,
        chrono_tz::Asia::Kathmandu,
        chrono_tz::Africa::Casablanca,
        chrono_tz::Pacific::Apia,
    ])
}

/// Minutes around changes of some zone's clock, and anywhere.
fn any_minute() -> impl Strategy<Value = Timestamp> {
    let changes = [
        "2026-03-08T07:00:00Z",
        "2026-11-01T06:00:00Z",
        "2026-03-29T01:00:00Z",
        "2026-10-25T01:00:00Z",
        "2026-10-03T15:30:00Z",
        "2018-11-04T03:00:00Z",
        "2018-02-18T02:00:00Z",
        "2026-03-28T22:00:00Z",
        "2011-12-30T10:00:00Z",
        "2010-11-07T02:31:00Z",
        "2026-02-15T02:00:00Z",
    ];
    let near = (prop::sample::select(changes.to_vec()), -2_000_i64..2_000)
        .prop_map(|(change, minutes)| at(change) + Millis::from_mins(minutes));
    let anywhere = (15_000_000_i64..31_000_000).prop_map(|minutes| Timestamp::from_unix_ms(minutes * 60_000));
    prop_oneof![3 => near, 1 => anywhere]
}

fn any_hours() -> impl Strategy<Value = String> {
    let days = prop::sample::select(vec!["", "Mo-Fr ", "Sa ", "Su ", "Tu-Su ", "Mo,We,Sa,Su "]);
    let times = prop::collection::vec((0_u32..24, 0_u32..60, 1_u32..40), 1..3).prop_map(|spans| {
        let spans = spans.iter().map(|(hour, minute, quarters)| {
            let until = (hour * 60 + minute + quarters * 15).min(48 * 60);
            format!("{hour:02}:{minute:02}-{:02}:{:02}", until / 60, until % 60)
        });
        spans.collect::<Vec<_>>().join(",")
    });
    let rule = (days, times).prop_map(|(days, times)| format!("{days}{times}"));
    prop::collection::vec(rule, 1..3).prop_map(|rules| rules.join("; "))
}

/// Rules without sense and with, from the words that the syntax has.
fn any_rules() -> impl Strategy<Value = String> {
    let word = prop::sample::select(vec![
        "Mo",
        "Fr-Mo",
        "Sa[2]",
        "PH",
        "SH",
        "PH -1 day",
        "easter",
        "easter +1 day",
        "Jan-Mar",
        "Feb 29",
        "2026",
        "2020-2030/2",
        "week 1-53/2",
        "Dec 24-Jan 6",
        "10:00-12:00",
        "22:00-26:00",
        "20:00-48:00",
        "sunrise-sunset",
        "(sunset+01:00)-(sunrise-01:00)",
        "17:00+",
        "10:00-16:00+",
        "00:00-24:00",
        "24/7",
        "off",
        "open",
        "unknown",
        "\"a remark\"",
        ";",
        ",",
        "||",
        "-",
        ":",
        "25:00",
        "10:00-12:00/30",
        "dawn-dusk",
        "Su[-1]",
    ]);
    prop::collection::vec(word, 1..7).prop_map(|words| words.join(" "))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_000))]

    #[test]
    fn the_next_opening_and_closing_are_those_found_minute_by_minute(
        text in any_hours(), zone in any_zone(), from in any_minute(),
    ) {
        let hours = hours(&text);
        let step = |minutes: i64| from + Millis::from_mins(minutes);
        let found = |open: bool| (0..4 * 1_440).map(step).find(|at| hours.is_open(zone, *at) == open);
        for (open, next) in [(true, hours.next_open(zone, from)), (false, hours.next_closed(zone, from))] {
            match found(open) {
                Some(at) => prop_assert_eq!(next, Some(at), "{} {}", text, zone),
                None => prop_assert!(next.is_none_or(|at| step(4 * 1_440) <= at), "{} {}", text, zone),
            }
        }
    }

    #[test]
    fn an_answer_holds_as_long_as_it_says(text in any_hours(), zone in any_zone(), from in any_minute()) {
        let hours = hours(&text);
        let answer = hours.open_until(zone, from).unwrap();
        prop_assert!(answer.holds(from) && !answer.holds(answer.until));
        prop_assert!(answer.until.since(from) <= Millis::from_hours(24));
        let minutes = (0..1_440).map(|n| from + Millis::from_mins(n));
        for at in minutes.take_while(|at| answer.holds(*at)) {
            prop_assert_eq!(hours.is_open(zone, at), answer.is_open, "{} {}", text, zone);
        }
    }

    #[test]
    fn no_text_makes_the_evaluation_panic(text in any_rules(), zone in any_zone(), from in any_minute()) {
        for country in [None, Some("DE")] {
            let Ok(hours) = OpeningHours::parse(&text, country) else { continue };
            let next = hours.next_open(zone, from);
            prop_assert!(next.is_none_or(|at| hours.is_open(zone, at)), "{}", text);
            let next = hours.next_closed(zone, from);
            prop_assert!(next.is_none_or(|at| !hours.is_open(zone, at)), "{}", text);
        }
    }

    #[test]
    fn any_bytes_are_read_without_a_panic(text in "\\PC{0,40}") {
        let _ = OpeningHours::parse(&text, None);
    }
}
