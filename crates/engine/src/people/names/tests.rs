//! Names, held against a plain map.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;

fn id(name: &str) -> CustomerId {
    CustomerId::new(name).expect("the id obeys the rule")
}

/// Long ones and short ones, and some that many share.
fn name() -> impl Strategy<Value = String> {
    prop_oneof![4 => "[a-c]{1,3}", 2 => "[a-b_-]{8}", 1 => "[A-Za-z0-9_-]{1,64}"]
}

#[derive(Clone, Debug)]
enum Deed {
    Come(String),
    Go(String),
}

fn deeds() -> impl Strategy<Value = Vec<Deed>> {
    let deed = (name(), 0..5_u8).prop_map(|(name, n)| if n < 3 { Deed::Come(name) } else { Deed::Go(name) });
    prop::collection::vec(deed, 1..400)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_name_is_found_as_in_a_plain_map(deeds in deeds(), strangers in prop::collection::vec(name(), 0..40)) {
        let (mut names, mut plain) = (Names::default(), BTreeMap::<String, CustomerNo>::new());
        let mut gone = Vec::new();
        for deed in deeds {
            match deed {
                Deed::Come(name) => {
                    let is_new = !plain.contains_key(&name);
                    let no = names.no_of(&id(&name));
                    prop_assert!(!is_new || !plain.values().any(|other| *other == no));
                    prop_assert_eq!(*plain.entry(name).or_insert(no), no);
                }
                Deed::Go(name) => {
                    let no = plain.remove(&name);
                    prop_assert_eq!(names.find(&name), no);
                    prop_assert!(no.is_none_or(|no| names.forget(no) && !names.forget(no)));
                    gone.extend(no);
                }
            }
            prop_assert_eq!(names.n_customers(), plain.len());
        }
        prop_assert!(gone.iter().all(|no| names.name(*no).is_none()));
        prop_assert!(plain.iter().all(|(name, no)| names.name(*no) == Some(name)));
        let asked: Vec<&str> = plain.keys().chain(&strangers).map(String::as_str).collect();
        let mut found = Vec::new();
        names.find_all(&asked, |name| name, &mut found);
        let expected: Vec<_> = asked.iter().map(|name| plain.get(*name).copied()).collect();
        prop_assert_eq!(&found, &expected);
        prop_assert_eq!(asked.iter().map(|name| names.find(name)).collect::<Vec<_>>(), expected);
    }
}

#[test]
fn many_who_come_and_go_leave_no_more_than_twice_the_room_of_those_who_stay() {
    let mut names = Names::default();
    let stay: Vec<_> = (0..1_000).map(|i| names.no_of(&id(&format!("stays-{i}")))).collect();
    for i in 0..100_000 {
        let no = names.no_of(&id(&format!("goes-{i}")));
        assert!(names.forget(no));
    }
    assert!(stay.iter().enumerate().all(|(i, no)| names.name(*no) == Some(&*format!("stays-{i}"))));
    assert!(names.groups.len() * N_PLACES <= 4 * 1_001, "{}", names.groups.len());
    assert!(names.records.len() <= 2 * 1_002 * record_len(12), "{}", names.records.len());
    assert_eq!((names.spots.len(), names.n_customers()), (1_001, 1_000));
}

#[test]
fn nothing_of_a_name_is_left_behind() {
    let mut names = Names::default();
    for name in ["anna", "berta", "clara"] {
        names.no_of(&id(name));
    }
    let berta = names.find("berta").expect("she is known");
    assert!(names.forget(berta));
    assert!(!names.records.windows(5).any(|bytes| bytes == b"berta"));
}

#[test]
fn names_with_one_print_are_still_told_apart() {
    // Found by trying: the table must not take one for the other, nor lose the second with the first.
    let mut by_print = BTreeMap::new();
    let same = (0..2_000_000_u32).find_map(|i| {
        let name = format!("n{i}");
        by_print.insert(print(&name), name.clone()).map(|other| (other, name))
    });
    let (one, other) = same.expect("two of two million share a print of 32 bits");
    let mut names = Names::default();
    let [first, second] = [&one, &other].map(|name| names.no_of(&id(name)));
    assert_ne!(first, second);
    let mut found = Vec::new();
    names.find_all(&[one.clone(), other.clone()], |name| name, &mut found);
    assert_eq!(found, [Some(first), Some(second)]);
    assert!(names.forget(first));
    assert_eq!((names.find(&one), names.find(&other)), (None, Some(second)));
}
