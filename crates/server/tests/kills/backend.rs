//! A backend's connection; what it sends and hears is written into the book.

use std::collections::{HashMap, VecDeque};
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use rumqttc::{AsyncClient, Event, MqttOptions, Outgoing, Packet, QoS};
use tokio::sync::Notify;
use tokio::task::JoinHandle;
use tokio::time::timeout;

use crate::PATIENCE;
use crate::book::{Book, Kind};
use crate::words::parse;

/// What the book knows a message by; `None` for one that promises nothing.
type Sent = Option<usize>;

/// One connection.
pub(crate) struct Backend {
    client: AsyncClient,
    state: Arc<Mutex<Wire>>,
    woken: Arc<Notify>,
    polling: JoinHandle<()>,
    book: Arc<Mutex<Book>>,
}

/// What is on its way.
#[derive(Default)]
struct Wire {
    /// Handed to the client, in order, and not yet given a number.
    handed: VecDeque<Sent>,
    /// By packet number.
    in_flight: HashMap<u16, Sent>,
    n_subscribed: usize,
    n_heard: usize,
    is_closed: bool,
}

impl Backend {
    pub(crate) async fn open(address: SocketAddr, client_id: &str, book: &Arc<Mutex<Book>>) -> Self {
        let mut options = MqttOptions::new(client_id, address.ip().to_string(), address.port());
        options.set_credentials("backend", "backend").set_max_packet_size(1 << 20, 1 << 21);
        let (client, mut event_loop) = AsyncClient::new(options, 1_024);
        let (state, woken) = (Arc::<Mutex<Wire>>::default(), Arc::<Notify>::default());
        let polling = {
            let (state, woken, book) = (state.clone(), woken.clone(), book.clone());
            tokio::spawn(async move {
                while let Ok(event) = event_loop.poll().await {
                    state.lock().unwrap().take(&event, &book);
                    woken.notify_waiters();
                }
                state.lock().unwrap().is_closed = true;
                woken.notify_waiters();
            })
        };
        Self { client, state, woken, polling, book: book.clone() }
    }

    pub(crate) fn is_open(&self) -> bool {
        !self.state.lock().unwrap().is_closed
    }

    /// Whether everything that was sent is acknowledged.
    pub(crate) fn is_settled(&self) -> bool {
        self.state.lock().unwrap().is_settled()
    }

    /// Subscribes, and waits until that is granted or nobody is there any more.
    pub(crate) async fn subscribe(&mut self, filter: &str) {
        let n_before = self.state.lock().unwrap().n_subscribed;
        let _ = self.client.subscribe(filter, QoS::AtLeastOnce).await;
        self.wait(|wire| n_before < wire.n_subscribed).await;
    }

    /// Hands a message in without waiting.
    pub(crate) async fn send(&mut self, topic: &str, payload: String, sent: Sent) {
        self.state.lock().unwrap().handed.push_back(sent);
        let _ = self.client.publish(topic, QoS::AtLeastOnce, false, payload).await;
    }

    /// Somebody changes their mind.
    pub(crate) async fn change(&mut self, customer: &str, purpose: &str, kind: Kind) {
        let (no, payload) = self.book.lock().unwrap().change(customer, purpose, kind);
        self.send(&format!("stile/v1/{customer}/consent"), payload, Some(no)).await;
    }

    /// Somebody says the opposite of what they said last.
    pub(crate) async fn toggle(&mut self, customer: &str, purpose: &str) {
        let kind = self.book.lock().unwrap().opposite(customer, purpose);
        self.change(customer, purpose, kind).await;
    }

    /// Opens every offer that nobody has opened yet.
    pub(crate) async fn answer_offers(&mut self) {
        let answers = self.book.lock().unwrap().open_offers();
        for (no, topic, payload) in answers {
            self.send(&topic, payload, Some(no)).await;
        }
    }

    /// Waits until everything that was sent is acknowledged.
    pub(crate) async fn settled(&mut self) {
        self.wait(Wire::is_settled).await;
    }

    /// Waits for an offer of this connection's.
    pub(crate) async fn heard_something(&mut self) {
        self.wait(|wire| 0 < wire.n_heard).await;
    }

    /// Waits until the connection is gone.
    pub(crate) async fn closed(self) {
        timeout(PATIENCE, self.polling).await.expect("a killed server hangs up").unwrap();
    }

    async fn wait(&self, mut is_so: impl FnMut(&Wire) -> bool) {
        let waiting = async {
            loop {
                let woken = self.woken.notified();
                {
                    let wire = self.state.lock().unwrap();
                    if wire.is_closed || is_so(&wire) {
                        return;
                    }
                }
                let _ = timeout(Duration::from_millis(20), woken).await;
            }
        };
        timeout(PATIENCE, waiting).await.expect("the server answers or is gone");
    }
}

impl Wire {
    fn is_settled(&self) -> bool {
        self.handed.is_empty() && self.in_flight.is_empty()
    }

    fn take(&mut self, event: &Event, book: &Mutex<Book>) {
        match event {
            Event::Outgoing(Outgoing::Publish(packet)) => {
                let sent = self.handed.pop_front().flatten();
                self.in_flight.insert(*packet, sent);
            }
            Event::Incoming(Packet::PubAck(ack)) => {
                if let Some(Some(no)) = self.in_flight.remove(&ack.pkid) {
                    book.lock().unwrap().acknowledged(no);
                }
            }
            Event::Incoming(Packet::SubAck(_)) => self.n_subscribed += 1,
            Event::Incoming(Packet::Publish(publish)) => {
                let offer = parse(&publish.payload);
                let id = offer["offer_id"].as_str().expect("an offer has an id");
                let mut levels = publish.topic.split('/').skip(2);
                let customer = levels.next().expect("an offer has a customer");
                let device = levels.next().expect("an offer has a device");
                book.lock().unwrap().heard(customer, device, id);
                self.n_heard += 1;
            }
            Event::Incoming(_) | Event::Outgoing(_) => {}
        }
    }
}
