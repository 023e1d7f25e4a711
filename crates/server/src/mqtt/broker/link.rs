//! The task behind a [`Broker`](super::Broker): one connection after another.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt as _;
use futures_util::stream::FuturesOrdered;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinHandle;
use tokio::time::{Instant, MissedTickBehavior, interval, sleep, timeout};

use super::backoff::chance;
use super::in_flight::InFlight;
use super::protocol::{Cause, Client, Happening, Poller, Receipt, Stuck, client};
use super::{BrokerOptions, LinkState, Order, Status};
use crate::mqtt::ingress::{Accepted, Delivered, Ingress, OutMessage, Publish};

pub(super) struct Link<I> {
    pub(super) options: BrokerOptions,
    pub(super) ingress: Arc<I>,
    pub(super) orders: mpsc::Receiver<Order>,
    pub(super) state: watch::Sender<LinkState>,
    pub(super) status: watch::Receiver<Status>,
}

/// Why a session ended.
enum End {
    /// We said goodbye.
    Stopped,
    Failed(Cause),
}

impl From<Stuck> for End {
    fn from(_: Stuck) -> Self {
        Self::Failed(Cause::unreachable("the client is stuck"))
    }
}

impl<I: Ingress> Link<I> {
    /// Connects again and again until told to stop.
    pub(super) async fn run(mut self) {
        /// Connections cut off in a row, each soon after it worked, that look like a fight.
        const N_CUT_OFF_MAX: u32 = 3;
        let (mut n_failures, mut n_cut_off) = (0, 0);
        while *self.status.borrow() != Status::Offline {
            self.state.send_replace(LinkState::Connecting);
            let started_at = Instant::now();
            let cause = match Session::run(&mut self).await {
                End::Stopped => break,
                End::Failed(cause) => cause,
            };
            let backoff = self.options.backoff;
            let was_stable = backoff.stable_after <= started_at.elapsed();
            let was_ready = *self.state.borrow() == LinkState::Ready;
            n_failures = if was_stable { 1 } else { n_failures + 1 };
            let was_cut_off = matches!(cause, Cause::Cut) && was_ready && !was_stable;
            n_cut_off = if was_cut_off { n_cut_off + 1 } else { 0 };
            let is_refused = n_cut_off == N_CUT_OFF_MAX || cause.is_refusal();
            let state = match cause {
                // 3.1.1 has no words for a takeover, and rumqttc cannot read the short form of
                // MQTT 5, which mosquitto uses.
                Cause::Cut if n_cut_off == N_CUT_OFF_MAX => unreachable(
                    "the broker closes the connection again and again; perhaps another client has our id",
                ),
                Cause::Cut => unreachable("the broker closed the connection"),
                Cause::Unreachable(why) => LinkState::Unreachable { why },
                Cause::Credentials => LinkState::CredentialsRefused,
                Cause::Subscriptions { n } => LinkState::SubscriptionsRefused { n },
                Cause::TakenOver => LinkState::TakenOver,
            };
            n_cut_off %= N_CUT_OFF_MAX;
            let wait = match is_refused {
                true => backoff.wait_after_refusal(chance()),
                false => backoff.wait(n_failures, chance()),
            };
            self.state.send_replace(state);
            if !self.wait(wait).await {
                break;
            }
        }
        self.state.send_replace(LinkState::Stopped);
    }

    /// Waits, and answers everybody with "not connected"; whether to go on.
    async fn wait(&mut self, time: Duration) -> bool {
        let mut over = std::pin::pin!(sleep(time));
        loop {
            tokio::select! {
                () = &mut over => return true,
                order = self.orders.recv() => match order {
                    None => return false,
                    Some(order) => refuse(order),
                },
                changed = self.status.changed() => {
                    if changed.is_err() || *self.status.borrow() == Status::Offline {
                        return false;
                    }
                }
            }
        }
    }
}

/// An incoming message on its way to be acknowledged.
type Inward = Pin<Box<dyn Future<Output = (Receipt, Accepted)> + Send>>;

/// One connection.
struct Session<'a, I> {
    link: &'a mut Link<I>,
    client: Client,
    in_flight: InFlight,
    inward: FuturesOrdered<Inward>,
    packet_len_max: usize,
    can_retain: bool,
    /// Connected, and every subscription granted.
    is_ready: bool,
    started_at: Instant,
}

/// Ends the polling task with the session, which drops the connection.
struct Polling(JoinHandle<()>);

impl Drop for Polling {
    fn drop(&mut self) {
        self.0.abort();
    }
}

impl<'a, I: Ingress> Session<'a, I> {
    async fn run(link: &'a mut Link<I>) -> End {
        let (client, poller) = client(&link.options);
        let (happened, mut happenings) = mpsc::channel(64);
        let mut polling = Polling(tokio::spawn(poll(poller, happened)));
        let mut session = Session {
            link,
            client,
            in_flight: InFlight::default(),
            inward: FuturesOrdered::new(),
            packet_len_max: usize::MAX,
            can_retain: true,
            is_ready: false,
            started_at: Instant::now(),
        };
        match session.serve(&mut happenings).await {
            Ok(()) => {
                session.say_goodbye(&mut happenings, &mut polling).await;
                End::Stopped
            }
            Err(end) => end,
        }
    }

    /// Returns when told to stop.
    async fn serve(&mut self, happenings: &mut mpsc::Receiver<Result<Happening, Cause>>) -> Result<(), End> {
        let mut ticks = interval(Duration::from_secs(1).min(self.link.options.answer_time_max / 2));
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut status_at = Instant::now() + self.link.options.status_interval;
        let n_inward_max = usize::from(self.link.options.n_incoming_max.max(1));
        loop {
            tokio::select! {
                // Not read, the broker's messages wait at the broker.
                happening = happenings.recv(), if self.inward.len() < n_inward_max => match happening {
                    None => return Err(End::Failed(Cause::unreachable("the client ended"))),
                    Some(Err(cause)) => return Err(End::Failed(cause)),
                    Some(Ok(happening)) => self.handle(happening)?,
                },
                Some((receipt, accepted)) = self.inward.next(), if !self.inward.is_empty() => match accepted {
                    Accepted::Acknowledge => self.client.acknowledge(&receipt)?,
                    Accepted::Withhold => {
                        return Err(End::Failed(Cause::unreachable("a message could not be kept")));
                    }
                },
                order = self.link.orders.recv() => match order {
                    None => return Ok(()),
                    Some(order) if self.is_ready => self.send(order)?,
                    Some(order) => refuse(order),
                },
                changed = self.link.status.changed() => {
                    if changed.is_err() || *self.link.status.borrow() == Status::Offline {
                        return Ok(());
                    }
                    self.publish_status()?;
                }
                _ = ticks.tick() => {
                    self.check_patience()?;
                    if status_at <= Instant::now() {
                        status_at = Instant::now() + self.link.options.status_interval;
                        self.publish_status()?;
                    }
                }
            }
        }
    }

    fn handle(&mut self, happening: Happening) -> Result<(), End> {
        match happening {
            Happening::Connected { packet_len_max, can_retain } => {
                self.can_retain = can_retain;
                self.packet_len_max = packet_len_max.unwrap_or(usize::MAX);
                // Always, because a session that the broker says it kept may have lost some.
                self.client.subscribe(&self.link.options.filters)?;
            }
            Happening::Subscribed { n_refused: 0 } => {
                self.is_ready = true;
                self.publish_status()?;
                self.link.state.send_replace(LinkState::Ready);
            }
            Happening::Subscribed { n_refused } => {
                return Err(End::Failed(Cause::Subscriptions { n: n_refused }));
            }
            Happening::Incoming { publish, receipt } => self.take(publish, receipt),
            Happening::Sent { packet_id } => self.in_flight.sent(packet_id),
            Happening::Answered { packet_id, delivered } => self.in_flight.answered(packet_id, delivered),
        }
        Ok(())
    }

    fn take(&mut self, publish: Publish, receipt: Receipt) {
        let ingress = self.link.ingress.clone();
        self.inward.push_back(Box::pin(async move { (receipt, ingress.accept(publish).await) }));
    }

    fn send(&mut self, order: Order) -> Result<(), Stuck> {
        // rumqttc ends the connection over a packet that the broker does not take.
        if self.packet_len_max < order.message.packet_len_max() {
            let _ = order.answer.send(Delivered::Refused);
            return Ok(());
        }
        self.in_flight.push(Some(order.answer));
        self.client.publish(&order.message, false)
    }

    fn publish_status(&mut self) -> Result<(), Stuck> {
        if !self.is_ready {
            return Ok(());
        }
        let status = *self.link.status.borrow_and_update();
        let message = OutMessage::new(&self.link.options.status_topic(), status.payload());
        self.in_flight.push(None);
        // A broker that cannot retain ends the connection of who asks it to.
        self.client.publish(&message, self.can_retain)
    }

    /// The broker may be silent, but not when it was asked.
    fn check_patience(&self) -> Result<(), End> {
        let time_max = self.link.options.answer_time_max;
        let is_late = !self.is_ready && time_max < self.started_at.elapsed();
        if is_late || self.in_flight.is_overdue(time_max) {
            return Err(End::Failed(Cause::unreachable("the broker does not answer")));
        }
        Ok(())
    }

    /// Publishes `offline` and disconnects, so that the broker does not publish the will.
    async fn say_goodbye(
        &mut self,
        happenings: &mut mpsc::Receiver<Result<Happening, Cause>>,
        polling: &mut Polling,
    ) {
        const ANSWER_TIME_MAX: Duration = Duration::from_secs(2);
        const CLOSING_TIME_MAX: Duration = Duration::from_millis(500);
        // What is not acknowledged comes again; left unpolled it could hold what others need.
        self.inward = FuturesOrdered::new();
        if self.publish_status().is_err() {
            return;
        }
        let answers = async {
            while !self.in_flight.is_empty() {
                match happenings.recv().await {
                    Some(Ok(Happening::Sent { packet_id })) => self.in_flight.sent(packet_id),
                    Some(Ok(Happening::Answered { packet_id, delivered })) => {
                        self.in_flight.answered(packet_id, delivered);
                    }
                    Some(Ok(_)) => {}
                    Some(Err(_)) | None => return,
                }
            }
        };
        let _ = timeout(ANSWER_TIME_MAX, answers).await;
        happenings.close();
        if self.client.disconnect().is_ok() {
            let _ = timeout(CLOSING_TIME_MAX, &mut polling.0).await;
        }
    }
}

fn unreachable(why: &str) -> LinkState {
    LinkState::Unreachable { why: why.into() }
}

fn refuse(order: Order) {
    // Who asked may have stopped waiting.
    let _ = order.answer.send(Delivered::NotConnected);
}

/// Polls in a task of its own, since a poll that is dropped half-way loses what it read.
async fn poll(mut poller: Poller, happened: mpsc::Sender<Result<Happening, Cause>>) {
    loop {
        let happening = poller.poll().await;
        let is_over = happening.is_err();
        if happened.send(happening).await.is_err() && !is_over {
            // Nobody listens any more: only what still has to be written is of interest.
            continue;
        }
        if is_over {
            return;
        }
    }
}
