//! What presence answers beside its stories.

use std::cell::RefCell;

use model::{DeviceNo, FenceNo, Fix, Meters, Millis, Position, TransitionKind};
use presence::{Arrival, Drop, Flag, Presence, PresencePolicy, Surroundings};

use crate::world::{PHONE, World, place, start};

#[test]
fn a_degree_of_longitude_is_half_as_long_at_sixty_degrees_north() {
    let mut presence = Presence::new(PresencePolicy::default());
    let mut arrival = |secs, lng| {
        let at = start() + Millis::from_secs(secs);
        let fix = Fix { accuracy: Some(Meters(10.0)), ..Fix::at(at, Position::new(60.0, lng).unwrap()) };
        presence.screen(PHONE, fix, at).arrival
    };
    assert!(matches!(arrival(0, 10.0), Arrival::Used(_)));
    // 5,560 m.
    assert!(matches!(arrival(56, 10.1), Arrival::Used(_)));
    assert!(matches!(arrival(56 + 55, 10.0), Arrival::Held));
}

#[test]
fn a_phone_without_a_stay_sets_no_timer() {
    let mut world = World::new(PresencePolicy::default());
    for secs in 0..3 {
        let at = start() + Millis::from_secs(secs);
        world.fix(Fix::at(at, place(300.0)), at, &mut Vec::new());
        assert_eq!(world.presence.poll_timeout(), None);
    }
}

#[test]
fn a_change_tells_how_fast_the_deciding_fix_was() {
    let mut world = World::new(PresencePolicy::default());
    let mut changes = Vec::new();
    for (minute, x_m) in [(0, 300.0), (1, 0.0), (4, 0.0), (5, 300.0), (6, 300.0)] {
        let at = start() + Millis::from_mins(minute);
        world.fix(Fix { speed_mps: Some(minute as f32), ..Fix::at(at, place(x_m)) }, at, &mut changes);
    }
    let told: Vec<_> = changes.iter().map(|change| (change.kind, change.speed_mps)).collect();
    let (enter, dwell, exit) = (TransitionKind::Enter, TransitionKind::Dwell, TransitionKind::Exit);
    assert_eq!(told, [(enter, Some(1.0)), (dwell, Some(4.0)), (exit, Some(6.0))]);
}

#[test]
fn a_change_tells_whether_the_app_was_open_at_the_deciding_fix() {
    let mut world = World::new(PresencePolicy { crossings: true, ..PresencePolicy::default() });
    let mut changes = Vec::new();
    let (open, closed) = (Some(true), Some(false));
    let fixes = [
        (0, 300.0, closed),
        (1, 0.0, open),
        (2, 0.0, closed),
        (9, 0.0, open),
        (10, 300.0, open),
        (11, 300.0, closed),
        (12, -300.0, open),
        (13, 0.0, None),
    ];
    for (minute, x_m, foreground) in fixes {
        let at = start() + Millis::from_mins(minute);
        let still = minute == 2;
        world.fix(Fix { foreground, still, ..Fix::at(at, place(x_m)) }, at, &mut changes);
    }
    let told: Vec<_> = changes.iter().map(|change| (change.kind, change.foreground)).collect();
    use TransitionKind::{Cross, Dwell, Enter, Exit};
    // The dwell came by timer: what counts is the fix before it.
    assert_eq!(told, [(Enter, open), (Dwell, closed), (Exit, closed), (Cross, open), (Enter, None)]);
}

#[test]
fn a_phone_that_takes_the_place_of_another_knows_nothing_of_it() {
    let mut presence = Presence::new(PresencePolicy::default());
    let (first, second) = (DeviceNo::new(7, 0), DeviceNo::new(7, 1));
    let mut changes = Vec::new();
    for device in [first, second, first] {
        let fix = Fix::at(start(), place(0.0));
        let Arrival::Used(used) = presence.screen(device, fix, start()).arrival else {
            panic!("it is the first fix of its phone");
        };
        assert_eq!(used.previous, None);
        presence.update(device, &used, &Everywhere(RefCell::default()), &mut changes);
        assert_eq!((presence.n_open_visits(), presence.open_visits(device).count()), (1, 1));
    }
    assert_eq!(presence.open_visits(second).count(), 0);
    assert_eq!(
        changes.iter().filter(|change| change.kind == TransitionKind::Enter && change.initial).count(),
        3
    );
}

#[test]
fn phones_far_apart_in_number_are_told_apart() {
    let mut presence = Presence::new(PresencePolicy::default());
    let phones = [0, 1, 1_023, 1_024, 5_000, 70_000].map(|slot| DeviceNo::new(slot, 0));
    let mut arrivals = || {
        let fixes = (1..).zip(phones).map(|(i, phone)| (phone, start() + Millis::from_secs(i)));
        let arrivals =
            fixes.map(|(phone, at)| presence.screen(phone, Fix::at(at, place(0.0)), at).arrival).collect();
        presence.prefetch(phones.into_iter());
        arrivals
    };
    let first: Vec<Arrival> = arrivals();
    assert!(first.iter().all(|arrival| matches!(arrival, Arrival::Used(_))));
    assert_eq!(arrivals(), [Arrival::Dropped(Drop::Duplicate); 6], "each knows its own fix again");
}

#[test]
fn what_is_asked_about_a_phone_is_answered_by_its_last_fix() {
    let mut world = World::new(PresencePolicy::default());
    let (entered_at, left_at) = (start(), start() + Millis::from_mins(1));
    assert_eq!(world.presence.due_device(left_at), None);
    world.fix(Fix::at(entered_at, place(0.0)), entered_at, &mut Vec::new());
    assert!(world.presence.is_inside(PHONE, FenceNo(0), entered_at));
    assert!(!world.presence.is_inside(PHONE, FenceNo(0), left_at), "another visit");
    world.fix(Fix::at(left_at, place(300.0)), left_at, &mut Vec::new());
    assert!(!world.presence.is_inside(PHONE, FenceNo(0), entered_at));
    let silence = PresencePolicy::default().silence_max;
    assert_eq!(
        (world.presence.poll_timeout(), world.presence.n_open_visits()),
        (Some(entered_at + silence), 1)
    );
    assert_eq!(world.presence.due_device(entered_at + silence), None, "it was heard since");
    world.presence.handle_timeout(&mut Vec::new(), entered_at + silence);
    assert_eq!(world.presence.due_device(left_at + silence - Millis::new(1)), None);
    assert_eq!(world.presence.due_device(left_at + silence), Some(PHONE));
    let again = Fix::at(left_at, place(300.0));
    assert_eq!(world.fix(again, left_at, &mut Vec::new()), ["duplicate"]);
    world.presence.forget_place(PHONE);
    assert_eq!(world.fix(again, left_at, &mut Vec::new()), ["used"]);
}

/// One fence that holds everything, and the points that it was asked about.
struct Everywhere(RefCell<Vec<Position>>);

impl Surroundings for Everywhere {
    fn inside(&self) -> &[FenceNo] {
        &[FenceNo(0)]
    }

    fn holds(&self, _: FenceNo, position: Position) -> bool {
        self.0.borrow_mut().push(position);
        true
    }

    fn distance_outside(&self, _: FenceNo) -> Meters {
        Meters(0.0)
    }

    fn radius(&self, _: FenceNo) -> Meters {
        Meters(100.0)
    }

    fn crossed(&self) -> Vec<FenceNo> {
        Vec::new()
    }
}

#[test]
fn the_map_is_asked_about_eight_points_where_a_fix_can_begin_or_complete_a_dwell_and_else_about_none() {
    let mut presence = Presence::new(PresencePolicy::default());
    let mut n_asked = |secs, still| {
        let at = start() + Millis::from_secs(secs);
        let around = Everywhere(RefCell::default());
        let fix = Fix { still, ..Fix::at(at, place(0.0)) };
        if let Arrival::Used(used) = presence.screen(PHONE, fix, at).arrival {
            presence.update(PHONE, &used, &around, &mut Vec::new());
        }
        let mut asked = around.0.into_inner();
        asked.dedup();
        asked.len()
    };
    let steps = [(0, false), (60, false), (120, true), (179, false), (180, false), (240, true), (400, false)];
    assert_eq!(steps.map(|(secs, still)| n_asked(secs, still)), [8, 0, 8, 0, 8, 0, 0]);
}

#[test]
fn every_flag_has_a_word_of_its_own() {
    assert_eq!(Flag::ALL.map(Flag::word), ["late", "inaccurate", "mock"]);
}
