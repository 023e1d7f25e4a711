//! Which fixes are used at all.

use model::{Fix, Meters, Millis, Position, Timestamp};

use crate::PresencePolicy;
use crate::whereabouts::Whereabouts;

/// Why a fix was dropped.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Drop {
    /// Taken too far in the future.
    Future,
    /// Too old on arrival.
    Stale,
    /// Not newer than the last one used, at another place.
    Late,
    /// The last one used, again.
    Duplicate,
    /// Where broken receivers are: (0, 0).
    NullIsland,
    /// A jump that the next fix did not confirm.
    Jump,
}

impl Drop {
    /// All of them, for counters that start at nought.
    pub const ALL: [Self; 6] =
        [Self::Future, Self::Stale, Self::Late, Self::Duplicate, Self::NullIsland, Self::Jump];

    /// The word that counters and traces use.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Future => "future",
            Self::Stale => "stale",
            Self::Late => "out_of_order",
            Self::Duplicate => "duplicate",
            Self::NullIsland => "null_island",
            Self::Jump => "jump",
        }
    }
}

/// Why a used fix may not trigger an offer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Flag {
    /// Older than ten minutes or so on arrival.
    Late,
    /// Its accuracy is too poor.
    Inaccurate,
    /// Made up by a developer tool.
    Mock,
}

impl Flag {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Late, Self::Inaccurate, Self::Mock];

    /// The word that counters use.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Late => "late",
            Self::Inaccurate => "inaccurate",
            Self::Mock => "mock",
        }
    }
}

/// A fix that passed the screening.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Used {
    /// The fix.
    pub fix: Fix,
    /// Why it triggers nothing, if so.
    pub flag: Option<Flag>,
    /// Where the device was before; absent for its first fix.
    pub previous: Option<Position>,
}

/// What becomes of the fix that arrived.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Arrival {
    /// Used now.
    Used(Used),
    /// A jump: held until the next fix.
    Held,
    /// Of no use.
    Dropped(Drop),
}

/// The screening of one arrival; it may settle a held fix too.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Screening {
    /// The fix held from before, when this arrival settled it; comes first.
    pub held: Option<Result<Used, Drop>>,
    /// The fix that arrived.
    pub arrival: Arrival,
}

impl Screening {
    pub(crate) const fn dropped(drop: Drop) -> Self {
        Self { held: None, arrival: Arrival::Dropped(drop) }
    }
}

/// Judges a fix by itself.
pub(crate) fn alone(fix: &Fix, policy: &PresencePolicy, now: Timestamp) -> Result<Option<Flag>, Drop> {
    let age = now.since(fix.taken_at);
    if age < -policy.future_max {
        return Err(Drop::Future);
    }
    if policy.stale_max < age {
        return Err(Drop::Stale);
    }
    if fix.position.is_null_island() {
        return Err(Drop::NullIsland);
    }
    Ok(flag(fix, age, policy))
}

pub(crate) fn flag(fix: &Fix, age: Millis, policy: &PresencePolicy) -> Option<Flag> {
    if fix.mock {
        return Some(Flag::Mock);
    }
    if policy.fresh_max < age {
        return Some(Flag::Late);
    }
    let inaccurate = fix.accuracy.is_some_and(|accuracy| policy.accuracy_trigger_max < accuracy);
    inaccurate.then_some(Flag::Inaccurate)
}

/// Whether a device can have come from one fix to a later one.
///
/// Both accuracies, each counted up to 50 m, are granted on top: two fixes 10 ms apart
/// lie metres apart by noise alone.
pub(crate) fn reachable(from: &Whereabouts, to: &Whereabouts, policy: &PresencePolicy) -> bool {
    let secs = to.taken_at.since(from.taken_at).ms() as f64 / 1_000.0;
    let noise = |fix: &Whereabouts| fix.accuracy().0.min(policy.exit_accuracy_max.0);
    is_within(policy.jump_mps * secs + noise(from) + noise(to), from.position, to.position)
}

/// Whether the great circle between two positions is no longer than so many metres.
///
/// Most devices moved so little that the longest way there can be decides it, without trigonometry.
fn is_within(meters: f64, a: Position, b: Position) -> bool {
    round_the_corner(a, b).0 <= meters || great_circle(a, b).0 <= meters
}

/// At least the great circle as it is computed here: the way along a meridian and then along a parallel
/// that is as long as the equator.
fn round_the_corner(a: Position, b: Position) -> Meters {
    // A millionth more than there is on the sphere, for what the great circle is rounded up by.
    const METERS_A_DEGREE: f64 = 111_195.191;
    Meters(METERS_A_DEGREE * ((b.lat() - a.lat()).abs() + (b.lng() - a.lng()).abs()))
}

/// Distance on a sphere of 6,371,008.8 m; within 0.6 % of the geodesic, which is plenty
/// to tell a person from an error.
fn great_circle(a: Position, b: Position) -> Meters {
    const EARTH_RADIUS_M: f64 = 6_371_008.8;
    let half_lat = (b.lat() - a.lat()).to_radians() / 2.0;
    let half_lng = (b.lng() - a.lng()).to_radians() / 2.0;
    let cosines = a.lat().to_radians().cos() * b.lat().to_radians().cos();
    let h = half_lat.sin().powi(2) + cosines * half_lng.sin().powi(2);
    Meters(2.0 * EARTH_RADIUS_M * h.sqrt().min(1.0).asin())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn positions() -> impl Strategy<Value = Position> {
        let lat = prop_oneof![-90.0..=90.0, -1e-9..1e-9, Just(90.0), Just(-90.0), 89.9..=90.0];
        let lng = prop_oneof![-180.0..=180.0, -1e-9..1e-9, Just(180.0), 179.9..=180.0, -180.0..-179.9];
        (lat, lng).prop_map(|(lat, lng)| Position::new(lat, lng).unwrap())
    }

    /// Any two, two that are near each other, and two that are almost as far apart as can be.
    fn pairs() -> impl Strategy<Value = (Position, Position)> {
        let shift = || prop_oneof![-1e-3..1e-3, -1e-7..1e-7, -1e-12..1e-12, Just(0.0), -0.1..0.1];
        let near = |(a, north, east): (Position, f64, f64)| {
            let lat = (a.lat() + north).clamp(-90.0, 90.0);
            (a, Position::new(lat, (a.lng() + east).clamp(-180.0, 180.0)).unwrap())
        };
        let far = move |(a, north, east): (Position, f64, f64)| {
            let lng = if 0.0 < a.lng() { a.lng() - 180.0 } else { a.lng() + 180.0 };
            near((Position::new(-a.lat(), lng).unwrap(), north, east)).1
        };
        prop_oneof![
            (positions(), positions()),
            (positions(), shift(), shift()).prop_map(near),
            (positions(), shift(), shift()).prop_map(move |drawn| (drawn.0, far(drawn))),
        ]
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 20_000, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn no_way_is_shorter_than_the_great_circle((a, b) in pairs()) {
            prop_assert!(great_circle(a, b).0 <= round_the_corner(a, b).0);
        }

        #[test]
        fn the_quick_answer_is_the_great_circles((a, b) in pairs(), meters in 0.0..2e7, share in 0.999_999..1.000_001) {
            let (straight, round) = (great_circle(a, b).0, round_the_corner(a, b).0);
            for meters in [meters, straight, straight * share, straight.next_down(), straight.next_up(), round, -0.0] {
                prop_assert_eq!(is_within(meters, a, b), straight <= meters);
            }
        }
    }

    #[test]
    fn a_walk_of_a_minute_needs_no_great_circle() {
        let walk = |lat: f64| {
            let at = |lng| Position::new(lat, lng).unwrap();
            round_the_corner(at(20.0), at(20.001)).0
        };
        assert!(walk(0.0) < 111.2 && walk(60.0) < 111.2);
    }

    #[test]
    fn a_degree_of_the_great_circle_is_a_degree_of_the_sphere() {
        let at = |lat, lng| Position::new(lat, lng).unwrap();
        let near = |distance: Meters, expected: f64| (distance.0 - expected).abs() < 1e-3;
        assert!(near(great_circle(at(0.0, 0.0), at(1.0, 0.0)), 111_195.080));
        assert!(near(great_circle(at(10.0, 179.5), at(10.0, -179.5)), 109_505.735));
        assert!(near(great_circle(at(0.0, 0.0), at(0.0, 180.0)), 20_015_114.442));
    }
}
