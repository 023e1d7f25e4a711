//! Other fences for a running server.

use std::os::unix::fs::MetadataExt as _;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use engine::{Alteration, House};
use model::Timestamp;
use offers::Mode;
use serde_json::{Value, json};
use settings::Problem;
use store::FenceSetError;
use tokio::sync::Mutex;
use tokio::task::spawn_blocking;

use crate::cli::report::problem_json;
use crate::fence_sets::{Answered, Keeper, Kept, Refused, Wish};
use crate::machine::Running;
use crate::orders::Orders;

/// Where fences and offers are changed.
///
/// Wishes about fences come one after the other, and a large one takes seconds. An order to an offer does
/// not wait for them: it changes what every shard has at once, and whatever is on its way is put upon that.
pub struct FenceDesk {
    keeper: Arc<Mutex<Keeper>>,
    pub(super) in_force: Mutex<InForce>,
}

/// What every shard has.
pub(super) struct InForce {
    pub(super) house: Arc<House>,
    /// What operators have said of its offers.
    pub(super) orders: Orders,
    /// The most that any of them may do.
    pub(super) mode: Mode,
}

impl From<Keeper> for FenceDesk {
    fn from(keeper: Keeper) -> Self {
        let (house, orders) = (keeper.house().clone(), keeper.orders().clone());
        let in_force = InForce { house, orders, mode: keeper.mode() };
        Self { keeper: Arc::new(Mutex::new(keeper)), in_force: Mutex::new(in_force) }
    }
}

impl FenceDesk {
    /// Checks, keeps, and lets every shard take up what is wished for.
    pub(super) async fn change(
        &self,
        wish: Wish,
        running: &Running,
        by: &str,
        now: Timestamp,
    ) -> Result<Value, String> {
        let started = Instant::now();
        let mut keeper = self.keeper.clone().lock_owned().await;
        {
            let in_force = self.in_force.lock().await;
            keeper.catch_up(&in_force.house, &in_force.orders);
        }
        let was = keeper.sets().in_force().map(|set| set.no);
        let by = by.to_owned();
        // Reading, building and syncing take their time, and not that of the doors.
        let worked = spawn_blocking(move || {
            // A rule that is wrong refuses all of it.
            let rules = keeper.other_rules(&wish);
            let answered = rules.and_then(|rules| Ok((keeper.answer(&wish, &by, now)?, rules)));
            (keeper, answered)
        });
        let (mut keeper, answered) = worked.await.map_err(|_| "the set could not be built".to_owned())?;
        let (answered, rules) = match answered {
            Err(refused) => return refused_as_json(refused),
            Ok(answered) => answered,
        };
        let other_rules = rules.is_some();
        if let Some(rules) = rules {
            running.take_up_rules(&rules).await.map_err(|error| error.to_string())?;
            keeper.settle_rules(rules);
            tracing::info!("other rules of law are in force");
        }
        let kept = match answered {
            Answered::Unchanged => return Ok(with_rules(unchanged_as_json(was), other_rules)),
            Answered::Kept(kept) => kept,
        };
        let swapping = Instant::now();
        let mut in_force = self.in_force.lock().await;
        let Kept { alteration, no, warnings } = kept;
        let alteration = in_force.put_upon(alteration);
        let n_ended = running.take_up(&alteration).await.map_err(|error| error.to_string())?;
        in_force.house = alteration.to().clone();
        drop(in_force);
        let swap = Swap { n_ended, took: swapping.elapsed() };
        keeper.settle(&alteration);
        tracing::info!(version = no, n_ended, "other fences or offers are in force");
        let kept = Kept { alteration, no, warnings };
        let answer = kept_as_json(was, &kept, Some(&swap), started.elapsed());
        // What a million fences held is given back in a second, and nobody waits for that.
        spawn_blocking(move || drop(kept));
        Ok(with_rules(answer, other_rules))
    }
}

/// An answer that tells whether the rules of law are others, too.
fn with_rules(mut answer: Value, other_rules: bool) -> Value {
    answer["other_rules"] = other_rules.into();
    answer
}

impl InForce {
    /// The way from here to where an alteration leads, which may have been worked out before the last order.
    fn put_upon(&self, alteration: Arc<Alteration>) -> Arc<Alteration> {
        if Arc::ptr_eq(alteration.from(), &self.house) {
            return alteration;
        }
        let to = alteration.to().clone();
        drop(alteration);
        let catalogue = Arc::new(self.orders.applied_to(to.catalogue()));
        Arc::new(Alteration::between(self.house.clone(), to).with_offers(catalogue))
    }
}

/// What was wrong with a wish is an answer; a disk that fails is none.
fn refused_as_json(refused: Refused) -> Result<Value, String> {
    match refused {
        Refused::Problems(problems) => {
            Ok(json!({ "refused": problems.iter().map(problem_json).collect::<Vec<_>>() }))
        }
        Refused::Sets(
            error @ (FenceSetError::Io { .. } | FenceSetError::Suspect { .. } | FenceSetError::NotTrusted),
        ) => Err(error.to_string()),
        Refused::Sets(error) => {
            let problem = Problem::of_file(Path::new("fences"), error.to_string());
            Ok(json!({ "refused": [problem_json(&problem)] }))
        }
        Refused::Orders(error) => Err(error.to_string()),
    }
}

/// How the shards took a set up.
pub(crate) struct Swap {
    n_ended: usize,
    took: Duration,
}

/// The answer to whoever wished for what is there.
pub(crate) fn unchanged_as_json(version: Option<u64>) -> Value {
    json!({ "version": version, "was": version, "unchanged": true })
}

/// The answer about a set that is in force, or will be at the next start.
pub(crate) fn kept_as_json(was: Option<u64>, kept: &Kept, swap: Option<&Swap>, took: Duration) -> Value {
    let ms = |took: Duration| (took.as_secs_f64() * 1e6).round() / 1e3;
    let (extent, offers) = (kept.alteration.extent(), kept.alteration.offers());
    json!({
        "version": kept.no,
        "was": was,
        "hash": kept.alteration.to().version().map(|version| &*version.hash),
        "fences": kept.alteration.to().n_fences(),
        "added": extent.n_added,
        "removed": extent.n_removed,
        "changed": extent.n_changed,
        "offers": {
            "n": kept.alteration.to().catalogue().offers().len(),
            "added": offers.added.len(),
            "removed": offers.removed.len(),
            "changed": offers.changed.len(),
        },
        "warnings": kept.warnings.iter().map(problem_json).collect::<Vec<_>>(),
        "in_force": swap.is_some(),
        "visits_ended": swap.map(|swap| swap.n_ended),
        "swap_ms": swap.map(|swap| ms(swap.took)),
        "took_ms": ms(took),
    })
}

/// Who asks, for the record; without a socket this process does.
pub(crate) fn user_word(user: Option<u32>) -> String {
    let own = || std::fs::metadata("/proc/self").ok().map(|process| process.uid());
    user.or_else(own).map_or_else(|| "an unknown user".into(), |user| format!("user {user}"))
}
