//! The files that are shipped say what the program does.

use std::path::{Path, PathBuf};

use model::Millis;
use notifier::{Caps, Cooldowns, DailyHours, NotifierPolicy};
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

#[test]
fn the_load_settings_let_every_visit_that_calls_for_an_offer_bring_one() {
    let settings = settings::load(&config("load.toml")).map_err(|problems| said(&problems)).unwrap();
    let NotifierPolicy { caps, cooldowns, hours, budget, gather, .. } = settings.notifier;
    let Caps {
        per_24h_max,
        per_civil_day_max,
        per_7d_max,
        per_7d_favourite_max,
        per_30d_max,
        per_30d_favourite_max,
        all_channels_per_7d_max,
        sms_per_7d_max,
        sms_per_30d_max,
    } = caps;
    let caps = [
        [per_24h_max, per_7d_max, per_30d_max],
        [per_civil_day_max, per_7d_favourite_max, per_30d_favourite_max],
        [all_channels_per_7d_max, sms_per_7d_max, sms_per_30d_max],
    ];
    assert!(caps.as_flattened().iter().all(|cap| 1_000 <= *cap), "{caps:?}");
    let Cooldowns { fence, favourite_fence, offer, offer_ever_max, merchant, rest, settle_in } = cooldowns;
    assert_eq!([fence, favourite_fence, offer, merchant, rest, settle_in, gather], [Millis::ZERO; 7]);
    assert!(u32::from(u8::MAX) < offer_ever_max && !budget.enforced);
    assert_eq!(hours, DailyHours::ALWAYS);
    let shipped = Settings::default();
    assert_eq!((settings.presence, settings.limits), (shipped.presence, shipped.limits));
}

#[test]
fn the_load_settings_say_who_makes_the_files_that_they_name() {
    let settings = settings::load(&config("load.toml")).map_err(|problems| said(&problems)).unwrap();
    for file in [&settings.fences.file, &settings.offers_file] {
        let command = settings.maker_of(file.as_deref().unwrap()).unwrap();
        assert!(command.contains("-p simulator -- lay"), "{command}");
    }
    assert_eq!(settings.maker_of(&config("default.toml")), None);
}
