//! Whether offers fit the fences that there are.

use std::collections::{HashMap, HashSet};
use std::ops::Range;

use model::{FenceFacts, FenceId};
use offers::{DELICATE_CATEGORIES, Draft, HoursBook};

use super::{OffersFile, Written};
use crate::Problem;
use crate::nearest::nearest;

/// The category that no offer may have beside a clinic.
const HEALTH: &str = "health";

impl OffersFile {
    /// Whether [`OffersFile::check_fences`] would find nothing, told without a list of all fences.
    ///
    /// `fence_of` finds a fence by its id; `fences` are all.
    pub fn fit<'a, F>(
        &self,
        fence_of: impl Fn(&FenceId) -> Option<&'a FenceFacts>,
        fences: impl Fn() -> F,
    ) -> bool
    where
        F: Iterator<Item = &'a FenceFacts>,
    {
        let is_theirs = |draft: &Draft, fence: &FenceFacts| fence.merchant.as_ref() == Some(&draft.merchant);
        let fits = |draft: &Draft| {
            draft.fences.iter().all(|id| fence_of(id).is_some_and(|fence| is_theirs(draft, fence)))
        };
        let mut missing: HashSet<(&str, &str)> = HashSet::new();
        for draft in self.offers.iter().map(|offer| &offer.draft) {
            missing.extend(draft.tags.iter().map(|tag| (draft.merchant.as_str(), &**tag)));
        }
        let mut hours = Unreadable::default();
        for fence in fences() {
            let Some(merchant) = &fence.merchant else { continue };
            if !missing.is_empty() {
                for tag in &fence.tags {
                    missing.remove(&(merchant.as_str(), &**tag));
                }
            }
            if hours.reason(fence).is_some()
                && self.offers.iter().any(|offer| asks_hours(&offer.draft, fence))
            {
                return false;
            }
        }
        missing.is_empty() && self.offers.iter().all(|offer| fits(&offer.draft))
    }

    /// What does not fit the fences: ids that no fence has, tags that no fence of the merchant has,
    /// fences of another merchant, opening hours that cannot be read where they are asked.
    #[must_use]
    pub fn check_fences(&self, fences: &[FenceFacts]) -> Vec<Problem> {
        let by_id: HashMap<&str, &FenceFacts> =
            fences.iter().map(|fence| (fence.id.as_str(), fence)).collect();
        let mut tags: HashMap<&str, HashSet<&str>> = HashMap::new();
        for fence in fences {
            if let Some(merchant) = &fence.merchant {
                tags.entry(merchant.as_str()).or_default().extend(fence.tags.iter().map(|tag| &**tag));
            }
        }
        let mut problems = Vec::new();
        for offer in &self.offers {
            for (id, bytes) in offer.draft.fences.iter().zip(&offer.fences) {
                problems.extend(self.check_fence(&offer.draft, id, bytes, &by_id));
            }
            let known = tags.get(offer.draft.merchant.as_str());
            for (tag, bytes) in offer.draft.tags.iter().zip(&offer.tags) {
                problems.extend(self.check_tag(&offer.draft, tag, bytes, known));
            }
        }
        problems.extend(self.check_hours(fences));
        problems.sort_by_key(|problem| problem.place.as_ref().map(|place| place.bytes.start));
        problems
    }

    /// Of each offer that asks whether its stores are open, how many of them do not say it so that it
    /// can be read; the first with its reason.
    fn check_hours(&self, fences: &[FenceFacts]) -> Vec<Problem> {
        let mut hours = Unreadable::default();
        let bad: Vec<(&FenceFacts, String)> =
            fences.iter().filter_map(|fence| Some((fence, hours.reason(fence)?))).collect();
        let problem = |offer: &Written| {
            let mut of_offer = bad.iter().filter(|(fence, _)| asks_hours(&offer.draft, fence));
            let (first, reason) = of_offer.next()?;
            let others = match of_offer.count() {
                0 => String::new(),
                n => format!(", and so do {n} more of its fences"),
            };
            let reason =
                format!("needs opening hours of fence {:?}, whose text {reason}{others}", first.id.as_str());
            let problem = self.problem(offer, "open_only", reason);
            Some(problem.with_hint("mend the fence, or set open_only = false"))
        };
        self.offers.iter().filter_map(problem).collect()
    }

    /// Offers about health, or about what people are judged by, of fences in the ring of a sensitive
    /// place; with each fence comes the law that draws its ring.
    #[must_use]
    pub fn check_rings(&self, rings: &[(FenceFacts, String)]) -> Vec<Problem> {
        let problem = |offer: &Written| {
            let category = offer.draft.category.as_deref()?;
            let is_barred = category == HEALTH || DELICATE_CATEGORIES.contains(&category);
            let mut of_offer = rings.iter().filter(|(fence, _)| is_of(&offer.draft, fence));
            let (first, law) = of_offer.next().filter(|_| is_barred)?;
            let others = match of_offer.count() {
                0 => String::new(),
                n => format!(", and {n} more of its fences in others"),
            };
            let reason = format!(
                "is {category:?}, and the fence {:?} lies in the ring of {law}{others}",
                first.id.as_str()
            );
            Some(self.problem(offer, "category", reason).with_hint("leave those fences out of the offer"))
        };
        self.offers.iter().filter_map(problem).collect()
    }

    fn check_fence(
        &self,
        draft: &Draft,
        id: &FenceId,
        bytes: &Range<usize>,
        by_id: &HashMap<&str, &FenceFacts>,
    ) -> Option<Problem> {
        let key = format!("offer {}: fences", draft.id.as_str());
        let Some(fence) = by_id.get(id.as_str()) else {
            let reason = format!("names {:?}, and no fence has that id", id.as_str());
            let mut problem = self.source.problem(bytes.clone(), &key, reason);
            let mut ids: Vec<&str> = by_id.keys().copied().collect();
            ids.sort_unstable();
            problem.hint = nearest(id.as_str(), ids).map(|near| format!("did you mean {near:?}?"));
            return Some(problem);
        };
        if fence.merchant.as_ref() == Some(&draft.merchant) {
            return None;
        }
        let whose = fence
            .merchant
            .as_ref()
            .map_or("nobody's".to_owned(), |merchant| format!("{:?}'s", merchant.as_str()));
        let reason =
            format!("names {:?}, which is {whose} fence, not {:?}'s", id.as_str(), draft.merchant.as_str());
        Some(self.source.problem(bytes.clone(), &key, reason))
    }

    fn check_tag(
        &self,
        draft: &Draft,
        tag: &str,
        bytes: &Range<usize>,
        known: Option<&HashSet<&str>>,
    ) -> Option<Problem> {
        if known.is_some_and(|known| known.contains(tag)) {
            return None;
        }
        let key = format!("offer {}: tags", draft.id.as_str());
        let reason = format!("names {tag:?}, and no fence of {:?} has that tag", draft.merchant.as_str());
        let mut problem = self.source.problem(bytes.clone(), &key, reason);
        let mut near: Vec<&str> = known.into_iter().flatten().copied().collect();
        near.sort_unstable();
        problem.hint = nearest(tag, near).map(|near| format!("did you mean {near:?}?"));
        Some(problem)
    }
}

/// Fences whose opening hours cannot be read, and why.
#[derive(Default)]
struct Unreadable(HoursBook);

impl Unreadable {
    fn reason(&mut self, fence: &FenceFacts) -> Option<String> {
        self.0.check(fence).err().map(|flaw| flaw.to_string())
    }
}

/// Whether an offer asks if a fence's store is open.
fn asks_hours(draft: &Draft, fence: &FenceFacts) -> bool {
    draft.season.open_only && is_of(draft, fence)
}

/// Whether an offer is meant for a fence.
fn is_of(draft: &Draft, fence: &FenceFacts) -> bool {
    fence.merchant.as_ref() == Some(&draft.merchant)
        && (draft.fences.contains(&fence.id) || draft.tags.iter().any(|tag| fence.tags.contains(tag)))
}

/// Every fence whose opening hours cannot be read, with the reason; where an offer asks for them the
/// store counts as closed.
pub fn unreadable_hours<'a>(
    fences: impl Iterator<Item = &'a FenceFacts>,
) -> impl Iterator<Item = (&'a FenceFacts, String)> {
    let mut hours = Unreadable::default();
    fences.filter_map(move |fence| Some((fence, hours.reason(fence)?)))
}
