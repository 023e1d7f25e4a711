//! What if the evidence of a stay were another? Our rule once more, plainly, with knobs.

use model::{DeviceNo, Fix, Meters, Position, Timestamp};
use presence::{Arrival, Presence, PresencePolicy};
use town::Plane;

use crate::stays::noise::Reading;
use crate::stays::rules::{DWELL_MS, Look, Rule, Told};

/// What counts as evidence.
#[derive(Clone, Copy, Debug)]
pub(super) struct Evidence {
    /// A fix inside is evidence when it lies so many of its accuracies within the fence.
    pub(super) depth: f64,
    /// A fix that is not inside does not break the evidence so soon after one that was.
    pub(super) forgives_ms: i64,
}

impl Evidence {
    /// As crate `presence` has it.
    pub(super) const SHIPPED: Self = Self { depth: 0.4, forgives_ms: 0 };
}

/// Our rule with other evidence; the screening of fixes is the shipped one.
pub(super) struct WhatIf {
    evidence: Evidence,
    policy: PresencePolicy,
    screening: Presence,
    plane: Plane,
    visits: Vec<Option<Visit>>,
}

#[derive(Clone, Copy, Default)]
struct Visit {
    inside_since_ms: Option<i64>,
    inside_ms: i64,
    n_outside: u32,
    dwelled: bool,
    last_ms: i64,
}

impl WhatIf {
    pub(super) fn new(evidence: Evidence, plane: Plane, n_fences: usize) -> Self {
        let policy = PresencePolicy::default();
        Self { evidence, policy, screening: Presence::new(policy), plane, visits: vec![None; n_fences] }
    }

    fn take(&mut self, fix: &Fix, look: &Look<'_>, told: &mut Vec<Told>) {
        let (policy, evidence) = (self.policy, self.evidence);
        let (here, at_ms) = (self.plane.point(fix.position), fix.taken_at.unix_ms());
        let accuracy_m = fix.accuracy_or_assumed().0;
        let depth_m = evidence.depth * accuracy_m.min(policy.exit_accuracy_max.0);
        let around = beside(fix.position, depth_m).map(|point| self.plane.point(point));
        for (fence, (circle, visit)) in look.fences.iter().zip(&mut self.visits).enumerate() {
            if visit.is_some_and(|visit| visit.last_ms + policy.silence_max.ms() <= at_ms) {
                *visit = None;
            }
            if policy.accuracy_decides_max.0.max(circle.radius_m) < accuracy_m {
                if let Some(visit) = visit {
                    visit.last_ms = at_ms;
                }
                continue;
            }
            let outside_m = circle.outside_m(here);
            let margin_m = policy.exit_margin.0.max(circle.radius_m / 10.0);
            let is_clearly_outside = margin_m + accuracy_m.min(policy.exit_accuracy_max.0) < outside_m;
            if outside_m <= 0.0 {
                let visit = visit.get_or_insert_default();
                visit.inside_ms = at_ms;
                visit.n_outside = 0;
                visit.last_ms = at_ms;
                if around.iter().any(|point| 0.0 < circle.outside_m(*point)) {
                    continue;
                }
                let since_ms = *visit.inside_since_ms.get_or_insert(at_ms);
                if !visit.dwelled && DWELL_MS <= at_ms - since_ms {
                    visit.dwelled = true;
                    told.push(Told { fence, at_ms });
                }
            } else if let Some(open) = visit {
                if evidence.forgives_ms < at_ms - open.inside_ms {
                    open.inside_since_ms = None;
                }
                open.n_outside = if is_clearly_outside { open.n_outside + 1 } else { 0 };
                if 2 <= open.n_outside {
                    *visit = None;
                }
            }
            if let Some(visit) = visit {
                visit.last_ms = at_ms;
            }
        }
    }
}

/// Eight places so many metres away, by the degrees of a sphere.
fn beside(place: Position, meters: f64) -> [Position; 8] {
    let north_deg = (meters / 6_371_008.8).to_degrees();
    let east_deg = north_deg / place.lat().to_radians().cos();
    std::array::from_fn(|eighth| {
        let (east, north) = (eighth as f64 * 45.0).to_radians().sin_cos();
        let beside = Position::new(place.lat() + north * north_deg, place.lng() + east * east_deg);
        beside.expect("towns lie far from poles and antimeridian")
    })
}

impl Rule for WhatIf {
    fn look(&mut self, look: &Look<'_>, told: &mut Vec<Told>) {
        const PHONE: DeviceNo = DeviceNo::new(0, 0);
        let Reading { at_ms, place, accuracy_m } = look.reading;
        let now = Timestamp::from_unix_ms(at_ms);
        let fix = Fix { accuracy: Some(Meters(accuracy_m)), ..Fix::at(now, self.plane.position(place)) };
        let screening = self.screening.screen(PHONE, fix, now);
        if let Some(Ok(used)) = screening.held {
            self.take(&used.fix, look, told);
        }
        if let Arrival::Used(used) = screening.arrival {
            self.take(&used.fix, look, told);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stays::noise::Receiver;
    use crate::stays::people::Neighbourhood;
    use crate::stays::rules::Ours;

    #[test]
    fn with_the_shipped_evidence_it_tells_what_presence_tells() {
        let mut n_told = 0;
        for town_no in 0..8 {
            let people = Neighbourhood::settle(3, town_no).unwrap();
            for (no, step_s, sigma_m) in (0..20)
                .zip([5, 30, 150, 300].into_iter().cycle())
                .flat_map(|(no, step_s)| [5.0, 20.0, 50.0].map(|sigma_m| (no, step_s, sigma_m)))
            {
                let (mut person, mut receiver) =
                    (people.person(no), Receiver::new(sigma_m, people.seed, u64::from(no)));
                let plane = people.town().plane();
                let mut plain = WhatIf::new(Evidence::SHIPPED, plane, people.fences.len());
                let mut ours = Ours::new(plane);
                let (mut told, mut expected) = (Vec::new(), Vec::new());
                for at_ms in people.span_ms.clone().step_by(step_s * 1_000) {
                    let reading = receiver.take(person.place(at_ms), at_ms);
                    let outside_m: Vec<f64> =
                        people.fences.iter().map(|fence| fence.outside_m(reading.place)).collect();
                    let look = Look { reading, fences: &people.fences, outside_m: &outside_m };
                    plain.look(&look, &mut told);
                    ours.look(&look, &mut expected);
                }
                assert_eq!(told, expected, "town {town_no}, person {no}, {step_s} s, {sigma_m} m");
                n_told += told.len();
            }
        }
        assert!(100 < n_told, "{n_told}");
    }
}
