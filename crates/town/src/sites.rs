//! Where stores open: beside streets, round courtyards, as far as there is room.

use std::collections::BTreeMap;

use model::{FenceId, Meters};

use crate::chance::Chance;
use crate::stores::{Merchant, Outline, Shape, Store};
use crate::streets::{Streets, Stretch};
use crate::{Plan, Plane, Point};

/// From where an arcade's customers stand, its walls are hardly further.
const ARCADE_REACH_M: f64 = 130.0;
/// A town has an arcade for so many stores.
const STORES_AN_ARCADE: u32 = 400;
/// So many at most, for each looks at all streets for its place.
const ARCADES_MAX: u32 = 64;
/// Of so many stores along the streets one has a neighbour whose fence overlaps its own.
const SINGLES_A_PAIR: usize = 25;

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

/// Opens the stores: arcades round a courtyard, pairs whose fences overlap, and the rest
/// wherever a street has room; fewer than planned when it has none. Ascending by id.
pub(crate) fn open(
    plan: &Plan,
    streets: &Streets,
    merchants: &[Merchant],
    plane: Plane,
    chance: &mut Chance,
) -> Vec<Store> {
    let mut sites = Sites::new(plan);
    open_arcades(plan, streets, &mut sites);
    open_along(plan, streets, &mut sites, chance);
    let named = sites.all.into_iter().enumerate().map(|(no, site)| site.named(no, merchants, plane));
    let mut stores: Vec<Store> = named.collect();
    stores.sort_by(|a, b| a.id.cmp(&b.id));
    stores
}

/// One in the middle of the town, the others anywhere.
fn open_arcades(plan: &Plan, streets: &Streets, sites: &mut Sites) {
    sites.push(arcade(streets, Point::new(-60.0, -60.0)));
    let mut chance = Chance::of(&[plan.seed, 12]);
    for _ in 0..(plan.n_stores / STORES_AN_ARCADE).min(ARCADES_MAX) {
        let anywhere = streets.at(chance.below(streets.n_crossings()) as u32);
        let site = arcade(streets, anywhere);
        if sites.have_room_for(&site, 1.0) {
            sites.push(site);
        }
    }
}

fn open_along(plan: &Plan, streets: &Streets, sites: &mut Sites, chance: &mut Chance) {
    let n_stores = plan.n_stores as usize;
    let mut order: Vec<Stretch> = (0..streets.ends().len() as Stretch).collect();
    chance.shuffle(&mut order);
    let mut n_singles = 0;
    for crowding in [1.0, 0.8, 0.6, 0.45] {
        for &stretch in &order {
            if n_stores <= sites.all.len() {
                return;
            }
            let site = beside(streets, stretch, plan, chance);
            if sites.have_room_for(&site, crowding) {
                let pairs = n_singles % SINGLES_A_PAIR == 0 && sites.all.len() + 2 <= n_stores;
                let neighbour = pairs.then(|| site.neighbour());
                n_singles += 1;
                sites.push(site);
                neighbour.into_iter().for_each(|site| sites.push(site));
            }
        }
    }
}

/// A store before it has a name.
struct Site {
    outline: Outline,
    /// The middle of what it takes of the town, and how far that reaches.
    reach: (Point, f64),
    spot: Point,
    door: Point,
    stretch: Stretch,
    is_arcade: bool,
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
        let square_m = 2.0 * (WALLS_REACH * plan.radius.1.0).max(ARCADE_REACH_M);
        Self { all: Vec::new(), squares: BTreeMap::new(), square_m }
    }

    fn square(&self, point: Point) -> (i32, i32) {
        ((point.x_m / self.square_m).floor() as i32, (point.y_m / self.square_m).floor() as i32)
    }

    fn push(&mut self, site: Site) {
        let square = self.square(site.reach.0);
        self.squares.entry(square).or_default().push(self.all.len() as u32);
        self.all.push(site);
    }

    fn have_room_for(&self, site: &Site, crowding: f64) -> bool {
        let (x, y) = self.square(site.reach.0);
        let squares = (x - 1..=x + 1).flat_map(|x| (y - 1..=y + 1).map(move |y| (x, y)));
        let mut near = squares.filter_map(|square| self.squares.get(&square)).flatten();
        near.all(|&other| site.keeps_off(&self.all[other as usize], crowding))
    }
}

impl Site {
    /// Whether fences keep apart; where it is crowded they may overlap a little.
    fn keeps_off(&self, other: &Self, crowding: f64) -> bool {
        let ((a, a_reach), (b, b_reach)) = (self.reach, other.reach);
        (a_reach + b_reach) * crowding <= a.distance_m(b)
    }

    /// A second store further along the same street, so near that the fences overlap.
    fn neighbour(&self) -> Self {
        let (centre, reach_m) = self.reach;
        let apart_m = reach_m * 0.7;
        let east_m = if self.spot.x_m < 0.0 { apart_m } else { -apart_m };
        let (centre, radius_m) = (centre.moved(east_m, 0.0), reach_m * 0.9);
        Self {
            outline: Outline::Circle { centre, radius_m },
            reach: (centre, radius_m),
            spot: self.spot.moved(east_m, 0.0),
            door: self.door.moved(east_m * 0.6, 0.0),
            ..*self
        }
    }

    fn named(self, no: usize, merchants: &[Merchant], plane: Plane) -> Store {
        let merchant = no % merchants.len();
        let Merchant { id, name, tag } = &merchants[merchant];
        let branch = no / merchants.len() + 1;
        let mut tags = vec![*tag];
        tags.extend(self.is_arcade.then_some("arcade"));
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

/// Eight corners round a courtyard, a little out of square, by the crossing nearest to a place.
fn arcade(streets: &Streets, near: Point) -> Site {
    let corner = streets.at(streets.nearest(near));
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
    Site {
        outline: Outline::Rings(vec![walls, courtyard]),
        reach: (spot, ARCADE_REACH_M),
        spot,
        door: middle(&stretch),
        stretch,
        is_arcade: true,
    }
}

/// A store beside a stretch of street, with a circle round it, or walls.
fn beside(streets: &Streets, stretch: Stretch, plan: &Plan, chance: &mut Chance) -> Site {
    let (from, to) = streets.ends()[stretch as usize];
    let (from, to) = (streets.at(from), streets.at(to));
    let door = from.towards(to, chance.between(0.3, 0.7));
    let length_m = from.distance_m(to).max(1.0);
    let side_m = if chance.once_in(2.0) { 15.0 } else { -15.0 };
    let spot = door.moved(-(to.y_m - from.y_m) / length_m * side_m, (to.x_m - from.x_m) / length_m * side_m);
    // Two draws: most stores are small.
    let (least, most) = plan.radius;
    let radius_m = chance.between(least.0, most.0).min(chance.between(least.0, most.0)).round();
    let circle = Outline::Circle { centre: spot, radius_m };
    let (outline, reach_m) = match plan.walled_once_in {
        Some(n) if chance.once_in(f64::from(n)) => (walls(spot, radius_m, chance), WALLS_REACH * radius_m),
        Some(_) | None => (circle, radius_m),
    };
    Site { outline, reach: (spot, reach_m), spot, door, stretch, is_arcade: false }
}

/// The walls round a spot reach so many times as far as a circle would, at most.
const WALLS_REACH: f64 = 1.2;

/// Four to eight corners round a spot, each in a direction of its own and never half a turn from
/// the next, so that the spot is inside.
fn walls(spot: Point, radius_m: f64, chance: &mut Chance) -> Outline {
    const DIAGONAL: f64 = core::f64::consts::FRAC_1_SQRT_2;
    const DIRECTIONS: [(f64, f64); 8] = [
        (1.0, 0.0),
        (DIAGONAL, DIAGONAL),
        (0.0, 1.0),
        (-DIAGONAL, DIAGONAL),
        (-1.0, 0.0),
        (-DIAGONAL, -DIAGONAL),
        (0.0, -1.0),
        (DIAGONAL, -DIAGONAL),
    ];
    let mut ring = Vec::new();
    for (no, (x, y)) in DIRECTIONS.into_iter().enumerate() {
        let reach_m = radius_m * chance.between(0.7, WALLS_REACH);
        if no % 2 == 0 || chance.once_in(2.0) {
            ring.push(spot.moved(x * reach_m, y * reach_m));
        }
    }
    Outline::Rings(vec![ring])
}
