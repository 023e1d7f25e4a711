//! Texts as they are compared: words, not typography.

/// Lower case, without accents, words parted by single spaces, one at either end.
pub(super) fn plain_words(text: &str) -> String {
    let mut plain = String::with_capacity(text.len() + 2);
    plain.push(' ');
    for c in text.chars().flat_map(char::to_lowercase) {
        match c {
            '\u{2019}' | '\'' | '\u{2bc}' => plain.push('\''),
            // An accent written by itself, on the letter before.
            '\u{300}'..='\u{36f}' => {}
            _ if c.is_alphanumeric() => match unaccented(c) {
                Some(letters) => plain.push_str(letters),
                None => plain.push(c),
            },
            _ if !plain.ends_with(' ') => plain.push(' '),
            _ => {}
        }
    }
    if !plain.ends_with(' ') {
        plain.push(' ');
    }
    plain
}

/// How often a phrase stands in [`plain_words`]; with a `*` behind it, as the beginning of words.
pub(super) fn n_times(plain: &str, phrase: &str) -> usize {
    let (sought, is_beginning) = match phrase.strip_suffix('*') {
        Some(beginning) => (beginning, true),
        None => (phrase, false),
    };
    let bytes = plain.as_bytes();
    let stands = |at: &usize| {
        let is_word_start = bytes[at - 1] == b' ';
        is_word_start && (is_beginning || bytes[at + sought.len()] == b' ')
    };
    // A blank stands before and behind every word, so that a neighbour is always there.
    plain.match_indices(sought).map(|(at, _)| at).filter(|at| 0 < *at).filter(stands).count()
}

/// Whether a reader does not see a character, or sees others in another order for it.
pub(super) fn is_unseen(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{ad}' | '\u{200b}' | '\u{200c}' | '\u{200e}' | '\u{200f}' | '\u{feff}')
        || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}')
}

const fn unaccented(c: char) -> Option<&'static str> {
    Some(match c {
        '\u{e0}'..='\u{e5}' => "a",
        '\u{e6}' => "ae",
        '\u{e7}' => "c",
        '\u{e8}'..='\u{eb}' => "e",
        '\u{ec}'..='\u{ef}' => "i",
        '\u{f1}' => "n",
        '\u{f2}'..='\u{f6}' => "o",
        '\u{f9}'..='\u{fc}' => "u",
        '\u{fd}' | '\u{ff}' => "y",
        '\u{df}' => "ss",
        '\u{153}' => "oe",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_compared_is_words() {
        assert_eq!(plain_words("D\u{e9}p\u{ea}chez-vous,  l\u{2019}\u{e9}t\u{e9}!"), " depechez vous l'ete ");
        assert_eq!(plain_words("Gro\u{df}e Stra\u{df}e"), " grosse strasse ");
        assert_eq!(plain_words(""), " ");
    }

    #[test]
    fn a_phrase_stands_between_words_and_a_beginning_at_one() {
        assert_eq!(n_times(" now or now ", "now"), 2);
        assert_eq!(n_times(" snow knows ", "now"), 0);
        assert_eq!(n_times(" pregnancy ", "pregnan*"), 1);
        assert_eq!(n_times(" unpregnant ", "pregnan*"), 0);
    }
}
