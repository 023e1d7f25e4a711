//! The second opinion: the judge, told the same in the same order.

use std::collections::HashMap;

use consent_gate::{ConsentEvent, ConsentKind, ConsentState, Purpose};
use engine::Policy;
use ledger::{DeliveryOutcome, StateRow};
use model::{Fix, Notification, NotificationId, Timestamp};
use oracle::{
    Consent, Fence, Leaving, Offer, Oracle, Restored, Rules, Said, StoredConsent, StoredCustomer,
    StoredNotice, StoredVisit, Word,
};

use super::names::{Fact, Names, fact_told, id_of, kind_for_the_judge};
use super::rules::Hours;
use super::scene::Scene;
use crate::world::{oracle_fix, oracle_shape};

/// A judge that may be absent, for runs that only look at the laws.
pub(crate) struct Opinion<'a> {
    scene: &'a Scene,
    oracle: Option<Oracle>,
    /// What was decided, by the name that it goes out with.
    decided: HashMap<NotificationId, Said>,
    fixes: Vec<oracle::Fix>,
    /// What it has told since it was last asked for.
    facts: Vec<Fact>,
    /// The fences as they are, and as it was told.
    fences: Vec<(Option<spatial_index::Fence>, Option<Fence>)>,
}

impl<'a> Opinion<'a> {
    pub(crate) fn new(scene: &'a Scene, is_asked: bool) -> Self {
        let told =
            |fence: &spatial_index::Fence| (Some(fence.clone()), Some(fence_for_the_judge(fence, scene)));
        let fences: Vec<_> = scene.fences.iter().filter(|_| is_asked).map(told).collect();
        let oracle = is_asked.then(|| {
            let fences = fences.iter().filter_map(|(_, told)| told.clone()).collect();
            Oracle::new(fences, offers(scene), rules(&scene.policy, scene.hours))
        });
        Self { scene, oracle, decided: HashMap::new(), fixes: Vec::new(), facts: Vec::new(), fences }
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
        event: &ConsentEvent,
        now: Timestamp,
    ) -> Option<&'static str> {
        let oracle = self.oracle.as_mut()?;
        let word = match event.kind {
            ConsentKind::Grant { until } => Word::Grant { until_ms: until.map(Timestamp::unix_ms) },
            ConsentKind::Refuse => Word::Refuse,
            ConsentKind::Withdraw => Word::Withdraw,
            ConsentKind::Pause { until } => Word::Pause { until_ms: until.map(Timestamp::unix_ms) },
            ConsentKind::Resume => Word::Resume,
        };
        let shown_at_ms = event.notice.as_ref().map(|notice| notice.shown_at.unix_ms());
        let evidence_at_ms = event.evidence_at.map(Timestamp::unix_ms);
        let consent = Consent { word, shown_at_ms, evidence_at_ms };
        let purpose = purpose_for_the_judge(event.purpose);
        Some(effect_word(oracle.consent(who, merchant, purpose, &consent, now.unix_ms())))
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

    /// Whether an offer may go now; no answer without a judge, and of an offer that it never decided.
    pub(crate) fn may_send(&self, id: NotificationId, now: Timestamp) -> Option<Result<(), DeliveryOutcome>> {
        let said = self.decided.get(&id)?;
        Some(self.oracle.as_ref()?.may_send(said, now.unix_ms()).map_err(outcome))
    }

    pub(crate) fn left(&mut self, id: NotificationId, outcome: DeliveryOutcome, now: Timestamp) {
        if let (Some(oracle), Some(said)) = (&mut self.oracle, self.decided.get(&id)) {
            oracle.left(said, leaving(outcome), now.unix_ms());
        }
    }

    /// Reads back what was stored; sentences about what was lost.
    pub(crate) fn read_back<'r>(
        &mut self,
        rows: impl Iterator<Item = (u32, &'r StateRow)>,
        names: &Names,
        now: Timestamp,
    ) -> Vec<String> {
        let Some(oracle) = &mut self.oracle else { return Vec::new() };
        let stored = |(who, row): (u32, &StateRow)| stored(who, row, self.scene, names, &self.decided);
        let restored = Restored { customers: rows.map(stored).collect() };
        oracle.read_back(&restored, now.unix_ms())
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
            if let oracle::What::Offer { offer, fence, entered_at_ms } = told.what {
                let said = Said { customer: told.customer, device: told.device, offer, fence, entered_at_ms };
                self.decided.insert(id_of(self.scene, &said), said);
            }
        }
    }
}

fn stored(
    who: u32,
    row: &StateRow,
    scene: &Scene,
    names: &Names,
    decided: &HashMap<NotificationId, Said>,
) -> StoredCustomer {
    let consent = |row: &consent_gate::ConsentRow| {
        Some(StoredConsent {
            merchant: names.merchant(row.merchant.as_str())?,
            purpose: purpose_for_the_judge(row.purpose),
            state: state_for_the_judge(row.state),
            restricted_at_ms: row.restricted_at.map(Timestamp::unix_ms),
        })
    };
    let heard = |heard: &model::Heard| {
        let said = *decided.get(&heard.notification())?;
        let tz = heard.zone.as_deref().and_then(|zone| zone.parse().ok());
        Some(StoredNotice { at_ms: heard.at.unix_ms(), said, tz, expires_at_ms: 0 })
    };
    let waiting = |notification: &Notification| {
        let said = *decided.get(&notification.id)?;
        let (at_ms, expires_at_ms) = (notification.issued_at.unix_ms(), notification.expires_at.unix_ms());
        Some(StoredNotice { at_ms, said, tz: None, expires_at_ms })
    };
    let visit = |visit: &ledger::OpenVisit| {
        let phones = &scene.people[who as usize].phones;
        let device = phones.iter().position(|phone| *phone == visit.device)? as u32;
        Some(StoredVisit {
            device,
            fence: names.fence(&visit.fence)?,
            entered_at_ms: visit.entered_at.unix_ms(),
            last_at_ms: visit.last_at.unix_ms(),
            initial: visit.initial,
            dwelled: visit.dwelled,
        })
    };
    StoredCustomer {
        customer: who,
        consents: row.consents.iter().filter_map(consent).collect(),
        agreed_at_ms: row.consented_since.map(Timestamp::unix_ms),
        heard: row.heard.iter().filter_map(heard).collect(),
        outbox: row.outbox.iter().filter_map(waiting).collect(),
        visits: row.visits.iter().filter_map(visit).collect(),
    }
}

/// The word that acknowledgements use.
const fn effect_word(effect: oracle::Effect) -> &'static str {
    match effect {
        oracle::Effect::Applied => "applied",
        oracle::Effect::LateGrant => "late_grant",
        oracle::Effect::NoEvidence => "no_evidence",
        oracle::Effect::NothingToChange => "nothing_to_change",
    }
}

const fn purpose_for_the_judge(purpose: Purpose) -> oracle::Purpose {
    match purpose {
        Purpose::Location => oracle::Purpose::Location,
        Purpose::OffersPush => oracle::Purpose::OffersPush,
        Purpose::OffersSms => oracle::Purpose::OffersSms,
        Purpose::OffersEmail => oracle::Purpose::OffersEmail,
        Purpose::OffersInbox => oracle::Purpose::OffersInbox,
        Purpose::Personalisation => oracle::Purpose::Personalisation,
    }
}

const fn state_for_the_judge(state: ConsentState) -> oracle::ConsentState {
    match state {
        ConsentState::Unknown => oracle::ConsentState::Unknown,
        ConsentState::Granted { until } => oracle::ConsentState::Granted { until_ms: until.unix_ms() },
        ConsentState::Paused { until, granted_until } => oracle::ConsentState::Paused {
            until_ms: until.unix_ms(),
            granted_until_ms: granted_until.unix_ms(),
        },
        ConsentState::Refused => oracle::ConsentState::Refused,
        ConsentState::Withdrawn => oracle::ConsentState::Withdrawn,
    }
}

/// A fence in the judge's words.
pub(crate) fn fence_for_the_judge(fence: &spatial_index::Fence, scene: &Scene) -> Fence {
    let shape = oracle_shape(&fence.shape);
    let merchant = fence.facts.merchant.as_ref().map(|merchant| {
        let no = scene.merchants.iter().position(|known| known == merchant);
        no.expect("every merchant is of the scene") as u32
    });
    let tz = fence.facts.tz.as_deref().and_then(|zone| zone.parse().ok());
    Fence { merchant, shape, radius_m: fence.shape.radius().0, tz }
}

fn offers(scene: &Scene) -> Vec<Offer> {
    let offer = |draft: &offers::Draft| {
        let is_meant = |fence: &spatial_index::Fence| {
            draft.fences.contains(&fence.facts.id)
                || draft.tags.iter().any(|tag| fence.facts.tags.contains(tag))
        };
        let merchant = scene.merchants.iter().position(|known| *known == draft.merchant);
        Offer {
            id: draft.id.as_str().into(),
            merchant: merchant.expect("every merchant is of the scene") as u32,
            trigger: kind_for_the_judge(draft.trigger),
            fences: (0..).zip(&scene.fences).filter(|(_, fence)| is_meant(fence)).map(|(no, _)| no).collect(),
            priority: draft.priority,
            valid_for_ms: draft.valid_for.ms(),
        }
    };
    scene.drafts.iter().map(offer).collect()
}

fn rules(policy: &Policy, hours: Hours) -> Rules {
    let (presence, notifier) = (&policy.presence, &policy.notifier);
    Rules {
        dwell_ms: presence.dwell.ms(),
        dwell_depth: presence.dwell_depth,
        still_max_ms: presence.still_max.ms(),
        silence_max_ms: presence.silence_max.ms(),
        exit_margin_m: presence.exit_margin.0,
        exit_accuracy_max_m: presence.exit_accuracy_max.0,
        accuracy_decides_max_m: presence.accuracy_decides_max.0,
        accuracy_trigger_max_m: presence.accuracy_trigger_max.0,
        future_max_ms: presence.future_max.ms(),
        fresh_max_ms: presence.fresh_max.ms(),
        stale_max_ms: presence.stale_max.ms(),
        jump_mps: presence.jump_mps,
        crossings: presence.crossings,
        visits_max: presence.visits_max,
        devices_max: policy.devices_max,
        per_24h_max: notifier.per_24h_max,
        per_7d_max: notifier.per_7d_max,
        per_30d_max: notifier.per_30d_max,
        per_civil_day_max: notifier.per_civil_day_max,
        fence_cooldown_ms: notifier.fence_cooldown.ms(),
        rest_ms: notifier.rest.ms(),
        settle_in_ms: notifier.settle_in.ms(),
        hours,
        enter_speed_max_mps: f64::from(notifier.enter_speed_max_mps),
        speed_max_mps: f64::from(notifier.speed_max_mps),
        decide_within_ms: notifier.decide_within.ms(),
        grant_lasts_ms: policy.gate.grant_lasts.ms(),
    }
}

const fn leaving(outcome: DeliveryOutcome) -> Leaving {
    match outcome {
        DeliveryOutcome::Sent => Leaving::Sent,
        DeliveryOutcome::Expired => Leaving::Expired,
        DeliveryOutcome::Revoked => Leaving::Revoked,
        DeliveryOutcome::Refused => Leaving::Refused,
        DeliveryOutcome::Lapsed => Leaving::Lapsed,
        DeliveryOutcome::FenceGone | DeliveryOutcome::OfferGone => Leaving::FenceGone,
    }
}

const fn outcome(leaving: Leaving) -> DeliveryOutcome {
    match leaving {
        Leaving::Sent => DeliveryOutcome::Sent,
        Leaving::Expired => DeliveryOutcome::Expired,
        Leaving::Revoked => DeliveryOutcome::Revoked,
        Leaving::Refused => DeliveryOutcome::Refused,
        Leaving::Lapsed => DeliveryOutcome::Lapsed,
        Leaving::FenceGone => DeliveryOutcome::FenceGone,
    }
}
