//! From a change of presence to verdicts: what one customer might be told is gathered for some seconds,
//! and decided together.

use chrono::NaiveDate;
use chrono_tz::Tz;

use crate::customer::{Customer, Durability, Outgoing};
use crate::draw::{Names, is_held_out, tie};
use crate::failed::Failed;
use crate::hours::{civil_day, own_quiet_from_ms, quiet_from_ms};
use crate::notifier::{Case, Occasion, Rank};
use crate::presence::{Change, LEFT};
use crate::{Fence, Heard, Kind, Mode, Offer, Oracle, Said, Standing, What, stock};

/// What waits to be decided about one customer.
#[derive(Clone, Debug)]
pub(crate) struct Gathering {
    /// When the first of it came.
    pub(crate) since_ms: i64,
    pub(crate) occasions: Vec<Occasion>,
}

/// What is decided of one occasion.
struct Decided {
    occasion: Occasion,
    failed: Failed,
    /// What is remembered of it, if it won.
    heard: Option<Heard>,
    mode: Mode,
    /// The civil day whose stock it takes from.
    today: Option<NaiveDate>,
    /// The end of the hours in which it may arrive.
    quiet_ms: Option<i64>,
}

impl Oracle {
    /// Gathers what some changes of one phone call for.
    pub(crate) fn call(&mut self, customer: u32, place: usize, changes: &[Change], now_ms: i64) {
        for change in changes {
            let device = self.customers[customer as usize].devices[place].no;
            // A visit that we ended ourselves is no occasion to speak.
            if change.reason.is_some_and(|reason| change.kind == Kind::Exit && reason != LEFT) {
                continue;
            }
            for offer in self.due.at(change.fence, change.kind).to_vec() {
                let occasion = self.occasion(customer, device, offer, change, now_ms);
                self.gather(occasion, now_ms);
            }
        }
    }

    fn occasion(&self, customer: u32, device: u32, offer: u32, change: &Change, now_ms: i64) -> Occasion {
        let &Change { kind, fence, at_ms, entered_at_ms, initial, is_fit, speed_mps, foreground, .. } =
            change;
        let &Offer { merchant, valid_for_ms, .. } = self.offer(offer).expect("it is due");
        let mm_s = |speed_mps: f64| (speed_mps * 1_000.0).round() as u32;
        Occasion {
            said: Said { customer, device, offer, fence, entered_at_ms },
            merchant,
            kind,
            at_ms,
            initial,
            is_fit,
            speed_mm_s: speed_mps.map(mm_s),
            foreground,
            // A late fix or a slow clock shortens it: nothing is said long after its occasion.
            expires_at_ms: at_ms.min(now_ms).saturating_add(valid_for_ms),
        }
    }

    fn gather(&mut self, occasion: Occasion, now_ms: i64) {
        let occasions_max = self.rules.occasions_max;
        let known = &mut self.customers[occasion.said.customer as usize];
        let empty = || Gathering { since_ms: now_ms, occasions: Vec::new() };
        let Gathering { since_ms, occasions } = known.gathering.get_or_insert_with(empty);
        if occasions.iter().any(|waiting| waiting.said == occasion.said) {
            return;
        }
        if occasions_max <= occasions.len() {
            return self.suppress(&occasion.said, Failed::one("crowded"), now_ms);
        }
        if occasions.is_empty() {
            self.due_gatherings.push_back((*since_ms, occasion.said.customer));
        }
        occasions.push(occasion);
    }

    /// When the next gathering is to be decided.
    pub(crate) fn next_gathering_ms(&self) -> Option<i64> {
        self.due_gatherings.front().map(|(since_ms, _)| since_ms + self.rules.gather_ms)
    }

    /// Decides every gathering that is due, in the order in which they began.
    pub(crate) fn decide_due(&mut self, now_ms: i64) {
        while self.next_gathering_ms().is_some_and(|due_ms| due_ms <= now_ms) {
            let Some((_, customer)) = self.due_gatherings.pop_front() else { return };
            if let Some(gathering) = self.customers[customer as usize].gathering.take() {
                self.decide(customer, &gathering, now_ms);
            }
        }
    }

    fn decide(&mut self, customer: u32, gathering: &Gathering, now_ms: i64) {
        self.spoken.touched.insert(customer);
        let is_late = self.rules.decide_within_ms < now_ms - gathering.since_ms;
        if !is_late {
            self.customers[customer as usize].settle(&self.rules, now_ms);
        }
        let mut decided = Vec::new();
        {
            let known = &self.customers[customer as usize];
            let mut cases = Vec::new();
            for occasion in &self.in_turn(gathering) {
                match self.obstacle(occasion, is_late) {
                    Some(word) => decided.push(Decided::dropped(occasion, word)),
                    None => cases.push(self.case(*occasion, known, now_ms)),
                }
            }
            decided.extend(self.compete(&cases));
        }
        for decided in decided {
            self.conclude(&decided, now_ms);
        }
    }

    /// By time, then as presence tells changes, then by name: numbers say nothing about what comes first.
    fn in_turn(&self, gathering: &Gathering) -> Vec<Occasion> {
        let mut occasions = gathering.occasions.clone();
        occasions.sort_by_key(|&Occasion { said, at_ms, kind, .. }| {
            let rank = match kind {
                Kind::Dwell | Kind::Exit => 0,
                Kind::Enter => 1,
                Kind::Cross => 2,
            };
            let fence = self.map.fence(said.fence).map(|fence| fence.id.as_str());
            (at_ms, rank, fence, self.offer(said.offer).map(|offer| offer.id.as_str()))
        });
        occasions
    }

    /// What is decided without asking any rule.
    fn obstacle(&self, occasion: &Occasion, is_late: bool) -> Option<&'static str> {
        if is_late {
            return Some("too_late");
        }
        if !self.is_fence_of(occasion.said.fence, occasion.merchant) {
            return Some("fence_gone");
        }
        (!self.is_offered(occasion)).then_some("offer_gone")
    }

    /// Whether the catalogue has the offer for that fence and that change.
    pub(crate) fn is_offered(&self, occasion: &Occasion) -> bool {
        let Said { offer, fence, .. } = occasion.said;
        self.offer(offer).is_some_and(|offer| {
            offer.trigger == occasion.kind
                && offer.merchant == occasion.merchant
                && offer.fences.contains(&fence)
        })
    }

    fn case<'a>(&'a self, occasion: Occasion, known: &'a Customer, now_ms: i64) -> Case<'a> {
        let Said { customer, offer: no, fence, .. } = occasion.said;
        let offer = self.offer(no).expect("it is offered");
        let fence = self.map.fence(fence).expect("it stands");
        let zones = zones(fence, known);
        let today = zones.first().and_then(|tz| civil_day(*tz, now_ms));
        let name = self.person(customer).name.as_str();
        let is_held_out = is_held_out(&self.rules.key, &offer.id, name, offer.holdout_permille);
        let only_looks_on = self.rules.mode.max(offer.mode) != Mode::Live;
        Case {
            occasion,
            offer,
            fence,
            known,
            rules: &self.rules,
            zones,
            is_there: is_there(known, &occasion),
            is_out_of_stock: stock::is_out(self.stock.now(), no, offer, today),
            may_go: !is_held_out && !only_looks_on,
            is_held_out,
            now_ms,
        }
    }

    /// Of those that nothing speaks against one wins. Who only looks on takes the place of nobody who
    /// may go; who is held out takes it, and nobody else gets it.
    fn compete(&self, cases: &[Case<'_>]) -> Vec<Decided> {
        let mut failed: Vec<Failed> = cases.iter().map(Case::failed).collect();
        let ranks: Vec<Rank> = cases.iter().map(|case| case.rank(self.tie(&case.occasion.said))).collect();
        let stood: Vec<usize> = (0..cases.len()).filter(|i| failed[*i].is_none()).collect();
        for &i in &stood {
            let takes_its_place = |j: usize| {
                j != i && ranks[j].beats(&ranks[i]) && (!cases[j].only_looks_on() || cases[i].only_looks_on())
            };
            failed[i].add_if(stood.iter().any(|j| takes_its_place(*j)), "lost_arbitration");
        }
        let decided = |(case, failed): (&Case<'_>, Failed)| {
            let has_won = failed.is_none();
            let breaks = !case.is_held_out && case.offer.text.breaks_at.contains(&case.occasion.said.fence);
            let mut failed = failed;
            failed.add_if(has_won && case.is_held_out, "holdout");
            failed.add_if(has_won && breaks, "text");
            let own = case.known.profile().dial.quiet;
            let quiet_ms = |tz: &Tz| {
                let of_all = quiet_from_ms(case.rules.hours, *tz, case.now_ms);
                [of_all, own.and_then(|own| own_quiet_from_ms(own, *tz, case.now_ms))]
                    .into_iter()
                    .flatten()
                    .min()
            };
            Decided {
                occasion: case.occasion,
                heard: (has_won && !breaks).then(|| case.heard()),
                failed,
                mode: case.rules.mode.max(case.offer.mode),
                today: case.zones.first().and_then(|tz| civil_day(*tz, case.now_ms)),
                quiet_ms: case.zones.iter().filter_map(quiet_ms).min(),
            }
        };
        cases.iter().zip(failed).map(decided).collect()
    }

    fn tie(&self, said: &Said) -> u64 {
        let person = self.person(said.customer);
        let device = person.devices.get(said.device as usize).map_or("", String::as_str);
        let fence = self.map.fence(said.fence).map_or("", |fence| &fence.id);
        let offer = self.offer(said.offer).map_or("", |offer| &offer.id);
        tie(&self.rules.key, &Names { customer: &person.name, device, fence, offer }, said)
    }

    fn conclude(&mut self, decided: &Decided, now_ms: i64) {
        let Decided { occasion, failed, heard, mode, today, quiet_ms } = decided;
        let said = occasion.said;
        let known = &mut self.customers[said.customer as usize];
        if let Some(heard) = heard {
            known.hear(*heard);
        }
        let standing = heard.map(|heard| heard.standing);
        match standing {
            Some(Standing::Sent) if failed.is_none() => {
                let expires_at_ms =
                    quiet_ms.map_or(occasion.expires_at_ms, |at| at.min(occasion.expires_at_ms));
                let offer = self.offers[said.offer as usize].as_ref().expect("it is offered");
                known.outbox.push(Outgoing {
                    said,
                    expires_at_ms,
                    n_restrictions: known.n_restrictions,
                    durability: Durability::Said,
                    kind: occasion.kind,
                    merchant: occasion.merchant,
                    channel: offer.channel,
                    words: offer.text.words.clone(),
                });
                stock::take(self.stock.now_mut(), said.offer, *today);
                let Said { customer, device, offer, fence, entered_at_ms } = said;
                self.tell(now_ms, customer, device, What::Offer { offer, fence, entered_at_ms });
            }
            Some(Standing::Observed) => {
                let reason = if *mode == Mode::Shadow { "shadowed" } else { "observed" };
                self.tell_no(&said, reason, *failed, now_ms);
            }
            Some(Standing::Sent | Standing::HeldOut) | None => self.suppress(&said, *failed, now_ms),
        }
    }

    pub(crate) fn suppress(&mut self, said: &Said, failed: Failed, now_ms: i64) {
        let reason = failed.first().expect("something failed");
        self.tell_no(said, reason, failed, now_ms);
    }

    fn tell_no(&mut self, said: &Said, reason: &'static str, failed: Failed, now_ms: i64) {
        let &Said { customer, device, offer, fence, entered_at_ms } = said;
        self.spoken.touched.insert(customer);
        self.tell(now_ms, customer, device, What::Suppressed { offer, fence, entered_at_ms, reason, failed });
    }
}

impl Decided {
    fn dropped(occasion: &Occasion, word: &str) -> Self {
        Self {
            occasion: *occasion,
            failed: Failed::one(word),
            heard: None,
            mode: Mode::Live,
            today: None,
            quiet_ms: None,
        }
    }
}

/// Every wall clock that may hang where a customer is: the fence's, else their own, else all of the
/// country.
pub(crate) fn zones(fence: &Fence, known: &Customer) -> Vec<Tz> {
    match fence.tz.or(known.profile().tz) {
        Some(tz) => vec![tz],
        None => fence.country_zones.clone(),
    }
}

/// Whether what called for an offer is so still: who came in is inside, who went out is not back.
fn is_there(known: &Customer, occasion: &Occasion) -> bool {
    let Said { device, fence, entered_at_ms, .. } = occasion.said;
    let Some(place) = known.device(device) else { return false };
    let mut stays = known.devices[place].visits.iter().filter(|visit| visit.fence == fence);
    match occasion.kind {
        Kind::Enter | Kind::Dwell => {
            stays.any(|visit| visit.entered_at_ms == entered_at_ms && visit.is_inside())
        }
        Kind::Exit | Kind::Cross => stays.next().is_none(),
    }
}
