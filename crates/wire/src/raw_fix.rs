//! The fields of one native fix as they came, and what they mean.

use model::{Fix, Meters, Position};
use serde::de::MapAccess;

use crate::json::{self, Fields, Scalar, check_version, fill};
use crate::names::Names;
use crate::{Envelope, Flaw, instant};

/// A fix, taken apart and not yet judged.
#[derive(Default)]
pub(crate) struct RawFix<'a> {
    pub(crate) version: Scalar<'a>,
    time: Scalar<'a>,
    lat: Scalar<'a>,
    lon: Scalar<'a>,
    details: Details<'a>,
    pub(crate) names: Names<'a>,
    pub(crate) marks: Marks,
    /// Said to be made up, in the words of a phone's own system.
    mock_elsewhere: bool,
    /// Fields that claim a power that no payload has.
    pub(crate) n_unexpected: u64,
}

/// What a fix may leave out.
#[derive(Default)]
struct Details<'a> {
    accuracy: Scalar<'a>,
    speed: Scalar<'a>,
    heading: Scalar<'a>,
    mock: Scalar<'a>,
    foreground: Scalar<'a>,
    still: Scalar<'a>,
}

/// What Android and iOS call a fix that a developer tool made up; apps copy it over as it is.
const MOCK_ELSEWHERE: [&str; 2] = ["isMock", "isSimulatedBySoftware"];

/// Keys by which other formats are told, as bits.
#[derive(Clone, Copy, Default)]
pub(crate) struct Marks(u16);

impl Marks {
    /// Sets of keys, each of a format that comes before the native one, in the order of the contract.
    const OTHERS: [&'static [&'static str]; 7] = [
        &["_type"],
        &["specversion", "type"],
        &["DeviceId", "Position"],
        &["Updates"],
        &["location"],
        &["coords", "timestamp"],
        &["latitude", "longitude", "gps_accuracy"],
    ];

    fn note(&mut self, key: &str) {
        let keys = Self::OTHERS.iter().copied().flatten();
        if let Some(at) = keys.into_iter().position(|known| *known == key) {
            self.0 |= 1 << at;
        }
    }

    /// Whether all keys of one of the other formats are there.
    pub(crate) fn is_another_format(self) -> bool {
        let mut first = 0;
        self.0 != 0
            && Self::OTHERS.iter().any(|keys| {
                let all = ((1_u16 << keys.len()) - 1) << first;
                first += keys.len();
                self.0 & all == all
            })
    }
}

impl<'a> Fields<'a> for RawFix<'a> {
    fn take<A: MapAccess<'a>>(&mut self, key: &str, map: &mut A) -> Result<(), A::Error> {
        let slot = match key {
            "v" => &mut self.version,
            "ts" => &mut self.time,
            "lat" => &mut self.lat,
            "lon" => &mut self.lon,
            "acc" => &mut self.details.accuracy,
            "spd" => &mut self.details.speed,
            "hdg" => &mut self.details.heading,
            "mock" => &mut self.details.mock,
            "fg" => &mut self.details.foreground,
            "still" => &mut self.details.still,
            _ => return self.take_other(key, map),
        };
        fill(slot, map)
    }
}

impl<'a> RawFix<'a> {
    fn take_other<A: MapAccess<'a>>(&mut self, key: &str, map: &mut A) -> Result<(), A::Error> {
        self.n_unexpected += u64::from(Names::is_unexpected(key));
        if let Some(slot) = self.names.slot(key) {
            return fill(slot, map);
        }
        if MOCK_ELSEWHERE.contains(&key) {
            self.mock_elsewhere |= map.next_value::<Scalar<'a>>()?.switch() == Ok(Some(true));
            return Ok(());
        }
        self.marks.note(key);
        json::skip(map)
    }

    /// The fix as one of a list, which may carry version and names of its own.
    pub(crate) fn listed_fix(&self, envelope: &Envelope<'_>) -> Result<Fix, Flaw> {
        if self.version.is_there() {
            check_version(&self.version, Flaw::UnknownVersion)?;
        }
        self.names.check(envelope)?;
        self.fix()
    }

    /// What the fields say.
    pub(crate) fn fix(&self) -> Result<Fix, Flaw> {
        let lat = coordinate(&self.lat, "lat")?;
        let lon = coordinate(&self.lon, "lon")?;
        let taken_at = instant::required(&self.time, "ts")?;
        let position = Position::new(lat, lon).map_err(|_| Flaw::OutOfRange)?;
        let details = &self.details;
        details.heading.optional_number()?;
        Ok(Fix {
            taken_at,
            position,
            accuracy: accuracy(details.accuracy.optional_number()?)?,
            speed_mps: speed_mps(details.speed.optional_number()?),
            mock: details.mock.switch()?.unwrap_or(false) || self.mock_elsewhere,
            foreground: details.foreground.switch()?,
            still: details.still.switch()?.unwrap_or(false),
        })
    }
}

fn coordinate(value: &Scalar<'_>, field: &'static str) -> Result<f64, Flaw> {
    match value {
        Scalar::Absent => Err(Flaw::MissingField(field)),
        value => value.number().ok_or(Flaw::Malformed),
    }
}

/// Receivers write nought where they know nothing, and a negative number where the fix is void.
pub(crate) fn accuracy(meters: Option<f64>) -> Result<Option<Meters>, Flaw> {
    match meters {
        None => Ok(None),
        Some(meters) if meters < 0.0 => Err(Flaw::InvalidFix),
        Some(0.0) => Ok(None),
        Some(meters) => Ok(Some(Meters(meters))),
    }
}

/// Receivers write a negative speed where they know none.
pub(crate) fn speed_mps(speed: Option<f64>) -> Option<f32> {
    let speed = speed? as f32;
    (0.0..=f32::MAX).contains(&speed).then_some(speed)
}
