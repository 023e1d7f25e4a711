//! What is refused of a file: which feature, and the place within it.

use std::fmt;

use super::reason::Reason;

/// Something that is no fence.
#[derive(Clone, Debug, PartialEq)]
pub struct Flaw {
    /// Number of the feature in its file, counted from 0; none when the file itself is meant.
    pub feature: Option<usize>,
    /// The feature's id as far as it has one, cut after 64 characters.
    pub id: Option<String>,
    /// What is wrong.
    pub reason: Reason,
}

/// Everything that is wrong with a file; at least one flaw.
#[derive(Clone, Debug, PartialEq)]
pub struct Refused {
    /// Ascending by feature.
    pub flaws: Vec<Flaw>,
}

/// A point of a geometry, counted from 0 as in the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// Which polygon; 0 unless the geometry is a MultiPolygon.
    pub polygon: usize,
    /// Which ring of it; 0 is the outer one.
    pub ring: usize,
    /// Which point of it.
    pub point: usize,
}

impl Flaw {
    pub(super) fn of(feature: usize, id: Option<&str>, reason: Reason) -> Self {
        Self { feature: Some(feature), id: id.map(cut), reason }
    }
}

impl Refused {
    pub(super) fn file(reason: Reason) -> Self {
        Self { flaws: vec![Flaw { feature: None, id: None, reason }] }
    }
}

/// The first 64 characters of a text.
pub(super) fn cut(text: &str) -> String {
    text.chars().take(64).collect()
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, flaw) in self.flaws.iter().enumerate() {
            let end_of_last = if i == 0 { "" } else { "\n" };
            write!(f, "{end_of_last}{flaw}")?;
        }
        Ok(())
    }
}

impl std::error::Error for Refused {}

impl fmt::Display for Flaw {
    /// `feature 3 (id "s1"): reason`; control characters of the id are escaped.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.feature, &self.id) {
            (Some(feature), Some(id)) => write!(f, "feature {feature} (id {id:?}): {}", self.reason),
            (Some(feature), None) => write!(f, "feature {feature}: {}", self.reason),
            (None, _) => write!(f, "{}", self.reason),
        }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "polygon {}, ring {}, point {}", self.polygon, self.ring, self.point)
    }
}
