//! The registry of notices: written once, vouched for, never changed.

use super::*;

fn draft(version: u32, text: &str) -> Draft {
    Draft {
        id: "app".into(),
        version,
        lang: "en".into(),
        text: text.into(),
        system: "old CRM".into(),
        attested_by: "J. Doe".into(),
        shown_from_ms: Some(1_000),
        shown_until_ms: Some(2_000),
    }
}

fn shown(version: u32, text: &str, shown_at_ms: i64) -> Notice {
    let sha256 = sha256_of(text).to_uppercase();
    let shown_at = Timestamp::from_unix_ms(shown_at_ms);
    Notice { id: "app".into(), version, lang: "de".into(), sha256: sha256.into(), shown_at }
}

const NOW: Timestamp = Timestamp::from_unix_ms(5_000);

#[test]
fn a_registered_text_is_read_back_and_vouched_for_in_its_time() {
    let folder = tempfile::tempdir().unwrap();
    let mut registry = Registry::read(folder.path()).unwrap();
    assert!(!registry.vouches_for(&shown(1, "May we?", 1_500)));
    let new = registry.register(draft(1, "May we?"), "user 7", NOW).unwrap().unwrap();
    assert_eq!(new.sha256.len(), 64);
    assert_eq!(Registry::read(folder.path()).unwrap().all(), registry.all());
    let check = |shown: &Notice| registry.vouches_for(shown);
    assert!(check(&shown(1, "May we?", 1_000)) && check(&shown(1, "May we?", 1_999)));
    assert!(!check(&shown(1, "May we?", 999)) && !check(&shown(1, "May we?", 2_000)), "out of its time");
    assert!(!check(&shown(2, "May we?", 1_500)) && !check(&shown(1, "May we", 1_500)), "another text");
}

#[test]
fn a_registered_text_is_never_replaced() {
    let folder = tempfile::tempdir().unwrap();
    let mut registry = Registry::read(folder.path()).unwrap();
    registry.register(draft(1, "May we?"), "user 7", NOW).unwrap();
    let before = fs::read(folder.path().join(FILE)).unwrap();
    assert!(registry.register(draft(1, "May we?"), "user 8", NOW).unwrap().is_none(), "it is there");
    let refused = registry.register(draft(1, "We may."), "user 8", NOW).unwrap_err();
    assert!(refused.to_string().contains("a version of its own"), "{refused}");
    assert_eq!(fs::read(folder.path().join(FILE)).unwrap(), before);
}

#[test]
fn what_is_no_notice_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let mut registry = Registry::read(folder.path()).unwrap();
    let wrong: [fn(&mut Draft); 6] = [
        |draft| draft.id = " ".into(),
        |draft| draft.lang = "x".repeat(36),
        |draft| draft.system = "a\nb".into(),
        |draft| draft.text.clear(),
        |draft| draft.text = "x".repeat(TEXT_LEN_MAX + 1),
        |draft| draft.shown_until_ms = Some(1_000),
    ];
    for spoil in wrong {
        let mut spoilt = draft(1, "May we?");
        spoil(&mut spoilt);
        assert!(matches!(registry.register(spoilt, "user 7", NOW), Err(RegistryError::Refused(_))));
    }
    assert!(!folder.path().join(FILE).exists());
}

#[test]
fn a_list_whose_text_was_changed_is_damaged() {
    let folder = tempfile::tempdir().unwrap();
    let mut registry = Registry::read(folder.path()).unwrap();
    registry.register(draft(1, "May we?"), "user 7", NOW).unwrap();
    let file = folder.path().join(FILE);
    let written = fs::read_to_string(&file).unwrap();
    let changed = written.replace("May we?", "We may.");
    fs::write(&file, &changed).unwrap();
    let error = Registry::read(folder.path()).unwrap_err();
    assert!(error.to_string().contains("is not what was written there"), "{error}");
    // Nor is a text that was exchanged before there were checksums.
    let rest = changed.split("\"format\": 2,").nth(1).unwrap();
    fs::write(&file, format!("{{ \"format\": 1,{rest}")).unwrap();
    let error = Registry::read(folder.path()).unwrap_err();
    assert!(error.to_string().contains("is not what was registered"), "{error}");
    fs::write(&file, "{\"format\":9}").unwrap();
    assert!(Registry::read(folder.path()).unwrap_err().to_string().contains("format 9"));
    // By whom a text was attested is under the checksum too; a list of an older version gets one.
    fs::write(&file, written.replace("user 7", "user 8")).unwrap();
    let error = Registry::read(folder.path()).unwrap_err();
    assert!(error.to_string().contains("not what was written there"), "{error}");
    let rest = written.split("\"format\": 2,").nth(1).unwrap();
    fs::write(&file, format!("{{ \"format\": 1,{rest}")).unwrap();
    assert!(!Registry::read(folder.path()).unwrap().is_checked());
    Registry::take_over(folder.path()).unwrap();
    assert_eq!(fs::read_to_string(&file).unwrap(), written);
}
