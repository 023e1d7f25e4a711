//! The truth about visits: who was inside, from when until when.

use std::collections::BTreeMap;

use model::{Millis, Timestamp};

use crate::day::Leg;
use crate::plane::Bounds;
use crate::stores::{Outline, Store};
use crate::{PersonNo, Point, StoreNo, Town};

/// One true stay inside one fence, whether for a second or for hours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TruthVisit {
    /// Who.
    pub person: PersonNo,
    /// Where.
    pub store: StoreNo,
    /// From when on, to the millisecond.
    pub entered_at: Timestamp,
    /// Until when.
    pub left_at: Timestamp,
    /// Some of it was spent standing, not passing.
    pub stood: bool,
}

impl TruthVisit {
    /// How long it was.
    #[must_use]
    pub const fn lasted(&self) -> Millis {
        self.left_at.since(self.entered_at)
    }
}

/// The stays of somebody who goes along these legs, cut to the span; by time, then by store.
pub(crate) fn along(
    town: &Town,
    person: PersonNo,
    legs: impl Iterator<Item = Leg>,
    (from, to): (Timestamp, Timestamp),
) -> Vec<TruthVisit> {
    let mut visits = Vec::new();
    let mut open: BTreeMap<StoreNo, Option<TruthVisit>> = BTreeMap::new();
    for leg in legs.filter(|leg| from < leg.ends_at && leg.begins_at < to) {
        let way = Bounds::about(leg.from, 0.0).with(Bounds::about(leg.to, 0.0));
        for store_no in town.grid.touching(way) {
            for (entered_at, left_at) in spans_inside(&leg, &town.stores()[store_no.slot()]) {
                let stood = leg.from == leg.to;
                let visit = TruthVisit { person, store: store_no, entered_at, left_at, stood };
                join(open.entry(store_no).or_default(), visit, &mut visits);
            }
        }
    }
    visits.extend(open.into_values().flatten());
    visits.retain(|visit| from < visit.left_at && visit.entered_at < to);
    for visit in &mut visits {
        visit.entered_at = visit.entered_at.max(from);
        visit.left_at = visit.left_at.min(to);
    }
    visits.sort_by_key(|visit| (visit.entered_at, visit.store));
    visits
}

/// Lengthens the open visit, or closes it and opens the next.
fn join(open: &mut Option<TruthVisit>, visit: TruthVisit, closed: &mut Vec<TruthVisit>) {
    match open {
        Some(before) if visit.entered_at <= before.left_at => {
            before.left_at = before.left_at.max(visit.left_at);
            before.stood |= visit.stood;
        }
        Some(_) | None => closed.extend(open.replace(visit)),
    }
}

/// When somebody on a leg is inside, exact to the millisecond.
fn spans_inside(leg: &Leg, store: &Store) -> Vec<(Timestamp, Timestamp)> {
    if leg.from == leg.to {
        return if store.holds(leg.from) { vec![(leg.begins_at, leg.ends_at)] } else { Vec::new() };
    }
    let mut cuts = vec![0.0, 1.0];
    match &store.outline {
        Outline::Circle { centre, radius_m } => cut_circle(leg, *centre, *radius_m, &mut cuts),
        Outline::Rings(rings) => rings.iter().for_each(|ring| cut_ring(leg, ring, &mut cuts)),
    }
    cuts.sort_by(f64::total_cmp);
    let all_ms = leg.ends_at.since(leg.begins_at).ms() as f64;
    let at = |share: f64| leg.begins_at + Millis::new((share * all_ms).round() as i64);
    let inside = |pair: &&[f64]| store.holds(leg.from.towards(leg.to, (pair[0] + pair[1]) / 2.0));
    let pairs = cuts.windows(2).filter(|pair| pair[0] < pair[1]);
    pairs.filter(inside).map(|pair| (at(pair[0]), at(pair[1]))).collect()
}

fn cut_circle(leg: &Leg, centre: Point, radius_m: f64, cuts: &mut Vec<f64>) {
    let (dx, dy) = (leg.to.x_m - leg.from.x_m, leg.to.y_m - leg.from.y_m);
    let (fx, fy) = (leg.from.x_m - centre.x_m, leg.from.y_m - centre.y_m);
    let (a, b, c) = (dx * dx + dy * dy, fx * dx + fy * dy, fx * fx + fy * fy - radius_m * radius_m);
    let under_root = b * b - a * c;
    if 0.0 < under_root {
        let root = under_root.sqrt();
        cuts.extend([(-b - root) / a, (-b + root) / a].into_iter().filter(|cut| (0.0..=1.0).contains(cut)));
    }
}

fn cut_ring(leg: &Leg, ring: &[Point], cuts: &mut Vec<f64>) {
    let (dx, dy) = (leg.to.x_m - leg.from.x_m, leg.to.y_m - leg.from.y_m);
    for (i, a) in ring.iter().enumerate() {
        let b = ring[(i + 1) % ring.len()];
        let (ex, ey) = (b.x_m - a.x_m, b.y_m - a.y_m);
        let (gx, gy) = (a.x_m - leg.from.x_m, a.y_m - leg.from.y_m);
        let turn = dx * ey - dy * ex;
        if turn == 0.0 {
            continue;
        }
        let (along_leg, along_edge) = ((gx * ey - gy * ex) / turn, (gx * dy - gy * dx) / turn);
        if (0.0..=1.0).contains(&along_leg) && (0.0..=1.0).contains(&along_edge) {
            cuts.push(along_leg);
        }
    }
}
