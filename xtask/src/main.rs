//! `cargo xtask tidy`: checks the project's own rules.

use std::path::Path;
use std::process::ExitCode;

use xtask::{Tree, tidy};

fn main() -> ExitCode {
    let mut words = std::env::args().skip(1);
    if words.next().as_deref() != Some("tidy") || words.next().is_some() {
        eprintln!("usage: cargo xtask tidy    checks the project's own rules");
        return ExitCode::from(64);
    }
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let tree = match Tree::read(&root) {
        Ok(tree) => tree,
        Err(sentence) => {
            eprintln!("{sentence}");
            return ExitCode::from(74);
        }
    };
    let sentences = tidy(&tree);
    for sentence in &sentences {
        eprintln!("{sentence}");
    }
    if sentences.is_empty() {
        println!("{} files keep the rules", tree.n_files());
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}
