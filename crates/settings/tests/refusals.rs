//! What is wrong with a settings file is said with line, reason and the right name.

use std::path::Path;

use settings::{Problem, Settings};

/// Every problem of a text, one a line.
fn said(text: &str) -> Vec<String> {
    let problems = Settings::parse(Path::new("s.toml"), text).err().unwrap_or_default();
    problems.iter().map(Problem::to_string).collect()
}

/// One problem, at a line, with some words in it.
#[track_caller]
fn check(text: &str, line: usize, words: &[&str]) {
    let problems = said(text);
    assert_eq!(problems.len(), 1, "{problems:?}");
    assert!(problems[0].starts_with(&format!("s.toml:{line}:")), "{problems:?}");
    for word in words {
        assert!(problems[0].contains(word), "{word:?} is not said: {problems:?}");
    }
}

#[test]
fn five_problems_are_told_in_one_run_in_the_order_of_the_file() {
    let text = r#"
[presence]
dwel = "3 min"
still_max = 30
visits_max = 64
visits_max = 65

[notifier]
per_24h_max = -1
hours = "20:00-20:00"
"#;
    let expected = [
        "s.toml:3:1: presence.dwel: is not a key (did you mean \"dwell\"?)",
        "s.toml:4:13: presence.still_max: is a whole number; it must be a span of time such as \"3 min\" or \"72 h\"",
        "s.toml:6:1: visits_max: stands here a second time (keep one of the two)",
        "s.toml:9:15: notifier.per_24h_max: is -1; it must be from 0 to 1000",
        "s.toml:10:9: notifier.hours: begins when it ends, which could be never or always; always is \"00:00-24:00\"",
    ];
    assert_eq!(said(text), expected);
}

#[test]
fn c01_an_unknown_key_is_told_with_the_nearest_name_or_its_section() {
    check("[presense]\ndwell = \"3 min\"", 1, &["presense", "is not a key", "\"presence\""]);
    check("[notifier]\ndwell = \"3 min\"", 2, &["notifier.dwell", "belongs in [presence]"]);
    check("[notifier]\nrest_ = \"3 h\"", 2, &["did you mean \"rest\""]);
    check("[listener]\ncolour = \"red\"", 2, &["listener.colour: is not a key"]);
    check("dwell = \"3 min\"", 1, &["belongs in [presence]"]);
}

#[test]
fn c01_a_wrong_type_is_told_with_the_right_one() {
    check("[presence]\ncrossings = \"yes\"", 2, &["is a text", "true or false"]);
    check("[presence]\njump_mps = \"fast\"", 2, &["is a text", "a number"]);
    check("[presence]\ndwell = [3]", 2, &["is a list", "span of time"]);
    check("presence = 3", 1, &["is a whole number", "a table"]);
    check("[listener]\nuser = \"anna\"", 2, &["[[listener.user]]"]);
    check("[fences]\nregion = [1, 2]", 2, &["list of 4 numbers"]);
}

#[test]
fn c01_what_is_no_toml_is_told_by_line_and_the_rest_is_read_too() {
    check("[presence]\ndwell = 3 min\n", 2, &["is no TOML", "quotes"]);
    let problems = said("[presence]\ndwell = 3 min\nstil_max = \"3 min\"\n");
    assert_eq!(problems.len(), 2, "{problems:?}");
    check("[presence\n", 1, &["is no TOML"]);
    check("[presence]\ndwell = \"3 min\n", 2, &["is no TOML"]);
}

#[test]
fn c01_a_duplicate_key_or_section_is_told_at_the_second_place() {
    check("[data]\ndir = \"a\"\ndir = \"b\"", 3, &["second time"]);
    check("[data]\ndir = \"a\"\n[engine]\nshards = 2\n[data]\ndir = \"b\"\n", 5, &["second time"]);
    let both = said("[data]\ndir = \"a\"\ndir = \"b\"\n[engine]\nshards = 2\nshards = 2\n");
    assert_eq!(both.len(), 2, "{both:?}");
}

#[test]
fn c01_a_file_that_is_no_text_file_is_told_to_be_none() {
    let folder = tempfile::tempdir().unwrap();
    let check = |bytes: &[u8], words: &str| {
        let file = folder.path().join("s.toml");
        std::fs::write(&file, bytes).unwrap();
        let said = settings::load(&file).unwrap_err()[0].to_string();
        assert!(said.contains(words), "{said}");
    };
    check(b"", "is empty");
    check(b" \n\t\n", "is empty");
    check(b"\xff\xfe[\0d\0", "UTF-16");
    check(b"\xfe\xff\0[\0d", "UTF-16");
    check(b"[data]\ndir = \"\xff\"\n", "s.toml:2:8: is not UTF-8");
    let load = |path: &Path| settings::load(path).unwrap_err()[0].to_string();
    assert!(load(folder.path()).contains("is a directory"));
    assert!(load(&folder.path().join("none.toml")).contains("does not exist"));
}

#[test]
fn c01_a_byte_order_mark_tabs_and_windows_line_ends_do_no_harm() {
    assert_eq!(said("\u{feff}[presence]\r\n\tdwell = \"3 min\"\r\n"), [] as [&str; 0]);
}

#[test]
fn c05_a_cap_of_nought_means_never_and_a_mad_one_is_refused() {
    let never = Settings::parse(Path::new("s.toml"), "[notifier]\nper_24h_max = 0").unwrap();
    assert_eq!(never.notifier.caps.per_24h_max, 0);
    check("[notifier]\nper_7d_max = -1", 2, &["is -1", "from 0 to 1000"]);
    check("[notifier]\nper_7d_max = 9223372036854775807", 2, &["from 0 to 1000"]);
    check("[notifier]\nper_7d_max = 9223372036854775808", 2, &["is no TOML"]);
}

#[test]
fn c05_spans_that_make_no_sense_are_refused() {
    check("[presence]\ndwell = \"0 s\"", 2, &["is 0 s", "from 1 s"]);
    check("[presence]\ndwell = \"-3 min\"", 2, &["is -3 min"]);
    check("[consent]\ngrant_lasts = \"36500 d\"", 2, &["is 36500 d"]);
    check("[consent]\ngrant_lasts = \"0 s\"", 2, &["is 0 s"]);
    check("[presence]\nfresh_max = \"7 h\"", 2, &["more than stale_max"]);
    check("[presence]\ndwell = \"2 h\"", 2, &["silence_max"]);
    check("[presence]\njump_mps = nan", 2, &["must be from"]);
}

#[test]
fn c05_hours_that_begin_when_they_end_are_refused() {
    check("[notifier]\nhours = \"09:00-09:00\"", 2, &["never or always"]);
    check("[notifier]\nhours = \"9-20\"", 2, &["09:00-20:00"]);
    check("[notifier]\nhours = \"09:00-25:00\"", 2, &["24:00"]);
    check("[notifier]\nhours = \"09:60-20:00\"", 2, &["09:00-20:00"]);
    assert_eq!(said("[notifier]\nhours = \"22:00-02:00\""), [] as [&str; 0]);
}

#[test]
fn c05_rules_of_restraint_that_contradict_each_other_are_refused() {
    check("[notifier]\ngather = \"40 s\"", 2, &["is 40 s", "decide_within"]);
    check("[notifier]\nper_7d_favourite_max = 1", 2, &["is 1", "per_7d_max (2)"]);
    check("[notifier.budget]\nlimit = 20", 2, &["is 20", "limit_min (30)"]);
    check("[notifier.budget]\nlimit = 90", 2, &["is 90", "limit_max (80)"]);
    check("[notifier.budget]\nhalf_life = \"0 s\"", 2, &["is 0 s", "from 60 min"]);
    check("[notifier.costs]\nfloor = 0", 2, &["is 0", "from 1"]);
    check("[notifier.costs]\nstroll_from_mps = 3.0", 2, &["is 3", "stroll_to_mps"]);
    check("[notifier.costs]\nearly = \"09:00-09:00\"", 2, &["never or always"]);
    check("[notifier.costs]\nmany_fences = 0", 2, &["from 1 to 255"]);
    check("[notifier.answers]\ncreepy_limit_pct = 0", 2, &["from 10"]);
    check("[notifier.answers]\nignored_in_a_row = 0", 2, &["from 1"]);
    check("[notifier.cooldowns]\nmerchants = \"1 d\"", 2, &["did you mean \"merchant\""]);
}

#[test]
fn a_cap_that_is_changed_takes_the_one_with_a_favourite_along() {
    let caps = |text: &str| Settings::parse(Path::new("s.toml"), text).unwrap().notifier.caps;
    let of = |text: &str| (caps(text).per_7d_max, caps(text).per_7d_favourite_max);
    assert_eq!(of("[notifier]\nrest = \"4 h\""), (2, 3));
    assert_eq!(of("[notifier]\nper_7d_max = 0"), (0, 0));
    assert_eq!(of("[notifier]\nper_7d_max = 5"), (5, 5));
    assert_eq!(of("[notifier]\nper_7d_max = 1\nper_7d_favourite_max = 2"), (1, 2));
}

#[test]
fn c07_a_listener_that_others_can_reach_is_refused_unless_asked_for() {
    check("[listener]\nbind = \"0.0.0.0:1883\"", 2, &["nothing is encrypted", "insecure_listen"]);
    check("[listener]\nbind = \"[::]:1883\"", 2, &["nothing is encrypted"]);
    let asked_for = "[listener]\nbind = \"0.0.0.0:1883\"\ninsecure_listen = true";
    assert_eq!(said(asked_for), [] as [&str; 0]);
    assert_eq!(said("[listener]\nbind = \"[::1]:1883\""), [] as [&str; 0]);
    check("[listener]\nbind = \"localhost\"", 2, &["not an address and port"]);
    check("[listener]\nenabled = false", 1, &["nothing can arrive"]);
}

const HASH: &str = "blake3:0000000000000000000000000000000000000000000000000000000000000000";

fn user(name: &str, role: &str, secret: &str) -> String {
    format!("[[listener.user]]\nname = {name:?}\nrole = \"{role}\"\nsecret = \"{secret}\"\n")
}

#[test]
fn c03_a_bad_user_refuses_the_whole_file() {
    check(&user("", "backend", HASH), 2, &["is empty"]);
    check(&user("a\r", "backend", HASH), 2, &["control character"]);
    check(&user(" a", "backend", HASH), 2, &["space"]);
    check(&user("a/b", "device", HASH), 2, &["customer's id"]);
    check(&user("a", "root", HASH), 3, &["\"device\", \"backend\", \"operator\""]);
    check(&user("a", "backnd", HASH), 3, &["did you mean \"backend\""]);
    check(&(user("a", "backend", HASH) + &user("a", "device", HASH)), 6, &["second time"]);
    check("[[listener.user]]\nname = \"a\"\nrole = \"device\"\n", 1, &["secret: is missing"]);
}

#[test]
fn o07_a_secret_in_clear_is_refused_and_not_repeated() {
    let problems = said(&user("a", "backend", "hunter2-in-clear"));
    assert_eq!(problems.len(), 1);
    assert!(!problems[0].contains("hunter2"), "{problems:?}");
    check(&user("a", "backend", "blake3:00"), 4, &["64 hexadecimal digits"]);
    check(&user("a", "backend", "argon2:x"), 4, &["PHC"]);
    assert_eq!(
        said(&user("a", "backend", "argon2:$argon2id$v=19$m=19456,t=2,p=1$c2FsdA$aGFzaA")),
        [] as [&str; 0]
    );
    let debug = format!("{:?}", Settings::parse(Path::new("s.toml"), &user("a", "backend", HASH)).unwrap());
    assert!(!debug.contains("Token") && debug.contains("not shown"));
}

#[cfg(unix)]
#[test]
fn c09_a_secret_file_that_others_may_read_is_refused() {
    use std::os::unix::fs::PermissionsExt as _;

    let folder = tempfile::tempdir().unwrap();
    let secret = folder.path().join("broker.password");
    let file = folder.path().join("s.toml");
    std::fs::write(&secret, "hunter2\n").unwrap();
    std::fs::write(&file, "[broker]\nhost = \"h\"\nusername = \"u\"\npassword_file = \"broker.password\"\n")
        .unwrap();
    std::fs::set_permissions(&secret, std::fs::Permissions::from_mode(0o644)).unwrap();
    let said = settings::load(&file).unwrap_err()[0].to_string();
    assert!(said.contains("mode 0644") && said.contains("chmod 600"), "{said}");
    std::fs::set_permissions(&secret, std::fs::Permissions::from_mode(0o600)).unwrap();
    let password = settings::load(&file).unwrap().broker.unwrap().password.unwrap();
    assert_eq!(password.reveal(), "hunter2");
    assert!(!format!("{password:?}").contains("hunter2"));
}

#[cfg(unix)]
#[test]
fn c10_one_line_end_after_a_secret_is_cut_off_and_an_empty_one_refused() {
    use std::os::unix::fs::PermissionsExt as _;

    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("secret");
    let read = |text: &str| {
        std::fs::write(&file, text).unwrap();
        std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o600)).unwrap();
        settings::read_secret(&file)
            .map(|secret| secret.reveal().to_owned())
            .map_err(|said| said[0].to_string())
    };
    assert_eq!(read("a b\n"), Ok("a b".to_owned()));
    assert_eq!(read("a b\r\n"), Ok("a b".to_owned()));
    assert!(read("a\n\n").is_err());
    assert!(read("\n").unwrap_err().contains("no secret"));
    assert!(read("").unwrap_err().contains("no secret"));
}

#[cfg(unix)]
#[test]
fn c03_a_users_file_is_read_after_the_settings_and_refused_as_a_whole() {
    use std::os::unix::fs::PermissionsExt as _;

    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("s.toml");
    let users = folder.path().join("users.toml");
    std::fs::write(&file, format!("[listener]\nusers_file = \"users.toml\"\n{}", user("a", "backend", HASH)))
        .unwrap();
    let load = |text: &str| {
        std::fs::write(&users, text.replace("listener.user", "user")).unwrap();
        std::fs::set_permissions(&users, std::fs::Permissions::from_mode(0o600)).unwrap();
        settings::load(&file).map_err(|said| said[0].to_string())
    };
    assert_eq!(load(&user("b", "device", HASH)).unwrap().listener.users.len(), 2);
    let said = load(&user("a", "device", HASH)).unwrap_err();
    assert!(said.contains("users.toml:2:8") && said.contains("second time"), "{said}");
}

#[test]
fn a_broker_needs_a_host_and_no_url() {
    check("[broker]\nport = 1883", 1, &["broker.host: is missing"]);
    check("[broker]\nhost = \"mqtt://h\"", 2, &["is a URL"]);
    check("[broker]\nhost = \"h\"\nport = 0", 3, &["from 1 to 65535"]);
    check("[broker]\nhost = \"h\"\nprotocol = 5", 3, &["is a whole number"]);
    check("[broker]\nhost = \"h\"\nprotocol = \"4\"", 3, &["\"3.1.1\", \"5\""]);
}

#[test]
fn a_topic_prefix_holds_no_wildcard() {
    for prefix in ["a//b", "/a", "a/", "a/+/b", "#", "$SYS", "a b"] {
        check(&format!("[topics]\nprefix = \"{prefix}\""), 2, &["levels"]);
    }
    assert_eq!(said("[topics]\nprefix = \"shops/eu/v1\""), [] as [&str; 0]);
}

#[test]
fn sizes_fit_into_each_other() {
    check("[limits]\npacket_bytes_max = 1048576", 2, &["above the other sizes"]);
    check("[limits]\nfix_bytes_max = 0", 2, &["from 1024"]);
}

#[test]
fn offers_have_a_mode_and_what_they_may_be_about() {
    let offers = |text: &str| Settings::parse(Path::new("s.toml"), text).map(|settings| settings.offers);
    let set = offers("[offers]\nmode = \"shadow\"\ndelicate_categories = true").unwrap();
    assert_eq!((set.mode, set.delicate_categories), (offers::Mode::Shadow, true));
    let default = offers("[offers]\nfile = \"o.toml\"").unwrap();
    assert_eq!((default.mode, default.delicate_categories), (offers::Mode::Live, false));
    check("[offers]\nmode = \"shaddow\"", 2, &["offers.mode", "did you mean \"shadow\"?"]);
    check("[offers]\ndelicate_categories = 1", 2, &["true or false"]);
}
