//! The embedded listener: MQTT 3.1.1 and 5 on one port, for phones and backends.
//!
//! It is no broker between its clients: whatever is published goes to the [`Ingress`] and
//! nowhere else, and whatever is sent comes from [`Listener::deliver`]. The `mqtt5` crate
//! speaks the protocol, one connection at a time; each connection gets a router of its own,
//! so that no subscription of one session can ever see another, a message finds its session
//! without a walk over all subscriptions, and a connection can be dropped at any moment
//! without a trace. Who is connected is known by the [`seats`](self::seats).

mod accept;
mod connection;
mod hooks;
mod seat;
mod seats;
mod turn;

use std::io;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::sync::{Semaphore, watch};

use self::seat::{Farewell, Handed, Seat};
use self::seats::Seats;
use self::turn::ConsentTurns;
use super::access::{Outbound, Prefix};
use super::identity::{Identities, Identity, Role};
use super::ingress::{Delivered, Ingress, OutMessage};

/// Bounds and names of a [`Listener`].
#[derive(Clone, Debug)]
pub struct ListenerOptions {
    /// Where it listens; port 0 takes any free one.
    pub address: SocketAddr,
    /// The first levels of every topic.
    pub prefix: Prefix,
    /// Connections at a time; above it newcomers are told that the server is busy.
    pub n_connections_max: usize,
    /// Connections of devices among them, so that phones cannot shut the backends out.
    pub n_device_connections_max: usize,
    /// Connections of one identity; a customer has few phones.
    pub n_connections_of_device_max: usize,
    /// Connections that have not proved who they are; above it the oldest of them is closed,
    /// so that silent peers cannot keep anyone out.
    pub n_strangers_max: usize,
    /// How long a newcomer may take to say who it is.
    pub connect_time_max: Duration,
    /// Bytes of a packet; a longer one ends its connection.
    pub packet_len_max: usize,
    /// Messages that a session may have been given and not acknowledged.
    pub n_unacknowledged_max: u16,
    /// Subscriptions of one session.
    pub n_subscriptions_max: usize,
}

impl Default for ListenerOptions {
    fn default() -> Self {
        Self {
            address: SocketAddr::from(([127, 0, 0, 1], 1883)),
            prefix: Prefix::new("stile/v1"),
            n_connections_max: 10_000,
            n_device_connections_max: 9_900,
            n_connections_of_device_max: 16,
            n_strangers_max: 512,
            connect_time_max: Duration::from_secs(5),
            packet_len_max: 2 * 1024 * 1024,
            n_unacknowledged_max: 16,
            n_subscriptions_max: 32,
        }
    }
}

/// Why the listener did not start.
#[derive(Debug, thiserror::Error)]
pub enum ListenError {
    /// The address is taken, not ours, or not allowed.
    #[error("cannot listen on {address}")]
    Bind {
        /// Where.
        address: SocketAddr,
        /// Why.
        source: io::Error,
    },
}

/// What the listener counted since it started.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ListenerTally {
    /// TCP connections accepted.
    pub n_accepted: u64,
    /// Newcomers closed because they said nothing useful, or not in time.
    pub n_strangers_closed: u64,
    /// Newcomers refused for name, secret or will.
    pub n_refused: u64,
    /// Newcomers refused because a limit was reached.
    pub n_turned_away: u64,
    /// Messages taken in.
    pub n_published: u64,
    /// Messages for a topic that their sender may not publish to.
    pub n_publishes_denied: u64,
    /// Subscriptions that their sender may not have.
    pub n_subscriptions_denied: u64,
    /// Messages handed to a session.
    pub n_handed: u64,
}

#[derive(Default)]
struct Counters {
    n_accepted: AtomicU64,
    n_strangers_closed: AtomicU64,
    n_refused: AtomicU64,
    n_turned_away: AtomicU64,
    n_published: AtomicU64,
    n_publishes_denied: AtomicU64,
    n_subscriptions_denied: AtomicU64,
    n_handed: AtomicU64,
}

/// What all connections share.
struct Shared {
    options: ListenerOptions,
    identities: Identities,
    seats: Seats,
    consent_turns: ConsentTurns,
    /// The last message of every retained topic of ours, for operators who come later.
    retained: Mutex<Vec<OutMessage>>,
    /// Password checks take a core for tens of milliseconds: one at a time.
    slow_checks: Semaphore,
    counters: Counters,
}

/// A running listener; ends when it is dropped or [shut down](Listener::shut_down).
pub struct Listener {
    address: SocketAddr,
    shared: Arc<Shared>,
    stop: watch::Sender<bool>,
}

impl Listener {
    /// Starts to listen.
    ///
    /// Must be called within a tokio runtime. Of two identities with one name the later wins.
    pub async fn bind<I: Ingress>(
        options: ListenerOptions,
        identities: Vec<Identity>,
        ingress: Arc<I>,
    ) -> Result<Self, ListenError> {
        let address = options.address;
        let failed = |source| ListenError::Bind { address, source };
        let socket = TcpListener::bind(address).await.map_err(failed)?;
        let address = socket.local_addr().map_err(failed)?;
        let shared = Arc::new(Shared {
            seats: Seats::new(&options),
            options,
            identities: Identities::new(identities),
            consent_turns: ConsentTurns::default(),
            retained: Mutex::default(),
            slow_checks: Semaphore::new(1),
            counters: Counters::default(),
        });
        let (stop, stopped) = watch::channel(false);
        tokio::spawn(accept::run(socket, shared.clone(), ingress, stopped));
        Ok(Self { address, shared, stop })
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Lets someone connect from now on; replaces who had the name, whose sessions end.
    pub fn add_identity(&self, identity: Identity) {
        let name = identity.name().clone();
        self.shared.identities.insert(identity);
        self.shared.seats.dismiss_identity(&name, Farewell::Dismissed);
    }

    /// Lets someone connect no more and ends their sessions; whether they were known.
    pub fn remove_identity(&self, name: &str) -> bool {
        let known = self.shared.identities.remove(name);
        self.shared.seats.dismiss_identity(name, Farewell::Dismissed);
        known
    }

    /// Sessions that have proved who they are.
    #[must_use]
    pub fn n_connected(&self) -> usize {
        self.shared.seats.n_seated()
    }

    /// Hands a message to every connected session that subscribed to it: the customer's own
    /// devices and the backends, or the operators for `sys`.
    ///
    /// Nothing is kept for sessions that are not connected. Calls awaited one after another
    /// reach a session in their order. An offer is [`Delivered::Busy`] while a consent event
    /// of its customer is being accepted: it would follow the acknowledgement of a withdrawal.
    pub async fn deliver(&self, message: &OutMessage) -> Delivered {
        let outbound = self.shared.options.prefix.outbound(&message.topic);
        let seats = match outbound {
            None => return Delivered::NotConnected,
            Some(Outbound::Sys) => self.shared.seats.operators(),
            Some(Outbound::OnConsent(customer)) => self.shared.seats.of_customer(customer),
            Some(Outbound::Offer(customer)) => {
                if self.shared.consent_turns.is_taken(customer) {
                    return Delivered::Busy;
                }
                let seats = self.shared.seats.of_customer(customer);
                seats.iter().for_each(|seat| seat.offer_comes());
                seats
            }
        };
        self.hand(&seats, message).await
    }

    /// Publishes a retained message of our own, such as the status, to the operators: those
    /// who subscribed get it now, those who come later when they subscribe.
    pub async fn retain(&self, message: OutMessage) -> Delivered {
        {
            let mut retained = self.shared.retained.lock().unwrap_or_else(PoisonError::into_inner);
            retained.retain(|old| old.topic != message.topic);
            retained.push(message.clone());
        }
        let mut delivered = Delivered::NotConnected;
        for seat in self.shared.seats.operators() {
            if seat.retain(&message).await == Handed::Yes {
                self.shared.count(|counters| &counters.n_handed);
                delivered = Delivered::Sent;
            }
        }
        delivered
    }

    /// Every counter.
    #[must_use]
    pub fn tally(&self) -> ListenerTally {
        let counters = &self.shared.counters;
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        ListenerTally {
            n_accepted: read(&counters.n_accepted),
            n_strangers_closed: read(&counters.n_strangers_closed),
            n_refused: read(&counters.n_refused),
            n_turned_away: read(&counters.n_turned_away),
            n_published: read(&counters.n_published),
            n_publishes_denied: read(&counters.n_publishes_denied),
            n_subscriptions_denied: read(&counters.n_subscriptions_denied),
            n_handed: read(&counters.n_handed),
        }
    }

    /// Accepts nobody more, says goodbye to everybody (0x8B on MQTT 5) and waits until they
    /// are gone; a few seconds at most.
    pub async fn shut_down(&self) {
        const GOODBYE_TIME_MAX: Duration = Duration::from_secs(3);
        self.stop.send_replace(true);
        self.shared.seats.dismiss_all(Farewell::ShuttingDown);
        // Those who are still there after that are dropped with the runtime.
        let _ = tokio::time::timeout(GOODBYE_TIME_MAX, self.stop.closed()).await;
    }

    async fn hand(&self, seats: &[Arc<Seat>], message: &OutMessage) -> Delivered {
        let mut delivered = Delivered::NotConnected;
        for seat in seats {
            delivered = match (delivered, seat.hand(message).await) {
                (_, Handed::Yes) => {
                    self.shared.count(|counters| &counters.n_handed);
                    Delivered::Sent
                }
                (Delivered::Sent, _) => Delivered::Sent,
                (_, Handed::Full) | (Delivered::Busy, _) => Delivered::Busy,
                (_, Handed::TooLarge) => Delivered::Refused,
                (before, Handed::NotSubscribed) => before,
            };
        }
        delivered
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        self.stop.send_replace(true);
        self.shared.seats.dismiss_all(Farewell::ShuttingDown);
    }
}

impl Shared {
    fn retained(&self) -> Vec<OutMessage> {
        self.retained.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn count(&self, counter: fn(&Counters) -> &AtomicU64) {
        counter(&self.counters).fetch_add(1, Ordering::Relaxed);
    }

    fn role_limit(&self, role: Role) -> usize {
        match role {
            Role::Device => self.options.n_connections_of_device_max,
            Role::Backend | Role::Operator => self.options.n_connections_max,
        }
    }
}
