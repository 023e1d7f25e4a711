//! Which places lie near each other, anywhere on earth, and where somebody may live.

use model::Position;

use super::{CastFlaw, Persona, Place};
use crate::chance::Chance;
use crate::stores::Outline;
use crate::{Plane, Point, Shape};

/// Places in squares of degrees.
pub(super) struct Neighbourhood<'a> {
    places: &'a [Place],
    spots: Vec<Option<Spot>>,
    /// Row, column and place, ascending.
    squares: Vec<(i32, i32, u32)>,
    /// The places at which something is offered; all of them when nothing is offered anywhere.
    drawing: Vec<u32>,
}

/// Where one stands in a place, and how far it reaches from there.
#[derive(Clone, Copy)]
struct Spot {
    at: Position,
    reach_m: f64,
}

/// A place as one life knows it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Stop {
    /// Which.
    pub(super) place: usize,
    /// Where one stands in it.
    pub(super) spot: Point,
    /// The middle of its fence to its rim.
    pub(super) reach_m: f64,
}

/// A place to settle at, with the distances and numbers of those near it.
struct Found {
    score: usize,
    anchor: u32,
    near: Vec<(f64, u32)>,
}

/// Where a life is lived.
pub(super) struct Settled {
    pub(super) plane: Plane,
    /// The first is the one they are drawn to; nearest to it first.
    pub(super) stops: Vec<Stop>,
    pub(super) home: Point,
    /// An office, or wherever the day is spent; outside of fences.
    pub(super) work: Point,
    pub(super) midnight_at: model::Timestamp,
}

/// About a kilometre.
const SQUARE_DEGREES: f64 = 0.01;
/// So many places are tried to find one with enough others around it.
const N_TRIES: usize = 24;
/// Doorsteps keep so far away from fences.
const CLEAR_M: f64 = 120.0;
/// Through a larger fence even a walk takes as long as a stay.
const SMALL_M: f64 = 85.0;

impl<'a> Neighbourhood<'a> {
    pub(super) fn of(places: &'a [Place]) -> Result<Self, CastFlaw> {
        if places.is_empty() {
            return Err(CastFlaw::NoPlaces);
        }
        let spots: Vec<Option<Spot>> = places.iter().map(|place| spot_of(&place.shape)).collect();
        let square = |(no, spot): (usize, &Option<Spot>)| {
            let (row, column) = square_of((*spot)?.at);
            Some((row, column, no as u32))
        };
        let mut squares: Vec<_> = spots.iter().enumerate().filter_map(square).collect();
        squares.sort_unstable();
        if squares.is_empty() {
            return Err(CastFlaw::OffTheMap);
        }
        let numbers = || squares.iter().map(|(_, _, no)| *no);
        let mut drawing: Vec<u32> = numbers().filter(|no| 0 < places[*no as usize].n_offers).collect();
        if drawing.is_empty() {
            drawing = numbers().collect();
        }
        drawing.sort_unstable();
        Ok(Self { places, spots, squares, drawing })
    }

    /// Finds a home for somebody: the first of some drawn places that has what their life needs, or
    /// the one that comes nearest to it.
    pub(super) fn settle(&self, persona: Persona, chance: &mut Chance) -> Settled {
        let mut best: Option<Found> = None;
        for _ in 0..N_TRIES {
            let anchor = self.drawing[chance.below(self.drawing.len())];
            let near = self.nearest(anchor, persona);
            let score = self.score(persona, anchor, near.len());
            if best.as_ref().is_none_or(|best| best.score < score) {
                best = Some(Found { score, anchor, near });
            }
            if score == score_wanted(persona) {
                break;
            }
        }
        let Found { anchor, near, .. } = best.expect("at least one try");
        self.settled(anchor, &near, chance)
    }

    /// How well a place suits: for the loyal by how much it has to offer.
    fn score(&self, persona: Persona, anchor: u32, n_near: usize) -> usize {
        match persona {
            Persona::Loyal => self.places[anchor as usize].n_offers as usize,
            Persona::Commuter => {
                let is_small = self.spot(anchor).reach_m <= SMALL_M;
                n_near * (1 + usize::from(is_small))
            }
            Persona::MallGoer | Persona::Courier | Persona::NightWorker | Persona::Neighbour => n_near,
        }
    }

    fn spot(&self, no: u32) -> Spot {
        self.spots[no as usize].expect("a place on the map")
    }

    /// The places nearest to one, itself first.
    fn nearest(&self, anchor: u32, persona: Persona) -> Vec<(f64, u32)> {
        let n = persona.n_places_wanted();
        let mut reach_m: f64 = 500.0;
        loop {
            reach_m = (2.0 * reach_m).min(persona.reach_m());
            let mut near = self.within(self.spot(anchor).at, reach_m);
            if persona == Persona::Commuter {
                near.retain(|(_, no)| *no == anchor || self.spot(*no).reach_m <= SMALL_M);
            }
            if n <= near.len() || persona.reach_m() <= reach_m {
                near.sort_by(|a, b| {
                    a.0.total_cmp(&b.0).then((a.1 != anchor, a.1).cmp(&(b.1 != anchor, b.1)))
                });
                near.truncate(n);
                return near;
            }
        }
    }

    fn within(&self, at: Position, reach_m: f64) -> Vec<(f64, u32)> {
        let plane = Plane::at(at);
        let far = plane.position(Point::new(reach_m, reach_m));
        let ((row, column), (row_end, column_end)) = (square_of(at), square_of(far));
        let (rows, columns) = (row_end - row + 1, column_end - column + 1);
        let mut found = Vec::new();
        for row in row - rows..=row + rows {
            let first = self.squares.partition_point(|square| (square.0, square.1) < (row, column - columns));
            let of_row = self.squares[first..].iter();
            let of_row = of_row.take_while(|square| square.0 == row && square.1 <= column + columns);
            found.extend(of_row.filter_map(|&(.., no)| {
                let distance_m = plane.point(self.spot(no).at).distance_m(Point::new(0.0, 0.0));
                (distance_m <= reach_m).then_some((distance_m, no))
            }));
        }
        found
    }

    fn settled(&self, anchor: u32, near: &[(f64, u32)], chance: &mut Chance) -> Settled {
        let middle = self.spot(anchor).at;
        let plane = Plane::at(middle);
        let stop = |no: u32| {
            let spot = self.spot(no);
            Stop { place: no as usize, spot: plane.point(spot.at), reach_m: spot.reach_m }
        };
        let stops: Vec<Stop> = near.iter().map(|(_, no)| stop(*no)).collect();
        let around: Vec<Stop> = self.within(middle, 3_000.0).into_iter().map(|(_, no)| stop(no)).collect();
        let (first, last) = (stops[0].spot, stops.last().expect("the anchor itself").spot);
        Settled {
            plane,
            home: clear_of(&around, (first, last), chance),
            work: clear_of(&around, (last, first), chance),
            stops,
            midnight_at: self.places[anchor as usize].midnight_at,
        }
    }
}

const fn score_wanted(persona: Persona) -> usize {
    match persona {
        Persona::Loyal => usize::MAX,
        Persona::Commuter => 2 * persona.n_places_wanted(),
        Persona::MallGoer | Persona::Courier | Persona::NightWorker | Persona::Neighbour => {
            persona.n_places_wanted()
        }
    }
}

/// A point not far from another, no nearer to a third, and outside of all fences; where there is
/// none, the one drawn last.
fn clear_of(stops: &[Stop], (near, other): (Point, Point), chance: &mut Chance) -> Point {
    let mut point = near;
    for attempt in 0..64 {
        let least_m = 250.0 + 25.0 * f64::from(attempt);
        let (x, y) = (chance.quick_normal(), chance.quick_normal());
        let scale = chance.between(least_m, least_m + 300.0) / (x * x + y * y).sqrt().max(1e-9);
        point = near.moved(x * scale, y * scale);
        let is_on_its_side = near.distance_m(point) <= other.distance_m(point);
        if is_on_its_side && stops.iter().all(|stop| stop.reach_m + CLEAR_M <= stop.spot.distance_m(point)) {
            break;
        }
    }
    point
}

fn square_of(at: Position) -> (i32, i32) {
    ((at.lat() / SQUARE_DEGREES).floor() as i32, (at.lng() / SQUARE_DEGREES).floor() as i32)
}

/// None where no plane can be laid.
fn spot_of(shape: &Shape) -> Option<Spot> {
    let first = match shape {
        Shape::Circle { centre, .. } => *centre,
        Shape::Rings(rings) => *rings.first()?.first()?,
    };
    if 75.0 < first.lat().abs() || 179.0 < first.lng().abs() {
        return None;
    }
    let plane = Plane::at(first);
    let outline = match shape {
        Shape::Circle { centre, radius } => {
            return Some(Spot { at: *centre, reach_m: radius.0 });
        }
        Shape::Rings(rings) => Outline::Rings(
            rings.iter().map(|ring| ring.iter().map(|&at| plane.point(at)).collect()).collect(),
        ),
    };
    let spot = outline.spot();
    let bounds = outline.bounds();
    let (wide_m, high_m) = (bounds.east_m - bounds.west_m, bounds.north_m - bounds.south_m);
    Some(Spot { at: plane.position(spot), reach_m: (wide_m * wide_m + high_m * high_m).sqrt() / 2.0 })
}
