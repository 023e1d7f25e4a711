//! What operators say about the law: where their customers live, where merchants sit, which rules hold.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use consent_gate::Purpose;
use model::{Jurisdiction, MerchantId};

use crate::nearest::nearest;
use crate::section::{Section, Spanned};
use crate::{Problem, RulesFile, Settings};

/// What operators say about the law.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct LawSettings {
    /// Where customers live of whom nobody knows better; nothing is served without it.
    pub default_residence: Option<Jurisdiction>,
    /// The rules; those that come with the program when no file is named.
    pub rules_file: Option<PathBuf>,
    /// Hours and distances of places without rules are the strictest of all.
    pub strict: bool,
    /// Purposes whose consent is confirmed over a second channel everywhere, whatever the law says.
    pub double_opt_in: Vec<Purpose>,
    /// Where merchants sit.
    pub seats: BTreeMap<MerchantId, Jurisdiction>,
}

impl LawSettings {
    /// The rules file that is in force.
    ///
    /// # Errors
    /// Everything that is wrong with it.
    pub fn rules(&self) -> Result<RulesFile, Vec<Problem>> {
        match &self.rules_file {
            Some(file) => RulesFile::load_with(file, self.strict),
            None => Ok(RulesFile::built_in(self.strict)),
        }
    }
}

impl Settings {
    /// Why nobody can be served under these settings, if so: without a place there is no law to keep.
    #[must_use]
    pub fn without_residence(&self, file: &Path) -> Option<Problem> {
        if self.law.default_residence.is_some() {
            return None;
        }
        let reason = "is missing: which law protects a customer hangs on where they live, and of most nobody will have said it";
        let mut problem = Problem::of_file(file, reason);
        problem.key = "consent.default_residence".to_owned();
        Some(problem.with_hint(
            "write where customers live of whom you know no better, such as default_residence = \"US-TX\" under [consent]",
        ))
    }
}

/// Reads `[consent]` as far as it is about the law, and `[[merchant]]`.
pub(crate) fn read_law(root: &Section<'_>, consent: &Section<'_>) -> LawSettings {
    let mut seats = BTreeMap::new();
    for merchant in root.sections("merchant") {
        read_seat(&merchant, &mut seats);
    }
    LawSettings {
        default_residence: read_place(consent, "default_residence").map(|place| place.value),
        rules_file: consent.path("rules_file").map(|file| file.value),
        strict: consent.flag("strict", false),
        double_opt_in: read_purposes(consent, "double_opt_in"),
        seats,
    }
}

fn read_seat(section: &Section<'_>, seats: &mut BTreeMap<MerchantId, Jurisdiction>) {
    section.require("id");
    section.require("seat");
    let id = section.read("id", |text| {
        MerchantId::new(text).map_err(|flaw| format!("is {text:?}, which {}", flaw.text()))
    });
    let (Some(id), Some(seat)) = (id, read_place(section, "seat")) else { return };
    let shown = format!("{:?} stands here a second time", id.value.as_str());
    if seats.insert(id.value, seat.value).is_some() {
        section.wrong("id", id.bytes, shown, None);
    }
}

fn read_place(section: &Section<'_>, key: &'static str) -> Option<Spanned<Jurisdiction>> {
    section.read(key, |text| {
        Jurisdiction::new(text).map_err(|flaw| format!("is {text:?}, which {}", flaw.text()))
    })
}

/// A list of purposes.
pub(crate) fn read_purposes(section: &Section<'_>, key: &'static str) -> Vec<Purpose> {
    let mut purposes = Vec::new();
    for word in section.texts(key) {
        match Purpose::from_word(&word.value) {
            Some(purpose) => purposes.push(purpose),
            None => {
                let near = nearest(&word.value, Purpose::ALL.iter().map(|purpose| purpose.word()));
                let reason = format!("names {:?}, which is no purpose of consent", word.value);
                section.wrong(key, word.bytes, reason, near.map(|near| format!("did you mean {near:?}?")));
            }
        }
    }
    purposes
}
