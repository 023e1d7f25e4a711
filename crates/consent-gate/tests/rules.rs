//! Laws of the rule book: the strictest wins, one more place never loosens, what is not verified only tightens.

use consent_gate::rules::{
    Basis, ConsentDemands, Demands, Duties, Geography, Group, MeasuredFrom, Parts, Place, Ring, Rule,
    RuleBook, RuleDraft, RuleFlaw, SmsDemands, Whereabouts,
};
use consent_gate::{Binding, OptIn, Purpose};
use model::{Jurisdiction, Meters, Millis, Timestamp, WeekHours, Weekday};
use proptest::prelude::*;

const NOW: Timestamp = Timestamp::from_unix_ms(1_000);
const CATEGORIES: [&str; 2] = ["health", "school"];
const PLACES: [&str; 9] = ["US", "US-WA", "US-FL", "US-TX", "US-ZZ", "CA", "CA-QC", "DE", "GB"];

fn place(text: &str) -> Jurisdiction {
    Jurisdiction::new(text).unwrap()
}

fn geography() -> Geography {
    let parts = |country: &str, parts: &[&str]| Parts {
        country: place(country),
        as_of: NOW,
        parts: parts.iter().map(|part| place(part)).collect(),
    };
    Geography {
        groups: vec![Group { id: "EU".into(), as_of: NOW, members: vec![place("DE"), place("FR")] }],
        countries: vec![parts("US", &["US-WA", "US-FL", "US-TX"]), parts("CA", &["CA-QC"])],
    }
}

fn rule(id: &str, places: &[&str]) -> Rule {
    let place_of = |text: &&str| match *text {
        "everywhere" => Place::Everywhere,
        "EU" => Place::Group("EU".into()),
        text => match text.strip_suffix("-?") {
            Some(country) => Place::PartUnknown(place(country)),
            None => Place::In(place(text)),
        },
    };
    Rule {
        id: id.into(),
        places: places.iter().map(place_of).collect(),
        what: "Something.".into(),
        demands: Demands::default(),
        source: "Somewhere.".into(),
        basis: Basis::Law,
        from: None,
        until: None,
        verified: true,
        review_by: NOW,
    }
}

fn hours_of(from: u16, until: u16) -> WeekHours {
    WeekHours::new([Some((from, until)); 7]).unwrap()
}

fn with_hours(rule: Rule, hours: WeekHours) -> Rule {
    let sms = SmsDemands { hours: Some(hours), ..rule.demands.sms };
    Rule { demands: Demands { sms, ..rule.demands.clone() }, ..rule }
}

fn with_ring(rule: Rule, metres: f64, own_allowed: bool) -> Rule {
    let ring = Ring {
        categories: vec!["health".into()],
        distance: Meters(metres),
        measured_from: MeasuredFrom::Perimeter,
        own_allowed,
    };
    Rule { demands: Demands { ring: Some(ring), ..rule.demands.clone() }, ..rule }
}

fn book(rules: Vec<Rule>, strict: bool) -> RuleBook {
    RuleBook::new(RuleDraft { rules, geography: geography(), strict }).unwrap()
}

fn living_in(residence: &str) -> Whereabouts {
    Whereabouts { residence: Some(place(residence)), ..Whereabouts::default() }
}

fn ids<'a>(binding: &Binding<'a>) -> Vec<&'a str> {
    binding.why().iter().map(|bound| &*bound.rule.id).collect()
}

#[test]
fn a_rule_binds_where_it_holds_and_while_it_is_in_force() {
    let after = |secs| NOW + Millis::from_secs(secs);
    let dated = Rule { from: Some(NOW), until: Some(after(10)), ..rule("DATED", &["US-WA"]) };
    let rules = vec![rule("ALL", &["everywhere"]), rule("WA", &["US-WA"]), rule("EU", &["EU"]), dated];
    let book = book(rules, false);
    let check = |residence: &str, now: Timestamp, bound: &[&str]| {
        assert_eq!(ids(&book.binding(&living_in(residence), now)), bound, "{residence}");
    };
    check("US-WA", NOW, &["ALL", "WA", "DATED"]);
    check("US-WA", NOW - Millis::new(1), &["ALL", "WA"]);
    check("US-WA", after(10), &["ALL", "WA"]);
    check("US-FL", NOW, &["ALL"]);
    check("DE", NOW, &["ALL", "EU"]);
    check("DE-BY", NOW, &["ALL", "EU"]);
    check("GB", NOW, &["ALL"]);
    assert_eq!(ids(&book.binding(&Whereabouts::default(), NOW)), ["ALL"]);
}

#[test]
fn where_nobody_knows_the_state_every_state_s_rule_binds() {
    let rules = vec![rule("US", &["US"]), rule("US-?", &["US-?"]), rule("WA", &["US-WA"])];
    let book = book(rules, false);
    let check = |residence: &str, bound: &[&str]| {
        assert_eq!(ids(&book.binding(&living_in(residence), NOW)), bound, "{residence}");
    };
    check("US", &["US", "US-?", "WA"]);
    check("US-ZZ", &["US", "US-?", "WA"]);
    check("US-WA", &["US", "WA"]);
    check("US-FL", &["US"]);
    check("CA", &[]);
    let binding = book.binding(&living_in("US"), NOW);
    let unknown: Vec<bool> = binding.why().iter().map(|bound| bound.because[0].is_part_unknown).collect();
    assert_eq!(unknown, [false, true, true]);
}

#[test]
fn a_fence_s_region_says_all_that_its_country_does() {
    let book = book(vec![rule("US-?", &["US-?"]), rule("WA", &["US-WA"])], false);
    let us = Whereabouts { fence_country: Some(place("US")), ..Whereabouts::default() };
    assert_eq!(ids(&book.binding(&us, NOW)), ["US-?", "WA"]);
    assert_eq!(ids(&book.binding(&Whereabouts { fence_region: Some(place("US-FL")), ..us }, NOW)), [""; 0]);
    let odd = Whereabouts { fence_region: Some(place("CA-QC")), ..us };
    assert_eq!(ids(&book.binding(&odd, NOW)), ["US-?", "WA"], "what does not fit together counts twice");
}

#[test]
fn a_gap_is_filled_by_the_strictest_place_by_place_and_never_the_style_of_opt_in() {
    let double = ConsentDemands { double_opt_in: vec![Purpose::OffersEmail], ..ConsentDemands::default() };
    let ca = Rule { demands: Demands { consent: double, ..Demands::default() }, ..rule("CA", &["CA"]) };
    let rules = vec![
        with_ring(with_hours(rule("US", &["US"]), hours_of(480, 1_260)), 600.0, false),
        with_hours(rule("FL", &["US-FL"]), hours_of(540, 1_200)),
        Rule { verified: false, ..with_hours(rule("GB", &["GB"]), hours_of(0, 1_440)) },
        ca,
    ];
    let check = |strict: bool, residence: &str, hours: WeekHours, ring: Option<f64>| {
        let book = book(rules.clone(), strict);
        let binding = book.binding(&living_in(residence), NOW);
        assert_eq!(binding.sms_hours(), hours, "{residence} {strict}");
        assert_eq!(binding.ring_m("health").map(|ring| ring.0), ring, "{residence} {strict}");
        assert_eq!(binding.opt_in(Purpose::OffersEmail) == OptIn::Double, residence == "CA");
    };
    for strict in [false, true] {
        check(strict, "US-TX", hours_of(480, 1_260), Some(600.0));
        check(strict, "US-FL", hours_of(540, 1_200), Some(600.0));
    }
    check(false, "DE", WeekHours::ALWAYS, None);
    check(true, "DE", hours_of(540, 1_200), Some(600.0));
    check(true, "CA", hours_of(540, 1_200), Some(600.0));
    // What is not verified fills no gap: it may only tighten.
    check(true, "GB", hours_of(540, 1_200), Some(600.0));
    let book = book(rules, true);
    let from_texas = Whereabouts { seat: Some(place("US-TX")), ..living_in("DE") };
    assert_eq!(book.binding(&from_texas, NOW).sms_hours(), hours_of(540, 1_200), "one gap stays a gap");
}

#[test]
fn what_is_not_verified_may_only_tighten() {
    let unverified = |rule: Rule| Rule { verified: false, ..rule };
    let check = |rule: Rule, flaws: Vec<RuleFlaw>| {
        let made = RuleBook::new(RuleDraft { rules: vec![rule], geography: geography(), strict: false });
        assert_eq!(made.err().unwrap_or_default(), flaws);
    };
    let ring = |own_allowed| with_ring(rule("NY", &["US-FL"]), 1.0, own_allowed);
    let loosens = |what| vec![RuleFlaw::Loosens { rule: 0, what }];
    check(ring(true), vec![]);
    check(unverified(ring(false)), vec![]);
    check(unverified(ring(true)), loosens("exempts a merchant's own place"));
    let ends = Rule { until: Some(NOW), ..rule("X", &["US"]) };
    check(ends.clone(), vec![]);
    check(unverified(ends), loosens("ends by itself"));
}

#[test]
fn c05_rules_that_cannot_be_meant_are_refused() {
    let check = |rules: Vec<Rule>, flaw: RuleFlaw| {
        let made = RuleBook::new(RuleDraft { rules, geography: geography(), strict: false });
        assert_eq!(made.unwrap_err(), [flaw]);
    };
    check(vec![rule("A", &["US"]), rule("A", &["CA"])], RuleFlaw::RepeatedId { rule: 1 });
    check(vec![rule("A", &[])], RuleFlaw::NoPlace { rule: 0 });
    check(vec![rule("A", &["US-ZZ"])], RuleFlaw::UnknownPlace { rule: 0, place: "US-ZZ".into() });
    check(vec![rule("A", &["GB-?"])], RuleFlaw::UnknownPlace { rule: 0, place: "GB-?".into() });
    let early = Rule { from: Some(NOW), until: Some(NOW), ..rule("A", &["US"]) };
    check(vec![early], RuleFlaw::EndsEarly { rule: 0 });
    let nowhere = Rule { places: vec![Place::Group("EWR".into())], ..rule("A", &[]) };
    check(vec![nowhere], RuleFlaw::UnknownPlace { rule: 0, place: "EWR".into() });
}

#[test]
fn a_reply_is_a_stop_when_one_of_the_words_is_in_it_whatever_else_is() {
    let stop_words = vec!["stop".into(), "opt out".into(), "Arrêt".into()];
    let consent = ConsentDemands { stop_words, ..ConsentDemands::default() };
    let stop = Rule { demands: Demands { consent, ..Demands::default() }, ..rule("STOP", &["US"]) };
    let book = book(vec![stop], false);
    let us = book.binding(&living_in("US-WA"), NOW);
    for reply in ["stop", "STOP", " Stop. ", "Opt Out!", "opt-out", "ARRÊT", "(stop)"] {
        assert!(us.is_stop(reply), "{reply}");
    }
    for reply in ["stop please", "Please STOP texting me", "i want to opt  out of this", "don't stop\nit"] {
        assert!(us.is_stop(reply), "{reply}");
    }
    for reply in ["", "yes", "stopwatch", "non-stopping", "out opt", "optout", "👍"] {
        assert!(!us.is_stop(reply), "{reply}");
    }
    assert!(!book.binding(&living_in("DE"), NOW).is_stop("stop"));
}

#[test]
fn the_operator_s_own_wish_for_double_opt_in_holds_everywhere_on_top_of_the_law() {
    let book = book(vec![], false).with_double_opt_in(vec![Purpose::OffersEmail]);
    for whereabouts in [Whereabouts::default(), living_in("DE"), living_in("US")] {
        let binding = book.binding(&whereabouts, NOW);
        assert_eq!(binding.opt_in(Purpose::OffersEmail), OptIn::Double);
        assert_eq!(binding.opt_in(Purpose::OffersSms), OptIn::Single);
    }
}

fn purposes() -> impl Strategy<Value = Vec<Purpose>> {
    proptest::sample::subsequence(Purpose::ALL.to_vec(), 0..Purpose::ALL.len())
}

fn some_hours() -> impl Strategy<Value = Option<WeekHours>> {
    let day = prop_oneof![
        1 => Just(None),
        4 => (0_u16..1_440, 1_u16..1_441).prop_map(|(a, b)| Some((a.min(b - 1), b.max(a + 1)))),
    ];
    let week = proptest::array::uniform7(day).prop_map(|days| WeekHours::new(days).unwrap());
    prop::option::of(week)
}

fn some_demands() -> impl Strategy<Value = Demands> {
    let ring = (
        proptest::sample::subsequence(CATEGORIES.to_vec(), 1..=2),
        0.0..1_000.0_f64,
        prop::sample::select(MeasuredFrom::ALL.to_vec()),
        any::<bool>(),
    );
    let ring = ring.prop_map(|(categories, metres, measured_from, own_allowed)| Ring {
        categories: categories.into_iter().map(Into::into).collect(),
        distance: Meters(metres),
        measured_from,
        own_allowed,
    });
    let ages = (prop::option::of(0..20_u8), prop::option::of(0..20_u8));
    let consent = (purposes(), prop::option::of((purposes(), 1..99_i64)), purposes(), ages, any::<bool>());
    let consent = consent.prop_map(|(double_opt_in, lasts, gpc_lowers, (age_min, guardian_under), stops)| {
        ConsentDemands {
            double_opt_in,
            grant_lasts: lasts.map(|(purposes, days)| (purposes, Millis::from_days(days))),
            gpc_lowers,
            stop_words: if stops { vec!["stop".into()] } else { vec![] },
            age_min,
            guardian_under,
        }
    });
    let sms = (some_hours(), prop::option::of(0..5_u8));
    let sms = sms.prop_map(|(hours, per_24h_max)| SmsDemands { hours, per_24h_max });
    let clock = || prop::option::of((1..99_i64).prop_map(Millis::from_hours));
    let duties = (clock(), clock(), prop::option::of((1.0..999.0).prop_map(Meters)));
    let duties = duties.prop_map(|(answer_within, breach_within, sale_ban)| Duties {
        answer_within,
        breach_within,
        sale_ban,
    });
    (consent, sms, prop::option::of(ring), duties).prop_map(|(consent, sms, ring, duties)| Demands {
        consent,
        sms,
        ring,
        duties,
    })
}

fn some_rule() -> impl Strategy<Value = Rule> {
    let unions = ["everywhere", "EU", "US-?", "CA-?"];
    let listed = PLACES.into_iter().filter(|place| *place != "US-ZZ");
    let places: Vec<&str> = unions.into_iter().chain(listed).collect();
    let instant = || prop::option::weighted(0.2, (0..2_000_i64).prop_map(Timestamp::from_unix_ms));
    let parts =
        (proptest::sample::subsequence(places, 1..3), some_demands(), instant(), instant(), any::<bool>());
    parts.prop_map(|(places, mut demands, from, until, verified)| {
        if let Some(ring) = demands.ring.as_mut().filter(|_| !verified) {
            ring.own_allowed = false;
        }
        let until = until.filter(|until| verified && from.is_none_or(|from| from < *until));
        Rule { demands, from, until, verified, ..rule("", &places) }
    })
}

fn numbered(rules: Vec<Rule>) -> Vec<Rule> {
    rules.into_iter().enumerate().map(|(no, rule)| Rule { id: format!("R{no}").into(), ..rule }).collect()
}

fn some_book() -> impl Strategy<Value = (Vec<Rule>, bool)> {
    (prop::collection::vec(some_rule(), 0..12).prop_map(numbered), any::<bool>())
}

fn somewhere() -> impl Strategy<Value = Option<Jurisdiction>> {
    prop::option::of(prop::sample::select(PLACES.to_vec()).prop_map(place))
}

fn whereabouts() -> impl Strategy<Value = Whereabouts> {
    (somewhere(), somewhere(), somewhere(), somewhere()).prop_map(|(residence, phone_region, seat, fence)| {
        Whereabouts { residence, phone_region, seat, ..Whereabouts::default() }.with_fence(fence)
    })
}

trait WithFence {
    fn with_fence(self, fence: Option<Jurisdiction>) -> Self;
}

impl WithFence for Whereabouts {
    fn with_fence(self, fence: Option<Jurisdiction>) -> Self {
        let region = fence.filter(|fence| !fence.is_country());
        Self { fence_country: fence.map(Jurisdiction::country), fence_region: region, ..self }
    }
}

/// The same, with one place more, if there was room for it.
fn one_more(before: Whereabouts, role: usize, there: Jurisdiction) -> Whereabouts {
    match role {
        0 => Whereabouts { residence: before.residence.or(Some(there)), ..before },
        1 => Whereabouts { phone_region: before.phone_region.or(Some(there)), ..before },
        2 => Whereabouts { seat: before.seat.or(Some(there)), ..before },
        _ if before.fence_country.is_some() => before,
        _ => before.with_fence(Some(there)),
    }
}

/// Every single decision is at least as strict as before.
fn check_no_looser(before: &Binding<'_>, after: &Binding<'_>) {
    let no_later = |before: Option<Millis>, after: Option<Millis>| match (before, after) {
        (None, _) => true,
        (Some(before), after) => after.is_some_and(|after| after <= before),
    };
    let no_nearer = |before: Option<Meters>, after: Option<Meters>| match (before, after) {
        (None, _) => true,
        (Some(before), after) => after.is_some_and(|after| before.0 <= after.0),
    };
    for purpose in Purpose::ALL {
        assert!(before.opt_in(purpose) <= after.opt_in(purpose));
        assert!(before.gpc_lowers(purpose) <= after.gpc_lowers(purpose));
        assert!(no_later(before.grant_lasts_max(purpose), after.grant_lasts_max(purpose)));
    }
    let (hours_before, hours_after) = (before.sms_hours(), after.sms_hours());
    assert_eq!(hours_before.within(hours_after), hours_after);
    for day in Weekday::ALL {
        assert_eq!(after.sms_window(day), hours_after.on(day));
    }
    let cap = |binding: &Binding<'_>| binding.sms_per_24h_max().unwrap_or(u8::MAX);
    assert!(cap(after) <= cap(before));
    for category in CATEGORIES {
        let (before, after) = (before.ring(category), after.ring(category));
        assert!(no_nearer(before.and_then(|it| it.from_perimeter), after.and_then(|it| it.from_perimeter)));
        assert!(no_nearer(before.and_then(|it| it.from_centre), after.and_then(|it| it.from_centre)));
        let may_own =
            |ring: Option<consent_gate::rules::RingNeeded>| ring.is_none_or(|ring| ring.own_allowed);
        assert!(may_own(before) || !may_own(after));
    }
    assert!(before.age_min() <= after.age_min());
    assert!(before.guardian_under() <= after.guardian_under());
    assert!(before.is_stop("stop") <= after.is_stop("stop"));
    assert!(no_later(before.answer_within(), after.answer_within()));
    assert!(no_later(before.breach_within(), after.breach_within()));
    assert!(no_nearer(before.sale_banned_within(), after.sale_banned_within()));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn one_more_jurisdiction_never_turns_a_no_into_a_yes(
        (rules, strict) in some_book(),
        before in whereabouts(),
        role in 0_usize..4,
        there in prop::sample::select(PLACES.to_vec()).prop_map(place),
    ) {
        let book = book(rules, strict);
        let after = one_more(before, role, there);
        check_no_looser(&book.binding(&before, NOW), &book.binding(&after, NOW));
    }

    #[test]
    fn one_more_rule_never_turns_a_no_into_a_yes_unless_it_closes_a_gap(
        (rules, strict) in some_book(),
        one_more in some_rule(),
        whereabouts in whereabouts(),
    ) {
        // A verified rule may stand in a gap that was filled by the strictest of all: that is what it is for.
        let strict = strict && !one_more.verified;
        let before = book(rules.clone(), strict);
        let after = book(numbered([rules, vec![one_more]].concat()), strict);
        check_no_looser(&before.binding(&whereabouts, NOW), &after.binding(&whereabouts, NOW));
    }

    #[test]
    fn strict_never_turns_a_no_into_a_yes_and_never_changes_the_style_of_opt_in(
        (rules, _) in some_book(),
        whereabouts in whereabouts(),
    ) {
        let (before, after) = (book(rules.clone(), false), book(rules, true));
        let (before, after) = (before.binding(&whereabouts, NOW), after.binding(&whereabouts, NOW));
        check_no_looser(&before, &after);
        for purpose in Purpose::ALL {
            prop_assert_eq!(before.opt_in(purpose), after.opt_in(purpose));
        }
    }
}
