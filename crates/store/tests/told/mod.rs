//! Customers who say yes and no, as the engine would write it down, and what holds for them then.
#![allow(dead_code, unreachable_pub)]

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use consent_gate::{
    Actor, ConsentEvent, ConsentKind, ConsentState, Effect, EventId, Hearing, Method, Purpose,
};
use ledger::{ConsentEntry, Entry, Rebuilt, StateRow, Storage as _, What, commit, stage};
use model::{CustomerId, MerchantId, Profile, Timestamp};
use store::{RestoreError, RestoreOptions, Restored, SqliteStore, back_up};

use crate::common::{customer, open};

/// Milliseconds after the story began.
pub(crate) const fn at(ms: i64) -> Timestamp {
    Timestamp::from_unix_ms(ms)
}

const YEAR: i64 = 365 * 86_400_000;

pub(crate) fn merchant() -> MerchantId {
    MerchantId::new("harbour").unwrap()
}

/// An open directory, and what was written into it.
pub(crate) struct Told {
    pub(crate) store: SqliteStore,
    people: BTreeMap<CustomerId, Rebuilt>,
    now: i64,
}

impl Told {
    pub(crate) fn open(dir: &Path) -> Self {
        let mut store = open(dir).unwrap();
        let mut people = BTreeMap::<CustomerId, Rebuilt>::new();
        let mut now = 0;
        store
            .scan_entries(None, &mut |numbered| {
                now = now.max(numbered.entry.at.unix_ms());
                people.entry(numbered.entry.customer.clone()).or_default().apply(&numbered.entry);
            })
            .unwrap();
        Self { store, people, now }
    }

    /// Somebody says something about one purpose.
    pub(crate) fn say(&mut self, name: &str, purpose: Purpose, kind: ConsentKind) {
        self.now += 1;
        let person = self.people.entry(customer(name)).or_default();
        let row = person.consents.iter().find(|row| row.purpose == purpose);
        let before = row.map_or(ConsentState::Unknown, |row| row.state);
        let Some(state) = after(before, kind, self.now) else { return };
        let epoch = if kind.is_a_no() { person.epoch.next() } else { person.epoch };
        let event = ConsentEvent {
            id: EventId::new(&format!("e{}", self.now)).unwrap(),
            merchant: merchant(),
            purpose,
            kind,
            actor: Actor::Own,
            method: Method::Toggle,
            notice: None,
            evidence_at: Some(at(self.now)),
            app: None,
        };
        let (hearing, effect) = (Hearing::Live, Effect::Applied);
        self.write(name, What::Consent(ConsentEntry { event, hearing, effect, state, epoch }));
    }

    /// Somebody says something about themselves.
    pub(crate) fn profile(&mut self, name: &str, profile: &Profile) {
        self.now += 1;
        self.write(name, What::Profile(profile.clone()));
    }

    pub(crate) fn erase(&mut self, name: &str) {
        self.now += 1;
        self.store.erase(&customer(name), at(self.now)).unwrap();
        self.people.remove(&customer(name));
    }

    fn write(&mut self, name: &str, what: What) {
        let entry = Entry { customer: customer(name), at: at(self.now), what };
        let person = self.people.entry(customer(name)).or_default();
        person.apply(&entry);
        let row = StateRow {
            epoch: person.epoch,
            consents: person.consents.clone(),
            profile: person.profile.clone(),
            ..StateRow::new(customer(name))
        };
        commit(&mut self.store, vec![stage(vec![entry], vec![row], Vec::new(), 0)]).unwrap();
    }
}

/// What a word makes of a state; `None` where it has nothing to change.
fn after(state: ConsentState, kind: ConsentKind, now: i64) -> Option<ConsentState> {
    Some(match kind {
        ConsentKind::Grant { .. } => ConsentState::Granted { until: at(now + YEAR) },
        ConsentKind::Refuse => ConsentState::Refused,
        ConsentKind::Withdraw => ConsentState::Withdrawn,
        ConsentKind::Block { why } => ConsentState::Suppressed { why },
        ConsentKind::Pause { until } => ConsentState::Paused {
            until: until.unwrap_or(Timestamp::MAX),
            granted_until: state.granted_until()?,
        },
        ConsentKind::Resume => ConsentState::Granted { until: state.granted_until()? },
        ConsentKind::Show | ConsentKind::Confirm { .. } | ConsentKind::Supersede | ConsentKind::Unblock => {
            return None;
        }
    })
}

/// The row of somebody, read back.
pub(crate) fn row(dir: &Path, name: &str) -> Option<StateRow> {
    let mut found = None;
    open(dir)
        .unwrap()
        .scan_states(&mut |state| {
            if state.customer() == &customer(name) {
                found = Some(state.into_parts().0);
            }
        })
        .unwrap();
    found
}

/// The purposes to which somebody says yes, well after the restore.
pub(crate) fn yes_of(dir: &Path, name: &str) -> Vec<Purpose> {
    let rows = row(dir, name).map(|row| row.consents).unwrap_or_default();
    rows.iter().filter(|row| row.state.check(at(2_000_000)).is_ok()).map(|row| row.purpose).collect()
}

pub(crate) fn restricted_at(dir: &Path, name: &str, purpose: Purpose) -> Option<Timestamp> {
    row(dir, name)?.consents.iter().find(|row| row.purpose == purpose)?.restricted_at
}

/// Chance from a seed.
struct Draw(u64);

impl Draw {
    fn below(&mut self, n: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % n
    }
}

const PURPOSES: [Purpose; 3] = [Purpose::Location, Purpose::OffersPush, Purpose::Personalisation];
/// When answers are compared: right after the restore, when pauses end, and after a grant has run out.
const WHEN: [i64; 5] = [1_000_001, 1_500_000, 5_000_000, YEAR / 2, 2 * YEAR];
const N_PEOPLE: u64 = 8;

fn live(told: &mut Told, draw: &mut Draw, n: u64, may_erase: bool) {
    for _ in 0..n {
        let name = format!("c{}", draw.below(N_PEOPLE));
        let purpose = PURPOSES[draw.below(3) as usize];
        let kind = match draw.below(10) {
            0..=4 => ConsentKind::Grant { until: None, confirm: None },
            5 => ConsentKind::Refuse,
            6 => ConsentKind::Withdraw,
            7 => ConsentKind::Pause { until: Some(at([3_000_000, YEAR / 3][draw.below(2) as usize])) },
            8 => ConsentKind::Resume,
            _ if may_erase && draw.below(2) == 0 => {
                told.erase(&name);
                continue;
            }
            _ => {
                told.profile(&name, &Profile { minor: draw.below(2) == 0, ..Profile::default() });
                continue;
            }
        };
        told.say(&name, purpose, kind);
    }
}

type Answers = BTreeMap<(String, Purpose, i64), bool>;

/// Whether each is allowed: what a gate would answer, minors blocked.
fn answers(dir: &Path) -> Answers {
    let mut answers = Answers::new();
    let mut rows = BTreeMap::new();
    let mut store = open(dir).unwrap();
    store
        .scan_states(&mut |state| drop(rows.insert(state.customer().clone(), state.into_parts().0)))
        .unwrap();
    for (name, purpose, when) in all() {
        let row = rows.get(&customer(&name));
        let state = row.and_then(|row| row.consents.iter().find(|row| row.purpose == purpose));
        let is_minor = row.is_some_and(|row| row.profile.minor);
        let is_yes = !is_minor && state.is_some_and(|row| row.state.check(at(when)).is_ok());
        answers.insert((name, purpose, when), is_yes);
    }
    answers
}

fn all() -> impl Iterator<Item = (String, Purpose, i64)> {
    (0..N_PEOPLE).flat_map(|i| {
        PURPOSES.into_iter().flat_map(move |purpose| WHEN.map(|when| (format!("c{i}"), purpose, when)))
    })
}

/// A history, a backup somewhere in it, a loss, a restore; how many answers were compared, how many of
/// them were no, and how many customers were lowered.
pub(crate) fn play(
    seed: u64,
    restore: impl FnOnce(&Path, &Path, RestoreOptions<'_>) -> Result<Restored, RestoreError>,
) -> (usize, usize, usize) {
    let draw = &mut Draw(seed.wrapping_mul(0x9e37_79b9) + 1);
    let (dir, to) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let mut told = Told::open(dir.path());
    live(&mut told, draw, 30, false);
    let backup = to.path().join("backup");
    back_up(dir.path(), &backup, at(500)).unwrap();
    let n_since = draw.below(20);
    live(&mut told, draw, n_since, true);
    drop(told);
    let before = answers(dir.path());
    lose(dir.path(), draw.below(5), draw);
    let restored = restore(&backup, dir.path(), RestoreOptions::default()).unwrap();
    let after = answers(dir.path());
    for (what, was_yes) in &before {
        assert!(*was_yes || !after[what], "seed {seed}: {what:?} was no and is yes; {restored:?}");
    }
    let n_nos = before.values().filter(|is_yes| !**is_yes).count();
    (before.len(), n_nos, restored.lowered.n_changed + restored.lowered.n_unknown)
}

/// What the operator's directory has lost before somebody restores into it.
fn lose(dir: &Path, what: u64, draw: &mut Draw) {
    let path = dir.join("ledger.db");
    match what {
        0 => fs::remove_file(&path).unwrap(),
        1 => fs::remove_file(dir.join("heads")).unwrap(),
        2 => {
            let mut bytes = fs::read(&path).unwrap();
            let page = 1 + draw.below(bytes.len() as u64 / 4_096 - 1) as usize;
            bytes[page * 4_096..(page + 1) * 4_096].fill(0x55);
            fs::write(&path, bytes).unwrap();
        }
        _ => {}
    }
}
