//! The laws of presence, over random walks, silences and restarts.

use std::collections::BTreeMap;

use crate::world::{World, place, start};
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
    Reload,
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
        1 => Just(Happening::Reload),
        1 => Just(Happening::Withdraw),
    ]
}

fn late() -> impl Strategy<Value = i64> {
    prop_oneof![8 => Just(0), 1 => 0..1_200_i64, 1 => 0..30_000_i64]
}

fn stories() -> impl Strategy<Value = Vec<(i64, Happening)>> {
    let step = prop_oneof![6 => 1..200_i64, 1 => 0..5_000_i64];
    prop::collection::vec((step, happening()), 1..120)
}

/// Plays a story; every change with the story's place where it came.
fn play(story: &[(i64, Happening)]) -> (World, Vec<Change>) {
    let mut world = World::new(PresencePolicy { crossings: true, ..PresencePolicy::default() });
    let (mut now, mut restarted_at) = (start(), start());
    let mut changes = Vec::new();
    for (secs, happening) in story {
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
            Happening::Reload => world.presence.renumber(Some),
            Happening::Withdraw => {
                let (reason, gone) = (model::ExitReason::ConsentWithdrawn, |fence| fence == FenceNo(0));
                world.presence.close(crate::world::PHONE, reason, gone, &mut changes);
            }
        }
        assert!(world.is_balanced(), "held fixes and outcomes balance");
    }
    (world, changes)
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
        let known: Vec<_> = world.presence.open_visits(crate::world::PHONE).map(|visit| visit.fence).collect();
        prop_assert_eq!(open, known, "a visit without an exit is open, and no fence is visited twice at once");
        let in_time = changes.iter().all(|change| change.entered_at <= change.at);
        prop_assert!(in_time, "nothing happens in a visit before it began");
    }

    #[test]
    fn a_late_or_made_up_fix_never_makes_an_occasion_to_speak(story in stories()) {
        let unfit = story.into_iter().map(|(secs, happening)| match happening {
            Happening::Fix { x_m, accuracy_m, still, mock: _, late_secs } => {
                (secs, Happening::Fix { x_m, accuracy_m, still, mock: true, late_secs })
            }
            other @ (Happening::Old { .. } | Happening::Wait | Happening::Restart | Happening::Reload | Happening::Withdraw) => {
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
