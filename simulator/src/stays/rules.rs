//! Four rules that say when somebody stays: ours, and what others do.

use model::{DeviceNo, FenceNo, Fix, Meters, Position, Timestamp, TransitionKind};
use presence::{Arrival, Presence, PresencePolicy, Surroundings};
use town::{Plane, Point};

use crate::stays::noise::Reading;
use crate::stays::people::{Circle, distance_m};

/// How long a stay makes a dwell, for every rule.
pub(super) const DWELL_MS: i64 = 180_000;

/// A dwell that was told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Told {
    pub(super) fence: usize,
    pub(super) at_ms: i64,
}

/// A fix, and how far outside each fence it lies; negative inside.
pub(super) struct Look<'a> {
    pub(super) reading: Reading,
    pub(super) fences: &'a [Circle],
    pub(super) outside_m: &'a [f64],
}

/// Says of one phone, fix by fix, where it dwells.
pub(super) trait Rule {
    fn look(&mut self, look: &Look<'_>, told: &mut Vec<Told>);
}

/// Crate `presence` with the shipped policy.
pub(super) struct Ours {
    presence: Presence,
    plane: Plane,
    changes: Vec<presence::Change>,
    inside: Vec<FenceNo>,
}

impl Ours {
    pub(super) fn new(plane: Plane) -> Self {
        let presence = Presence::new(PresencePolicy::default());
        Self { presence, plane, changes: Vec::new(), inside: Vec::new() }
    }
}

impl Rule for Ours {
    fn look(&mut self, look: &Look<'_>, told: &mut Vec<Told>) {
        const PHONE: DeviceNo = DeviceNo::new(0, 0);
        let Reading { at_ms, place, accuracy_m } = look.reading;
        let now = Timestamp::from_unix_ms(at_ms);
        let fix = Fix { accuracy: Some(Meters(accuracy_m)), ..Fix::at(now, self.plane.position(place)) };
        while self.presence.handle_timeout(&mut self.changes, now).is_some() {}
        let screening = self.presence.screen(PHONE, fix, now);
        let arrived = match screening.arrival {
            Arrival::Used(used) => Some(used),
            Arrival::Held | Arrival::Dropped(_) => None,
        };
        for used in screening.held.and_then(Result::ok).into_iter().chain(arrived) {
            // A fix that was held is compared with the fences where it lies.
            let here = self.plane.point(used.fix.position);
            let is_inside = |fence: &Circle| fence.outside_m(here) <= 0.0;
            let inside = (0..).zip(look.fences).filter(|(_, fence)| is_inside(fence));
            self.inside.clear();
            self.inside.extend(inside.map(|(no, _)| FenceNo(no)));
            let around = Around { plane: self.plane, here, fences: look.fences, inside: &self.inside };
            self.presence.update(PHONE, &used, &around, &mut self.changes);
        }
        let dwells = self.changes.drain(..).filter(|change| change.kind == TransitionKind::Dwell);
        told.extend(dwells.map(|dwell| Told { fence: dwell.fence.slot(), at_ms: dwell.at.unix_ms() }));
    }
}

struct Around<'a> {
    plane: Plane,
    here: Point,
    fences: &'a [Circle],
    inside: &'a [FenceNo],
}

impl Surroundings for Around<'_> {
    fn inside(&self) -> &[FenceNo] {
        self.inside
    }

    fn holds(&self, fence: FenceNo, position: Position) -> bool {
        self.fences[fence.slot()].outside_m(self.plane.point(position)) <= 0.0
    }

    fn distance_outside(&self, fence: FenceNo) -> Meters {
        Meters(self.fences[fence.slot()].outside_m(self.here).max(0.0))
    }

    fn radius(&self, fence: FenceNo) -> Meters {
        Meters(self.fences[fence.slot()].radius_m)
    }

    fn crossed(&self) -> Vec<FenceNo> {
        Vec::new()
    }
}

/// A fix inside after one outside is a visit, and told at once: no dwell, no accuracy, no memory.
pub(super) struct NaiveEnter {
    was_inside: Vec<bool>,
}

impl NaiveEnter {
    pub(super) fn new(n_fences: usize) -> Self {
        Self { was_inside: vec![false; n_fences] }
    }
}

impl Rule for NaiveEnter {
    fn look(&mut self, look: &Look<'_>, told: &mut Vec<Told>) {
        for (fence, was_inside) in self.was_inside.iter_mut().enumerate() {
            let is_inside = look.outside_m[fence] <= 0.0;
            if is_inside && !*was_inside {
                told.push(Told { fence, at_ms: look.reading.at_ms });
            }
            *was_inside = is_inside;
        }
    }
}

/// A visit of a rule that knows enter and exit.
#[derive(Clone, Copy, Default)]
struct Visit {
    entered_ms: Option<i64>,
    dwelled: bool,
}

/// Google Play services: what share of the accuracy's circle lies in the fence.
///
/// At least 85 % to enter and at most 15 % to leave, 75 and 25 % in fences below 100 m; in between
/// nothing changes. The dwell comes with the first fix that is no exit a loitering delay of three minutes
/// after the enter; a timer would tell it without looking again, and be wrong more often.
pub(super) struct OverlapBands {
    visits: Vec<Visit>,
}

impl OverlapBands {
    /// From this radius on a fence counts as a bigger one.
    const BIG_M: f64 = 100.0;

    pub(super) fn new(n_fences: usize) -> Self {
        Self { visits: vec![Visit::default(); n_fences] }
    }
}

impl Rule for OverlapBands {
    fn look(&mut self, look: &Look<'_>, told: &mut Vec<Told>) {
        let Reading { at_ms, accuracy_m, .. } = look.reading;
        for (fence, visit) in self.visits.iter_mut().enumerate() {
            let radius_m = look.fences[fence].radius_m;
            let (enters, leaves) = if radius_m < Self::BIG_M { (0.75, 0.25) } else { (0.85, 0.15) };
            let share = share_inside(look.outside_m[fence], radius_m, accuracy_m);
            match visit.entered_ms {
                None if enters <= share => visit.entered_ms = Some(at_ms),
                Some(_) if share <= leaves => *visit = Visit::default(),
                Some(entered_ms) if !visit.dwelled && entered_ms + DWELL_MS <= at_ms => {
                    visit.dwelled = true;
                    told.push(Told { fence, at_ms });
                }
                None | Some(_) => {}
            }
        }
    }
}

/// Radar: the accuracy's circle must lie wholly inside to enter, and wholly outside to leave; an
/// enter needs a stop, which is less than 70 m in 140 s; a dwell comes with the first fix three
/// minutes after the enter, once a visit.
pub(super) struct BufferedStops {
    visits: Vec<Visit>,
    /// Where and when the last move began.
    stop: Option<(Point, i64)>,
}

impl BufferedStops {
    const STOP_M: f64 = 70.0;
    const STOP_MS: i64 = 140_000;

    pub(super) fn new(n_fences: usize) -> Self {
        Self { visits: vec![Visit::default(); n_fences], stop: None }
    }
}

impl Rule for BufferedStops {
    fn look(&mut self, look: &Look<'_>, told: &mut Vec<Told>) {
        let Reading { at_ms, place, accuracy_m } = look.reading;
        let (anchor, since_ms) = *self.stop.get_or_insert((place, at_ms));
        let moved = Self::STOP_M <= distance_m(anchor, place);
        if moved {
            self.stop = Some((place, at_ms));
        }
        let has_stopped = !moved && Self::STOP_MS <= at_ms - since_ms;
        for (fence, visit) in self.visits.iter_mut().enumerate() {
            let outside_m = look.outside_m[fence];
            match visit.entered_ms {
                None if has_stopped && outside_m <= -accuracy_m => visit.entered_ms = Some(at_ms),
                Some(_) if accuracy_m <= outside_m => *visit = Visit::default(),
                Some(entered_ms) if !visit.dwelled && entered_ms + DWELL_MS <= at_ms => {
                    visit.dwelled = true;
                    told.push(Told { fence, at_ms });
                }
                None | Some(_) => {}
            }
        }
    }
}

/// What share of a circle lies in a fence whose rim is so far from its middle.
fn share_inside(outside_m: f64, fence_m: f64, circle_m: f64) -> f64 {
    let apart_m = outside_m + fence_m;
    if fence_m + circle_m <= apart_m {
        return 0.0;
    }
    if apart_m <= (fence_m - circle_m).abs() {
        return if circle_m <= fence_m { 1.0 } else { (fence_m / circle_m).powi(2) };
    }
    let (f2, c2, d2) = (fence_m * fence_m, circle_m * circle_m, apart_m * apart_m);
    let circle_half = ((d2 + c2 - f2) / (2.0 * apart_m * circle_m)).acos();
    let fence_half = ((d2 + f2 - c2) / (2.0 * apart_m * fence_m)).acos();
    let sectors = c2 * (circle_half - (2.0 * circle_half).sin() / 2.0)
        + f2 * (fence_half - (2.0 * fence_half).sin() / 2.0);
    sectors / (std::f64::consts::PI * c2)
}

#[cfg(test)]
mod tests {
    use super::*;

    const NEVER: [i64; 0] = [];
    const HERE: Circle = Circle { centre: Point { x_m: 0.0, y_m: 0.0 }, radius_m: 100.0 };

    /// Fixes (second, metres east of the centre, accuracy), and the seconds at which a dwell is told.
    fn check(rule: &mut dyn Rule, fixes: &[(i64, f64, f64)]) -> Vec<i64> {
        let mut told = Vec::new();
        for &(second, x_m, accuracy_m) in fixes {
            let place = Point { x_m, y_m: 0.0 };
            let reading = Reading { at_ms: second * 1_000, place, accuracy_m };
            rule.look(&Look { reading, fences: &[HERE], outside_m: &[HERE.outside_m(place)] }, &mut told);
        }
        told.iter().map(|told| told.at_ms / 1_000).collect()
    }

    #[test]
    fn naive_enter_tells_every_fix_inside_after_one_outside() {
        let fixes = [(0, 0.0, 9.0), (1, 0.0, 9.0), (2, 101.0, 9.0), (3, 99.0, 9.0)];
        assert_eq!(check(&mut NaiveEnter::new(1), &fixes), [0, 3]);
    }

    #[test]
    fn the_bands_enter_with_most_of_the_circle_inside_and_leave_with_little_of_it() {
        let bands = || OverlapBands::new(1);
        assert_eq!(check(&mut bands(), &[(0, 80.0, 20.0), (200, 80.0, 20.0), (400, 80.0, 20.0)]), [200]);
        // Half of it inside neither enters nor leaves.
        assert_eq!(check(&mut bands(), &[(0, 100.0, 20.0), (200, 100.0, 20.0), (400, 100.0, 20.0)]), NEVER);
        assert_eq!(check(&mut bands(), &[(0, 0.0, 20.0), (100, 100.0, 20.0), (200, 100.0, 20.0)]), [200]);
        assert_eq!(check(&mut bands(), &[(0, 0.0, 20.0), (100, 118.0, 20.0), (200, 0.0, 20.0)]), NEVER);
    }

    #[test]
    fn a_buffered_stop_needs_the_whole_circle_inside_and_two_minutes_on_one_spot() {
        let stops = || BufferedStops::new(1);
        let still = |x_m: f64| [0, 70, 150, 330, 500].map(|second| (second, x_m, 20.0));
        assert_eq!(check(&mut stops(), &still(80.0)), [330]);
        assert_eq!(check(&mut stops(), &still(81.0)), NEVER);
        let walking = [(0, -80.0, 9.0), (70, 0.0, 9.0), (150, 80.0, 9.0), (330, 0.0, 9.0)];
        assert_eq!(check(&mut stops(), &walking), NEVER);
    }

    #[test]
    fn ours_needs_three_minutes_well_inside_without_a_fix_outside() {
        let ours = || Ours::new(Plane::at(Position::new(44.0, -91.0).unwrap()));
        assert_eq!(check(&mut ours(), &[(0, 300.0, 9.0), (60, 0.0, 9.0), (240, 96.0, 9.0)]), [240]);
        assert_eq!(check(&mut ours(), &[(0, 300.0, 9.0), (60, 0.0, 9.0), (240, 97.0, 9.0)]), NEVER);
        assert_eq!(check(&mut ours(), &[(0, 0.0, 9.0), (100, 101.0, 9.0), (200, 0.0, 9.0)]), NEVER);
    }

    #[test]
    fn the_share_of_a_circle_inside_is_that_of_points_strewn_over_it() {
        for (outside_m, fence_m, circle_m) in [
            (0.0, 100.0, 30.0),
            (-20.0, 100.0, 30.0),
            (10.0, 60.0, 75.0),
            (-60.0, 60.0, 75.0),
            (29.0, 100.0, 30.0),
        ] {
            let (apart_m, n) = (outside_m + fence_m, 400);
            let step = 2.0 * circle_m / f64::from(n);
            let (mut n_in, mut n_all) = (0, 0);
            for i in 0..n * n {
                let (x, y) = (f64::from(i % n) * step - circle_m, f64::from(i / n) * step - circle_m);
                if x * x + y * y <= circle_m * circle_m {
                    n_all += 1;
                    n_in += i32::from((x + apart_m).powi(2) + y * y <= fence_m * fence_m);
                }
            }
            let (told, counted) =
                (share_inside(outside_m, fence_m, circle_m), f64::from(n_in) / f64::from(n_all));
            assert!((told - counted).abs() < 0.01, "{told} is not {counted}");
        }
    }
}
