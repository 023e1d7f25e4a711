//! A small scripted MQTT 5 peer: it keeps what it is sent, in order, and answers as told.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;

use bytes::BytesMut;
use rumqttc::v5::mqttbytes::v5::{
    ConnAck, ConnectReturnCode, Login, Packet, PingResp, PubAck, PubAckReason, Publish, SubAck,
    SubscribeReasonCode, UnsubAck, UnsubAckReason,
};
use rumqttc::v5::mqttbytes::{Error, QoS};

/// One message as it came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Received {
    pub(crate) topic: String,
    pub(crate) payload: Vec<u8>,
    pub(crate) qos: QoS,
    /// Fixes that had come before it without an acknowledgement.
    pub(crate) n_unanswered: usize,
}

/// Messages that a message calls for: topic and payload.
pub(crate) type Reply = fn(&Received) -> Vec<(String, Vec<u8>)>;

/// How the peer behaves.
pub(crate) struct Manner {
    pub(crate) greeting: ConnectReturnCode,
    pub(crate) subscription: SubscribeReasonCode,
    /// Answers to a message, by its topic; nothing where no PUBACK is sent.
    pub(crate) answer: fn(&str) -> Option<PubAckReason>,
    pub(crate) reply: Reply,
    /// Hangs up after so many messages.
    pub(crate) n_messages_max: usize,
}

impl Default for Manner {
    fn default() -> Self {
        Self {
            greeting: ConnectReturnCode::Success,
            subscription: SubscribeReasonCode::Success(QoS::AtLeastOnce),
            answer: |_| Some(PubAckReason::Success),
            reply: |_| Vec::new(),
            n_messages_max: usize::MAX,
        }
    }
}

/// The running peer.
pub(crate) struct Broker {
    pub(crate) port: u16,
    received: Arc<Mutex<Vec<Received>>>,
    login: Arc<Mutex<Option<Login>>>,
}

impl Broker {
    pub(crate) fn start(manner: Manner) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("loopback has a free port");
        let port = listener.local_addr().expect("it is bound").port();
        let received = Arc::new(Mutex::new(Vec::new()));
        let login = Arc::new(Mutex::new(None));
        let (kept, seen) = (Arc::clone(&received), Arc::clone(&login));
        thread::spawn(move || {
            let (stream, _) = listener.accept().expect("someone connects");
            let seat = Seat { stream, manner, kept, seen, n_unanswered: 0, next_id: 0 };
            seat.serve();
        });
        Self { port, received, login }
    }

    pub(crate) fn received(&self) -> Vec<Received> {
        self.received.lock().unwrap().clone()
    }

    pub(crate) fn login(&self) -> Option<Login> {
        self.login.lock().unwrap().clone()
    }
}

struct Seat {
    stream: TcpStream,
    manner: Manner,
    kept: Arc<Mutex<Vec<Received>>>,
    seen: Arc<Mutex<Option<Login>>>,
    n_unanswered: usize,
    next_id: u16,
}

impl Seat {
    fn serve(mut self) {
        let mut unread = BytesMut::new();
        let mut chunk = [0; 64 * 1024];
        loop {
            match Packet::read(&mut unread, None) {
                Ok(packet) => {
                    if !self.handle(packet) {
                        return;
                    }
                }
                Err(Error::InsufficientBytes(_)) => match self.stream.read(&mut chunk) {
                    Ok(0) | Err(_) => return,
                    Ok(n) => unread.extend_from_slice(&chunk[..n]),
                },
                // A farewell without a reason is told so by this codec.
                Err(_) => return,
            }
        }
    }

    fn handle(&mut self, packet: Packet) -> bool {
        match packet {
            Packet::Connect(_, _, login) => {
                *self.seen.lock().unwrap() = login;
                let code = self.manner.greeting;
                self.send(&Packet::ConnAck(ConnAck { session_present: false, code, properties: None }));
                code == ConnectReturnCode::Success
            }
            Packet::Subscribe(asked) => {
                let return_codes = vec![self.manner.subscription; asked.filters.len()];
                self.send(&Packet::SubAck(SubAck { pkid: asked.pkid, return_codes, properties: None }));
                true
            }
            Packet::Unsubscribe(asked) => {
                let reasons = vec![UnsubAckReason::Success];
                self.send(&Packet::UnsubAck(UnsubAck { pkid: asked.pkid, reasons, properties: None }));
                true
            }
            Packet::Publish(publish) => self.receive(&publish),
            Packet::PingReq(_) => {
                self.send(&Packet::PingResp(PingResp));
                true
            }
            Packet::Disconnect(_) => false,
            _ => true,
        }
    }

    fn receive(&mut self, publish: &Publish) -> bool {
        let received = Received {
            topic: String::from_utf8(publish.topic.to_vec()).unwrap(),
            payload: publish.payload.to_vec(),
            qos: publish.qos,
            n_unanswered: self.n_unanswered,
        };
        let n_messages = {
            let mut kept = self.kept.lock().unwrap();
            kept.push(received.clone());
            kept.len()
        };
        match (self.manner.answer)(&received.topic) {
            Some(reason) if publish.qos == QoS::AtLeastOnce => {
                let mut answer = PubAck::new(publish.pkid, None);
                answer.reason = reason;
                self.send(&Packet::PubAck(answer));
            }
            Some(_) | None => self.n_unanswered += 1,
        }
        for (topic, payload) in (self.manner.reply)(&received) {
            self.next_id += 1;
            let mut reply = Publish::new(topic, QoS::AtLeastOnce, payload, None);
            reply.pkid = self.next_id;
            self.send(&Packet::Publish(reply));
        }
        n_messages < self.manner.n_messages_max
    }

    fn send(&mut self, packet: &Packet) {
        let mut bytes = BytesMut::new();
        packet.write(&mut bytes, None).unwrap();
        // Whoever has left is noticed by the next read.
        let _ = self.stream.write_all(&bytes);
    }
}
