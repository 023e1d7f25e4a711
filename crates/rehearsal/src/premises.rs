//! The operator's fences as places to live round.

use chrono::{Datelike as _, NaiveDate, TimeZone as _, Weekday};
use chrono_tz::Tz;
use engine::House;
use model::{Position, Timestamp, TransitionKind};
use spatial_index::{Polygon, Shape};
use town::Place;

/// A Monday: weeks begin with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Monday(NaiveDate);

/// Why a text is not a day on which a rehearsal can begin.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a day is written like 2026-05-04")]
pub struct BadDate;

impl Monday {
    /// The Monday on or before a day such as `2026-05-04`.
    ///
    /// # Errors
    /// When it is no day.
    pub fn of(text: &str) -> Result<Self, BadDate> {
        let day = NaiveDate::parse_from_str(text, "%Y-%m-%d").map_err(|_| BadDate)?;
        Ok(Self(day.week(Weekday::Mon).checked_first_day().ok_or(BadDate)?))
    }

    /// As it is written.
    #[must_use]
    pub fn text(self) -> String {
        format!("{:04}-{:02}-{:02}", self.0.year(), self.0.month(), self.0.day())
    }

    /// Its midnight on a wall clock; where there is none, the first instant after.
    fn begins_at(self, zone: Tz) -> Timestamp {
        let midnight = self.0.and_time(chrono::NaiveTime::MIN);
        let hours = (0..4).map(|hours| midnight + chrono::TimeDelta::hours(hours));
        let first = hours.filter_map(|local| zone.from_local_datetime(&local).earliest()).next();
        let utc_ms = first.map_or_else(|| midnight.and_utc().timestamp_millis(), |at| at.timestamp_millis());
        Timestamp::from_unix_ms(utc_ms)
    }
}

/// Every fence of a house that belongs to somebody, ascending by id, as [`House::fences`] has them.
#[must_use]
pub fn places(house: &House, monday: &Monday) -> Vec<Place> {
    let mut midnights: Vec<(Tz, Timestamp)> = Vec::new();
    let mut midnight_in = |name: Option<&str>| {
        let zone = name.and_then(|name| name.parse().ok()).unwrap_or(Tz::UTC);
        if let Some((_, at)) = midnights.iter().find(|(known, _)| *known == zone) {
            return *at;
        }
        let at = monday.begins_at(zone);
        midnights.push((zone, at));
        at
    };
    let place = |fence: spatial_index::Fence| {
        let calls = TransitionKind::ALL.map(|kind| house.catalogue().due(kind, &fence.facts).len());
        Place {
            n_offers: calls.iter().sum::<usize>() as u32,
            midnight_at: midnight_in(fence.facts.tz.as_deref()),
            shape: shape(&fence.shape),
        }
    };
    house.fences().map(place).collect()
}

fn shape(shape: &Shape) -> town::Shape {
    match shape {
        Shape::Circle { center, radius } => town::Shape::Circle { centre: *center, radius: *radius },
        Shape::Polygons(polygons) => town::Shape::Rings(polygons.iter().flat_map(rings).collect()),
    }
}

/// Rings that do not repeat the first corner; beyond the antimeridian nobody lives.
fn rings(polygon: &Polygon) -> Vec<Vec<Position>> {
    let open = |ring: Vec<[f64; 2]>| {
        let corners = ring.iter().take(ring.len().saturating_sub(1));
        corners.filter_map(|&[lng, lat]| Position::new(lat, lng).ok()).collect()
    };
    polygon.rings().map(open).collect()
}
