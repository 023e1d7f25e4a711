//! Random stories of phones, silences, restarts and edits, and what came of each step.

use std::collections::BTreeMap;

use model::{DeviceNo, ExitReason, FenceNo, Fix, Meters, Millis, Timestamp};
use presence::{Change, PresencePolicy};
use proptest::prelude::*;

use crate::world::{FENCES, OTHER_PHONE, PHONE, Seen, Street, World, place, start};

#[derive(Clone, Debug)]
pub(crate) enum Happening {
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

/// Seconds since the step before, whose it is, and what happens.
pub(crate) type Step = (i64, DeviceNo, Happening);

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
    prop_oneof![16 => Just(0), 2 => 0..1_200_i64, 2 => 0..30_000_i64, 1 => -120..0_i64]
}

/// The story of one phone.
pub(crate) fn stories() -> impl Strategy<Value = Vec<Step>> {
    stories_of(vec![PHONE])
}

/// A story of several phones.
pub(crate) fn stories_of(phones: Vec<DeviceNo>) -> impl Strategy<Value = Vec<Step>> {
    let secs = prop_oneof![6 => 1..200_i64, 1 => 0..5_000_i64];
    prop::collection::vec((secs, prop::sample::select(phones), happening()), 1..120)
}

/// One step of a story, and what came of it.
#[derive(Debug)]
pub(crate) struct Told {
    pub(crate) now: Timestamp,
    pub(crate) happening: Happening,
    /// The fix that came, and when.
    pub(crate) fix: Option<(Fix, Timestamp)>,
    /// What became of a held fix and of this one.
    pub(crate) outcomes: Vec<&'static str>,
    /// What was used, and where it lay.
    pub(crate) seen: Vec<Seen>,
    /// Fences are told by their numbers at first, which edits do not change.
    pub(crate) changes: Vec<Change>,
    /// The open visits of the phone, and when the last of them was seen.
    pub(crate) open: (usize, Option<Timestamp>),
    /// Fences that were drawn.
    pub(crate) drawn: Vec<usize>,
}

/// A world that is told a story, step by step.
pub(crate) struct Play {
    pub(crate) world: World,
    now: Timestamp,
    /// Nothing older comes of a phone of which a restart read nothing back: it would be told again.
    earliest: BTreeMap<DeviceNo, Timestamp>,
}

impl Play {
    pub(crate) fn new() -> Self {
        let policy = PresencePolicy { crossings: true, ..PresencePolicy::default() };
        Self { world: World::new(policy), now: start(), earliest: BTreeMap::new() }
    }

    pub(crate) fn step(&mut self, (secs, phone, happening): &Step) -> Told {
        let street = self.world.street.clone();
        self.now = self.now + Millis::from_secs(*secs);
        self.world.phone = *phone;
        let (now, mut changes) = (self.now, Vec::new());
        let fix = self.fix_of(happening);
        let outcomes = match (happening, fix) {
            (_, Some((fix, arrives_at))) => self.world.fix(fix, arrives_at, &mut changes),
            (Happening::Wait, None) => self.world.wait(now, &mut changes),
            (other, None) => {
                self.interfere(other, &mut changes);
                Vec::new()
            }
        };
        assert!(self.world.is_balanced(), "held fixes and outcomes balance");
        let at_home = |change: Change| Change { fence: home_of(&street, change.fence), ..change };
        let open = || self.world.presence.open_visits(*phone);
        let open = (open().count(), open().map(|visit| visit.last_at).max());
        let is_drawn = |fence: &&(usize, f64, f64)| !street.0.contains(fence);
        Told {
            now,
            happening: happening.clone(),
            fix,
            outcomes,
            seen: std::mem::take(&mut self.world.seen),
            changes: changes.into_iter().map(at_home).collect(),
            open,
            drawn: self.world.street.0.iter().filter(is_drawn).map(|fence| fence.0).collect(),
        }
    }

    fn fix_of(&self, happening: &Happening) -> Option<(Fix, Timestamp)> {
        match *happening {
            Happening::Fix { x_m, accuracy_m, still, mock, late_secs } => {
                let accuracy = Some(Meters(accuracy_m));
                let fix = Fix { accuracy, still, mock, ..Fix::at(self.now, place(x_m)) };
                // A phone that stores fixes sends them later; time does not go back for that.
                Some((fix, self.now + Millis::from_secs(late_secs)))
            }
            Happening::Old { secs, x_m } => {
                let taken_at = self.now - Millis::from_secs(secs);
                let earliest = self.earliest.get(&self.world.phone).copied().unwrap_or(start());
                let taken_at = taken_at.max(earliest + Millis::from_secs(1));
                Some((Fix::at(taken_at, place(x_m)), self.now.max(taken_at)))
            }
            Happening::Wait | Happening::Restart | Happening::Edit(_) | Happening::Withdraw => None,
        }
    }

    fn interfere(&mut self, happening: &Happening, changes: &mut Vec<Change>) {
        match happening {
            Happening::Restart => {
                self.world.restart(self.now);
                for phone in [PHONE, OTHER_PHONE] {
                    if self.world.presence.open_visits(phone).next().is_none() {
                        self.earliest.insert(phone, self.now);
                    }
                }
            }
            Happening::Edit(fences) => {
                let fence =
                    |(home, shift_m): &(usize, f64)| (*home, FENCES[*home].1 + shift_m, FENCES[*home].2);
                self.world.edit(Street(fences.iter().map(fence).collect()), changes);
            }
            Happening::Withdraw => {
                let (reason, shop) = (ExitReason::ConsentWithdrawn, self.world.street.no_of(0));
                let gone = |fence| Some(fence) == shop;
                self.world.presence.close(self.world.phone, reason, gone, changes);
            }
            Happening::Fix { .. } | Happening::Old { .. } | Happening::Wait => {}
        }
    }

    /// The fences in which a phone is, as they were numbered at first.
    pub(crate) fn open_homes(&self, phone: DeviceNo) -> Vec<FenceNo> {
        let open = self.world.presence.open_visits(phone);
        let mut homes: Vec<_> = open.map(|visit| home_of(&self.world.street, visit.fence)).collect();
        homes.sort_unstable();
        homes
    }
}

fn home_of(street: &Street, fence: FenceNo) -> FenceNo {
    FenceNo(street.0[fence.slot()].0 as u32)
}

/// Tells a story from its beginning to its end.
pub(crate) fn play(story: &[Step]) -> (Play, Vec<Told>) {
    let mut play = Play::new();
    let told = story.iter().map(|step| play.step(step)).collect();
    (play, told)
}

/// All changes of a story.
pub(crate) fn changes_of(story: &[Step]) -> Vec<Change> {
    play(story).1.into_iter().flat_map(|told| told.changes).collect()
}
