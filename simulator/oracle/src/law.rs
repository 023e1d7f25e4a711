//! What the law asks, and where: every rule that holds in any place in question binds, and of all that
//! bind the strictest counts.

use std::collections::BTreeMap;

use crate::{Profile, Purpose};

/// All rules, and what operators have said of places.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Law {
    /// In any order.
    pub rules: Vec<LawRule>,
    /// Countries whose parts are known, with these.
    pub parts: Vec<(String, Vec<String>)>,
    /// Where customers live of whom nobody knows better.
    pub home: Option<String>,
    /// Whoever lives nobody knows where is not looked at.
    pub needs_home: bool,
    /// Where merchants sit, by number.
    pub seats: BTreeMap<u32, String>,
}

/// One rule.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct LawRule {
    /// Where it holds.
    pub places: Vec<Where>,
    /// The first instant of which it is in force.
    pub from_ms: Option<i64>,
    /// The first of which it is so no more.
    pub until_ms: Option<i64>,
    /// These need a second word.
    pub double_opt_in: Vec<Purpose>,
    /// Grants of these end after so long at most.
    pub grant_lasts: Option<(Vec<Purpose>, i64)>,
}

/// Where a rule holds.
#[derive(Clone, Debug, PartialEq)]
pub enum Where {
    /// Wherever anybody is.
    Everywhere,
    /// In a country, as `US`, or in a part of one, as `US-WA`.
    In(String),
    /// In a country, when the part is not known.
    PartUnknown(String),
}

impl Law {
    /// Whether it is known where somebody lives, as far as that is asked.
    pub(crate) fn knows_home_of(&self, profile: &Profile) -> bool {
        !self.needs_home || profile.residence.is_some() || self.home.is_some()
    }

    /// Whether a yes to a merchant needs a second word.
    pub(crate) fn asks_twice(&self, profile: &Profile, merchant: u32, purpose: Purpose, now_ms: i64) -> bool {
        let places = self.places(profile, merchant);
        self.binding(&places, now_ms).any(|rule| rule.double_opt_in.contains(&purpose))
    }

    /// How long a grant may last at most.
    pub(crate) fn grant_lasts_max_ms(
        &self,
        profile: &Profile,
        merchant: u32,
        purpose: Purpose,
        now_ms: i64,
    ) -> Option<i64> {
        let places = self.places(profile, merchant);
        let limits = self.binding(&places, now_ms).filter_map(|rule| rule.grant_lasts.as_ref());
        limits.filter(|(purposes, _)| purposes.contains(&purpose)).map(|(_, max_ms)| *max_ms).min()
    }

    fn places<'a>(&'a self, profile: &'a Profile, merchant: u32) -> Vec<&'a str> {
        let residence = profile.residence.as_ref().or(self.home.as_ref());
        let all = [residence, profile.phone_region.as_ref(), self.seats.get(&merchant)];
        all.into_iter().flatten().map(String::as_str).collect()
    }

    fn binding<'a>(&'a self, places: &'a [&str], now_ms: i64) -> impl Iterator<Item = &'a LawRule> {
        let is_in_force = move |rule: &&LawRule| {
            rule.from_ms.is_none_or(|from_ms| from_ms <= now_ms)
                && rule.until_ms.is_none_or(|until_ms| now_ms < until_ms)
        };
        let binds = |rule: &&LawRule| rule.places.iter().any(|place| self.holds_in_any(place, places));
        self.rules.iter().filter(is_in_force).filter(binds)
    }

    fn holds_in_any(&self, place: &Where, places: &[&str]) -> bool {
        match place {
            Where::Everywhere => true,
            Where::In(place) => places.iter().any(|there| {
                let may_be = country(place) == country(there) && self.is_vague(there);
                place == there || place == country(there) || may_be
            }),
            Where::PartUnknown(of) => places.iter().any(|there| of == country(there) && self.is_vague(there)),
        }
    }

    /// Whether nobody knows in which part of its country a place lies.
    fn is_vague(&self, there: &str) -> bool {
        let parts = self.parts.iter().find(|(of, _)| of == country(there));
        there == country(there) || parts.is_some_and(|(_, parts)| parts.iter().all(|part| part != there))
    }
}

fn country(place: &str) -> &str {
    place.split('-').next().unwrap_or(place)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn where_the_part_is_not_known_the_rules_of_every_part_bind() {
        let rule = |place| LawRule {
            places: vec![place],
            double_opt_in: vec![Purpose::Location],
            ..LawRule::default()
        };
        let binds = |place: Where, there: &str| {
            let parts = vec![("US".to_owned(), vec!["US-WA".to_owned(), "US-TX".to_owned()])];
            let law = Law { rules: vec![rule(place)], parts, ..Law::default() };
            let profile = Profile { residence: Some(there.to_owned()), ..Profile::default() };
            law.asks_twice(&profile, 0, Purpose::Location, 0)
        };
        let of = |place: &str| Where::In(place.to_owned());
        assert!(binds(of("US-WA"), "US-WA") && binds(of("US"), "US-WA"));
        assert!(!binds(of("US-WA"), "US-TX") && !binds(of("CA"), "US-TX"));
        assert!(binds(of("US-WA"), "US") && binds(of("US-WA"), "US-ZZ"));
        let unknown = || Where::PartUnknown("US".to_owned());
        assert!(binds(unknown(), "US") && !binds(unknown(), "US-TX"));
        assert!(binds(Where::Everywhere, "JP"));
    }
}
