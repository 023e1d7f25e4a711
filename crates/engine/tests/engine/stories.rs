//! Tells every story of `tests/scenarios` and compares what the engine answers.
//!
//! `BLESS=1 cargo test -p engine stories` writes the answers into the stories; read them
//! before you keep them.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use crate::story::Teller;

/// The answers stand in one column where the events leave room.
const ANSWERS_AT: usize = 46;

#[test]
fn stories_are_as_they_are_told() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/scenarios");
    let files = fs::read_dir(&folder).expect("the stories are there").map(|entry| entry.unwrap().path());
    let mut files: Vec<PathBuf> =
        files.filter(|path| path.extension().is_some_and(|end| end == "txt")).collect();
    files.sort();
    assert!(15 <= files.len(), "the stories are there");
    let wrong: Vec<String> = files.iter().filter_map(|file| check(file)).collect();
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

/// Tells one story; what differs from what it says.
fn check(file: &Path) -> Option<String> {
    let written = fs::read_to_string(file).expect("a story can be read");
    let told = retold(&written);
    if told == written {
        return None;
    }
    if std::env::var_os("BLESS").is_some() {
        fs::write(file, told).expect("a story can be written");
        return None;
    }
    let name = file.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let pairs = written.lines().zip(told.lines()).filter(|(written, told)| written != told);
    Some(pairs.fold(name, |mut all, (written, told)| {
        write!(all, "\n  is written: {written}\n  was told:   {told}").expect("a text takes it");
        all
    }))
}

fn retold(written: &str) -> String {
    let mut teller = Teller::new();
    let mut told = String::new();
    for line in written.lines() {
        let event = line.split("=>").next().unwrap_or_default().trim_end();
        let is_silent = event.is_empty() || event.starts_with('#') || event.starts_with("set ");
        if event.starts_with("set ") {
            teller.tell(event);
        }
        if is_silent {
            told.push_str(event);
        } else {
            let answer = teller.tell(event);
            write!(told, "{event:ANSWERS_AT$} => {answer}").expect("a text takes it");
        }
        told.push('\n');
    }
    teller.shell().check_replay();
    told
}
