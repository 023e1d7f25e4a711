//! One MQTT connection of the generator: a buffer that is written in large pieces, and the
//! messages in it that are not yet acknowledged.
//!
//! What is not acknowledged stays in the buffer, so that a new connection sends it again, in its
//! order and marked as a repetition.

use std::collections::VecDeque;
use std::io::{self, ErrorKind, Read as _, Write as _};
use std::net::{Shutdown, TcpStream, ToSocketAddrs as _};
use std::time::{Duration, Instant};

use crate::load::packet::{self, Packet};

/// How long a broker may take to say yes to a connection.
const HANDSHAKE_MAX: Duration = Duration::from_secs(10);
/// A server that takes and answers nothing for so long is given up.
const STANDSTILL_MAX: Duration = Duration::from_secs(30);
/// Bytes that are read at a time.
const READ_LEN: usize = 64 * 1024;
/// Bytes that wait for a broker that does not read; then the generator waits too.
const WAITING_BYTES_MAX: usize = 16 * 1024 * 1024;

/// Where and as whom a link connects.
#[derive(Clone, Debug)]
pub(crate) struct Door {
    /// Host and port.
    pub(crate) address: String,
    /// Name and secret; nobody when the broker asks for none.
    pub(crate) login: Option<crate::credentials::Credentials>,
    pub(crate) client: String,
}

impl Door {
    /// The same door for another client.
    pub(crate) fn named(&self, name: &str) -> Self {
        Self { client: format!("{}-{name}", self.client), ..self.clone() }
    }
}

/// A message that is to be acknowledged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Tag {
    /// What it is, for whoever wrote it.
    pub(crate) no: u32,
    /// When it was meant to leave, in nanoseconds of the run.
    pub(crate) due_ns: u64,
}

/// The connection.
pub(crate) struct Link {
    door: Door,
    stream: TcpStream,
    /// Bytes from `begins_at` of the stream on.
    out: Vec<u8>,
    begins_at: u64,
    written_at: u64,
    unanswered: VecDeque<Unanswered>,
    n_window: usize,
    last_id: u16,
    inbox: Inbox,
    /// How often it was made anew.
    n_reconnects: u64,
    n_repeated: u64,
}

#[derive(Clone, Copy, Debug)]
struct Unanswered {
    id: u16,
    starts_at: u64,
    tag: Tag,
    is_answered: bool,
}

impl Link {
    /// Connects and greets.
    ///
    /// # Errors
    /// A sentence.
    pub(crate) fn connect(door: Door, n_window: usize) -> Result<Self, String> {
        let (stream, inbox) = greet(&door)?;
        Ok(Self {
            door,
            stream,
            out: Vec::with_capacity(256 * 1024),
            begins_at: 0,
            written_at: 0,
            unanswered: VecDeque::new(),
            n_window,
            last_id: 0,
            inbox,
            n_reconnects: 0,
            n_repeated: 0,
        })
    }

    /// The buffer, for a message that needs no answer; it must be whole when this is given back.
    pub(crate) fn buffer(&mut self) -> &mut Vec<u8> {
        &mut self.out
    }

    /// Writes a message that is to be acknowledged.
    pub(crate) fn publish(&mut self, topic_field: &[u8], tag: Tag, payload: impl FnOnce(&mut Vec<u8>)) {
        let id = self.next_id();
        let starts_at = self.end();
        let start = packet::begin_publish(&mut self.out, topic_field, Some(id));
        payload(&mut self.out);
        packet::end(&mut self.out, start);
        self.unanswered.push_back(Unanswered { id, starts_at, tag, is_answered: false });
    }

    fn next_id(&mut self) -> u16 {
        self.last_id = self.last_id.checked_add(1).unwrap_or(1);
        self.last_id
    }

    fn end(&self) -> u64 {
        self.begins_at + self.out.len() as u64
    }

    /// Bytes that the other end has not taken.
    pub(crate) fn n_waiting_bytes(&self) -> usize {
        (self.end() - self.written_at) as usize
    }

    /// Whether there is room for more.
    pub(crate) fn has_room(&self) -> bool {
        // An id must not be given twice.
        self.n_waiting_bytes() < WAITING_BYTES_MAX && self.unanswered.len() < usize::from(u16::MAX)
    }

    /// Messages that wait for their acknowledgement.
    pub(crate) fn n_unanswered(&self) -> usize {
        self.unanswered.len()
    }

    pub(crate) fn n_reconnects(&self) -> u64 {
        self.n_reconnects
    }

    pub(crate) fn n_repeated(&self) -> u64 {
        self.n_repeated
    }

    /// Whether everything was sent and what needs an answer has one.
    pub(crate) fn is_settled(&self) -> bool {
        self.n_waiting_bytes() == 0 && self.unanswered.is_empty()
    }

    /// Sends what the other end takes without waiting, and the window allows.
    ///
    /// # Errors
    /// The connection is gone.
    pub(crate) fn flush(&mut self) -> io::Result<()> {
        let until = match self.unanswered.get(self.n_window) {
            Some(first_beyond) => first_beyond.starts_at,
            None => self.end(),
        };
        while self.written_at < until {
            let from = (self.written_at - self.begins_at) as usize;
            let to = (until - self.begins_at) as usize;
            match self.stream.write(&self.out[from..to]) {
                Ok(0) => return Err(ErrorKind::WriteZero.into()),
                Ok(n) => self.written_at += n as u64,
                Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        self.forget();
        Ok(())
    }

    /// Drops the bytes that nobody will ask for again.
    fn forget(&mut self) {
        const WORTH_MOVING: usize = 64 * 1024;
        let needed_from = self.unanswered.front().map_or(self.written_at, |first| first.starts_at);
        let needed_from = needed_from.min(self.written_at);
        let n_gone = (needed_from - self.begins_at) as usize;
        if n_gone == self.out.len() {
            self.out.clear();
        } else if WORTH_MOVING <= n_gone && self.out.len() <= 2 * n_gone {
            self.out.drain(..n_gone);
        } else {
            return;
        }
        self.begins_at = needed_from;
    }

    /// Reads what has come; tells the tag of every message that was acknowledged.
    ///
    /// # Errors
    /// The connection is gone.
    pub(crate) fn read(&mut self, mut answered: impl FnMut(Tag)) -> io::Result<()> {
        let unanswered = &mut self.unanswered;
        self.inbox.read(&mut self.stream, |packet| {
            if let Packet::PubAck { id } = packet {
                settle(unanswered, id, &mut answered);
            }
        })
    }

    /// Ends the connection and makes a new one as the same client.
    ///
    /// Abruptly: what was under way is lost or not, and what is not acknowledged goes out again. In
    /// order: the other end reads everything first.
    ///
    /// # Errors
    /// A sentence when it could not be made.
    pub(crate) fn reconnect(&mut self, abruptly: bool, mut answered: impl FnMut(Tag)) -> Result<(), String> {
        if !abruptly && !self.part(&mut answered) {
            return Err("a connection would not settle before it was to be made anew".to_owned());
        }
        let _ = self.stream.shutdown(Shutdown::Both);
        let (stream, inbox) = greet(&self.door)?;
        (self.stream, self.inbox) = (stream, inbox);
        self.n_reconnects += 1;
        // What was cut in the middle begins anew too, or the other end would read half a packet.
        self.written_at = self.unanswered.front().map_or(self.written_at, |first| first.starts_at);
        for message in &self.unanswered {
            let head = (message.starts_at - self.begins_at) as usize;
            self.out[head] |= packet::DUP;
            self.n_repeated += 1;
        }
        Ok(())
    }

    /// Takes leave once all is settled, and reads until the other end has read everything and
    /// closes; false when nothing moves for too long, or the connection broke before.
    pub(crate) fn part(&mut self, mut answered: impl FnMut(Tag)) -> bool {
        let mut moved_at = Instant::now();
        while !self.is_settled() {
            let before = (self.n_waiting_bytes(), self.unanswered.len());
            if self.flush().is_err() || self.read(&mut answered).is_err() {
                return false;
            }
            if before != (self.n_waiting_bytes(), self.unanswered.len()) {
                moved_at = Instant::now();
            } else if STANDSTILL_MAX < moved_at.elapsed() {
                return false;
            }
            std::thread::sleep(Duration::from_millis(1));
        }
        let _ = self.stream.write(&packet::DISCONNECT);
        let _ = self.stream.shutdown(Shutdown::Write);
        let patience = Instant::now() + STANDSTILL_MAX;
        loop {
            if self.read(&mut answered).is_err() {
                return true;
            }
            if patience < Instant::now() {
                return false;
            }
            std::thread::sleep(Duration::from_millis(1));
        }
    }
}

/// Notes an acknowledgement; they come in order from most brokers.
fn settle(unanswered: &mut VecDeque<Unanswered>, id: u16, answered: &mut impl FnMut(Tag)) {
    let Some(message) = unanswered.iter_mut().find(|message| message.id == id && !message.is_answered) else {
        return;
    };
    message.is_answered = true;
    answered(message.tag);
    while unanswered.front().is_some_and(|first| first.is_answered) {
        unanswered.pop_front();
    }
}

/// Bytes that came and are not read yet.
pub(crate) struct Inbox {
    bytes: Vec<u8>,
    n: usize,
}

impl Default for Inbox {
    fn default() -> Self {
        Self { bytes: vec![0; 2 * READ_LEN], n: 0 }
    }
}

impl Inbox {
    /// Reads what has come and hands over every whole packet.
    ///
    /// # Errors
    /// The connection is gone, or what came is no MQTT.
    pub(crate) fn read(
        &mut self,
        stream: &mut TcpStream,
        mut packet: impl FnMut(Packet<'_>),
    ) -> io::Result<()> {
        loop {
            if self.bytes.len() - self.n < READ_LEN {
                self.bytes.resize(self.bytes.len() + READ_LEN, 0);
            }
            match stream.read(&mut self.bytes[self.n..]) {
                Ok(0) => return Err(ErrorKind::UnexpectedEof.into()),
                Ok(n) => {
                    let room = self.bytes.len() - self.n;
                    self.n += n;
                    self.hand_over(&mut packet)?;
                    if n < room {
                        return Ok(());
                    }
                }
                Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {
                    return Ok(());
                }
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
    }

    /// Reads once, waiting as long as the stream's own time limit; true when it took all there was.
    ///
    /// # Errors
    /// The connection is gone, or what came is no MQTT.
    pub(crate) fn read_once(
        &mut self,
        stream: &mut TcpStream,
        mut packet: impl FnMut(Packet<'_>),
    ) -> io::Result<bool> {
        if self.bytes.len() - self.n < READ_LEN {
            self.bytes.resize(self.bytes.len() + READ_LEN, 0);
        }
        let room = self.bytes.len() - self.n;
        let n = match stream.read(&mut self.bytes[self.n..]) {
            Ok(0) => return Err(ErrorKind::UnexpectedEof.into()),
            Ok(n) => n,
            Err(error)
                if matches!(
                    error.kind(),
                    ErrorKind::WouldBlock | ErrorKind::TimedOut | ErrorKind::Interrupted
                ) =>
            {
                return Ok(true);
            }
            Err(error) => return Err(error),
        };
        self.n += n;
        self.hand_over(&mut packet)?;
        Ok(n < room)
    }

    fn hand_over(&mut self, packet: &mut impl FnMut(Packet<'_>)) -> io::Result<()> {
        let mut at = 0;
        loop {
            match packet::read(&self.bytes[at..self.n]) {
                Ok(Some((read, len))) => {
                    packet(read);
                    at += len;
                }
                Ok(None) => break,
                Err(packet::Malformed) => return Err(ErrorKind::InvalidData.into()),
            }
        }
        self.bytes.copy_within(at..self.n, 0);
        self.n -= at;
        Ok(())
    }
}

/// Opens a connection and waits for its yes; afterwards nothing waits.
pub(crate) fn greet(door: &Door) -> Result<(TcpStream, Inbox), String> {
    let shown = &door.address;
    let unreachable = |error: io::Error| format!("cannot reach {shown}: {error}");
    let address = shown.to_socket_addrs().map_err(unreachable)?.next();
    let address = address.ok_or_else(|| format!("cannot reach {shown}: it has no address"))?;
    let mut stream = TcpStream::connect_timeout(&address, HANDSHAKE_MAX).map_err(unreachable)?;
    stream.set_nodelay(true).map_err(unreachable)?;
    stream.set_read_timeout(Some(HANDSHAKE_MAX)).map_err(unreachable)?;
    let mut hello = Vec::new();
    let login = door.login.as_ref().map(|login| (login.user.as_str(), login.secret.as_str()));
    packet::connect(&mut hello, &door.client, login, 0);
    stream.write_all(&hello).map_err(unreachable)?;
    let (mut inbox, mut said) = (Inbox::default(), None);
    while said.is_none() {
        let nothing = inbox.read_once(&mut stream, |packet| {
            if let Packet::ConnAck { code } = packet {
                said = Some(code);
            }
        });
        let silent = nothing.map_err(unreachable)? && said.is_none();
        if silent {
            return Err(format!("{shown} does not answer"));
        }
    }
    if said != Some(0) {
        return Err(format!("{shown} refuses the connection: see --user and --secret-file"));
    }
    stream.set_nonblocking(true).map_err(unreachable)?;
    Ok((stream, inbox))
}
