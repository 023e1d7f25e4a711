//! The rules file: `[[rule]]` tables with the unions and parts of countries that they speak of.

mod reading;

use std::ops::Range;
use std::path::Path;

use consent_gate::rules::{Geography, Group, Parts, RuleBook, RuleDraft, RuleFlaw};
use model::Timestamp;

use crate::Problem;
use crate::section::Section;
use crate::sheet::Sheet;
use crate::source::Source;

/// Most rules of one file; the world has some hundred places with rules that matter here.
const N_RULES_MAX: usize = 10_000;

/// The rules that come with the program.
const BUILT_IN: &str = include_str!("../../../config/rules.toml");

/// A rules file that was read: every rule holds together with the others.
pub struct RulesFile {
    source: Source,
    book: RuleBook,
    /// Of every rule, in their order.
    places: Vec<Written>,
}

/// Where the parts of a rule were written.
struct Written {
    id: Range<usize>,
    places: Range<usize>,
    review_by: Range<usize>,
    verified: Range<usize>,
}

impl RulesFile {
    /// Reads a file.
    ///
    /// # Errors
    /// Everything that is wrong with it.
    pub fn load(file: &Path) -> Result<Self, Vec<Problem>> {
        Self::load_with(file, false)
    }

    /// Reads a file; `strict` fills gaps in hours and distances by the strictest.
    ///
    /// # Errors
    /// As [`RulesFile::load`].
    pub fn load_with(file: &Path, strict: bool) -> Result<Self, Vec<Problem>> {
        Self::read(Source::open(file)?, strict)
    }

    /// The same for a text under a file's name.
    ///
    /// # Errors
    /// As [`RulesFile::load`].
    pub fn parse(file: &Path, text: &str) -> Result<Self, Vec<Problem>> {
        Self::read(Source::new(file, text.to_owned()), false)
    }

    /// The rules that come with the program.
    ///
    /// # Panics
    /// Never: a test reads them.
    #[must_use]
    pub fn built_in(strict: bool) -> Self {
        let source = Source::new(Path::new("config/rules.toml (built in)"), BUILT_IN.to_owned());
        Self::read(source, strict)
            .unwrap_or_else(|problems| unreachable!("the rules that are built in: {problems:?}"))
    }

    fn read(source: Source, strict: bool) -> Result<Self, Vec<Problem>> {
        let (document, wrong) = source.parse();
        let sheet = Sheet::new(&source, wrong);
        let (mut rules, mut places, mut geography) = (Vec::new(), Vec::new(), Geography::default());
        if let Some(document) = &document {
            let root = sheet.root(document);
            geography = read_geography(&root);
            let tables = root.sections("rule");
            if let Some(table) = tables.get(N_RULES_MAX) {
                root.wrong(
                    "rule",
                    table.bytes(),
                    format!("is one more than the {N_RULES_MAX} allowed"),
                    None,
                );
            }
            for table in tables.iter().take(N_RULES_MAX) {
                if let Some(rule) = reading::read_rule(table, &geography) {
                    places.push(written(table));
                    rules.push(rule);
                }
            }
        }
        let mut problems = sheet.finish();
        let ids: Vec<Box<str>> = rules.iter().map(|rule| rule.id.clone()).collect();
        match RuleBook::new(RuleDraft { rules, geography, strict }) {
            Ok(book) if problems.is_empty() => Ok(Self { source, book, places }),
            made => {
                let flaws = made.err().unwrap_or_default();
                problems.extend(
                    flaws
                        .iter()
                        .map(|flaw| problem_of(&source, &places[flaw.rule()], &ids[flaw.rule()], flaw)),
                );
                problems.sort_by_key(|problem| problem.place.as_ref().map(|place| place.bytes.start));
                Err(problems)
            }
        }
    }

    /// The rules.
    #[must_use]
    pub const fn book(&self) -> &RuleBook {
        &self.book
    }

    /// The name under which it was read.
    #[must_use]
    pub fn file(&self) -> &Path {
        &self.source.file
    }

    /// The line on which a rule begins, counted from 1.
    #[must_use]
    pub fn line_of(&self, rule: usize) -> Option<usize> {
        let written = self.places.get(rule)?;
        Some(self.source.place(written.id.clone()).line)
    }

    /// Each rule past its day of review.
    #[must_use]
    pub fn overdue(&self, now: Timestamp) -> Vec<Problem> {
        let all = self.book.rules().iter().zip(&self.places);
        let overdue = all.filter(|(rule, _)| rule.is_overdue(now)).map(|(rule, written)| {
            let key = format!("rule {}: review_by", rule.id);
            let problem = self.source.problem(written.review_by.clone(), &key, "has passed");
            problem.with_hint(format!("compare it with {}, and set the next day", rule.source))
        });
        overdue.collect()
    }

    /// The ids of rules that nobody has verified, in their order.
    #[must_use]
    pub fn unverified(&self) -> Vec<&str> {
        let rules = self.book.rules().iter();
        rules.filter(|rule| !rule.verified).map(|rule| &*rule.id).collect()
    }
}

fn written(table: &Section<'_>) -> Written {
    Written {
        id: table.bytes_of("id"),
        places: table.bytes_of("where"),
        review_by: table.bytes_of("review_by"),
        verified: table.bytes_of("verified"),
    }
}

fn read_geography(root: &Section<'_>) -> Geography {
    let mut geography = Geography::default();
    for table in root.sections("group") {
        geography.groups.extend(read_group(&table, &geography.groups));
    }
    for table in root.sections("country") {
        geography.countries.extend(read_country(&table, &geography.countries));
    }
    geography
}

fn read_group(table: &Section<'_>, known: &[Group]) -> Option<Group> {
    let id = table.required_text("id");
    let as_of = reading::day(table, "as_of", true);
    let members = reading::jurisdictions(table, "members", "");
    // Where the list comes from is for who reads the file.
    table.required_text("source");
    let id = id?;
    if known.iter().any(|group| *group.id == *id.value) {
        table.wrong("id", id.bytes, format!("{:?} stands here a second time", id.value), None);
        return None;
    }
    Some(Group { id: id.value.into(), as_of: as_of?, members })
}

fn read_country(table: &Section<'_>, known: &[Parts]) -> Option<Parts> {
    let id = table.required_text("id");
    let as_of = reading::day(table, "as_of", true);
    let id = id?;
    let parts = reading::jurisdictions(table, "parts", &format!("{}-", id.value));
    table.required_text("source");
    let country = reading::jurisdiction(table, "id", &id)?;
    if !country.is_country() {
        table.wrong("id", id.bytes, format!("is {:?}, which is no country", id.value), None);
        return None;
    }
    if known.iter().any(|parts| parts.country == country) {
        table.wrong("id", id.bytes, format!("{:?} stands here a second time", id.value), None);
        return None;
    }
    Some(Parts { country, as_of: as_of?, parts })
}

fn problem_of(source: &Source, written: &Written, id: &str, flaw: &RuleFlaw) -> Problem {
    let (key, at) = match flaw {
        RuleFlaw::RepeatedId { .. } => ("id", &written.id),
        RuleFlaw::NoPlace { .. } | RuleFlaw::UnknownPlace { .. } => ("where", &written.places),
        RuleFlaw::EndsEarly { .. } => ("until", &written.id),
        RuleFlaw::Loosens { .. } => ("verified", &written.verified),
    };
    source.problem(at.clone(), &format!("rule {id}: {key}"), flaw.to_string())
}
