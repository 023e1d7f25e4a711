//! What is written down of a decision: every input that it rests on, and no position.

use consent_gate::Purpose;
use ledger::Decision;
use model::{FenceFacts, Profile};
use notifier::{Count, Occasion, Reckoning};
use offers::{Mode, Offer};

use crate::deciding::Matter;
use crate::engine::Engine;
use crate::house::House;

/// Inputs by name.
pub(crate) type Inputs = Vec<(Box<str>, Box<str>)>;

/// What the notifier and the offer looked at.
pub(crate) fn inputs(matter: &Matter<'_>, reckoning: &Reckoning, profile: &Profile) -> Inputs {
    let Matter { occasion, offer, fence, zones, mode, hours, law, .. } = matter;
    let mut inputs = Inputs::new();
    let mut note = |name: &str, value: String| inputs.push((name.into(), value.into()));
    note("cost", reckoning.cost.points().to_string());
    let parts = reckoning.cost.parts().map(|(part, points)| format!("{} {points}", part.word()));
    note("cost_parts", parts.collect::<Vec<_>>().join(", "));
    note("pressure", points(reckoning.pressure_milli));
    note("limit", points(reckoning.limit_milli.into()));
    let count = |Count { n, max }: Count| format!("{n} of {max}");
    note("heard_24h", count(reckoning.push_24h));
    note("heard_7d", count(reckoning.push_7d));
    note("heard_30d", count(reckoning.push_30d));
    let names: Vec<&str> = zones.iter().map(|zone| zone.name()).collect();
    note("zone", names.join(" "));
    note("channel", offer.draft().channel.word().into());
    note("priority", offer.draft().priority.to_string());
    note("value", offer.draft().value.to_string());
    if *mode != Mode::Live {
        note("mode", mode.word().into());
    }
    if let Some((_, rules)) = law {
        note("law", rules.to_string());
    }
    if hours.is_some() && offer.draft().season.open_only {
        note("store_hours", fence.opening_hours.as_deref().unwrap_or_default().into());
    }
    if let Some(mm_s) = occasion.speed_mm_s {
        note("speed", format!("{}.{} m/s", mm_s / 1_000, mm_s % 1_000 / 100));
    }
    if reckoning.favourite {
        note("favourite", "yes".into());
    }
    declared(profile, offer, &mut note);
    inputs
}

/// What the customer said about themselves, where it was used.
fn declared(profile: &Profile, offer: &Offer, note: &mut impl FnMut(&str, String)) {
    let draft = offer.draft();
    let groups = profile
        .segments
        .iter()
        .filter(|(merchant, group)| *merchant == draft.merchant && draft.audience.segments.contains(group));
    let groups: Vec<&str> = groups.map(|(_, group)| &**group).collect();
    if !groups.is_empty() {
        note("segment", groups.join(" "));
    }
    if let Some(category) = draft.category.as_deref().filter(|category| profile.cares_for(category)) {
        note("category", category.into());
    }
    if draft.audience.uses_purchases {
        note("purchases", "yes".into());
    }
    if let Some(per_week) = profile.dial.per_week {
        note("own_per_week", per_week.to_string());
    }
    if let Some((from, until)) = profile.dial.quiet {
        let clock = |minute: u16| format!("{:02}:{:02}", minute / 60, minute % 60);
        note("own_quiet_hours", format!("{}-{}", clock(from), clock(until)));
    }
    if let Some(lang) = profile.lang.as_deref().filter(|_| !draft.lang.is_empty()) {
        note("lang", lang.into());
    }
}

/// Thousandths of a point as a decimal.
fn points(milli: u64) -> String {
    format!("{}.{:03}", milli / 1_000, milli % 1_000)
}

impl Engine {
    /// The record of a verdict, without what is said or counted.
    pub(crate) fn decision_on(
        &self,
        house: &House,
        occasion: &Occasion,
        verdict: &str,
        inputs: Inputs,
    ) -> Decision {
        let (_, phone) = self.names(occasion.device);
        let fence = house.facts_of(&occasion.fence);
        let offer = house.catalogue.offer(&occasion.merchant, &occasion.offer);
        let mut facts = house.for_the_record();
        facts.extend(inputs);
        Decision {
            id: occasion.notification,
            device: phone.clone(),
            offer: occasion.offer.clone(),
            merchant: occasion.merchant.clone(),
            fence: occasion.fence.clone(),
            store: store_name(fence, occasion),
            visit: occasion.visit,
            trigger: occasion.trigger,
            triggered_at: occasion.triggered_at,
            verdict: verdict.into(),
            failed: Vec::new(),
            next_possible_at: None,
            purposes: purposes(offer),
            facts,
            counted: None,
            tolerance: None,
            said: None,
        }
    }
}

fn store_name(fence: Option<&FenceFacts>, occasion: &Occasion) -> Box<str> {
    fence.map_or_else(|| occasion.fence.as_str().into(), |fence| fence.name.clone())
}

/// The consents that an offer rests on.
fn purposes(offer: Option<&Offer>) -> Vec<Box<str>> {
    let channel = offer.map_or_else(Default::default, |offer| offer.draft().channel);
    let more = offer.into_iter().flat_map(Offer::needs);
    let always = [Purpose::Location, Purpose::of(channel)].map(Purpose::word);
    always.into_iter().chain(more).map(Into::into).collect()
}
