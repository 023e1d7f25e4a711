//! The laws of presence, over random walks, silences and restarts.

use std::collections::BTreeMap;

use model::{DeviceNo, ExitReason, FenceNo, Fix, Meters, Millis, Timestamp, TransitionKind};
use presence::{Change, PresencePolicy};
use proptest::prelude::*;

use crate::plain::PlainScreen;
use crate::stories::{Happening, Play, Step, Told, changes_of, play, stories, stories_of};
use crate::world::{OTHER_PHONE, PHONE, Seen, World, place, start};

fn kinds_by_visit(changes: &[Change]) -> BTreeMap<(FenceNo, Timestamp), Vec<TransitionKind>> {
    let mut visits = BTreeMap::<_, Vec<_>>::new();
    for change in changes.iter().filter(|change| change.kind != TransitionKind::Cross) {
        visits.entry((change.fence, change.entered_at)).or_default().push(change.kind);
    }
    visits
}

fn without_edits(story: Vec<Step>) -> Vec<Step> {
    story.into_iter().filter(|step| !matches!(step.2, Happening::Edit(_))).collect()
}

/// What a story looks like whose changes may come in another order.
fn in_any_order(changes: &[Change]) -> Vec<String> {
    let mut words: Vec<String> = changes.iter().map(|change| format!("{change:?}")).collect();
    words.sort_unstable();
    words
}

/// All that was seen when a change of some step was decided, latest first.
fn seen_until(told: &[Told], step: usize, at: Timestamp) -> impl Iterator<Item = &Seen> {
    told[..=step].iter().flat_map(|told| &told.seen).rev().filter(move |seen| seen.fix.taken_at <= at)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn transitions_alternate(story in stories()) {
        let (play, told) = play(&story);
        let changes: Vec<Change> = told.into_iter().flat_map(|told| told.changes).collect();
        use TransitionKind::{Dwell, Enter, Exit};
        let visits = kinds_by_visit(&changes);
        for (visit, kinds) in &visits {
            let allowed: [&[TransitionKind]; 4] = [&[Enter], &[Enter, Dwell], &[Enter, Exit], &[Enter, Dwell, Exit]];
            prop_assert!(allowed.contains(&&kinds[..]), "{visit:?}: {kinds:?}");
        }
        let open: Vec<_> = visits.iter().filter(|(_, kinds)| !kinds.contains(&Exit)).map(|(visit, _)| visit.0).collect();
        prop_assert_eq!(open, play.open_homes(PHONE), "a visit without an exit is open, and no fence is visited twice at once");
        let in_time = changes.iter().all(|change| change.entered_at <= change.at);
        prop_assert!(in_time, "nothing happens in a visit before it began");
    }

    #[test]
    fn g17_an_edit_that_touches_no_fence_changes_nothing(story in stories()) {
        let (mut edited, mut left_alone, mut waited_secs) = (Vec::new(), Vec::new(), 0);
        for (secs, phone, happening) in story {
            waited_secs += secs;
            match &happening {
                Happening::Edit(_) => {
                    // Round and round; nothing is taken away or moved.
                    let order = [1, 2, 0].map(|home| (home, 0.0));
                    edited.push((secs, phone, Happening::Edit(order.to_vec())));
                }
                Happening::Fix { .. } | Happening::Old { .. } | Happening::Wait | Happening::Restart
                | Happening::Withdraw => {
                    edited.push((secs, phone, happening.clone()));
                    left_alone.push((std::mem::take(&mut waited_secs), phone, happening));
                }
            }
        }
        // By number the changes of one fix come in another order.
        prop_assert_eq!(in_any_order(&changes_of(&edited)), in_any_order(&changes_of(&left_alone)));
    }

    #[test]
    fn a_late_or_made_up_fix_never_makes_an_occasion_to_speak(story in stories()) {
        let unfit = story.into_iter().map(|(secs, phone, happening)| match happening {
            Happening::Fix { x_m, accuracy_m, still, mock: _, late_secs } => {
                (secs, phone, Happening::Fix { x_m, accuracy_m, still, mock: true, late_secs })
            }
            other @ (Happening::Old { .. } | Happening::Wait | Happening::Restart | Happening::Edit(_) | Happening::Withdraw) => {
                (secs, phone, other)
            }
        });
        let unfit: Vec<_> = unfit.filter(|step| !matches!(step.2, Happening::Old { .. })).collect();
        prop_assert!(changes_of(&unfit).iter().all(|change| !change.may_trigger));
    }

    #[test]
    fn fixes_are_used_held_and_dropped_as_a_plain_list_says(story in stories()) {
        let (_, told) = play(&story);
        let mut plain = PlainScreen::new(PresencePolicy::default());
        for step in &told {
            let outcomes = match (&step.happening, step.fix) {
                (_, Some((fix, arrives_at))) => plain.hear(fix, arrives_at),
                (Happening::Wait, None) => plain.wait(step.now),
                (Happening::Restart, None) => {
                    plain = PlainScreen::resumed(PresencePolicy::default(), step.open);
                    Vec::new()
                }
                (_, None) => Vec::new(),
            };
            plain.n_visits = step.open.0;
            prop_assert_eq!(&step.outcomes, &outcomes, "{:?}", step);
        }
    }

    #[test]
    fn used_fixes_follow_one_another_by_the_phones_clock(story in stories()) {
        let (mut last_at, mut latest_at) = (Timestamp::MIN, Timestamp::MIN);
        for step in &play(&story).1 {
            if matches!(step.happening, Happening::Restart) {
                last_at = Timestamp::MIN;
            }
            for seen in &step.seen {
                prop_assert!(last_at < seen.fix.taken_at);
                last_at = seen.fix.taken_at;
                latest_at = latest_at.max(last_at);
            }
            let known = step.fix.filter(|_| step.outcomes.last() == Some(&"out_of_order"));
            prop_assert!(known.is_none_or(|(fix, _)| fix.taken_at <= latest_at), "of this life or one before");
        }
    }

    #[test]
    fn a_dwell_has_evidence(story in stories().prop_map(without_edits)) {
        let (_, told) = play(&story);
        let PresencePolicy { dwell, still_max, .. } = PresencePolicy::default();
        let dwells = told.iter().enumerate().flat_map(|(step, told)| told.changes.iter().map(move |change| (step, change)));
        for (step, change) in dwells.filter(|(_, change)| change.kind == TransitionKind::Dwell) {
            prop_assert!(dwell <= change.at.since(change.entered_at), "no dwell comes early");
            // A timer that is due when a fix outside is taken comes before it.
            let came_after = |seen: &&Seen| seen.fix.taken_at == change.at && seen.is_not_inside(change.fence);
            let until = seen_until(&told, step, change.at).skip_while(came_after);
            let stay: Vec<_> = until.take_while(|seen| !seen.is_not_inside(change.fence)).collect();
            let inside: Vec<_> = stay.iter().filter(|seen| seen.inside.contains(&change.fence)).collect();
            let long_enough = inside.iter().any(|seen| dwell <= change.at.since(seen.fix.taken_at));
            prop_assert!(long_enough, "a fix inside, so long ago, and none outside since");
            let comes_with_a_fix = inside[0].fix.taken_at == change.at;
            let is_still = inside.iter().any(|seen| seen.fix.still && change.at.since(seen.fix.taken_at) <= still_max);
            prop_assert!(comes_with_a_fix || is_still);
        }
    }

    #[test]
    fn nobody_is_thought_present_after_an_hour_of_silence(story in stories()) {
        let (mut play, mut told, mut heard_at) = (Play::new(), Vec::new(), Timestamp::MIN);
        let silence_max = PresencePolicy::default().silence_max;
        for step in &story {
            let step = play.step(step);
            let timed_out = step.changes.iter().filter(|change| change.exit_reason == Some(ExitReason::TimedOut));
            for change in timed_out {
                let before = told.iter().flat_map(|told: &Told| &told.seen);
                let mut silence = before.map(|seen| change.at.since(seen.fix.taken_at));
                prop_assert!(silence.all(|silence| silence_max <= silence), "silent for an hour");
            }
            let repeats = step.outcomes.contains(&"duplicate").then_some(step.fix.map_or(step.now, |fix| fix.1));
            let restarted = matches!(step.happening, Happening::Restart).then_some(step.now);
            let used = step.seen.iter().map(|seen| seen.fix.taken_at);
            heard_at = used.chain(repeats).chain(restarted).fold(heard_at, Ord::max);
            if matches!(step.happening, Happening::Wait) && silence_max <= step.now.since(heard_at) {
                prop_assert!(play.open_homes(PHONE).is_empty(), "everybody has left after an hour");
            }
            told.push(step);
        }
    }

    #[test]
    fn an_exit_says_why_and_only_who_left_makes_an_occasion(story in stories()) {
        let (_, told) = play(&story);
        for (i, step) in told.iter().enumerate() {
            for change in &step.changes {
                prop_assert_eq!(change.exit_reason.is_some(), change.kind == TransitionKind::Exit);
                let Some(reason) = change.exit_reason else { continue };
                let deciding = seen_until(&told, i, change.at)
                    .filter(|seen| seen.inside.contains(&change.fence) || seen.is_not_inside(change.fence));
                let two_outside = || deciding.take(2).filter(|seen| seen.outside.contains(&change.fence)).count() == 2;
                let is_so = match reason {
                    ExitReason::Left => two_outside(),
                    ExitReason::TimedOut => step.fix.is_some() || matches!(step.happening, Happening::Wait),
                    ExitReason::FenceRemoved => matches!(step.happening, Happening::Edit(_)),
                    ExitReason::FenceMoved => matches!(step.happening, Happening::Edit(_)) || two_outside(),
                    ExitReason::ConsentWithdrawn => matches!(step.happening, Happening::Withdraw),
                };
                prop_assert!(is_so, "{reason:?} in {step:?}");
                prop_assert!(reason == ExitReason::Left || !change.may_trigger);
            }
        }
    }

    #[test]
    fn what_a_restart_or_an_edit_uncovers_was_there_before_and_nothing_else_was(story in stories()) {
        let (mut looked, mut n_steps) = ([false; 3], 0);
        for step in &play(&story).1 {
            n_steps += 1;
            match step.happening {
                Happening::Restart => {
                    prop_assert!(step.changes.is_empty(), "a restart is silent");
                    looked = [false; 3];
                }
                Happening::Edit(_) => {
                    step.drawn.iter().for_each(|home| looked[*home] = false);
                    let ends = |change: &Change| change.kind == TransitionKind::Exit && !change.may_trigger;
                    prop_assert!(step.changes.iter().all(ends), "an edit is no occasion");
                }
                Happening::Fix { .. } | Happening::Old { .. } | Happening::Wait | Happening::Withdraw => {}
            }
            for seen in &step.seen {
                let here = step.changes.iter().filter(|change| change.at == seen.fix.taken_at);
                for change in here.filter(|change| change.kind == TransitionKind::Enter) {
                    prop_assert_eq!(change.initial, !looked[change.fence.slot()], "step {}", n_steps);
                }
                if seen.fix.accuracy_or_assumed() <= PresencePolicy::default().accuracy_decides_max {
                    looked = [true; 3];
                }
            }
        }
    }

    #[test]
    fn phones_do_not_hear_of_one_another(story in stories_of(vec![PHONE, OTHER_PHONE])) {
        let alone = |phone: DeviceNo| {
            let mut waited_secs = 0;
            let mut kept = Vec::new();
            for (secs, whose, happening) in &story {
                waited_secs += secs;
                let is_of_all = matches!(happening, Happening::Wait | Happening::Restart | Happening::Edit(_));
                if is_of_all || *whose == phone {
                    kept.push((std::mem::take(&mut waited_secs), phone, happening.clone()));
                }
            }
            kept
        };
        let (together, told) = play(&story);
        let mut apart = Vec::new();
        for phone in [PHONE, OTHER_PHONE] {
            let (play, told) = play(&alone(phone));
            prop_assert_eq!(play.open_homes(phone), together.open_homes(phone));
            apart.extend(told.into_iter().flat_map(|told| told.changes));
        }
        let together: Vec<Change> = told.into_iter().flat_map(|told| told.changes).collect();
        prop_assert_eq!(in_any_order(&together), in_any_order(&apart));
    }

    #[test]
    fn a_jump_that_nothing_confirms_changes_nothing(story in stories()) {
        let mut disturbed = Play::new();
        let (mut changes, mut last_at) = (Vec::new(), None);
        for step in &story {
            if let Some(last_at) = last_at.filter(|_| disturbed.world.presence.n_held() == 0) {
                let taken_at = last_at + Millis::new(1);
                let astray = Fix { accuracy: Some(Meters(5.0)), ..Fix::at(taken_at, place(-5e6)) };
                prop_assert_eq!(disturbed.world.fix(astray, taken_at, &mut Vec::new()), ["held"]);
            }
            let told = disturbed.step(step);
            let known_before = last_at.filter(|_| !matches!(told.happening, Happening::Restart));
            last_at = told.seen.last().map(|seen| seen.fix.taken_at).or(known_before);
            changes.extend(told.changes);
        }
        prop_assert_eq!(in_any_order(&changes), in_any_order(&changes_of(&story)));
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
