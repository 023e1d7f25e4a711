//! A small place with fences on top of each other, where everything that can happen happens often.

use consent_gate::{ConsentKind, Purpose};
use engine::Policy;
use model::{
    CustomerId, DeviceId, FenceFacts, FenceId, Fix, MerchantId, Meters, Millis, OfferId, Position, Timestamp,
    TransitionKind,
};
use notifier::{Budget, Caps, Cooldowns, DailyHours, NotifierPolicy};
use offers::Draft;
use presence::PresencePolicy;
use spatial_index::{Fence, Polygon, Ring, Shape};

use crate::chance::Chance;
use crate::twins::{Names, Twins};

const N_CUSTOMERS: u32 = 3;
const N_DEVICES: u32 = 2;
const N_MERCHANTS: usize = 3;

/// Metres in a degree of latitude, near enough to lay an arena out.
const METRES_A_DEGREE: f64 = 111_200.0;

struct Arena {
    chance: Chance,
    twins: Twins,
    now: Timestamp,
    centre: Position,
    fences: Vec<Fence>,
    there: Vec<Option<Fence>>,
    /// Of every phone where it is, in metres from the centre.
    places: Vec<(f64, f64)>,
    /// Of every phone the fixes that it could not send.
    queued: Vec<Vec<Fix>>,
    /// Of every phone the last fixes that it sent.
    sent: Vec<Vec<Fix>>,
    /// In how many parts of their usual length steps come.
    haste: i64,
    ledger_is_slow: bool,
    phones_are_away: bool,
    events: Events,
}

/// What may happen besides walking about.
#[derive(Clone, Copy)]
struct Events {
    crashes: bool,
    edits: bool,
}

impl Arena {
    fn new(seed: u64, events: Events) -> Self {
        let mut chance = Chance::of(seed);
        let centre = chance.any(&[(45.0, 10.0), (-16.0, 179.999), (64.1, -21.9), (0.02, -0.02)]);
        let centre = Position::new(centre.0, centre.1).expect("on earth");
        let fences = fences(centre, &mut chance);
        let offers = offers(&fences, &mut chance);
        let names = Names {
            customers: (0..N_CUSTOMERS)
                .map(|no| CustomerId::new(&format!("c{no}")).expect("an id"))
                .collect(),
            devices: (0..N_DEVICES).map(|no| DeviceId::new(&format!("d{no}")).expect("an id")).collect(),
            merchants: (0..N_MERCHANTS).map(merchant).collect(),
            fences: fences.clone(),
            offers,
        };
        // A Monday, 10:00 in most of the zones below.
        let now = Timestamp::from_unix_ms(1_780_300_800_000);
        let twins = Twins::new(names, policy(&mut chance), now);
        let n_phones = (N_CUSTOMERS * N_DEVICES) as usize;
        let haste = chance.any(&[1, 1, 10]);
        Self {
            chance,
            twins,
            now,
            centre,
            there: fences.iter().cloned().map(Some).collect(),
            fences,
            places: vec![(0.0, 0.0); n_phones],
            queued: vec![Vec::new(); n_phones],
            sent: vec![Vec::new(); n_phones],
            haste,
            ledger_is_slow: false,
            phones_are_away: false,
            events,
        }
    }

    fn run(&mut self, n_steps: usize) {
        for customer in 0..N_CUSTOMERS {
            for merchant in 0..N_MERCHANTS as u32 {
                let kind = ConsentKind::Grant { until: None, confirm: None };
                for purpose in Purpose::OF_OFFERS {
                    if !self.chance.one_in(8) {
                        self.twins.consent(customer, merchant, purpose, kind, Some(self.now), self.now);
                    }
                }
            }
        }
        self.twins.settle(self.now);
        for _ in 0..n_steps {
            self.pass_time();
            self.act();
            self.work();
        }
    }

    /// Mostly seconds, now and then hours; timers fire in time, or late.
    fn pass_time(&mut self) {
        let span_ms = match self.chance.below(60) {
            0 => self.chance.between(1, 30 * 3_600_000),
            1..=3 => self.chance.between(1, 3_600_000),
            4..=9 => 0,
            10..=30 => 60_000,
            _ => self.chance.between(1, 200_000),
        };
        let until = self.now + Millis::new(span_ms / self.haste);
        if !self.chance.one_in(5) {
            while let Some(due_at) = self.twins.due_at().filter(|due_at| *due_at <= until) {
                self.now = self.now.max(due_at);
                self.twins.time(self.now);
                self.work();
            }
        }
        self.now = until;
        // A clock may be put back: the engine's never is.
        if self.chance.one_in(300) {
            self.now = self.now - Millis::from_mins(self.chance.between(1, 90));
        }
    }

    fn act(&mut self) {
        match self.chance.below(100) {
            0..=9 => self.say(),
            10..=11 if self.events.crashes => {
                let has_arrived = self.chance.one_in(2);
                self.twins.crash(has_arrived, self.now);
            }
            12..=13 if self.events.edits => self.edit(),
            14 => self.ledger_is_slow = !self.ledger_is_slow,
            15 => self.phones_are_away = !self.phones_are_away,
            16..=18 => self.twins.time(self.now),
            _ => self.walk(),
        }
    }

    /// What the shell does after every step.
    fn work(&mut self) {
        if self.ledger_is_slow && !self.chance.one_in(10) {
            self.twins.stage(self.now);
            return;
        }
        for _ in 0..4 {
            self.twins.stage(self.now);
            self.twins.commit(self.now);
            self.twins.send(self.phones_are_away, self.now);
        }
    }

    fn say(&mut self) {
        let customer = self.chance.below(N_CUSTOMERS as usize) as u32;
        let merchant = self.chance.below(N_MERCHANTS) as u32;
        let now = self.now;
        let span = Millis::from_mins(self.chance.between(1, 600));
        let until = Some(now + span).filter(|_| !self.chance.one_in(3));
        let kind = match self.chance.below(12) {
            0 => ConsentKind::Refuse,
            1 | 2 => ConsentKind::Withdraw,
            3 | 4 => ConsentKind::Pause { until },
            5 => ConsentKind::Resume,
            6 => ConsentKind::Grant { until, confirm: None },
            _ => ConsentKind::Grant { until: None, confirm: None },
        };
        let said_at = match self.chance.below(12) {
            0 => None,
            1 => Some(now + Millis::from_secs(self.chance.between(1, 90))),
            2..=4 => Some(now - Millis::from_mins(self.chance.between(1, 60))),
            _ => Some(now),
        };
        let both = !self.chance.one_in(3);
        for purpose in Purpose::OF_OFFERS {
            if both || self.chance.one_in(2) {
                self.twins.consent(customer, merchant, purpose, kind, said_at, now);
            }
        }
    }

    fn walk(&mut self) {
        let phone = self.chance.below(self.places.len());
        let (x, y) = &mut self.places[phone];
        let stride = match self.chance.below(12) {
            0 => 3_000.0,
            1..=3 => 250.0,
            4..=6 => 0.0,
            _ => 60.0,
        };
        *x += (self.chance.share() - 0.5) * 2.0 * stride;
        *y += (self.chance.share() - 0.5) * 2.0 * stride;
        if 1_200.0 < x.hypot(*y) {
            (*x, *y) = (0.0, 0.0);
        }
        let fix = self.fix(phone);
        self.queued[phone].push(fix);
        if self.chance.one_in(12) {
            return;
        }
        let mut fixes = std::mem::take(&mut self.queued[phone]);
        self.sent[phone].extend_from_slice(&fixes);
        let n_old = self.sent[phone].len().saturating_sub(30);
        self.sent[phone].drain(..n_old);
        if self.chance.one_in(60) {
            // A phone that does not know what arrived sends everything again.
            fixes = self.sent[phone].clone();
        }
        if self.chance.one_in(15) {
            // Told twice, or again later.
            self.queued[phone].push(fixes[0]);
        }
        if self.chance.one_in(4) {
            fixes.reverse();
        }
        let (customer, device) = (phone as u32 / N_DEVICES, phone as u32 % N_DEVICES);
        self.twins.message(customer, device, &fixes, self.now);
    }

    fn fix(&mut self, phone: usize) -> Fix {
        let (mut x, mut y) = self.places[phone];
        let chance = &mut self.chance;
        if chance.one_in(25) {
            // A receiver's error.
            (x, y) = (x + 700.0 * (chance.share() - 0.5), y + 700.0 * (chance.share() - 0.5));
        }
        if chance.one_in(40) {
            (x, y) = (x + 20_000.0, y);
        }
        let position = if chance.one_in(60) {
            Position::new(0.0, 0.001).expect("on earth")
        } else {
            away_from(self.centre, x, y)
        };
        let late_ms = match chance.below(20) {
            0 => chance.between(-90_000, 0),
            1 => chance.between(0, 1_200_000),
            2 => chance.between(0, 7 * 3_600_000),
            3 | 4 => chance.between(0, 60_000),
            _ => 0,
        };
        Fix {
            taken_at: self.now - Millis::new(late_ms),
            position,
            accuracy: chance
                .any(&[
                    None,
                    Some(3.0),
                    Some(5.0),
                    Some(10.0),
                    Some(40.0),
                    Some(90.0),
                    Some(150.0),
                    Some(400.0),
                ])
                .map(Meters),
            speed_mps: chance.any(&[
                None,
                None,
                Some(0.0),
                Some(1.25),
                Some(2.5),
                Some(2.75),
                Some(7.0),
                Some(9.0),
            ]),
            mock: chance.one_in(30),
            foreground: None,
            still: chance.one_in(4),
        }
    }

    /// Removes, puts back, moves, redraws or gives away some fences.
    fn edit(&mut self) {
        for _ in 0..=self.chance.below(3) {
            let no = self.chance.below(self.fences.len());
            let mut fence = self.fences[no].clone();
            match self.chance.below(5) {
                0 => {
                    self.there[no] = None;
                    continue;
                }
                1 => {}
                2 => {
                    let (x, y) = (300.0 * self.chance.share(), 300.0 * self.chance.share());
                    let radius = Meters(self.chance.between(30, 200) as f64);
                    fence.shape = Shape::Circle { center: away_from(self.centre, x, y), radius };
                    fence.facts.radius = radius;
                }
                3 => fence.facts.merchant = Some(merchant(self.chance.below(N_MERCHANTS))),
                _ => fence.facts.tz = Some("Europe/Berlin".into()),
            }
            self.there[no] = Some(fence);
        }
        self.twins.edit(&self.there, self.now);
    }
}

fn merchant(no: usize) -> MerchantId {
    MerchantId::new(&format!("m{no}")).expect("an id")
}

fn away_from(centre: Position, x_m: f64, y_m: f64) -> Position {
    let lat = centre.lat() + y_m / METRES_A_DEGREE;
    let lng = centre.lng() + x_m / METRES_A_DEGREE / centre.lat().to_radians().cos();
    let lng = if 180.0 < lng { lng - 360.0 } else { lng };
    Position::new(lat, lng).expect("on earth")
}

/// Circles and polygons around a centre: with a hole, crossing itself, in two parts, of nobody,
/// without a clock.
fn fences(centre: Position, chance: &mut Chance) -> Vec<Fence> {
    let square = |x: f64, y: f64, half: f64| {
        let corners =
            [(x - half, y - half), (x + half, y - half), (x + half, y + half), (x - half, y + half)];
        Ring::through(&corners.map(|(x, y)| away_from(centre, x, y))).expect("a ring")
    };
    let bow = [(-100.0, 300.0), (100.0, 450.0), (100.0, 300.0), (-100.0, 450.0)];
    let bow = Ring::through(&bow.map(|(x, y)| away_from(centre, x, y))).expect("a ring");
    let mut shapes = vec![
        Shape::Polygons(vec![Polygon::new(square(0.0, 0.0, 150.0), vec![square(20.0, 20.0, 60.0)])]),
        Shape::Polygons(vec![Polygon::new(bow, Vec::new())]),
        Shape::Polygons(vec![
            Polygon::new(square(-300.0, 0.0, 80.0), Vec::new()),
            Polygon::new(square(-350.0, 50.0, 80.0), Vec::new()),
        ]),
    ];
    for _ in 0..9 {
        let (x, y) = (600.0 * (chance.share() - 0.5), 600.0 * (chance.share() - 0.5));
        let radius = Meters(chance.any(&[25.0, 60.0, 100.0, 150.0, 300.0, 700.0]));
        shapes.push(Shape::Circle { center: away_from(centre, x, y), radius });
    }
    let fence = |(no, shape): (usize, Shape)| Fence {
        facts: FenceFacts {
            id: FenceId::new(&format!("f{no:02}")).expect("an id"),
            name: format!("store {no}").into(),
            merchant: (no != 4).then(|| merchant(no % N_MERCHANTS)),
            tags: vec![if no % 2 == 0 { "even" } else { "odd" }.into()],
            tz: chance.any(&[Some("America/Chicago"), Some("UTC"), Some("Asia/Tokyo"), None]).map(Into::into),
            country: None,
            region: None,
            opening_hours: None,
            radius: shape.radius(),
        },
        shape,
    };
    shapes.into_iter().enumerate().map(fence).collect()
}

fn offers(fences: &[Fence], chance: &mut Chance) -> Vec<Draft> {
    let kinds = if chance.one_in(2) { &TransitionKind::ALL[..] } else { &TransitionKind::ALL[..3] };
    let id = |no: usize| OfferId::new(&format!("o{}", (no * 7) % 10)).expect("an id");
    let mut offer = |no: usize| Draft {
        trigger: chance.any(kinds),
        fences: fences.iter().filter(|_| chance.one_in(2)).map(|fence| fence.facts.id.clone()).collect(),
        tags: vec![chance.any(&["even", "odd", "none"]).into()],
        priority: chance.any(&[1, 1, 2, 3]),
        valid_for: chance.any(&[Draft::VALID_FOR, Millis::from_hours(12), Millis::from_mins(2)]),
        holdout_permille: 0,
        ..Draft::new(id(no), merchant(no % N_MERCHANTS), "An offer", "Something good")
    };
    (0..10).map(&mut offer).collect()
}

/// As documented, or so talkative that the rules of a visit decide.
fn policy(chance: &mut Chance) -> Policy {
    let presence = PresencePolicy {
        crossings: chance.one_in(3),
        visits_max: chance.any(&[64, 64, 3]),
        dwell_depth: chance.any(&[0.4, 0.4, 0.0, 2.0]),
        ..PresencePolicy::default()
    };
    let hours = chance.any(&[DailyHours::ALWAYS, DailyHours::default()]);
    let cooldowns = Cooldowns {
        fence: Millis::from_mins(30),
        favourite_fence: Millis::from_mins(10),
        offer: Millis::from_mins(chance.any(&[0, 40])),
        offer_ever_max: chance.any(&[3, 999]),
        merchant: Millis::from_mins(chance.any(&[0, 15])),
        rest: Millis::from_mins(10),
        settle_in: Millis::from_hours(1),
    };
    let caps = |push: [u32; 4]| Caps {
        per_24h_max: push[0],
        per_civil_day_max: push[1],
        per_7d_max: push[2],
        per_30d_max: push[3],
        all_channels_per_7d_max: push[2],
        ..Caps::default()
    };
    let often = caps([10_000; 4]);
    let none = Cooldowns {
        fence: Millis::ZERO,
        favourite_fence: Millis::ZERO,
        offer: Millis::ZERO,
        offer_ever_max: 10_000,
        merchant: Millis::ZERO,
        rest: Millis::ZERO,
        settle_in: Millis::ZERO,
    };
    let documented = NotifierPolicy::default();
    let numbers = [
        (documented.caps, documented.cooldowns, documented.hours),
        (caps([9, 5, 30, 60]), cooldowns, hours),
        (often, none, DailyHours::ALWAYS),
        (caps([60, 5, 60, 3]), cooldowns, hours),
    ];
    let (caps, cooldowns, hours) = chance.any(&numbers);
    let half_life = Millis::from_mins(chance.any(&[10, 200, 72 * 60]));
    let notifier = NotifierPolicy {
        caps,
        cooldowns,
        hours,
        budget: Budget { enforced: chance.one_in(2), half_life, ..documented.budget },
        gather: Millis::from_secs(chance.any(&[0, 20, 20])),
        decide_within: chance.any(&[documented.decide_within, Millis::from_mins(20)]),
        ..documented
    };
    let visits_stored_every = chance.any(&[Millis::ZERO, Millis::from_secs(5), Millis::from_hours(1)]);
    let devices_max = chance.any(&[16, 16, 1]);
    Policy { presence, notifier, visits_stored_every, devices_max, ..Policy::default() }
}

fn check(events: Events, first_seed: u64) {
    let n_seeds = std::env::var("ORACLE_SEEDS").ok().and_then(|n| n.parse().ok()).unwrap_or(20);
    let first_seed = std::env::var("ORACLE_SEED").ok().and_then(|n| n.parse().ok()).unwrap_or(first_seed);
    let mut compared = std::collections::BTreeMap::new();
    for seed in first_seed..first_seed + n_seeds {
        let mut arena = Arena::new(seed, events);
        let run = std::panic::AssertUnwindSafe(|| arena.run(1_500));
        if let Err(why) = std::panic::catch_unwind(run) {
            println!("seed {seed}");
            std::panic::resume_unwind(why);
        }
        for (what, n) in arena.twins.compared {
            *compared.entry(what).or_insert(0) += n;
        }
    }
    println!("compared: {compared:#?}");
}

#[test]
fn they_agree_on_walks_and_words() {
    check(Events { crashes: false, edits: false }, 1);
}

#[test]
fn they_agree_through_crashes() {
    check(Events { crashes: true, edits: false }, 10_001);
}

#[test]
fn they_agree_through_edits() {
    check(Events { crashes: false, edits: true }, 20_001);
}

#[test]
fn they_agree_through_everything() {
    check(Events { crashes: true, edits: true }, 30_001);
}
