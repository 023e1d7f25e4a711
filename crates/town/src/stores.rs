//! Stores, their merchants and their fences.

use model::{FenceId, MerchantId, Meters, Position};

use crate::Point;
use crate::plane::Bounds;
use crate::streets::Stretch;

/// A store of a town, by its place in [`crate::Town::stores`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct StoreNo(pub u32);

impl StoreNo {
    /// For indexing.
    #[must_use]
    pub const fn slot(self) -> usize {
        self.0 as usize
    }
}

/// Who keeps stores.
#[derive(Clone, Debug)]
pub struct Merchant {
    /// The id.
    pub id: MerchantId,
    /// The public name.
    pub name: &'static str,
    /// What the stores sell, in one word.
    pub tag: &'static str,
}

/// The fence of a store.
#[derive(Clone, Debug)]
pub enum Shape {
    /// A circle.
    Circle {
        /// Its middle.
        centre: Position,
        /// Its radius.
        radius: Meters,
    },
    /// Rings, the first round the others: inside the first and in none of the others.
    ///
    /// A ring does not repeat its first position.
    Rings(Vec<Vec<Position>>),
}

/// A store and its fence.
#[derive(Clone, Debug)]
pub struct Store {
    /// The id of its fence.
    pub id: FenceId,
    /// The public name.
    pub name: String,
    /// Whose it is: a place in [`crate::Town::merchants`].
    pub merchant: usize,
    /// Labels, sorted.
    pub tags: Vec<&'static str>,
    /// Its fence.
    pub shape: Shape,
    /// Where its customers stand, and where a map may write.
    pub spot: Point,
    /// The fence on the plane: a circle about a point, or rings.
    pub(crate) outline: Outline,
    /// Its door, on the street.
    pub(crate) door: Point,
    /// The street that it stands on.
    pub(crate) stretch: Stretch,
}

/// A fence on the plane.
#[derive(Clone, Debug)]
pub(crate) enum Outline {
    Circle { centre: Point, radius_m: f64 },
    Rings(Vec<Vec<Point>>),
}

impl Store {
    /// The fence as closed lines on the plane, for drawing.
    #[must_use]
    pub fn lines(&self) -> Vec<Vec<Point>> {
        match &self.outline {
            Outline::Circle { centre, radius_m } => {
                let turn = |i: u32| f64::from(i) * core::f64::consts::TAU / 48.0;
                let point = |i| centre.moved(radius_m * turn(i).cos(), radius_m * turn(i).sin());
                vec![(0..=48).map(point).collect()]
            }
            Outline::Rings(rings) => {
                let closed = |ring: &Vec<Point>| ring.iter().chain(ring.first()).copied().collect();
                rings.iter().map(closed).collect()
            }
        }
    }

    /// Whether a true place is inside, as the town sees it.
    #[must_use]
    pub fn holds(&self, point: Point) -> bool {
        self.outline.holds(point)
    }

    /// The box round the fence.
    pub(crate) fn bounds(&self) -> Bounds {
        self.outline.bounds()
    }
}

impl Outline {
    pub(crate) fn holds(&self, point: Point) -> bool {
        match self {
            Self::Circle { centre, radius_m } => centre.distance_m(point) <= *radius_m,
            Self::Rings(rings) => rings.iter().filter(|ring| ring_holds(ring, point)).count() % 2 == 1,
        }
    }

    pub(crate) fn bounds(&self) -> Bounds {
        match self {
            Self::Circle { centre, radius_m } => Bounds::about(*centre, *radius_m),
            Self::Rings(rings) => {
                let corners = rings.iter().flatten().map(|corner| Bounds::about(*corner, 0.0));
                corners.reduce(Bounds::with).expect("a ring has corners")
            }
        }
    }
}

fn ring_holds(ring: &[Point], point: Point) -> bool {
    let mut inside = false;
    for (i, a) in ring.iter().enumerate() {
        let b = ring[(i + 1) % ring.len()];
        if (a.y_m <= point.y_m) != (b.y_m <= point.y_m) {
            let x_m = a.x_m + (point.y_m - a.y_m) / (b.y_m - a.y_m) * (b.x_m - a.x_m);
            inside ^= point.x_m < x_m;
        }
    }
    inside
}

const MERCHANTS: [(&str, &str, &str); 6] = [
    ("bean-leaf", "Bean & Leaf", "coffee"),
    ("corner-books", "Corner Books", "books"),
    ("good-crumb", "Good Crumb", "bakery"),
    ("spin-records", "Spin Records", "music"),
    ("green-cart", "Green Cart", "grocery"),
    ("stitch-co", "Stitch & Co", "clothes"),
];

pub(crate) fn merchants(n: u32) -> Vec<Merchant> {
    let named = MERCHANTS.into_iter().take(n as usize);
    let known = |(id, name, tag)| Merchant { id: MerchantId::new(id).expect("opaque"), name, tag };
    named.map(known).collect()
}
