//! `not_mute`: what the engine sends in seeded towns is, one for one, what a plain notifier sends.

use std::collections::BTreeMap;
use std::sync::Arc;

use consent_gate::{ConsentKind, Purpose};
use engine::{Event, EventKind, House, Policy};
use model::{
    FenceFacts, Meters, Millis, NotificationId, OfferId, StableHasher, Timestamp, TransitionKind, VisitId,
};
use notifier::{Budget, Caps, Cooldowns, Costs, NotifierPolicy};
use offers::{Catalogue, Draft};
use spatial_index::{Fence, Polygon, Ring, Shape};
use town::{Agreement, Plan, Report, Town};

use crate::plain::{Matter, Occasion, PlainFence, Restraint, Sent, occasions, sent};
use crate::shell::{Left, Message, Shell};
use crate::street::{consent, fixes};

/// What went out, in a form that both can tell: when, to whom, which offer, where, in which visit.
type Told = (Timestamp, String, String, String, VisitId);

const DOCUMENTED: Restraint = Restraint {
    per_24h_max: 1,
    per_7d_max: 2,
    per_30d_max: 6,
    per_day_max: 1,
    all_channels_max: 3,
    rest: Millis::from_hours(4),
    fence_cooldown: Millis::from_days(6),
    offer_cooldown: Millis::from_days(30),
    merchant_cooldown: Millis::from_hours(72),
    offer_ever_max: 2,
    half_life: Millis::from_hours(72),
};

const TALKATIVE: Restraint = Restraint {
    per_24h_max: 4,
    per_7d_max: 7,
    per_30d_max: 9,
    per_day_max: 3,
    all_channels_max: 9,
    rest: Millis::from_mins(10),
    fence_cooldown: Millis::from_hours(1),
    offer_cooldown: Millis::from_hours(2),
    merchant_cooldown: Millis::from_mins(30),
    offer_ever_max: 3,
    half_life: Millis::from_hours(6),
};

fn policy(restraint: &Restraint) -> Policy {
    let standard = NotifierPolicy::default();
    let notifier = NotifierPolicy {
        caps: Caps {
            per_24h_max: restraint.per_24h_max as u32,
            per_7d_max: restraint.per_7d_max as u32,
            per_30d_max: restraint.per_30d_max as u32,
            per_civil_day_max: restraint.per_day_max as u32,
            all_channels_per_7d_max: restraint.all_channels_max as u32,
            ..standard.caps
        },
        cooldowns: Cooldowns {
            rest: restraint.rest,
            fence: restraint.fence_cooldown,
            offer: restraint.offer_cooldown,
            merchant: restraint.merchant_cooldown,
            offer_ever_max: restraint.offer_ever_max as u32,
            ..standard.cooldowns
        },
        budget: Budget { half_life: restraint.half_life, ..standard.budget },
        // The plain notifier looks at one instant at a time, and counts no fences that were passed.
        gather: Millis::ZERO,
        costs: Costs { many_fences: u8::MAX, ..standard.costs },
        ..standard
    };
    Policy { notifier, visits_stored_every: Millis::from_hours(24), ..Policy::default() }
}

/// One merchant in four speaks on entering, one on leaving, the others to those who stay.
const fn trigger_of(merchant: usize) -> TransitionKind {
    match merchant % 4 {
        1 => TransitionKind::Enter,
        2 => TransitionKind::Exit,
        _ => TransitionKind::Dwell,
    }
}

fn house(town: &Town) -> Arc<House> {
    let fence = |store: &town::Store| Fence {
        facts: FenceFacts {
            id: store.id.clone(),
            name: store.name.as_str().into(),
            merchant: Some(town.merchants()[store.merchant].id.clone()),
            tags: store.tags.iter().map(|tag| (*tag).into()).collect(),
            tz: Some(town.tz().into()),
            country: None,
            region: None,
            opening_hours: None,
            radius: Meters(1.0),
        },
        shape: shape(&store.shape),
    };
    let offer = |(no, merchant): (usize, &town::Merchant)| {
        let draft = |id: &str, priority| Draft {
            trigger: trigger_of(no),
            tags: vec![merchant.tag.into()],
            priority,
            holdout_permille: 0,
            ..Draft::new(OfferId::new(id).unwrap(), merchant.id.clone(), "An offer", "Something good")
        };
        [draft(&format!("best-{no}"), 2), draft(&format!("next-{no}"), 1)]
    };
    let offers = town.merchants().iter().enumerate().flat_map(offer).collect();
    let fences = town.stores().iter().map(fence).collect();
    Arc::new(House::new(fences, Catalogue::new(offers).unwrap()).unwrap())
}

fn shape(shape: &town::Shape) -> Shape {
    match shape {
        town::Shape::Circle { centre, radius } => Shape::Circle { center: *centre, radius: *radius },
        town::Shape::Rings(rings) => {
            let mut rings = rings.iter().map(|ring| Ring::through(ring).expect("a ring"));
            let outer = rings.next().expect("an outer ring");
            Shape::Polygons(vec![Polygon::new(outer, rings.collect())])
        }
    }
}

/// When a person agreed: two days before, or on the morning of the first day.
fn agreed_at(town: &Town, person: &town::Person) -> Timestamp {
    let midnight = town.midnight_at();
    if person.agreed_late { midnight + Millis::from_mins(10) } else { midnight - Millis::from_hours(38) }
}

fn agree(town: &Town, shell: &mut Shell) {
    let mut messages: BTreeMap<Timestamp, Vec<Message>> = BTreeMap::new();
    for person in town.people() {
        let at = agreed_at(town, person);
        for (merchant, agreement) in town.merchants().iter().zip(&person.agreements) {
            let purposes: &[Purpose] = match agreement {
                Agreement::Nothing => &[],
                Agreement::LocationOnly => &[Purpose::Location, Purpose::Background],
                Agreement::Offers => &Purpose::OF_OFFERS,
            };
            let kind = ConsentKind::Grant { until: None, confirm: None };
            let said = purposes.iter().map(|purpose| {
                consent(person.customer.as_str(), merchant.id.as_str(), *purpose, kind, at, 0).0
            });
            messages.entry(at).or_default().extend(said);
        }
    }
    for (at, messages) in messages {
        shell.deliver(&messages, at);
    }
}

/// What the engine decides to send, with every timer at its own time.
fn by_the_engine(town: &Town, restraint: &Restraint, reports: &[Report]) -> Vec<Told> {
    let starts_at = town.midnight_at() - Millis::from_hours(40);
    let mut shell = Shell::new(house(town), policy(restraint), starts_at);
    agree(town, &mut shell);
    let mut told = Vec::new();
    for report in reports {
        wait_until(&mut shell, report.sent_at);
        let person = &town.people()[report.person.slot()];
        let message = fixes(person.customer.as_str(), person.device.as_str(), &[report.fix]);
        shell.deliver(&[message], report.sent_at);
        told.extend(shell.events().iter().filter_map(offer));
    }
    let ends_at = reports.last().expect("somebody is out").sent_at + Millis::from_hours(2);
    wait_until(&mut shell, ends_at);
    told.extend(shell.events().iter().filter_map(offer));
    let n_sent = shell.left.iter().filter(|left| matches!(left, Left::Sent(_))).count();
    assert_eq!(n_sent, told.len(), "what is decided is sent");
    assert!(shell.engine.tally().is_balanced());
    told.sort();
    told
}

fn wait_until(shell: &mut Shell, now: Timestamp) {
    while let Some(due_at) = shell.engine.poll_timeout().filter(|due_at| *due_at <= now) {
        shell.wait(due_at);
    }
}

fn offer(event: &Event) -> Option<Told> {
    match &event.kind {
        EventKind::Offer { offer, fence, visit } => {
            let (customer, offer) = (event.customer.as_str().to_owned(), offer.as_str().to_owned());
            Some((event.at, customer, offer, fence.as_str().to_owned(), *visit))
        }
        EventKind::Transition { .. }
        | EventKind::Suppressed { .. }
        | EventKind::Refused { .. }
        | EventKind::Dropped { .. } => None,
    }
}

fn plainly(town: &Town, restraint: &Restraint, reports: &[Report]) -> Vec<Told> {
    let fences = plain_fences(town);
    let tz = town.tz().parse().expect("a zone");
    let mut lists: Vec<Vec<Sent>> = town.people().iter().map(|_| Vec::new()).collect();
    for report in reports {
        lists[report.person.slot()].push(Sent { arrived_at: report.sent_at, fix: report.fix });
    }
    let mut told = Vec::new();
    for (person, list) in town.people().iter().zip(&lists) {
        let agreement = |fence: usize| person.agreements[town.stores()[fence].merchant];
        let mut all = occasions(list, &fences, |fence| agreement(fence) != Agreement::Nothing);
        all.retain(|occasion| agreement(occasion.fence) == Agreement::Offers);
        let visit = |occasion: &Occasion| {
            let store = &town.stores()[occasion.fence];
            VisitId::of(&person.customer, &person.device, &store.id, occasion.entered_at)
        };
        let name = |occasion: &Occasion, offer: usize| {
            let merchant = town.stores()[occasion.fence].merchant;
            OfferId::new(&format!("{}-{merchant}", ["best", "next"][offer])).expect("an id")
        };
        let matter = Matter {
            restraint,
            agreed_at: agreed_at(town, person),
            tz,
            merchant_of: &|fence| town.stores()[fence].merchant,
            tie: &|occasion, offer| tie(NotificationId::of(visit(occasion), &name(occasion, offer))),
        };
        for one in sent(&all, &matter) {
            let occasion = one.occasion;
            told.push((
                occasion.at,
                person.customer.as_str().to_owned(),
                name(occasion, one.offer).as_str().to_owned(),
                town.stores()[occasion.fence].id.as_str().to_owned(),
                visit(occasion),
            ));
        }
    }
    told.sort();
    told
}

/// As the documents have it: the hash of the key and of both halves of the name.
fn tie(id: NotificationId) -> u64 {
    let bytes = id.0.bytes();
    let half = |at: usize| i64::from_le_bytes(std::array::from_fn(|i| bytes[at + i]));
    StableHasher::new("stile tie v1").text("stile").number(half(0)).number(half(8)).finish().low_u64()
}

fn plain_fences(town: &Town) -> Vec<PlainFence> {
    town.stores()
        .iter()
        .map(|store| PlainFence::new(store.shape.clone(), trigger_of(store.merchant)))
        .collect()
}

/// Compares one town over some days; how many offers were sent, and by which trigger.
fn check(seed: u64, restraint: &Restraint, n_people: u32, n_days: i64) -> BTreeMap<&'static str, usize> {
    let town = Town::build(&Plan { seed, n_people, ..Plan::default() }).expect("a sound plan");
    let fences = plain_fences(&town);
    let (from, to) =
        (town.midnight_at() + Millis::from_hours(1), town.midnight_at() + Millis::from_days(n_days));
    // Where a hair's breadth decides, two honest judges may differ.
    let is_clear = |report: &Report| !fences.iter().any(|fence| fence.is_a_tie(&report.fix));
    let reports: Vec<Report> = town.reports(from, to).filter(is_clear).collect();
    let (engine, plain) = (by_the_engine(&town, restraint, &reports), plainly(&town, restraint, &reports));
    let differing = engine.iter().zip(&plain).find(|(engine, plain)| engine != plain);
    assert_eq!(differing, None, "seed {seed}: the first offer that differs, the engine's on the left");
    assert_eq!(engine.len(), plain.len(), "seed {seed}");
    let mut n_by_trigger = BTreeMap::new();
    for (_, _, offer, ..) in &engine {
        let merchant: usize =
            offer.trim_start_matches("best-").trim_start_matches("next-").parse().expect("a number");
        *n_by_trigger.entry(trigger_of(merchant).word()).or_default() += 1;
    }
    n_by_trigger
}

#[test]
fn not_mute() {
    let mut n_by_trigger: BTreeMap<&str, usize> = BTreeMap::new();
    let started = std::time::Instant::now();
    for seed in 1..=8 {
        let restraint = if seed % 2 == 0 { DOCUMENTED } else { TALKATIVE };
        for (trigger, n) in check(seed, &restraint, 600, 2) {
            *n_by_trigger.entry(trigger).or_default() += n;
        }
    }
    println!("offers compared by trigger: {n_by_trigger:?} in {:?}", started.elapsed());
    assert!(
        5_000 <= n_by_trigger.values().sum::<usize>(),
        "enough offers to mean something: {n_by_trigger:?}"
    );
    assert!(
        ["enter", "dwell", "exit"].iter().all(|kind| n_by_trigger.contains_key(kind)),
        "{n_by_trigger:?}"
    );
}
