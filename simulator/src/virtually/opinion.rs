//! The second opinion: the judge, told the same in the same order.

use std::collections::{HashMap, HashSet};

use consent_gate::{ConsentEvent, Hearing};
use engine::Reminder;
use ledger::{DeliveryOutcome, StateRow, StockCount};
use model::{DeviceId, FeedbackKind, FenceId, Fix, MerchantId, NotificationId, OfferId, Timestamp};
use offers::{Draft, OperatorState};
use oracle::{Failed, Fence, Offer, Operated, Oracle, Restored, Said};

use super::names::{Fact, Names, fact_told, id_of};
use super::profiles::ProfileWord;
use super::scene::Scene;
use crate::world::rows::{self, Numbers};
use crate::world::{numbers, oracle_fix, second};

/// A judge that may be absent, for runs that only look at the laws.
pub(crate) struct Opinion<'a> {
    scene: &'a Scene,
    oracle: Option<Oracle>,
    /// What was decided, by the name that it goes out with.
    pub(crate) decided: Decided,
    fixes: Vec<oracle::Fix>,
    /// What it has told since it was last asked for.
    facts: Vec<Fact>,
    /// The fences as they are, and as it was told.
    fences: Vec<(Option<spatial_index::Fence>, Option<Fence>)>,
    /// The offers as it was told.
    offers: Vec<Option<Offer>>,
}

/// What the judge has decided.
#[derive(Debug, Default)]
pub(crate) struct Decided {
    /// By name, with the words of the time.
    said: HashMap<NotificationId, (Said, String)>,
    sent: HashSet<NotificationId>,
    /// All rules that failed, by name and instant.
    pub(crate) failed: HashMap<(NotificationId, i64), Failed>,
}

impl<'a> Opinion<'a> {
    pub(crate) fn new(scene: &'a Scene, is_asked: bool) -> Self {
        let told =
            |fence: &spatial_index::Fence| (Some(fence.clone()), Some(fence_for_the_judge(fence, scene)));
        let fences: Vec<_> = scene.fences.iter().filter(|_| is_asked).map(told).collect();
        let offers: Vec<Offer> = scene.drafts.iter().map(|draft| offer_for_the_judge(draft, scene)).collect();
        let oracle = is_asked.then(|| {
            let fences = fences.iter().filter_map(|(_, told)| told.clone()).collect();
            let people = scene.people.iter().map(|person| oracle::Person {
                name: person.customer.as_str().to_owned(),
                devices: person.phones.iter().map(|phone| phone.as_str().to_owned()).collect(),
            });
            let oracle = Oracle::new(
                fences,
                offers.clone(),
                numbers::rules(&scene.policy, &|id| merchant_no(scene, id)),
            );
            let mut oracle = oracle.with_people(people.collect());
            oracle.open(scene.starts_at.unix_ms());
            oracle
        });
        let offers = offers.into_iter().map(Some).collect();
        let decided = Decided::default();
        Self { scene, oracle, decided, fixes: Vec::new(), facts: Vec::new(), fences, offers }
    }

    pub(crate) const fn is_asked(&self) -> bool {
        self.oracle.is_some()
    }

    pub(crate) fn message(&mut self, who: u32, phone: u32, fixes: &[Fix], now: Timestamp) {
        if let Some(oracle) = &mut self.oracle {
            self.fixes.clear();
            self.fixes.extend(fixes.iter().map(oracle_fix));
            oracle.message(who, phone, &self.fixes, now.unix_ms());
        }
    }

    /// What the acknowledgement must say became of it; no word without a judge.
    pub(crate) fn consent(
        &mut self,
        who: u32,
        merchant: u32,
        (event, hearing, is_from_phone): (&ConsentEvent, Hearing, bool),
        now: Timestamp,
    ) -> Option<&'static str> {
        let oracle = self.oracle.as_mut()?;
        let consent = rows::consent(event, hearing, is_from_phone);
        let purpose = rows::purpose(event.purpose);
        Some(rows::effect_word(oracle.consent(who, merchant, purpose, &consent, now.unix_ms())))
    }

    /// An answer to an offer, or to the newest notification of one; whether it is of use.
    pub(crate) fn feedback(
        &mut self,
        who: u32,
        about: Result<NotificationId, u32>,
        (kind, at): (FeedbackKind, Option<Timestamp>),
        now: Timestamp,
    ) -> Option<bool> {
        let oracle = self.oracle.as_mut()?;
        let said = match about {
            Ok(id) => self.decided.said.get(&id).map(|(said, _)| *said).filter(|said| said.customer == who),
            Err(offer) => oracle.newest_of(who, offer, now.unix_ms()),
        };
        let Some(said) = said else { return Some(false) };
        Some(oracle.feedback(&said, rows::answer(kind), at.map(Timestamp::unix_ms), now.unix_ms()))
    }

    pub(crate) fn profile(&mut self, who: u32, word: &ProfileWord, now: Timestamp) {
        if let Some(oracle) = &mut self.oracle {
            let profile = word.applied_to(oracle.profile_of(who));
            oracle.profile(who, profile, now.unix_ms());
        }
    }

    /// Somebody wants to be forgotten; what was told of them and not asked for is told to nobody.
    pub(crate) fn erase(&mut self, who: u32, now: Timestamp) {
        self.listen();
        self.facts.retain(|fact| fact.who != who);
        if let Some(oracle) = &mut self.oracle {
            oracle.erase(who, now.unix_ms());
        }
    }

    /// The disk has nothing of somebody any more who wanted it at an instant.
    pub(crate) fn erased(&mut self, who: u32, wanted_at: Timestamp) {
        if let Some(oracle) = &mut self.oracle {
            oracle.erased(who, wanted_at.unix_ms());
        }
    }

    pub(crate) fn time(&mut self, now: Timestamp) {
        if let Some(oracle) = &mut self.oracle {
            oracle.time(now.unix_ms());
        }
    }

    /// The instant of the next timer, when it is due.
    pub(crate) fn next_timer(&self, now: Timestamp) -> Option<Timestamp> {
        let due_ms = self.oracle.as_ref()?.next_timer_ms()?;
        Some(Timestamp::from_unix_ms(due_ms)).filter(|due_at| *due_at <= now)
    }

    /// Whose grants end soon is looked for now and then, when the engine is asked what to record.
    pub(crate) fn take_census(&mut self, now: Timestamp) {
        if let Some(oracle) = &mut self.oracle {
            oracle.take_census(now.unix_ms());
        }
    }

    /// Whether the judge, if there is one, would have a merchant told this.
    pub(crate) fn reminded(&mut self, who: u32, merchant: u32, reminder: &Reminder) -> bool {
        let until_ms = reminder.until.unix_ms();
        let told = (who, merchant, rows::purpose(reminder.purpose), until_ms);
        self.oracle.as_mut().is_none_or(|oracle| oracle.reminded(&told))
    }

    /// How many merchants the judge would still have told of something.
    pub(crate) fn n_to_remind(&self) -> usize {
        self.oracle.as_ref().map_or(0, Oracle::n_to_remind)
    }

    pub(crate) fn stage(&mut self, now: Timestamp) {
        if let Some(oracle) = &mut self.oracle {
            oracle.stage(now.unix_ms());
            self.listen();
        }
    }

    pub(crate) fn committed(&mut self, now: Timestamp) {
        if let Some(oracle) = &mut self.oracle {
            oracle.committed(now.unix_ms());
        }
    }

    pub(crate) fn fences(&mut self, fences: &[Option<spatial_index::Fence>], now: Timestamp) {
        if let Some(oracle) = &mut self.oracle {
            // Most are as they were, and the area of a polygon costs as much as many fixes.
            for ((known, told), fence) in self.fences.iter_mut().zip(fences) {
                if known != fence {
                    *told = fence.as_ref().map(|fence| fence_for_the_judge(fence, self.scene));
                    known.clone_from(fence);
                }
            }
            oracle.fences(self.fences.iter().map(|(_, told)| told.clone()).collect(), now.unix_ms());
        }
    }

    /// The offers as operators have them now, by number.
    pub(crate) fn offers(&mut self, offers: &[(Option<Draft>, OperatorState)], now: Timestamp) {
        let Some(oracle) = &mut self.oracle else { return };
        let told = offers.iter().map(|(draft, state)| {
            let offer = offer_for_the_judge(draft.as_ref()?, self.scene);
            Some(Offer { operated: operated(*state), ..offer })
        });
        self.offers = told.collect();
        oracle.offers(self.offers.clone(), now.unix_ms());
    }

    /// Whether an offer may go now; no answer without a judge, and of an offer that it never decided.
    pub(crate) fn may_send(&self, id: NotificationId, now: Timestamp) -> Option<Result<(), DeliveryOutcome>> {
        // Of what it holds back its verdict is told, which says more.
        let (said, _) = self.decided.said.get(&id).filter(|_| self.decided.sent.contains(&id))?;
        Some(self.oracle.as_ref()?.may_send(said, now.unix_ms()).map_err(rows::outcome))
    }

    pub(crate) fn left(&mut self, id: NotificationId, outcome: DeliveryOutcome, now: Timestamp) {
        if let (Some(oracle), Some((said, _))) = (&mut self.oracle, self.decided.said.get(&id)) {
            oracle.left(said, rows::leaving(outcome), now.unix_ms());
        }
    }

    /// Reads back what was stored; sentences about what was lost.
    pub(crate) fn read_back<'r>(
        &mut self,
        rows: impl Iterator<Item = (u32, &'r StateRow)>,
        stock: &[StockCount],
        names: &Names,
        now: Timestamp,
    ) -> Vec<String> {
        let Some(oracle) = &mut self.oracle else { return Vec::new() };
        let numbers = Known { scene: self.scene, names, decided: &self.decided };
        let customers = rows.map(|(who, row)| numbers.stored(who, row)).collect();
        oracle.read_back(&Restored { customers, stock: numbers.stock(stock) }, now.unix_ms())
    }

    pub(crate) fn open(&mut self, now: Timestamp) {
        if let Some(oracle) = &mut self.oracle {
            oracle.open(now.unix_ms());
        }
    }

    /// What must have happened since the last time, in order.
    pub(crate) fn told(&mut self, facts: &mut Vec<Fact>) {
        self.listen();
        facts.append(&mut self.facts);
    }

    /// Learns the names of what was decided before it can go out.
    fn listen(&mut self) {
        let Some(oracle) = &mut self.oracle else { return };
        for told in oracle.told() {
            self.facts.push(fact_told(&told, self.scene));
            let (offer, fence, entered_at_ms, failed) = match told.what {
                oracle::What::Offer { offer, fence, entered_at_ms } => {
                    (offer, fence, entered_at_ms, Failed::default())
                }
                oracle::What::Suppressed { offer, fence, entered_at_ms, failed, .. } => {
                    (offer, fence, entered_at_ms, failed)
                }
                _ => continue,
            };
            let said = Said { customer: told.customer, device: told.device, offer, fence, entered_at_ms };
            let words = self.offers[offer as usize].as_ref().map(|offer| offer.text.words.clone());
            let id = id_of(self.scene, &said);
            self.decided.said.insert(id, (said, words.unwrap_or_default()));
            if matches!(told.what, oracle::What::Offer { .. }) {
                self.decided.sent.insert(id);
            }
            self.decided.failed.insert((id, told.at_ms), failed);
        }
    }
}

/// Names of a scene, by what the judge was told.
struct Known<'k> {
    scene: &'k Scene,
    names: &'k Names,
    decided: &'k Decided,
}

impl Numbers for Known<'_> {
    fn merchant(&self, id: &MerchantId) -> Option<u32> {
        self.names.merchant(id.as_str())
    }

    fn fence(&self, id: &FenceId) -> Option<u32> {
        self.names.fence(id)
    }

    fn offer(&self, id: &OfferId) -> Option<u32> {
        self.names.offer(id)
    }

    fn device(&self, customer: u32, id: &DeviceId) -> Option<u32> {
        let phones = &self.scene.people[customer as usize].phones;
        phones.iter().position(|phone| phone == id).map(|no| no as u32)
    }

    fn said(&self, id: NotificationId) -> Option<(Said, String)> {
        self.decided.said.get(&id).cloned()
    }
}

/// A fence in the judge's words.
pub(crate) fn fence_for_the_judge(fence: &spatial_index::Fence, scene: &Scene) -> Fence {
    second::fence(fence, &|id| merchant_no(scene, id))
}

fn offer_for_the_judge(draft: &Draft, scene: &Scene) -> Offer {
    second::offer(draft, &scene.fences, &|id| merchant_no(scene, id))
}

fn merchant_no(scene: &Scene, id: &MerchantId) -> Option<u32> {
    scene.merchants.iter().position(|known| known == id).map(|no| no as u32)
}

const fn operated(state: OperatorState) -> Operated {
    match state {
        OperatorState::Running => Operated::Running,
        OperatorState::Paused => Operated::Paused,
        OperatorState::Stopped => Operated::Stopped,
    }
}
