//! A thread that owns an engine.

mod unread;

use std::sync::Arc;
use std::thread;
use std::time::Duration;

use engine::{Alteration, Engine, Farewell, Output};
use ledger::{Committed, DeliveryOutcome, Erasure};
use model::{CustomerId, Notification, NotificationId, Timestamp};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc, oneshot};
use tokio::time::{Instant, sleep};
use wire::Flaw;

use self::unread::Unread;
use super::clock::Clock;
use super::farewells::Farewells;
use super::line::Line;
use super::outbound::{OfferTrial, Outgoing};
use super::parcel::Parcel;
use super::writer::WriterHandle;
use crate::mqtt::Delivered;

/// Parcels that wait for a shard at most; then senders wait. A withdrawal waits behind them: they are
/// some milliseconds of work.
const QUEUE_MAX: usize = 512;

/// Memory that parcels take at most while they wait, in KiB; then senders wait. Some 20,000
/// fixes in batches: bounds how old one can be when its turn comes, too.
const QUEUE_KIB_MAX: u32 = 4 * 1_024;

/// The way to a shard.
#[derive(Clone)]
pub(super) struct ShardHandle {
    queue: mpsc::Sender<Task>,
    room: Arc<Semaphore>,
    notices: mpsc::UnboundedSender<Notice>,
}

/// What queues: consent and fixes of one customer in one order.
pub(super) enum Task {
    Parcel {
        parcel: Parcel,
        /// Given back when the parcel is read.
        _room: OwnedSemaphorePermit,
    },
    Unaddressed(Flaw),
}

/// What does not queue behind fixes: answers that the engine waits for.
pub(super) enum Notice {
    Committed(Committed),
    Erased(Farewell, Erasure),
    Delivered(CustomerId, NotificationId, DeliveryOutcome),
    Undelivered(OfferTrial, Delivered),
    /// Answered with whether nothing is in hand.
    AreYouIdle(oneshot::Sender<bool>),
    Ask(Box<dyn FnOnce(&mut Engine) + Send>),
    /// Another fence set; answered with how many visits it ended.
    Alter(Arc<Alteration>, oneshot::Sender<usize>),
    Stop,
}

/// Why a shard did not answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the engine has stopped")]
pub struct ShardError;

impl ShardHandle {
    /// Puts a parcel into the queue, when there is room; false when the shard is gone.
    pub(super) async fn send(&self, parcel: Parcel) -> bool {
        let n_kib = parcel.size_kib().min(QUEUE_KIB_MAX);
        let room = self.room.clone().acquire_many_owned(n_kib).await;
        let _room = room.expect("nobody closes the semaphore");
        self.queue.send(Task::Parcel { parcel, _room }).await.is_ok()
    }

    pub(super) async fn unaddressed(&self, flaw: Flaw) -> bool {
        self.queue.send(Task::Unaddressed(flaw)).await.is_ok()
    }

    /// Whether nothing waits in its queue, nothing is on its way to the ledger and nothing that
    /// was handed out waits for its answer; a shard that is gone has nothing in hand.
    pub(super) async fn is_idle(&self) -> bool {
        let (answer, wait) = oneshot::channel();
        self.notify(Notice::AreYouIdle(answer));
        let is_idle = wait.await.unwrap_or(true);
        is_idle && (self.queue.capacity() == QUEUE_MAX || self.queue.is_closed())
    }

    pub(super) fn committed(&self, committed: Committed) {
        self.notify(Notice::Committed(committed));
    }

    pub(super) fn erased(&self, farewell: Farewell, erasure: Erasure) {
        self.notify(Notice::Erased(farewell, erasure));
    }

    pub(super) fn notify(&self, notice: Notice) {
        // A shard that is gone needs no news.
        let _ = self.notices.send(notice);
    }

    /// Asks the engine something, between two drains.
    pub(super) async fn ask<T: Send + 'static>(
        &self,
        question: impl FnOnce(&mut Engine) -> T + Send + 'static,
    ) -> Result<T, ShardError> {
        let (answer, wait) = oneshot::channel();
        let question = move |engine: &mut Engine| drop(answer.send(question(engine)));
        self.notices.send(Notice::Ask(Box::new(question))).map_err(|_| ShardError)?;
        wait.await.map_err(|_| ShardError)
    }
}

/// Lets all shards take up another fence set, each between two of its letters; answers how many
/// visits that ended once the last one has.
pub(super) async fn alter(shards: &Shards, alteration: &Arc<Alteration>) -> Result<usize, ShardError> {
    let ask = |shard: &ShardHandle| {
        let (answer, wait) = oneshot::channel();
        shard.notify(Notice::Alter(alteration.clone(), answer));
        wait
    };
    let waits: Vec<_> = shards.iter().map(ask).collect();
    let mut n_ended = 0;
    for wait in waits {
        n_ended += wait.await.map_err(|_| ShardError)?;
    }
    Ok(n_ended)
}

/// The shard's ends of its channels.
pub(super) struct Mailbox {
    queue: mpsc::Receiver<Task>,
    notices: mpsc::UnboundedReceiver<Notice>,
}

/// The way to a shard that [`run`] will be.
pub(super) fn mailbox() -> (ShardHandle, Mailbox) {
    let (queue_in, queue) = mpsc::channel(QUEUE_MAX);
    let (notices_in, notices) = mpsc::unbounded_channel();
    let room = Arc::new(Semaphore::new(QUEUE_KIB_MAX as usize));
    (ShardHandle { queue: queue_in, room, notices: notices_in }, Mailbox { queue, notices })
}

/// What a shard works with.
pub(super) struct Shard {
    engine: Engine,
    clock: Clock,
    handle: ShardHandle,
    writer: WriterHandle,
    outgoing: mpsc::UnboundedSender<Outgoing>,
    farewells: Arc<Farewells>,
    unread: Unread,
    line: Line<ledger::Recorded<Notification>>,
    is_committing: bool,
}

/// Starts a shard; it ends when it is told to or when nobody can reach it.
pub(super) fn run(shard: Shard, mailbox: Mailbox, no: usize) -> std::io::Result<thread::JoinHandle<()>> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build()?;
    let work = move || runtime.block_on(shard.work(mailbox));
    thread::Builder::new().name(format!("shard-{no}")).spawn(work)
}

impl Shard {
    pub(super) fn new(
        engine: Engine,
        clock: Clock,
        handle: ShardHandle,
        writer: WriterHandle,
        outgoing: mpsc::UnboundedSender<Outgoing>,
        farewells: Arc<Farewells>,
    ) -> Self {
        let (unread, line) = (Unread::default(), Line::default());
        Self { engine, clock, handle, writer, outgoing, farewells, unread, line, is_committing: false }
    }

    async fn work(mut self, mut mailbox: Mailbox) {
        let mut tasks = Vec::new();
        self.flush();
        loop {
            tokio::select! {
                biased;
                notice = mailbox.notices.recv() => match notice {
                    None | Some(Notice::Stop) => return,
                    Some(notice) => self.take_notice(notice),
                },
                n = mailbox.queue.recv_many(&mut tasks, QUEUE_MAX), if self.unread.is_empty() => {
                    if n == 0 {
                        return;
                    }
                    self.unread.put(&mut tasks);
                }
                () = sleep(self.nap()) => {}
            }
            self.read();
            self.flush();
        }
    }

    /// How long nothing has to be done by itself.
    fn nap(&self) -> Duration {
        /// A held visit row is written a little late at most, even when nothing else happens.
        const NAP_MAX: Duration = Duration::from_secs(5);
        if !self.unread.is_empty() && self.may_read() {
            return Duration::ZERO;
        }
        let timer = self.engine.poll_timeout().and_then(|due_at| self.clock.until(due_at));
        let retry = self.line.next_due().map(|due_at| due_at.saturating_duration_since(Instant::now()));
        timer.into_iter().chain(retry).fold(NAP_MAX, Duration::min)
    }

    fn read(&mut self) {
        match self.clock {
            Clock::Wall | Clock::Scaled { .. } => {
                let now = self.clock.now();
                self.unread.read_all(&mut self.engine, now);
                self.engine.handle_timeout(now);
            }
            Clock::Fixes { .. } => self.read_in_step(),
        }
    }

    /// One letter after the other, each with all that follows from it: a clock that the next
    /// fix moves must not run away while something is being decided or is on its way.
    fn read_in_step(&mut self) {
        /// Then notices have their turn.
        const LETTERS_MAX: usize = 1_024;
        for _ in 0..LETTERS_MAX {
            let now = self.now();
            if !self.may_read() || !self.unread.read_one(&mut self.engine, now) {
                return;
            }
            self.flush();
        }
    }

    fn may_read(&self) -> bool {
        match self.clock {
            Clock::Wall | Clock::Scaled { .. } => true,
            Clock::Fixes { .. } => !self.engine.awaits_ledger() && self.line.lets_time_pass(),
        }
    }

    fn take_notice(&mut self, notice: Notice) {
        let now = self.now();
        match notice {
            Notice::Committed(committed) => {
                self.is_committing = false;
                self.engine.handle_committed(committed, now);
            }
            Notice::Erased(farewell, erasure) => {
                // Nothing of theirs waits in the line to be tried again.
                self.weed(now);
                self.engine.handle_erased(&farewell, &erasure, now);
                self.farewells.note(&farewell, erasure);
            }
            Notice::Delivered(customer, id, outcome) => {
                self.line.gone();
                self.engine.handle_delivery(&customer, id, outcome, now);
            }
            Notice::Undelivered(trial, why) => self.line.park(*trial, why, Instant::now()),
            Notice::AreYouIdle(answer) => {
                let is_idle = self.unread.is_empty()
                    && !self.is_committing
                    && self.engine.is_idle()
                    && self.line.is_answered();
                // Who asked may have stopped waiting.
                let _ = answer.send(is_idle);
            }
            Notice::Ask(question) => question(&mut self.engine),
            Notice::Alter(alteration, answer) => {
                let n_ended = self.engine.handle_alteration(&alteration, now);
                self.weed(now);
                // The fences that were are given back by who asked: it takes a while.
                drop(alteration);
                let _ = answer.send(n_ended);
            }
            Notice::Stop => {}
        }
    }

    /// Sends what may go, and commits what is to be durable.
    fn flush(&mut self) {
        let now = self.now();
        while let Some(output) = self.engine.poll_output() {
            match output {
                Output::Send(recorded) => self.line.push(recorded),
                Output::Shadow(shadow) => self.hand_out(Outgoing::Shadow(shadow)),
                Output::Acknowledge(ack) => self.hand_out(Outgoing::Acknowledge(ack)),
                Output::Remind(reminder) => self.hand_out(Outgoing::Remind(reminder)),
                Output::Erase(farewell) => self.writer.erase(self.handle.clone(), farewell),
                Output::Settled { ticket } => self.hand_out(Outgoing::Settle(ticket)),
            }
        }
        if !self.line.is_empty() {
            self.send(now);
        }
        if !self.is_committing
            && let Some(staged) = self.engine.poll_staged(now)
        {
            self.is_committing = self.writer.commit(self.handle.clone(), staged);
        }
    }

    /// Asks the back door for each that has its turn, and hands over or notes why not.
    fn send(&mut self, now: Timestamp) {
        while let Some(trial) = self.line.take(Instant::now()) {
            match self.engine.may_send(&trial.item, now) {
                Ok(()) => {
                    let expires_in = self.clock.real(trial.item.value().expires_at.since(now));
                    self.hand_out(Outgoing::Offer { trial: Box::new(trial), expires_in });
                }
                Err(outcome) => {
                    self.line.gone();
                    let Notification { customer, id, .. } = trial.item.value();
                    self.engine.handle_delivery(customer, *id, outcome, now);
                }
            }
        }
    }

    /// Notes of every offer that waits whether it will still go: a restart would not know that the
    /// fences were changed.
    fn weed(&mut self, now: Timestamp) {
        let engine = &self.engine;
        for (recorded, outcome) in self.line.weed(|recorded| engine.may_send(recorded, now)) {
            let Notification { customer, id, .. } = recorded.value();
            self.engine.handle_delivery(customer, *id, outcome, now);
        }
    }

    fn hand_out(&self, outgoing: Outgoing) {
        // Without a sender the program is ending; what is recorded is taken up at the next start.
        let _ = self.outgoing.send(outgoing);
    }

    fn now(&self) -> Timestamp {
        match self.clock {
            Clock::Fixes { start_at } => start_at.max(self.engine.now()),
            Clock::Wall | Clock::Scaled { .. } => self.clock.now(),
        }
    }
}

/// The shards of a program, by number.
pub(super) type Shards = Arc<[ShardHandle]>;
