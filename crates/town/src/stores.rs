//! Stores, their merchants and their fences.

use std::collections::BTreeMap;

use model::{FenceId, MerchantId, Meters, Position};

use crate::chance::Chance;
use crate::plane::Bounds;
use crate::streets::{Streets, Stretch};
use crate::{Plan, Plane, Point};

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
        match &self.outline {
            Outline::Circle { centre, radius_m } => centre.distance_m(point) <= *radius_m,
            Outline::Rings(rings) => rings.iter().filter(|ring| ring_holds(ring, point)).count() % 2 == 1,
        }
    }
}

impl Store {
    /// The box round the fence.
    pub(crate) fn bounds(&self) -> Bounds {
        self.outline.bounds()
    }
}

impl Outline {
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

const STREETS: [&str; 24] = [
    "Mill Street",
    "Elm Street",
    "Ferry Road",
    "Main Street",
    "Canal Row",
    "Oak Avenue",
    "Tanner Lane",
    "Station Road",
    "River Street",
    "Market Square",
    "Hill Street",
    "Pine Avenue",
    "Bridge Street",
    "Garden Lane",
    "Harbor Street",
    "Lake Drive",
    "Spring Street",
    "West End",
    "Orchard Way",
    "Levee Road",
    "Park Row",
    "Summit Avenue",
    "Union Street",
    "Cedar Lane",
];

pub(crate) fn merchants(n: u32) -> Vec<Merchant> {
    let named = MERCHANTS.into_iter().take(n as usize);
    let known = |(id, name, tag)| Merchant { id: MerchantId::new(id).expect("opaque"), name, tag };
    named.map(known).collect()
}

/// From where an arcade's customers stand, its walls are at most so far.
const ARCADE_REACH_M: f64 = 130.0;

/// A fence before it has a name.
struct Site {
    outline: Outline,
    spot: Point,
    door: Point,
    stretch: Stretch,
}

/// Opens the stores: an arcade round a courtyard, a pair whose fences overlap, and the rest
/// wherever a street has room; fewer than planned when it has none.
pub(crate) fn open(
    plan: &Plan,
    streets: &Streets,
    merchants: &[Merchant],
    plane: Plane,
    chance: &mut Chance,
) -> Vec<Store> {
    let mut sites = Sites::new(plan);
    sites.push(arcade(streets));
    let mut order: Vec<Stretch> = (0..streets.ends().len() as Stretch).collect();
    chance.shuffle(&mut order);
    for crowding in [1.0, 0.8, 0.6, 0.45] {
        for &stretch in &order {
            if sites.all.len() == plan.n_stores as usize {
                break;
            }
            let site = beside(streets, stretch, plan.radius, chance);
            if sites.have_room_for(&site, crowding) {
                let pair = (sites.all.len() == 1).then(|| site.neighbour());
                sites.push(site);
                pair.into_iter().for_each(|site| sites.push(site));
            }
        }
    }
    let sites = sites.all;
    let mut stores: Vec<Store> =
        sites.into_iter().enumerate().map(|(no, site)| site.named(no, merchants, plane)).collect();
    stores.sort_by(|a, b| a.id.cmp(&b.id));
    stores
}

/// The sites that are taken, and which of them lie in which square.
struct Sites {
    all: Vec<Site>,
    squares: BTreeMap<(i32, i32), Vec<u32>>,
    square_m: f64,
}

impl Sites {
    fn new(plan: &Plan) -> Self {
        // No two fences that far apart can be in each other's way.
        let square_m = 2.0 * plan.radius.1.0.max(ARCADE_REACH_M);
        Self { all: Vec::new(), squares: BTreeMap::new(), square_m }
    }

    fn square(&self, point: Point) -> (i32, i32) {
        ((point.x_m / self.square_m).floor() as i32, (point.y_m / self.square_m).floor() as i32)
    }

    fn push(&mut self, site: Site) {
        let square = self.square(site.centre_and_reach().0);
        self.squares.entry(square).or_default().push(self.all.len() as u32);
        self.all.push(site);
    }

    fn have_room_for(&self, site: &Site, crowding: f64) -> bool {
        let (x, y) = self.square(site.centre_and_reach().0);
        let squares = (x - 1..=x + 1).flat_map(|x| (y - 1..=y + 1).map(move |y| (x, y)));
        let mut near = squares.filter_map(|square| self.squares.get(&square)).flatten();
        near.all(|&other| site.keeps_off(&self.all[other as usize], crowding))
    }
}

impl Site {
    fn centre_and_reach(&self) -> (Point, f64) {
        match &self.outline {
            Outline::Circle { centre, radius_m } => (*centre, *radius_m),
            Outline::Rings(_) => (self.spot, ARCADE_REACH_M),
        }
    }

    fn keeps_off(&self, other: &Self, crowding: f64) -> bool {
        let ((a, a_reach), (b, b_reach)) = (self.centre_and_reach(), other.centre_and_reach());
        (a_reach + b_reach) * crowding <= a.distance_m(b)
    }

    /// A second store further along the same street, so near that the fences overlap.
    fn neighbour(&self) -> Self {
        let (centre, radius_m) = self.centre_and_reach();
        let apart_m = radius_m * 0.7;
        let east_m = if self.spot.x_m < 0.0 { apart_m } else { -apart_m };
        let outline = Outline::Circle { centre: centre.moved(east_m, 0.0), radius_m: radius_m * 0.9 };
        let (spot, door) = (self.spot.moved(east_m, 0.0), self.door.moved(east_m * 0.6, 0.0));
        Self { outline, spot, door, stretch: self.stretch }
    }

    fn named(self, no: usize, merchants: &[Merchant], plane: Plane) -> Store {
        let merchant = no % merchants.len();
        let Merchant { id, name, tag } = &merchants[merchant];
        let branch = no / merchants.len() + 1;
        let mut tags = vec![*tag];
        if matches!(self.outline, Outline::Rings(_)) {
            tags.push("arcade");
        }
        tags.sort_unstable();
        let street = STREETS[no % STREETS.len()];
        let shape = match &self.outline {
            Outline::Circle { centre, radius_m } => {
                Shape::Circle { centre: plane.position(*centre), radius: Meters(*radius_m) }
            }
            Outline::Rings(rings) => {
                let positions = |ring: &Vec<Point>| ring.iter().map(|&at| plane.position(at)).collect();
                Shape::Rings(rings.iter().map(positions).collect())
            }
        };
        Store {
            id: FenceId::new(&format!("{}-{branch:02}", id.as_str())).expect("without control characters"),
            name: format!("{name}, {street}"),
            merchant,
            tags,
            shape,
            spot: self.spot,
            outline: self.outline,
            door: self.door,
            stretch: self.stretch,
        }
    }
}

/// Eight corners round a courtyard, a little out of square, at the middle of the town.
fn arcade(streets: &Streets) -> Site {
    let corner = streets.at(streets.nearest(Point::new(-60.0, -60.0)));
    let centre = corner.moved(100.0, 85.0);
    let ring = |reach: &[(f64, f64)]| {
        let turned = |&(x, y): &(f64, f64)| centre.moved(x * 0.995 - y * 0.1, x * 0.1 + y * 0.995);
        reach.iter().map(turned).collect::<Vec<_>>()
    };
    let walls = ring(&[
        (-105.0, -60.0),
        (-80.0, -85.0),
        (80.0, -85.0),
        (105.0, -60.0),
        (105.0, 60.0),
        (80.0, 85.0),
        (-80.0, 85.0),
        (-105.0, 60.0),
    ]);
    let courtyard = ring(&[(-35.0, -22.0), (35.0, -22.0), (35.0, 22.0), (-35.0, 22.0)]);
    let spot = centre.moved(-68.0, -8.0);
    let middle = |stretch: &Stretch| {
        let (from, to) = streets.ends()[*stretch as usize];
        streets.at(from).towards(streets.at(to), 0.5)
    };
    let all = 0..streets.ends().len() as Stretch;
    let stretch = all.min_by(|a, b| middle(a).distance_m(spot).total_cmp(&middle(b).distance_m(spot)));
    let stretch = stretch.expect("a town has streets");
    Site { outline: Outline::Rings(vec![walls, courtyard]), spot, door: middle(&stretch), stretch }
}

/// A store beside a stretch of street, with a circle round it.
fn beside(streets: &Streets, stretch: Stretch, (least, most): (Meters, Meters), chance: &mut Chance) -> Site {
    let (from, to) = streets.ends()[stretch as usize];
    let (from, to) = (streets.at(from), streets.at(to));
    let door = from.towards(to, chance.between(0.3, 0.7));
    let length_m = from.distance_m(to).max(1.0);
    let side_m = if chance.once_in(2.0) { 15.0 } else { -15.0 };
    let spot = door.moved(-(to.y_m - from.y_m) / length_m * side_m, (to.x_m - from.x_m) / length_m * side_m);
    // Two draws: most stores are small.
    let radius_m = chance.between(least.0, most.0).min(chance.between(least.0, most.0)).round();
    Site { outline: Outline::Circle { centre: spot, radius_m }, spot, door, stretch }
}
