//! The document is what the settings say.

use std::path::{Path, PathBuf};

use consent_gate::Purpose;
use model::Millis;

use super::*;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

#[test]
fn the_document_in_docs_is_that_of_the_default_settings() {
    let settings = settings::load(&root().join("config/default.toml")).unwrap();
    let told = document(&settings, "config/default.toml").unwrap();
    let file = root().join("docs/privacy.md");
    if std::env::var_os("STILE_REDRAW").is_some() {
        std::fs::write(&file, &told).unwrap();
    }
    let written = std::fs::read_to_string(&file).unwrap_or_default();
    assert!(
        written == told,
        "docs/privacy.md is not what config/default.toml says; STILE_REDRAW=1 cargo test -p server privacy draws it anew"
    );
}

#[test]
fn what_is_set_is_what_is_told() {
    let mut settings = Settings::default();
    settings.gate.grant_lasts = Millis::from_days(19);
    settings.gate.location_lasts = Millis::from_days(17);
    settings.notifier.caps.per_7d_max = 1;
    settings.listener.enabled = false;
    settings.retention.decisions = Millis::from_days(101);
    settings.retention.consents = Millis::from_days(1_001);
    settings.law.default_residence = Some(model::Jurisdiction::new("US-TX").unwrap());
    let told = document(&settings, "mine.toml").unwrap();
    let parts = [
        "`mine.toml`",
        "lasts 17 days",
        "1 offer in 7 days",
        "| 17 days |",
        "| 19 days |",
        "none is set",
        "101 days",
        "1001 days",
        "taken to live in US-TX",
        "| `GF-WA` | US-WA |",
    ];
    for part in parts {
        assert!(told.contains(part), "{part} is not in {told}");
    }
    assert!(!told.contains("MQTT listener"), "what is off is not told as if it were on");
}

#[test]
fn every_purpose_is_told_to_customers_and_to_officers() {
    let told = document(&Settings::default(), "config/default.toml").unwrap();
    for purpose in Purpose::ALL {
        let n = told.matches(&format!("`{}`", purpose.word())).count();
        assert!(2 <= n, "{} is told {n} times", purpose.word());
    }
}
