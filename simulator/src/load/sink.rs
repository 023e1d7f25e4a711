//! A peer that reads everything and keeps nothing: what a generator can offer is measured
//! against it.

use std::io::Write as _;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;

use crate::load::link::Inbox;
use crate::load::packet::{self, Packet};

/// A sink on loopback. Its threads end with their connections.
pub(crate) struct Sink {
    address: SocketAddr,
    n_messages: Arc<AtomicU64>,
}

impl Sink {
    /// Starts to listen on a free port.
    ///
    /// # Errors
    /// A sentence.
    pub(crate) fn start() -> Result<Self, String> {
        let listener = TcpListener::bind(("127.0.0.1", 0)).map_err(|error| error.to_string())?;
        let address = listener.local_addr().map_err(|error| error.to_string())?;
        let n_messages = Arc::new(AtomicU64::new(0));
        let counted = Arc::clone(&n_messages);
        thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let counted = Arc::clone(&counted);
                thread::spawn(move || serve(stream, &counted));
            }
        });
        Ok(Self { address, n_messages })
    }

    pub(crate) fn address(&self) -> String {
        self.address.to_string()
    }

    /// Messages that it has read.
    pub(crate) fn n_messages(&self) -> u64 {
        self.n_messages.load(Ordering::Relaxed)
    }
}

/// Reads until the other end leaves; all answers to what one read brought go out in one piece.
fn serve(mut stream: TcpStream, counted: &AtomicU64) {
    let (mut inbox, mut answers) = (Inbox::default(), Vec::new());
    loop {
        let mut n_messages = 0;
        let read = inbox.read_once(&mut stream, |packet| match packet {
            Packet::Connect => answers.extend_from_slice(&packet::CONNACK),
            Packet::Publish { id, .. } => {
                n_messages += 1;
                if let Some(id) = id {
                    packet::puback(&mut answers, id);
                }
            }
            Packet::Subscribe { id, n_filters } => packet::suback(&mut answers, id, n_filters),
            Packet::Ping => answers.extend_from_slice(&packet::PONG),
            Packet::ConnAck { .. }
            | Packet::PubAck { .. }
            | Packet::SubAck { .. }
            | Packet::Disconnect
            | Packet::Other => {}
        });
        counted.fetch_add(n_messages, Ordering::Relaxed);
        if stream.write_all(&answers).is_err() || read.is_err() {
            return;
        }
        answers.clear();
    }
}
