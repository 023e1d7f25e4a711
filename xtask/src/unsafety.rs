//! Unsafe code stands in one file, beside its reasons.

use crate::Tree;
use crate::code::code_only;

/// The one file that may.
const ALLOWED: &str = "crates/spatial-index/src/directory/lanes.rs";

pub(crate) fn check(tree: &Tree) -> Vec<String> {
    let mut sentences = Vec::new();
    for (path, text) in tree.sources() {
        if path == ALLOWED {
            continue;
        }
        for (n, line) in code_only(text).lines().enumerate() {
            // The compiler denies it elsewhere; only an `allow` could let it in.
            if line.contains("allow(unsafe_code") || line.contains("expect(unsafe_code") {
                sentences
                    .push(format!("{path}:{}: allows unsafe code, which stands in {ALLOWED} alone", n + 1));
            }
        }
    }
    sentences
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_lanes_may_be_unsafe() {
        let text = "//! x\n#[allow(unsafe_code)]\nfn f() {}\n";
        let said = |path: &str| check(&Tree::of(&[(path, text)]));
        assert_eq!(said(ALLOWED), [] as [&str; 0]);
        assert_eq!(
            said("crates/engine/src/lib.rs"),
            [format!("crates/engine/src/lib.rs:2: allows unsafe code, which stands in {ALLOWED} alone")]
        );
    }
}
