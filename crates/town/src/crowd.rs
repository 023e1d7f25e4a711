//! Where everybody truly is.

use model::Timestamp;

use crate::day::{Day, Doing};
use crate::{PersonNo, Point, Town};

/// Where one person is, and what they are doing.
#[derive(Clone, Copy, Debug)]
pub struct Spot {
    /// Where.
    pub at: Point,
    /// Doing what.
    pub doing: Doing,
}

/// Everybody's true place, asked at ascending times: keeps one day of each person.
pub struct Crowd<'a> {
    town: &'a Town,
    days: Vec<Option<(i64, Day, usize)>>,
}

impl<'a> Crowd<'a> {
    pub(crate) fn new(town: &'a Town) -> Self {
        Self { town, days: (0..town.people().len()).map(|_| None).collect() }
    }

    /// Where a person is. Cheap when the times ascend; right in any order.
    pub fn spot(&mut self, person: PersonNo, at: Timestamp) -> Spot {
        let day_no = self.town.day_of(at);
        let kept = &mut self.days[person.slot()];
        if kept.as_ref().is_none_or(|(kept_no, _, _)| *kept_no != day_no) {
            *kept = None;
        }
        let (_, day, leg_no) = kept.get_or_insert_with(|| (day_no, self.town.day(person, day_no), 0));
        if at < day.legs[*leg_no].begins_at {
            *leg_no = 0;
        }
        *leg_no = day.leg_at(at, *leg_no);
        let leg = &day.legs[*leg_no];
        Spot { at: leg.place(at), doing: leg.doing }
    }
}
