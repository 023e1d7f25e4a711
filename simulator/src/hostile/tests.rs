//! Every row against the real thing: listener, gate, engine and ledger in this process.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use engine::{House, Policy, Tally};
use ledger::MemoryStorage;
use model::{CustomerId, MerchantId, Millis, Timestamp};
use server::machine::{Clock, Running, Setup};
use server::mqtt::{Identity, ListenerOptions, Role};
use spatial_index::geojson::{self, ReadOptions};
use tokio::runtime::Runtime;
use wire::Topics;

use super::*;
use crate::replay::grants::grants;
use crate::replay::survey::Span;

const TOKEN: &str = "a token of the tests";
const PATIENCE: Duration = Duration::from_secs(20);

/// Each kind is sent in so many of its shapes.
const SEEDS: u64 = 12;
const LAT: f64 = 30.268_6;
const LNG: f64 = -97.744_1;

const FENCES: &str = r#"{"type": "FeatureCollection", "features": [{
    "type": "Feature", "id": "corner", "geometry": {"type": "Point", "coordinates": [-97.7441, 30.2686]},
    "properties": {"name": "Corner Coffee", "merchant": "m", "radius_m": 100, "tz": "America/Chicago"}
}]}"#;

const OFFERS: &str = "[[offer]]\nid = \"hello\"\nmerchant = \"m\"\ntrigger = \"enter\"\nfences = [\"corner\"]\nholdout_permille = 0\ntitle = \"Hello\"\nbody = \"A cup at {{ store }}.\"\n";

/// A server that knows a backend, and a store that greets whoever comes in.
struct Stage {
    runtime: Runtime,
    running: Running,
    address: SocketAddr,
    topics: Topics,
}

impl Stage {
    fn set() -> Self {
        let loaded = geojson::read(FENCES.as_bytes(), &ReadOptions::default()).expect("the fence is good");
        let offers =
            settings::OffersFile::parse(Path::new("offers.toml"), OFFERS).expect("the offer is good");
        let house = House::new(loaded.fences, offers.catalogue()).expect("the house stands");
        let backend = Identity::with_token("backend", Role::Backend, TOKEN.as_bytes()).unwrap();
        let options = ListenerOptions { address: ([127, 0, 0, 1], 0).into(), ..ListenerOptions::default() };
        let mut policy = Policy::default();
        policy.notifier.cooldowns.settle_in = Millis::ZERO;
        policy.notifier.gather = Millis::ZERO;
        policy.notifier.hours = notifier::DailyHours::ALWAYS;
        let setup = Setup {
            house: Arc::new(house),
            alteration: None,
            policy,
            storage: Box::new(MemoryStorage::default()),
            n_shards: 1,
            prefix: Topics::PREFIX.to_owned(),
            clock: Clock::Wall,
            upkeep: server::machine::Upkeep::default(),
            listener: Some((options, vec![backend])),
            broker: None,
        };
        let runtime = Runtime::new().unwrap();
        let running = runtime.block_on(Running::start(setup)).expect("loopback has a free port");
        let address = running.address().expect("it listens");
        Self { runtime, running, address, topics: Topics::new(Topics::PREFIX) }
    }

    fn tally(&self) -> Tally {
        self.runtime.block_on(self.running.tally()).expect("the shard is alive")
    }

    fn n_denied(&self) -> u64 {
        self.running.listener_tally().expect("it listens").n_publishes_denied
    }

    /// Waits until something is so.
    fn when(&self, what: &str, is_so: impl Fn(&Tally) -> bool) -> Tally {
        let until = Instant::now() + PATIENCE;
        loop {
            let tally = self.tally();
            if is_so(&tally) {
                return tally;
            }
            assert!(Instant::now() < until, "{what}: {tally:?}");
            std::thread::sleep(Duration::from_millis(2));
        }
    }

    /// Lets a customer agree to everything.
    fn agree(&self, client: &mut Client, customer: &str) {
        let merchants = [MerchantId::new("m").unwrap()];
        let span = Span { first_at: now(), last_at: now() };
        for event in grants(&CustomerId::new(customer).unwrap(), &merchants, span) {
            assert_eq!(
                client.publish(&self.topics.consent(customer), &wire::encode_consent(&event)),
                Some(0)
            );
        }
    }

    fn aim<'a>(&'a self, customer: &'a str) -> Aim<'a> {
        Aim { topics: &self.topics, customer, device: "phone", lat: LAT, lng: LNG, now_ms: now().unix_ms() }
    }
}

fn now() -> Timestamp {
    Clock::Wall.now()
}

/// A client that writes what it is told to, however wrong.
struct Client(TcpStream);

impl Client {
    fn connect(address: SocketAddr, version: u8, id: &str) -> Self {
        let mut stream = TcpStream::connect(address).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        stream.set_write_timeout(Some(PATIENCE)).unwrap();
        let mut body = [&text(b"MQTT")[..], &[version, 0b1100_0010, 0, 60]].concat();
        body.extend((version == 5).then_some(0));
        body.extend([text(id.as_bytes()), text(b"backend"), text(TOKEN.as_bytes())].concat());
        stream.write_all(&packet(0x10, &body)).unwrap();
        let mut client = Self(stream);
        let (first, answer) = client.read().expect("the listener answers");
        assert_eq!((first, answer[1]), (0x20, 0), "it is let in");
        client
    }

    /// The reason of the PUBACK to a message of MQTT 5; `None` when the listener hung up.
    fn publish(&mut self, topic: &str, payload: &[u8]) -> Option<u8> {
        let body = [&text(topic.as_bytes())[..], &[0, 1, 0], payload].concat();
        // A listener that hangs up in the middle is found out by reading.
        let _ = self.0.write_all(&packet(0x32, &body));
        let (first, answer) = self.read()?;
        if first != 0x40 {
            assert_eq!(first, 0xe0, "a PUBACK, or a farewell");
            return None;
        }
        Some(answer.get(2).copied().unwrap_or(0))
    }

    fn read(&mut self) -> Option<(u8, Vec<u8>)> {
        let first = self.byte()?;
        let (mut len, mut shift) = (0, 0);
        loop {
            let byte = self.byte()?;
            len |= usize::from(byte & 0x7f) << shift;
            shift += 7;
            if byte < 0x80 {
                break;
            }
        }
        let mut body = vec![0; len];
        self.0.read_exact(&mut body).ok()?;
        Some((first, body))
    }

    fn byte(&mut self) -> Option<u8> {
        let mut byte = [0];
        self.0.read_exact(&mut byte).ok().map(|()| byte[0])
    }
}

fn text(bytes: &[u8]) -> Vec<u8> {
    [&u16::try_from(bytes.len()).unwrap().to_be_bytes()[..], bytes].concat()
}

fn packet(first: u8, body: &[u8]) -> Vec<u8> {
    let mut packet = vec![first];
    let mut len = body.len();
    loop {
        let more = if 0x80 <= len { 0x80 } else { 0 };
        packet.push((len & 0x7f) as u8 | more);
        len >>= 7;
        if len == 0 {
            break;
        }
    }
    packet.extend(body);
    packet
}

/// What a server counts of one message.
#[derive(Debug, Default, PartialEq, Eq)]
struct Counted {
    n_records: u64,
    n_used: u64,
    n_unknown: u64,
    n_denied: u64,
    /// Every word that grew, by how much.
    words: std::collections::BTreeMap<&'static str, u64>,
}

impl Counted {
    fn promised(outcomes: &[Outcome]) -> Self {
        let mut counted = Self::default();
        for outcome in outcomes {
            let (n_records, n_used, word) = match *outcome {
                Outcome::Dropped(word) => (1, 0, Some(word)),
                Outcome::Used(word) => (1, 1, word),
                Outcome::Repeated => (1, 0, Some("duplicate")),
                Outcome::Unusable(word) => (0, 0, Some(word)),
                Outcome::Unknown | Outcome::Denied => (0, 0, None),
            };
            counted.n_records += n_records;
            counted.n_used += n_used;
            counted.n_unknown += u64::from(*outcome == Outcome::Unknown);
            counted.n_denied += u64::from(*outcome == Outcome::Denied);
            if let Some(word) = word {
                *counted.words.entry(word).or_default() += 1;
            }
        }
        counted
    }

    fn between(before: &(Tally, u64), after: &(Tally, u64)) -> Self {
        let grown = |counts: fn(&Tally) -> &engine::Counts| {
            let pairs = counts(&before.0).iter().zip(counts(&after.0).iter());
            pairs
                .filter(|(before, after)| before.1 < after.1)
                .map(|(before, after)| (after.0, after.1 - before.1))
        };
        let words = grown(|tally| &tally.malformed)
            .chain(grown(|tally| &tally.dropped))
            .chain(grown(|tally| &tally.flagged))
            .chain(grown(|tally| &tally.unusable))
            .chain(grown(|tally| &tally.refused));
        Self {
            n_records: after.0.n_records - before.0.n_records,
            n_used: after.0.n_used - before.0.n_used,
            n_unknown: after.0.n_feedback_unknown - before.0.n_feedback_unknown,
            n_denied: after.1 - before.1,
            words: words.collect(),
        }
    }
}

/// Sends one bad message and an honest neighbour's, and compares what the server counts.
fn check(stage: &Stage, client: &mut Client, hostile: &Hostile, n: i64) {
    let Hostile { row, what, topic, payload, outcomes, .. } = hostile;
    let name = format!("{}_{what}", row.to_lowercase());
    let before = (stage.tally(), stage.n_denied());
    let is_denied = outcomes.contains(&Outcome::Denied);
    let answer = client.publish(topic, payload);
    assert_eq!(answer, Some(if is_denied { 0x87 } else { 0 }), "{name} on {topic:?} is answered");
    let neighbour = Aim { lat: LAT + 1.0, ..stage.aim("neighbour") };
    // The neighbour's clock goes on, however fast these are sent.
    let honest = Aim { now_ms: neighbour.now_ms - 60_000 + n, ..neighbour }.fix(0, "");
    assert_eq!(client.publish(&stage.topics.fix("neighbour", "phone"), honest.as_bytes()), Some(0), "{name}");
    let expected = Counted::promised(outcomes);
    let n_records = before.0.n_records + expected.n_records + 1;
    let after = stage.when(&name, |tally| n_records <= tally.n_records);
    let mut counted = Counted::between(&before, &(after.clone(), stage.n_denied()));
    // The neighbour's fix came through.
    counted.n_records -= 1;
    counted.n_used -= 1;
    assert_eq!(
        counted,
        expected,
        "{name}: {:?}",
        String::from_utf8_lossy(&payload[..payload.len().min(200)])
    );
    if expected.n_used == 0 {
        assert_eq!(before.0.transitions.total(), after.transitions.total(), "{name} is no visit");
    }
    assert_eq!(before.0.consents.total(), after.consents.total(), "{name} changes no consent");
    assert!(after.is_balanced() && after.n_decided == 0, "{name} brings no offer: {after:?}");
}

#[test]
fn every_row_is_answered_as_the_list_of_faults_says() {
    let stage = Stage::set();
    let mut client = Client::connect(stage.address, 5, "one");
    stage.agree(&mut client, "neighbour");
    // Each kind in several of its shapes; each time somebody of whom nothing is known yet.
    for seed in 0..SEEDS {
        let kinds = every(seed, &stage.aim("whoever"));
        for (i, kind) in kinds.iter().enumerate() {
            let customer = format!("victim-{seed}-{i}");
            stage.agree(&mut client, &customer);
            let mut remade = every(seed, &stage.aim(&customer));
            let hostile = remade.swap_remove(i);
            assert_eq!(hostile.what, kind.what);
            let n = i64::try_from(kinds.len()).unwrap() * i64::try_from(seed).unwrap()
                + i64::try_from(i).unwrap();
            check(&stage, &mut client, &hostile, n);
        }
    }
    stage.runtime.block_on(stage.running.shut_down());
}

#[test]
fn what_ends_a_connection_ends_no_other_and_leaves_nothing_behind() {
    let stage = Stage::set();
    let mut neighbour = Client::connect(stage.address, 5, "one");
    stage.agree(&mut neighbour, "neighbour");
    for version in [4, 5] {
        for n in 0..12 {
            let mut client = Client::connect(stage.address, version, "another");
            let hostile = pick_ending(n, u64::from(version), &stage.aim("neighbour"));
            assert!(!hostile.keeps_connection);
            let before = stage.tally();
            // Of the other version the packet is no better.
            let _ = client.publish(&hostile.topic, &hostile.payload);
            let honest = stage.aim("neighbour").fix(0, "");
            assert_eq!(
                neighbour.publish(&stage.topics.fix("neighbour", "phone"), honest.as_bytes()),
                Some(0)
            );
            let after = stage.when(hostile.what, |tally| before.n_records < tally.n_records);
            let n_of_neighbour = after.n_records - before.n_records;
            assert_eq!(n_of_neighbour, 1, "{} {n} of version {version} is no record", hostile.what);
            assert_eq!(after.malformed.total(), before.malformed.total());
        }
    }
    stage.runtime.block_on(stage.running.shut_down());
}

#[test]
fn one_seed_makes_the_same_messages_and_another_one_others() {
    let topics = Topics::new(Topics::PREFIX);
    let aim =
        Aim { topics: &topics, customer: "c", device: "d", lat: 1.0, lng: 2.0, now_ms: 1_780_000_000_000 };
    let made = |seed| {
        (0..500)
            .map(|n| pick(seed, n, &aim))
            .map(|made| (made.what, made.topic, made.payload))
            .collect::<Vec<_>>()
    };
    assert_eq!(made(1), made(1));
    assert_ne!(made(1), made(2));
    let kinds: std::collections::BTreeSet<_> = (0..4_000).map(|n| pick(1, n, &aim).what).collect();
    assert_eq!(kinds.len(), every(1, &aim).len(), "every kind has its turn, and a name of its own");
    assert!((0..200).all(|n| pick_payload(1, n, &aim).door == Door::Fixes));
    let certain =
        (0..1_000).filter(|n| pick(1, *n, &aim).outcomes.iter().all(|outcome| outcome.is_certain()));
    assert!(500 < certain.count(), "most of them can be counted whatever was before");
}
