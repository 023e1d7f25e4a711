//! Five people over eight weeks, by script: how many offers a week each of them gets.
//!
//! What counts as a dwell is for presence to say; here it is given. Nobody is held out.

use model::{FeedbackKind, FenceId, Millis, Profile, TransitionKind};
use notifier::{NotifierPolicy, Ruling};

use crate::porter::{ANNA, Ask, Porter, june, usual};

const WEEKS: i64 = 8;

/// A person's weeks: what they pass, and whether they use what they are told.
struct Person {
    porter: Porter,
    n_told: usize,
    n_passed: usize,
}

impl Person {
    fn new(profile: Profile) -> Self {
        Self { porter: Porter::with(NotifierPolicy::default(), profile), n_told: 0, n_passed: 0 }
    }

    fn passes(&mut self, fence: &str, trigger: TransitionKind, (day, minutes): (i64, i64)) -> bool {
        let at = june() + Millis::from_days(day) + Millis::from_mins(minutes);
        if trigger == TransitionKind::Enter {
            self.porter.notifier.entered(ANNA, &FenceId::new(fence).unwrap(), at);
        }
        // Each store has an offer for each day of a month.
        let ask = self.porter.dwell(fence, at).offer(&format!("{fence}-{}", day % 30));
        self.asks(ask, trigger, at)
    }

    fn asks(&mut self, mut ask: Ask, trigger: TransitionKind, at: model::Timestamp) -> bool {
        ask.occasion.trigger = trigger;
        ask.terms.names_store = true;
        ask.radius_m = 100;
        self.n_passed += 1;
        let goes = self.porter.propose(ask, at) == Ruling::Goes;
        self.n_told += usize::from(goes);
        if goes {
            let shown_at = at + Millis::from_secs(30);
            self.porter.answer(FeedbackKind::Shown, shown_at);
        }
        goes
    }

    fn per_week(&self) -> f64 {
        self.n_told as f64 / WEEKS as f64
    }
}

fn days_of_the_week(day: i64, days: &[i64]) -> bool {
    days.contains(&(day % 7))
}

#[test]
fn a_commuter_who_walks_past_two_shops_hears_nothing_of_them() {
    // Twenty times a week, at half past eight and at half past five: entered and left, and no stay.
    let mut by_dwell = Person::new(Profile::default());
    let mut by_enter = Person::new(Profile::default());
    for day in (0..WEEKS * 7).filter(|day| days_of_the_week(*day, &[0, 1, 2, 3, 4])) {
        for (fence, minutes) in [("kiosk", 510), ("bakery", 513), ("bakery", 1_050), ("kiosk", 1_053)] {
            let at = june() + Millis::from_days(day) + Millis::from_mins(minutes);
            by_dwell.porter.notifier.entered(ANNA, &FenceId::new(fence).unwrap(), at);
            by_enter.passes(fence, TransitionKind::Enter, (day, minutes));
        }
    }
    assert_eq!((by_dwell.n_passed, by_dwell.n_told), (0, 0));
    // An operator who asks for the enter all the same reaches them once in a while.
    assert_eq!(by_enter.n_passed, 20 * WEEKS as usize);
    assert!(by_enter.per_week() <= 0.6, "{}", by_enter.per_week());
}

#[test]
fn a_saturday_in_the_mall_brings_one_offer_at_most() {
    let mut person = Person::new(Profile::default());
    for day in (0..WEEKS * 7).filter(|day| days_of_the_week(*day, &[5])) {
        let before = person.n_told;
        for store in 0..8 {
            person.passes(&format!("mall{store}"), TransitionKind::Dwell, (day, 840 + store * 15));
        }
        assert!(person.n_told - before <= 1);
    }
    assert!((0.5..=1.0).contains(&person.per_week()), "{}", person.per_week());
}

#[test]
fn a_loyal_customer_of_a_favourite_store_hears_of_it_about_once_a_week() {
    let favourites = vec![FenceId::new("books").unwrap()];
    let mut person = Person::new(Profile { favourites, ..Profile::default() });
    for day in (0..WEEKS * 7).filter(|day| days_of_the_week(*day, &[0, 3, 5])) {
        if person.passes("books", TransitionKind::Dwell, (day, 17 * 60)) && person.n_told % 2 == 1 {
            let used_at = june() + Millis::from_days(day) + Millis::from_mins(17 * 60 + 20);
            person.porter.answer(FeedbackKind::Redeemed, used_at);
        }
    }
    assert!((0.8..=1.5).contains(&person.per_week()), "{}", person.per_week());
}

#[test]
fn a_courier_hears_one_a_week_at_most() {
    let mut person = Person::new(Profile::default());
    for day in (0..WEEKS * 7).filter(|day| days_of_the_week(*day, &[0, 1, 2, 3, 4])) {
        for stop in 0..40 {
            let fence = format!("stop{}", (day * 7 + stop * 3) % 200);
            let minutes = 8 * 60 + stop * 13;
            person.porter.notifier.entered(
                ANNA,
                &FenceId::new(&fence).unwrap(),
                june() + Millis::from_days(day) + Millis::from_mins(minutes),
            );
            person.passes(&fence, TransitionKind::Dwell, (day, minutes + 4));
        }
    }
    assert!(person.per_week() <= 1.0, "{}", person.per_week());
}

#[test]
fn a_night_worker_hears_nothing() {
    let mut person = Person::new(Profile::default());
    for day in 0..WEEKS * 7 {
        for hour in [20, 21, 23, 25, 28, 30, 32] {
            person.passes(&format!("night{hour}"), TransitionKind::Dwell, (day, hour * 60));
        }
    }
    assert_eq!((person.n_told, person.n_passed), (0, 7 * 7 * WEEKS as usize));
    assert_eq!(person.porter.notifier.policy(), &usual());
}
