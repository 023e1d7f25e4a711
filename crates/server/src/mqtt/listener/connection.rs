//! One connection from its first byte to its end.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use mqtt5::broker::client_handler::ClientHandler;
use mqtt5::broker::config::BrokerConfig;
use mqtt5::broker::resource_monitor::{ResourceLimits, ResourceMonitor};
use mqtt5::broker::router::DeliveryLanes;
use mqtt5::broker::sys_topics::BrokerStats;
use mqtt5::broker::transport::BrokerTransport;
use tokio::net::TcpStream;
use tokio::sync::oneshot;
use tokio::time::{Instant, sleep, sleep_until, timeout};

use super::hooks::Hooks;
use super::seat::{Farewell, Seat};
use super::{ListenerOptions, Shared};
use crate::mqtt::ingress::Ingress;

/// Frees the seat however the connection's task ends, a panic included.
struct Occupied {
    seat: Arc<Seat>,
    shared: Arc<Shared>,
}

impl Drop for Occupied {
    fn drop(&mut self) {
        self.shared.seats.leave(&self.seat);
        if self.seat.facts().is_none() {
            self.shared.count(|counters| &counters.n_strangers_closed);
        }
    }
}

/// Serves a connection until it ends or is dismissed.
pub(super) async fn serve<I: Ingress>(
    stream: TcpStream,
    from: SocketAddr,
    seat: Arc<Seat>,
    shared: Arc<Shared>,
    ingress: Arc<I>,
) {
    let _occupied = Occupied { seat: seat.clone(), shared: shared.clone() };
    let connect_until = Instant::now() + shared.options.connect_time_max;
    let may_speak = tokio::select! {
        may_speak = begins_with_connect(&stream) => may_speak,
        () = seat.called.notified() => false,
        () = sleep_until(connect_until) => false,
    };
    if !may_speak {
        return;
    }
    let handler = handler(stream, from, &seat, &shared, ingress);
    let mut run = std::pin::pin!(handler.run());
    let mut has_connected = false;
    loop {
        tokio::select! {
            // Its error names the peer; what matters of it has been counted.
            _ = &mut run => return,
            () = seat.called.notified() => break,
            () = sleep_until(connect_until), if !has_connected => {
                has_connected = seat.facts().is_some();
                if !has_connected {
                    return;
                }
            }
        }
    }
    /// Time to write a goodbye; who does not read it is cut off.
    const GOODBYE_TIME_MAX: Duration = Duration::from_secs(1);
    seat.leave();
    if has_goodbye(&seat) {
        // Side by side: the handler may have stopped with a lock of the router in its hands.
        let _ = timeout(GOODBYE_TIME_MAX, async { tokio::join!(run, say_goodbye(&seat)) }).await;
    }
}

/// Whether the connection still has something to say before it is dropped.
fn has_goodbye(seat: &Seat) -> bool {
    let Some(facts) = seat.facts() else { return false };
    match seat.farewell() {
        None | Some(Farewell::Displaced | Farewell::Withheld) => false,
        // A DISCONNECT from a server is unknown to 3.1.1, and mqtt5 would send it.
        Some(Farewell::TakenOver) => facts.is_v5,
        Some(Farewell::Dismissed | Farewell::ShuttingDown) => true,
    }
}

/// Makes the handler say it.
async fn say_goodbye(seat: &Seat) {
    match seat.farewell() {
        None | Some(Farewell::Displaced | Farewell::Withheld) => {}
        Some(Farewell::Dismissed | Farewell::ShuttingDown) => {
            // Nobody hears it when the connection has just ended by itself.
            let _ = seat.goodbye.send(());
        }
        Some(Farewell::TakenOver) => {
            let Some(facts) = seat.facts() else { return };
            // The words "session taken over" (0x8E) are only said to whom the router knows.
            let (lanes, _receivers) = DeliveryLanes::channel(1);
            let (taken_over, _) = oneshot::channel();
            let queue = seat.router.queue_handle(&facts.client_id);
            seat.router.register_session(facts.client_id.to_string(), lanes, queue, taken_over, true).await;
        }
    }
}

fn handler<I: Ingress>(
    stream: TcpStream,
    from: SocketAddr,
    seat: &Arc<Seat>,
    shared: &Arc<Shared>,
    ingress: Arc<I>,
) -> ClientHandler {
    let hooks = Arc::new(Hooks { seat: seat.clone(), shared: shared.clone(), ingress });
    let config = BrokerConfig { event_handler: Some(hooks.clone()), ..config(&shared.options) };
    ClientHandler::new(
        BrokerTransport::tcp(stream),
        from,
        Arc::new(config),
        seat.router.clone(),
        hooks,
        None,
        Arc::new(BrokerStats::new()),
        Arc::new(ResourceMonitor::new(unlimited())),
        seat.goodbye.subscribe(),
    )
}

fn config(options: &ListenerOptions) -> BrokerConfig {
    BrokerConfig {
        bind_addresses: Vec::new(),
        max_packet_size: options.packet_len_max,
        // Each alias keeps a topic of up to 64 KiB.
        topic_alias_maximum: 16,
        shared_subscription_available: false,
        max_subscriptions_per_client: options.n_subscriptions_max,
        // More than can be unacknowledged, so that handing over never waits for this session.
        client_channel_capacity: 2 * usize::from(options.n_unacknowledged_max),
        max_outbound_inflight: options.n_unacknowledged_max,
        // Messages that wait for their acknowledgement, QoS 2 only: QoS 1 is answered in turn.
        server_receive_maximum: Some(1_024),
        sys_topics_enabled: false,
        ..BrokerConfig::default()
    }
}

/// Our own limits stand before these.
fn unlimited() -> ResourceLimits {
    ResourceLimits {
        max_connections: usize::MAX,
        max_connections_per_ip: usize::MAX,
        max_message_rate_per_client: 0,
        max_bandwidth_per_client: 0,
        max_connection_rate: u32::MAX,
        rate_limit_window: Duration::from_secs(1),
    }
}

/// Whether the first bytes are those of a CONNECT packet of a reasonable size, without taking
/// them. Never resolves while too few have come.
///
/// mqtt5 would read any packet, up to the largest allowed, from someone who has not yet said
/// who they are.
async fn begins_with_connect(stream: &TcpStream) -> bool {
    const BETWEEN_LOOKS: Duration = Duration::from_millis(20);
    let mut head = [0; 5];
    loop {
        let n = match stream.peek(&mut head).await {
            Ok(0) | Err(_) => return false,
            Ok(n) => n,
        };
        match connect_len(&head[..n]) {
            Some(Ok(len)) => return len <= CONNECT_LEN_MAX,
            Some(Err(())) => return false,
            // Looking does not wait for the next byte once there is one.
            None => sleep(BETWEEN_LOOKS).await,
        }
    }
}

/// Bytes of a CONNECT packet at most: ids, a token, a will that fits a status.
const CONNECT_LEN_MAX: usize = 16 * 1024;

/// The length that the fixed header of a CONNECT packet announces; `None` while it is cut off.
fn connect_len(head: &[u8]) -> Option<Result<usize, ()>> {
    const CONNECT: u8 = 0x10;
    let (&kind, rest) = head.split_first()?;
    if kind != CONNECT {
        return Some(Err(()));
    }
    let mut len = 0;
    for (place, byte) in rest.iter().enumerate() {
        if place == 4 {
            return Some(Err(()));
        }
        len |= usize::from(byte & 0x7f) << (7 * place);
        if byte & 0x80 == 0 {
            return Some(Ok(len));
        }
    }
    if rest.len() == 4 { Some(Err(())) } else { None }
}

#[cfg(test)]
mod tests {
    use super::connect_len;

    #[test]
    fn the_length_of_connect_is_read_from_its_first_bytes() {
        assert_eq!(connect_len(&[]), None);
        assert_eq!(connect_len(&[0x10]), None);
        assert_eq!(connect_len(&[0x10, 0x0c]), Some(Ok(12)));
        assert_eq!(connect_len(&[0x10, 0x80]), None);
        assert_eq!(connect_len(&[0x10, 0x80, 0x01]), Some(Ok(128)));
        assert_eq!(connect_len(&[0x10, 0xff, 0xff, 0xff, 0x7f]), Some(Ok(268_435_455)));
        assert_eq!(connect_len(&[0x10, 0xff, 0xff, 0xff, 0xff]), Some(Err(())));
        assert_eq!(connect_len(b"GET / HTTP/1.1"), Some(Err(())));
        assert_eq!(connect_len(&[0x16, 0x03, 0x01]), Some(Err(())));
    }
}
