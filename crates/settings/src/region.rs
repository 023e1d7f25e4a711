//! The part of the world where an operator's fences lie.

use model::Position;

/// A box in degrees; it crosses the antimeridian when its west end is east of its east end.
///
/// Invariant: all four are within the ranges of latitude and longitude, south below north.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Region {
    lat_min: f64,
    lat_max: f64,
    lng_min: f64,
    lng_max: f64,
}

impl Region {
    /// A region from `[lat_min, lat_max, lng_min, lng_max]`.
    ///
    /// The error is a clause that says what is wrong.
    pub fn new([lat_min, lat_max, lng_min, lng_max]: [f64; 4]) -> Result<Self, &'static str> {
        if ![lat_min, lat_max].iter().all(|lat| (-90.0..=90.0).contains(lat)) {
            return Err("has a latitude that is not from -90 to 90");
        }
        if ![lng_min, lng_max].iter().all(|lng| (-180.0..=180.0).contains(lng)) {
            return Err("has a longitude that is not from -180 to 180");
        }
        if lat_max <= lat_min || lng_min == lng_max {
            return Err("is empty: its order is lat_min, lat_max, lng_min, lng_max");
        }
        Ok(Self { lat_min, lat_max, lng_min, lng_max })
    }

    /// A region from four numbers with commas between them, as on a command line.
    ///
    /// The error is a clause that says what is wrong.
    pub fn parse(text: &str) -> Result<Self, String> {
        let numbers: Result<Vec<f64>, _> = text.split(',').map(|part| part.trim().parse()).collect();
        let corners = numbers.ok().and_then(|numbers| <[f64; 4]>::try_from(numbers).ok());
        let corners = corners.ok_or("is not lat_min,lat_max,lng_min,lng_max")?;
        Self::new(corners).map_err(str::to_owned)
    }

    /// `[lat_min, lat_max, lng_min, lng_max]`.
    #[must_use]
    pub const fn corners(&self) -> [f64; 4] {
        [self.lat_min, self.lat_max, self.lng_min, self.lng_max]
    }

    /// Whether a position lies in it, borders included.
    #[must_use]
    pub fn contains(&self, position: Position) -> bool {
        let lng = position.lng();
        let lng_is_in = if self.lng_min < self.lng_max {
            (self.lng_min..=self.lng_max).contains(&lng)
        } else {
            self.lng_min <= lng || lng <= self.lng_max
        };
        (self.lat_min..=self.lat_max).contains(&position.lat()) && lng_is_in
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_region_holds_its_border_and_may_cross_the_antimeridian() {
        let check = |region: &str, lat: f64, lng: f64, is_in: bool| {
            let position = Position::new(lat, lng).unwrap();
            assert_eq!(Region::parse(region).unwrap().contains(position), is_in, "{region} {lat} {lng}");
        };
        check("30.0, 30.7, -98.1, -97.4", 30.0, -97.4, true);
        check("30.0, 30.7, -98.1, -97.4", 30.8, -97.5, false);
        check("-20,-10,170,-170", -15.0, 180.0, true);
        check("-20,-10,170,-170", -15.0, 0.0, false);
    }

    #[test]
    fn c05_a_region_that_holds_nothing_is_refused() {
        for text in ["1,1,2,3", "2,1,3,4", "1,2,3,3", "nan,1,2,3", "1,2,3", "91,92,1,2", "1,2,3,181", ""] {
            assert!(Region::parse(text).is_err(), "{text}");
        }
    }
}
