//! Starts the machine, answers questions about it, and stops it.

mod recorded;

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use bytes::Bytes;
use consent_gate::RuleBook;
use engine::{Alteration, Door, Engine, Event, House, Policy, Tally};
use ledger::{ClosedPartition, Erasure, Numbered, Retention, StateRow, StockCount, Storage, StorageError};
use model::{CustomerId, Millis, Partition, Timestamp};
use offers::{CivilDay, Counted, Stock};
use tokio::sync::{Semaphore, mpsc};
use tokio::task::JoinSet;
use wire::{Acknowledgement, Topics};

pub use self::recorded::Standing;
use super::clock::Clock;
use super::farewells::Farewells;
use super::inbound::{Inbound, NotDurable, shard_no};
use super::lookout::Lookout;
use super::outbound::{Exits, IN_FLIGHT_MAX, Outbound};
use super::shard::{self, Notice, Shard, ShardError, Shards};
use super::tickets::Tickets;
use super::upkeep::{Rounds, Upkeep};
use super::writer::{self, WriterHandle};
use crate::mqtt::{
    Broker, BrokerOptions, Delivered, Identity, LinkState, ListenError, Listener, ListenerOptions,
    ListenerTally, OutMessage,
};

/// Everything that a machine is made of.
pub struct Setup {
    /// Fences and offers.
    pub house: Arc<House>,
    /// Fences that are taken up before anything else happens; visits are read back into `house`.
    pub alteration: Option<Arc<Alteration>>,
    /// Every room's numbers; the clock's source is set from `clock`.
    pub policy: Policy,
    /// Where the ledger is kept.
    pub storage: Box<dyn Storage>,
    /// Threads that decide.
    pub n_shards: usize,
    /// Where topics begin.
    pub prefix: String,
    /// Where `now` comes from.
    pub clock: Clock,
    /// How the ledger is kept small.
    pub upkeep: Upkeep,
    /// The embedded listener and who may connect to it.
    pub listener: Option<(ListenerOptions, Vec<Identity>)>,
    /// The outside broker.
    pub broker: Option<BrokerOptions>,
}

/// Why the machine did not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The listener could not listen.
    #[error(transparent)]
    Listen(#[from] ListenError),
    /// The ledger could not be read.
    #[error(transparent)]
    Ledger(#[from] StorageError),
    /// The machine gave us no thread.
    #[error("a thread could not be started")]
    Thread(#[from] io::Error),
}

/// A running machine.
pub struct Running {
    shards: Shards,
    inbound: Arc<Inbound>,
    writer: WriterHandle,
    exits: Exits,
    threads: Vec<JoinHandle<()>>,
    ways_out: Vec<tokio::task::JoinHandle<()>>,
    writer_thread: JoinHandle<()>,
    status_topic: String,
    n_acks_dropped: Arc<AtomicU64>,
    /// Shared by all shards.
    stock: Arc<Stock>,
    farewells: Arc<Farewells>,
    keep: Retention,
    /// Ends with the machine.
    lookout: JoinSet<()>,
}

/// Who we are in the status topic of the listener; an outside broker knows us by another name.
const INSTANCE: &str = "stile";

/// How long a machine that is told to stop may take to put things in order.
const ORDERLY_STOP_MAX: Duration = Duration::from_secs(5);

/// How long operators have to read that it drains.
const DRAINING_SHOWN: Duration = Duration::from_millis(200);

/// A replayed trace runs through days in seconds; five seconds of it are no time at all.
const VISITS_STORED_EVERY_REPLAYED: Millis = Millis::from_mins(10);

impl Running {
    /// Reads the ledger back, then opens the gate, then the doors.
    ///
    /// Must be called within a multi-threaded tokio runtime.
    ///
    /// # Errors
    /// Nothing is left running then.
    pub async fn start(mut setup: Setup) -> Result<Self, StartError> {
        setup.policy.clock = setup.clock.source();
        if matches!(setup.clock, Clock::Fixes { .. }) {
            setup.policy.visits_stored_every = VISITS_STORED_EVERY_REPLAYED;
        }
        let stock = Arc::new(stock(setup.storage.as_mut())?);
        let engines = engines(&mut setup, &stock)?;
        let topics = Topics::new(&setup.prefix);
        let tickets = Arc::new(Tickets::default());
        let (writer, jobs) = writer::mailbox();
        let (handles, mailboxes): (Vec<_>, Vec<_>) = engines.iter().map(|_| shard::mailbox()).unzip();
        let shards: Shards = handles.into();
        let (limits, closed) = (setup.policy.limits, closed(setup.storage.as_ref()));
        let inbound = Arc::new(Inbound {
            topics: topics.clone(),
            limits,
            shards: shards.clone(),
            tickets: tickets.clone(),
            closed,
        });
        let instance = setup.broker.as_ref().map_or(INSTANCE.into(), |broker| broker.instance.clone());
        let exits = open_doors(setup.listener, setup.broker, &inbound).await?;
        let keep = setup.upkeep.keep;
        let writer_thread = writer::run(setup.storage, jobs, Rounds::new(setup.upkeep, setup.clock))?;
        let (mut threads, mut ways_out) = (Vec::new(), Vec::new());
        let in_flight = Arc::new(Semaphore::new(IN_FLIGHT_MAX));
        let n_acks_dropped = Arc::<AtomicU64>::default();
        let farewells = Arc::<Farewells>::default();
        for (no, (engine, mailbox)) in engines.into_iter().zip(mailboxes).enumerate() {
            let (outgoing, out) = mpsc::unbounded_channel();
            let handle = shards[no].clone();
            let way_out = Outbound {
                topics: topics.clone(),
                exits: exits.clone(),
                shard: handle.clone(),
                tickets: tickets.clone(),
                in_flight: in_flight.clone(),
                n_acks_dropped: n_acks_dropped.clone(),
            };
            ways_out.push(tokio::spawn(way_out.work(out)));
            let shard = Shard::new(engine, setup.clock, handle, writer.clone(), outgoing, farewells.clone());
            threads.push(shard::run(shard, mailbox, no)?);
        }
        let status_topic = topics.status(&instance);
        announce(&exits, &status_topic, "online").await;
        let by_the_wall = matches!(setup.clock, Clock::Wall);
        let lookout = look_out(&exits, &shards, &n_acks_dropped, by_the_wall);
        tracing::info!(n_shards = threads.len(), "the engine has started");
        Ok(Self {
            shards,
            inbound,
            writer,
            exits,
            threads,
            ways_out,
            writer_thread,
            status_topic,
            n_acks_dropped,
            stock,
            farewells,
            keep,
            lookout,
        })
    }

    /// Where the embedded listener listens.
    #[must_use]
    pub fn address(&self) -> Option<SocketAddr> {
        self.exits.listener.as_ref().map(|listener| listener.address())
    }

    /// What the embedded listener has counted; `None` without one.
    #[must_use]
    pub fn listener_tally(&self) -> Option<ListenerTally> {
        self.exits.listener.as_ref().map(|listener| listener.tally())
    }

    /// How things stand with the outside broker; `None` without one.
    #[must_use]
    pub fn broker_state(&self) -> Option<LinkState> {
        self.exits.broker.as_ref().map(|broker| broker.state().borrow().clone())
    }

    /// The same once it is known whether the broker can be reached, or after so long.
    pub async fn broker_state_within(&self, time: Duration) -> Option<LinkState> {
        let mut state = self.exits.broker.as_ref()?.state();
        let known = state.wait_for(|state| *state != LinkState::Connecting);
        // What is not known by then is told as it is.
        let _ = tokio::time::timeout(time, known).await.map(drop);
        self.broker_state()
    }

    /// Answers to consent events that their session did not take: it was busy for too long, or
    /// too many waited.
    #[must_use]
    pub fn n_acks_dropped(&self) -> u64 {
        self.n_acks_dropped.load(Ordering::Relaxed)
    }

    /// How often each offer went out.
    #[must_use]
    pub fn stock(&self) -> &Stock {
        &self.stock
    }

    /// Whether every part still works: the ledger's writer, without which nothing is decided,
    /// the shards and their ways out. A part that is gone does not come back.
    #[must_use]
    pub fn is_healthy(&self) -> bool {
        !self.writer_thread.is_finished()
            && !self.threads.iter().any(JoinHandle::is_finished)
            && !self.ways_out.iter().any(tokio::task::JoinHandle::is_finished)
    }

    /// What all shards have counted.
    ///
    /// # Errors
    /// When a shard has stopped.
    pub async fn tally(&self) -> Result<Tally, ShardError> {
        let mut sum = Tally::default();
        for shard in self.shards.iter() {
            sum.add(&shard.ask(|engine| engine.tally()).await?);
        }
        Ok(sum)
    }

    /// What happened since the last time somebody asked; from the first time on it is noted.
    ///
    /// # Errors
    /// When a shard has stopped.
    pub async fn events(&self) -> Result<Vec<Event>, ShardError> {
        let mut events = Vec::new();
        for shard in self.shards.iter() {
            let drain = |engine: &mut Engine| {
                engine.listen();
                std::iter::from_fn(|| engine.poll_event()).collect::<Vec<_>>()
            };
            events.extend(shard.ask(drain).await?);
        }
        Ok(events)
    }

    /// What is known of one customer, and the engine's time; `None` for a stranger.
    ///
    /// # Errors
    /// When the customer's shard has stopped.
    pub async fn state_of(&self, customer: &CustomerId) -> Result<Option<(StateRow, Timestamp)>, ShardError> {
        let asked = customer.clone();
        let state = move |engine: &mut Engine| Some((engine.state_of(&asked)?, engine.now()));
        self.shards[self.shard_no(customer)].ask(state).await
    }

    /// The ledger's entries about one customer, oldest first.
    ///
    /// # Errors
    /// When the ledger cannot be read.
    pub async fn entries_of(&self, customer: &CustomerId) -> Result<Vec<Numbered>, StorageError> {
        let asked = customer.clone();
        self.ask_ledger(move |storage| entries_of(storage, &asked)).await?
    }

    /// Asks the ledger something, between two commits.
    ///
    /// # Errors
    /// When its writer has stopped.
    pub async fn ask_ledger<T: Send + 'static>(
        &self,
        question: impl FnOnce(&mut dyn Storage) -> T + Send + 'static,
    ) -> Result<T, StorageError> {
        let (answer, wait) = tokio::sync::oneshot::channel();
        self.writer.read(move |storage| drop(answer.send(question(storage))));
        wait.await.map_err(|_| StorageError::Io("the ledger's writer has stopped".into()))
    }

    /// Hands a letter in at one of the doors that MQTT uses; answers once it is durable, with what became of
    /// a consent event.
    ///
    /// # Errors
    /// When its customer's partition is closed, or the machine stops.
    pub async fn hear(
        &self,
        door: Door,
        customer: &CustomerId,
        body: Bytes,
    ) -> Result<Option<Acknowledgement>, NotDurable> {
        Ok(self.inbound.hear(door, customer.as_str(), body).await?.1)
    }

    /// Destroys everything that is kept of a customer; answers when nothing of it is left.
    ///
    /// Waits behind what the customer's phones and backends sent before.
    ///
    /// # Errors
    /// When its customer's partition is closed, or the machine stops; it is not known then what is left.
    pub async fn erase(&self, customer: &CustomerId) -> Result<Erasure, NotDurable> {
        let (ticket, _) = self.inbound.hear(Door::Erasure, customer.as_str(), Bytes::new()).await?;
        self.farewells.take(ticket).ok_or(NotDurable)
    }

    /// Takes up another fence set; answers how many visits it ended once it is in force everywhere.
    ///
    /// # Errors
    /// When a shard has stopped.
    pub async fn take_up(&self, alteration: &Arc<Alteration>) -> Result<usize, ShardError> {
        shard::alter(&self.shards, alteration).await
    }

    /// Takes up another rule book; it is in force everywhere when it returns.
    ///
    /// # Errors
    /// When a shard has stopped.
    pub async fn take_up_rules(&self, rules: &Arc<RuleBook>) -> Result<(), ShardError> {
        for shard in self.shards.iter() {
            let rules = rules.clone();
            shard.ask(move |engine| engine.handle_rules(rules)).await?;
        }
        Ok(())
    }

    /// Closes the doors, finishes what is in hand, and lets go of the ledger; answers what was counted.
    pub async fn shut_down(mut self) -> Option<Tally> {
        tracing::info!("the engine stops");
        self.lookout.shutdown().await;
        if announce(&self.exits, &self.status_topic, "draining").await == Delivered::Sent {
            // What was handed to a session that is hung up on at once is not written any more.
            tokio::time::sleep(DRAINING_SHOWN).await;
        }
        if let Some(broker) = &self.exits.broker {
            broker.announce_draining();
        }
        if let Some(listener) = &self.exits.listener {
            listener.shut_down().await;
        }
        let _ = tokio::time::timeout(ORDERLY_STOP_MAX, self.settle()).await;
        let tally = self.tally().await.ok();
        for shard in self.shards.iter() {
            shard.notify(Notice::Stop);
        }
        let Self { shards, inbound, writer, exits, threads, ways_out, writer_thread, .. } = self;
        drop((shards, writer, exits.listener));
        let joined = tokio::task::spawn_blocking(move || {
            for thread in threads.into_iter().chain([writer_thread]) {
                // A shard that panicked has said so already.
                let _ = thread.join();
            }
        });
        let _ = tokio::time::timeout(ORDERLY_STOP_MAX, joined).await;
        // Whatever was handed out by now is done; nobody settles anything any more.
        let _ = tokio::time::timeout(ORDERLY_STOP_MAX, futures_util::future::join_all(ways_out)).await;
        inbound.tickets.void_all();
        if let Some(broker) = exits.broker {
            say_goodbye(broker).await;
        }
        tally
    }

    /// Waits until every shard has nothing in hand.
    async fn settle(&self) {
        for shard in self.shards.iter() {
            while !shard.is_idle().await {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        }
    }

    fn shard_no(&self, customer: &CustomerId) -> usize {
        shard_no(Partition::of(customer.as_str()), self.shards.len())
    }
}

/// The ledger's entries about one customer, oldest first.
pub(crate) fn entries_of(
    storage: &mut dyn Storage,
    customer: &CustomerId,
) -> Result<Vec<Numbered>, StorageError> {
    let mut entries = Vec::new();
    storage.scan_entries(Some(customer), &mut |entry| entries.push(entry))?;
    Ok(entries)
}

/// How often each offer went out, as the ledger has counted it.
pub(crate) fn stock(storage: &mut dyn Storage) -> Result<Stock, StorageError> {
    let mut counts = Vec::new();
    storage.scan_stock(&mut |StockCount { offer, day, n }| {
        counts.push((offer, day.map_or(Counted::Total, |day| Counted::On(CivilDay::new(day))), n));
    })?;
    Ok(Stock::new(counts))
}

/// Reads every state row back into the engine of its shard, then opens the gates.
fn engines(setup: &mut Setup, stock: &Arc<Stock>) -> Result<Vec<Engine>, StorageError> {
    let graves = setup.storage.graves();
    let new_engine = || {
        let engine = Engine::new(setup.house.clone(), setup.policy.clone());
        engine.sharing(stock.clone()).remembering(graves.clone())
    };
    let mut engines: Vec<Engine> = (0..setup.n_shards).map(|_| new_engine()).collect();
    setup.storage.scan_states(&mut |stored| {
        let no = shard_no(Partition::of(stored.customer().as_str()), setup.n_shards);
        engines[no].load(stored);
    })?;
    for engine in &mut engines {
        if let Some(alteration) = &setup.alteration {
            engine.handle_alteration(alteration, setup.clock.now());
        }
        engine.open(setup.clock.now());
    }
    Ok(engines)
}

/// The partitions whose customers are refused, now that every row was read.
fn closed(storage: &dyn Storage) -> Vec<Partition> {
    let tell = |closed: &ClosedPartition| {
        let partition = closed.partition;
        tracing::error!(partition = partition.no(), reason = closed.reason, "a partition is closed");
        partition
    };
    storage.closed_partitions().iter().map(tell).collect()
}

/// Sets somebody to tell operators what goes wrong.
fn look_out(
    exits: &Exits,
    shards: &Shards,
    n_acks_dropped: &Arc<AtomicU64>,
    by_the_wall: bool,
) -> JoinSet<()> {
    let lookout = Lookout {
        listener: exits.listener.as_ref().map(Arc::downgrade),
        broker: exits.broker.as_ref().map(|broker| broker.state()),
        shards: shards.clone(),
        n_acks_dropped: n_acks_dropped.clone(),
        by_the_wall,
    };
    let mut task = JoinSet::new();
    task.spawn(lookout.work());
    task
}

async fn open_doors(
    listener: Option<(ListenerOptions, Vec<Identity>)>,
    broker: Option<BrokerOptions>,
    inbound: &Arc<Inbound>,
) -> Result<Exits, ListenError> {
    let mut exits = Exits::default();
    if let Some((options, identities)) = listener {
        exits.listener = Some(Arc::new(Listener::bind(options, identities, inbound.clone()).await?));
    }
    if let Some(options) = broker {
        exits.broker = Some(Arc::new(Broker::connect(options, inbound.clone())));
    }
    Ok(exits)
}

/// Says on the listener how this instance is, for operators now and later.
async fn announce(exits: &Exits, topic: &str, state: &str) -> Delivered {
    match &exits.listener {
        Some(listener) => listener.retain(OutMessage::new(topic, format!(r#"{{"state":"{state}"}}"#))).await,
        None => Delivered::NotConnected,
    }
}

/// Publishes `offline` and disconnects, once nobody else holds the broker.
async fn say_goodbye(mut broker: Arc<Broker>) {
    /// Answers that are still awaited hold it.
    const TRIES_MAX: usize = 200;
    for _ in 0..TRIES_MAX {
        match Arc::try_unwrap(broker) {
            Ok(broker) => return broker.shut_down().await,
            Err(held) => broker = held,
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

#[cfg(test)]
mod tests;
