//! A thread that owns an engine.

use std::collections::{HashSet, VecDeque};
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use engine::{Engine, Letter, Output};
use ledger::{Committed, DeliveryOutcome, Recorded};
use model::{CustomerId, Notification, NotificationId, Timestamp};
use tokio::sync::mpsc;
use tokio::time::sleep;
use wire::Flaw;

use super::clock::Clock;
use super::outbound::Outgoing;
use super::parcel::Parcel;
use super::writer::WriterHandle;

/// Parcels that wait for a shard at most; then senders wait.
const QUEUE_MAX: usize = 4_096;

/// Letters handled in one drain at most: bounds how long a withdrawal waits behind fixes.
const DRAIN_LETTERS_MAX: usize = 4_096;

/// The way to a shard.
#[derive(Clone)]
pub(super) struct ShardHandle {
    queue: mpsc::Sender<Task>,
    notices: mpsc::UnboundedSender<Notice>,
}

/// What queues: consent and fixes of one customer in one order.
pub(super) enum Task {
    Parcel(Parcel),
    Unaddressed(Flaw),
}

/// What does not queue behind fixes: answers that the engine waits for.
pub(super) enum Notice {
    Committed(Committed),
    Delivered(CustomerId, NotificationId, DeliveryOutcome),
    Retry(Box<Recorded<Notification>>),
    Ask(Box<dyn FnOnce(&mut Engine) + Send>),
    Stop,
}

/// Why a shard did not answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the engine has stopped")]
pub struct ShardError;

impl ShardHandle {
    pub(super) async fn send(&self, parcel: Parcel) -> bool {
        self.queue.send(Task::Parcel(parcel)).await.is_ok()
    }

    pub(super) async fn unaddressed(&self, flaw: Flaw) -> bool {
        self.queue.send(Task::Unaddressed(flaw)).await.is_ok()
    }

    /// Whether nothing waits in its queue.
    pub(super) fn is_drained(&self) -> bool {
        self.queue.capacity() == QUEUE_MAX
    }

    pub(super) fn committed(&self, committed: Committed) {
        self.notify(Notice::Committed(committed));
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
        let (answer, wait) = tokio::sync::oneshot::channel();
        let question = move |engine: &mut Engine| drop(answer.send(question(engine)));
        self.notices.send(Notice::Ask(Box::new(question))).map_err(|_| ShardError)?;
        wait.await.map_err(|_| ShardError)
    }
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
    (ShardHandle { queue: queue_in, notices: notices_in }, Mailbox { queue, notices })
}

/// What a shard works with.
pub(super) struct Shard {
    pub(super) engine: Engine,
    pub(super) clock: Clock,
    pub(super) handle: ShardHandle,
    pub(super) writer: WriterHandle,
    pub(super) outgoing: mpsc::UnboundedSender<Outgoing>,
    /// What a clock driven by fixes waits for before it goes on.
    pub(super) awaited: Awaited,
    /// Parcels taken from the queue and not yet handled.
    pub(super) backlog: Backlog,
}

/// Answers that are on their way.
#[derive(Debug, Default)]
pub(super) struct Awaited {
    is_committing: bool,
    /// Offers handed out once; one that is offered again holds nothing up.
    offers: HashSet<NotificationId>,
}

/// Parcels, and how many letters of the first one are done.
#[derive(Default)]
pub(super) struct Backlog {
    parcels: VecDeque<Parcel>,
    n_letters_done: usize,
}

/// Starts a shard; it ends when it is told to or when nobody can reach it.
pub(super) fn run(shard: Shard, mailbox: Mailbox, no: usize) -> std::io::Result<thread::JoinHandle<()>> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build()?;
    let work = move || runtime.block_on(shard.work(mailbox));
    thread::Builder::new().name(format!("shard-{no}")).spawn(work)
}

impl Shard {
    async fn work(mut self, mut mailbox: Mailbox) {
        let mut tasks = Vec::new();
        self.flush();
        loop {
            let nap = self.engine.poll_timeout().and_then(|due_at| self.clock.until(due_at));
            // A held visit row is written within the hour at the latest, even when nothing else happens.
            let nap = nap.unwrap_or(Duration::from_secs(5)).min(Duration::from_secs(5));
            tokio::select! {
                biased;
                notice = mailbox.notices.recv() => match notice {
                    None | Some(Notice::Stop) => return,
                    Some(notice) => self.take_notice(notice),
                },
                n = mailbox.queue.recv_many(&mut tasks, QUEUE_MAX), if self.backlog.parcels.is_empty() => {
                    if n == 0 {
                        return;
                    }
                    self.take_in(&mut tasks);
                }
                () = sleep(nap) => {}
            }
            match self.clock {
                Clock::Fixes { .. } => self.work_off_singly(),
                Clock::Wall | Clock::Scaled { .. } => {
                    self.work_off();
                    self.engine.handle_timeout(self.clock.now());
                    self.flush();
                }
            }
        }
    }

    fn take_in(&mut self, tasks: &mut Vec<Task>) {
        for task in tasks.drain(..) {
            match task {
                Task::Parcel(parcel) => self.backlog.parcels.push_back(parcel),
                Task::Unaddressed(flaw) => self.engine.handle_unaddressed(flaw),
            }
        }
    }

    /// Handles everything at hand, in drains.
    fn work_off(&mut self) {
        let parcels = std::mem::take(&mut self.backlog.parcels);
        let mut letters: Vec<Letter<'_>> = Vec::with_capacity(parcels.iter().map(Parcel::n_letters).sum());
        for parcel in &parcels {
            parcel.unpack(&mut letters);
        }
        for drain in letters.chunks(DRAIN_LETTERS_MAX) {
            let now = self.now();
            self.engine.handle_letters(drain, now);
        }
    }

    /// Handles letter by letter while nothing is on its way: each moves the clock, and what it calls
    /// for must be recorded and out before the next one does.
    fn work_off_singly(&mut self) {
        self.flush();
        while self.goes_on()
            && let Some(parcel) = self.backlog.parcels.pop_front()
        {
            let mut letters = Vec::with_capacity(parcel.n_letters());
            parcel.unpack(&mut letters);
            while self.goes_on() && self.backlog.n_letters_done < letters.len() {
                let now = self.now();
                self.engine
                    .handle_letters(&letters[self.backlog.n_letters_done..=self.backlog.n_letters_done], now);
                self.backlog.n_letters_done += 1;
                self.flush();
            }
            if self.backlog.n_letters_done < letters.len() {
                self.backlog.parcels.push_front(parcel);
            } else {
                self.backlog.n_letters_done = 0;
            }
        }
    }

    fn goes_on(&self) -> bool {
        !self.awaited.is_committing && self.awaited.offers.is_empty()
    }

    fn take_notice(&mut self, notice: Notice) {
        let now = self.now();
        match notice {
            Notice::Committed(committed) => {
                self.awaited.is_committing = false;
                self.engine.handle_committed(committed, now);
            }
            Notice::Delivered(customer, id, outcome) => {
                self.awaited.offers.remove(&id);
                self.engine.handle_delivery(&customer, id, outcome, now);
            }
            Notice::Retry(recorded) => {
                self.awaited.offers.remove(&recorded.value().id);
                self.send(recorded, now);
            }
            Notice::Ask(question) => question(&mut self.engine),
            Notice::Stop => {}
        }
    }

    /// Commits what is to be durable, and sends what may go.
    fn flush(&mut self) {
        let now = self.now();
        if let Some(staged) = self.engine.poll_staged(now)
            && self.writer.commit(self.handle.clone(), staged)
        {
            self.awaited.is_committing = true;
        }
        while let Some(output) = self.engine.poll_output() {
            match output {
                Output::Send(recorded) => {
                    self.awaited.offers.insert(recorded.value().id);
                    self.send(Box::new(recorded), now);
                }
                Output::Acknowledge(ack) => self.hand_out(Outgoing::Acknowledge(ack)),
                Output::Settled { ticket } => self.hand_out(Outgoing::Settle(ticket)),
            }
        }
    }

    /// Asks the back door, and hands over or notes why not.
    fn send(&mut self, recorded: Box<Recorded<Notification>>, now: Timestamp) {
        match self.engine.may_send(&recorded, now) {
            Ok(()) => {
                let expires_in = self.clock.real(recorded.value().expires_at.since(now));
                self.hand_out(Outgoing::Offer { recorded, expires_in });
            }
            Err(outcome) => {
                self.awaited.offers.remove(&recorded.value().id);
                let customer = recorded.value().customer.clone();
                self.engine.handle_delivery(&customer, recorded.value().id, outcome, now);
            }
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
