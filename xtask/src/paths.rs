//! No file names a place on somebody's machine.

use crate::Tree;

/// Where machines keep people's files; put together here so that this file passes its own rule.
const MACHINE_PATHS: [&str; 5] = [
    concat!("/ho", "me/"),
    concat!("/ro", "ot/"),
    concat!("/Us", "ers/"),
    concat!("/wo", "rk/"),
    concat!(":\\Us", "ers\\"),
];

pub(crate) fn check(tree: &Tree) -> Vec<String> {
    let mut sentences = Vec::new();
    for (path, text) in tree.files() {
        for (n, line) in text.lines().enumerate() {
            let named = MACHINE_PATHS.iter().find(|place| names(line, place));
            if let Some(place) = named {
                sentences.push(format!("{path}:{}: names a place on one machine ({place}…)", n + 1));
            }
        }
    }
    sentences
}

/// Whether a line holds the place at the start of a path, not in the middle of one.
fn names(line: &str, place: &str) -> bool {
    line.match_indices(place).any(|(at, _)| {
        let before = line[..at].chars().next_back();
        place.starts_with(':') || !before.is_some_and(|c| c.is_alphanumeric() || "._-~/".contains(c))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_on_one_machine_is_told_and_a_part_of_a_link_is_not() {
        let said = |text: &str| check(&Tree::of(&[("README.md", text)])).len();
        assert_eq!(said(&format!("see {}anna/x", MACHINE_PATHS[0])), 1);
        assert_eq!(said(&format!("`{}x`", MACHINE_PATHS[3])), 1);
        assert_eq!(
            said(&format!("https://example.org{}x and ../a{}x", MACHINE_PATHS[0], MACHINE_PATHS[3])),
            0
        );
    }
}
