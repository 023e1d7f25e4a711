//! How fast towns are built and fixes taken: `cargo run --release -p town --example speed`.

use std::time::Instant;

use model::{Meters, Millis};
use town::{Habit, PersonNo, Plan, Town, Troubles};

fn main() {
    let plan = Plan {
        n_stores: 30_000,
        n_people: 100_000,
        width: Meters(34_600.0),
        radius: (Meters(30.0), Meters(110.0)),
        walled_once_in: Some(5),
        habits: Habit::CITY.into(),
        ..Plan::default()
    };
    let began = Instant::now();
    let town = Town::build(&plan).expect("the plan is sound");
    let (n_stores, n_people) = (town.stores().len(), town.people().len());
    println!("town of {n_stores} stores and {n_people} people: {:.2} s", began.elapsed().as_secs_f64());

    let from = town.midnight_at() + Millis::from_hours(10);
    for (name, troubles) in [("quiet", Troubles::none()), ("usual", Troubles::usual())] {
        let began = Instant::now();
        let outings = (0..n_people as u32).map(|no| town.outing(PersonNo(no), from, &troubles));
        let mut outings: Vec<_> = outings.collect();
        let bytes = size_of_val(&outings[0]);
        println!("{n_people} outings of {bytes} bytes begun: {:.2} s", began.elapsed().as_secs_f64());

        let mut fixes = Vec::new();
        let (mut n, mut n_handed_over) = (0_u64, 0);
        let began = Instant::now();
        for second in 1..=20 {
            for outing in &mut outings {
                outing.message(from + Millis::from_secs(second), &mut fixes);
                n += 1;
                n_handed_over += fixes.len();
                fixes.clear();
            }
        }
        let each_ns = began.elapsed().as_nanos() as f64 / n as f64;
        println!("{name}: {each_ns:.0} ns a fix; {n_handed_over} of {n} handed over");
    }
}
