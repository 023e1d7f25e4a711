//! The laws of presence, over random walks, silences and restarts.

use std::collections::BTreeMap;

use crate::world::{FENCES, Street, World, place, start};
use model::{FenceNo, Fix, Meters, Millis, Timestamp, TransitionKind};
use presence::{Change, PresencePolicy};
use proptest::prelude::*;

#[derive(Clone, Debug)]
enum Happening {
    Fix {
        x_m: f64,
        accuracy_m: f64,
        still: bool,
        mock: bool,
        late_secs: i64,
    },
    /// The last fix again, or one from before it.
    Old {
        secs: i64,
        x_m: f64,
    },
    Wait,
    Restart,
    /// The fences in this order, some elsewhere and some gone.
    Edit(Vec<(usize, f64)>),
    Withdraw,
}

fn happening() -> impl Strategy<Value = Happening> {
    let x_m = prop_oneof![
        5 => -150.0..150.0,
        2 => 850.0..1_150.0,
        2 => 4_900.0..7_100.0,
        1 => Just(1_000_000.0),
        2 => -400.0..1_500.0,
    ];
    let fix = (x_m, prop_oneof![4 => 1.0..60.0, 1 => 60.0..600.0], any::<bool>(), 0..10, late()).prop_map(
        |(x_m, accuracy_m, still, mock, late_secs)| {
            let mock = mock == 0;
            Happening::Fix { x_m, accuracy_m, still, mock, late_secs }
        },
    );
    prop_oneof![
        20 => fix,
        2 => (0..300_i64, -150.0..150.0).prop_map(|(secs, x_m)| Happening::Old { secs, x_m }),
        4 => Just(Happening::Wait),
        1 => Just(Happening::Restart),
        1 => edit(),
        1 => Just(Happening::Withdraw),
    ]
}

fn edit() -> impl Strategy<Value = Happening> {
    let fences = prop::sample::subsequence(vec![0, 1, 2], 0..=3).prop_shuffle();
    let shift_m = prop_oneof![3 => Just(0.0), 1 => -200.0..200.0];
    (fences, prop::collection::vec(shift_m, 3))
        .prop_map(|(fences, shifts_m)| Happening::Edit(fences.into_iter().zip(shifts_m).collect()))
}

fn late() -> impl Strategy<Value = i64> {
    prop_oneof![8 => Just(0), 1 => 0..1_200_i64, 1 => 0..30_000_i64]
}

fn stories() -> impl Strategy<Value = Vec<(i64, Happening)>> {
    let step = prop_oneof![6 => 1..200_i64, 1 => 0..5_000_i64];
    prop::collection::vec((step, happening()), 1..120)
}

/// Plays a story; every change with the story's place where it came.
///
/// Fences are told by their numbers at first, which edits do not change.
fn play(story: &[(i64, Happening)]) -> (World, Vec<Change>) {
    let mut world = World::new(PresencePolicy { crossings: true, ..PresencePolicy::default() });
    let (mut now, mut restarted_at) = (start(), start());
    let mut all = Vec::new();
    for (secs, happening) in story {
        let (mut changes, street) = (Vec::new(), world.street.clone());
        now = now + Millis::from_secs(*secs);
        match happening {
            Happening::Fix { x_m, accuracy_m, still, mock, late_secs } => {
                let mut fix = Fix::at(now, place(*x_m));
                (fix.accuracy, fix.still, fix.mock) = (Some(Meters(*accuracy_m)), *still, *mock);
                // A phone that stores fixes sends them later; time does not go back for that.
                world.fix(fix, now + Millis::from_secs(*late_secs), &mut changes);
            }
            Happening::Old { secs, x_m } => {
                let taken_at = (now - Millis::from_secs(*secs)).max(restarted_at + Millis::from_secs(1));
                world.fix(Fix::at(taken_at, place(*x_m)), now.max(taken_at), &mut changes);
            }
            Happening::Wait => {
                world.wait(now, &mut changes);
            }
            Happening::Restart => {
                world.restart(now);
                restarted_at = now;
            }
            Happening::Edit(fences) => {
                let fence =
                    |(home, shift_m): &(usize, f64)| (*home, FENCES[*home].1 + shift_m, FENCES[*home].2);
                world.edit(Street(fences.iter().map(fence).collect()), &mut changes);
            }
            Happening::Withdraw => {
                let (reason, shop) = (model::ExitReason::ConsentWithdrawn, street.no_of(0));
                let gone = |fence| Some(fence) == shop;
                world.presence.close(crate::world::PHONE, reason, gone, &mut changes);
            }
        }
        assert!(world.is_balanced(), "held fixes and outcomes balance");
        let at_home = |fence: FenceNo| FenceNo(street.0[fence.slot()].0 as u32);
        all.extend(changes.into_iter().map(|change| Change { fence: at_home(change.fence), ..change }));
    }
    (world, all)
}

fn kinds_by_visit(changes: &[Change]) -> BTreeMap<(FenceNo, Timestamp), Vec<TransitionKind>> {
    let mut visits = BTreeMap::<_, Vec<_>>::new();
    for change in changes.iter().filter(|change| change.kind != TransitionKind::Cross) {
        visits.entry((change.fence, change.entered_at)).or_default().push(change.kind);
    }
    visits
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn transitions_alternate(story in stories()) {
        let (world, changes) = play(&story);
        use TransitionKind::{Dwell, Enter, Exit};
        let visits = kinds_by_visit(&changes);
        for (visit, kinds) in &visits {
            let allowed: [&[TransitionKind]; 4] = [&[Enter], &[Enter, Dwell], &[Enter, Exit], &[Enter, Dwell, Exit]];
            prop_assert!(allowed.contains(&&kinds[..]), "{visit:?}: {kinds:?}");
        }
        let open: Vec<_> = visits.iter().filter(|(_, kinds)| !kinds.contains(&Exit)).map(|(visit, _)| visit.0).collect();
        let known = world.presence.open_visits(crate::world::PHONE);
        let known = known.map(|visit| FenceNo(world.street.0[visit.fence.slot()].0 as u32));
        let mut known: Vec<_> = known.collect();
        known.sort_unstable();
        prop_assert_eq!(open, known, "a visit without an exit is open, and no fence is visited twice at once");
        let in_time = changes.iter().all(|change| change.entered_at <= change.at);
        prop_assert!(in_time, "nothing happens in a visit before it began");
    }

    #[test]
    fn g17_an_edit_that_touches_no_fence_changes_nothing(story in stories()) {
        let (mut edited, mut left_alone, mut waited_secs) = (Vec::new(), Vec::new(), 0);
        for (secs, happening) in story {
            waited_secs += secs;
            match &happening {
                Happening::Edit(_) => {
                    // Round and round; nothing is taken away or moved.
                    let order = [1, 2, 0].map(|home| (home, 0.0));
                    edited.push((secs, Happening::Edit(order.to_vec())));
                }
                Happening::Fix { .. } | Happening::Old { .. } | Happening::Wait | Happening::Restart
                | Happening::Withdraw => {
                    edited.push((secs, happening.clone()));
                    left_alone.push((std::mem::take(&mut waited_secs), happening));
                }
            }
        }
        // By number the changes of one fix come in another order.
        let told = |story: &[(i64, Happening)]| {
            let mut changes = play(story).1;
            changes.sort_by_key(|change| (change.at, change.fence, change.kind));
            changes
        };
        prop_assert_eq!(told(&edited), told(&left_alone));
    }

    #[test]
    fn a_late_or_made_up_fix_never_makes_an_occasion_to_speak(story in stories()) {
        let unfit = story.into_iter().map(|(secs, happening)| match happening {
            Happening::Fix { x_m, accuracy_m, still, mock: _, late_secs } => {
                (secs, Happening::Fix { x_m, accuracy_m, still, mock: true, late_secs })
            }
            other @ (Happening::Old { .. } | Happening::Wait | Happening::Restart | Happening::Edit(_) | Happening::Withdraw) => {
                (secs, other)
            }
        });
        let unfit: Vec<_> = unfit.filter(|(_, happening)| !matches!(happening, Happening::Old { .. })).collect();
        prop_assert!(play(&unfit).1.iter().all(|change| !change.may_trigger));
    }
}

#[test]
fn timers_do_not_pile_up_over_many_visits() {
    let mut world = World::new(PresencePolicy::default());
    let (mut now, mut changes) = (start(), Vec::new());
    for i in 0..2_000 {
        now = now + Millis::from_secs(100);
        let x_m = if i % 4 < 2 { 0.0 } else { 300.0 };
        let park = Fix { still: true, accuracy: Some(Meters(5.0)), ..Fix::at(now, place(x_m)) };
        world.fix(park, now, &mut changes);
        world.wait(now, &mut changes);
    }
    assert!(world.n_timers < 4_000, "{} timers fired for 2,000 fixes", world.n_timers);
}
