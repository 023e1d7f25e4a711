//! What an offer may not say.

mod lists;
mod plain;
mod street;

use std::fmt;

use lists::{CREEPY, FIRST_NAMES, GREETINGS, INFERRED, SENSITIVE, URGENT};
use plain::{n_times, plain_words};

pub(crate) use street::names_street;

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
    /// It holds a character that is not seen, or a second line where there is one.
    Unseen,
    /// It tells people that they were watched.
    Creepy {
        /// The words that do.
        phrase: &'static str,
    },
    /// It greets somebody by name, at a place.
    Greets {
        /// The name.
        name: &'static str,
    },
    /// It tells people what was concluded about them.
    Inferred {
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
            Self::Unseen => f.write_str("holds a character that is not seen, or a second line in a title"),
            Self::Creepy { phrase } => {
                write!(f, "says \"{phrase}\", which tells people that they are watched")
            }
            Self::Greets { name } => {
                write!(f, "greets \"{name}\", and nobody is called by name at a place")
            }
            Self::Inferred { phrase } => {
                write!(f, "says \"{phrase}\", which tells people what was concluded about them")
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

/// Checks a rendered text against the rules, in whatever language it is.
///
/// Words are compared with lists in English, German, French and Spanish: that finds what people write
/// without a thought, not what somebody hides. A name is found behind a greeting only, when it is one
/// of the most common; that no offer calls customers by name rests on templates, which can fill in
/// nothing of a customer.
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
    let is_line_end = |c: char| c == '\n' && part == TextPart::Body;
    if text.chars().any(|c| plain::is_unseen(c) && !is_line_end(c)) {
        return Err(TextFlaw::Unseen);
    }
    check_words(&plain_words(text))
}

fn check_words(plain: &str) -> Result<(), TextFlaw> {
    let first = |phrases: &[&'static str]| phrases.iter().copied().find(|phrase| n_times(plain, phrase) != 0);
    if let Some(phrase) = first(&CREEPY) {
        return Err(TextFlaw::Creepy { phrase });
    }
    if let Some(name) = greeted(plain) {
        return Err(TextFlaw::Greets { name });
    }
    if let Some(phrase) = first(&INFERRED) {
        return Err(TextFlaw::Inferred { phrase });
    }
    if let Some(word) = first(&SENSITIVE) {
        return Err(TextFlaw::Sensitive { word });
    }
    let n_urgent: usize = URGENT.iter().map(|phrase| n_times(plain, phrase)).sum();
    if 1 < n_urgent { Err(TextFlaw::Urgent) } else { Ok(()) }
}

/// A common first name right behind a greeting.
fn greeted(plain: &str) -> Option<&'static str> {
    let words: Vec<&str> = plain.split_whitespace().collect();
    let named = words.windows(2).filter(|pair| GREETINGS.contains(&pair[0])).map(|pair| pair[1]);
    named.into_iter().find_map(|word| FIRST_NAMES.iter().copied().find(|name| *name == word))
}

/// Longest template in bytes: several times what may be said.
pub(crate) const SOURCE_LEN_MAX: usize = 4_096;

/// What a template can fill in; nothing of it is the customer's.
const NAMES: [&str; 3] = ["store", "merchant", "fence"];

/// Checks a template before it is compiled.
///
/// A template only fills names in. Blocks, operators and calls could loop for ever or
/// grow without bound, and an offer needs none of them.
pub(crate) fn check_source(source: &str) -> Result<(), TextFlaw> {
    let flaw = |why: String| Err(TextFlaw::Template(why));
    if SOURCE_LEN_MAX < source.len() {
        return flaw(format!("the template is longer than {SOURCE_LEN_MAX} bytes"));
    }
    if source.contains("{%") || source.contains("{#") {
        return flaw("only names between {{ and }} can be filled in".into());
    }
    for name in filled_in(source) {
        if !name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_') {
            return flaw(format!("only a name can be filled in, not `{name}`"));
        }
        // What is empty is left for the template's own parser to name.
        if !name.is_empty() && !NAMES.contains(&name) {
            return flaw(format!("`{name}` cannot be filled in, only {}", NAMES.join(", ")));
        }
    }
    Ok(())
}

/// Whether a template fills in where the customer is.
pub(crate) fn names_store(source: &str) -> bool {
    filled_in(source).any(|name| name == "store" || name == "fence")
}

/// What stands between `{{` and `}}`; what is not closed is left for the template's own parser to name.
fn filled_in(source: &str) -> impl Iterator<Item = &str> {
    let closed = source.split("{{").skip(1).filter_map(|rest| rest.split_once("}}"));
    closed.map(|(expression, _)| expression.trim())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn body(text: &str) -> Result<(), TextFlaw> {
        check(TextPart::Body, text)
    }

    /// Each text breaks the rule that `is_flaw` knows, and no other.
    fn check_all(texts: &[&str], is_flaw: fn(&TextFlaw) -> bool) {
        for text in texts {
            let said = body(text);
            assert!(said.as_ref().is_err_and(is_flaw), "{text}: {said:?}");
        }
    }

    #[test]
    fn what_tells_people_that_they_are_watched_is_refused_in_four_languages() {
        let texts = [
            "YOU ARE  HERE! Coffee?",
            "You\u{2019}re here, have a bun",
            "We saw you at the window",
            "Du bist hier! Kaffee?",
            "Sie sind gerade in der N\u{e4}he",
            "Wir haben Sie gesehen",
            "Vous \u{ea}tes ici : un caf\u{e9} ?",
            "Nous vous avons vue passer",
            "\u{a1}Est\u{e1}s aqu\u{ed}!",
            "Te hemos visto pasar",
        ];
        check_all(&texts, |flaw| matches!(flaw, TextFlaw::Creepy { .. }));
    }

    #[test]
    fn what_was_concluded_about_people_is_not_told_them() {
        let texts = [
            "Because you love cake",
            "Based on your purchases",
            "Auf deinem Heimweg: Brot",
            "Leute wie du m\u{f6}gen das",
            "Parce que vous aimez le pain",
            "Vos habitudes ont un prix",
            "Porque te gustan los libros",
            "De camino a casa: pan",
        ];
        check_all(&texts, |flaw| matches!(flaw, TextFlaw::Inferred { .. }));
    }

    #[test]
    fn sensitive_words_are_refused_in_four_languages() {
        let texts = [
            "Tests for diabetes",
            "For pregnancy and after",
            "Living with HIV?",
            "F\u{fc}r Schwangere",
            "Hilfe bei Depressionen",
            "Pendant la grossesse",
            "Vivre avec le sida",
            "\u{bf}Embarazada?",
            "Vivir con depresi\u{f3}n",
        ];
        check_all(&texts, |flaw| matches!(flaw, TextFlaw::Sensitive { .. }));
    }

    #[test]
    fn one_word_may_hurry_people_and_two_may_not() {
        for one in ["Only today", "Nur heute", "Seulement aujourd'hui", "Solo hoy", "Buy it now"] {
            assert_eq!(body(one), Ok(()), "{one}");
        }
        let texts = [
            "Hurry, only today",
            "Now! Now!",
            "Jetzt, nur heute",
            "D\u{e9}p\u{ea}chez-vous, derni\u{e8}re chance",
            "\u{a1}Date prisa, solo hoy!",
        ];
        check_all(&texts, |flaw| *flaw == TextFlaw::Urgent);
    }

    #[test]
    fn nobody_is_greeted_by_a_common_name() {
        let texts = ["Hi Anna, have a bun", "Liebe Maria!", "Bonjour Pierre", "Hola Jos\u{e9}:"];
        check_all(&texts, |flaw| matches!(flaw, TextFlaw::Greets { .. }));
        for fine in ["Hello autumn", "Anna's bakery", "Hi from Anna's", "Hallo Nachbar"] {
            assert_eq!(body(fine), Ok(()), "{fine}");
        }
    }

    #[test]
    fn words_that_only_look_like_those_are_fine() {
        for fine in [
            "Two coffees for the price of one.",
            "Snow shoes, known brands",
            "Honey from The Hive, paint in depressing colours",
            "An schw\u{fc}len Tagen ein Eis",
            "Une enceinte Bluetooth",
            "Vous \u{ea}tes la meilleure",
            "Estas son las mejores",
            "Knowledge is power; renown is not",
        ] {
            assert_eq!(body(fine), Ok(()), "{fine}");
        }
    }

    #[test]
    fn letters_that_hide_a_word_or_are_not_seen_are_refused() {
        assert_eq!(body("You a\u{200b}re here"), Err(TextFlaw::Unseen));
        assert_eq!(body("abc \u{202e}def"), Err(TextFlaw::Unseen));
        assert_eq!(check(TextPart::Title, "Two\nlines"), Err(TextFlaw::Unseen));
        assert_eq!(body("Two\nlines"), Ok(()));
        assert!(matches!(body("Vous e\u{302}tes ici"), Err(TextFlaw::Creepy { .. })));
        assert_eq!(body("  "), Err(TextFlaw::Empty));
    }

    #[test]
    fn a_link_is_https() {
        assert_eq!(check(TextPart::Link, "http://example.org"), Err(TextFlaw::Link));
        assert_eq!(check(TextPart::Link, "https://example.org/?s=Corner Shop"), Err(TextFlaw::Link));
        assert_eq!(check(TextPart::Link, "https://example.org"), Ok(()));
    }

    #[test]
    fn every_listed_word_is_written_as_it_is_looked_for() {
        let phrases = [&CREEPY[..], &INFERRED, &SENSITIVE, &URGENT, &GREETINGS, &FIRST_NAMES].concat();
        for phrase in phrases {
            let bare = phrase.trim_end_matches('*');
            assert_eq!(plain_words(bare).trim(), bare);
        }
    }

    #[test]
    fn a_template_names_the_store_when_it_fills_it_in() {
        assert!(names_store("At {{store}}.") && names_store("{{ fence }}"));
        assert!(!names_store("At the store, from {{ merchant }}."));
    }
}
