//! What an examination found.

/// How bad a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Weight {
    /// All is well.
    Ok,
    /// It works, and should be looked at.
    Warning,
    /// Something is broken or lost.
    Fault,
}

impl Weight {
    /// The word for it.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Warning => "warning",
            Self::Fault => "fault",
        }
    }
}

/// One check and how it came out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// What was checked, in a word.
    pub check: &'static str,
    /// How it came out.
    pub weight: Weight,
    /// Where; a file of the directory, or a part of one.
    pub place: String,
    /// What was found.
    pub told: String,
    /// What to do about it.
    pub advice: &'static str,
}

#[derive(Default)]
pub(super) struct Findings {
    pub(super) all: Vec<Finding>,
}

impl Findings {
    pub(super) fn ok(&mut self, check: &'static str, place: impl Into<String>, told: impl Into<String>) {
        self.add(check, Weight::Ok, place.into(), told.into(), "");
    }

    pub(super) fn warning(
        &mut self,
        check: &'static str,
        place: impl Into<String>,
        told: impl Into<String>,
        advice: &'static str,
    ) {
        self.add(check, Weight::Warning, place.into(), told.into(), advice);
    }

    pub(super) fn fault(
        &mut self,
        check: &'static str,
        place: impl Into<String>,
        told: impl Into<String>,
        advice: &'static str,
    ) {
        self.add(check, Weight::Fault, place.into(), told.into(), advice);
    }

    fn add(
        &mut self,
        check: &'static str,
        weight: Weight,
        place: String,
        told: String,
        advice: &'static str,
    ) {
        self.all.push(Finding { check, weight, place, told, advice });
    }
}
