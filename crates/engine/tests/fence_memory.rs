//! What edits of the fences leave behind. A process of its own: memory is measured for all of it.

use std::sync::Arc;

use engine::{Alteration, Edits, Engine, House, Policy};
use model::{FenceFacts, FenceId, Meters, Position, Timestamp};
use offers::Catalogue;
use spatial_index::{Fence, Shape};

const N_FENCES: u32 = 20_000;

fn fence(i: u32, radius_m: f64) -> Fence {
    let facts = FenceFacts {
        id: FenceId::new(&format!("shop-{i:06}")).unwrap(),
        name: "Shop".into(),
        merchant: None,
        tags: Vec::new(),
        tz: None,
        country: None,
        region: None,
        opening_hours: None,
        radius: Meters(radius_m),
    };
    let place = Position::new(40.0 + f64::from(i / 200) * 0.01, 10.0 + f64::from(i % 200) * 0.01);
    Fence { facts, shape: Shape::Circle { center: place.unwrap(), radius: Meters(radius_m) } }
}

fn resident_bytes() -> usize {
    let pages = std::fs::read_to_string("/proc/self/statm").unwrap();
    pages.split_whitespace().nth(1).and_then(|n| n.parse::<usize>().ok()).unwrap() * 4_096
}

/// Moves, adds and removes fences in turn, and goes back now and then, as a server does.
fn edit(engine: &mut Engine, before: &mut Arc<House>, i: u32) {
    let house = engine.house().clone();
    let no = i * 7_919 % N_FENCES;
    let put = |fence: Fence| Edits::from([(fence.facts.id.clone(), Some(fence))]);
    let edits = match i % 4 {
        0 => put(fence(no, 50.0 + f64::from(i % 37))),
        1 => put(fence(N_FENCES + i % 8, 80.0)),
        2 => Edits::from([(fence(N_FENCES + (i - 1) % 8, 80.0).facts.id, None)]),
        _ => Edits::new(),
    };
    let alteration = if edits.is_empty() {
        Alteration::between(house.clone(), before.clone())
    } else {
        Alteration::edit(&house, edits).unwrap()
    };
    assert!(alteration.keeps_numbers());
    engine.handle_alteration(&alteration, Timestamp::from_unix_ms(i64::from(i)));
    *before = house;
}

#[test]
fn g17_a_thousand_edits_of_the_fences_leave_memory_as_it_was() {
    let fences = (0..N_FENCES).map(|i| fence(i, 100.0)).collect();
    let mut before = Arc::new(House::new(fences, Catalogue::default()).unwrap());
    let mut engine = Engine::new(before.clone(), Policy::default());
    (0..2_000).for_each(|i| edit(&mut engine, &mut before, i));
    let warm = resident_bytes();
    (2_000..3_000).for_each(|i| edit(&mut engine, &mut before, i));
    let after = resident_bytes();
    println!("{} kB, {} kB after a thousand more edits", warm / 1_024, after / 1_024);
    assert!(after.saturating_sub(warm) < 2 << 20, "{} kB were kept", (after - warm) / 1_024);
}
