//! The languages of an offer, and what can be told of its words before they are said.

use crate::offer::{Draft, Text};
use crate::text;

/// Languages in which an offer has words, and what those name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Languages {
    pub(crate) names_store: bool,
    pub(crate) names_street: bool,
}

/// Longest tag of a language.
const TAG_LEN_MAX: usize = 35;

/// Whether a text is a language tag such as `de` or `pt-BR` (BCP 47).
pub(crate) fn is_tag(text: &str) -> bool {
    let mut parts = text.split('-');
    let first = parts.next().unwrap_or_default();
    let is_alphanumeric = |part: &str| part.bytes().all(|b| b.is_ascii_alphanumeric());
    text.len() <= TAG_LEN_MAX
        && (2..=3).contains(&first.len())
        && first.bytes().all(|b| b.is_ascii_lowercase())
        && parts.all(|part| (2..=8).contains(&part.len()) && is_alphanumeric(part))
}

/// The place among an offer's other languages of the one that a person reads best: theirs, else the
/// language that theirs is a kind of (`de` for `de-AT`); `None` for the first text.
pub(crate) fn choice(draft: &Draft, lang: Option<&str>) -> Option<usize> {
    let lang = lang?;
    let place = |tag: &str| draft.lang.iter().position(|(known, _)| known.eq_ignore_ascii_case(tag));
    place(lang).or_else(|| place(lang.split_once('-')?.0))
}

/// All texts of a draft, with their languages; the first has none.
pub(crate) fn texts(draft: &Draft) -> impl Iterator<Item = (Option<&str>, &Text)> {
    core::iter::once((None, &draft.text)).chain(draft.lang.iter().map(|(tag, text)| (Some(&**tag), text)))
}

impl Languages {
    pub(crate) fn of(draft: &Draft) -> Self {
        let any =
            |names: fn(&str) -> bool| texts(draft).any(|(_, text)| names(&text.title) || names(&text.body));
        Self { names_store: any(text::names_store), names_street: any(text::names_street) }
    }
}
