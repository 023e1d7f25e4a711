//! Which law counts: where customers live, and the rules that the deployment keeps.

use std::fmt::Write as _;

use chrono::DateTime;
use consent_gate::rules::Rule;
use model::Timestamp;
use settings::{Problem, Settings};

/// The rules of a deployment, all of them: which bind hangs on the customer and the day.
///
/// # Errors
/// What is wrong with the rules file.
pub(super) fn jurisdictions(settings: &Settings) -> Result<String, Vec<Problem>> {
    let rules = settings.law.rules()?;
    let mut text = format!(
        "### Whose law counts\n\n{}\n\n\
         Of all rules of where a customer lives, where their number is from, where the merchant sits and where the store\n\
         lies, the strictest counts; one that nobody has verified can only make things stricter. `stile rules explain` tells\n\
         which bind in a case. The program itself keeps hours and caps of text messages, double opt-in, the longest time of\n\
         a consent and the distances to sensitive places; what else a rule asks is for the operator to keep. The rules are\n\
         those of `{}`:\n\n\
         | rule | holds in | what it says | source | in force | verified |\n|---|---|---|---|---|---|\n",
        residence(settings),
        rules.file().display()
    );
    let book = rules.book().clone().with_double_opt_in(settings.law.double_opt_in.clone());
    for rule in book.rules() {
        writeln!(text, "{}", row(rule)).expect("a String takes it");
    }
    Ok(text + "\n")
}

fn residence(settings: &Settings) -> String {
    match settings.law.default_residence {
        Some(place) => format!("A customer of whom nobody knows where they live is taken to live in {place}."),
        None => "Nothing says where customers live of whom nobody knows better: **until `[consent] default_residence` does,\n\
                 nobody is served.**"
            .to_owned(),
    }
}

fn row(rule: &Rule) -> String {
    let places: Vec<String> = rule.places.iter().map(ToString::to_string).collect();
    let in_force = match (rule.from, rule.until) {
        (None, None) => "yes".to_owned(),
        (Some(from), None) => format!("from {}", day(from)),
        (None, Some(until)) => format!("until {}", day(until)),
        (Some(from), Some(until)) => format!("from {} until {}", day(from), day(until)),
    };
    let verified = if rule.verified { "yes" } else { "**no**" };
    let (what, source) = (cell(&rule.what), cell(&rule.source));
    format!("| `{}` | {} | {what} | {source} | {in_force} | {verified} |", rule.id, places.join(", "))
}

/// A text that ends no column of a table.
fn cell(text: &str) -> String {
    text.replace('|', "\\|").replace('\n', " ")
}

fn day(at: Timestamp) -> String {
    DateTime::from_timestamp_millis(at.unix_ms()).map_or_else(String::new, |at| at.date_naive().to_string())
}
