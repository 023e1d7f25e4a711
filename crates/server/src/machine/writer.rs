//! The one thread that writes the ledger; whatever waits when it is free shares a commit.

use std::collections::VecDeque;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, SyncSender, channel, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use engine::Farewell;
use ledger::{NotCommitted, Staged, Storage, StorageError};

use super::shard::ShardHandle;
use super::upkeep::Rounds;

/// Work for the writer.
pub(super) enum Job {
    /// Make it durable, then tell the shard.
    Commit(ShardHandle, Staged),
    /// Destroy everything that is kept of a customer, then tell the shard.
    Erase(ShardHandle, Farewell),
    /// Look something up.
    Read(LookUp),
}

/// A question to the ledger.
type LookUp = Box<dyn FnOnce(&mut dyn Storage) + Send>;

/// The way to the writer.
#[derive(Clone)]
pub(super) struct WriterHandle {
    jobs: Sender<Job>,
    trouble: Trouble,
}

/// Why nothing can be made durable now, if that is so.
#[derive(Clone, Default)]
struct Trouble(Arc<Mutex<Option<StorageError>>>);

impl Trouble {
    fn note(&self, trouble: Option<&StorageError>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = trouble.cloned();
    }
}

/// How long to wait before a failed commit is tried again.
const RETRY_AFTER: Duration = Duration::from_secs(1);

/// How often a writer without work sees whether the data directory is still there (D09); one with
/// work sees it at every commit.
const LOOK_EVERY: Duration = Duration::from_secs(2);

/// Staged decisions that share a commit at most: bounds the time that the first one waits.
const STAGED_MAX: usize = 256;

/// From one look at the ledger's log to the next: a second's pages are moved in milliseconds.
const UPKEEP_REST: Duration = Duration::from_millis(500);

impl WriterHandle {
    pub(super) fn commit(&self, shard: ShardHandle, staged: Staged) -> bool {
        self.jobs.send(Job::Commit(shard, staged)).is_ok()
    }

    pub(super) fn erase(&self, shard: ShardHandle, farewell: Farewell) {
        // Without a writer the program is ending, and nobody hears that it was done.
        let _ = self.jobs.send(Job::Erase(shard, farewell));
    }

    pub(super) fn read(&self, look_up: impl FnOnce(&mut dyn Storage) + Send + 'static) -> bool {
        self.jobs.send(Job::Read(Box::new(look_up))).is_ok()
    }

    /// Why nothing can be made durable now; `None` while all is well.
    pub(super) fn trouble(&self) -> Option<StorageError> {
        self.trouble.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// What comes to the writer, and where it tells how it fares.
pub(super) struct Mailbox {
    jobs: Receiver<Job>,
    trouble: Trouble,
}

/// A way to a writer that [`run`] will be; shards need it before it runs.
pub(super) fn mailbox() -> (WriterHandle, Mailbox) {
    let (send, jobs) = channel();
    let trouble = Trouble::default();
    (WriterHandle { jobs: send, trouble: trouble.clone() }, Mailbox { jobs, trouble })
}

/// Starts the writer; it ends, and lets go of the data directory, when nobody can reach it any
/// more or when the storage cannot be trusted any more.
pub(super) fn run(
    storage: Box<dyn Storage>,
    Mailbox { jobs, trouble }: Mailbox,
    rounds: Rounds,
) -> std::io::Result<thread::JoinHandle<()>> {
    let mut writer = Writer { storage, jobs, trouble, rounds, batch: Vec::new(), farewells: VecDeque::new() };
    thread::Builder::new().name("writer".into()).spawn(move || {
        let Some(upkeep) = writer.storage.upkeep() else { return writer.work(None) };
        // It has let go of the ledger before the writer does.
        thread::scope(|scope| {
            let (committed, commits) = sync_channel(1);
            scope.spawn(move || keep_up(upkeep, &commits));
            writer.work(Some(&committed));
        });
    })
}

/// Does what keeps commits short, now and then while there are any.
fn keep_up(mut upkeep: Box<dyn FnMut() + Send>, commits: &Receiver<()>) {
    while commits.recv().is_ok() {
        let due_at = Instant::now() + UPKEEP_REST;
        loop {
            match commits.recv_timeout(due_at.saturating_duration_since(Instant::now())) {
                Ok(()) => {}
                Err(RecvTimeoutError::Timeout) => break,
                Err(RecvTimeoutError::Disconnected) => return,
            }
        }
        upkeep();
    }
}

struct Writer {
    storage: Box<dyn Storage>,
    jobs: Receiver<Job>,
    /// What commands are told that wait in vain.
    trouble: Trouble,
    /// When it deletes what was kept long enough.
    rounds: Rounds,
    /// What shares the next commit.
    batch: Vec<(ShardHandle, Staged)>,
    /// Who is erased behind it: nothing of theirs is staged any more.
    farewells: VecDeque<(ShardHandle, Farewell)>,
}

/// What became of a commit.
enum Tried {
    Written,
    /// Nothing was; the same may be tried again.
    Failed,
    Broken,
}

impl Tried {
    const fn because_of(error: &StorageError) -> Self {
        match error {
            StorageError::Full | StorageError::Io(_) => Self::Failed,
            StorageError::Suspect(_) | StorageError::Closed { .. } | StorageError::Damaged { .. } => {
                Self::Broken
            }
        }
    }
}

impl Writer {
    fn work(&mut self, committed: Option<&SyncSender<()>>) {
        loop {
            if self.batch.is_empty() && self.farewells.is_empty() {
                match self.jobs.recv_timeout(self.rounds.rest().min(LOOK_EVERY)) {
                    Ok(job) => self.take(job),
                    Err(RecvTimeoutError::Timeout) => {
                        if let Err(error) = self.storage.look_after() {
                            tracing::error!(%error, "the ledger is gone");
                            return;
                        }
                    }
                    Err(RecvTimeoutError::Disconnected) => return,
                }
            }
            if self.rounds.is_due(self.batch.is_empty() && self.farewells.is_empty()) {
                self.rounds.portion(self.storage.as_mut());
            }
            while self.batch.len() < STAGED_MAX
                && let Ok(job) = self.jobs.try_recv()
            {
                self.take(job);
            }
            let tried = match self.commit() {
                Tried::Written => self.erase(),
                failed @ (Tried::Failed | Tried::Broken) => failed,
            };
            match tried {
                // Whoever is told already knows.
                Tried::Written => committed.into_iter().for_each(|committed| _ = committed.try_send(())),
                Tried::Failed if self.pause() => {}
                Tried::Failed | Tried::Broken => return,
            }
        }
    }

    fn take(&mut self, job: Job) {
        match job {
            Job::Commit(shard, staged) => self.batch.push((shard, staged)),
            Job::Erase(shard, farewell) => self.farewells.push_back((shard, farewell)),
            Job::Read(look_up) => look_up(self.storage.as_mut()),
        }
    }

    /// While it fails nothing is decided, and fixes go on (`faults.md`, D02).
    fn commit(&mut self) -> Tried {
        if self.batch.is_empty() {
            return Tried::Written;
        }
        let (shards, staged): (Vec<ShardHandle>, Vec<Staged>) = self.batch.drain(..).unzip();
        match ledger::commit(self.storage.as_mut(), staged) {
            Ok(committed) => {
                self.trouble.note(None);
                for (shard, committed) in shards.iter().zip(committed) {
                    shard.committed(committed);
                }
                Tried::Written
            }
            Err(NotCommitted { error, staged }) => {
                tracing::error!(%error, "the ledger could not be written; nothing is sent until it can");
                self.trouble.note(Some(&error));
                self.batch = shards.into_iter().zip(staged).collect();
                Tried::because_of(&error)
            }
        }
    }

    /// Erases who waits for it; one that fails is tried again, and nobody is told before.
    fn erase(&mut self) -> Tried {
        while let Some((_, farewell)) = self.farewells.front() {
            match self.storage.erase(&farewell.customer, farewell.at) {
                Ok(erasure) => {
                    self.trouble.note(None);
                    if let Some((shard, farewell)) = self.farewells.pop_front() {
                        shard.erased(farewell, erasure);
                    }
                }
                Err(error) => {
                    tracing::error!(%error, "somebody could not be erased yet; it is tried again");
                    self.trouble.note(Some(&error));
                    return Tried::because_of(&error);
                }
            }
        }
        Tried::Written
    }

    /// Answers questions until it is time to try again; false when nobody is there any more.
    fn pause(&mut self) -> bool {
        let until = Instant::now() + RETRY_AFTER;
        loop {
            match self.jobs.recv_timeout(until.saturating_duration_since(Instant::now())) {
                Ok(job) => self.take(job),
                Err(RecvTimeoutError::Timeout) => return true,
                Err(RecvTimeoutError::Disconnected) => return false,
            }
        }
    }
}
