//! Whether a text names a street.

/// Words that come behind a street's own name, as in `Main Street`.
const BEHIND: [&str; 10] =
    ["Street", "St", "Avenue", "Ave", "Road", "Rd", "Lane", "Boulevard", "Blvd", "Square"];
/// Words that come before it, as in `rue de la Paix` and `Calle Mayor`.
const BEFORE: [&str; 8] = ["rue", "avenue", "boulevard", "quai", "calle", "avenida", "paseo", "via"];
/// What may stand between those and the name.
const BETWEEN: [&str; 8] = ["de", "du", "des", "del", "della", "la", "le", "les"];
/// Ends of one word, as in `Hauptstrasse`.
const ENDS: [&str; 3] = ["stra\u{df}e", "strasse", "gasse"];
/// Letters that a name has at least before such an end: `Strasse` alone names none.
const NAME_CHARS_MIN: usize = 3;

/// Whether a text names a street: a short list of words, not a gazetteer.
pub(crate) fn names_street(text: &str) -> bool {
    let is_border = |c: char| !c.is_alphanumeric() && c != '\'' && c != '\u{2019}';
    let words: Vec<&str> = text.split(is_border).filter(|word| !word.is_empty()).collect();
    words.iter().any(|word| has_street_end(word)) || words.windows(2).any(|pair| is_street(pair[0], pair[1]))
}

fn is_street(first: &str, second: &str) -> bool {
    let is_name = |word: &str| word.starts_with(|c: char| c.is_uppercase() || c.is_ascii_digit());
    let lower = second.to_lowercase();
    let is_elided = ["d'", "l'", "d\u{2019}", "l\u{2019}"].iter().any(|article| lower.starts_with(article));
    let leads = BEFORE.contains(&first.to_lowercase().as_str());
    (BEHIND.contains(&second) && is_name(first))
        || (leads && (is_name(second) || is_elided || BETWEEN.contains(&lower.as_str())))
}

fn has_street_end(word: &str) -> bool {
    let lower = word.to_lowercase();
    let name = ENDS.iter().find_map(|end| lower.strip_suffix(end));
    name.is_some_and(|name| NAME_CHARS_MIN <= name.chars().count())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_street_is_known_by_its_words() {
        for street in [
            "A cup on Main Street",
            "5th Avenue, second floor",
            "In der Hauptstra\u{df}e",
            "Neue Herrengasse 3",
            "un pain rue de la Paix",
            "boulevard d'Anvers",
            "en la Calle Mayor",
        ] {
            assert!(names_street(street), "{street}");
        }
        for none in
            ["Street food for two", "A cup at {{ store }}", "Gasse um Gasse", "en la calle", "St Martin"]
        {
            assert!(!names_street(none), "{none}");
        }
    }
}
