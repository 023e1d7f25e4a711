//! What the phones send, in the order in which it arrives.

use core::cmp::Reverse;
use core::ops::Range;
use std::collections::BinaryHeap;

use model::{Fix, Millis, Position, Timestamp};

use crate::chance::Chance;
use crate::day::{Day, Doing};
use crate::noise::Receiver;
use crate::{DAY, PersonNo, Town};

/// A fix on its way to the engine, and the truth behind it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Report {
    /// Whose.
    pub person: PersonNo,
    /// When the phone sends it: as soon as it is taken, or up to two minutes late.
    pub sent_at: Timestamp,
    /// What the phone says.
    pub fix: Fix,
    /// Where the person was when it was taken.
    pub truth: Position,
}

/// Reports, ascending by `sent_at`; those of one instant by person.
pub struct Reports<'a> {
    town: &'a Town,
    from: Timestamp,
    to: Timestamp,
    /// The first person whose phone is among these.
    first: PersonNo,
    phones: Vec<PhoneDay>,
    under_way: BinaryHeap<Reverse<UnderWay>>,
    n_taken: u64,
}

/// Late at most so long, so that a look back over it finds all that is under way.
const LATE_MAX: Millis = Millis::from_mins(2);

/// One fix in so many is sent late, or sent twice.
const LATE_ONCE_IN: f64 = 110.0;
const TWICE_ONCE_IN: f64 = 150.0;

/// The state of one phone within a day.
struct PhoneDay {
    receiver: Receiver,
    day_no: i64,
    day: Option<Day>,
    leg_no: usize,
    next_at: Timestamp,
    chance: Chance,
}

struct UnderWay {
    order: (Timestamp, PersonNo, u64),
    report: Report,
    /// The phone takes its next fix when this one has been sent.
    leads_on: bool,
}

impl PartialEq for UnderWay {
    fn eq(&self, other: &Self) -> bool {
        self.order == other.order
    }
}

impl Eq for UnderWay {}

impl PartialOrd for UnderWay {
    fn partial_cmp(&self, other: &Self) -> Option<core::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for UnderWay {
    fn cmp(&self, other: &Self) -> core::cmp::Ordering {
        self.order.cmp(&other.order)
    }
}

impl<'a> Reports<'a> {
    /// Of the people whose numbers lie in `people`.
    pub(crate) fn new(town: &'a Town, people: Range<u32>, from: Timestamp, to: Timestamp) -> Self {
        let first_day = town.day_of(from - LATE_MAX);
        let first = PersonNo(people.start);
        let phones = people.clone().map(|no| PhoneDay::wake(town, PersonNo(no), first_day));
        let phones = phones.collect();
        let mut reports = Self { town, from, to, first, phones, under_way: BinaryHeap::new(), n_taken: 0 };
        for no in people {
            reports.take_next(PersonNo(no));
        }
        reports
    }

    /// Takes fixes of a phone until one of them is sent at once.
    fn take_next(&mut self, person: PersonNo) {
        let (from, to) = (self.from - LATE_MAX, self.to);
        loop {
            let phone = &mut self.phones[person.slot() - self.first.slot()];
            let (report, twice) = phone.take(self.town, person);
            if to <= report.fix.taken_at {
                return;
            }
            if report.fix.taken_at < from {
                continue;
            }
            let late = report.fix.taken_at < report.sent_at;
            self.send(report, !late);
            if twice {
                self.send(Report { sent_at: report.sent_at + Millis::from_secs(2), ..report }, false);
            }
            if !late {
                return;
            }
        }
    }

    fn send(&mut self, report: Report, leads_on: bool) {
        self.n_taken += 1;
        let order = (report.sent_at, report.person, self.n_taken);
        self.under_way.push(Reverse(UnderWay { order, report, leads_on }));
    }
}

impl Iterator for Reports<'_> {
    type Item = Report;

    fn next(&mut self) -> Option<Report> {
        loop {
            let Reverse(UnderWay { report, leads_on, .. }) = self.under_way.pop()?;
            if leads_on {
                self.take_next(report.person);
            }
            if self.from <= report.sent_at && report.sent_at < self.to {
                return Some(report);
            }
        }
    }
}

impl PhoneDay {
    fn wake(town: &Town, person: PersonNo, day_no: i64) -> Self {
        let receiver = Receiver {
            seed: town.plan.seed,
            person: u64::from(person.0),
            phone: town.person(person).phone,
            plane: town.plane,
        };
        let mut phone =
            Self { receiver, day_no, day: None, leg_no: 0, next_at: Timestamp::MIN, chance: Chance::of(&[]) };
        phone.begin(town, day_no);
        phone
    }

    fn begin(&mut self, town: &Town, day_no: i64) {
        let midnight_at = town.midnight_at() + Millis::new(day_no * DAY.ms());
        self.chance = Chance::of(&[self.receiver.seed, 6, self.receiver.person, day_no.cast_unsigned()]);
        self.next_at = midnight_at + Millis::new((self.chance.unit() * 600_000.0) as i64);
        self.day_no = day_no;
        self.day = None;
        self.leg_no = 0;
    }

    /// Takes the next fix and says whether the phone will send it twice.
    fn take(&mut self, town: &Town, person: PersonNo) -> (Report, bool) {
        let next_midnight_at = town.midnight_at() + Millis::new((self.day_no + 1) * DAY.ms());
        if next_midnight_at <= self.next_at {
            self.begin(town, self.day_no + 1);
        }
        let day = self.day.get_or_insert_with(|| town.day(person, self.day_no));
        self.leg_no = day.leg_at(self.next_at, self.leg_no);
        let leg = &day.legs[self.leg_no];
        let taken_at = self.next_at;
        let fix = self.receiver.take(leg, taken_at, &mut self.chance);
        let truth = town.plane.position(leg.place(taken_at));
        let late = self.chance.once_in(LATE_ONCE_IN);
        let late_ms =
            if late { self.chance.between(15_000.0, LATE_MAX.ms() as f64 - 5_000.0) as i64 } else { 0 };
        let twice = self.chance.once_in(TWICE_ONCE_IN);
        let pause_s = self.receiver.phone.interval_s * self.chance.between(0.8, 1.2);
        self.next_at = match leg.doing {
            // At home the phone rests, and wakes when its owner leaves.
            Doing::AtHome => {
                let rest_s = self.chance.between(600.0, 1_200.0);
                let wakes_at = leg.ends_at + seconds(pause_s.min(8.0));
                (taken_at + seconds(rest_s)).min(wakes_at).max(taken_at + seconds(pause_s))
            }
            Doing::Walking | Doing::Riding | Doing::Driving | Doing::InStore(_) => {
                taken_at + seconds(pause_s)
            }
        };
        (Report { person, sent_at: taken_at + Millis::new(late_ms), fix, truth }, twice)
    }
}

fn seconds(seconds: f64) -> Millis {
    Millis::new((seconds * 1_000.0).round() as i64)
}
