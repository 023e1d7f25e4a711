//! Lets newcomers in.

use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::time::sleep;

use super::{Shared, connection};
use crate::mqtt::ingress::Ingress;

/// Accepts connections until it is told to stop; each is served by a task of its own.
///
/// Every task keeps a copy of `stopped`, so that who stops can wait for the last of them.
pub(super) async fn run<I: Ingress>(
    socket: TcpListener,
    shared: Arc<Shared>,
    ingress: Arc<I>,
    mut stopped: watch::Receiver<bool>,
) {
    /// Between two tries when the system has no more sockets.
    const BETWEEN_FAILURES: Duration = Duration::from_millis(20);
    loop {
        let accepted = tokio::select! {
            accepted = socket.accept() => accepted,
            _ = stopped.wait_for(|&stopped| stopped) => return,
        };
        let Ok((stream, from)) = accepted else {
            shared.seats.make_room();
            sleep(BETWEEN_FAILURES).await;
            continue;
        };
        shared.count(|counters| &counters.n_accepted);
        // Acknowledgements are small and awaited; a failure only makes them slower.
        let _ = stream.set_nodelay(true);
        let seat = shared.seats.admit();
        let (shared, ingress, alive) = (shared.clone(), ingress.clone(), stopped.clone());
        tokio::spawn(async move {
            connection::serve(stream, from, seat, shared, ingress).await;
            drop(alive);
        });
    }
}
