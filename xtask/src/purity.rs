//! The core has no clock, no chance, no I/O and no log; the same seed gives the same story.

use crate::Tree;
use crate::code::code_only;

/// Crates that decide.
const CORE: [&str; 9] =
    ["model", "consent-gate", "presence", "offers", "notifier", "ledger", "engine", "town", "rehearsal"];

/// What no core crate may say, and why. `core::time::Duration` is only a number and may stay.
const FORBIDDEN: [(&str, &str); 19] = [
    ("std::time", CLOCK),
    ("SystemTime", CLOCK),
    ("Instant::now", CLOCK),
    ("Utc::now", CLOCK),
    ("Local::now", CLOCK),
    ("std::fs", IO),
    ("std::net", IO),
    ("std::env", IO),
    ("std::process", IO),
    ("std::io", IO),
    ("std::thread", "its caller decides about threads"),
    ("println!", LOG),
    ("eprintln!", LOG),
    ("print!", LOG),
    ("eprint!", LOG),
    ("tracing::", LOG),
    ("getrandom", CHANCE),
    ("rand::", CHANCE),
    ("RandomState", CHANCE),
];

const CLOCK: &str = "time comes in as `now`";
const IO: &str = "the shell reads and writes";
const LOG: &str = "the core does not log";
const CHANCE: &str = "chance comes in as a seed";

/// Of spatial-index, which is pure but may build on threads, and of what reads files with it.
const FORBIDDEN_IN_INDEX: [&str; 7] =
    ["std::time", "std::fs", "std::net", "std::env", "println!", "tracing::", "getrandom"];

pub(crate) fn check(tree: &Tree) -> Vec<String> {
    let mut sentences = Vec::new();
    for (path, text) in tree.sources() {
        let Some((name, inside)) = path.strip_prefix("crates/").and_then(|path| path.split_once("/src/"))
        else {
            continue;
        };
        let is_test = inside.ends_with("tests.rs") || inside.contains("tests/");
        let forbidden: Vec<(&str, &str)> = match name {
            _ if is_test => continue,
            "spatial-index" | "sensitive-places" => {
                FORBIDDEN.into_iter().filter(|(word, _)| FORBIDDEN_IN_INDEX.contains(word)).collect()
            }
            _ if CORE.contains(&name) => FORBIDDEN.to_vec(),
            _ => continue,
        };
        check_file(path, text, &forbidden, &mut sentences);
    }
    sentences
}

fn check_file(path: &str, text: &str, forbidden: &[(&str, &str)], sentences: &mut Vec<String>) {
    let code = code_only(text);
    // Tests stand last in a file, and may look at the world.
    let lines = code.lines().take_while(|line| line.trim() != "#[cfg(test)]");
    for (n, line) in lines.enumerate() {
        let first = forbidden.iter().find(|(word, _)| says(line, word));
        if let Some((word, why)) = first {
            sentences.push(format!("{path}:{}: says {word}, but the core is pure: {why}", n + 1));
        }
    }
}

/// Whether a line holds a word that no letter precedes.
fn says(line: &str, word: &str) -> bool {
    line.match_indices(word).any(|(at, _)| {
        let before = line[..at].chars().next_back();
        !before.is_some_and(|c| c.is_alphanumeric() || c == '_' || c == ':')
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(path: &str, text: &str) -> Vec<String> {
        check(&Tree::of(&[(path, text)]))
    }

    #[test]
    fn a_core_crate_that_looks_at_the_clock_is_told() {
        let said = said("crates/notifier/src/lib.rs", "//! x\nfn f() { SystemTime::now(); }\n");
        assert_eq!(
            said,
            ["crates/notifier/src/lib.rs:2: says SystemTime, but the core is pure: time comes in as `now`"]
        );
    }

    #[test]
    fn comments_strings_tests_and_the_shell_may_say_what_they_like() {
        let check = |path: &str, text: &str| assert_eq!(said(path, text), [] as [&str; 0], "{text}");
        check("crates/notifier/src/lib.rs", "//! std::time\nconst A: &str = \"std::fs\";\n");
        check("crates/notifier/src/lib.rs", "fn f() {}\n#[cfg(test)]\nmod tests { use std::fs; }\n");
        check("crates/notifier/src/tests.rs", "use std::fs;\n");
        check("crates/server/src/lib.rs", "use std::fs;\n");
        check("crates/spatial-index/src/lib.rs", "use std::thread;\n");
        check("crates/notifier/src/lib.rs", "fn f(x: A) { x.strand::y() }\n");
    }

    #[test]
    fn the_index_may_use_threads_but_no_files() {
        assert_eq!(said("crates/spatial-index/src/lib.rs", "use std::fs;\n").len(), 1);
    }
}
