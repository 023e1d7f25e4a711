//! Seeded towns: their people walk, shop, withdraw, come back.

use consent_gate::{ConsentKind, Purpose};
use engine::Policy;
use model::{FenceFacts, Millis, OfferId, Timestamp, TransitionKind};
use notifier::{Budget, Caps, Cooldowns, NotifierPolicy};
use offers::Draft;
use spatial_index::{Fence, Polygon, Ring, Shape};
use town::{Agreement, Plan, Town};

use crate::chance::Chance;
use crate::twins::{Names, Twins};

/// One merchant in four speaks on entering, one on leaving, the others to those who stay.
const fn trigger_of(merchant: usize) -> TransitionKind {
    match merchant % 4 {
        1 => TransitionKind::Enter,
        2 => TransitionKind::Exit,
        _ => TransitionKind::Dwell,
    }
}

fn names(town: &Town) -> Names {
    let shape = |shape: &town::Shape| match shape {
        town::Shape::Circle { centre, radius } => Shape::Circle { center: *centre, radius: *radius },
        town::Shape::Rings(rings) => {
            let mut rings = rings.iter().map(|ring| Ring::through(ring).expect("a ring"));
            let outer = rings.next().expect("an outer ring");
            Shape::Polygons(vec![Polygon::new(outer, rings.collect())])
        }
    };
    let fence = |store: &town::Store| {
        let shape = shape(&store.shape);
        let facts = FenceFacts {
            id: store.id.clone(),
            name: store.name.as_str().into(),
            merchant: Some(town.merchants()[store.merchant].id.clone()),
            tags: store.tags.iter().map(|tag| tag.to_string().into()).collect(),
            tz: Some(town.tz().into()),
            country: None,
            region: None,
            opening_hours: None,
            radius: shape.radius(),
        };
        Fence { facts, shape }
    };
    let mut fences: Vec<Fence> = town.stores().iter().map(fence).collect();
    fences.sort_by(|a, b| a.facts.id.cmp(&b.facts.id));
    let offer = |(no, merchant): (usize, &town::Merchant)| {
        let of_theirs = fences.iter().filter(|fence| fence.facts.merchant.as_ref() == Some(&merchant.id));
        let theirs: Vec<_> = of_theirs.map(|fence| fence.facts.id.clone()).collect();
        [2, 1].map(|priority| {
            let id = OfferId::new(&format!("offer-{no}-{priority}")).expect("an id");
            Draft {
                trigger: trigger_of(no),
                fences: theirs.clone(),
                priority,
                holdout_permille: 0,
                ..Draft::new(id, merchant.id.clone(), "An offer", "Something good")
            }
        })
    };
    Names {
        customers: town.people().iter().map(|person| person.customer.clone()).collect(),
        devices: town.people().iter().map(|person| person.device.clone()).collect(),
        merchants: town.merchants().iter().map(|merchant| merchant.id.clone()).collect(),
        offers: town.merchants().iter().enumerate().flat_map(offer).collect(),
        fences,
    }
}

fn agree(town: &Town, twins: &mut Twins) {
    let grant = ConsentKind::Grant { until: None, confirm: None };
    for (customer, person) in (0..).zip(town.people()) {
        let early = town.midnight_at() - Millis::from_hours(38);
        let at = if person.agreed_late { town.midnight_at() } else { early };
        for (merchant, agreement) in (0..).zip(&person.agreements) {
            let purposes: &[Purpose] = match agreement {
                Agreement::Nothing => &[],
                Agreement::LocationOnly => &[Purpose::Location, Purpose::Background],
                Agreement::Offers => &Purpose::OF_OFFERS,
            };
            for purpose in purposes {
                twins.consent(customer, merchant, *purpose, grant, Some(at), at);
            }
        }
    }
    twins.settle(town.midnight_at());
}

/// Now and then somebody takes everything back from a merchant, pauses, or agrees again.
fn change_a_mind(twins: &mut Twins, customer: u32, n_merchants: usize, chance: &mut Chance, now: Timestamp) {
    let merchant = chance.below(n_merchants) as u32;
    let until = Some(now + Millis::from_mins(chance.between(5, 90)));
    let kind = match chance.below(4) {
        0 => ConsentKind::Withdraw,
        1 => ConsentKind::Pause { until },
        _ => ConsentKind::Grant { until: None, confirm: None },
    };
    for purpose in Purpose::OF_OFFERS {
        twins.consent(customer, merchant, purpose, kind, Some(now), now);
    }
}

/// A day of one town, with every timer at its own time; a crash every so often.
fn check(seed: u64, notifier: NotifierPolicy) -> Twins {
    let town = Town::build(&Plan { seed, n_people: 120, ..Plan::default() }).expect("a sound plan");
    let starts_at = town.midnight_at() - Millis::from_hours(40);
    let policy = Policy { notifier, ..Policy::default() };
    let mut twins = Twins::new(names(&town), policy, starts_at);
    agree(&town, &mut twins);
    let mut chance = Chance::of(seed);
    let (from, to) =
        (town.midnight_at() + Millis::from_hours(7), town.midnight_at() + Millis::from_hours(23));
    for report in town.reports(from, to) {
        let now = report.sent_at;
        while let Some(due_at) = twins.due_at().filter(|due_at| *due_at <= now) {
            twins.time(due_at);
            twins.settle(due_at);
        }
        let person = report.person.slot() as u32;
        twins.message(person, person, &[report.fix], now);
        if chance.one_in(400) {
            change_a_mind(&mut twins, person, town.merchants().len(), &mut chance, now);
        }
        twins.settle(now);
        if chance.one_in(20_000) {
            twins.crash(false, now);
        }
    }
    twins
}

#[test]
fn they_agree_in_seeded_towns() {
    let talkative = NotifierPolicy {
        caps: Caps {
            per_24h_max: 4,
            per_7d_max: 7,
            per_30d_max: 9,
            per_civil_day_max: 3,
            all_channels_per_7d_max: 9,
            ..Caps::default()
        },
        cooldowns: Cooldowns {
            rest: Millis::from_mins(10),
            fence: Millis::from_hours(1),
            offer: Millis::from_hours(1),
            offer_ever_max: 99,
            merchant: Millis::from_mins(30),
            settle_in: Millis::from_hours(2),
            ..Cooldowns::default()
        },
        budget: Budget { half_life: Millis::from_hours(1), ..Budget::default() },
        ..NotifierPolicy::default()
    };
    let mut n_offers = 0;
    for (seed, notifier) in [(1, NotifierPolicy::default()), (2, talkative.clone()), (3, talkative)] {
        let twins = check(seed, notifier);
        n_offers += twins.compared.get("offer -").copied().unwrap_or(0);
        println!("seed {seed}: {:?}", twins.compared);
    }
    assert!(200 <= n_offers, "enough offers to mean something: {n_offers}");
}
