//! The one thread that writes the ledger; whatever waits when it is free shares a commit.

use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;
use std::time::Duration;

use ledger::{NotCommitted, Staged, Storage, StorageError};

use super::shard::ShardHandle;

/// Work for the writer.
pub(super) enum Job {
    /// Make it durable, then tell the shard.
    Commit(ShardHandle, Staged),
    /// Look something up.
    Read(LookUp),
}

/// A question to the ledger.
type LookUp = Box<dyn FnOnce(&mut dyn Storage) + Send>;

/// The way to the writer.
#[derive(Clone)]
pub(super) struct WriterHandle(Sender<Job>);

/// How long to wait before a failed commit is tried again.
const RETRY_AFTER: Duration = Duration::from_secs(1);

/// Staged decisions that share a commit at most: bounds the time that the first one waits.
const STAGED_MAX: usize = 256;

impl WriterHandle {
    pub(super) fn commit(&self, shard: ShardHandle, staged: Staged) -> bool {
        self.0.send(Job::Commit(shard, staged)).is_ok()
    }

    pub(super) fn read(&self, look_up: impl FnOnce(&mut dyn Storage) + Send + 'static) -> bool {
        self.0.send(Job::Read(Box::new(look_up))).is_ok()
    }
}

/// A way to a writer that [`run`] will be; shards need it before it runs.
pub(super) fn mailbox() -> (WriterHandle, Receiver<Job>) {
    let (send, receive) = channel();
    (WriterHandle(send), receive)
}

/// Starts the writer; it ends, and lets go of the data directory, when nobody can reach it any more.
pub(super) fn run(
    mut storage: Box<dyn Storage>,
    jobs: Receiver<Job>,
) -> std::io::Result<thread::JoinHandle<()>> {
    let work = move || {
        while let Ok(job) = jobs.recv() {
            let mut batch = Vec::new();
            take(job, &mut batch, storage.as_mut());
            while batch.len() < STAGED_MAX
                && let Ok(job) = jobs.try_recv()
            {
                take(job, &mut batch, storage.as_mut());
            }
            if !commit(storage.as_mut(), batch) {
                return;
            }
        }
    };
    thread::Builder::new().name("writer".into()).spawn(work)
}

fn take(job: Job, batch: &mut Vec<(ShardHandle, Staged)>, storage: &mut dyn Storage) {
    match job {
        Job::Commit(shard, staged) => batch.push((shard, staged)),
        Job::Read(look_up) => look_up(storage),
    }
}

/// Commits until it succeeds: nothing is decided meanwhile, and fixes go on (`faults.md`, D02).
///
/// Answers false when the storage cannot be trusted any more.
fn commit(storage: &mut dyn Storage, batch: Vec<(ShardHandle, Staged)>) -> bool {
    let (shards, mut staged): (Vec<ShardHandle>, Vec<Staged>) = batch.into_iter().unzip();
    if staged.is_empty() {
        return true;
    }
    loop {
        match ledger::commit(storage, staged) {
            Ok(committed) => {
                for (shard, committed) in shards.iter().zip(committed) {
                    shard.committed(committed);
                }
                return true;
            }
            Err(NotCommitted { error, staged: again }) => {
                tracing::error!(%error, "the ledger could not be written; nothing is sent until it can");
                if matches!(
                    error,
                    StorageError::Suspect(_) | StorageError::Closed { .. } | StorageError::Damaged { .. }
                ) {
                    return false;
                }
                staged = again;
                thread::sleep(RETRY_AFTER);
            }
        }
    }
}
