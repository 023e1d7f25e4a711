//! Somebody between the server and whoever listens, who does one thing wrong.

use std::collections::HashMap;
use std::io::{Read as _, Write as _};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// What goes wrong with offers on their way out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wrong {
    /// Every third is never told.
    Dropped,
    /// Every third is told twice.
    Doubled,
    /// Every third is told to somebody else.
    Readdressed,
    /// All are kept until their customer says something about consent, and told half a second
    /// after the answer.
    Held,
}

/// Starts it on a free port.
pub(crate) fn start(server: u16, wrong: Wrong) -> u16 {
    let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || {
        for client in listener.incoming().map_while(Result::ok) {
            let Ok(server) = TcpStream::connect(("127.0.0.1", server)) else { return };
            pass(client, server, wrong);
        }
    });
    port
}

fn pass(client: TcpStream, server: TcpStream, wrong: Wrong) {
    for stream in [&client, &server] {
        stream.set_nodelay(true).unwrap();
    }
    let (mut from_client, mut to_server) = (client.try_clone().unwrap(), server.try_clone().unwrap());
    std::thread::spawn(move || {
        let _ = std::io::copy(&mut from_client, &mut to_server);
        let _ = to_server.shutdown(Shutdown::Write);
    });
    std::thread::spawn(move || {
        let out = Arc::new(Mutex::new(client));
        let mut meddler = Meddler { wrong, out, server, n_offers: 0, held: HashMap::new() };
        meddler.run();
        let _ = meddler.out.lock().unwrap().shutdown(Shutdown::Both);
    });
}

struct Meddler {
    wrong: Wrong,
    out: Arc<Mutex<TcpStream>>,
    server: TcpStream,
    n_offers: u32,
    held: HashMap<String, Vec<Vec<u8>>>,
}

impl Meddler {
    fn run(&mut self) {
        let (mut bytes, mut piece) = (Vec::new(), [0; 65_536]);
        loop {
            let Ok(n @ 1..) = self.server.read(&mut piece) else { return };
            bytes.extend_from_slice(&piece[..n]);
            while let Some(len) = packet_len(&bytes) {
                let packet: Vec<u8> = bytes.drain(..len).collect();
                self.handle(packet);
            }
        }
    }

    fn handle(&mut self, packet: Vec<u8>) {
        let Some(topic) = topic(&packet) else { return self.tell(&packet) };
        let customer = topic.split('/').nth(2).unwrap_or_default().to_owned();
        if topic.ends_with("/consent/ack") {
            self.tell(&packet);
            let late = self.held.remove(&customer).unwrap_or_default();
            let out = Arc::clone(&self.out);
            std::thread::spawn(move || {
                std::thread::sleep(Duration::from_millis(500));
                let mut out = out.lock().unwrap();
                late.iter().for_each(|packet| drop(out.write_all(packet)));
            });
            return;
        }
        if !topic.ends_with("/offer") {
            return self.tell(&packet);
        }
        self.n_offers += 1;
        let is_third = self.n_offers.is_multiple_of(3);
        match self.wrong {
            Wrong::Held => {
                self.acknowledge(&packet);
                self.held.entry(customer).or_default().push(packet);
            }
            Wrong::Dropped if is_third => self.acknowledge(&packet),
            Wrong::Doubled if is_third => {
                self.tell(&packet);
                self.tell(&packet);
            }
            Wrong::Readdressed if is_third => self.tell(&readdressed(packet, &customer)),
            Wrong::Dropped | Wrong::Doubled | Wrong::Readdressed => self.tell(&packet),
        }
    }

    fn tell(&self, packet: &[u8]) {
        let _ = self.out.lock().unwrap().write_all(packet);
    }

    /// The server must not wait for whoever never hears of it.
    fn acknowledge(&mut self, packet: &[u8]) {
        let at = topic_end(packet);
        let _ = self.server.write_all(&[0x40, 2, packet[at], packet[at + 1]]);
    }
}

/// The same for the customer after this one.
fn readdressed(mut packet: Vec<u8>, customer: &str) -> Vec<u8> {
    let digits = customer.trim_start_matches(|c: char| !c.is_ascii_digit());
    let no: u32 = digits.parse().unwrap();
    let other = format!("{:0width$}", (no + 1) % 400, width = digits.len());
    let at = packet.windows(digits.len()).position(|window| window == digits.as_bytes()).unwrap();
    packet[at..at + other.len()].copy_from_slice(other.as_bytes());
    packet
}

fn packet_len(bytes: &[u8]) -> Option<usize> {
    let (mut len, mut place) = (0, 0);
    loop {
        let byte = *bytes.get(1 + place)?;
        len |= usize::from(byte & 0x7f) << (7 * place);
        place += 1;
        if byte & 0x80 == 0 {
            let whole = 1 + place + len;
            return (whole <= bytes.len()).then_some(whole);
        }
    }
}

/// The topic of a PUBLISH.
fn topic(packet: &[u8]) -> Option<&str> {
    if packet[0] >> 4 != 3 {
        return None;
    }
    let end = topic_end(packet);
    let start = topic_start(packet) + 2;
    std::str::from_utf8(&packet[start..end]).ok()
}

fn topic_start(packet: &[u8]) -> usize {
    1 + packet[1..].iter().position(|byte| byte & 0x80 == 0).unwrap() + 1
}

fn topic_end(packet: &[u8]) -> usize {
    let start = topic_start(packet);
    start + 2 + usize::from(u16::from_be_bytes([packet[start], packet[start + 1]]))
}
