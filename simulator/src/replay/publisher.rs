//! One ordered MQTT 5 connection as a backend.
//!
//! The connection is polled in a task of its own, so that a full window never stops the
//! reading of what would empty it. It is never made anew: a second connection could send
//! what the first already has, out of order.

use std::sync::Arc;
use std::time::{Duration, Instant};

use model::Timestamp;
use rumqttc::Outgoing;
use rumqttc::v5::mqttbytes::QoS;
use rumqttc::v5::mqttbytes::v5::{
    ConnAck, Filter, Packet, PubAck, PubAckReason, Publish, SubscribeReasonCode, UnsubAckReason,
};
use rumqttc::v5::{AsyncClient, ConnectionError, Event, EventLoop, MqttOptions};
use tokio::sync::{Semaphore, watch};

use crate::credentials::Credentials;
use crate::replay::account::{Account, Load};
use crate::safety::Broker;

/// Bound of one packet in both directions: the listener's own bound, and room for the topic.
const PACKET_LEN_MAX: u32 = 4 << 20;
/// Messages that may be sent and not yet answered, before the sender waits.
pub(crate) const WINDOW_MAX: u16 = 64;
/// Requests between the sender and the connection's task: the window, a subscription or two
/// and the farewell, so that it is never full.
const QUEUE_MAX: usize = WINDOW_MAX as usize + 8;
/// Packet ids in use: so many more than the window that a late answer never blocks the next id.
const PACKET_IDS_MAX: u16 = 1024;
/// How long a step of the handshake may take.
const HANDSHAKE_MAX: Duration = Duration::from_secs(10);

/// A message to publish.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Message {
    pub(crate) topic: String,
    pub(crate) payload: Vec<u8>,
    pub(crate) load: Load,
    /// When the latest of its fixes is taken; of consent nothing is told.
    pub(crate) last_at: Option<Timestamp>,
}

/// Which broker, as whom, and how careful.
#[derive(Debug)]
pub(crate) struct Line {
    pub(crate) broker: Broker,
    pub(crate) credentials: Option<Credentials>,
    /// Of fixes; consent is always sent at least once.
    pub(crate) qos: QoS,
    /// Messages that may be sent and not yet answered; at most [`WINDOW_MAX`].
    pub(crate) window: u16,
}

/// What arrives on a subscription, told apart by whoever knows the topics.
pub(crate) type Arrival = Box<dyn FnMut(&str, &[u8], &mut Account) + Send>;

/// How a wait ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Waited {
    Done,
    /// Nothing moved for as long as patience lasted.
    Stalled,
    /// The connection is gone.
    Lost,
}

/// The sending end of the connection.
pub(crate) struct Publisher {
    client: AsyncClient,
    account: Arc<watch::Sender<Account>>,
    window: Arc<Semaphore>,
    qos: QoS,
}

impl Publisher {
    /// Connects, and subscribes before anything can be published.
    ///
    /// # Errors
    /// A sentence that says what the broker did or did not do.
    pub(crate) async fn connect(
        line: &Line,
        subscriptions: Vec<(String, QoS)>,
        arrival: Arrival,
    ) -> Result<Self, String> {
        let (client, mut events) = AsyncClient::new(options(line), QUEUE_MAX);
        let broker = &line.broker;
        let greeting = tokio::time::timeout(HANDSHAKE_MAX, greet(&mut events));
        let connack = greeting.await.map_err(|_| format!("{broker} does not answer"))?;
        let connack = connack.map_err(|error| unreachable_because(broker, &error))?;
        let filters = subscriptions.into_iter().map(|(pattern, qos)| Filter::new(pattern, qos));
        client.subscribe_many(filters).await.map_err(|error| error.to_string())?;
        let subscription = tokio::time::timeout(HANDSHAKE_MAX, subscribed(&mut events));
        subscription.await.map_err(|_| format!("{broker} does not answer the subscription"))??;
        let window = Arc::new(Semaphore::new(usize::from(window_of(&connack, line))));
        let account = Arc::new(watch::Sender::new(Account::default()));
        let poll = Poll { events, account: Arc::clone(&account), window: Arc::clone(&window), arrival };
        tokio::spawn(poll.run());
        Ok(Self { client, account, window, qos: line.qos })
    }

    /// Hands one message over once the window has room. Messages leave in the order of the calls.
    pub(crate) async fn publish(&self, message: Message, patience: Duration) -> Waited {
        let permit = match tokio::time::timeout(patience, self.window.acquire()).await {
            Err(_) => return Waited::Stalled,
            Ok(Err(_)) => return Waited::Lost,
            Ok(Ok(permit)) => permit,
        };
        permit.forget();
        let Message { topic, payload, load, .. } = message;
        // A consent change is worth an acknowledgement whatever the fixes are sent with.
        let qos = if matches!(load, Load::Consent(_)) { QoS::AtLeastOnce } else { self.qos };
        // No await from here on: a message that is counted as queued is queued, even when
        // whoever calls this is cancelled.
        self.account.send_modify(|account| account.queue(load));
        match self.client.try_publish(topic, qos, false, payload) {
            Ok(()) => Waited::Done,
            Err(_) => Waited::Lost,
        }
    }

    /// Waits until `done` holds; gives up when nothing moves for `patience`.
    pub(crate) async fn wait(&self, patience: Duration, done: impl Fn(&Account) -> bool) -> Waited {
        let mut watched = self.account.subscribe();
        loop {
            let n_answers = watched.borrow().n_answers();
            let moved = |account: &Account| {
                done(account) || account.lost.is_some() || n_answers < account.n_answers()
            };
            let Ok(seen) = tokio::time::timeout(patience, watched.wait_for(moved)).await else {
                return Waited::Stalled;
            };
            let Ok(account) = seen else { return Waited::Lost };
            if done(&account) {
                return Waited::Done;
            }
            if account.lost.is_some() {
                return Waited::Lost;
            }
        }
    }

    /// Waits until no offer has come for `silence`.
    pub(crate) async fn quiet(&self, silence: Duration) -> Waited {
        let began = Instant::now();
        loop {
            let (last, lost) = self.look(|account| (account.offer_at, account.lost.is_some()));
            let since = last.map_or(began, |at| at.max(began)).elapsed();
            if lost {
                return Waited::Lost;
            }
            if silence <= since {
                return Waited::Done;
            }
            tokio::time::sleep((silence - since).min(Duration::from_millis(100))).await;
        }
    }

    /// Asks the broker something that it answers only after all that was sent before it.
    pub(crate) async fn fence(&self, pattern: String, patience: Duration) -> Waited {
        if self.client.unsubscribe(pattern).await.is_err() {
            return Waited::Lost;
        }
        self.wait(patience, |account| account.fenced).await
    }

    /// Reads something of the account.
    pub(crate) fn look<T>(&self, read: impl FnOnce(&Account) -> T) -> T {
        read(&self.account.borrow())
    }

    /// Watches the account from elsewhere.
    pub(crate) fn watch(&self) -> watch::Receiver<Account> {
        self.account.subscribe()
    }

    /// Takes leave of the broker and gives the account back.
    pub(crate) async fn close(self) -> Account {
        if self.client.try_disconnect().is_ok() {
            let mut watched = self.account.subscribe();
            let gone = watched.wait_for(|account| account.lost.is_some() || account.left);
            let _ = tokio::time::timeout(Duration::from_secs(1), gone).await;
        }
        self.account.send_replace(Account::default())
    }
}

fn options(Line { broker, credentials, .. }: &Line) -> MqttOptions {
    let id = format!("stile-simulator-{}", std::process::id());
    let mut options = MqttOptions::new(id, broker.host(), broker.port());
    options.set_clean_start(true).set_keep_alive(Duration::from_secs(30));
    options.set_max_packet_size(Some(PACKET_LEN_MAX)).set_outgoing_inflight_upper_limit(PACKET_IDS_MAX);
    if let Some(Credentials { user, secret }) = credentials {
        options.set_credentials(user, secret);
    }
    options
}

async fn greet(events: &mut EventLoop) -> Result<ConnAck, ConnectionError> {
    loop {
        if let Event::Incoming(Packet::ConnAck(connack)) = events.poll().await? {
            return Ok(connack);
        }
    }
}

async fn subscribed(events: &mut EventLoop) -> Result<(), String> {
    loop {
        let event = events.poll().await.map_err(|error| format!("the subscription failed: {error}"))?;
        let Event::Incoming(Packet::SubAck(answer)) = event else { continue };
        let granted = |code: &SubscribeReasonCode| matches!(code, SubscribeReasonCode::Success(_));
        return match answer.return_codes.iter().find(|code| !granted(code)) {
            None => Ok(()),
            Some(code) => Err(format!(
                "the broker refuses the subscription to offers and acknowledgements ({code:?}): \
                 is this a backend identity?"
            )),
        };
    }
}

fn window_of(connack: &ConnAck, line: &Line) -> u16 {
    let offered = connack.properties.as_ref().and_then(|properties| properties.receive_max);
    offered.unwrap_or(WINDOW_MAX).min(line.window)
}

fn unreachable_because(broker: &Broker, error: &ConnectionError) -> String {
    match error {
        ConnectionError::Io(error) => format!("cannot reach {broker}: {error}"),
        ConnectionError::ConnectionRefused(code) => {
            format!("{broker} refuses the connection ({code:?}): see --user and --secret-file")
        }
        other => format!("cannot reach {broker}: {other}"),
    }
}

/// The task that owns the connection.
struct Poll {
    events: EventLoop,
    account: Arc<watch::Sender<Account>>,
    window: Arc<Semaphore>,
    arrival: Arrival,
}

impl Poll {
    async fn run(mut self) {
        loop {
            match self.events.poll().await {
                Ok(Event::Outgoing(Outgoing::Disconnect)) => {
                    self.account.send_modify(|account| account.left = true);
                    break;
                }
                Ok(event) => self.handle(event),
                Err(error) => {
                    self.account.send_modify(|account| account.lost = Some(error.to_string()));
                    break;
                }
            }
        }
        self.window.close();
    }

    fn handle(&mut self, event: Event) {
        let now = Instant::now();
        match event {
            Event::Outgoing(Outgoing::Publish(packet_id)) => {
                self.account.send_modify(|account| account.write(packet_id, now));
                if packet_id == 0 {
                    self.window.add_permits(1);
                }
            }
            Event::Incoming(Packet::PubAck(answer)) => self.answered(&answer, now),
            Event::Incoming(Packet::Publish(publish)) => self.arrived(&publish),
            Event::Incoming(Packet::UnsubAck(answer)) => {
                let heard = answer.reasons.iter().all(|reason| *reason == UnsubAckReason::Success);
                if heard {
                    self.account.send_modify(|account| account.fence(now));
                }
            }
            Event::Incoming(_) | Event::Outgoing(_) => {}
        }
    }

    fn answered(&self, answer: &PubAck, now: Instant) {
        // A broker may say that nobody listens, and has the message all the same.
        let taken = matches!(answer.reason, PubAckReason::Success | PubAckReason::NoMatchingSubscribers);
        let refusal = (!taken).then(|| format!("{:?}", answer.reason));
        let mut ours = false;
        self.account.send_modify(|account| ours = account.settle(answer.pkid, refusal, now));
        if ours {
            self.window.add_permits(1);
        }
    }

    fn arrived(&mut self, publish: &Publish) {
        let Ok(topic) = std::str::from_utf8(&publish.topic) else { return };
        let arrival = &mut self.arrival;
        self.account.send_modify(|account| arrival(topic, &publish.payload, account));
    }
}
