//! Versions of a large set: each is what it was, however it was written.

use std::fs;
use std::path::{Path, PathBuf};

use settings::Settings;
use spatial_index::Shape;

use super::*;

const N_FENCES: usize = 400;

fn feature(i: usize, radius_m: usize) -> String {
    format!(
        r#"{{"type":"Feature","id":"shop-{i:04}","properties":{{"radius_m":{radius_m},"tz":"Europe/Berlin"}},"geometry":{{"type":"Point","coordinates":[{},52.5]}}}}"#,
        i as f64 * 0.01
    )
}

fn file(folder: &Path, fences: impl Iterator<Item = String>) -> PathBuf {
    let text = fences.collect::<Vec<_>>().join(",");
    let file = folder.join("f.geojson");
    fs::write(&file, format!(r#"{{"type":"FeatureCollection","features":[{text}]}}"#)).unwrap();
    file
}

fn done(keeper: &mut Keeper, wish: &Wish) {
    let Answered::Kept(kept) = keeper.answer(wish, "me", Timestamp::MIN).unwrap() else {
        panic!("nothing is different")
    };
    keeper.settle(&kept.alteration);
}

fn fences(keeper: &Keeper) -> Vec<Fence> {
    keeper.house().fences().collect()
}

fn changes_in(data: &Path) -> usize {
    let names = fs::read_dir(data.join("fences")).unwrap().map(|entry| entry.unwrap().file_name());
    names.filter(|name| name.to_string_lossy().ends_with(".change.geojson")).count()
}

/// A keeper of many fences after edits of a few, one after the other.
fn edited(data: &Path, settings: &Settings) -> (Keeper, Vec<Vec<Fence>>) {
    let mut keeper = Keeper::open(data, settings).unwrap();
    let all = file(data, (0..N_FENCES).map(|i| feature(i, 100)));
    let mut sets = Vec::new();
    let wishes: [&dyn Fn() -> Wish; 6] = [
        &|| Wish::Apply { file: all.clone(), yes: true },
        &|| Wish::Put { file: file(data, [feature(7, 120), feature(N_FENCES, 90)].into_iter()) },
        &|| Wish::Remove { ids: vec!["shop-0000".into(), "shop-0399".into()] },
        &|| Wish::Put { file: file(data, [feature(9, 50), feature(0, 60)].into_iter()) },
        &|| Wish::Rollback { to: Some(2) },
        &|| Wish::Remove { ids: vec!["shop-0007".into()] },
    ];
    for wish in wishes {
        done(&mut keeper, &wish());
        sets.push(fences(&keeper));
    }
    (keeper, sets)
}

#[test]
fn a_version_that_is_told_from_another_one_is_read_back_as_it_was() {
    let (data, settings) = (tempfile::tempdir().unwrap(), Settings::default());
    let (keeper, sets) = edited(data.path(), &settings);
    assert_eq!(changes_in(data.path()), 4, "only the first is whole");
    // The fifth wish went back to the second version.
    for (no, at) in [(1, 0), (2, 1), (3, 2), (4, 3), (5, 5)] {
        assert_eq!(read_version(keeper.sets(), no).unwrap().0, sets[at], "version {no}");
    }
    assert_eq!(sets[4], sets[1]);
    let again = Keeper::open(data.path(), &settings).unwrap();
    assert_eq!(fences(&again), sets[5]);
    assert_eq!(again.house().version(), keeper.house().version());
}

#[test]
fn edits_go_on_where_they_were_when_the_keeper_comes_back() {
    let (data, settings) = (tempfile::tempdir().unwrap(), Settings::default());
    let (_, sets) = edited(data.path(), &settings);
    let mut keeper = Keeper::open(data.path(), &settings).unwrap();
    done(&mut keeper, &Wish::Put { file: file(data.path(), [feature(3, 5)].into_iter()) });
    let expected = sets[5].iter().cloned().map(|mut fence| {
        if fence.facts.id.as_str() == "shop-0003" {
            let radius = model::Meters(5.0);
            let Shape::Circle { center, .. } = fence.shape else { panic!("a circle") };
            (fence.facts.radius, fence.shape) = (radius, Shape::Circle { center, radius });
        }
        fence
    });
    let expected: Vec<Fence> = expected.collect();
    assert_eq!(fences(&keeper), expected);
    assert_eq!(fences(&Keeper::open(data.path(), &settings).unwrap()), expected);
}

#[test]
fn what_differs_in_much_is_kept_whole() {
    let (data, settings) = (tempfile::tempdir().unwrap(), Settings::default());
    let mut keeper = Keeper::open(data.path(), &settings).unwrap();
    let all = file(data.path(), (0..N_FENCES).map(|i| feature(i, 100)));
    done(&mut keeper, &Wish::Apply { file: all, yes: true });
    let put =
        |n: usize, radius_m| Wish::Put { file: file(data.path(), (0..n).map(|i| feature(i, radius_m))) };
    done(&mut keeper, &put(25, 10));
    assert_eq!(changes_in(data.path()), 1);
    done(&mut keeper, &put(26, 20));
    assert_eq!(changes_in(data.path()), 1, "one in sixteen is much");
    done(&mut keeper, &put(2, 30));
    assert_eq!(keeper.sets().in_force().unwrap().change_of, Some(3), "and counts from there on");
    let kept = fences(&keeper);
    assert_eq!(fences(&Keeper::open(data.path(), &settings).unwrap()), kept);
}

#[test]
fn o04_a_change_whose_whole_version_is_another_one_is_found_out() {
    let (data, settings) = (tempfile::tempdir().unwrap(), Settings::default());
    let (keeper, _) = edited(data.path(), &settings);
    drop(keeper);
    let whole = data.path().join("fences/000001.geojson");
    let text = fs::read_to_string(&whole).unwrap().replacen("100", "101", 1);
    fs::write(&whole, text).unwrap();
    let sets = FenceSets::read(data.path()).unwrap();
    assert!(matches!(read_version(&sets, 5), Err(FenceSetError::Damaged { no: 1, .. })));
}

#[test]
fn visits_are_read_back_into_the_fences_that_the_last_server_had() {
    let (data, settings) = (tempfile::tempdir().unwrap(), Settings::default());
    let start = || {
        let start = Start::plan(data.path(), &settings).unwrap();
        start.keep(data.path(), &settings, Timestamp::MIN).unwrap()
    };
    let mut alone = Keeper::open(data.path(), &settings).unwrap();
    let all = file(data.path(), (0..N_FENCES).map(|i| feature(i, 100)));
    done(&mut alone, &Wish::Apply { file: all, yes: true });
    assert!(start().1.is_none(), "the first server reads no visits back");
    // Nobody serves while these are put in force.
    let mut alone = Keeper::open(data.path(), &settings).unwrap();
    done(&mut alone, &Wish::Remove { ids: vec!["shop-0001".into()] });
    done(&mut alone, &Wish::Remove { ids: vec!["shop-0002".into()] });
    let (mut keeper, kept) = start();
    let alteration = kept.expect("the fences were edited").alteration;
    let versions = [alteration.from(), alteration.to()].map(|house| house.version().unwrap().no);
    assert_eq!((versions, alteration.extent().n_removed), ([1, 3], 2));
    // What a server is given it has.
    done(&mut keeper, &Wish::Remove { ids: vec!["shop-0003".into()] });
    assert!(start().1.is_none());
}
