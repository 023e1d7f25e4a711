//! Of settings and rules files: whether it is known whose law counts, and whose rules want a look.

use std::path::Path;

use model::{Jurisdiction, Timestamp};
use settings::{Problem, RulesFile, Settings};

use crate::cli::report::counted;

/// What is wrong with what settings say of the law, and what only wants a look.
pub(super) struct Judged {
    pub(super) problems: Vec<Problem>,
    pub(super) warnings: Vec<Problem>,
}

/// Judges settings and the rules that they name.
///
/// Settings that name no fences and let nobody in serve nobody, and need no place.
pub(super) fn judge(file: &Path, settings: &Settings, now: Timestamp) -> Judged {
    let serves_somebody =
        settings.fences.file.is_some() || settings.broker.is_some() || !settings.listener.users.is_empty();
    let problems: Vec<Problem> =
        settings.without_residence(file).filter(|_| serves_somebody).into_iter().collect();
    let mut warnings = Vec::new();
    // What a file of the operator's own holds is told with that file.
    if let Ok(rules) = settings.law.rules() {
        warnings.extend(vague(file, settings, &rules));
        warnings.extend(rules.overdue(now).into_iter().filter(|_| settings.law.rules_file.is_none()));
    }
    Judged { problems, warnings }
}

/// How many rules there are, and which of them nobody has verified.
pub(super) fn told(rules: &RulesFile) -> String {
    let (all, unverified) = (counted(rules.book().rules().len(), "rule"), rules.unverified());
    match unverified.is_empty() {
        true => all,
        false => {
            format!("{all}, {} not verified, which only tighten: {}", unverified.len(), unverified.join(", "))
        }
    }
}

/// Places that name a country of which the part would matter.
fn vague(file: &Path, settings: &Settings, rules: &RulesFile) -> Vec<Problem> {
    let geography = rules.book().geography();
    let is_vague = |place: Jurisdiction| {
        geography.is_part_unknown(place) && geography.countries.iter().any(|it| it.country == place.country())
    };
    let residence =
        settings.law.default_residence.map(|place| ("consent.default_residence".to_owned(), place));
    let seats =
        settings.law.seats.iter().map(|(id, place)| (format!("merchant {}: seat", id.as_str()), *place));
    let vague = residence.into_iter().chain(seats).filter(|(_, place)| is_vague(*place));
    let warning = |(key, place): (String, Jurisdiction)| {
        let reason = format!("is {:?}, and the strictest of all its parts counts", place.as_str());
        let mut problem = Problem::of_file(file, reason);
        problem.key = key;
        problem.with_hint("name the part, such as \"US-TX\"")
    };
    vague.map(warning).collect()
}
