//! A made-up city, and its stores as fences.

use model::{FenceFacts, Meters};
use spatial_index::{Fence, Polygon, Ring, Shape};
use town::{Habit, Phones, Plan, Store, Town};

use super::WorldPlan;

/// So wide is a town in which every stretch of street has about one store, a metre for a store.
const WIDTH_OF_ONE_M: f64 = 200.0;
/// Narrower than this there is no town.
const WIDTH_MIN_M: f64 = 1_000.0;

/// A city that has room for the fences and no more, so that whoever walks passes many.
pub(super) fn city(plan: &WorldPlan) -> Plan {
    Plan {
        n_stores: plan.n_fences,
        n_merchants: plan.n_merchants,
        width: Meters((WIDTH_OF_ONE_M * f64::from(plan.n_fences).sqrt()).max(WIDTH_MIN_M).round()),
        radius: (Meters(30.0), Meters(110.0)),
        walled_once_in: Some(5),
        ..people(plan)
    }
}

/// The people of a city, wherever they live.
pub(super) fn people(plan: &WorldPlan) -> Plan {
    Plan {
        seed: plan.seed,
        n_people: plan.n_people,
        habits: Habit::CITY.into(),
        phones: Phones::Motley,
        ..Plan::default()
    }
}

pub(super) fn of_store(town: &Town, store: &Store) -> Fence {
    let shape = shape(store);
    let facts = FenceFacts {
        id: store.id.clone(),
        name: store.name.as_str().into(),
        merchant: Some(town.merchants()[store.merchant].id.clone()),
        tags: store.tags.iter().map(|tag| (*tag).into()).collect(),
        tz: Some(town.tz().into()),
        country: None,
        region: None,
        opening_hours: None,
        radius: shape.radius(),
    };
    Fence { facts, shape }
}

fn shape(store: &Store) -> Shape {
    match &store.shape {
        town::Shape::Circle { centre, radius } => Shape::Circle { center: *centre, radius: *radius },
        town::Shape::Rings(rings) => {
            let mut rings = rings.iter().map(|ring| Ring::through(ring).expect("a wall encloses an area"));
            let wall = rings.next().expect("a fence has a wall");
            Shape::Polygons(vec![Polygon::new(wall, rings.collect())])
        }
    }
}
