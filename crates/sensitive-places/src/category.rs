//! What makes a place sensitive.

/// A kind of sensitive place; a closed list, after the orders of the FTC against sellers of locations.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Category {
    /// In-person health care of any kind.
    Health,
    /// Reproductive or sexual health care.
    Reproductive,
    /// Care of mental health.
    Mental,
    /// A place of worship.
    Worship,
    /// A school, a kindergarten, a place for children.
    School,
    /// A shelter for people who fled, or have no home.
    Shelter,
    /// A prison or another place of detention.
    Prison,
    /// An office of a labour union.
    Union,
    /// A military site.
    Military,
    /// A place of lesbian, gay, bisexual, trans or queer people.
    Lgbtq,
    /// An office or event of a party or of a political movement.
    Political,
    /// A cemetery.
    Cemetery,
}

impl Category {
    /// All of them, in the order in which they are told.
    pub const ALL: [Self; 12] = [
        Self::Health,
        Self::Reproductive,
        Self::Mental,
        Self::Worship,
        Self::School,
        Self::Shelter,
        Self::Prison,
        Self::Union,
        Self::Military,
        Self::Lgbtq,
        Self::Political,
        Self::Cemetery,
    ];

    /// The word that files use.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Health => "health",
            Self::Reproductive => "reproductive",
            Self::Mental => "mental",
            Self::Worship => "worship",
            Self::School => "school",
            Self::Shelter => "shelter",
            Self::Prison => "prison",
            Self::Union => "union",
            Self::Military => "military",
            Self::Lgbtq => "lgbtq",
            Self::Political => "political",
            Self::Cemetery => "cemetery",
        }
    }

    /// The category of a word; none when it is not on the list.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|category| category.word() == word)
    }

    /// Whether what is said of another category is said of this one too: reproductive and mental health
    /// are health.
    #[must_use]
    pub const fn is_kind_of(self, other: Self) -> bool {
        matches!((self, other), (Self::Reproductive | Self::Mental, Self::Health))
            || self as u8 == other as u8
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_category_has_a_word_of_its_own() {
        for category in Category::ALL {
            assert_eq!(Category::from_word(category.word()), Some(category));
        }
        assert_eq!(Category::from_word("hospital"), None);
    }

    #[test]
    fn kinds_of_health_are_health_and_not_the_other_way() {
        assert!(Category::Mental.is_kind_of(Category::Health));
        assert!(Category::Health.is_kind_of(Category::Health));
        assert!(!Category::Health.is_kind_of(Category::Mental));
        assert!(!Category::Mental.is_kind_of(Category::Reproductive));
        assert!(!Category::Worship.is_kind_of(Category::Health));
    }
}
