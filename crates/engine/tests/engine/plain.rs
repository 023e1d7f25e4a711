//! A plain notifier of its own: presence, geometry and restraint without the rooms.
//!
//! It looks at each phone's whole list of fixes at once, fence by fence, and counts what was
//! sent anew for every candidate. It shares the nouns with the engine, and no rule.

use chrono::{DateTime, Datelike as _, NaiveDate, Timelike, Weekday};
use chrono_tz::Tz;
use geographiclib_rs::{Geodesic, InverseGeodesic};
use model::{Fix, Meters, Millis, Position, Timestamp, TransitionKind};
use town::Shape;

/// Numbers that differ from town to town; all others are those of the document.
#[derive(Clone, Copy)]
pub(crate) struct Restraint {
    pub(crate) per_24h_max: usize,
    pub(crate) per_7d_max: usize,
    pub(crate) per_30d_max: usize,
    pub(crate) per_day_max: usize,
    pub(crate) all_channels_max: usize,
    pub(crate) rest: Millis,
    pub(crate) fence_cooldown: Millis,
    pub(crate) offer_cooldown: Millis,
    pub(crate) merchant_cooldown: Millis,
    pub(crate) offer_ever_max: usize,
    pub(crate) half_life: Millis,
}

/// What one customer is told: an occasion, and which of the merchant's two offers.
pub(crate) struct Told<'a> {
    pub(crate) occasion: &'a Occasion,
    pub(crate) offer: usize,
    merchant: usize,
    cost: i64,
}

/// What decides besides the occasions themselves.
pub(crate) struct Matter<'a> {
    pub(crate) restraint: &'a Restraint,
    pub(crate) agreed_at: Timestamp,
    pub(crate) tz: Tz,
    /// Whose a fence is.
    pub(crate) merchant_of: &'a dyn Fn(usize) -> usize,
    /// Of equal offers the lower goes first.
    pub(crate) tie: &'a dyn Fn(&Occasion, usize) -> u64,
}

/// A store as the plain notifier sees it.
pub(crate) struct PlainFence {
    pub(crate) shape: Shape,
    pub(crate) radius_m: f64,
    pub(crate) trigger: TransitionKind,
}

/// What a phone sent, in the order of arrival.
#[derive(Clone, Copy)]
pub(crate) struct Sent {
    pub(crate) arrived_at: Timestamp,
    pub(crate) fix: Fix,
}

/// An occasion to speak.
pub(crate) struct Occasion {
    pub(crate) at: Timestamp,
    /// Within one instant: timers, then what ends or stays, then what begins.
    phase: u8,
    pub(crate) fence: usize,
    pub(crate) entered_at: Timestamp,
    kind: TransitionKind,
    is_fit: bool,
    speed_mps: Option<f32>,
    foreground: Option<bool>,
}

/// A fix that counts.
struct Used {
    arrived_at: Timestamp,
    fix: Fix,
    /// The last sign of life before the next used fix.
    alive_at: Timestamp,
}

const HOUR: Millis = Millis::from_hours(1);

pub(crate) fn distance_m(a: Position, b: Position) -> f64 {
    Geodesic::wgs84().inverse(a.lat(), a.lng(), b.lat(), b.lng())
}

impl PlainFence {
    pub(crate) fn new(shape: Shape, trigger: TransitionKind) -> Self {
        let radius_m = match &shape {
            Shape::Circle { radius, .. } => radius.0,
            Shape::Rings(rings) => {
                let areas: Vec<f64> = rings.iter().map(|ring| area_m2(&on_plane(ring, ring[0]))).collect();
                // The first ring goes round the others.
                ((areas[0] - areas[1..].iter().sum::<f64>()) / std::f64::consts::PI).sqrt()
            }
        };
        Self { shape, radius_m, trigger }
    }

    /// How far outside a place is, negative inside; infinite where nobody needs to know.
    pub(crate) fn outside_m(&self, at: Position) -> f64 {
        match &self.shape {
            Shape::Circle { centre, radius } if is_far(*centre, at, radius.0) => f64::INFINITY,
            Shape::Circle { centre, radius } => distance_m(*centre, at) - radius.0,
            Shape::Rings(rings) if is_far(rings[0][0], at, 1_000.0) => f64::INFINITY,
            Shape::Rings(rings) => {
                let planes: Vec<_> = rings.iter().map(|ring| on_plane(ring, at)).collect();
                let edges = planes
                    .iter()
                    .flat_map(|ring| (0..ring.len()).map(|i| (ring[i], ring[(i + 1) % ring.len()])));
                let edges: Vec<_> = edges.collect();
                let n_crossed = edges
                    .iter()
                    .filter(|(a, b)| {
                        (a.1 > 0.0) != (b.1 > 0.0) && 0.0 < a.0 - a.1 * (b.0 - a.0) / (b.1 - a.1)
                    })
                    .count();
                let nearest = edges.iter().map(|(a, b)| to_edge_m(*a, *b)).fold(f64::INFINITY, f64::min);
                if n_crossed % 2 == 1 { -nearest } else { nearest }
            }
        }
    }

    fn exit_beyond_m(&self, fix: &Fix) -> f64 {
        (self.radius_m / 10.0).max(20.0) + accuracy_m(fix).min(50.0)
    }

    fn is_decided_by(&self, fix: &Fix) -> bool {
        accuracy_m(fix) <= self.radius_m.max(100.0)
    }

    /// Whether a fix inside is evidence of a stay: so are eight points around it.
    fn is_well_inside(&self, fix: &Fix) -> bool {
        around(fix).iter().all(|point| self.outside_m(*point) <= 0.0)
    }

    /// Whether a hair's breadth would decide otherwise.
    pub(crate) fn is_a_tie(&self, fix: &Fix) -> bool {
        let hair_m = match &self.shape {
            Shape::Circle { .. } => 0.01,
            Shape::Rings(_) => 0.3,
        };
        let outside_m = self.outside_m(fix.position);
        outside_m.abs() < hair_m
            || (outside_m - self.exit_beyond_m(fix)).abs() < hair_m
            || outside_m < 0.0 && around(fix).iter().any(|point| self.outside_m(*point).abs() < hair_m)
            || (accuracy_m(fix) - self.radius_m.max(100.0)).abs() < 0.1
    }
}

/// Every 45 degrees a point 0.4 of the accuracy away, by the degrees of a sphere.
fn around(fix: &Fix) -> [Position; 8] {
    let degree_m = 6_371_008.8_f64.to_radians();
    let depth_m = 0.4 * accuracy_m(fix).min(50.0);
    let (lat, lng) = (fix.position.lat(), fix.position.lng());
    std::array::from_fn(|i| {
        let (east, north) = (i as f64 * 45.0).to_radians().sin_cos();
        let lng = lng + east * depth_m / (degree_m * lat.to_radians().cos());
        Position::new(lat + north * depth_m / degree_m, lng)
            .expect("towns lie far from poles and antimeridian")
    })
}

fn accuracy_m(fix: &Fix) -> f64 {
    fix.accuracy.map_or(50.0, |Meters(accuracy_m)| accuracy_m)
}

fn is_far(a: Position, b: Position, within_m: f64) -> bool {
    let far_deg = (within_m + 500.0) / 111_000.0;
    far_deg < (a.lat() - b.lat()).abs() || far_deg / a.lat().to_radians().cos() < (a.lng() - b.lng()).abs()
}

/// Metres east and north of a place.
fn on_plane(ring: &[Position], origin: Position) -> Vec<(f64, f64)> {
    let step = 0.001;
    let east = Position::new(origin.lat(), origin.lng() + step).expect("on earth");
    let north = Position::new(origin.lat() + step, origin.lng()).expect("on earth");
    let (per_lng, per_lat) = (distance_m(origin, east) / step, distance_m(origin, north) / step);
    ring.iter().map(|at| ((at.lng() - origin.lng()) * per_lng, (at.lat() - origin.lat()) * per_lat)).collect()
}

fn area_m2(ring: &[(f64, f64)]) -> f64 {
    let twice: f64 = (0..ring.len())
        .map(|i| {
            let (a, b) = (ring[i], ring[(i + 1) % ring.len()]);
            a.0 * b.1 - b.0 * a.1
        })
        .sum();
    twice.abs() / 2.0
}

/// From the origin to an edge.
fn to_edge_m(a: (f64, f64), b: (f64, f64)) -> f64 {
    let (dx, dy) = (b.0 - a.0, b.1 - a.1);
    let along = (-(a.0 * dx + a.1 * dy) / (dx * dx + dy * dy)).clamp(0.0, 1.0);
    (a.0 + along * dx).hypot(a.1 + along * dy)
}

/// The fixes that count, of one phone.
fn used(all: &[Sent]) -> Vec<Used> {
    let mut used: Vec<Used> = Vec::new();
    let mut held: Option<Fix> = None;
    let take = |used: &mut Vec<Used>, fix: Fix, arrived_at| {
        used.push(Used { arrived_at, fix, alive_at: fix.taken_at });
    };
    for Sent { arrived_at, fix } in all {
        let same = |other: &Fix| other.taken_at == fix.taken_at && other.position == fix.position;
        if let Some(last) = used.last_mut() {
            if same(&last.fix) {
                last.alive_at = last.alive_at.max(*arrived_at);
                continue;
            }
            if fix.taken_at <= last.fix.taken_at {
                continue;
            }
        }
        if let Some(jump) = held {
            if same(&jump) {
                continue;
            }
            if jump.taken_at < fix.taken_at {
                held = None;
                if can_reach(&jump, fix) {
                    take(&mut used, jump, *arrived_at);
                }
            } else if !used.last().is_some_and(|last| can_reach(&last.fix, fix)) {
                held = None;
            }
        }
        if used.last().is_none_or(|last| can_reach(&last.fix, fix)) {
            take(&mut used, *fix, *arrived_at);
        } else {
            held = Some(*fix);
        }
    }
    used
}

fn can_reach(from: &Fix, to: &Fix) -> bool {
    let secs = to.taken_at.since(from.taken_at).ms() as f64 / 1_000.0;
    let noise_m = accuracy_m(from).min(50.0) + accuracy_m(to).min(50.0);
    distance_m(from.position, to.position) <= 100.0 * secs + noise_m
}

struct Visit {
    entered_at: Timestamp,
    initial: bool,
    dwelled: bool,
    /// The first fix well inside since the last one outside.
    stays_since: Option<Timestamp>,
    /// The last one well inside that said "still", unless one inside did not say it since.
    still_at: Option<Timestamp>,
    last_inside: Fix,
    n_outside: u32,
}

impl Visit {
    fn stay(&mut self, fix: &Fix, is_well_inside: bool) {
        self.n_outside = 0;
        self.last_inside = *fix;
        if is_well_inside {
            self.stays_since.get_or_insert(fix.taken_at);
            self.still_at = Some(fix.taken_at);
        }
        if !fix.still {
            self.still_at = None;
        }
    }
}

/// All occasions of one phone in the fences that its owner lets be seen, in order.
pub(crate) fn occasions(all: &[Sent], fences: &[PlainFence], sees: impl Fn(usize) -> bool) -> Vec<Occasion> {
    let used = used(all);
    let seen = (0..fences.len()).filter(|fence| sees(*fence));
    let mut occasions: Vec<Occasion> = seen.flat_map(|no| in_fence(&used, no, &fences[no])).collect();
    occasions.sort_by_key(|occasion| (occasion.at, occasion.phase, occasion.fence));
    occasions
}

fn in_fence(used: &[Used], no: usize, fence: &PlainFence) -> Vec<Occasion> {
    let mut told = Vec::new();
    let mut visit: Option<Visit> = None;
    let first_look = used.iter().position(|used| accuracy_m(&used.fix) <= 100.0).unwrap_or(used.len());
    for (i, Used { arrived_at, fix, .. }) in used.iter().enumerate() {
        if let Some(open) = &mut visit {
            if let Some(due_at) = dwell_by_timer_at(open).filter(|due_at| due_at <= arrived_at) {
                open.dwelled = true;
                told.push(occasion(TransitionKind::Dwell, due_at, 0, no, open, &open.last_inside));
            }
            if used[i - 1].alive_at + HOUR <= *arrived_at {
                visit = None;
            }
        }
        if !fence.is_decided_by(fix) {
            continue;
        }
        let outside_m = fence.outside_m(fix.position);
        if 0.0 < outside_m {
            let Some(open) = &mut visit else { continue };
            open.stays_since = None;
            open.n_outside = if fence.exit_beyond_m(fix) < outside_m { open.n_outside + 1 } else { 0 };
            if open.n_outside == 2 {
                told.push(occasion(TransitionKind::Exit, *arrived_at, 1, no, open, fix));
                visit = None;
            }
            continue;
        }
        match &mut visit {
            None => {
                let initial = i <= first_look;
                let mut open = Visit {
                    entered_at: fix.taken_at,
                    initial,
                    dwelled: false,
                    stays_since: None,
                    still_at: None,
                    last_inside: *fix,
                    n_outside: 0,
                };
                open.stay(fix, fence.is_well_inside(fix));
                if !initial {
                    told.push(occasion(TransitionKind::Enter, *arrived_at, 2, no, &open, fix));
                }
                visit = Some(open);
            }
            Some(open) => {
                let is_well_inside = fence.is_well_inside(fix);
                open.stay(fix, is_well_inside);
                let has_stayed = |since| Millis::from_mins(3) <= fix.taken_at.since(since);
                if !open.dwelled && is_well_inside && open.stays_since.is_some_and(has_stayed) {
                    open.dwelled = true;
                    told.push(occasion(TransitionKind::Dwell, *arrived_at, 1, no, open, fix));
                }
            }
        }
    }
    // After the last fix time goes on.
    if let Some(open) = &visit
        && let Some(due_at) = dwell_by_timer_at(open)
    {
        told.push(occasion(TransitionKind::Dwell, due_at, 0, no, open, &open.last_inside));
    }
    told.retain(|occasion| occasion.kind == fence.trigger);
    told
}

fn dwell_by_timer_at(visit: &Visit) -> Option<Timestamp> {
    let due_at = visit.stays_since? + Millis::from_mins(3);
    let is_believed = due_at <= visit.still_at? + Millis::from_mins(30);
    (is_believed && !visit.dwelled).then_some(due_at)
}

fn occasion(
    kind: TransitionKind,
    at: Timestamp,
    phase: u8,
    fence: usize,
    visit: &Visit,
    fix: &Fix,
) -> Occasion {
    debug_assert!(kind != TransitionKind::Enter || !visit.initial);
    let is_fit = !fix.mock && accuracy_m(fix) <= 200.0 && at.since(fix.taken_at) <= Millis::from_mins(30);
    Occasion {
        at,
        phase,
        fence,
        entered_at: visit.entered_at,
        kind,
        is_fit,
        speed_mps: fix.speed_mps,
        foreground: fix.foreground,
    }
}

/// Of one customer's occasions those that are used: of all that come at one moment one at most.
pub(crate) fn sent<'a>(occasions: &'a [Occasion], matter: &Matter<'_>) -> Vec<Told<'a>> {
    let mut told: Vec<Told<'a>> = Vec::new();
    // What a timer brings is decided before what a fix of the same instant brings.
    for moment in occasions.chunk_by(|a, b| a.at == b.at && (a.phase == 0) == (b.phase == 0)) {
        let candidates = moment.iter().flat_map(|occasion| [0, 1].map(|offer| (occasion, offer)));
        let welcome = candidates.filter_map(|(occasion, offer)| matter.weigh(occasion, offer, &told));
        // The first offer of a merchant has priority; then the cheaper, for all are worth the same.
        let rank = |one: &Told<'_>| {
            let last =
                told.iter().filter(|other| other.merchant == one.merchant).map(|other| other.occasion.at);
            (one.offer, one.cost, last.max(), (matter.tie)(one.occasion, one.offer))
        };
        let winner = welcome.min_by_key(rank);
        told.extend(winner);
    }
    told
}

impl Matter<'_> {
    fn weigh<'a>(&self, one: &'a Occasion, offer: usize, told: &[Told<'_>]) -> Option<Told<'a>> {
        let Restraint { rest, fence_cooldown, offer_cooldown, merchant_cooldown, .. } = *self.restraint;
        let merchant = (self.merchant_of)(one.fence);
        let since = |other: &Told<'_>| one.at.since(other.occasion.at);
        let within =
            |hours: i64| told.iter().filter(|other| since(other) < Millis::from_hours(hours)).count();
        let today =
            told.iter().filter(|other| day(other.occasion.at, self.tz) == day(one.at, self.tz)).count();
        let rests = |other: &Told<'_>| {
            rest <= since(other)
                && (other.occasion.fence != one.fence || fence_cooldown <= since(other))
                && (other.merchant != merchant || merchant_cooldown <= since(other))
                && ((other.merchant, other.offer) != (merchant, offer) || offer_cooldown <= since(other))
        };
        let n_ever = told.iter().filter(|other| (other.merchant, other.offer) == (merchant, offer)).count();
        let speed_max_mps = if one.kind == TransitionKind::Enter { 2.5 } else { 7.0 };
        let cost = self.cost(one, told);
        let pressure: i64 = told.iter().map(|other| self.left_milli(other.cost, since(other))).sum();
        let is_welcome = one.is_fit
            && one.speed_mps.is_none_or(|speed_mps| speed_mps <= speed_max_mps)
            && (9..20).contains(&wall(one.at, self.tz).hour())
            && Millis::from_hours(24) <= one.at.since(self.agreed_at)
            && told.iter().all(rests)
            && n_ever < self.restraint.offer_ever_max
            && within(24) < self.restraint.per_24h_max
            && within(7 * 24) < self.restraint.per_7d_max.min(self.restraint.all_channels_max)
            && within(30 * 24) < self.restraint.per_30d_max
            && today < self.restraint.per_day_max
            && pressure + 1_000 * cost <= 60_000;
        is_welcome.then_some(Told { occasion: one, offer, merchant, cost })
    }

    /// In points; all fences of the town count as small, and no text names anything.
    fn cost(&self, one: &Occasion, told: &[Told<'_>]) -> i64 {
        let wall = wall(one.at, self.tz);
        let is_weekend = matches!(wall.weekday(), Weekday::Sat | Weekday::Sun);
        let is_dear = matches!(wall.hour(), 9 | 19) || (is_weekend && wall.hour() < 12);
        let is_strolling =
            one.speed_mps.is_some_and(|mps| (1_500..=2_500).contains(&((mps * 1e3).round() as u32)));
        let n_here = told.iter().filter(|other| other.occasion.fence == one.fence).count() as i64;
        let by_kind = match one.kind {
            TransitionKind::Enter | TransitionKind::Cross => 10,
            TransitionKind::Exit => -5,
            TransitionKind::Dwell => 0,
        };
        let by_screen = if one.foreground == Some(true) { -15 } else { 10 };
        let cost = 25 + 5 + by_kind + by_screen + (10 * n_here).min(40);
        (cost + if is_dear { 5 } else { 0 } + if is_strolling { 5 } else { 0 }).max(8)
    }

    /// What is left of a cost after a while, in 256 steps a half-life, rounded up.
    fn left_milli(&self, cost: i64, after: Millis) -> i64 {
        let (half_life, after) = (self.restraint.half_life.ms(), after.ms());
        let step = after % half_life * 256 / half_life;
        let share = 2_f64.powf(32.0 - step as f64 / 256.0).ceil() as i128;
        let whole = 1_i128 << (32 + (after / half_life).min(31));
        ((i128::from(1_000 * cost) * share + whole - 1) / whole) as i64
    }
}

fn wall(at: Timestamp, tz: Tz) -> DateTime<Tz> {
    DateTime::from_timestamp_millis(at.unix_ms()).expect("in the calendar").with_timezone(&tz)
}

fn day(at: Timestamp, tz: Tz) -> NaiveDate {
    wall(at, tz).date_naive()
}
