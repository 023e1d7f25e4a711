//! `replay_restores_state`: the entries alone add up to the state rows.

use std::collections::HashMap;

use consent_gate::{
    Actor, ConsentEvent, ConsentKind, ConsentRow, ConsentState, Effect, Epoch, EventId, Hearing, Method,
    Notice, NoticeName, Purpose,
};
use ledger::{
    ConsentEntry, Counted, Decision, DeliveryOutcome, Disagreement, Entry, MemoryStorage, SENT, Said,
    StateRow, Storage, What, commit, replay, stage,
};
use model::{
    Channel, CustomerId, DeviceId, FeedbackKind, FenceId, MerchantId, Millis, NotificationId, OfferId,
    Profile, Standing, Timestamp, Tolerance, TransitionKind, VisitId, Words,
};
use proptest::prelude::*;

const HEARD_KEPT: Millis = Millis::from_days(30);

/// Something that happens to one of a few customers.
#[derive(Clone, Debug)]
enum Happening {
    Says { merchant: usize, purpose: Purpose, kind: ConsentKind, shown_ago: Millis },
    Candidate { offer: usize, sent: bool },
    Delivered { which: usize, outcome: DeliveryOutcome },
    Answers { kind: FeedbackKind, n_ignored: u8 },
    Declares { minor: bool },
}

fn happening() -> impl Strategy<Value = Happening> {
    let until = prop::option::of((0..10_000_i64).prop_map(Timestamp::from_unix_ms));
    let kind = prop_oneof![
        3 => until.clone().prop_map(|until| ConsentKind::Grant { until, confirm: None }),
        1 => Just(ConsentKind::Refuse),
        1 => Just(ConsentKind::Withdraw),
        2 => until.prop_map(|until| ConsentKind::Pause { until }),
        1 => Just(ConsentKind::Resume),
    ];
    let says = (0..2_usize, prop::sample::select(&Purpose::ALL), kind, 0..3_i64);
    prop_oneof![
        says.prop_map(|(merchant, purpose, kind, days)| {
            Happening::Says { merchant, purpose, kind, shown_ago: Millis::from_days(days) }
        }),
        (0..3_usize, any::<bool>()).prop_map(|(offer, sent)| Happening::Candidate { offer, sent }),
        (0..3_usize, prop::sample::select(&DeliveryOutcome::ALL))
            .prop_map(|(which, outcome)| Happening::Delivered { which, outcome }),
        (prop::sample::select(&FeedbackKind::ALL), 0..3_u8)
            .prop_map(|(kind, n_ignored)| Happening::Answers { kind, n_ignored }),
        any::<bool>().prop_map(|minor| Happening::Declares { minor }),
    ]
}

/// A customer as a plain list of what was said: no codec, no replay, no gate.
struct Simple {
    row: StateRow,
    consents: HashMap<(usize, Purpose), ConsentRow>,
}

impl Simple {
    fn new(no: usize) -> Self {
        let customer = CustomerId::new(&format!("customer-{no}")).unwrap();
        Self { row: StateRow::new(customer), consents: HashMap::new() }
    }

    fn happen(&mut self, happening: &Happening, now: Timestamp) -> Option<Entry> {
        let what = match happening {
            Happening::Says { merchant, purpose, kind, shown_ago } => {
                Some(self.says(*merchant, *purpose, *kind, now - *shown_ago, now))
            }
            Happening::Candidate { offer, sent } => Some(self.candidate(*offer, *sent, now)),
            Happening::Delivered { which, outcome } => self.delivered(*which, *outcome),
            Happening::Answers { kind, n_ignored } => self.answers(*kind, *n_ignored, now),
            Happening::Declares { minor } => {
                self.row.profile = Profile { minor: *minor, ..Profile::default() };
                Some(What::Profile(self.row.profile.clone()))
            }
        };
        self.row.heard.retain(|heard| now - HEARD_KEPT <= heard.at);
        what.map(|what| Entry { customer: self.row.customer.clone(), at: now, what })
    }

    fn says(
        &mut self,
        merchant: usize,
        purpose: Purpose,
        kind: ConsentKind,
        shown_at: Timestamp,
        now: Timestamp,
    ) -> What {
        let nothing = ConsentRow::new(merchant_id(merchant), purpose);
        let before = self.consents.get(&(merchant, purpose)).cloned().unwrap_or(nothing);
        let (state, restricted_at) = (before.state, before.restricted_at);
        let granted_until = match state {
            ConsentState::Granted { until } => Some(until),
            ConsentState::Paused { granted_until, .. } => Some(granted_until),
            _ => None,
        };
        let changed = match (kind, granted_until) {
            (ConsentKind::Refuse, _) => Ok((ConsentState::Refused, true)),
            (ConsentKind::Withdraw, _) => Ok((ConsentState::Withdrawn, true)),
            (ConsentKind::Grant { .. }, _) if restricted_at.is_some_and(|at| shown_at <= at) => {
                Err(Effect::LateGrant)
            }
            (ConsentKind::Grant { until, .. }, _) => {
                Ok((ConsentState::Granted { until: until.unwrap_or(now + Millis::from_days(365)) }, false))
            }
            (ConsentKind::Pause { until }, Some(granted_until)) => {
                Ok((ConsentState::Paused { until: until.unwrap_or(Timestamp::MAX), granted_until }, true))
            }
            (ConsentKind::Resume, Some(until)) if matches!(state, ConsentState::Paused { .. }) => {
                Ok((ConsentState::Granted { until }, false))
            }
            _ => Err(Effect::NothingToChange),
        };
        let (effect, state) = match changed {
            Ok((state, restricts)) => {
                let restricted_at = if restricts { Some(now) } else { restricted_at };
                self.row.epoch.0 += u32::from(restricts);
                let is_grant = matches!(kind, ConsentKind::Grant { .. });
                let notice = if is_grant { Some(notice_name()) } else { before.notice.clone() };
                let row = ConsentRow { state, restricted_at, notice, ..before };
                self.consents.insert((merchant, purpose), row);
                self.row.consents = self.consent_rows();
                (Effect::Applied, state)
            }
            Err(effect) => (effect, state),
        };
        let event = event(merchant_id(merchant), purpose, kind, shown_at);
        let (hearing, epoch) = (Hearing::Live, self.row.epoch);
        What::Consent(ConsentEntry { event, hearing, effect, state, epoch })
    }

    /// In no order at all, as a map gives them.
    fn consent_rows(&self) -> Vec<ConsentRow> {
        self.consents.values().cloned().collect()
    }

    fn candidate(&mut self, offer: usize, sent: bool, now: Timestamp) -> What {
        let decision = decision(&self.row.customer, offer, sent, now);
        if sent {
            self.row.heard.extend(decision.heard(now));
            self.row.outbox.extend(decision.notification(&self.row.customer, now));
        }
        What::Decision(decision)
    }

    fn answers(&mut self, kind: FeedbackKind, n_ignored: u8, now: Timestamp) -> Option<What> {
        let heard = self.row.heard.last_mut()?;
        heard.answers.add(kind);
        heard.shown_at = Some(now);
        let tolerance = Tolerance { n_ignored, ..Tolerance::default() };
        let has_changed = self.row.tolerance != tolerance;
        self.row.tolerance = tolerance.clone();
        let notification = NotificationId::of(heard.visit, &heard.offer);
        Some(What::Feedback {
            notification,
            kind,
            is_fast: false,
            shown_at: Some(now),
            tolerance: has_changed.then_some(tolerance),
        })
    }

    fn delivered(&mut self, which: usize, outcome: DeliveryOutcome) -> Option<What> {
        if self.row.outbox.len() <= which {
            return None;
        }
        let delivered = self.row.outbox.remove(which);
        if matches!(outcome, DeliveryOutcome::Expired | DeliveryOutcome::Refused) {
            self.row.heard.retain(|heard| heard.visit != delivered.visit);
        }
        Some(What::Delivery { notification: delivered.id, outcome, tolerance: None })
    }
}

fn notice_name() -> NoticeName {
    NoticeName { id: "app".into(), version: 1 }
}

fn merchant_id(no: usize) -> MerchantId {
    MerchantId::new(["south", "north"][no]).unwrap()
}

fn event(merchant: MerchantId, purpose: Purpose, kind: ConsentKind, shown_at: Timestamp) -> ConsentEvent {
    let (id, lang, sha256) = ("app".into(), "en".into(), "0".repeat(64).into());
    ConsentEvent {
        id: EventId::new("e").unwrap(),
        merchant,
        purpose,
        kind,
        actor: Actor::Own,
        method: Method::Toggle,
        notice: Some(Notice { id, version: 1, lang, sha256, shown_at }),
        evidence_at: None,
        app: None,
    }
}

fn decision(customer: &CustomerId, offer: usize, sent: bool, now: Timestamp) -> Decision {
    let (device, fence) = (DeviceId::new("phone").unwrap(), FenceId::new("store").unwrap());
    let visit = VisitId::of(customer, &device, &fence, now);
    let offer = OfferId::new(&format!("offer-{offer}")).unwrap();
    let text = String::new;
    let words = Words { title: text(), body: text(), link: None, why: text() };
    let said = Said { expires_at: now, words };
    let counted = Counted {
        zone: Some("Europe/Zurich".into()),
        channel: Channel::Push,
        category: None,
        standing: Standing::Sent,
        cost: 25,
        favourite: false,
    };
    Decision {
        id: NotificationId::of(visit, &offer),
        device,
        offer,
        merchant: merchant_id(0),
        fence,
        store: "Store".into(),
        visit,
        trigger: TransitionKind::Dwell,
        triggered_at: now,
        verdict: if sent { SENT.into() } else { "cap".into() },
        failed: Vec::new(),
        next_possible_at: None,
        purposes: Vec::new(),
        facts: Vec::new(),
        counted: sent.then_some(counted),
        tolerance: None,
        said: sent.then_some(said),
    }
}

/// Lets things happen, committed a few at a time; gives the storage and when each
/// customer's row was last written.
fn live(happenings: &[(usize, Happening, i64)], n_together: usize) -> (MemoryStorage, Vec<Timestamp>) {
    let mut storage = MemoryStorage::new();
    let mut simple: Vec<_> = (0..3).map(Simple::new).collect();
    let mut written_at = vec![Timestamp::MIN; simple.len()];
    let mut now = Timestamp::from_unix_ms(0);
    for together in happenings.chunks(n_together) {
        let mut staged = Vec::new();
        for (who, happening, hours) in together {
            now = now + Millis::from_hours(*hours);
            let customer = &mut simple[*who];
            if let Some(entry) = customer.happen(happening, now) {
                written_at[*who] = now;
                staged.push(stage(vec![entry], vec![customer.row.clone()], Vec::new(), 0));
            }
        }
        commit(&mut storage, staged).unwrap();
    }
    (storage, written_at)
}

fn entries(storage: &mut MemoryStorage) -> Vec<Entry> {
    let mut entries = Vec::new();
    storage.scan_entries(None, &mut |numbered| entries.push(numbered.entry)).unwrap();
    entries
}

proptest! {
    #[test]
    fn replay_restores_state(
        happenings in prop::collection::vec((0..3_usize, happening(), 1..200_i64), 0..60),
        n_together in 1..6_usize,
    ) {
        let (mut storage, written_at) = live(&happenings, n_together);
        let rebuilt = replay(entries(&mut storage));
        let mut n_rows = 0;
        storage.scan_states(&mut |state| {
            n_rows += 1;
            let (row, stored) = state.into_parts();
            let outbox = stored.iter().map(|stored| stored.notification().clone()).collect();
            let row = StateRow { outbox, ..row };
            let no: usize = row.customer.as_str().strip_prefix("customer-").unwrap().parse().unwrap();
            assert_eq!(rebuilt[&row.customer].check(&row, written_at[no] - HEARD_KEPT), Ok(()));
        }).unwrap();
        prop_assert_eq!(n_rows, rebuilt.len());
    }
}

#[test]
fn a_row_that_does_not_tell_the_truth_is_found_out() {
    let now = Timestamp::from_unix_ms(1_000);
    let mut anna = Simple::new(0);
    let grant = Happening::Says {
        merchant: 0,
        purpose: Purpose::Location,
        kind: ConsentKind::Grant { until: None, confirm: None },
        shown_ago: Millis::ZERO,
    };
    let happenings = [grant, Happening::Candidate { offer: 0, sent: true }];
    let entries: Vec<_> = happenings.iter().filter_map(|happening| anna.happen(happening, now)).collect();
    let rebuilt = &replay(entries)[&anna.row.customer];
    let check = |row: &StateRow| rebuilt.check(row, Timestamp::MIN);
    assert_eq!(check(&anna.row), Ok(()));
    assert_eq!(check(&StateRow { epoch: Epoch(1), ..anna.row.clone() }), Err(Disagreement::Epoch));
    assert_eq!(check(&StateRow { consents: Vec::new(), ..anna.row.clone() }), Err(Disagreement::Consents));
    assert_eq!(check(&StateRow { heard: Vec::new(), ..anna.row.clone() }), Err(Disagreement::Heard));
    assert_eq!(check(&StateRow { outbox: Vec::new(), ..anna.row.clone() }), Err(Disagreement::Outbox));
}
