//! Brokers to connect to: real ones that can be restarted, and one by hand that misbehaves.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use mqtt5::broker::config::StorageBackend;
use mqtt5::broker::{BrokerConfig, BrokerShutdownHandle, MqttBroker, StorageConfig};
use server::mqtt::Version;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;
use tokio::time::timeout;

use crate::{PATIENCE, raw};

/// Which real broker.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// The one of the crate that our listener is made of, let loose.
    Mqtt5,
    /// The program `mosquitto`.
    Mosquitto,
}

/// Those that can be started here.
pub(crate) fn kinds() -> Vec<Kind> {
    if mosquitto().is_some() {
        return vec![Kind::Mqtt5, Kind::Mosquitto];
    }
    println!("skipped with mosquitto: not on the path, and STILE_MOSQUITTO does not name it");
    vec![Kind::Mqtt5]
}

fn mosquitto() -> Option<PathBuf> {
    let named = std::env::var_os("STILE_MOSQUITTO").map(PathBuf::from);
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folders = std::env::split_paths(&path).chain(["/usr/sbin".into(), "/usr/local/sbin".into()]);
    named.into_iter().chain(folders.map(|folder| folder.join("mosquitto"))).find(|file| file.is_file())
}

fn mosquitto_config(address: SocketAddr) -> PathBuf {
    std::env::temp_dir().join(format!("stile-mosquitto-{}.conf", address.port()))
}

/// A real broker that lets everybody do everything.
pub(crate) struct Broker {
    pub(crate) address: SocketAddr,
    running: Running,
}

enum Running {
    Mqtt5 { stop: BrokerShutdownHandle, task: JoinHandle<()> },
    Mosquitto(Process),
}

/// Ends with its test, however that ends.
struct Process(Child);

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

impl Broker {
    pub(crate) async fn start(kind: Kind) -> Self {
        let free = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
        Self::start_at(kind, free).await
    }

    pub(crate) async fn start_at(kind: Kind, address: SocketAddr) -> Self {
        let running = match kind {
            Kind::Mqtt5 => {
                let mut config = BrokerConfig::default().with_bind_address(address);
                config.auth_config.allow_anonymous = true;
                config.storage_config =
                    StorageConfig { backend: StorageBackend::Memory, ..StorageConfig::default() };
                config.sys_topics_enabled = false;
                let mut broker = MqttBroker::with_config(config).await.unwrap();
                let stop = broker.shutdown_handle();
                let task = tokio::spawn(async move { broker.run().await.unwrap() });
                Running::Mqtt5 { stop, task }
            }
            Kind::Mosquitto => {
                let config = mosquitto_config(address);
                let text = format!("listener {} 127.0.0.1\nallow_anonymous true\n", address.port());
                std::fs::write(&config, text).unwrap();
                let mut command = Command::new(mosquitto().unwrap());
                command.arg("-c").arg(config).stdout(Stdio::null()).stderr(Stdio::null());
                Running::Mosquitto(Process(command.spawn().unwrap()))
            }
        };
        let started = timeout(PATIENCE, async {
            while TcpStream::connect(address).await.is_err() {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        });
        started.await.expect("the broker starts");
        // Read by now, if it was ever written.
        let _ = std::fs::remove_file(mosquitto_config(address));
        Self { address, running }
    }

    /// Stops it, and waits until the port is free.
    pub(crate) async fn stop(self) {
        match self.running {
            Running::Mqtt5 { stop, task } => {
                stop.shutdown();
                let _ = timeout(PATIENCE, task).await;
            }
            Running::Mosquitto(process) => drop(process),
        }
    }
}

/// A broker by hand.
pub(crate) struct Fake {
    socket: TcpListener,
    version: Version,
}

/// One connection to it.
pub(crate) struct FakeSession {
    stream: TcpStream,
    read: Vec<u8>,
    version: Version,
}

/// A PUBLISH packet that came in.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Published {
    pub(crate) first_byte: u8,
    pub(crate) topic: String,
    pub(crate) packet_id: u16,
    pub(crate) properties: Vec<u8>,
    pub(crate) payload: Vec<u8>,
}

impl Fake {
    pub(crate) async fn start(version: Version) -> Self {
        Self { socket: TcpListener::bind("127.0.0.1:0").await.unwrap(), version }
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.socket.local_addr().unwrap()
    }

    pub(crate) async fn accept(&self) -> FakeSession {
        self.accept_within(PATIENCE).await.expect("a connection")
    }

    pub(crate) async fn accept_within(&self, time: Duration) -> Option<FakeSession> {
        let (stream, _) = timeout(time, self.socket.accept()).await.ok()?.unwrap();
        stream.set_nodelay(true).unwrap();
        Some(FakeSession { stream, read: Vec::new(), version: self.version })
    }

    /// Accepts, lets in, grants every subscription and acknowledges the status.
    pub(crate) async fn welcome(&self) -> FakeSession {
        let mut session = self.accept().await;
        session.let_in(0, &[]).await;
        session.grant(|_| 1).await;
        let status = session.published().await;
        assert_eq!(status.first_byte & 0x0f, 0b0011, "retained, at QoS 1");
        assert!(status.topic.ends_with("/status"));
        session.acknowledge(status.packet_id, 0).await;
        session
    }
}

impl FakeSession {
    /// Reads CONNECT and answers it; the properties are for MQTT 5.
    pub(crate) async fn let_in(&mut self, code: u8, properties: &[u8]) -> Vec<u8> {
        let (first_byte, connect) = self.packet().await;
        assert_eq!(first_byte, 0x10);
        match self.version {
            Version::V311 => self.write(0x20, &[0, code]).await,
            Version::V5 => {
                self.write(0x20, &[&[0, code, properties.len() as u8], properties].concat()).await;
            }
        }
        connect
    }

    /// Reads SUBSCRIBE and answers every filter of it.
    pub(crate) async fn grant(&mut self, code: impl Fn(usize) -> u8) {
        let (first_byte, subscribe) = self.packet().await;
        assert_eq!(first_byte, 0x82);
        let n = subscribe.windows(8).filter(|window| window == b"stile/v1").count();
        let codes: Vec<_> = (0..n).map(code).collect();
        let head = &subscribe[..2];
        match self.version {
            Version::V311 => self.write(0x90, &[head, &codes].concat()).await,
            Version::V5 => self.write(0x90, &[head, &[0], &codes].concat()).await,
        }
    }

    /// The next PUBLISH.
    pub(crate) async fn published(&mut self) -> Published {
        let (first_byte, body) = self.packet().await;
        assert_eq!(first_byte >> 4, 3, "{first_byte:x} {body:x?}");
        let topic_len = usize::from(u16::from_be_bytes([body[0], body[1]]));
        let (topic, mut rest) = body[2..].split_at(topic_len);
        let mut packet_id = 0;
        if first_byte & 0b0110 != 0 {
            packet_id = u16::from_be_bytes([rest[0], rest[1]]);
            rest = &rest[2..];
        }
        let mut properties = &[][..];
        if self.version == Version::V5 {
            (properties, rest) = rest[1..].split_at(usize::from(rest[0]));
        }
        Published {
            first_byte,
            topic: String::from_utf8(topic.to_vec()).unwrap(),
            packet_id,
            properties: properties.to_vec(),
            payload: rest.to_vec(),
        }
    }

    /// Answers a PUBLISH; the reason is for MQTT 5.
    pub(crate) async fn acknowledge(&mut self, packet_id: u16, reason: u8) {
        let id = packet_id.to_be_bytes();
        match self.version {
            Version::V311 => self.write(0x40, &id).await,
            Version::V5 => self.write(0x40, &[id[0], id[1], reason, 0]).await,
        }
    }

    /// Sends a PUBLISH at QoS 1.
    pub(crate) async fn publish(&mut self, topic: &str, packet_id: u16, payload: &[u8]) {
        let len = (topic.len() as u16).to_be_bytes();
        let properties: &[u8] = if self.version == Version::V5 { &[0] } else { &[] };
        let id = packet_id.to_be_bytes();
        self.write(0x32, &[&len, topic.as_bytes(), &id, properties, payload].concat()).await;
    }

    /// The packet id of the next acknowledgement, if one comes in time.
    pub(crate) async fn acknowledged_within(&mut self, time: Duration) -> Option<u16> {
        let (first_byte, body) = timeout(time, self.packet()).await.ok()?;
        assert_eq!(first_byte, 0x40, "{body:x?}");
        Some(u16::from_be_bytes([body[0], body[1]]))
    }

    pub(crate) async fn write(&mut self, first_byte: u8, body: &[u8]) {
        self.stream.write_all(&raw::packet(first_byte, body)).await.unwrap();
    }

    /// Whether anything comes in that time.
    pub(crate) async fn is_silent(&mut self, time: Duration) -> bool {
        timeout(time, self.packet()).await.is_err()
    }

    pub(crate) async fn is_closed(&mut self) -> bool {
        raw::is_closed(&mut self.stream, PATIENCE).await
    }

    /// The next packet; a panic at the end. May be dropped half-way.
    async fn packet(&mut self) -> (u8, Vec<u8>) {
        loop {
            if let Some((header_len, len)) = lens(&self.read)
                && header_len + len <= self.read.len()
            {
                let first_byte = self.read[0];
                let body = self.read[header_len..header_len + len].to_vec();
                self.read.drain(..header_len + len);
                // A ping is answered by the way.
                if first_byte == 0xc0 {
                    self.write(0xd0, &[]).await;
                    continue;
                }
                return (first_byte, body);
            }
            let mut chunk = [0; 4096];
            let n = timeout(PATIENCE, self.stream.read(&mut chunk)).await.expect("a packet").unwrap_or(0);
            assert_ne!(n, 0, "the client closed the connection");
            self.read.extend(&chunk[..n]);
        }
    }
}

/// Lengths of the header and of the body.
fn lens(bytes: &[u8]) -> Option<(usize, usize)> {
    let mut len = 0;
    for (place, byte) in bytes.iter().skip(1).enumerate() {
        len |= usize::from(byte & 0x7f) << (7 * place);
        if byte & 0x80 == 0 {
            return Some((place + 2, len));
        }
    }
    None
}
