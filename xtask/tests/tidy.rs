//! The project keeps its own rules.

use std::path::Path;

use xtask::{Tree, tidy};

#[test]
fn the_project_keeps_its_own_rules() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let tree = Tree::read(&root).unwrap();
    assert!(30 < tree.n_files(), "only {} files were found", tree.n_files());
    let sentences = tidy(&tree);
    assert!(sentences.is_empty(), "\n{}\n", sentences.join("\n"));
}
