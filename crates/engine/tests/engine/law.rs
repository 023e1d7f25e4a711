//! The law at the back door: text messages keep to the hours and caps of every place in question.

use std::sync::Arc;

use consent_gate::rules::{Basis, ConsentDemands, Demands, Geography, Place, Rule, RuleDraft, SmsDemands};
use consent_gate::{ConsentKind, OptIn, Purpose, RuleBook};
use engine::{Door, EventKind, House, Law, Policy};
use model::{
    Channel, FenceFacts, FenceId, Jurisdiction, MerchantId, Meters, Millis, OfferId, Profile, Timestamp,
    WeekHours,
};
use notifier::DailyHours;
use offers::{Catalogue, Draft};
use spatial_index::{Fence, Shape};

use crate::shell::{Message, Shell, at_once};
use crate::street::{clock, consent, day_one, east, fix_at, fixes};

fn rule(id: &str, place: &str, demands: Demands) -> Rule {
    Rule {
        id: id.into(),
        places: vec![Place::In(Jurisdiction::new(place).unwrap())],
        what: "Something.".into(),
        demands,
        source: "Somewhere".into(),
        basis: Basis::Law,
        from: None,
        until: None,
        verified: true,
        review_by: Timestamp::MAX,
    }
}

fn law(residence: &str) -> Law {
    let sms = |days, per_24h_max| Demands {
        sms: SmsDemands { hours: WeekHours::new(days), per_24h_max },
        ..Demands::default()
    };
    let day = Some((9 * 60, 21 * 60));
    let double_opt_in = vec![Purpose::OffersEmail];
    let canada = ConsentDemands { double_opt_in, ..ConsentDemands::default() };
    let rules = vec![
        rule("TX", "US", sms([day, day, day, day, day, day, Some((12 * 60, 21 * 60))], None)),
        rule("FL", "GB", sms([Some((8 * 60, 20 * 60)); 7], Some(0))),
        rule("CASL", "CA", Demands { consent: canada, ..Demands::default() }),
    ];
    let book = RuleBook::new(RuleDraft { rules, geography: Geography::default(), strict: false }).unwrap();
    Law { rules: Arc::new(book), default_residence: Jurisdiction::new(residence).ok(), ..Law::default() }
}

fn house(channel: Channel, country: Option<&str>) -> Arc<House> {
    let facts = FenceFacts {
        id: FenceId::new("shop").unwrap(),
        name: "Shop".into(),
        merchant: MerchantId::new("corner").ok(),
        tags: Vec::new(),
        tz: Some("UTC".into()),
        country: country.map(Into::into),
        region: None,
        opening_hours: None,
        radius: Meters(100.0),
    };
    let draft = Draft {
        fences: vec![facts.id.clone()],
        channel,
        holdout_permille: 0,
        ..Draft::new(
            OfferId::new("latte").unwrap(),
            MerchantId::new("corner").unwrap(),
            "An offer",
            "Something good",
        )
    };
    let fence = Fence { facts, shape: Shape::Circle { center: east(0.0), radius: Meters(100.0) } };
    Arc::new(House::new(vec![fence], Catalogue::new(vec![draft]).unwrap()).unwrap())
}

/// What becomes of the offer of a stay that is complete at a time of June 2026, whose 7th is a Sunday.
fn said((day, time): (i64, &str), house: Arc<House>, law: Law, profile: &str) -> String {
    let mut policy = Policy { law, ..at_once() };
    policy.notifier.hours = DailyHours::ALWAYS;
    let mut shell = Shell::new(house, policy, day_one());
    for purpose in [Purpose::Location, Purpose::Background, Purpose::OffersSms, Purpose::OffersPush] {
        let kind = ConsentKind::Grant { until: None, confirm: None };
        let (yes, _) = consent("anna", "corner", purpose, kind, clock(1, "10:00"), 0);
        shell.deliver(&[yes], clock(1, "10:00"));
    }
    let (customer, device) = ("anna".to_owned(), String::new());
    let profile = Message { door: Door::Profile, customer, device, body: profile.into(), ticket: 0 };
    shell.deliver(&[profile], clock(1, "10:01"));
    for minute in [-4, 0] {
        let at = clock(day, time) + Millis::from_mins(minute);
        shell.deliver(&[fixes("anna", "phone", &[fix_at(at, 0.0)])], at);
    }
    let told = shell.events().into_iter().filter_map(|event| match event.kind {
        EventKind::Offer { .. } => Some("told".to_owned()),
        EventKind::Suppressed { reason, .. } => Some(reason.to_owned()),
        _ => None,
    });
    told.collect::<Vec<_>>().join(", ")
}

#[test]
fn qh_tx_a_text_message_of_a_sunday_waits_for_noon_and_a_push_does_not() {
    let (sms, push) = (house(Channel::Sms, None), house(Channel::Push, None));
    let check = |when, house: &Arc<House>, expected: &str| {
        assert_eq!(said(when, house.clone(), law("US-TX"), r#"{"v":1}"#), expected, "{when:?}");
    };
    check((7, "11:59"), &sms, "legal_hours");
    check((7, "12:00"), &sms, "told");
    check((7, "11:59"), &push, "told");
    check((6, "11:59"), &sms, "told");
    check((6, "21:00"), &sms, "legal_hours");
}

#[test]
fn the_law_of_every_place_in_question_is_kept() {
    let check = |law: Law, profile: &str, country: Option<&str>, expected: &str| {
        assert_eq!(
            said((7, "11:00"), house(Channel::Sms, country), law, profile),
            expected,
            "{profile} {country:?}"
        );
    };
    let blank = r#"{"v":1}"#;
    check(law("JP"), blank, None, "told");
    check(law("JP"), r#"{"v":1,"residence":"US-TX"}"#, None, "legal_hours");
    check(law("US-TX"), r#"{"v":1,"residence":"JP"}"#, None, "told");
    check(law("JP"), r#"{"v":1,"phone_region":"US"}"#, None, "legal_hours");
    check(law("JP"), blank, Some("US"), "legal_hours");
    let seats = [(MerchantId::new("corner").unwrap(), Jurisdiction::new("US").unwrap())].into();
    check(Law { seats, ..law("JP") }, blank, None, "legal_hours");
    check(law("JP"), blank, Some("GB"), "cap_sms_24h");
    check(law("US"), blank, Some("GB"), "legal_hours");
}

#[test]
fn casl_the_seat_or_the_residence_asks_for_a_second_yes() {
    let corner = MerchantId::new("corner").unwrap();
    let blank = Profile::default();
    let style = |law: &Law, purpose| law.opt_in(&blank, &corner, purpose, clock(1, "10:00"));
    assert_eq!(style(&law("CA-QC"), Purpose::OffersEmail), OptIn::Double);
    assert_eq!(style(&law("CA"), Purpose::Location), OptIn::Single);
    assert_eq!(style(&law("JP"), Purpose::OffersEmail), OptIn::Single);
    let seats = [(corner.clone(), Jurisdiction::new("CA").unwrap())].into();
    assert_eq!(style(&Law { seats, ..law("JP") }, Purpose::OffersEmail), OptIn::Double);
}
