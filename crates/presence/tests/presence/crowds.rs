//! Where many fences lie over one another: a device visits up to 64 of them at a time.

use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};

use model::{FenceNo, Fix, Meters, Millis, Position, TransitionKind};
use presence::{Arrival, Change, Presence, PresencePolicy, Surroundings};
use proptest::prelude::*;

use crate::world::{PHONE, place, start};

const N_FENCES: usize = 100;

/// The fences that hold a fix, by name; which number each name has is given apart.
struct Crowd<'a> {
    name_of: &'a [usize],
    inside: Vec<FenceNo>,
}

impl<'a> Crowd<'a> {
    fn around(names: &BTreeSet<usize>, name_of: &'a [usize]) -> Self {
        let numbered = (0..).map(FenceNo).zip(name_of);
        let inside = numbered.filter(|(_, name)| names.contains(name)).map(|(no, _)| no).collect();
        Self { name_of, inside }
    }
}

impl Surroundings for Crowd<'_> {
    fn inside(&self) -> &[FenceNo] {
        &self.inside
    }

    fn holds(&self, _: FenceNo, _: Position) -> bool {
        true
    }

    fn distance_outside(&self, _: FenceNo) -> Meters {
        Meters(500.0)
    }

    fn radius(&self, _: FenceNo) -> Meters {
        Meters(100.0)
    }

    fn crossed(&self) -> Vec<FenceNo> {
        Vec::new()
    }

    fn precedence(&self, one: FenceNo, other: FenceNo) -> Ordering {
        self.name_of[one.slot()].cmp(&self.name_of[other.slot()])
    }
}

/// What changes fix by fix, a fix in ten seconds, by fence number.
fn play(fixes: &[BTreeSet<usize>], name_of: &[usize], visits_max: usize) -> Vec<Vec<Change>> {
    let mut presence = Presence::new(PresencePolicy { visits_max, ..PresencePolicy::default() });
    let told = (0..).zip(fixes).map(|(i, names)| {
        let at = start() + Millis::from_secs(10 * i);
        let fix = Fix { accuracy: Some(Meters(10.0)), ..Fix::at(at, place(i as f64)) };
        let Arrival::Used(used) = presence.screen(PHONE, fix, at).arrival else { panic!("nothing jumps") };
        let mut changes = Vec::new();
        presence.update(PHONE, &used, &Crowd::around(names, name_of), &mut changes);
        let open: Vec<FenceNo> = presence.open_visits(PHONE).map(|visit| visit.fence).collect();
        assert!(open.len() <= visits_max && open.is_sorted() && open.len() == presence.n_open_visits());
        changes.retain(|change| change.kind != TransitionKind::Dwell);
        changes
    });
    told.collect()
}

/// The same, by name, from a list of visits with how often each was outside in a row.
fn plainly(fixes: &[BTreeSet<usize>], visits_max: usize) -> Vec<Vec<(TransitionKind, usize)>> {
    let mut visits = BTreeMap::<usize, u32>::new();
    let told = fixes.iter().map(|names| {
        for (name, n_outside) in &mut visits {
            *n_outside = if names.contains(name) { 0 } else { *n_outside + 1 };
        }
        let gone: Vec<usize> = visits.iter().filter(|visit| *visit.1 == 2).map(|visit| *visit.0).collect();
        visits.retain(|_, n_outside| *n_outside < 2);
        let new: Vec<usize> = names.iter().filter(|name| !visits.contains_key(name)).copied().collect();
        let entered: Vec<usize> = new.into_iter().take(visits_max.saturating_sub(visits.len())).collect();
        visits.extend(entered.iter().map(|name| (*name, 0)));
        let exits = gone.into_iter().map(|name| (TransitionKind::Exit, name));
        exits.chain(entered.into_iter().map(|name| (TransitionKind::Enter, name))).collect()
    });
    told.collect()
}

/// Fixes in up to a hundred fences, mostly in those in which the one before was.
fn fixes() -> impl Strategy<Value = Vec<BTreeSet<usize>>> {
    let some = |n_max: usize| prop::collection::btree_set(0..N_FENCES, 0..=n_max);
    let step = prop_oneof![3 => some(3), 1 => some(N_FENCES), 1 => Just((0..N_FENCES).collect())];
    prop::collection::vec((step, any::<bool>()), 1..40).prop_map(|steps| {
        let mut inside = BTreeSet::new();
        let sets = steps.into_iter().map(|(names, is_anew)| {
            inside = if is_anew { names } else { &inside ^ &names };
            inside.clone()
        });
        sets.collect()
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn up_to_sixty_four_fences_are_visited_at_a_time_and_numbers_do_not_say_which(
        fixes in fixes(),
        name_of in Just((0..N_FENCES).collect::<Vec<_>>()).prop_shuffle(),
        visits_max in prop_oneof![Just(64), 0..5_usize],
    ) {
        let expected = plainly(&fixes, visits_max);
        for (changes, mut expected) in play(&fixes, &name_of, visits_max).into_iter().zip(expected) {
            let by_number = |change: &Change| (change.kind != TransitionKind::Exit, change.fence);
            prop_assert!(changes.is_sorted_by_key(by_number), "exits come first, and each by number");
            let named = changes.iter().map(|change| (change.kind, name_of[change.fence.slot()]));
            let mut named: Vec<_> = named.collect();
            named.sort_unstable();
            expected.sort_unstable();
            prop_assert_eq!(named, expected);
        }
    }
}

#[test]
fn the_sixty_fifth_fence_is_entered_when_there_is_room_again() {
    let all: BTreeSet<usize> = (0..65).collect();
    let without_one: BTreeSet<usize> = (1..65).collect();
    let numbers: Vec<usize> = (0..N_FENCES).collect();
    let told = play(&[all, without_one.clone(), without_one], &numbers, 64);
    let told = |i: usize| told[i].iter().map(|change| (change.kind, change.fence)).collect::<Vec<_>>();
    assert_eq!(told(0), (0..64).map(|no| (TransitionKind::Enter, FenceNo(no))).collect::<Vec<_>>());
    assert_eq!(told(1), []);
    assert_eq!(told(2), [(TransitionKind::Exit, FenceNo(0)), (TransitionKind::Enter, FenceNo(64))]);
}
