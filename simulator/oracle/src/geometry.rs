//! Which fences hold a place, how far outside one it lies, and which ones a way meets.

mod boxes;
mod circle;
mod polygon;

pub(crate) use circle::sphere_m;

use crate::{Fence, Place, Shape};
use boxes::Boxes;
use circle::{Circle, Spot};
use polygon::Polygons;

/// All fences, by number.
#[derive(Debug, Default)]
pub(crate) struct Map {
    fences: Vec<Option<Fence>>,
    areas: Vec<Option<Area>>,
    boxes: Boxes,
}

#[derive(Debug)]
enum Area {
    Circle(Circle),
    Polygons(Polygons),
}

impl Map {
    pub(crate) fn new(fences: Vec<Option<Fence>>) -> Self {
        let areas: Vec<Option<Area>> =
            fences.iter().map(|fence| fence.as_ref().map(|fence| Area::of(&fence.shape))).collect();
        let boxes = Boxes::of(areas.iter().map(|area| area.as_ref().map(Area::bounds)));
        Self { fences, areas, boxes }
    }

    pub(crate) fn fence(&self, no: u32) -> Option<&Fence> {
        self.fences.get(no as usize)?.as_ref()
    }

    pub(crate) fn len(&self) -> usize {
        self.fences.len()
    }

    /// The fences that hold a place, ascending.
    pub(crate) fn holding(&self, at: Place, found: &mut Vec<u32>) {
        let spot = Spot::new(named_once(at));
        found.clear();
        self.boxes.holding(spot.place, |no| {
            if self.area(no).holds(&spot) {
                found.push(no);
            }
        });
        found.sort_unstable();
    }

    pub(crate) fn holds(&self, no: u32, at: Place) -> bool {
        self.area(no).holds(&Spot::new(named_once(at)))
    }

    /// Whether a place lies outside a fence by more than a margin.
    pub(crate) fn is_beyond(&self, no: u32, at: Place, margin_m: f64) -> bool {
        let at = named_once(at);
        match self.area(no) {
            Area::Circle(circle) => circle.is_beyond(&Spot::new(at), margin_m),
            Area::Polygons(polygons) => !polygons.hold(at) && polygons.border_is_beyond(at, margin_m),
        }
    }

    /// The fences that the straight way between two places meets, ascending.
    pub(crate) fn met(&self, from: Place, to: Place) -> Vec<u32> {
        let way = Way::between(named_once(from), named_once(to));
        let numbers = (0..).zip(&self.areas);
        let met = numbers.filter(|(_, area)| area.as_ref().is_some_and(|area| area.meets(&way)));
        met.map(|(no, _)| no).collect()
    }

    fn area(&self, no: u32) -> &Area {
        self.areas[no as usize].as_ref().expect("only fences that are there are asked about")
    }
}

impl Area {
    fn of(shape: &Shape) -> Self {
        match shape {
            Shape::Circle { centre, radius_m } => Self::Circle(Circle::new(*centre, *radius_m)),
            Shape::Polygons(polygons) => Self::Polygons(Polygons::new(polygons)),
        }
    }

    fn bounds(&self) -> Bounds {
        match self {
            Self::Circle(circle) => circle.bounds(),
            Self::Polygons(polygons) => polygons.bounds(),
        }
    }

    fn holds(&self, spot: &Spot) -> bool {
        match self {
            Self::Circle(circle) => circle.holds(spot),
            Self::Polygons(polygons) => polygons.hold(spot.place),
        }
    }

    fn meets(&self, way: &Way) -> bool {
        let bounds = self.bounds();
        let is_near = [-360.0, 0.0, 360.0].iter().any(|turn| bounds.meet(&way.turned(*turn).bounds()));
        is_near
            && match self {
                Self::Circle(circle) => circle.meets(way),
                Self::Polygons(polygons) => polygons.meet(way),
            }
    }
}

/// The antimeridian is 180 and never -180.
fn named_once(at: Place) -> Place {
    Place { lat: at.lat, lng: if at.lng == -180.0 { 180.0 } else { at.lng } }
}

/// Ranges of latitude and longitude; longitudes may reach beyond 180 on either side.
#[derive(Clone, Copy, Debug)]
struct Bounds {
    lat: (f64, f64),
    lng: (f64, f64),
}

impl Bounds {
    const NOTHING: Self =
        Self { lat: (f64::INFINITY, f64::NEG_INFINITY), lng: (f64::INFINITY, f64::NEG_INFINITY) };

    fn with(self, lat: f64, lng: f64) -> Self {
        Self {
            lat: (self.lat.0.min(lat), self.lat.1.max(lat)),
            lng: (self.lng.0.min(lng), self.lng.1.max(lng)),
        }
    }

    fn meet(&self, other: &Self) -> bool {
        let meet = |a: (f64, f64), b: (f64, f64)| a.0 <= b.1 && b.0 <= a.1;
        meet(self.lat, other.lat) && meet(self.lng, other.lng)
    }
}

/// The straight line in longitude and latitude between two places, the short way round.
#[derive(Clone, Copy, Debug)]
struct Way {
    from: Place,
    to: Place,
}

impl Way {
    fn between(from: Place, to: Place) -> Self {
        let step = to.lng - from.lng;
        let turn = if step < -180.0 {
            360.0
        } else if 180.0 < step {
            -360.0
        } else {
            0.0
        };
        Self { from, to: Place { lat: to.lat, lng: to.lng + turn } }
    }

    fn turned(&self, turn: f64) -> Self {
        let turned = |at: Place| Place { lat: at.lat, lng: at.lng + turn };
        Self { from: turned(self.from), to: turned(self.to) }
    }

    fn bounds(&self) -> Bounds {
        Bounds::NOTHING.with(self.from.lat, self.from.lng).with(self.to.lat, self.to.lng)
    }

    fn at(&self, share: f64) -> Place {
        let between = |a: f64, b: f64| a + (b - a) * share;
        Place { lat: between(self.from.lat, self.to.lat), lng: between(self.from.lng, self.to.lng) }
    }
}

#[cfg(test)]
mod tests;
