//! Other fences for a running server.

use std::os::unix::fs::MetadataExt as _;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use model::Timestamp;
use serde_json::{Value, json};
use settings::Problem;
use store::FenceSetError;
use tokio::sync::Mutex;
use tokio::task::spawn_blocking;

use crate::cli::report::problem_json;
use crate::fence_sets::{Answered, Keeper, Kept, Refused, Wish};
use crate::machine::Running;

/// Where fences are changed, one wish after the other.
pub struct FenceDesk(Arc<Mutex<Keeper>>);

impl From<Keeper> for FenceDesk {
    fn from(keeper: Keeper) -> Self {
        Self(Arc::new(Mutex::new(keeper)))
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
        let mut keeper = self.0.clone().lock_owned().await;
        let was = keeper.sets().in_force().map(|set| set.no);
        let by = by.to_owned();
        // Reading, building and syncing take their time, and not that of the doors.
        let worked = spawn_blocking(move || {
            let answered = keeper.answer(&wish, &by, now);
            (keeper, answered)
        });
        let (mut keeper, answered) = worked.await.map_err(|_| "the set could not be built".to_owned())?;
        let kept = match answered {
            Err(Refused::Problems(problems)) => {
                return Ok(json!({ "refused": problems.iter().map(problem_json).collect::<Vec<_>>() }));
            }
            Err(Refused::Sets(
                error
                @ (FenceSetError::Io { .. } | FenceSetError::Suspect { .. } | FenceSetError::NotTrusted),
            )) => return Err(error.to_string()),
            Err(Refused::Sets(error)) => {
                let problem = Problem::of_file(Path::new("fences"), error.to_string());
                return Ok(json!({ "refused": [problem_json(&problem)] }));
            }
            Ok(Answered::Unchanged) => return Ok(unchanged_as_json(was)),
            Ok(Answered::Kept(kept)) => kept,
        };
        let swapping = Instant::now();
        let n_ended = running.take_up(&kept.alteration).await.map_err(|error| error.to_string())?;
        let swap = Swap { n_ended, took: swapping.elapsed() };
        keeper.settle(&kept.alteration);
        tracing::info!(version = kept.no, n_ended, "other fences or offers are in force");
        let answer = kept_as_json(was, &kept, Some(&swap), started.elapsed());
        // What a million fences held is given back in a second, and nobody waits for that.
        spawn_blocking(move || drop(kept));
        Ok(answer)
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
