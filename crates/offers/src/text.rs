//! What an offer may not say.

use std::fmt;

/// Which part of an offer's text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TextPart {
    /// The one line.
    Title,
    /// The sentence or two.
    Body,
    /// Where a tap leads.
    Link,
}

impl TextPart {
    /// The key under which files write it.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Title => "title",
            Self::Body => "body",
            Self::Link => "link",
        }
    }
}

/// Why a text is not said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TextFlaw {
    /// The template cannot be read or names something that is not given.
    Template(String),
    /// Nothing is left of it.
    Empty,
    /// Longer than its bound in characters.
    TooLong {
        /// The bound.
        n_chars_max: usize,
    },
    /// It tells people that they were watched.
    Creepy {
        /// The words that do.
        phrase: &'static str,
    },
    /// It touches what is nobody's business.
    Sensitive {
        /// The word that does.
        word: &'static str,
    },
    /// More than one word that hurries people.
    Urgent,
    /// The link does not begin with `https://`, or holds a blank.
    Link,
}

impl fmt::Display for TextFlaw {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Template(why) => write!(f, "cannot be rendered: {why}"),
            Self::Empty => f.write_str("is empty"),
            Self::TooLong { n_chars_max } => write!(f, "is longer than {n_chars_max} characters"),
            Self::Creepy { phrase } => {
                write!(f, "says \"{phrase}\", which tells people that they are watched")
            }
            Self::Sensitive { word } => write!(f, "says \"{word}\", which is nobody's business"),
            Self::Urgent => f.write_str("hurries people with more than one urgency word"),
            Self::Link => f.write_str("does not begin with https://, or holds a blank"),
        }
    }
}

/// Longest title, body and link in characters: what the lock screens of phones show, and a bound on links.
const TITLE_CHARS_MAX: usize = 80;
const BODY_CHARS_MAX: usize = 240;
const LINK_CHARS_MAX: usize = 2_048;

const CREEPY: [&str; 8] = [
    "you are here",
    "you're here",
    "we saw you",
    "we see you",
    "we noticed you",
    "we know you",
    "you just walked",
    "you are near",
];
/// Words, and with a `*` behind them beginnings of words.
const SENSITIVE: [&str; 14] = [
    "pregnan*",
    "cancer",
    "hiv",
    "diabet*",
    "depressed",
    "depression",
    "church",
    "churches",
    "mosque",
    "mosques",
    "synagogue*",
    "union member",
    "union members",
    "gay",
];
const URGENT: [&str; 7] =
    ["now", "hurry", "last chance", "only today", "ends soon", "don't miss", "immediately"];

/// Checks a rendered text against the rules.
pub(crate) fn check(part: TextPart, text: &str) -> Result<(), TextFlaw> {
    let n_chars_max = match part {
        TextPart::Title => TITLE_CHARS_MAX,
        TextPart::Body => BODY_CHARS_MAX,
        TextPart::Link => LINK_CHARS_MAX,
    };
    if text.trim().is_empty() {
        return Err(TextFlaw::Empty);
    }
    if n_chars_max < text.chars().count() {
        return Err(TextFlaw::TooLong { n_chars_max });
    }
    if part == TextPart::Link {
        let breaks_off = text.contains(|c: char| c.is_whitespace() || c.is_control());
        return if text.starts_with("https://") && !breaks_off { Ok(()) } else { Err(TextFlaw::Link) };
    }
    let plain = plain_words(text);
    if let Some(phrase) = CREEPY.into_iter().find(|phrase| plain.contains(&plain_words(phrase))) {
        return Err(TextFlaw::Creepy { phrase });
    }
    if let Some(word) = SENSITIVE.into_iter().find(|word| plain.contains(&sought(word))) {
        return Err(TextFlaw::Sensitive { word });
    }
    let n_urgent: usize = URGENT.into_iter().map(|word| plain.matches(&plain_words(word)).count()).sum();
    if 1 < n_urgent { Err(TextFlaw::Urgent) } else { Ok(()) }
}

/// What is looked for among [`plain_words`].
fn sought(word: &str) -> String {
    match word.strip_suffix('*') {
        Some(beginning) => format!(" {beginning}"),
        None => format!(" {word} "),
    }
}

/// Longest template in bytes: several times what may be said.
const SOURCE_LEN_MAX: usize = 4_096;

/// Checks a template before it is compiled.
///
/// A template only fills names in. Blocks, operators and calls could loop for ever or
/// grow without bound, and an offer needs none of them.
pub(crate) fn check_source(source: &str) -> Result<(), TextFlaw> {
    if SOURCE_LEN_MAX < source.len() {
        return Err(TextFlaw::Template(format!("the template is longer than {SOURCE_LEN_MAX} bytes")));
    }
    if source.contains("{%") || source.contains("{#") {
        return Err(TextFlaw::Template("only names between {{ and }} can be filled in".into()));
    }
    // What is not closed is left for the template's own parser to name.
    let expressions = source.split("{{").skip(1).filter_map(|rest| rest.split_once("}}"));
    for (expression, _) in expressions {
        let is_name = |name: &str| name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
        if !is_name(expression.trim()) {
            let expression = expression.trim();
            return Err(TextFlaw::Template(format!("only a name can be filled in, not `{expression}`")));
        }
    }
    Ok(())
}

/// Lower case, words parted by single spaces, one at either end: what is compared is words, not typography.
fn plain_words(text: &str) -> String {
    let lower = text.to_lowercase().replace('\u{2019}', "'");
    let words = lower.split(|c: char| !c.is_alphanumeric() && c != '\'').filter(|word| !word.is_empty());
    words.fold(String::from(" "), |mut plain, word| {
        plain.push_str(word);
        plain.push(' ');
        plain
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_that_watches_or_hurries_people_is_refused() {
        let body = |text: &str| check(TextPart::Body, text);
        assert_eq!(body("Two coffees for the price of one."), Ok(()));
        assert!(matches!(body("YOU ARE  HERE! Coffee?"), Err(TextFlaw::Creepy { .. })));
        assert!(matches!(body("You\u{2019}re here, have a bun"), Err(TextFlaw::Creepy { .. })));
        assert!(matches!(body("Tests for diabetes"), Err(TextFlaw::Sensitive { .. })));
        assert_eq!(body("Only today"), Ok(()));
        assert_eq!(body("Hurry, only today"), Err(TextFlaw::Urgent));
        assert_eq!(body("  "), Err(TextFlaw::Empty));
        assert_eq!(body("Snow shoes, known brands"), Ok(()));
        assert_eq!(body("Honey from The Hive, paint in depressing colours"), Ok(()));
        assert!(matches!(body("For pregnancy and after"), Err(TextFlaw::Sensitive { .. })));
        assert!(matches!(body("Living with HIV?"), Err(TextFlaw::Sensitive { .. })));
    }

    #[test]
    fn a_link_is_https() {
        assert_eq!(check(TextPart::Link, "http://example.org"), Err(TextFlaw::Link));
        assert_eq!(check(TextPart::Link, "https://example.org/?s=Corner Shop"), Err(TextFlaw::Link));
        assert_eq!(check(TextPart::Link, "https://example.org"), Ok(()));
    }
}
