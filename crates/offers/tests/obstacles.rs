//! What an offer itself says of an instant, and when it would be possible again.

use chrono::DateTime;
use chrono_tz::Tz;
use model::{FenceId, MerchantId, Millis, OfferId, Timestamp};
use offers::{Catalogue, Draft, NaiveDate, Obstacle, Offer, OpeningHours, OperatorState, Season};
use proptest::prelude::*;

const BERLIN: Tz = chrono_tz::Europe::Berlin;

fn at(text: &str) -> Timestamp {
    Timestamp::from_unix_ms(DateTime::parse_from_rfc3339(text).unwrap().timestamp_millis())
}

fn day(text: &str) -> Option<NaiveDate> {
    Some(text.parse().unwrap())
}

fn catalogue(season: Season) -> Catalogue {
    let (id, merchant) = (OfferId::new("lunch").unwrap(), MerchantId::new("bean").unwrap());
    let fences = vec![FenceId::new("quay").unwrap()];
    Catalogue::new(vec![Draft { fences, season, ..Draft::new(id, merchant, "Lunch", "A soup") }]).unwrap()
}

fn offer(season: Season) -> Offer {
    catalogue(season).offers()[0].clone()
}

fn hours(text: &str) -> OpeningHours {
    OpeningHours::parse(text, None).unwrap()
}

fn lunch() -> Season {
    Season {
        starts_on: day("2026-06-01"),
        ends_on: day("2026-06-30"),
        schedule: Some("Mo-Fr 11:00-14:00".into()),
        open_only: true,
    }
}

/// What forbids it then, and the first instant at which nothing does.
fn check(
    offer: &Offer,
    hours: Option<&OpeningHours>,
    now: &str,
    obstacles: &[Obstacle],
    again: Option<&str>,
) {
    assert_eq!(offer.obstacles_at(BERLIN, at(now), hours), obstacles, "{now}");
    assert_eq!(offer.possible_again_at(BERLIN, at(now), hours), again.map(at), "{now}");
}

#[test]
fn an_offer_holds_to_its_dates_its_schedule_and_the_stores_hours() {
    use Obstacle::{NotYet, OffSchedule, Over, StoreClosed};
    let (offer, store) = (offer(lunch()), hours("Tu-Su 10:00-13:00"));
    let first = Some("2026-06-02T11:00:00+02:00");
    check(&offer, Some(&store), "2026-05-31T23:59:59+02:00", &[NotYet, OffSchedule, StoreClosed], first);
    check(&offer, Some(&store), "2026-06-01T12:00:00+02:00", &[StoreClosed], first);
    check(&offer, Some(&store), "2026-06-02T10:30:00+02:00", &[OffSchedule], first);
    check(&offer, Some(&store), "2026-06-02T12:59:59+02:00", &[], Some("2026-06-02T12:59:59+02:00"));
    check(
        &offer,
        Some(&store),
        "2026-06-02T13:30:00+02:00",
        &[StoreClosed],
        Some("2026-06-03T11:00:00+02:00"),
    );
    check(&offer, Some(&store), "2026-06-30T14:00:00+02:00", &[OffSchedule, StoreClosed], None);
    check(&offer, Some(&store), "2026-07-01T12:00:00+02:00", &[Over], None);
}

#[test]
fn a_store_without_hours_counts_as_open_and_so_does_one_that_is_not_asked() {
    let shut = hours("24/7 off");
    check(&offer(lunch()), None, "2026-06-01T12:00:00+02:00", &[], Some("2026-06-01T12:00:00+02:00"));
    check(&offer(lunch()), Some(&shut), "2026-06-01T12:00:00+02:00", &[Obstacle::StoreClosed], None);
    let outside = offer(Season { open_only: false, ..lunch() });
    check(&outside, Some(&shut), "2026-06-01T12:00:00+02:00", &[], Some("2026-06-01T12:00:00+02:00"));
}

#[test]
fn an_offer_that_nothing_binds_is_always_possible() {
    let free = offer(Season::default());
    check(&free, None, "2026-06-01T03:00:00+02:00", &[], Some("2026-06-01T03:00:00+02:00"));
    assert_eq!(free.possible_again_at(BERLIN, Timestamp::MAX, None), None);
}

#[test]
fn what_an_operator_paused_or_stopped_has_no_next_time() {
    for (state, obstacle) in
        [(OperatorState::Paused, Obstacle::Paused), (OperatorState::Stopped, Obstacle::Stopped)]
    {
        let operated = catalogue(lunch()).operated(&[(OfferId::new("lunch").unwrap(), state)].into());
        check(&operated.offers()[0], None, "2026-06-01T12:00:00+02:00", &[obstacle], None);
        let both = [obstacle, Obstacle::Over];
        check(&operated.offers()[0], None, "2026-07-01T12:00:00+02:00", &both, None);
    }
}

#[test]
fn an_offer_of_next_year_is_possible_on_its_first_day() {
    let season = Season { starts_on: day("2029-06-01"), ..Season::default() };
    check(
        &offer(season),
        None,
        "2026-06-01T12:00:00+02:00",
        &[Obstacle::NotYet],
        Some("2029-06-01T00:00:00+02:00"),
    );
}

#[test]
fn a_last_day_that_a_clock_shows_twice_is_shown_twice() {
    // In St John's the clock was put back from 00:01 on 7 November 2010 to 23:01 on the 6th.
    let zone = chrono_tz::America::St_Johns;
    let offer = offer(Season { ends_on: day("2010-11-06"), ..Season::default() });
    let (first_end, second_begin) = (at("2010-11-07T02:30:00Z"), at("2010-11-07T02:31:00Z"));
    assert_eq!(offer.obstacles_at(zone, first_end, None), [Obstacle::Over]);
    assert_eq!(offer.obstacles_at(zone, second_begin, None), []);
    assert_eq!(offer.possible_again_at(zone, first_end, None), Some(second_begin));
    assert_eq!(offer.possible_again_at(zone, at("2010-11-07T03:30:00Z"), None), None);
}

#[test]
fn an_offer_knows_whether_it_will_ever_come() {
    let now = at("2026-06-15T12:00:00Z");
    assert!(offer(lunch()).comes_after(now));
    assert!(!offer(lunch()).comes_after(at("2026-07-03T12:00:00Z")));
    let sundays = Season { schedule: Some("2020 Su 10:00-12:00".into()), ..Season::default() };
    assert!(!offer(sundays).comes_after(now));
}

#[test]
fn every_obstacle_has_a_word_of_its_own_in_the_order_of_verdicts() {
    let words: std::collections::BTreeSet<&str> =
        Obstacle::ALL.iter().map(|obstacle| obstacle.word()).collect();
    assert_eq!(words.len(), Obstacle::ALL.len());
    assert!(Obstacle::ALL.is_sorted());
}

fn any_season() -> impl Strategy<Value = Season> {
    let schedules =
        ["", "Mo-Fr 11:00-14:00", "Sa,Su 00:00-24:00", "22:00-02:30", "02:15-03:15", "We 09:00-17:00"];
    let schedule =
        prop::sample::select(schedules.to_vec()).prop_map(|text| (!text.is_empty()).then(|| Box::from(text)));
    let days = (prop::option::of(-4_i64..5), prop::option::of(0_i64..4));
    (schedule, days, any::<bool>()).prop_map(|(schedule, (first, length), open_only)| {
        let change = NaiveDate::from_ymd_opt(2026, 3, 29).unwrap();
        let starts_on = first.map(|first| change + chrono::TimeDelta::days(first));
        let from = starts_on.unwrap_or(change);
        let ends_on = length.map(|length| from + chrono::TimeDelta::days(length));
        Season { starts_on, ends_on, schedule, open_only }
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_000))]

    #[test]
    fn the_next_possible_time_is_the_one_found_step_by_step(
        season in any_season(),
        store in prop::option::of(prop::sample::select(
            vec!["Mo-Sa 08:00-20:00", "Su 10:00-02:00", "24/7", "24/7 off", "01:30-02:30,12:00-13:00"],
        )),
        zone in prop::sample::select(vec![
            BERLIN, chrono_tz::Asia::Beirut, chrono_tz::America::New_York, chrono_tz::Australia::Lord_Howe,
        ]),
        quarters in -540_i64..540,
    ) {
        // Every edge of these hours and clocks lies on a quarter of an hour.
        const N_QUARTERS: i64 = 9 * 96;
        let offer = offer(season);
        let hours = store.map(hours);
        let from = at("2026-03-29T01:00:00Z") + Millis::from_mins(15 * quarters);
        let step = |n: i64| from + Millis::from_mins(15 * n);
        let is_free = |at: &Timestamp| offer.obstacles_at(zone, *at, hours.as_ref()).is_empty();
        let found = (0..N_QUARTERS).map(step).find(is_free);
        let said = offer.possible_again_at(zone, from, hours.as_ref());
        match found {
            Some(found) => prop_assert_eq!(said, Some(found)),
            None => prop_assert!(said.is_none_or(|said| step(N_QUARTERS) <= said)),
        }
    }
}
