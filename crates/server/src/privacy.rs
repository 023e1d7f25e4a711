//! What a deployment collects, why, for how long and who sees it, told from its settings so that it cannot drift.
//!
//! `docs/privacy.md` is this document for `config/default.toml`; a test holds the two together.

mod facts;
mod law;
mod plain;
mod tables;

use settings::{Problem, Settings};

/// The document, in Markdown.
///
/// # Errors
/// What is wrong with the rules file that the settings name.
pub fn document(settings: &Settings, settings_name: &str) -> Result<String, Vec<Problem>> {
    let head = format!(
        "# Privacy\n\n\
         What Stile collects about people, why, for how long, and who sees it. `stile privacy` prints it from the\n\
         settings in force; this is the document for `{settings_name}`. It describes what the program does. It is not\n\
         legal advice, and what an operator does with other systems is theirs to describe.\n\n"
    );
    let law = law::jurisdictions(settings)?;
    Ok([head, plain::for_customers(settings), tables::for_officers(settings, &law)].concat())
}

#[cfg(test)]
mod tests;
