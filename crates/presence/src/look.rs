//! What a used fix does to the visits of its device.

use std::num::NonZeroU32;

use model::{FenceNo, Fix, Meters, TransitionKind};

use crate::device::Device;
use crate::redrawn::Edits;
use crate::visit::Visit;
use crate::{Change, PresencePolicy, Surroundings, Used};

/// A used fix, and all that it is judged by.
pub(crate) struct Look<'a, S> {
    pub(crate) used: &'a Used,
    pub(crate) around: &'a S,
    pub(crate) policy: &'a PresencePolicy,
    pub(crate) edits: &'a Edits,
}

impl<S: Surroundings> Look<'_, S> {
    /// Whether a fix of some accuracy tells anything about a fence.
    fn decides(&self, fence: FenceNo, accuracy: Meters) -> bool {
        accuracy.0 <= self.policy.accuracy_decides_max.0.max(self.around.radius(fence).0)
    }

    fn accuracy(&self) -> Meters {
        self.used.fix.accuracy_or_assumed()
    }

    /// A change that this fix alone decides.
    fn decided(&self, change: Change) -> Change {
        let Fix { speed_mps, foreground, .. } = self.used.fix;
        Change { may_trigger: self.used.flag.is_none(), speed_mps, foreground, ..change }
    }
}

impl Device {
    /// Brings the visits up to date with a used fix.
    pub(crate) fn look<S: Surroundings>(&mut self, look: &Look<'_, S>, changes: &mut Vec<Change>) {
        // What came due by the device's clock comes first, however late the fix arrives.
        self.pass_time(look.policy, changes, look.used.fix.taken_at);
        self.heard(look.used.fix.taken_at);
        let seen = self.seen;
        // A fix too poor to decide has not looked: what the next one finds was there before.
        if look.accuracy() <= look.policy.accuracy_decides_max {
            self.seen = Some(look.edits.sight());
        }
        let is_nowhere = self.unsettled.is_none() && look.around.inside().is_empty();
        if is_nowhere && !look.policy.crossings {
            return;
        }
        self.stay_or_stray(look, changes);
        self.enter(look, seen, changes);
        if look.policy.crossings {
            self.cross(look, seen, changes);
        }
        self.tidy();
    }

    fn stay_or_stray<S: Surroundings>(&mut self, look: &Look<'_, S>, changes: &mut Vec<Change>) {
        let &Look { used, around, policy, .. } = look;
        let Some(unsettled) = &mut self.unsettled else { return };
        unsettled.visits.retain(|visit| {
            let fence = visit.open.fence;
            if !look.decides(fence, look.accuracy()) {
                return true;
            }
            let change = if around.inside().binary_search(&fence).is_ok() {
                visit.stay(used, policy, around)
            } else {
                visit.stray(used, around.distance_outside(fence), around.radius(fence), policy)
            };
            changes.extend(change);
            change.is_none_or(|change| change.kind != TransitionKind::Exit)
        });
    }

    fn enter<S: Surroundings>(
        &mut self,
        look: &Look<'_, S>,
        seen: Option<NonZeroU32>,
        changes: &mut Vec<Change>,
    ) {
        for fence in self.enterable(look) {
            let initial = look.edits.is_news(fence, seen);
            let visit = Visit::enter(fence, look.used, initial, look.policy, look.around);
            changes.push(look.decided(visit.change(TransitionKind::Enter, look.used.fix.taken_at)));
            self.unsettled_mut().visits.begin(visit);
        }
    }

    /// The fences that hold the fix and are not visited, as many as there is room for, ascending.
    fn enterable<S: Surroundings>(&self, look: &Look<'_, S>) -> Vec<FenceNo> {
        let is_enterable =
            |fence: &FenceNo| !self.is_visiting(*fence) && look.decides(*fence, look.accuracy());
        let mut fences: Vec<FenceNo> = look.around.inside().iter().copied().filter(is_enterable).collect();
        let room = look.policy.visits_max.saturating_sub(self.visits().len());
        if room < fences.len() {
            fences.sort_by(|one, other| look.around.precedence(*one, *other));
            fences.truncate(room);
            fences.sort_unstable();
        }
        fences
    }

    fn is_visiting(&self, fence: FenceNo) -> bool {
        self.visits().binary_search_by_key(&fence, |visit| visit.open.fence).is_ok()
    }

    /// Both fixes outside and exact enough to say so, and the way between them meets the fence.
    fn cross<S: Surroundings>(
        &mut self,
        look: &Look<'_, S>,
        seen: Option<NonZeroU32>,
        changes: &mut Vec<Change>,
    ) {
        let before = self.unsettled_mut().before.take();
        if let Some(before) = &before {
            let accuracy = Meters(look.accuracy().0.max(before.accuracy.0));
            for fence in look.around.crossed() {
                let is_at_an_end = before.inside.contains(&fence) || look.around.inside().contains(&fence);
                let is_plain = !look.edits.is_news(fence, seen) && look.decides(fence, accuracy);
                if is_plain && !is_at_an_end && !self.is_visiting(fence) {
                    let at = look.used.fix.taken_at;
                    changes.push(look.decided(Change::new(TransitionKind::Cross, fence, at)));
                }
            }
        }
        let mut now = before.unwrap_or_default();
        now.accuracy = look.accuracy();
        now.inside.clear();
        now.inside.extend_from_slice(look.around.inside());
        self.unsettled_mut().before = Some(now);
    }
}
