//! The files that are shipped say what the program does.

use std::path::{Path, PathBuf};

use settings::{OffersFile, Settings};

fn config(file: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../config").join(file)
}

fn said(problems: &[settings::Problem]) -> String {
    problems.iter().map(|problem| format!("{problem}\n")).collect()
}

#[test]
fn the_default_file_says_what_holds_without_a_file() {
    let file = config("default.toml");
    let text = std::fs::read_to_string(&file).unwrap();
    assert_eq!(Settings::parse(&file, &text).map_err(|problems| said(&problems)), Ok(Settings::default()));
}

#[test]
fn the_demo_settings_name_files_that_are_there() {
    let settings = settings::load(&config("demo/demo.toml")).map_err(|problems| said(&problems)).unwrap();
    assert!(settings.fences.file.unwrap().is_file());
    assert!(settings.offers_file.unwrap().is_file());
    assert!(2 <= settings.listener.users.len());
}

#[test]
fn the_demo_offers_pass_every_rule() {
    let offers = OffersFile::load(&config("demo/offers.toml")).map_err(|problems| said(&problems)).unwrap();
    assert!(6 <= offers.n_offers());
    assert_eq!(offers.catalogue().offers().len(), offers.n_offers());
}
