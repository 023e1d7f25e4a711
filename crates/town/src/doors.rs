//! Which stores one passes on a stretch of street.

use crate::stores::Store;
use crate::streets::{Streets, Stretch};
use crate::{Point, StoreNo};

/// The stores of every stretch, in the order of their doors.
pub(crate) struct Doors {
    /// Where the doors of each stretch begin in `doors`, and one more for the end of the last.
    first: Vec<u32>,
    doors: Vec<Door>,
}

#[derive(Clone, Copy)]
pub(crate) struct Door {
    pub(crate) store: StoreNo,
    /// The share of the stretch that lies before it.
    pub(crate) share: f32,
}

impl Doors {
    pub(crate) fn of(streets: &Streets, stores: &[Store]) -> Self {
        let mut doors: Vec<(Stretch, Door)> = stores
            .iter()
            .enumerate()
            .map(|(no, store)| {
                let (from, to) = streets.ends()[store.stretch as usize];
                let share = share_of(store.door, streets.at(from), streets.at(to));
                (store.stretch, Door { store: StoreNo(no as u32), share })
            })
            .collect();
        doors.sort_by(|a, b| {
            a.0.cmp(&b.0).then(a.1.share.total_cmp(&b.1.share)).then(a.1.store.cmp(&b.1.store))
        });
        let mut first = vec![0_u32; streets.ends().len() + 1];
        for (stretch, _) in &doors {
            first[*stretch as usize + 1] += 1;
        }
        for no in 1..first.len() {
            first[no] += first[no - 1];
        }
        Self { first, doors: doors.into_iter().map(|(_, door)| door).collect() }
    }

    pub(crate) fn on(&self, stretch: Stretch) -> &[Door] {
        let [from, to] = [stretch, stretch + 1].map(|no| self.first[no as usize] as usize);
        &self.doors[from..to]
    }
}

/// How far along a line a point beside it lies.
fn share_of(point: Point, from: Point, to: Point) -> f32 {
    let (dx, dy) = (to.x_m - from.x_m, to.y_m - from.y_m);
    let along = (point.x_m - from.x_m) * dx + (point.y_m - from.y_m) * dy;
    (along / (dx * dx + dy * dy).max(1.0)).clamp(0.0, 1.0) as f32
}
