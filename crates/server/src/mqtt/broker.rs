//! An outside broker, with the program as one of its clients.
//!
//! The session at the broker outlives connections (a consent event sent while we are away
//! waits there), but no client of ours does: every connection is a new one, so that nothing
//! that was about to be sent goes out later without being asked about again. What was inside
//! comes back as [`Delivered::Interrupted`].

mod backoff;
mod in_flight;
mod link;
mod protocol;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{Semaphore, mpsc, oneshot, watch};
use tokio::task::JoinHandle;

pub use self::backoff::Backoff;
use self::link::Link;
use super::access::Prefix;
use super::ingress::{Delivered, Ingress, OutMessage};

/// The MQTT version spoken to a broker.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Version {
    /// 3.1.1: without expiry, and without reasons for a refusal.
    V311,
    /// 5.
    V5,
}

/// Name and password for a broker. `Debug` shows neither.
#[derive(Clone, PartialEq, Eq)]
pub struct Credentials {
    /// User name.
    pub username: String,
    /// Password.
    pub password: String,
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Credentials(not shown)")
    }
}

/// Which broker, as whom, and how patiently.
#[derive(Clone, Debug)]
pub struct BrokerOptions {
    /// Name or address.
    pub host: String,
    /// Port.
    pub port: u16,
    /// MQTT version.
    pub version: Version,
    /// Client id; stable, because the session at the broker is found by it. Two engines must
    /// not share one.
    pub client_id: String,
    /// How to log in.
    pub credentials: Option<Credentials>,
    /// Longest silence; 5 s at least.
    pub keep_alive: Duration,
    /// The first levels of every topic.
    pub prefix: Prefix,
    /// Who we are in the status topic `{prefix}/sys/{instance}/status`.
    pub instance: String,
    /// What to subscribe to, at QoS 1.
    pub filters: Vec<String>,
    /// How long the broker keeps what we have not seen; zero starts clean every time. MQTT
    /// 3.1.1 knows only zero and for ever.
    pub session_expiry: Duration,
    /// Messages sent and not yet acknowledged.
    pub n_in_flight_max: usize,
    /// Incoming messages that are not yet acknowledged.
    pub n_incoming_max: u16,
    /// Longest wait for any answer of the broker; after that the connection is given up.
    pub answer_time_max: Duration,
    /// How often the status is published again, in case somebody overwrote it.
    pub status_interval: Duration,
    /// How long to wait between connections.
    pub backoff: Backoff,
}

impl BrokerOptions {
    /// Usual values for a broker: MQTT 5, all incoming topics of the prefix.
    #[must_use]
    pub fn new(host: &str, port: u16, client_id: &str, prefix: Prefix) -> Self {
        let incoming = ["+/+/fix", "+/+/feedback", "+/consent", "+/profile", "batch", "batch-pb"];
        Self {
            host: host.to_owned(),
            port,
            version: Version::V5,
            client_id: client_id.to_owned(),
            credentials: None,
            keep_alive: Duration::from_secs(30),
            instance: client_id.to_owned(),
            filters: incoming.map(|filter| format!("{}/{filter}", prefix.as_str())).to_vec(),
            prefix,
            session_expiry: Duration::from_secs(3_600),
            n_in_flight_max: 16,
            n_incoming_max: 256,
            answer_time_max: Duration::from_secs(20),
            status_interval: Duration::from_secs(25),
            backoff: Backoff::default(),
        }
    }

    fn status_topic(&self) -> String {
        format!("{}/sys/{}/status", self.prefix.as_str(), self.instance)
    }
}

/// How things stand between us and the broker.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LinkState {
    /// On the way there.
    Connecting,
    /// Connected, and every subscription granted.
    Ready,
    /// Not connected; tries again with back-off.
    Unreachable {
        /// What happened, in words without ids.
        why: Arc<str>,
    },
    /// The broker knows us not, or not with this password; tries again much later.
    CredentialsRefused,
    /// The broker refuses subscriptions that we cannot do without; tries again much later.
    SubscriptionsRefused {
        /// How many of them.
        n: usize,
    },
    /// Somebody else connected with our client id, perhaps a second engine; tries again much
    /// later.
    TakenOver,
    /// Shut down.
    Stopped,
}

impl LinkState {
    /// One word for it.
    #[must_use]
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Connecting => "connecting",
            Self::Ready => "ready",
            Self::Unreachable { .. } => "unreachable",
            Self::CredentialsRefused => "credentials_refused",
            Self::SubscriptionsRefused { .. } => "subscriptions_refused",
            Self::TakenOver => "taken_over",
            Self::Stopped => "stopped",
        }
    }
}

/// What the retained status topic says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Status {
    Online,
    Draining,
    Offline,
}

impl Status {
    fn payload(self) -> &'static str {
        match self {
            Self::Online => r#"{"state":"online"}"#,
            Self::Draining => r#"{"state":"draining"}"#,
            Self::Offline => r#"{"state":"offline"}"#,
        }
    }
}

/// A message on its way to the link, and who waits for its answer.
struct Order {
    message: OutMessage,
    answer: oneshot::Sender<Delivered>,
}

/// A client of an outside broker; stops without a word when dropped, so that the broker
/// publishes its will, and with an `offline` when [shut down](Broker::shut_down).
pub struct Broker {
    orders: mpsc::Sender<Order>,
    room: Semaphore,
    state: watch::Receiver<LinkState>,
    status: watch::Sender<Status>,
    task: JoinHandle<()>,
}

impl Broker {
    /// Starts to connect, for as long as it lives.
    ///
    /// Must be called within a tokio runtime.
    #[must_use]
    pub fn connect<I: Ingress>(options: BrokerOptions, ingress: Arc<I>) -> Self {
        let n_max = options.n_in_flight_max.max(1);
        let (orders, orders_in) = mpsc::channel(n_max);
        let (state_out, state) = watch::channel(LinkState::Connecting);
        let (status, status_in) = watch::channel(Status::Online);
        let link = Link { options, ingress, orders: orders_in, state: state_out, status: status_in };
        Self { orders, room: Semaphore::new(n_max), state, status, task: tokio::spawn(link.run()) }
    }

    /// Publishes a message; resolves when the broker has acknowledged it, or will not.
    ///
    /// At most `n_in_flight_max` are inside at a time, and others wait here. Calls awaited one
    /// after another reach the broker in their order.
    pub async fn deliver(&self, message: &OutMessage) -> Delivered {
        let Ok(_room) = self.room.acquire().await else { return Delivered::NotConnected };
        let (answer, answered) = oneshot::channel();
        let order = Order { message: message.clone(), answer };
        if self.orders.send(order).await.is_err() {
            return Delivered::NotConnected;
        }
        answered.await.unwrap_or(Delivered::Interrupted)
    }

    /// How things stand; readers can wait for a change.
    #[must_use]
    pub fn state(&self) -> watch::Receiver<LinkState> {
        self.state.clone()
    }

    /// Tells everybody who reads the status that this instance takes its leave.
    pub fn announce_draining(&self) {
        self.status.send_replace(Status::Draining);
    }

    /// Publishes `offline`, disconnects and waits until that is done; a few seconds at most.
    pub async fn shut_down(mut self) {
        const GOODBYE_TIME_MAX: Duration = Duration::from_secs(4);
        self.status.send_replace(Status::Offline);
        // Whatever is left is aborted when this is dropped.
        let _ = tokio::time::timeout(GOODBYE_TIME_MAX, &mut self.task).await;
    }
}

impl Drop for Broker {
    fn drop(&mut self) {
        self.task.abort();
    }
}
