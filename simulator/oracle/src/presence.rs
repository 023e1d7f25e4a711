//! One device: where it is, since when, and what a fix or time alone changes.

use crate::geometry::Map;
use crate::screening::{Track, Used};
use crate::{Fix, Kind, Place, Rules};

/// A change of presence.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Change {
    pub(crate) kind: Kind,
    pub(crate) fence: u32,
    /// Device time of the deciding fix, or of the timer.
    pub(crate) at_ms: i64,
    pub(crate) entered_at_ms: i64,
    pub(crate) initial: bool,
    /// Of an exit, why.
    pub(crate) reason: Option<&'static str>,
    /// The deciding fix may trigger something.
    pub(crate) is_fit: bool,
    pub(crate) speed_mps: Option<f64>,
    pub(crate) foreground: Option<bool>,
}

pub(crate) const LEFT: &str = "left";
pub(crate) const WITHDRAWN: &str = "consent_withdrawn";
const TIMED_OUT: &str = "timed_out";
const FENCE_MOVED: &str = "fence_moved";
const FENCE_REMOVED: &str = "fence_removed";

/// A stay in one fence.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Visit {
    pub(crate) fence: u32,
    pub(crate) entered_at_ms: i64,
    initial: bool,
    dwelled: bool,
    /// The last fix that decided lay inside.
    is_inside: bool,
    /// The first fix well inside since the last one outside.
    stays_since_ms: Option<i64>,
    /// The last fix well inside that said "still", unless one inside has not said it since.
    still_at_ms: Option<i64>,
    /// The last fix, if it lay inside.
    last_inside: Option<Used>,
    n_outside: u32,
    /// The fence was redrawn, and no fix lay inside the new shape yet.
    is_redrawn: bool,
}

/// A phone.
#[derive(Debug)]
pub(crate) struct Device {
    pub(crate) no: u32,
    pub(crate) track: Track,
    /// The last sign of life: device time of a used fix, server time of a repeated one.
    alive_at_ms: i64,
    /// What the next look finds was there before.
    pub(crate) is_new: bool,
    /// The edits of the fences before its last look.
    n_edits_seen: u32,
    /// By ascending fence.
    pub(crate) visits: Vec<Visit>,
    /// The fences that held the last used fix, and its accuracy.
    inside_before: Vec<u32>,
    accuracy_before_m: f64,
    /// Ways between fixes were looked at when that came.
    pub(crate) looked_for_crossings: bool,
    /// The timer that is set.
    pub(crate) armed_ms: i64,
}

/// How far a fix lies out of a fence.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Where {
    Inside,
    /// So little outside that nothing changes.
    InTheBand,
    Outside,
    /// The fix is too inexact to tell.
    Unknown,
}

/// All that is asked about fences.
#[derive(Clone, Copy)]
pub(crate) struct Ground<'a> {
    pub(crate) map: &'a Map,
    pub(crate) rules: &'a Rules,
    /// Of every fence the edit that drew it, counted from 1; 0 when it was there from the beginning.
    pub(crate) drawn_in: &'a [u32],
    pub(crate) n_edits: u32,
    pub(crate) crossings: bool,
}

impl Ground<'_> {
    fn decides(&self, fence: u32, accuracy_m: f64) -> bool {
        let radius_m = self.map.fence(fence).map_or(0.0, |fence| fence.radius_m);
        accuracy_m <= self.rules.accuracy_decides_max_m.max(radius_m)
    }

    fn locate(&self, fence: u32, fix: &Fix, is_inside: impl FnOnce() -> bool) -> Where {
        let accuracy_m = fix.accuracy_or_assumed_m();
        if !self.decides(fence, accuracy_m) {
            return Where::Unknown;
        }
        if is_inside() {
            return Where::Inside;
        }
        let radius_m = self.map.fence(fence).map_or(0.0, |fence| fence.radius_m);
        let margin_m = self.rules.exit_margin_m.max(radius_m / 10.0);
        let margin_m = margin_m + accuracy_m.min(self.rules.exit_accuracy_max_m);
        if self.map.is_beyond(fence, fix.at, margin_m) { Where::Outside } else { Where::InTheBand }
    }

    /// Whether a fix inside is evidence of a stay: eight points around it lie inside, too.
    fn is_well_inside(&self, fence: u32, fix: &Fix) -> bool {
        let accuracy_m = fix.accuracy_or_assumed_m().min(self.rules.exit_accuracy_max_m);
        let depth_m = self.rules.dwell_depth * accuracy_m;
        let holds = |bearing_deg: i32| self.map.holds(fence, beside(fix.at, depth_m, bearing_deg.into()));
        depth_m <= 0.0 || (0..360).step_by(45).all(holds)
    }
}

/// The place some metres away in a direction, on a plane whose degrees are as long as those of a sphere
/// are there. Beyond a pole is the pole, and beyond the antimeridian the other side of it.
fn beside(at: Place, meters: f64, bearing_deg: f64) -> Place {
    let degree_m = std::f64::consts::TAU * 6_371_008.8 / 360.0;
    let (east, north) = bearing_deg.to_radians().sin_cos();
    let shrunk = at.lat.to_radians().cos();
    let lng = at.lng + east * (meters / degree_m / shrunk).min(180.0);
    let lng = lng - 360.0 * f64::from(180.0 < lng) + 360.0 * f64::from(lng < -180.0);
    Place { lat: (at.lat + north * meters / degree_m).clamp(-90.0, 90.0), lng }
}

impl Visit {
    /// One that was stored: the evidence of a stay begins anew.
    pub(crate) const fn stored(fence: u32, entered_at_ms: i64, initial: bool, dwelled: bool) -> Self {
        Self {
            fence,
            entered_at_ms,
            initial,
            dwelled,
            is_inside: false,
            stays_since_ms: None,
            still_at_ms: None,
            last_inside: None,
            n_outside: 0,
            is_redrawn: false,
        }
    }

    fn change(&self, kind: Kind, at_ms: i64, deciding: Option<&Used>) -> Change {
        Change {
            kind,
            fence: self.fence,
            at_ms,
            entered_at_ms: self.entered_at_ms,
            initial: self.initial,
            reason: None,
            is_fit: deciding.is_some_and(|used| used.is_fit),
            speed_mps: deciding.and_then(|used| used.fix.speed_mps),
            foreground: deciding.and_then(|used| used.fix.foreground),
        }
    }

    fn exit(&self, at_ms: i64, reason: &'static str, deciding: Option<&Used>) -> Change {
        Change { reason: Some(reason), ..self.change(Kind::Exit, at_ms, deciding) }
    }

    /// Two fixes well inside far enough apart, and none outside between them, are a stay.
    fn stay(&mut self, used: &Used, ground: Ground<'_>) -> Option<Change> {
        let at_ms = used.fix.taken_at_ms;
        self.n_outside = 0;
        self.is_redrawn = false;
        self.is_inside = true;
        self.last_inside = Some(*used);
        let is_evidence = ground.is_well_inside(self.fence, &used.fix);
        if is_evidence {
            self.stays_since_ms.get_or_insert(at_ms);
        }
        self.still_at_ms = match (used.fix.still, is_evidence) {
            (true, true) => Some(at_ms),
            (true, false) => self.still_at_ms,
            (false, _) => None,
        };
        let has_stayed = |since_ms| ground.rules.dwell_ms <= at_ms - since_ms;
        if self.dwelled || !is_evidence || !self.stays_since_ms.is_some_and(has_stayed) {
            return None;
        }
        self.dwelled = true;
        Some(self.change(Kind::Dwell, at_ms, Some(used)))
    }

    /// Two clear fixes outside in a row end it; one in the band lets the count begin anew.
    fn stray(&mut self, used: &Used, is_clear: bool) -> Option<Change> {
        self.is_inside = false;
        self.stays_since_ms = None;
        self.still_at_ms = None;
        self.last_inside = None;
        self.n_outside = if is_clear { self.n_outside + 1 } else { 0 };
        if self.n_outside < 2 {
            return None;
        }
        // Whoever is out of a fence because that was moved did not leave it.
        let (reason, deciding) = if self.is_redrawn { (FENCE_MOVED, None) } else { (LEFT, Some(used)) };
        Some(self.exit(used.fix.taken_at_ms, reason, deciding))
    }

    /// When its dwell comes by timer: a fix well inside said that the device stands still.
    fn dwell_due_ms(&self, rules: &Rules) -> Option<i64> {
        let due_ms = self.stays_since_ms? + rules.dwell_ms;
        (!self.dwelled && due_ms <= self.still_at_ms? + rules.still_max_ms).then_some(due_ms)
    }

    /// Whether the last fix that decided lay inside.
    pub(crate) const fn is_inside(&self) -> bool {
        self.is_inside
    }
}

impl Device {
    pub(crate) const fn new(no: u32) -> Self {
        Self {
            no,
            track: Track { last: None, held: None, used_before: None },
            alive_at_ms: i64::MIN,
            is_new: true,
            n_edits_seen: 0,
            visits: Vec::new(),
            inside_before: Vec::new(),
            accuracy_before_m: 0.0,
            looked_for_crossings: false,
            armed_ms: i64::MAX,
        }
    }

    /// Device time of the last used fix.
    pub(crate) fn last_at_ms(&self) -> i64 {
        self.track.last.map_or(self.alive_at_ms, |last| last.taken_at_ms)
    }

    pub(crate) fn heard_at(&mut self, at_ms: i64) {
        self.alive_at_ms = self.alive_at_ms.max(at_ms);
    }

    /// A used fix. Changes come in this order: what time alone changed before it, then dwells and
    /// exits of open visits, then enters, then crossings, each by ascending fence.
    pub(crate) fn see(
        &mut self,
        used: &Used,
        inside: &[u32],
        ground: Ground<'_>,
        may_see: impl Fn(u32) -> bool,
        changes: &mut Vec<Change>,
    ) {
        let Ground { rules, .. } = ground;
        let at_ms = used.fix.taken_at_ms;
        let accuracy_m = used.fix.accuracy_or_assumed_m();
        self.pass_time(rules, at_ms, changes);
        self.heard_at(at_ms);
        self.visits.retain_mut(|visit| {
            let is_inside = || inside.binary_search(&visit.fence).is_ok();
            let change = match ground.locate(visit.fence, &used.fix, is_inside) {
                Where::Unknown => None,
                Where::Inside => visit.stay(used, ground),
                Where::InTheBand => visit.stray(used, false),
                Where::Outside => visit.stray(used, true),
            };
            changes.extend(change);
            change.is_none_or(|change| change.kind != Kind::Exit)
        });
        self.enter(used, inside, ground, changes);
        if ground.crossings {
            self.cross(used, inside, ground, may_see, changes);
            self.inside_before = inside.to_vec();
            self.accuracy_before_m = accuracy_m;
        }
        self.looked_for_crossings = ground.crossings;
        // A fix too inexact to decide has not looked: what the next one finds was there before.
        if accuracy_m <= rules.accuracy_decides_max_m {
            self.is_new = false;
            self.n_edits_seen = ground.n_edits;
        }
    }

    fn enter(&mut self, used: &Used, inside: &[u32], ground: Ground<'_>, changes: &mut Vec<Change>) {
        let accuracy_m = used.fix.accuracy_or_assumed_m();
        for &fence in inside {
            let Err(place) = self.visits.binary_search_by_key(&fence, |visit| visit.fence) else { continue };
            if !ground.decides(fence, accuracy_m) || ground.rules.visits_max <= self.visits.len() {
                continue;
            }
            let entered_at_ms = used.fix.taken_at_ms;
            let mut visit = Visit::stored(fence, entered_at_ms, self.finds_anew(fence, ground), false);
            visit.stay(used, ground);
            let reason = visit.initial.then_some("initial");
            changes.push(Change { reason, ..visit.change(Kind::Enter, entered_at_ms, Some(used)) });
            self.visits.insert(place, visit);
        }
    }

    /// What a device finds at its first look, or in a fence drawn since its last, was there before.
    fn finds_anew(&self, fence: u32, ground: Ground<'_>) -> bool {
        self.is_new || self.n_edits_seen < ground.drawn_in[fence as usize]
    }

    /// Both fixes outside and exact enough to say so, and the way between them meets the fence.
    fn cross(
        &self,
        used: &Used,
        inside: &[u32],
        ground: Ground<'_>,
        may_see: impl Fn(u32) -> bool,
        changes: &mut Vec<Change>,
    ) {
        let Some(before) = used.before.filter(|_| !self.is_new && self.looked_for_crossings) else { return };
        let at_ms = used.fix.taken_at_ms;
        let accuracy_m = used.fix.accuracy_or_assumed_m().max(self.accuracy_before_m);
        for fence in ground.map.met(before, used.fix.at) {
            let is_inside_somehow = self.visits.iter().any(|visit| visit.fence == fence)
                || inside.contains(&fence)
                || self.inside_before.contains(&fence);
            let is_clear = ground.decides(fence, accuracy_m) && !self.finds_anew(fence, ground);
            if may_see(fence) && is_clear && !is_inside_somehow {
                let passage = Visit::stored(fence, at_ms, false, false);
                changes.push(passage.change(Kind::Cross, at_ms, Some(used)));
            }
        }
    }

    /// What time alone changes up to an instant of the device's clock.
    pub(crate) fn pass_time(&mut self, rules: &Rules, until_ms: i64, changes: &mut Vec<Change>) {
        for visit in &mut self.visits {
            if let Some(due_ms) = visit.dwell_due_ms(rules).filter(|due_ms| *due_ms <= until_ms) {
                visit.dwelled = true;
                changes.push(visit.change(Kind::Dwell, due_ms, visit.last_inside.as_ref()));
            }
        }
        let silent_ms = self.alive_at_ms.saturating_add(rules.silence_max_ms);
        if silent_ms <= until_ms {
            changes.extend(self.visits.drain(..).map(|visit| visit.exit(silent_ms, TIMED_OUT, None)));
        }
    }

    /// Gives up a jump that nothing has confirmed or refuted for too long.
    pub(crate) fn give_up_held(&mut self, rules: &Rules, until_ms: i64) -> bool {
        let is_due = |held: &Fix| held.taken_at_ms.saturating_add(rules.silence_max_ms) <= until_ms;
        self.track.held.take_if(|held| is_due(held)).is_some()
    }

    /// The next instant at which time alone changes something.
    pub(crate) fn due_ms(&self, rules: &Rules) -> i64 {
        let silent_ms = self.alive_at_ms.saturating_add(rules.silence_max_ms);
        let silent_ms = if self.visits.is_empty() { i64::MAX } else { silent_ms };
        let held = self.track.held;
        let held_ms = held.map_or(i64::MAX, |held| held.taken_at_ms.saturating_add(rules.silence_max_ms));
        let dwells = self.visits.iter().filter_map(|visit| visit.dwell_due_ms(rules));
        dwells.fold(silent_ms.min(held_ms), i64::min)
    }

    /// Ends the visits in fences that may not be seen any more.
    pub(crate) fn close(&mut self, may_see: impl Fn(u32) -> bool, changes: &mut Vec<Change>) {
        let at_ms = self.last_at_ms();
        self.visits.retain(|visit| {
            let stays = may_see(visit.fence);
            changes.extend((!stays).then(|| visit.exit(at_ms, WITHDRAWN, None)));
            stays
        });
    }

    /// Nobody may know where it is.
    pub(crate) fn forget_place(&mut self) {
        self.track = Track::default();
        self.inside_before.clear();
        self.is_new = true;
    }

    /// An edit: ends the visits in fences that are gone or another merchant's, and in those that were
    /// drawn away from under the visitor; in other redrawn ones the evidence of a stay begins anew.
    pub(crate) fn edit(
        &mut self,
        ground: Ground<'_>,
        is_gone: impl Fn(u32) -> bool,
        is_redrawn: impl Fn(u32) -> bool,
        changes: &mut Vec<Change>,
    ) {
        let (at_ms, last) = (self.last_at_ms(), self.track.last);
        self.visits.retain_mut(|visit| {
            let fence = visit.fence;
            if is_gone(fence) {
                changes.push(visit.exit(at_ms, FENCE_REMOVED, None));
                return false;
            }
            if !is_redrawn(fence) {
                return true;
            }
            let is_inside = |last: &Fix| ground.map.holds(fence, last.at);
            let place = last.map(|last| ground.locate(fence, &last, || is_inside(&last)));
            if place == Some(Where::Outside) {
                changes.push(visit.exit(at_ms, FENCE_MOVED, None));
                return false;
            }
            visit.is_inside = place == Some(Where::Inside);
            visit.is_redrawn = !visit.is_inside;
            visit.n_outside = 0;
            let is_evidence = |last: &Fix| visit.is_inside && ground.is_well_inside(fence, last);
            visit.stays_since_ms = last.filter(is_evidence).map(|last| last.taken_at_ms);
            visit.still_at_ms = visit.still_at_ms.filter(|_| visit.stays_since_ms.is_some());
            visit.last_inside = visit.last_inside.filter(|_| visit.is_inside);
            true
        });
        self.inside_before.retain(|fence| !is_gone(*fence));
    }
}
