//! Versions of the fence set: whole or not at all, whatever happens.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use model::Timestamp;
use store::{Authorship, FenceSetError, FenceSets, hash_of};

const NOW: Timestamp = Timestamp::from_unix_ms(1_795_262_400_000);

fn open(dir: &Path) -> FenceSets {
    FenceSets::open(dir, 4).unwrap()
}

fn add(sets: &mut FenceSets, content: &str) -> Result<u64, FenceSetError> {
    let made = Authorship { origin: "a test".into(), by: "me".into(), n_fences: 3, ..Authorship::default() };
    sets.add(content.as_bytes(), None, made, None, NOW)
}

/// A directory with so many versions; version 2 says `two` and so on.
fn with_versions(n: usize) -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    let mut sets = open(dir.path());
    for content in ["one", "two", "three", "four", "five", "six", "seven"].into_iter().take(n) {
        add(&mut sets, content).unwrap();
    }
    dir
}

fn in_force(dir: &Path) -> Option<(u64, String)> {
    let sets = FenceSets::read(dir).unwrap();
    let no = sets.in_force()?.no;
    Some((no, String::from_utf8(sets.content(no).unwrap()).unwrap()))
}

fn numbers(sets: &FenceSets) -> Vec<u64> {
    sets.records().iter().map(|set| set.no).collect()
}

fn files(dir: &Path) -> Vec<String> {
    let entries = fs::read_dir(dir.join("fences")).unwrap();
    let mut names: Vec<_> = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

#[test]
fn a_version_is_in_force_once_it_is_kept_and_says_what_it_was_made_of() {
    let dir = tempfile::tempdir().unwrap();
    assert_eq!(FenceSets::read(dir.path()).unwrap().in_force(), None);
    let mut sets = open(dir.path());
    assert_eq!((add(&mut sets, "one").unwrap(), add(&mut sets, "two").unwrap()), (1, 2));
    assert_eq!(in_force(dir.path()), Some((2, "two".into())));
    let read = FenceSets::read(dir.path()).unwrap();
    let record = read.in_force().unwrap();
    assert_eq!((record.base, &*record.hash, record.n_bytes), (Some(1), &*hash_of(b"two"), 3));
    assert_eq!((&*record.made.origin, record.made.n_fences, record.made_at_ms), ("a test", 3, NOW.unix_ms()));
}

#[test]
fn an_old_version_comes_back_into_force_and_the_new_one_is_kept() {
    let dir = with_versions(3);
    let mut sets = open(dir.path());
    sets.put_in_force(1, "me", NOW).unwrap();
    assert_eq!(in_force(dir.path()), Some((1, "one".into())));
    assert_eq!(numbers(&sets), [1, 2, 3]);
    assert_eq!(sets.history().iter().map(|taken_up| taken_up.no).collect::<Vec<_>>(), [1, 2, 3, 1]);
    // What is made then is made of the old one, and no number is used twice.
    assert_eq!(add(&mut sets, "other").unwrap(), 4);
    assert_eq!(sets.in_force().unwrap().base, Some(1));
}

#[test]
fn the_oldest_versions_are_forgotten_but_never_the_one_in_force_or_its_base() {
    let dir = with_versions(4);
    let mut sets = open(dir.path());
    sets.put_in_force(2, "me", NOW).unwrap();
    assert_eq!(add(&mut sets, "five").unwrap(), 5);
    assert_eq!(numbers(&sets), [2, 3, 4, 5]);
    assert_eq!(add(&mut sets, "six").unwrap(), 6);
    assert_eq!(numbers(&sets), [3, 4, 5, 6]);
    sets.put_in_force(3, "me", NOW).unwrap();
    assert_eq!(add(&mut sets, "seven").unwrap(), 7);
    assert_eq!(numbers(&sets), [3, 5, 6, 7], "seven is made of three");
    let error = sets.put_in_force(1, "me", NOW).unwrap_err().to_string();
    assert_eq!(error, "version 1 is not kept; versions 3, 5, 6 and 7 are");
    let kept = ["000003.geojson", "000005.geojson", "000006.geojson", "000007.geojson", "versions.json"];
    assert_eq!(files(dir.path()), kept);
}

#[test]
fn d03_what_could_not_be_written_changes_nothing() {
    for obstacle in ["000003.new", "versions.new"] {
        let dir = with_versions(2);
        let mut sets = open(dir.path());
        // A folder stands where the file is to be written.
        let folder = dir.path().join("fences").join(obstacle);
        fs::create_dir(&folder).unwrap();
        assert!(matches!(add(&mut sets, "three"), Err(FenceSetError::Io { .. })), "{obstacle}");
        assert_eq!(sets.in_force().unwrap().no, 2);
        assert_eq!(in_force(dir.path()), Some((2, "two".into())));
        fs::remove_dir(&folder).unwrap();
        assert_eq!(add(&mut sets, "three").unwrap(), 3, "the next try succeeds");
        assert_eq!(in_force(dir.path()), Some((3, "three".into())));
    }
}

#[test]
fn d06_a_crash_between_any_two_steps_leaves_the_old_version_or_the_new_one() {
    let fences = |dir: &tempfile::TempDir| -> PathBuf { dir.path().join("fences") };
    let steps: [&dyn Fn(&Path); 4] = [
        // Half of the new version's content.
        &|dir| fs::write(dir.join("000003.new"), "thr").unwrap(),
        // All of it, and the list does not name it yet.
        &|dir| fs::write(dir.join("000003.geojson"), "three").unwrap(),
        // Half of the new list.
        &|dir| {
            fs::write(dir.join("000003.geojson"), "three").unwrap();
            fs::write(dir.join("versions.new"), "{\"form").unwrap();
        },
        // The new list is there, and a version that it forgot too.
        &|dir| fs::write(dir.join("000009.geojson"), "nine").unwrap(),
    ];
    for (i, crashed_at) in steps.iter().enumerate() {
        let dir = with_versions(2);
        crashed_at(&fences(&dir));
        assert_eq!(in_force(dir.path()), Some((2, "two".into())), "step {i}");
        let mut sets = open(dir.path());
        assert_eq!(files(dir.path()), ["000001.geojson", "000002.geojson", "versions.json"], "step {i}");
        assert_eq!(add(&mut sets, "other").unwrap(), 3);
        assert_eq!(in_force(dir.path()), Some((3, "other".into())), "step {i}");
    }
}

#[test]
fn d08_a_list_that_is_gone_or_damaged_is_never_started_without() {
    let dir = with_versions(2);
    let list = dir.path().join("fences/versions.json");
    let written = fs::read(&list).unwrap();
    fs::remove_file(&list).unwrap();
    assert!(matches!(FenceSets::open(dir.path(), 4), Err(FenceSetError::NoList { .. })));
    fs::write(&list, &written[..written.len() / 2]).unwrap();
    assert!(matches!(FenceSets::open(dir.path(), 4), Err(FenceSetError::List { .. })));
    fs::write(&list, &written).unwrap();
    assert_eq!(open(dir.path()).in_force().unwrap().no, 2);
    assert_eq!(files(dir.path()).len(), 3, "nothing was swept away meanwhile");
}

#[test]
fn c13_a_list_of_a_newer_version_of_the_program_is_refused() {
    let dir = with_versions(1);
    let list = dir.path().join("fences/versions.json");
    fs::write(&list, older(&list).replace("\"format\": 1", "\"format\": 3, \"more\": []")).unwrap();
    let error = FenceSets::read(dir.path()).unwrap_err().to_string();
    assert!(error.contains("it has format 3, and this program knows 2"), "{error}");
}

/// The list as a version of the program would have written it that knew no checksums.
fn older(list: &Path) -> String {
    let text = fs::read_to_string(list).unwrap();
    let rest = text.split("\"format\": 2,").nth(1).unwrap();
    format!("{{ \"format\": 1,{rest}")
}

#[test]
fn v09_a_list_that_was_changed_is_refused_and_an_older_one_gets_a_checksum() {
    let dir = with_versions(2);
    let list = dir.path().join("fences/versions.json");
    let written = fs::read_to_string(&list).unwrap();
    let made_at = FenceSets::read(dir.path()).unwrap().records()[0].made_at_ms;
    fs::write(&list, written.replace(&made_at.to_string(), &(made_at + 1).to_string())).unwrap();
    let error = FenceSets::read(dir.path()).unwrap_err().to_string();
    assert!(error.contains("is damaged: it is not what was written there"), "{error}");
    fs::write(&list, written.clone()).unwrap();
    let was = older(&list);
    fs::write(&list, &was).unwrap();
    assert!(!FenceSets::read(dir.path()).unwrap().is_checked());
    assert_eq!(fs::read_to_string(&list).unwrap(), was, "who only reads changes nothing");
    assert!(open(dir.path()).is_checked());
    assert_eq!(fs::read_to_string(&list).unwrap(), written);
}

#[test]
fn o04_a_version_that_was_edited_by_hand_is_found_out() {
    let dir = with_versions(2);
    fs::write(dir.path().join("fences/000002.geojson"), "twos").unwrap();
    let sets = open(dir.path());
    assert!(matches!(sets.content(2), Err(FenceSetError::Damaged { no: 2, .. })));
    assert_eq!(sets.content(1).unwrap(), b"one");
}

#[test]
fn only_its_owner_can_read_the_versions() {
    let dir = with_versions(1);
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    let folder = dir.path().join("fences");
    assert_eq!(mode(&folder), 0o700);
    assert!(files(dir.path()).iter().all(|file| mode(&folder.join(file)) == 0o600));
}

#[test]
fn a_version_is_kept_as_long_as_another_tells_its_differences_from_it() {
    let dir = with_versions(1);
    let mut sets = open(dir.path());
    let mut add_change = |content: &str| {
        let made = Authorship { origin: "a test".into(), by: "me".into(), ..Authorship::default() };
        sets.add(content.as_bytes(), Some(1), made, None, NOW).unwrap()
    };
    let last = (0..7).map(|i| add_change(&format!("change {i}"))).last();
    assert_eq!(last, Some(8));
    assert_eq!(numbers(&sets), [1, 5, 6, 7, 8]);
    assert_eq!(files(dir.path())[..2], ["000001.geojson", "000005.change.geojson"]);
    assert_eq!(in_force(dir.path()), Some((8, "change 6".into())));
    for whole in ["a", "b", "c", "d", "e"] {
        add(&mut sets, whole).unwrap();
    }
    assert_eq!(numbers(&sets), [10, 11, 12, 13], "whole versions need no other");
    assert_eq!(files(dir.path()).len(), 5);
}

#[test]
fn the_version_that_a_server_had_is_known_after_others_were_put_in_force_without_it() {
    let dir = with_versions(2);
    assert_eq!(open(dir.path()).served(), None);
    let mut sets = open(dir.path());
    sets.serve().unwrap();
    assert_eq!(FenceSets::read(dir.path()).unwrap().served(), Some(2));
    add(&mut sets, "three").unwrap();
    assert_eq!(FenceSets::read(dir.path()).unwrap().served(), Some(3), "it has what is put in force");
    let mut alone = open(dir.path());
    for i in 0..9 {
        add(&mut alone, &i.to_string()).unwrap();
    }
    assert_eq!(FenceSets::read(dir.path()).unwrap().served(), Some(3));
    assert_eq!(alone.content(3).unwrap(), b"three", "it is kept");
    assert_eq!(alone.content(12).unwrap(), b"8");
}
