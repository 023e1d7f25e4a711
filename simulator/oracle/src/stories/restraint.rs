//! What is decided together, what it costs, and what answers bring.

use super::*;

/// One stay at a place: the fix that dwells has just been read, and nothing is decided yet.
fn stay(street: &mut Street, x_m: f64) {
    street.after(HOUR, |fix| fix, x_m + 400.0);
    street.after(MINUTE, |fix| fix, x_m);
    street.wait(3 * MINUTE);
    let fix = street.fix(x_m);
    street.oracle.message(1, 0, &[fix], street.now_ms);
    street.told();
}

/// What is told of the offers of a stay, decided in due time.
fn verdicts(street: &mut Street, x_m: f64) -> Vec<String> {
    stay(street, x_m);
    street.wait(street.oracle.rules.gather_ms);
    street.told()
}

fn dwell(id: &str, fences: &[u32]) -> Offer {
    Offer::plain(id, 0, Kind::Dwell, fences, 1)
}

/// One offer in `books` and nobody hears anything but by its own rules.
fn check_one(offer: Offer, rules: Rules, prepare: impl Fn(&mut Street), says: &str) {
    let mut street = Street::with(fences(), vec![offer], rules);
    prepare(&mut street);
    assert_eq!(verdicts(&mut street, BOOKS), [says]);
}

fn nothing(_: &mut Street) {}

fn say_profile(street: &mut Street, profile: Profile) {
    street.oracle.profile(1, profile, street.now_ms);
    street.settle();
}

/// All words of the last no.
fn all_words(street: &mut Street) -> Vec<&'static str> {
    let failed = |told: &crate::Told| match told.what {
        What::Suppressed { failed, .. } => Some(failed),
        _ => None,
    };
    let told = street.oracle.told();
    told.iter().filter_map(failed).next_back().unwrap_or_default().words().collect()
}

fn sent(street: &Street) -> Said {
    street.oracle.customers[1].heard().last().expect("something was decided").said
}

#[test]
fn what_comes_within_twenty_seconds_is_decided_together_and_one_wins() {
    let offers = || vec![dwell("books", &[0]), Offer { value: 500, ..dwell("cafe", &[1]) }];
    // Two places on top of each other.
    let close = |at: usize| {
        let mut fences = fences();
        let place = fences[0].shape.clone();
        fences[at].shape = place;
        fences
    };
    let mut street = Street::with(close(1), offers(), Rules { gather_ms: 20 * SECOND, ..simple() });
    stay(&mut street, BOOKS);
    street.wait(20 * SECOND - 1);
    assert_eq!(street.told(), Vec::<String>::new(), "it waits");
    street.wait(1);
    assert_eq!(street.told(), ["no 0 lost_arbitration", "offer 1"], "the one that is worth more wins");
    let mut street = Street::with(close(1), offers(), Rules { gather_ms: 40 * SECOND, ..simple() });
    assert_eq!(verdicts(&mut street, BOOKS), ["no 0 too_late", "no 1 too_late"]);
}

#[test]
fn value_relevance_and_cost_rank_and_then_favourites_and_the_merchant_heard_from_least_recently() {
    let check = |offers: [Offer; 2], prepare: &dyn Fn(&mut Street), winner: u32| {
        let mut fences = fences();
        let place = fences[0].shape.clone();
        (fences[1].shape, fences[3].shape) = (place.clone(), place);
        let mut street = Street::with(fences, offers.to_vec(), talkative());
        street.say(1, Word::Grant { until_ms: None, token: None }, 0);
        prepare(&mut street);
        let told = verdicts(&mut street, BOOKS);
        assert!(told.contains(&format!("offer {winner}")), "{told:?}");
    };
    let pair = || [dwell("books", &[0]), dwell("cafe", &[1])];
    let [books, cafe] = pair();
    let urgent = Offer { priority: 2, ..cafe.clone() };
    check([Offer { value: 1_000, ..books.clone() }, urgent], &nothing, 1);
    check([Offer { value: 101, ..books.clone() }, cafe.clone()], &nothing, 0);
    // Half the cost is worth as much as twice the value.
    check(
        [Offer { channel: Channel::Email, ..books.clone() }, cafe.clone()],
        &|street| {
            let consent = Consent::grant(None, street.now_ms);
            street.oracle.consent(1, 0, Purpose::OffersEmail, &consent, street.now_ms);
            street.settle();
        },
        0,
    );
    let likes = |fence| {
        move |street: &mut Street| {
            say_profile(street, Profile { favourites: vec![fence], ..Profile::default() });
        }
    };
    check(pair(), &likes(0), 0);
    check(pair(), &likes(1), 1);
    let of_other = Offer { merchant: 1, fences: vec![3], ..dwell("toys", &[3]) };
    check(
        [books, of_other],
        &|street| {
            stay(street, BOOKS + 20_000.0);
        },
        winner_by_tie(),
    );
}

/// Of two that nothing tells apart a hash decides, for always.
fn winner_by_tie() -> u32 {
    let mut fences = fences();
    let place = fences[0].shape.clone();
    fences[3].shape = place;
    let offers = vec![dwell("books", &[0]), Offer { merchant: 1, fences: vec![3], ..dwell("toys", &[3]) }];
    let mut street = Street::with(fences, offers, talkative());
    street.say(1, Word::Grant { until_ms: None, token: None }, 0);
    stay(&mut street, BOOKS + 20_000.0);
    u32::from(verdicts(&mut street, BOOKS).contains(&"offer 1".to_owned()))
}

#[test]
fn dates_weeks_hours_stock_groups_and_operators_hold_offers_back() {
    let day = |day| chrono::NaiveDate::from_ymd_opt(2026, 6, day);
    // It is Wednesday, the 3rd of June, one in the afternoon.
    let season = |season| Offer { season, ..dwell("a", &[0]) };
    let check = |offer, says| check_one(offer, simple(), nothing, says);
    check(season(Season { starts_on: day(4), ..Season::default() }), "no 0 offer_not_yet");
    check(season(Season { starts_on: day(3), ends_on: day(3), ..Season::default() }), "offer 0");
    check(season(Season { ends_on: day(2), ..Season::default() }), "no 0 offer_over");
    let weekends = Week(vec![(5, 0, 1_440), (6, 0, 1_440)]);
    check(season(Season { schedule: Some(weekends), ..Season::default() }), "no 0 off_schedule");
    check(Offer { stock: Some(0), ..dwell("a", &[0]) }, "no 0 out_of_stock");
    check(Offer { operated: Operated::Paused, ..dwell("a", &[0]) }, "no 0 offer_paused");
    check(Offer { operated: Operated::Stopped, ..dwell("a", &[0]) }, "no 0 offer_stopped");
    let shut = || {
        let mut fences = fences();
        fences[0].hours = Some(Week::daily(540, 720));
        fences
    };
    for (open_only, says) in [(true, "no 0 store_closed"), (false, "offer 0")] {
        let offers = vec![season(Season { open_only, ..Season::default() })];
        assert_eq!(verdicts(&mut Street::with(shut(), offers, simple()), BOOKS), [says]);
    }
}

#[test]
fn groups_are_declared_and_need_a_consent_of_their_own() {
    let audience = Audience { segments: vec!["gold".into()], ..Audience::default() };
    let offer = || Offer { audience: audience.clone(), ..dwell("a", &[0]) };
    check_one(offer(), simple(), nothing, "no 0 no_consent");
    let agree = |street: &mut Street| {
        let consent = Consent::grant(None, street.now_ms);
        street.oracle.consent(1, 0, Purpose::Personalisation, &consent, street.now_ms);
        street.settle();
    };
    check_one(offer(), simple(), agree, "no 0 not_in_audience");
    let declare = |segment: &'static str| {
        move |street: &mut Street| {
            agree(street);
            let segments = vec![(0, segment.to_owned())];
            say_profile(street, Profile { segments, ..Profile::default() });
        }
    };
    check_one(offer(), simple(), declare("silver"), "no 0 not_in_audience");
    check_one(offer(), simple(), declare("gold"), "offer 0");
}

#[test]
fn of_a_stock_exactly_so_many_go_out_and_one_that_comes_back_goes_again() {
    let offers = vec![Offer { stock: Some(1), ..dwell("a", &[0, 1]) }];
    let mut street = Street::with(fences(), offers, talkative());
    assert_eq!(verdicts(&mut street, BOOKS), ["offer 0"]);
    let first = sent(&street);
    assert_eq!(verdicts(&mut street, CAFE), ["exit 0 left", "no 0 out_of_stock"][1..]);
    street.oracle.left(&first, Leaving::Refused, street.now_ms);
    street.settle();
    assert_eq!(verdicts(&mut street, BOOKS), ["offer 0"]);
    let offers = vec![Offer { stock_per_day: Some(1), ..dwell("a", &[0, 1]) }];
    let mut street = Street::with(fences(), offers, talkative());
    assert_eq!(verdicts(&mut street, BOOKS), ["offer 0"]);
    assert_eq!(verdicts(&mut street, CAFE), ["no 0 out_of_stock"]);
    street.wait(DAY);
    assert_eq!(verdicts(&mut street, BOOKS), ["offer 0"]);
}

#[test]
fn the_customers_own_word_stands_above_all() {
    let check = |dial: Dial, says| {
        let set = |street: &mut Street| {
            say_profile(street, Profile { dial: dial.clone(), ..Profile::default() });
        };
        check_one(dwell("a", &[0]), talkative(), set, says);
    };
    check(Dial { per_week: Some(0), ..Dial::default() }, "no 0 cap_own");
    check(Dial { per_week: Some(1), ..Dial::default() }, "offer 0");
    check(Dial { muted_merchants: vec![0], ..Dial::default() }, "no 0 muted");
    check(Dial { muted_fences: vec![0], ..Dial::default() }, "no 0 muted");
    check(Dial { muted_fences: vec![1], muted_merchants: vec![1], ..Dial::default() }, "offer 0");
    check(Dial { quiet: Some((12 * 60, 14 * 60)), ..Dial::default() }, "no 0 own_quiet_hours");
    check(Dial { quiet: Some((22 * 60, 13 * 60)), ..Dial::default() }, "offer 0");
    check(Dial { quiet: Some((60, 60)), ..Dial::default() }, "no 0 own_quiet_hours");
    let minor = |street: &mut Street| say_profile(street, Profile { minor: true, ..Profile::default() });
    let mut street = Street::with(fences(), vec![dwell("a", &[0])], talkative());
    minor(&mut street);
    assert_eq!(street.after(SECOND, |fix| fix, BOOKS), ["refused suppressed"]);
    let at_home = |tz| {
        move |street: &mut Street| {
            say_profile(street, Profile { tz: Some(tz), ..Profile::default() });
        }
    };
    let attic = |prepare: &dyn Fn(&mut Street)| {
        let mut street = Street::with(fences(), vec![dwell("a", &[4])], simple());
        prepare(&mut street);
        verdicts(&mut street, ATTIC)
    };
    assert_eq!(attic(&nothing), ["no 0 zone_unknown"]);
    assert_eq!(attic(&at_home(chrono_tz::UTC)), ["offer 0"]);
    assert_eq!(attic(&at_home(chrono_tz::Asia::Tokyo)), ["no 0 quiet_hours"]);
}

#[test]
fn channels_have_purposes_prices_and_caps_of_their_own() {
    let by = |channel| Offer { channel, ..dwell("a", &[0, 1, 2]) };
    check_one(by(Channel::Sms), simple(), nothing, "no 0 no_consent");
    let agree = |purpose| {
        move |street: &mut Street| {
            let consent = Consent::grant(None, street.now_ms - 2 * DAY);
            street.oracle.consent(1, 0, purpose, &consent, street.now_ms);
            street.settle();
        }
    };
    let dear = |limit_milli| Rules { budget: Budget { limit_milli, ..Budget::default() }, ..talkative() };
    // Base, background, a small fence.
    for (channel, purpose, cost) in [
        (Channel::Push, Purpose::OffersPush, 40_000),
        (Channel::Sms, Purpose::OffersSms, 55_000),
        (Channel::Email, Purpose::OffersEmail, 27_000),
        (Channel::Inbox, Purpose::OffersInbox, 19_000),
    ] {
        check_one(by(channel), dear(cost), agree(purpose), "offer 0");
        check_one(by(channel), dear(cost - 1), agree(purpose), "no 0 budget");
    }
    let rules = Rules { caps: Caps { sms_7d: 1, push_7d: 0, ..talkative().caps }, ..talkative() };
    let mut street = Street::with(fences(), vec![by(Channel::Sms)], rules);
    agree(Purpose::OffersSms)(&mut street);
    assert_eq!(verdicts(&mut street, BOOKS), ["offer 0"], "a cap on push is none on text messages");
    assert_eq!(verdicts(&mut street, CAFE), ["no 0 cap_sms_7d"]);
}

#[test]
fn all_rules_that_fail_are_named_in_order() {
    let offer = Offer { operated: Operated::Paused, stock: Some(0), ..dwell("a", &[0]) };
    let mut street = Street::with(fences(), vec![offer], Rules { hours: (60, 120), ..simple() });
    stay(&mut street, BOOKS);
    let gone = street.fix(BOOKS + 150.0);
    street.now_ms += 5 * SECOND;
    street.oracle.message(1, 0, &[Fix { taken_at_ms: street.now_ms, ..gone }], street.now_ms);
    street.told();
    street.oracle.stage(street.now_ms);
    let words = ["offer_paused", "out_of_stock", "not_there_any_more", "quiet_hours"];
    assert_eq!(all_words(&mut street), words);
    assert_eq!(Failed::of(words).and_then(Failed::first), Some("offer_paused"));
}

#[test]
fn pressure_halves_in_three_days_and_a_cost_of_a_quarter_comes_three_times_a_week() {
    // 25 for push, 15 less for an open app, 5 for a small fence: 15 of 20.
    let rules = Rules { budget: Budget { limit_milli: 20_000, ..Budget::default() }, ..talkative() };
    let mut street = Street::with(fences(), vec![dwell("a", &[0]), dwell("b", &[1])], rules);
    let open = |street: &mut Street, x_m: f64| {
        street.after(HOUR, |fix| fix, x_m + 400.0);
        street.after(MINUTE, |fix| fix, x_m);
        let told = street.after(3 * MINUTE, |fix| Fix { foreground: Some(true), ..fix }, x_m);
        told.last().cloned()
    };
    assert_eq!(open(&mut street, BOOKS).as_deref(), Some("offer 0"));
    // 15 halve to 5 after 114 hours.
    street.wait(113 * HOUR);
    assert_eq!(open(&mut street, CAFE).as_deref(), Some("no 1 budget"));
    assert_eq!(open(&mut street, CAFE).as_deref(), Some("offer 1"));
}

fn heard_one(rules: Rules) -> (Street, Said) {
    let mut street = Street::with(fences(), vec![dwell("a", &[0]), dwell("b", &[1])], rules);
    assert_eq!(verdicts(&mut street, BOOKS), ["offer 0"]);
    let said = sent(&street);
    (street, said)
}

fn patience(street: &Street) -> Patience {
    street.oracle.customers[1].patience().clone()
}

#[test]
fn answers_nudge_change_the_limit_and_silence() {
    let answered = |answer: Answer, after_ms: i64| {
        let (mut street, said) = heard_one(talkative());
        street.now_ms += after_ms;
        assert!(street.oracle.feedback(&said, answer, None, street.now_ms));
        assert!(!street.oracle.feedback(&said, answer, None, street.now_ms), "once each");
        let Patience { nudge_milli, limit_milli, .. } = patience(&street);
        (verdicts(&mut street, CAFE).pop().expect("a verdict"), nudge_milli, limit_milli)
    };
    let says = |text: &str, nudge_milli: i64, limit_milli| (text.to_owned(), nudge_milli, limit_milli);
    assert_eq!(answered(Answer::Opened, MINUTE), says("offer 1", -5_000, None));
    assert_eq!(answered(Answer::Redeemed, MINUTE), says("no 1 after_redemption", -10_000, Some(63_000)));
    assert_eq!(answered(Answer::Dismissed, 9_999), says("no 1 after_dismissal", 5_000, None));
    assert_eq!(answered(Answer::Dismissed, 10_000), says("offer 1", 0, None));
    assert_eq!(answered(Answer::TooOften, MINUTE), says("no 1 after_too_often", 20_000, Some(48_000)));
    assert_eq!(answered(Answer::Creepy, MINUTE), says("no 1 after_creepy", 40_000, Some(42_000)));
    assert_eq!(answered(Answer::NotRelevant, MINUTE), says("offer 1", 0, None));
    assert_eq!(answered(Answer::Received, MINUTE), says("offer 1", 0, None));
    let (mut street, said) = heard_one(talkative());
    street.oracle.feedback(&said, Answer::NotRelevant, None, street.now_ms);
    street.wait(400 * DAY);
    street.say(0, Word::Grant { until_ms: None, token: None }, 0);
    assert_eq!(verdicts(&mut street, BOOKS), ["no 0 muted"], "for ever");
}

#[test]
fn relief_takes_away_no_more_than_there_is() {
    let (mut street, said) = heard_one(talkative());
    street.wait(25 * DAY);
    let left = patience(&street).pressure_milli(
        street.oracle.customers[1].heard(),
        &Budget::default(),
        street.now_ms,
    );
    assert!(0 < left && left < 5_000, "{left}");
    street.oracle.feedback(&said, Answer::Opened, None, street.now_ms);
    assert_eq!(patience(&street).nudge_milli, -left);
}

#[test]
fn three_that_were_ignored_in_a_row_lower_the_limit_when_the_next_is_decided() {
    let rules = talkative();
    let mut street = Street::with(fences(), vec![dwell("a", &[0]), dwell("b", &[1])], rules);
    let mut limits = Vec::new();
    for (x_m, answer) in [
        (BOOKS, Answer::Shown),
        (CAFE, Answer::Received),
        (BOOKS, Answer::Delivered),
        (CAFE, Answer::NotRelevant),
        (BOOKS, Answer::Shown),
    ] {
        verdicts(&mut street, x_m);
        limits.push((patience(&street).n_ignored, patience(&street).limit_milli));
        let said = sent(&street);
        street.oracle.feedback(&said, answer, None, street.now_ms);
        street.wait(25 * HOUR);
    }
    // The third never arrived, as far as anybody knows; "not for me" silences only its own offer.
    let n_ignored: Vec<u8> = limits.iter().map(|(n, _)| *n).collect();
    assert_eq!(n_ignored, [0, 1, 2, 2, 0]);
    assert_eq!(limits[4].1, Some(54_000));
}

#[test]
fn too_often_halves_the_caps_but_not_to_nothing() {
    let rules = Rules {
        answers: crate::AnswerRules { too_often_silence_ms: 0, ..Default::default() },
        caps: Caps { push_24h: 3, ..talkative().caps },
        ..talkative()
    };
    let (mut street, said) = heard_one(rules);
    street.oracle.feedback(&said, Answer::TooOften, None, street.now_ms);
    assert_eq!(verdicts(&mut street, CAFE), ["no 1 cap_24h"], "three halve to one");
    street.wait(91 * DAY);
    assert_eq!(verdicts(&mut street, BOOKS), ["offer 0"]);
    assert_eq!(verdicts(&mut street, CAFE), ["offer 1"]);
}

#[test]
fn who_is_held_out_hears_nothing_takes_the_place_and_a_till_still_finds_them() {
    let held = || vec![Offer { holdout_permille: 1_000, priority: 9, ..dwell("a", &[0]) }, dwell("b", &[0])];
    let mut street = Street::with(fences(), held(), talkative());
    assert_eq!(verdicts(&mut street, BOOKS), ["no 0 holdout", "no 1 lost_arbitration"]);
    assert_eq!(sent(&street).offer, 0);
    assert_eq!(street.oracle.to_send(), Vec::<Said>::new());
    let said = street.oracle.newest_of(1, 0, street.now_ms).expect("it is remembered");
    assert!(!street.oracle.feedback(&said, Answer::Opened, None, street.now_ms), "nobody can have opened it");
    assert!(street.oracle.feedback(&said, Answer::Redeemed, None, street.now_ms));
    assert_eq!(patience(&street), Patience::default(), "it marks the answer and changes nothing");
}

#[test]
fn who_only_looks_on_changes_nothing_of_what_is_said() {
    for (mode, word) in [(Mode::Observe, "no 0 observed"), (Mode::Shadow, "no 0 shadowed")] {
        let offers = vec![Offer { mode, priority: 9, ..dwell("a", &[0]) }, dwell("b", &[0])];
        let mut street = Street::with(fences(), offers, simple());
        assert_eq!(verdicts(&mut street, BOOKS), [word, "offer 1"]);
        let told = verdicts(&mut street, BOOKS);
        assert_eq!(told, ["no 0 cooldown_fence", "no 1 cooldown_fence"]);
    }
    // Names, not numbers, say what comes first.
    let offers = vec![dwell("b", &[0]), Offer { mode: Mode::Observe, ..dwell("a", &[0]) }];
    assert_eq!(verdicts(&mut Street::with(fences(), offers, simple()), BOOKS), ["no 1 observed", "offer 0"]);
    let rules = Rules { mode: Mode::Observe, ..simple() };
    let mut street = Street::with(fences(), vec![dwell("a", &[0])], rules);
    assert_eq!(verdicts(&mut street, BOOKS), ["no 0 observed"]);
    assert_eq!(street.oracle.to_send(), Vec::<Said>::new());
}

#[test]
fn an_offer_that_is_taken_away_is_not_said() {
    let edited = |change: &dyn Fn(&mut Offer)| {
        let (mut street, said) = heard_one(talkative());
        let mut offers = vec![Some(dwell("a", &[0])), Some(dwell("b", &[1]))];
        change(offers[0].as_mut().expect("it is there"));
        street.oracle.offers(offers, street.now_ms);
        street.oracle.may_send(&said, street.now_ms)
    };
    assert_eq!(edited(&|_| {}), Ok(()));
    assert_eq!(edited(&|offer| offer.priority = 99), Ok(()), "it would be said all the same");
    let gone: [&dyn Fn(&mut Offer); 4] = [
        &|offer| offer.operated = Operated::Paused,
        &|offer| offer.text = Text { words: "else".into(), ..Text::default() },
        &|offer| offer.fences = vec![2],
        &|offer| offer.mode = Mode::Shadow,
    ];
    for change in gone {
        assert_eq!(edited(change), Err(Leaving::OfferGone));
    }
    let (mut street, said) = heard_one(talkative());
    street.oracle.offers(vec![None, None], street.now_ms);
    street.oracle.offers(vec![Some(dwell("a", &[0])), Some(dwell("b", &[1]))], street.now_ms);
    assert_eq!(
        street.oracle.may_send(&said, street.now_ms),
        Err(Leaving::OfferGone),
        "put back is not undone"
    );
}

#[test]
fn words_that_break_a_rule_at_a_store_are_not_said_there() {
    let text = Text { breaks_at: vec![0], ..Text::default() };
    check_one(Offer { text, ..dwell("a", &[0, 1]) }, simple(), nothing, "no 0 text");
}

#[test]
fn names_decide_draws_and_nothing_else_does() {
    let street = |name: &str| {
        let people = vec![Person::default(), Person { name: name.into(), devices: vec!["phone".into()] }];
        let offers = vec![Offer { holdout_permille: 500, ..dwell("a", &[0]) }];
        let mut street = Street::with(fences(), offers, simple());
        street.oracle = street.oracle.with_people(people);
        verdicts(&mut street, BOOKS).pop()
    };
    let names: Vec<String> = (0..40).map(|no| format!("c{no}")).collect();
    let first: Vec<_> = names.iter().map(|name| street(name)).collect();
    let n_held = first.iter().flatten().filter(|line| line.ends_with("holdout")).count();
    assert!((8..32).contains(&n_held), "{n_held} of 40");
    assert_eq!(first, names.iter().map(|name| street(name)).collect::<Vec<_>>());
}
