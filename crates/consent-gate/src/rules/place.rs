//! Where a rule holds: everywhere, in a country or a part of one, in a union of countries.

use core::fmt;

use model::{Jurisdiction, Timestamp};

/// Where a rule holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// Wherever anybody is.
    Everywhere,
    /// In a country or in a part of one.
    In(Jurisdiction),
    /// In a country when nobody knows in which part of it: written `US-?`.
    PartUnknown(Jurisdiction),
    /// In every member of a union, by its name.
    Group(Box<str>),
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Everywhere => f.write_str("everywhere"),
            Self::In(place) => write!(f, "{place}"),
            Self::PartUnknown(country) => write!(f, "{country}-?"),
            Self::Group(id) => f.write_str(id),
        }
    }
}

/// A union of countries.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Group {
    /// Its name, such as `EU`.
    pub id: Box<str>,
    /// As of when the list is right.
    pub as_of: Timestamp,
    /// Who belongs to it.
    pub members: Vec<Jurisdiction>,
}

/// The parts of a country that have laws of their own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parts {
    /// The country.
    pub country: Jurisdiction,
    /// As of when the list is right.
    pub as_of: Timestamp,
    /// All of them.
    pub parts: Vec<Jurisdiction>,
}

/// What rules need to know of the world.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Geography {
    /// Unions.
    pub groups: Vec<Group>,
    /// Countries with parts that have laws of their own.
    pub countries: Vec<Parts>,
}

impl Geography {
    pub(super) fn group(&self, id: &str) -> Option<&Group> {
        self.groups.iter().find(|group| *group.id == *id)
    }

    /// The parts of a country, where they are listed.
    pub(super) fn parts(&self, country: Jurisdiction) -> Option<&[Jurisdiction]> {
        let found = self.countries.iter().find(|parts| parts.country == country);
        found.map(|found| &found.parts[..])
    }

    /// Whether all that is known of somewhere is the country: no part is named, or none that there is.
    #[must_use]
    pub fn is_part_unknown(&self, there: Jurisdiction) -> bool {
        there.is_country() || self.parts(there.country()).is_some_and(|parts| !parts.contains(&there))
    }

    /// Whether a rule of a place holds somewhere.
    ///
    /// Where nobody knows the part, the rules of every part hold: it may be any of them.
    pub(super) fn holds(&self, place: &Place, there: Jurisdiction) -> bool {
        let may_be_in =
            |place: Jurisdiction| place.country() == there.country() && self.is_part_unknown(there);
        match place {
            Place::Everywhere => true,
            Place::In(place) => place.contains(there) || may_be_in(*place),
            Place::PartUnknown(country) => may_be_in(*country),
            Place::Group(id) => {
                let members = self.group(id).map_or(&[][..], |group| &group.members);
                members.iter().any(|member| member.contains(there) || may_be_in(*member))
            }
        }
    }
}
