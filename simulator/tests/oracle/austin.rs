//! Real buses through real neighbourhoods.

use std::path::{Path, PathBuf};

use consent_gate::{ConsentKind, Purpose};
use engine::Policy;
use model::{MerchantId, Millis, OfferId, TransitionKind};
use offers::Draft;
use presence::PresencePolicy;
use spatial_index::Fence;
use spatial_index::geojson::ReadOptions;
use wire::trace::TraceFix;

use crate::twins::{Names, Twins};

/// Some days of the 23; `ORACLE_ALL=1` takes them all, for a release build.
const N_FIXES: usize = 60_000;

/// A file of the shared data; `None`, with a reason, where there is none.
fn shared(name: &str) -> Option<PathBuf> {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/data").join(name);
    if !file.exists() {
        println!("skipped: {name} is not in ../shared/data");
        return None;
    }
    Some(file)
}

fn merchant() -> MerchantId {
    MerchantId::new("austin").expect("an id")
}

fn neighbourhoods(file: &Path) -> Vec<Fence> {
    let bytes = std::fs::read(file).expect("a file that is there can be read");
    let mut fences = spatial_index::geojson::read(&bytes, &ReadOptions::default()).expect("polygons").fences;
    for fence in &mut fences {
        fence.facts.merchant = Some(merchant());
        fence.facts.tz = Some("America/Chicago".into());
    }
    fences
}

fn offer(trigger: TransitionKind, fences: &[Fence]) -> Draft {
    let id = OfferId::new(trigger.word()).expect("an id");
    Draft {
        trigger,
        fences: fences.iter().map(|fence| fence.facts.id.clone()).collect(),
        priority: 1,
        holdout_permille: 0,
        ..Draft::new(id, merchant(), "An offer", "Something good")
    }
}

#[test]
fn they_agree_about_buses_in_austin() {
    let polygons = shared("polygons_austin_neighbourhoods.geojson");
    let Some((polygons, buses)) = polygons.zip(shared("fixes_austin_bus.csv.gz")) else { return };
    let n_fixes = if std::env::var_os("ORACLE_ALL").is_some() { usize::MAX } else { N_FIXES };
    let fixes = wire::trace::open(&buses).expect("a trace").take(n_fixes);
    let fixes: Vec<TraceFix> = fixes.map(|fix| fix.expect("a fix")).collect();
    let fences = neighbourhoods(&polygons);
    let mut customers: Vec<_> = fixes.iter().map(|fix| fix.customer.clone()).collect();
    customers.sort();
    customers.dedup();
    let mut devices: Vec<_> = fixes.iter().map(|fix| fix.device.clone()).collect();
    devices.sort();
    devices.dedup();
    let starts_at = fixes[0].fix.taken_at - Millis::from_days(2);
    let offers = TransitionKind::ALL.map(|trigger| offer(trigger, &fences)).to_vec();
    let names = Names { customers, devices, merchants: vec![merchant()], fences, offers };
    let presence = PresencePolicy { crossings: true, ..PresencePolicy::default() };
    let no_of = |names: &Names, fix: &TraceFix| {
        let customer = names.customers.binary_search(&fix.customer).expect("a bus");
        let device = names.devices.binary_search(&fix.device).expect("a bus");
        (customer as u32, device as u32)
    };
    let numbers: Vec<(u32, u32)> = fixes.iter().map(|fix| no_of(&names, fix)).collect();
    let n_customers = names.customers.len() as u32;
    let mut twins = Twins::new(names, Policy { presence, ..Policy::default() }, starts_at);
    for customer in 0..n_customers {
        for purpose in Purpose::OF_OFFERS {
            let grant = ConsentKind::Grant { until: None, confirm: None };
            twins.consent(customer, 0, purpose, grant, Some(starts_at), starts_at);
        }
    }
    twins.settle(starts_at);
    for (fix, (customer, device)) in fixes.iter().zip(numbers) {
        let now = fix.fix.taken_at;
        while let Some(due_at) = twins.due_at().filter(|due_at| *due_at <= now) {
            twins.time(due_at);
            twins.settle(due_at);
        }
        twins.message(customer, device, &[fix.fix], now);
        twins.settle(now);
    }
    println!("{} fixes of {n_customers} buses: {:?}", fixes.len(), twins.compared);
    assert!(twins.compared.get("offer -").is_some_and(|n| 100 <= *n), "offers were compared");
}
