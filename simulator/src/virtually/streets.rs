//! People as they are in streets with stores: mostly on their way, and now and then in a store.

use engine::Policy;
use model::{Meters, Millis};
use notifier::{Budget, Caps, Cooldowns, DailyHours, NotifierPolicy, Speeds};
use offers::Draft;
use presence::PresencePolicy;
use town::{PersonNo, Troubles};

use super::Options;
use super::chance::Chance;
use super::happening::Story;
use super::scene::{Person, Scene, with_terms};
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
    let mut scene = scene(&world, &mut Chance::of(&[seed, 1]));
    scene.policy = super::law::with_law(scene.policy, &scene.merchants, scene.starts_at, seed);
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
    let starts_at = world.town.midnight_at() + Millis::from_hours(10);
    let terms = |draft: &Draft| with_terms(draft.clone(), starts_at, chance);
    let drafts = world.offers().iter().map(terms).collect();
    Scene {
        fences: world.fences().to_vec(),
        drafts,
        merchants: world.town.merchants().iter().map(|merchant| merchant.id.clone()).collect(),
        people: (0..world.n_people()).map(person).collect(),
        policy: rules(chance),
        starts_at,
    }
}

/// The documented rules of presence, and of restraint what lets a short run hear something.
fn rules(chance: &mut Chance) -> Policy {
    let often = Caps {
        per_24h_max: chance.of_list(&[1, 4, 20]),
        per_7d_max: 40,
        per_30d_max: 60,
        per_civil_day_max: 20,
        all_channels_per_7d_max: 50,
        sms_per_7d_max: 10,
        sms_per_30d_max: 20,
        ..Caps::default()
    };
    let cooldowns = Cooldowns {
        fence: Millis::from_mins(chance.of_list(&[10, 60])),
        favourite_fence: Millis::from_mins(5),
        offer: Millis::from_mins(chance.of_list(&[0, 30])),
        offer_ever_max: chance.of_list(&[3, 1_000]),
        merchant: Millis::from_mins(chance.of_list(&[0, 20])),
        rest: Millis::from_mins(chance.of_list(&[0, 5, 30])),
        settle_in: Millis::ZERO,
    };
    let half_life = Millis::from_mins(chance.of_list(&[10, 60, 600]));
    let notifier = NotifierPolicy {
        caps: often,
        cooldowns,
        hours: DailyHours::new(480, 1_320).expect("hours of one day"),
        speeds: Speeds { enter_max_mm_s: 3_000, ..Speeds::default() },
        budget: Budget { half_life, ..Budget::default() },
        ..NotifierPolicy::default()
    };
    let presence = PresencePolicy { exit_margin: Meters(20.0), ..PresencePolicy::default() };
    Policy { notifier, presence, ..Policy::default() }
}
