//! A world of one dimension: fences and phones on one meridian, and a language to tell of them.
//!
//! A story is one event a line, with what presence is to answer behind `=>`:
//!
//! ```text
//! 0:00 at 150            => used
//! 1:00 at 0 acc 20       => used, enter shop
//! 4:00 at 0 still        => used, dwell shop
//! 90:00 wait             => exit shop timed_out
//! ```
//!
//! `at X` is a fix X metres north of the middle of the shop. Words behind it: `acc M`,
//! `speed MPS`, `still`, `mock`, `late SECS` (it arrives so much later than it was taken).
//! `wait` lets time pass; `restart` forgets all but the open visits, `forget` only where the phone was;
//! `look_anew` says that nobody let us see it till now; `crossings on` and `crossings off` begin and end to
//! look for crossings; `withdraw shop` closes a fence. An operator's edits are `reload` (the same fences
//! again), `remove park`, `add park` (where it lay at first, at the first free number), `move shop X`,
//! `resize shop METRES` and `renumber`, which turns the order of the fences round. `mute` behind a change says
//! that no offer may follow.

use model::{DeviceNo, ExitReason, FenceNo, Fix, Meters, Millis, Position, Timestamp, TransitionKind};
use presence::{Arrival, Change, Drop, OpenVisit, Presence, PresencePolicy, Redrawn, Surroundings, Used};

/// Name, middle and radius in metres, at first.
pub(crate) const FENCES: [(&str, f64, f64); 3] =
    [("shop", 0.0, 100.0), ("cafe", 1_000.0, 100.0), ("park", 6_000.0, 1_000.0)];
pub(crate) const PHONE: DeviceNo = DeviceNo::new(0, 0);
/// Whose records lie far from the first one's.
pub(crate) const OTHER_PHONE: DeviceNo = DeviceNo::new(5_000, 0);

const METERS_A_DEGREE: f64 = 111_195.08;

pub(crate) fn start() -> Timestamp {
    Timestamp::from_unix_ms(1_800_000_000_000)
}

pub(crate) fn place(x_m: f64) -> Position {
    Position::new(10.0 + x_m / METERS_A_DEGREE, 20.0).unwrap()
}

pub(crate) fn x_of(position: Position) -> f64 {
    (position.lat() - 10.0) * METERS_A_DEGREE
}

/// The fences that there are by number: the place in [`FENCES`], the middle and the radius.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Street(pub(crate) Vec<(usize, f64, f64)>);

impl Street {
    fn at_first() -> Self {
        Self((0..).zip(FENCES).map(|(home, (_, middle, radius))| (home, middle, radius)).collect())
    }

    fn numbered(&self) -> impl Iterator<Item = (FenceNo, (usize, f64, f64))> {
        (0..).map(FenceNo).zip(self.0.iter().copied())
    }

    pub(crate) fn no_of(&self, home: usize) -> Option<FenceNo> {
        self.fences().find(|(_, fence)| fence.0 == home).map(|(no, _)| no)
    }

    fn fences(&self) -> impl Iterator<Item = (FenceNo, (usize, f64, f64))> {
        self.numbered().filter(|(_, fence)| *fence != FREE)
    }

    fn outside(&self, fence: FenceNo, x_m: f64) -> Meters {
        let (_, middle, radius) = self.0[fence.slot()];
        Meters(((x_m - middle).abs() - radius).max(0.0))
    }
}

/// What stands at a number that no fence has: it holds nothing.
const FREE: (usize, f64, f64) = (usize::MAX, 0.0, f64::NEG_INFINITY);

struct Line<'a> {
    street: &'a Street,
    inside: Vec<FenceNo>,
    x_m: f64,
    from_m: Option<f64>,
}

impl<'a> Line<'a> {
    fn around(street: &'a Street, used: &Used) -> Self {
        let x_m = x_of(used.fix.position);
        let inside = street.numbered().filter(|(no, _)| street.outside(*no, x_m).0 <= 0.0);
        let inside = inside.map(|(no, _)| no).collect();
        Self { street, inside, x_m, from_m: used.previous.map(x_of) }
    }
}

impl Surroundings for Line<'_> {
    fn inside(&self) -> &[FenceNo] {
        &self.inside
    }

    fn holds(&self, fence: FenceNo, position: Position) -> bool {
        self.street.outside(fence, x_of(position)).0 <= 0.0
    }

    fn distance_outside(&self, fence: FenceNo) -> Meters {
        self.street.outside(fence, self.x_m)
    }

    fn radius(&self, fence: FenceNo) -> Meters {
        Meters(self.street.0[fence.slot()].2)
    }

    fn crossed(&self) -> Vec<FenceNo> {
        let Some(from_m) = self.from_m else { return Vec::new() };
        let (low, high) = (self.x_m.min(from_m), self.x_m.max(from_m));
        let meets = |middle: f64, radius: f64| low <= middle + radius && middle - radius <= high;
        let crossed = self.street.numbered().filter(|(_, (_, middle, radius))| meets(*middle, *radius));
        crossed.map(|(no, _)| no).collect()
    }
}

/// One street becomes another.
struct Edit<'a> {
    old: &'a Street,
    new: &'a Street,
    news: Vec<FenceNo>,
    touched: Option<Vec<FenceNo>>,
}

impl<'a> Edit<'a> {
    fn between(old: &'a Street, new: &'a Street) -> Self {
        let is_news = |fence: &(usize, f64, f64)| !old.0.contains(fence);
        let news: Vec<FenceNo> = new.fences().filter(|(_, fence)| is_news(fence)).map(|(no, _)| no).collect();
        let keeps =
            |(no, fence): (FenceNo, (usize, f64, f64))| new.no_of(fence.0).is_none_or(|new| new == no);
        let is_touched =
            |(no, fence): &(FenceNo, (usize, f64, f64))| new.no_of(fence.0).is_none() || news.contains(no);
        let touched =
            old.fences().all(keeps).then(|| old.fences().filter(is_touched).map(|(no, _)| no).collect());
        Self { old, new, news, touched }
    }
}

impl Redrawn for Edit<'_> {
    fn new_no(&self, old: FenceNo) -> Option<FenceNo> {
        self.old.0.get(old.slot()).and_then(|fence| self.new.no_of(fence.0))
    }

    fn news(&self) -> &[FenceNo] {
        &self.news
    }

    fn touched(&self) -> Option<&[FenceNo]> {
        self.touched.as_deref()
    }

    fn holds(&self, fence: FenceNo, position: Position) -> bool {
        self.new.outside(fence, x_of(position)).0 <= 0.0
    }

    fn distance_outside(&self, fence: FenceNo, position: Position) -> Meters {
        self.new.outside(fence, x_of(position))
    }

    fn radius(&self, fence: FenceNo) -> Meters {
        Meters(self.new.0[fence.slot()].2)
    }
}

/// A used fix, and what it told about the fences for which it decided, as they were numbered at first.
#[derive(Clone, Debug)]
pub(crate) struct Seen {
    pub(crate) fix: Fix,
    pub(crate) inside: Vec<FenceNo>,
    /// Where it lay neither inside nor clearly outside.
    between: Vec<FenceNo>,
    pub(crate) outside: Vec<FenceNo>,
}

impl Seen {
    fn by(fix: Fix, street: &Street) -> Self {
        let accuracy_m = fix.accuracy_or_assumed().0;
        let (mut inside, mut between, mut outside) = (Vec::new(), Vec::new(), Vec::new());
        for (no, (home, _, radius_m)) in street.fences() {
            let outside_m = street.outside(no, x_of(fix.position)).0;
            let margin_m = (radius_m / 10.0).max(20.0) + accuracy_m.min(50.0);
            if accuracy_m <= radius_m.max(100.0) {
                let side = match outside_m {
                    0.0 => &mut inside,
                    _ if outside_m <= margin_m => &mut between,
                    _ => &mut outside,
                };
                side.push(FenceNo(home as u32));
            }
        }
        Self { fix, inside, between, outside }
    }

    pub(crate) fn is_not_inside(&self, fence: FenceNo) -> bool {
        self.between.contains(&fence) || self.outside.contains(&fence)
    }
}

/// Phones, their guest book and what became of their fixes.
pub(crate) struct World {
    /// Whose fixes come.
    pub(crate) phone: DeviceNo,
    pub(crate) seen: Vec<Seen>,
    pub(crate) presence: Presence,
    pub(crate) street: Street,
    pub(crate) n_fixes: u64,
    pub(crate) n_used: u64,
    pub(crate) n_dropped: u64,
    pub(crate) n_timers: u64,
}

impl World {
    pub(crate) fn new(policy: PresencePolicy) -> Self {
        let (presence, street) = (Presence::new(policy), Street::at_first());
        Self {
            phone: PHONE,
            seen: Vec::new(),
            presence,
            street,
            n_fixes: 0,
            n_used: 0,
            n_dropped: 0,
            n_timers: 0,
        }
    }

    /// Gives a fix to presence as the engine does; what became of held and new fixes, and the changes.
    pub(crate) fn fix(&mut self, fix: Fix, now: Timestamp, changes: &mut Vec<Change>) -> Vec<&'static str> {
        self.n_fixes += 1;
        let mut told = Vec::new();
        let screening = self.presence.screen(self.phone, fix, now);
        if let Some(held) = screening.held {
            told.push(self.settled(held, changes));
        }
        told.push(match screening.arrival {
            Arrival::Used(used) => self.settled(Ok(used), changes),
            Arrival::Held => "held",
            Arrival::Dropped(drop) => self.settled(Err(drop), changes),
        });
        told
    }

    fn settled(&mut self, used: Result<Used, Drop>, changes: &mut Vec<Change>) -> &'static str {
        match used {
            Ok(used) => {
                self.n_used += 1;
                self.seen.push(Seen::by(used.fix, &self.street));
                self.presence.update(self.phone, &used, &Line::around(&self.street, &used), changes);
                "used"
            }
            Err(drop) => {
                self.n_dropped += 1;
                drop.word()
            }
        }
    }

    pub(crate) fn wait(&mut self, now: Timestamp, changes: &mut Vec<Change>) -> Vec<&'static str> {
        let (mut told, n_timers) = (Vec::new(), self.n_timers);
        while let Some(timed_out) = self.presence.handle_timeout(changes, now) {
            self.n_timers += 1;
            assert!(self.n_timers < n_timers + 1_000, "a timer that fired is gone");
            if timed_out.abandoned {
                told.push(self.settled(Err(Drop::Jump), changes));
            }
        }
        assert!(self.presence.poll_timeout().is_none_or(|due_at| now < due_at), "every due timer has fired");
        told
    }

    fn forget(&mut self, changes: &mut Vec<Change>) -> Vec<&'static str> {
        let abandoned = self.presence.forget_place(self.phone).then_some(Drop::Jump);
        abandoned.into_iter().map(|drop| self.settled(Err(drop), changes)).collect()
    }

    pub(crate) fn restart(&mut self, now: Timestamp) {
        let phones = [PHONE, OTHER_PHONE].into_iter();
        let open = phones.flat_map(|phone| self.presence.open_visits(phone).map(move |visit| (phone, visit)));
        let open: Vec<(DeviceNo, OpenVisit)> = open.collect();
        self.n_dropped += self.presence.n_held();
        self.presence = Presence::new(*self.presence.policy());
        for (phone, visit) in open {
            self.presence.resume(phone, visit);
        }
        self.presence.wake(now);
    }

    /// An operator edits the fences.
    pub(crate) fn edit(&mut self, new: Street, changes: &mut Vec<Change>) {
        let old = std::mem::replace(&mut self.street, new);
        let edit = Edit::between(&old, &self.street);
        self.presence.vacate(&edit, |_, change| changes.push(change));
        self.presence.renumber(&edit);
    }

    pub(crate) fn is_balanced(&self) -> bool {
        self.n_fixes == self.n_used + self.n_dropped + self.presence.n_held()
    }
}

/// Tells a story and compares every line's answer.
pub(crate) fn check(story: &str) {
    check_under(PresencePolicy::default(), story);
}

pub(crate) fn check_under(policy: PresencePolicy, story: &str) {
    let mut world = World::new(policy);
    for line in story.lines().map(str::trim).filter(|line| !line.is_empty()) {
        let (event, expected) = line.split_once("=>").unwrap_or((line, "nothing"));
        let answer = tell(&mut world, event);
        assert_eq!(answer, expected.trim(), "in the line: {line}");
        assert!(world.is_balanced(), "held fixes and outcomes balance in the line: {line}");
    }
}

fn tell(world: &mut World, event: &str) -> String {
    let mut words = event.split_whitespace();
    let now = start() + clock(words.next().expect("a line begins with a time"));
    let mut changes = Vec::new();
    let street = world.street.clone();
    let mut told = match words.next().expect("a line says what happens") {
        "at" => {
            let (fix, arrives_at) = fix(now, words);
            world.fix(fix, arrives_at, &mut changes)
        }
        "wait" => world.wait(now, &mut changes),
        "restart" => {
            world.restart(now);
            Vec::new()
        }
        "forget" => world.forget(&mut changes),
        "look_anew" => {
            world.presence.look_anew(PHONE);
            Vec::new()
        }
        "crossings" => {
            let yes = words.next() == Some("on");
            world.presence.look_for_crossings(yes);
            Vec::new()
        }
        "withdraw" => {
            let fence = street.no_of(home_of(&mut words)).expect("a fence that is there");
            let gone = |of| of == fence;
            world.presence.close(PHONE, ExitReason::ConsentWithdrawn, gone, &mut changes);
            Vec::new()
        }
        what => {
            world.edit(edited(street.clone(), what, &mut words), &mut changes);
            Vec::new()
        }
    }
    .into_iter()
    .map(String::from)
    .collect::<Vec<_>>();
    told.extend(changes.iter().map(|change| said(change, &street)));
    if told.is_empty() { "nothing".to_owned() } else { told.join(", ") }
}

fn fix<'a>(taken_at: Timestamp, mut words: impl Iterator<Item = &'a str>) -> (Fix, Timestamp) {
    let number = |words: &mut dyn Iterator<Item = &'a str>| -> f64 {
        words.next().and_then(|word| word.parse().ok()).expect("a number")
    };
    let position = match words.next().expect("a place") {
        "null_island" => Position::new(0.0, 0.0).unwrap(),
        x_m => place(x_m.parse().expect("metres")),
    };
    let mut fix = Fix { accuracy: Some(Meters(10.0)), ..Fix::at(taken_at, position) };
    let mut arrives_at = taken_at;
    while let Some(word) = words.next() {
        match word {
            "acc" => fix.accuracy = Some(Meters(number(&mut words))),
            "vague" => fix.accuracy = None,
            "speed" => fix.speed_mps = Some(number(&mut words) as f32),
            "late" => arrives_at = taken_at + Millis::from_secs(number(&mut words) as i64),
            "early" => arrives_at = taken_at - Millis::from_secs(number(&mut words) as i64),
            "still" => fix.still = true,
            "mock" => fix.mock = true,
            other => panic!("no fix is {other}"),
        }
    }
    (fix, arrives_at)
}

fn clock(text: &str) -> Millis {
    let (minutes, secs) = text.split_once(':').expect("a time is minutes:seconds");
    Millis::from_secs(minutes.parse::<i64>().unwrap() * 60 + secs.parse::<i64>().unwrap())
}

fn home_of<'a>(words: &mut impl Iterator<Item = &'a str>) -> usize {
    let name = words.next().expect("a fence");
    FENCES.iter().position(|(known, ..)| *known == name).expect("a fence of this world")
}

fn edited<'a>(mut street: Street, what: &str, words: &mut impl Iterator<Item = &'a str>) -> Street {
    if what == "reload" {
        return street;
    }
    if what == "renumber" {
        street.0.reverse();
        return street;
    }
    let home = home_of(words);
    let mut number = || words.next().and_then(|word| word.parse().ok()).expect("a number");
    match what {
        "remove" => street.0.iter_mut().filter(|fence| fence.0 == home).for_each(|fence| *fence = FREE),
        "add" => {
            let fence = (home, FENCES[home].1, FENCES[home].2);
            match street.0.iter_mut().find(|fence| **fence == FREE) {
                Some(free) => *free = fence,
                None => street.0.push(fence),
            }
        }
        "move" => street.0.iter_mut().filter(|fence| fence.0 == home).for_each(|fence| fence.1 = number()),
        "resize" => street.0.iter_mut().filter(|fence| fence.0 == home).for_each(|fence| fence.2 = number()),
        other => panic!("nobody knows what {other} means"),
    }
    street
}

fn said(change: &Change, street: &Street) -> String {
    let name = FENCES[street.0[change.fence.slot()].0].0;
    let mut said = format!("{} {name}", change.kind.word());
    if let Some(reason) = change.exit_reason.filter(|reason| *reason != ExitReason::Left) {
        said += &format!(" {}", reason.word());
    }
    if change.initial && change.kind == TransitionKind::Enter {
        said += " initial";
    }
    let ended_by_us = change.exit_reason.is_some_and(|reason| reason != ExitReason::Left);
    if !change.may_trigger && !ended_by_us {
        said += " mute";
    }
    said
}
