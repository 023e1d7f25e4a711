//! One connection, as the rest of the listener sees it.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU16, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::{Duration, Instant};

use mqtt5::QoS;
use mqtt5::broker::router::MessageRouter;
use mqtt5::packet::publish::PublishPacket;
use mqtt5::topic_matches_filter;
use tokio::sync::{Notify, broadcast};

use super::super::identity::Identity;
use super::super::ingress::{OutMessage, Qos};

/// How a connection is ended by us.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Farewell {
    /// A newer stranger needs the place.
    Displaced,
    /// The same identity came back with the same client id.
    TakenOver,
    /// Its identity was removed or replaced.
    Dismissed,
    /// The listener stops.
    ShuttingDown,
    /// A message of its could not be kept and must not be acknowledged.
    Withheld,
}

impl Farewell {
    const ALL: [Self; 5] =
        [Self::Displaced, Self::TakenOver, Self::Dismissed, Self::ShuttingDown, Self::Withheld];

    fn code(self) -> u8 {
        Self::ALL.iter().position(|&one| one == self).map_or(0, |place| place as u8 + 1)
    }
}

/// What became of a message that was to be handed to one session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Handed {
    /// It is in the session's line.
    Yes,
    /// The session did not subscribe to it.
    NotSubscribed,
    /// Too much in the line already.
    Full,
    /// The client said that it takes no packet of this size.
    TooLarge,
}

/// One connection: a stranger first, a session once it proved who it is.
pub(super) struct Seat {
    /// Ascending by arrival.
    pub(super) no: u64,
    /// Routes to this one session only.
    pub(super) router: Arc<MessageRouter>,
    /// Asks the connection to say goodbye in its own words.
    pub(super) goodbye: broadcast::Sender<()>,
    /// Wakes the connection's task when a farewell is set.
    pub(super) called: Notify,
    farewell: AtomicU8,
    facts: OnceLock<Facts>,
    subscribed: Mutex<HashMap<String, QoS>>,
    n_unacknowledged: AtomicUsize,
    n_unacknowledged_max: AtomicU16,
    /// When the last offer was put into the line.
    offered_at: Mutex<Option<Instant>>,
    is_leaving: AtomicBool,
}

/// What CONNECT told.
pub(super) struct Facts {
    pub(super) identity: Arc<Identity>,
    pub(super) client_id: Box<str>,
    pub(super) is_v5: bool,
    pub(super) packet_len_max: usize,
    pub(super) receive_max: u16,
}

impl Seat {
    pub(super) fn new(no: u64, n_unacknowledged_max: u16) -> Self {
        Self {
            no,
            router: Arc::new(MessageRouter::new()),
            goodbye: broadcast::channel(1).0,
            called: Notify::new(),
            farewell: AtomicU8::new(0),
            facts: OnceLock::new(),
            subscribed: Mutex::default(),
            n_unacknowledged: AtomicUsize::new(0),
            n_unacknowledged_max: AtomicU16::new(n_unacknowledged_max),
            offered_at: Mutex::default(),
            is_leaving: AtomicBool::new(false),
        }
    }

    /// Makes a session of a stranger; once.
    pub(super) fn prove(&self, facts: Facts) {
        self.n_unacknowledged_max.fetch_min(facts.receive_max.max(1), Ordering::Relaxed);
        assert!(self.facts.set(facts).is_ok(), "a connection says CONNECT once");
    }

    /// `None` for a stranger.
    pub(super) fn facts(&self) -> Option<&Facts> {
        self.facts.get()
    }

    /// Ends the connection; the first farewell counts.
    pub(super) fn dismiss(&self, farewell: Farewell) {
        let _ = self.farewell.compare_exchange(0, farewell.code(), Ordering::AcqRel, Ordering::Acquire);
        self.called.notify_one();
    }

    pub(super) fn farewell(&self) -> Option<Farewell> {
        let code = usize::from(self.farewell.load(Ordering::Acquire));
        Farewell::ALL.get(code.checked_sub(1)?).copied()
    }

    /// From now on nothing is handed to it.
    pub(super) fn leave(&self) {
        self.is_leaving.store(true, Ordering::Release);
    }

    /// Notes a subscription that was allowed; `false` when there are too many.
    pub(super) fn subscribe(&self, filter: &str, n_max: usize) -> bool {
        let mut subscribed = self.subscribed.lock().unwrap_or_else(PoisonError::into_inner);
        if subscribed.len() == n_max && !subscribed.contains_key(filter) {
            return false;
        }
        // The quality is only known once it is granted; until then count as if it were high.
        subscribed.entry(filter.to_owned()).or_insert(QoS::AtLeastOnce);
        true
    }

    /// Notes the quality that a subscription got.
    pub(super) fn grant(&self, filter: &str, qos: QoS) {
        let mut subscribed = self.subscribed.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(noted) = subscribed.get_mut(filter) {
            *noted = qos;
        }
        // What was counted before the grant will never be acknowledged.
        if subscribed.values().all(|&qos| qos == QoS::AtMostOnce) {
            self.n_unacknowledged.store(0, Ordering::Release);
        }
    }

    pub(super) fn unsubscribe(&self, filter: &str) {
        self.subscribed.lock().unwrap_or_else(PoisonError::into_inner).remove(filter);
    }

    /// The client acknowledged a message.
    pub(super) fn acknowledge(&self) {
        let less = |n: usize| n.checked_sub(1);
        // Below zero when it acknowledges what it got before its subscription was noted.
        let _ = self.n_unacknowledged.fetch_update(Ordering::AcqRel, Ordering::Acquire, less);
    }

    /// Notes that an offer is about to be put into the line.
    pub(super) fn offer_comes(&self) {
        *self.offered_at.lock().unwrap_or_else(PoisonError::into_inner) = Some(Instant::now());
    }

    /// Whether an offer may stand in the line and not be written yet: one came a moment ago,
    /// and not everything has been acknowledged.
    pub(super) fn may_hold_an_offer(&self) -> bool {
        /// A line is written within a millisecond while its connection reads.
        const WRITTEN_WITHIN: Duration = Duration::from_millis(100);
        let offered_at = *self.offered_at.lock().unwrap_or_else(PoisonError::into_inner);
        0 < self.n_unacknowledged.load(Ordering::Acquire)
            && offered_at.is_some_and(|at| at.elapsed() < WRITTEN_WITHIN)
    }

    /// Puts a message into the session's line if it subscribed to it.
    pub(super) async fn hand(&self, message: &OutMessage) -> Handed {
        let Some(facts) = self.facts() else { return Handed::NotSubscribed };
        let Some(n_copies) = self.n_copies(facts, message).await else { return Handed::NotSubscribed };
        if facts.packet_len_max < message.packet_len_max() {
            return Handed::TooLarge;
        }
        let n_max = usize::from(self.n_unacknowledged_max.load(Ordering::Relaxed));
        let more = |n: usize| if n < n_max { Some(n + n_copies) } else { None };
        if self.n_unacknowledged.fetch_update(Ordering::AcqRel, Ordering::Acquire, more).is_err() {
            return Handed::Full;
        }
        self.router.route_message(&packet_of(message), None).await;
        Handed::Yes
    }

    /// Keeps a message for the moment when this session subscribes to it, and hands it over if
    /// it has already.
    ///
    /// However much it has not acknowledged: there are few of these, and the last one counts.
    pub(super) async fn retain(&self, message: &OutMessage) -> Handed {
        let Some(facts) = self.facts() else { return Handed::NotSubscribed };
        let n_copies = self.n_copies(facts, message).await;
        self.n_unacknowledged.fetch_add(n_copies.unwrap_or(0), Ordering::AcqRel);
        self.router.route_message(&packet_of(message).with_retain(true), None).await;
        n_copies.map_or(Handed::NotSubscribed, |_| Handed::Yes)
    }

    /// How many acknowledgements a message will bring; `None` when nobody subscribed to it.
    ///
    /// A session gets one copy for each of its filters that match. A subscription counts once
    /// the router has it, which is before the client hears of it.
    async fn n_copies(&self, facts: &Facts, message: &OutMessage) -> Option<usize> {
        if self.is_leaving.load(Ordering::Acquire) {
            return None;
        }
        let matching: Vec<(String, QoS)> = {
            let subscribed = self.subscribed.lock().unwrap_or_else(PoisonError::into_inner);
            let matches = |(filter, _): &(&String, &QoS)| topic_matches_filter(&message.topic, filter);
            subscribed.iter().filter(matches).map(|(filter, qos)| (filter.clone(), *qos)).collect()
        };
        let mut n_copies = None;
        for (filter, qos) in matching {
            if self.router.has_subscription(&facts.client_id, &filter).await {
                let is_acknowledged = qos != QoS::AtMostOnce && message.qos != Qos::AtMostOnce;
                *n_copies.get_or_insert(0) += usize::from(is_acknowledged);
            }
        }
        n_copies
    }
}

fn packet_of(message: &OutMessage) -> PublishPacket {
    let qos = match message.qos {
        Qos::AtMostOnce => QoS::AtMostOnce,
        Qos::AtLeastOnce | Qos::ExactlyOnce => QoS::AtLeastOnce,
    };
    let mut packet = PublishPacket::new(&*message.topic, message.payload.clone(), qos);
    if let Some(expiry_s) = message.expiry_s() {
        packet.properties.set_message_expiry_interval(expiry_s);
    }
    if let Some(data) = &message.correlation_data {
        packet.properties.set_correlation_data(data.clone());
    }
    packet
}
