//! A town round fences that somebody else drew: no houses, but a street through every fence, and
//! ways from each to those nearest to it.

use std::collections::BTreeSet;

use model::{FenceId, Meters, Position};

use crate::grid::Grid;
use crate::plane::Bounds;
use crate::stores::{Outline, Shape, Store};
use crate::streets::{Crossing, Streets};
use crate::{Merchant, Plan, PlanFlaw, Plane, Point, Town};

/// A fence that is there already.
#[derive(Clone, Debug)]
pub struct Site {
    /// Its id.
    pub id: FenceId,
    /// The public name.
    pub name: String,
    /// Whose it is: a place in the list of merchants.
    pub merchant: usize,
    /// Its shape; of several polygons all rings in one list.
    pub shape: Shape,
}

/// From each fence there are ways to so many others.
const N_NEIGHBOURS: usize = 4;
/// A street begins and ends so far outside of its fence.
const OUTSIDE_M: f64 = 60.0;

impl Town {
    /// People who hop between given fences and stroll past them.
    ///
    /// Of the plan its seed, people, habits, phones, zone and hours count; centre, width and stores
    /// are those of the sites. People keep to the numbers of a plane: within 100 km of the middle of
    /// the sites the truth is right to 2 % of a fence's radius, further off it is worse.
    ///
    /// # Errors
    /// No sites or merchants, a site too near to a pole or the antimeridian, or what else is wrong
    /// with the plan.
    ///
    /// # Panics
    /// When a site's merchant is not in the list, or the sites do not ascend by id.
    pub fn around(plan: &Plan, merchants: Vec<Merchant>, sites: Vec<Site>) -> Result<Self, PlanFlaw> {
        assert!(sites.is_sorted_by(|a, b| a.id < b.id), "sites ascend by id");
        assert!(sites.iter().all(|site| site.merchant < merchants.len()), "a site's merchant is known");
        let extent = extent(&sites)?;
        let centre =
            Position::new((extent.south_m + extent.north_m) / 2.0, (extent.west_m + extent.east_m) / 2.0)
                .map_err(|_| PlanFlaw::Centre)?;
        let plane = Plane::at(centre);
        let mut stores: Vec<Store> = sites.into_iter().map(|site| site.opened(plane)).collect();
        let streets = streets(&mut stores);
        let all = stores.iter().map(Store::bounds).reduce(Bounds::with).expect("there are sites");
        let width = Meters((all.east_m - all.west_m).max((all.north_m - all.south_m) / 0.8));
        let plan = Plan { centre, width, ..plan.clone() };
        plan.check_people()?;
        Ok(Self::settled(&plan, plane, streets, merchants, stores))
    }
}

/// In degrees, for once.
fn extent(sites: &[Site]) -> Result<Bounds, PlanFlaw> {
    let corners = sites.iter().flat_map(|site| match &site.shape {
        Shape::Circle { centre, .. } => vec![*centre],
        Shape::Rings(rings) => rings.concat(),
    });
    let points = corners.map(|corner| Bounds::about(Point::new(corner.lng(), corner.lat()), 0.0));
    let extent = points.reduce(Bounds::with).ok_or(PlanFlaw::Stores)?;
    let is_mild = -75.0 <= extent.south_m && extent.north_m <= 75.0;
    let is_one_sided = -179.0 <= extent.west_m && extent.east_m <= 179.0;
    if is_mild && is_one_sided { Ok(extent) } else { Err(PlanFlaw::Centre) }
}

impl Site {
    fn opened(self, plane: Plane) -> Store {
        let outline = match &self.shape {
            Shape::Circle { centre, radius } => {
                Outline::Circle { centre: plane.point(*centre), radius_m: radius.0 }
            }
            Shape::Rings(rings) => {
                let points = |ring: &Vec<Position>| ring.iter().map(|&at| plane.point(at)).collect();
                Outline::Rings(rings.iter().map(points).collect())
            }
        };
        let spot = outline.spot();
        Store {
            id: self.id,
            name: self.name,
            merchant: self.merchant,
            tags: Vec::new(),
            shape: self.shape,
            spot,
            outline,
            door: spot,
            stretch: 0,
        }
    }
}

/// A street through every fence, from west to east or from south to north, and the ways between.
fn streets(stores: &mut [Store]) -> Streets {
    let (mut crossings, mut stretches) = (Vec::new(), Vec::new());
    for (no, store) in stores.iter_mut().enumerate() {
        let bounds = store.bounds();
        let aside_m = ((bounds.east_m - bounds.west_m) / 8.0).min(15.0);
        let ends = if no % 2 == 0 {
            store.door = store.spot.moved(0.0, -aside_m);
            [(bounds.west_m - OUTSIDE_M, store.door.y_m), (bounds.east_m + OUTSIDE_M, store.door.y_m)]
        } else {
            store.door = store.spot.moved(-aside_m, 0.0);
            [(store.door.x_m, bounds.south_m - OUTSIDE_M), (store.door.x_m, bounds.north_m + OUTSIDE_M)]
        };
        crossings.extend(ends.map(|(x_m, y_m)| Point::new(x_m, y_m)));
        store.stretch = no as u32;
        stretches.push((2 * no as Crossing, 2 * no as Crossing + 1));
    }
    stretches.extend(ways_between(stores, &crossings));
    Streets::between(crossings, stretches)
}

fn ways_between(stores: &[Store], crossings: &[Point]) -> BTreeSet<(Crossing, Crossing)> {
    let grid = Grid::of(stores);
    let mut ways = BTreeSet::new();
    for (no, store) in stores.iter().enumerate() {
        for other in grid.nearest(stores, store.spot, N_NEIGHBOURS + 1) {
            if other.slot() == no {
                continue;
            }
            let ends = |no: usize| [2 * no as Crossing, 2 * no as Crossing + 1];
            let pairs = ends(no).into_iter().flat_map(|a| ends(other.slot()).map(|b| (a, b)));
            let length_m =
                |&(a, b): &(Crossing, Crossing)| crossings[a as usize].distance_m(crossings[b as usize]);
            let shortest = pairs.min_by(|a, b| length_m(a).total_cmp(&length_m(b)));
            let (a, b) = shortest.expect("four pairs of ends");
            ways.insert((a.min(b), a.max(b)));
        }
    }
    ways
}

impl Outline {
    /// A place inside: the middle, or the middle of the widest part of some row.
    pub(crate) fn spot(&self) -> Point {
        let rings = match self {
            Self::Circle { centre, .. } => return *centre,
            Self::Rings(rings) => rings,
        };
        let bounds = self.bounds();
        let middle =
            Point::new((bounds.west_m + bounds.east_m) / 2.0, (bounds.south_m + bounds.north_m) / 2.0);
        if self.holds(middle) {
            return middle;
        }
        const N_ROWS: u32 = 32;
        let row = |no: u32| {
            let share = (f64::from(no) + 0.5) / f64::from(N_ROWS);
            let y_m = bounds.south_m + (bounds.north_m - bounds.south_m) * share;
            widest_in_row(rings, y_m)
        };
        let widest = (0..N_ROWS).filter_map(row).max_by(|a, b| a.0.total_cmp(&b.0));
        widest.map_or(middle, |(_, spot)| spot)
    }
}

/// The widest part inside along a row, and its middle.
fn widest_in_row(rings: &[Vec<Point>], y_m: f64) -> Option<(f64, Point)> {
    let mut xs = Vec::new();
    for ring in rings {
        for (no, a) in ring.iter().enumerate() {
            let b = ring[(no + 1) % ring.len()];
            if (a.y_m <= y_m) != (b.y_m <= y_m) {
                xs.push(a.x_m + (y_m - a.y_m) / (b.y_m - a.y_m) * (b.x_m - a.x_m));
            }
        }
    }
    xs.sort_by(f64::total_cmp);
    let parts =
        xs.chunks_exact(2).map(|part| (part[1] - part[0], Point::new((part[0] + part[1]) / 2.0, y_m)));
    parts.max_by(|a, b| a.0.total_cmp(&b.0))
}
