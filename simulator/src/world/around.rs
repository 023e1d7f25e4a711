//! People around the fences of a user's file.

use std::collections::BTreeMap;

use model::{FenceFacts, MerchantId, Position};
use spatial_index::{Fence, Polygon, Shape};
use town::{Merchant, Plan, Site, Town};

use super::{World, WorldPlan, fences};

/// Whose the fences are that the file gives to nobody.
const NOBODYS: &str = "nobody";
/// The label of fences that the file gives none: offers choose by labels.
const TAG: &str = "store";

impl World {
    /// People who hop between given fences and stroll past them.
    ///
    /// The fences come by id, as `spatial_index::geojson::read` gives them. Those without a merchant
    /// get one, and those without a tag, for else nobody could be told anything there; all else stays.
    ///
    /// # Errors
    /// A sentence: what is wrong with the plan or the fences.
    pub(crate) fn around(mut fences: Vec<Fence>, plan: &WorldPlan) -> Result<Self, String> {
        fences.iter_mut().try_for_each(|fence| complete(&mut fence.facts))?;
        let mut numbers: BTreeMap<MerchantId, usize> = BTreeMap::new();
        for fence in &fences {
            let known = numbers.len();
            numbers.entry(fence.facts.merchant.clone().expect("just given")).or_insert(known);
        }
        let mut merchants: Vec<(usize, Merchant)> = numbers
            .iter()
            .map(|(id, no)| (*no, Merchant { id: id.clone(), name: "A merchant", tag: TAG }))
            .collect();
        if N_MERCHANTS_MAX < merchants.len() {
            return Err(format!(
                "the fences are of {} merchants; people can agree to {N_MERCHANTS_MAX} at most",
                merchants.len()
            ));
        }
        merchants.sort_by_key(|(no, _)| *no);
        let merchants = merchants.into_iter().map(|(_, merchant)| merchant).collect();
        let sites = fences.iter().map(|fence| site(fence, &numbers)).collect();
        let plan_of_people = Plan { tz: zone_of(&fences), ..fences::people(plan) };
        let town = Town::around(&plan_of_people, merchants, sites)
            .map_err(|flaw| format!("nobody can live around these fences: {}", flaw.text()))?;
        Ok(Self::with(town, fences, plan.talk))
    }
}

/// A person keeps a word for each.
const N_MERCHANTS_MAX: usize = 1_000;

fn complete(facts: &mut FenceFacts) -> Result<(), String> {
    if facts.tz.as_deref().is_some_and(|name| name.parse::<chrono_tz::Tz>().is_err()) {
        return Err(format!(
            "the fence {} has a time zone that the zone database does not know",
            facts.id.as_str()
        ));
    }
    if facts.merchant.is_none() {
        facts.merchant = Some(MerchantId::new(NOBODYS).expect("a word is an id"));
    }
    if facts.tags.is_empty() {
        facts.tags.push(TAG.into());
    }
    Ok(())
}

/// The clocks of the town are those of its first store that has one.
fn zone_of(fences: &[Fence]) -> Box<str> {
    fences.iter().find_map(|fence| fence.facts.tz.clone()).unwrap_or_else(|| "UTC".into())
}

fn site(fence: &Fence, numbers: &BTreeMap<MerchantId, usize>) -> Site {
    let facts = &fence.facts;
    Site {
        id: facts.id.clone(),
        name: facts.name.clone().into(),
        merchant: numbers[facts.merchant.as_ref().expect("given when it had none")],
        shape: match &fence.shape {
            Shape::Circle { center, radius } => town::Shape::Circle { centre: *center, radius: *radius },
            Shape::Polygons(polygons) => town::Shape::Rings(polygons.iter().flat_map(rings).collect()),
        },
    }
}

/// Rings as the town has them, which does not repeat the first corner.
fn rings(polygon: &Polygon) -> Vec<Vec<Position>> {
    let open = |ring: Vec<[f64; 2]>| {
        let corners = &ring[..ring.len() - 1];
        corners.iter().map(|&[lng, lat]| Position::new(lat, lng).expect("a corner is a position")).collect()
    };
    polygon.rings().map(open).collect()
}
