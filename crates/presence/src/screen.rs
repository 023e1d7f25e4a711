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
    great_circle(from.position, to.position).0 <= policy.jump_mps * secs + noise(from) + noise(to)
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
