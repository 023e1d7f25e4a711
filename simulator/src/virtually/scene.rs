//! What a seed lays out before anything happens: fences, offers, rules and people.

use chrono::TimeZone as _;
use engine::Policy;
use model::{
    Channel, CustomerId, DeviceId, FenceFacts, FenceId, MerchantId, Meters, Millis, OfferId, Position,
};
use model::{Timestamp, TransitionKind};
use offers::{Audience, Draft, Limits, Mode, Season};
use spatial_index::{Fence, Polygon, Ring, Shape};

use super::chance::Chance;
use super::{law, rules};

/// A world before its first happening.
#[derive(Clone, Debug)]
pub(crate) struct Scene {
    /// Ascending by id; the judge's number of a fence is its place here.
    pub(crate) fences: Vec<Fence>,
    pub(crate) drafts: Vec<Draft>,
    pub(crate) merchants: Vec<MerchantId>,
    pub(crate) people: Vec<Person>,
    pub(crate) policy: Policy,
    pub(crate) starts_at: Timestamp,
}

/// Somebody with one phone or two.
#[derive(Clone, Debug)]
pub(crate) struct Person {
    pub(crate) customer: CustomerId,
    pub(crate) phones: Vec<DeviceId>,
}

/// A crowded place: fences on a grid so narrow that everybody always is near one.
#[derive(Clone, Debug)]
pub(crate) struct Grid {
    plane: Plane,
    /// The middle of each fence in metres, with how far it reaches.
    pub(crate) spots: Vec<(Point, f64)>,
    n_columns: usize,
}

/// Metres east and north of the middle.
pub(crate) type Point = (f64, f64);

/// A plane that touches the earth: good enough to walk on, not to judge by.
#[derive(Clone, Copy, Debug)]
struct Plane {
    lat: f64,
    lng: f64,
    lng_m: f64,
}

const LAT_M: f64 = 111_132.0;
const LNG_M: f64 = 111_320.0;

/// A place, its zone, and a civil day near which its clocks do something odd.
type Spot = (f64, f64, &'static str, (i32, u32, u32));

const SPOTS: [Spot; 12] = [
    (40.71, -74.0, "America/New_York", (2026, 3, 8)),
    (40.71, -74.0, "America/New_York", (2026, 11, 1)),
    (-31.55, 159.08, "Australia/Lord_Howe", (2026, 10, 4)),
    (-23.55, -46.63, "America/Sao_Paulo", (2018, 11, 4)),
    (33.89, 35.5, "Asia/Beirut", (2026, 3, 29)),
    (-13.83, -171.77, "Pacific/Apia", (2011, 12, 30)),
    (44.05, -91.64, "America/Chicago", (2026, 6, 6)),
    (52.52, 13.4, "Europe/Berlin", (2026, 10, 25)),
    (-16.5, 179.9995, "Pacific/Fiji", (2026, 1, 10)),
    (71.3, -156.8, "America/Anchorage", (2026, 3, 8)),
    (-43.95, -176.55, "Pacific/Chatham", (2026, 4, 5)),
    (0.9, 0.9, "UTC", (2026, 2, 28)),
];

impl Plane {
    fn position(self, (x_m, y_m): Point) -> Position {
        let lng = self.lng + x_m / self.lng_m;
        let turned = if 180.0 < lng { lng - 360.0 } else { lng };
        let turned = if turned < -180.0 { turned + 360.0 } else { turned };
        Position::new(self.lat + y_m / LAT_M, turned).expect("every scene lies on earth")
    }
}

impl Scene {
    /// Whether some rule asks for a second word of somebody.
    pub(crate) fn asks_twice(&self) -> bool {
        let rules = self.policy.law.rules.rules();
        rules.iter().any(|rule| !rule.demands.consent.double_opt_in.is_empty())
    }
}

impl Grid {
    pub(crate) fn position(&self, at: Point) -> Position {
        self.plane.position(at)
    }

    /// A fence that is next to another on the grid, or itself.
    pub(crate) fn neighbour(&self, of: usize, chance: &mut Chance) -> usize {
        let (row, column) = (of / self.n_columns, of % self.n_columns);
        let moved = |n: usize, by: i64| usize::try_from(n as i64 + by).unwrap_or(0);
        let to = moved(row, chance.whole(-1, 1)) * self.n_columns
            + moved(column, chance.whole(-1, 1)).min(self.n_columns - 1);
        to.min(self.spots.len() - 1)
    }
}

/// Lays out a crowded place.
pub(crate) fn crowded(seed: u64, n_fences: usize, n_people: usize) -> (Scene, Grid) {
    let mut chance = Chance::of(&[seed, 1]);
    let (lat, lng, zone, day) = chance.of_list(&SPOTS);
    let plane = Plane { lat, lng, lng_m: LNG_M * lat.to_radians().cos() };
    let n_columns = (1..).find(|n| n_fences <= n * n).expect("a square is large enough");
    let step_m = chance.between(180.0, 500.0);
    let spot = |no: usize, chance: &mut Chance| {
        let middle = |n: usize| (n as f64 - n_columns as f64 / 2.0) * step_m;
        let (x_m, y_m) = (middle(no % n_columns), middle(no / n_columns));
        let jitter_m = step_m * 0.3;
        let at = (x_m + chance.between(-jitter_m, jitter_m), y_m + chance.between(-jitter_m, jitter_m));
        (at, chance.between(25.0, 200.0).min(chance.between(25.0, 300.0)))
    };
    let spots: Vec<(Point, f64)> = (0..n_fences).map(|no| spot(no, &mut chance)).collect();
    let grid = Grid { plane, spots, n_columns };
    let n_merchants = 1 + chance.below(5);
    let merchants: Vec<MerchantId> =
        (0..n_merchants).map(|no| id(&format!("shop-{no}"), MerchantId::new)).collect();
    let fence = |no: usize| fence(no, &grid, &merchants, zone, &mut Chance::of(&[seed, 2, no as u64]));
    let fences: Vec<Fence> = (0..n_fences).map(fence).collect();
    let starts_at = starts_at(zone, day, &mut chance);
    let drafts = drafts(&fences, &merchants, starts_at, &mut chance);
    let people = (0..n_people).map(|no| person(no, &mut chance)).collect();
    let policy = rules::draw(&mut chance);
    let policy = law::with_law(policy, &merchants, starts_at, seed);
    (Scene { fences, drafts, merchants, people, policy, starts_at }, grid)
}

fn id<T, E: std::fmt::Debug>(text: &str, new: impl Fn(&str) -> Result<T, E>) -> T {
    new(text).expect("names of scenes obey the rules")
}

fn person(no: usize, chance: &mut Chance) -> Person {
    let n_phones = 1 + usize::from(chance.per_mille(150));
    let phone = |phone: usize| id(&format!("phone-{no:05}-{phone}"), DeviceId::new);
    Person { customer: id(&format!("c{no:06}"), CustomerId::new), phones: (0..n_phones).map(phone).collect() }
}

/// Some hour of the odd day, or of the day before.
fn starts_at(zone: &str, (year, month, day): (i32, u32, u32), chance: &mut Chance) -> Timestamp {
    let tz: chrono_tz::Tz = zone.parse().expect("every scene has a zone of the database");
    let noon = chrono::NaiveDate::from_ymd_opt(year, month, day).and_then(|day| day.and_hms_opt(12, 0, 0));
    // Apia has no such day; the noon before will do.
    let noon = noon.expect("every odd day is a day");
    let local = tz.from_local_datetime(&noon).earliest();
    let at_ms = local.map_or_else(|| noon.and_utc().timestamp_millis(), |at| at.timestamp_millis());
    Timestamp::from_unix_ms(at_ms) + Millis::from_mins(chance.whole(-26 * 60, 4 * 60))
}

fn fence(no: usize, grid: &Grid, merchants: &[MerchantId], zone: &str, chance: &mut Chance) -> Fence {
    let (at, reach_m) = grid.spots[no];
    let shape = if chance.per_mille(600) {
        Shape::Circle { center: grid.position(at), radius: Meters(reach_m.round().max(5.0)) }
    } else {
        polygon(grid, at, reach_m, chance)
    };
    let merchant = (!chance.per_mille(30)).then(|| merchants[chance.below(merchants.len())].clone());
    let tz = match chance.below(40) {
        0 => None,
        1 => Some("Asia/Kolkata".into()),
        2 => Some("Pacific/Kiritimati".into()),
        _ => Some(zone.into()),
    };
    let mut tags: Vec<Box<str>> = (0..chance.below(3)).map(|_| tag(chance.below(N_TAGS))).collect();
    tags.sort();
    tags.dedup();
    let country = chance.of_list(&[None, Some("JP"), Some("NZ"), Some("EC")]).filter(|_| tz.is_none());
    let name = if chance.per_mille(100) { "Hurry Inn" } else { "Store" };
    let facts = FenceFacts {
        id: id(&format!("f{no:05}"), FenceId::new),
        name: format!("{name} {no}").into(),
        merchant,
        tags,
        tz,
        country: country.map(Into::into),
        region: None,
        opening_hours: opening_hours(chance),
        radius: shape.radius(),
    };
    Fence { facts, shape }
}

const N_TAGS: usize = 4;

/// Kinds of things that offers are about; one of them is delicate.
pub(crate) const CATEGORIES: [&str; 3] = ["alcohol", "books", "coffee"];

/// Groups that customers declare to belong to.
pub(crate) const SEGMENTS: [&str; 2] = ["gold", "student"];

/// Mostly none; the judge reads hours of this plain kind.
fn opening_hours(chance: &mut Chance) -> Option<Box<str>> {
    const HOURS: [&str; 5] = [
        "Mo-Su 08:00-20:00",
        "Mo-Fr 10:00-18:30; Sa 09:00-14:00",
        "Mo-Su 00:00-24:00",
        "Mo-Su 17:00-26:00",
        "Mo-Th 06:00-13:00; Fr-Su 12:00-23:45",
    ];
    chance.per_mille(250).then(|| chance.of_list(&HOURS).into())
}

fn tag(no: usize) -> Box<str> {
    format!("tag-{no}").into()
}

/// A star of corners round the middle, now and then with a hole, or with a second part beside it.
fn polygon(grid: &Grid, at: Point, reach_m: f64, chance: &mut Chance) -> Shape {
    let star = |at: Point, reach_m: f64, chance: &mut Chance| {
        let n_corners = 4 + chance.below(6);
        let turn = chance.unit();
        let corner = |no: usize| {
            let angle = (no as f64 + turn + chance.between(-0.3, 0.3)) / n_corners as f64;
            let (sin, cos) = (angle * std::f64::consts::TAU).sin_cos();
            let far_m = reach_m * chance.between(0.6, 1.3);
            grid.position((at.0 + far_m * cos, at.1 + far_m * sin))
        };
        let corners: Vec<Position> = (0..n_corners).map(corner).collect();
        Ring::through(&corners).expect("a star has an area")
    };
    let outer = star(at, reach_m, chance);
    let holes = if chance.per_mille(250) { vec![star(at, reach_m * 0.3, chance)] } else { Vec::new() };
    let mut polygons = vec![Polygon::new(outer, holes)];
    if chance.per_mille(150) {
        let beside = (at.0 + 2.8 * reach_m, at.1);
        polygons.push(Polygon::new(star(beside, reach_m * 0.5, chance), Vec::new()));
    }
    Shape::Polygons(polygons)
}

/// One to four offers a merchant, by every trigger, for fences by id and by tag.
fn drafts(
    fences: &[Fence],
    merchants: &[MerchantId],
    starts_at: Timestamp,
    chance: &mut Chance,
) -> Vec<Draft> {
    let mut drafts = Vec::new();
    for merchant in merchants {
        for _ in 0..1 + chance.below(4) {
            let own = fences.iter().filter(|fence| fence.facts.merchant.as_ref() == Some(merchant));
            let some: Vec<FenceId> =
                own.filter(|_| chance.per_mille(400)).map(|fence| fence.facts.id.clone()).collect();
            let minutes = if chance.per_mille(700) { 15 } else { chance.whole(1, 60) };
            let trigger = chance.of_list(&[
                TransitionKind::Enter,
                TransitionKind::Dwell,
                TransitionKind::Dwell,
                TransitionKind::Exit,
                TransitionKind::Cross,
            ]);
            let id = id(&format!("offer-{}", drafts.len()), OfferId::new);
            let draft = Draft {
                trigger,
                fences: some,
                tags: vec![tag(chance.below(N_TAGS)), tag(chance.below(N_TAGS))],
                priority: chance.below(3) as u8,
                valid_for: Millis::from_mins(minutes),
                ..Draft::new(id, merchant.clone(), "An offer", "Something good")
            };
            drafts.push(with_terms(draft, starts_at, chance));
        }
    }
    drafts
}

/// What every rule asks for, now and then.
pub(crate) fn with_terms(draft: Draft, starts_at: Timestamp, chance: &mut Chance) -> Draft {
    const BODIES: [&str; 6] = [
        "Something good",
        "Something good",
        "Something good at {{ store }}",
        "Only today: something good",
        "Only today at {{ store }}",
        "Something good in Main Street 5",
    ];
    let mut text = draft.text.clone();
    chance.of_list(&BODIES).clone_into(&mut text.body);
    let german = offers::Text { title: "Ein Angebot".into(), ..text.clone() };
    let limit = |some: &[Option<u32>], chance: &mut Chance| chance.of_list(some);
    Draft {
        category: chance.per_mille(500).then(|| chance.of_list(&CATEGORIES).into()),
        channel: chance.of_list(&[
            Channel::Push,
            Channel::Push,
            Channel::Push,
            Channel::Sms,
            Channel::Email,
            Channel::Inbox,
        ]),
        value: chance.of_list(&[50, 100, 100, 100, 250]),
        season: season(starts_at, chance),
        audience: audience(chance),
        stock: Limits {
            total: limit(&[None, None, None, None, Some(0), Some(1), Some(4), Some(20)], chance),
            per_day: limit(&[None, None, None, None, None, Some(1), Some(3)], chance),
        },
        holdout_permille: chance.of_list(&[0, 0, 100, 500]),
        mode: chance.of_list(&[
            Mode::Live,
            Mode::Live,
            Mode::Live,
            Mode::Live,
            Mode::Live,
            Mode::Shadow,
            Mode::Observe,
        ]),
        lang: if chance.per_mille(300) { vec![("de".into(), german)] } else { Vec::new() },
        text,
        ..draft
    }
}

fn season(starts_at: Timestamp, chance: &mut Chance) -> Season {
    const SCHEDULES: [&str; 3] =
        ["Mo-Su 06:00-22:00", "Mo-Fr 11:00-14:00; Sa-Su 09:00-23:00", "Tu 00:00-24:00"];
    let day = |days: i64| {
        let at_ms = (starts_at + Millis::from_days(days)).unix_ms();
        chrono::DateTime::from_timestamp_millis(at_ms).map(|at| at.date_naive())
    };
    let starts = chance.per_mille(120).then(|| chance.whole(-3, 2));
    let ends = chance.per_mille(120).then(|| starts.unwrap_or(-1) + chance.whole(0, 3));
    Season {
        starts_on: starts.and_then(day),
        ends_on: ends.and_then(day),
        schedule: chance.per_mille(200).then(|| chance.of_list(&SCHEDULES).into()),
        open_only: chance.per_mille(800),
    }
}

fn audience(chance: &mut Chance) -> Audience {
    let needs = ["offers.inbox", "personalisation"];
    Audience {
        segments: if chance.per_mille(150) { vec![chance.of_list(&SEGMENTS).into()] } else { Vec::new() },
        uses_purchases: chance.per_mille(100),
        needs: if chance.per_mille(80) { vec![chance.of_list(&needs).into()] } else { Vec::new() },
    }
}
