//! However a file is torn, reading it ends with settings or with problems, never with a panic.

use std::path::{Path, PathBuf};

use proptest::prelude::*;
use settings::{OffersFile, Settings};

fn shipped(file: &str) -> String {
    let path: PathBuf = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../config").join(file);
    std::fs::read_to_string(path).unwrap()
}

/// Every problem has a place inside the text.
fn check(text: &str) {
    let name = Path::new("torn.toml");
    let settings = Settings::parse(name, text).err().unwrap_or_default();
    let offers = OffersFile::parse(name, text).err().unwrap_or_default();
    for problem in settings.iter().chain(&offers) {
        let Some(place) = &problem.place else { continue };
        assert!(place.bytes.end <= text.len() && 1 <= place.line, "{problem}");
        assert!(place.line <= text.matches('\n').count() + 1, "{problem}");
    }
}

proptest! {
    #[test]
    fn any_text_is_read_without_a_panic(text in "\\PC{0,200}") {
        check(&text);
    }

    #[test]
    fn a_shipped_file_cut_and_pasted_anywhere_is_read_without_a_panic(
        is_offers: bool,
        cut in any::<prop::sample::Index>(),
        length in 0_usize..200,
        pasted in "[\\[\\]{}=\"'#\\n a-z0-9.\u{e9}]{0,12}",
    ) {
        let text = shipped(if is_offers { "demo/offers.toml" } else { "default.toml" });
        let border = |at: usize| (at..text.len()).find(|at| text.is_char_boundary(*at)).unwrap_or(text.len());
        let start = border(cut.index(text.len()));
        let end = border(start + length);
        check(&format!("{}{pasted}{}", &text[..start], &text[end..]));
    }
}

#[test]
fn a_shipped_file_without_any_one_of_its_lines_is_read_without_a_panic() {
    for file in ["default.toml", "demo/demo.toml", "demo/offers.toml"] {
        let text = shipped(file);
        let lines: Vec<&str> = text.lines().collect();
        for left_out in 0..lines.len() {
            let kept = lines.iter().enumerate().filter(|(n, _)| *n != left_out).map(|(_, line)| *line);
            check(&kept.collect::<Vec<_>>().join("\n"));
        }
        for line in &lines {
            check(&format!("{text}\n{line}\n{line}"));
        }
    }
}
