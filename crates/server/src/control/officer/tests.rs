//! The desk of a machine whose disk fills up: no answer rests on what a crash would forget.

use std::sync::atomic::AtomicBool;

use engine::{House, Policy};
use ledger::{Batch, MemoryStorage, Retained, Retention, StockCount, Storage, StorageError, StoredState};
use offers::Catalogue;
use serde_json::json;

use super::*;
use crate::machine::{Setup, Upkeep};

/// A list in memory that can be full.
struct Disk {
    list: MemoryStorage,
    is_full: Arc<AtomicBool>,
}

impl Disk {
    fn room(&self) -> Result<(), StorageError> {
        if self.is_full.load(Ordering::SeqCst) { Err(StorageError::Full) } else { Ok(()) }
    }
}

impl Storage for Disk {
    fn append(&mut self, batch: &Batch<'_>) -> Result<(), StorageError> {
        self.room()?;
        self.list.append(batch)
    }

    fn scan_states(&mut self, visit: &mut dyn FnMut(StoredState)) -> Result<(), StorageError> {
        self.list.scan_states(visit)
    }

    fn scan_stock(&mut self, visit: &mut dyn FnMut(StockCount)) -> Result<(), StorageError> {
        self.list.scan_stock(visit)
    }

    fn scan_entries(
        &mut self,
        of: Option<&CustomerId>,
        visit: &mut dyn FnMut(Numbered),
    ) -> Result<(), StorageError> {
        self.list.scan_entries(of, visit)
    }

    fn erase(&mut self, customer: &CustomerId, at: Timestamp) -> Result<Erasure, StorageError> {
        self.room()?;
        self.list.erase(customer, at)
    }

    fn graves(&self) -> Graves {
        self.list.graves()
    }

    fn look_after(&mut self) -> Result<(), StorageError> {
        self.list.look_after()
    }

    fn retain(&mut self, keep: &Retention, n_max: usize, now: Timestamp) -> Result<Retained, StorageError> {
        self.list.retain(keep, n_max, now)
    }
}

/// A desk whose patience is short, at a machine on a disk that can be full.
struct Office {
    _dir: tempfile::TempDir,
    desk: OfficerDesk,
    running: Running,
    is_full: Arc<AtomicBool>,
}

impl Office {
    async fn open() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let is_full = Arc::<AtomicBool>::default();
        let setup = Setup {
            house: Arc::new(House::new(Vec::new(), Catalogue::default()).unwrap()),
            alteration: None,
            policy: Policy::default(),
            storage: Box::new(Disk { list: MemoryStorage::new(), is_full: is_full.clone() }),
            n_shards: 1,
            prefix: "stile/v1".into(),
            clock: Clock::Wall,
            upkeep: Upkeep::default(),
            listener: None,
            broker: None,
        };
        let running = Running::start(setup).await.unwrap();
        let desk =
            OfficerDesk { patience: Duration::from_millis(200), ..OfficerDesk::open(dir.path()).unwrap() };
        Self { _dir: dir, desk, running, is_full }
    }

    async fn ask(&self, question: Value) -> Value {
        let question = serde_json::from_value(question).unwrap();
        self.desk.answer(question, &self.running, Clock::Wall, None).await
    }

    async fn show(&self) -> Value {
        self.ask(json!({ "desk": "consent_show", "customer": "jan", "history": false })).await
    }

    fn fill(&self, is_full: bool) {
        self.is_full.store(is_full, Ordering::SeqCst);
    }
}

fn grant() -> Value {
    let shown = json!({ "id": "app", "version": 1, "lang": "en", "sha256": "ab".repeat(32), "shown_at_ms": 1_750_000_000_000_i64 });
    json!({
        "desk": "consent_say", "customer": "jan", "kind": "grant", "until_ms": null, "notice": shown,
        "about": { "merchant": { "merchant": "books", "purposes": ["location"] } },
    })
}

fn withdraw_all() -> Value {
    json!({
        "desk": "consent_say", "customer": "jan", "kind": "withdraw", "until_ms": null, "notice": null,
        "about": "all",
    })
}

fn tells_of_the_disk(answer: &Value) -> bool {
    answer["error"].as_str().is_some_and(|why| why.starts_with("not recorded yet: the disk is full"))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_withdrawal_is_answered_only_when_it_is_durable_however_often_it_is_asked_for() {
    let office = Office::open().await;
    assert_eq!(office.ask(grant()).await["said"][0]["state"], "granted");
    office.fill(true);
    for _ in 0..3 {
        let answer = office.ask(withdraw_all()).await;
        assert!(tells_of_the_disk(&answer), "{answer}");
    }
    let shown = office.show().await;
    assert_eq!(shown["consents"][0]["state"], "withdrawn", "it holds in this process: {shown}");
    assert_eq!(shown["consents"][0]["recorded"], false, "{shown}");
    assert_eq!(shown["unrecorded"]["why"], "the disk is full", "{shown}");
    let exported = office.ask(json!({ "desk": "customer_export", "customer": "jan" })).await;
    assert!(tells_of_the_disk(&exported), "{exported}");
    office.fill(false);
    loop {
        let answer = office.ask(withdraw_all()).await;
        if !tells_of_the_disk(&answer) {
            assert_eq!(answer["said"].as_array().map(Vec::len), Some(0), "{answer}");
            break;
        }
    }
    let shown = office.show().await;
    assert_eq!(shown["consents"][0]["recorded"], true, "{shown}");
    assert_eq!(shown["unrecorded"], Value::Null, "{shown}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_erasure_that_is_not_durable_is_told_as_that_and_nothing_is_said_in_its_name() {
    let office = Office::open().await;
    office.ask(grant()).await;
    office.fill(true);
    let erased = office.ask(json!({ "desk": "customer_erase", "customer": "jan" })).await;
    assert!(tells_of_the_disk(&erased), "{erased}");
    let mut withdrawal = grant();
    withdrawal["kind"] = "withdraw".into();
    let answer = office.ask(withdrawal).await;
    assert!(tells_of_the_disk(&answer), "erased is no answer while the disk knows them: {answer}");
    let shown = office.ask(json!({ "desk": "customer_show", "customer": "jan" })).await;
    assert_eq!(shown["unrecorded"]["erasure"], true, "{shown}");
    office.fill(false);
    let erased = loop {
        let erased = office.ask(json!({ "desk": "customer_erase", "customer": "jan" })).await;
        if !tells_of_the_disk(&erased) {
            break erased;
        }
    };
    assert!(erased["erased_at"].is_string(), "{erased}");
    assert_eq!(office.show().await["unrecorded"], Value::Null);
}
