//! `cargo xtask tidy` checks the project's own rules; `cargo xtask plant` plants faults to see them found.

use std::path::Path;
use std::process::ExitCode;

use xtask::{Tree, plant, tidy};

const USAGE: &str = "usage: cargo xtask tidy             checks the project's own rules
       cargo xtask plant [NAME…]    plants the faults of simulator/plants.toml, one at a time";

fn main() -> ExitCode {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let mut words = std::env::args().skip(1);
    let command = words.next();
    let words: Vec<String> = words.collect();
    let is_fine = match command.as_deref() {
        Some("tidy") if words.is_empty() => say_whether_tidy(&root),
        Some("plant") => plant(&root, &words),
        Some(_) | None => {
            eprintln!("{USAGE}");
            return ExitCode::from(64);
        }
    };
    match is_fine {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(sentence) => {
            eprintln!("{sentence}");
            ExitCode::from(74)
        }
    }
}

fn say_whether_tidy(root: &Path) -> Result<bool, String> {
    let tree = Tree::read(root)?;
    let sentences = tidy(&tree);
    for sentence in &sentences {
        eprintln!("{sentence}");
    }
    if sentences.is_empty() {
        println!("{} files keep the rules", tree.n_files());
    }
    Ok(sentences.is_empty())
}
