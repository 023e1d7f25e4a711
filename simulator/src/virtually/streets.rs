//! People as they are in streets with stores: mostly on their way, and now and then in a store.

use engine::Policy;
use model::{Meters, Millis};
use notifier::{DailyHours, NotifierPolicy};
use presence::PresencePolicy;
use town::{PersonNo, Troubles};

use super::Options;
use super::chance::Chance;
use super::happening::Story;
use super::rules::Hours;
use super::scene::{Person, Scene};
use super::story::Writer;
use crate::world::{Talk, World, WorldPlan};

/// A town needs so many stores.
const N_FENCES_MIN: usize = 6;
/// Of one day of a town.
const FIXES_A_PERSON: usize = 300;

/// Lays out a town and writes the story of its people.
pub(crate) fn make(seed: u64, n_fences: usize, options: &Options) -> (Scene, Story) {
    let plan = WorldPlan {
        seed,
        n_people: (options.n_fixes / FIXES_A_PERSON).clamp(10, 20_000) as u32,
        n_fences: n_fences.max(N_FENCES_MIN) as u32,
        n_merchants: 3,
        talk: Talk::Mixed,
    };
    let world = World::lay(&plan).expect("a town of so many stores can be laid");
    let scene = scene(&world, &mut Chance::of(&[seed, 1]));
    let mut writer = Writer::new(seed, &scene, options.n_fixes, options.faults);
    writer.agree();
    let troubles = if options.faults.is_none() { Troubles::none() } else { Troubles::usual() };
    let people = 0..world.n_people();
    let mut outings: Vec<_> =
        people.map(|no| world.town.outing(PersonNo(no), writer.now, &troubles)).collect();
    writer.session(&mut outings, options.n_fixes, |outing, now, out| {
        outing.message(now, out);
        outing.next_at()
    });
    let story = writer.end();
    (scene, story)
}

fn scene(world: &World, chance: &mut Chance) -> Scene {
    let person = |no: u32| Person {
        customer: world.customer(PersonNo(no)).clone(),
        phones: vec![world.device(PersonNo(no)).clone()],
    };
    let (policy, hours) = rules(chance);
    Scene {
        fences: world.fences().to_vec(),
        drafts: world.offers().to_vec(),
        merchants: world.town.merchants().iter().map(|merchant| merchant.id.clone()).collect(),
        people: (0..world.n_people()).map(person).collect(),
        policy,
        hours,
        starts_at: world.town.midnight_at() + Millis::from_hours(10),
    }
}

/// The documented rules of presence, and of restraint what lets a short run hear something.
fn rules(chance: &mut Chance) -> (Policy, Hours) {
    let hours = (480, 1_320);
    let notifier = NotifierPolicy {
        per_24h_max: chance.of_list(&[1, 4, 20]),
        per_7d_max: 40,
        per_30d_max: 60,
        per_civil_day_max: 20,
        fence_cooldown: Millis::from_mins(chance.of_list(&[10, 60])),
        rest: Millis::from_mins(chance.of_list(&[0, 5, 30])),
        settle_in: Millis::ZERO,
        hours: DailyHours::new(hours.0, hours.1).expect("hours of one day"),
        enter_speed_max_mps: 3.0,
        ..NotifierPolicy::default()
    };
    let presence = PresencePolicy { exit_margin: Meters(20.0), ..PresencePolicy::default() };
    (Policy { notifier, presence, ..Policy::default() }, hours)
}
