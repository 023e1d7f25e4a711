//! The wall clocks of a country, where nobody knows which of them hangs in the store.

use chrono_tz::Tz;

/// A country's code and the names of its zones a line, from `zone.tab` of the time zone database
/// (2025b, in the public domain).
const ZONES: &str = include_str!("zones_of_countries.txt");

/// All zones of a country by its ISO 3166-1 code; none for a code that is no country's.
///
/// Reads a text of 250 lines: for fences without a zone only.
#[must_use]
pub fn zones_of_country(code: &str) -> Vec<Tz> {
    let of_country = |line: &'static str| {
        let (country, zones) = line.split_once(' ')?;
        country.eq_ignore_ascii_case(code).then_some(zones)
    };
    let zones = ZONES.lines().find_map(of_country);
    zones.into_iter().flat_map(str::split_whitespace).filter_map(crate::zone).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_zone_of_every_country_is_known() {
        for line in ZONES.lines() {
            let (country, zones) = line.split_once(' ').unwrap();
            assert_eq!(zones_of_country(country).len(), zones.split(' ').count(), "{country}");
        }
    }

    #[test]
    fn a_country_can_have_several_clocks_or_none() {
        assert_eq!(zones_of_country("de").len(), 2, "Berlin and Buesingen");
        assert!(20 < zones_of_country("US").len());
        assert_eq!(zones_of_country("XX"), []);
        assert_eq!(zones_of_country(""), []);
    }
}
