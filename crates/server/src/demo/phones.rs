//! The town's phones at the listener's door: real MQTT clients that only know topics and bytes.

use std::collections::{HashMap, VecDeque};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use rumqttc::{
    AsyncClient, Event, EventLoop, MqttOptions, Outgoing, Packet, QoS, SubscribeFilter, SubscribeReasonCode,
};
use tokio::runtime::Handle;
use tokio::task::JoinHandle;
use town::PersonNo;

/// How somebody gets in, and whose offers they want to hear.
#[derive(Clone)]
pub(super) struct Login {
    pub(super) client_id: String,
    pub(super) name: String,
    pub(super) token: String,
    /// Filter of their offers; empty for none.
    pub(super) offers: String,
}

/// What a message carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mail {
    Fixes,
    Consent(PersonNo),
}

/// What comes back.
#[derive(Debug)]
pub(super) enum Heard {
    /// Connected, and subscribed to its offers.
    Ready,
    /// Hears no more offers.
    Hushed,
    Acknowledged(Mail),
    Offer {
        topic: String,
        body: Vec<u8>,
    },
    /// The connection ended.
    Down(String),
}

/// Something heard on a line, and when.
pub(super) struct News {
    pub(super) line: usize,
    pub(super) at: Instant,
    pub(super) heard: Heard,
}

/// Connections of one life of the server; dropping them cuts them.
pub(super) struct Phones {
    lines: Vec<Line>,
    news: Receiver<News>,
}

struct Line {
    client: AsyncClient,
    polling: JoinHandle<()>,
    posted: Posted,
    offers: String,
    n_unacknowledged: usize,
    hears: bool,
}

/// Messages on their way into the client, in order, until it gives them their packet numbers.
type Posted = Arc<Mutex<VecDeque<Mail>>>;

/// Messages that one line may have sent and not heard of; then the town waits.
const UNACKNOWLEDGED_MAX: usize = 2_048;
/// How long a client tries to get in.
const CONNECT_TIME_MAX: Duration = Duration::from_secs(20);
const CONNECT_AGAIN_AFTER: Duration = Duration::from_millis(30);
/// Above the longest batch that the town sends.
const PACKET_LEN_MAX: usize = 1 << 20;

impl Phones {
    /// Starts to connect to a port of this machine.
    pub(super) fn connect(runtime: &Handle, port: u16, logins: &[Login]) -> Self {
        let (tell, news) = channel();
        let lines = logins.iter().enumerate();
        let lines = lines.map(|(no, login)| Line::connect(runtime, port, login, no, tell.clone())).collect();
        Self { lines, news }
    }

    /// Publishes at QoS 1; false when the line is full or dead, and then nothing is sent.
    pub(super) fn post(&mut self, line: usize, topic: &str, body: Vec<u8>, mail: Mail) -> bool {
        let line = &mut self.lines[line];
        // The order of both queues must be the same, so they are filled under one lock.
        let mut posted = line.posted.lock().unwrap_or_else(PoisonError::into_inner);
        posted.push_back(mail);
        let sent = line.client.try_publish(topic, QoS::AtLeastOnce, false, body).is_ok();
        if sent {
            line.n_unacknowledged += 1;
        } else {
            posted.pop_back();
        }
        sent
    }

    /// Whether every line takes more.
    pub(super) fn have_room(&self) -> bool {
        self.lines.iter().all(|line| line.n_unacknowledged < UNACKNOWLEDGED_MAX)
    }

    /// Everybody stops to hear offers, as phones do that are put away.
    pub(super) fn hush(&self) {
        for line in self.lines.iter().filter(|line| !line.offers.is_empty()) {
            // A line that is full or dead is found out by whoever waits for the answer.
            let _ = line.client.try_unsubscribe(line.offers.as_str());
        }
    }

    /// Everybody hears offers again.
    pub(super) fn listen(&self) {
        for line in &self.lines {
            line.subscribe();
        }
    }

    /// Whether everybody is connected and hears.
    pub(super) fn are_ready(&self) -> bool {
        self.lines.iter().all(|line| line.hears)
    }

    /// Whether nobody hears.
    pub(super) fn are_hushed(&self) -> bool {
        !self.lines.iter().any(|line| line.hears)
    }

    /// Messages sent and not acknowledged.
    pub(super) fn n_unacknowledged(&self) -> usize {
        self.lines.iter().map(|line| line.n_unacknowledged).sum()
    }

    /// The next thing heard, waited for at most so long.
    pub(super) fn hear(&mut self, wait: Duration) -> Option<News> {
        let news = self.news.recv_timeout(wait).ok()?;
        let line = &mut self.lines[news.line];
        match news.heard {
            Heard::Ready => line.hears = true,
            Heard::Hushed => line.hears = false,
            Heard::Acknowledged(_) => line.n_unacknowledged -= 1,
            Heard::Offer { .. } | Heard::Down(_) => {}
        }
        Some(news)
    }
}

impl Line {
    fn connect(runtime: &Handle, port: u16, login: &Login, no: usize, tell: Sender<News>) -> Self {
        let mut options = MqttOptions::new(login.client_id.as_str(), "127.0.0.1", port);
        options
            .set_credentials(login.name.as_str(), login.token.as_str())
            .set_max_packet_size(PACKET_LEN_MAX, PACKET_LEN_MAX);
        let (client, events) = AsyncClient::new(options, UNACKNOWLEDGED_MAX * 2);
        let posted = Posted::default();
        let poll = Poll { client: client.clone(), offers: login.offers.clone(), posted: posted.clone() };
        let tell = move |heard| tell.send(News { line: no, at: Instant::now(), heard }).is_ok();
        let polling = runtime.spawn(poll.work(events, tell));
        Self { client, polling, posted, offers: login.offers.clone(), n_unacknowledged: 0, hears: false }
    }

    fn subscribe(&self) {
        subscribe(&self.client, &self.offers);
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        self.polling.abort();
    }
}

fn subscribe(client: &AsyncClient, offers: &str) {
    if !offers.is_empty() {
        let filter = SubscribeFilter::new(offers.to_owned(), QoS::AtLeastOnce);
        // The answer is waited for elsewhere, so a lost request is noticed there.
        let _ = client.try_subscribe_many([filter]);
    }
}

/// The task behind a line.
struct Poll {
    client: AsyncClient,
    offers: String,
    posted: Posted,
}

impl Poll {
    async fn work(self, mut events: EventLoop, tell: impl Fn(Heard) -> bool) {
        let give_up_at = Instant::now() + CONNECT_TIME_MAX;
        let mut is_in = false;
        let mut in_flight: HashMap<u16, Mail> = HashMap::new();
        loop {
            let heard = match events.poll().await {
                Ok(Event::Incoming(Packet::ConnAck(_))) => {
                    is_in = true;
                    subscribe(&self.client, &self.offers);
                    self.offers.is_empty().then_some(Heard::Ready)
                }
                Ok(Event::Outgoing(Outgoing::Publish(no))) => {
                    let mail = self.posted.lock().unwrap_or_else(PoisonError::into_inner).pop_front();
                    in_flight.extend(mail.map(|mail| (no, mail)));
                    None
                }
                Ok(Event::Incoming(packet)) => heard_of(packet, &mut in_flight),
                Ok(Event::Outgoing(_)) => None,
                Err(_) if !is_in && Instant::now() < give_up_at => {
                    tokio::time::sleep(CONNECT_AGAIN_AFTER).await;
                    None
                }
                Err(error) => Some(Heard::Down(error.to_string())),
            };
            let is_over = matches!(heard, Some(Heard::Down(_)));
            if heard.is_some_and(|heard| !tell(heard)) || is_over {
                return;
            }
        }
    }
}

fn heard_of(packet: Packet, in_flight: &mut HashMap<u16, Mail>) -> Option<Heard> {
    match packet {
        Packet::SubAck(answer) => {
            let granted = |code: &SubscribeReasonCode| matches!(code, SubscribeReasonCode::Success(_));
            let refused = || Heard::Down("the listener refuses the subscription".to_owned());
            Some(if answer.return_codes.iter().all(granted) { Heard::Ready } else { refused() })
        }
        Packet::UnsubAck(_) => Some(Heard::Hushed),
        Packet::PubAck(answer) => in_flight.remove(&answer.pkid).map(Heard::Acknowledged),
        Packet::Publish(offer) => Some(Heard::Offer { topic: offer.topic, body: offer.payload.to_vec() }),
        _ => None,
    }
}
