//! The same way through mosquitto, with its own clients.

use std::io::Read as _;
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::PATIENCE;
use crate::premises::Premises;
use crate::server::{Server, explain};
use crate::words::{consent, grants, parse, record, stay, stay_in_batch};

/// A broker of this test alone; killed when dropped.
struct Mosquitto {
    broker: Child,
    port: u16,
}

impl Drop for Mosquitto {
    fn drop(&mut self) {
        let _ = self.broker.kill();
        let _ = self.broker.wait();
    }
}

impl Mosquitto {
    /// `None`, with a reason, where it is not installed.
    fn start(dir: &Path) -> Option<Self> {
        let is_there = |program: &str| {
            Command::new(program).arg("--help").stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok()
        };
        if !["mosquitto", "mosquitto_pub", "mosquitto_sub"].into_iter().all(is_there) {
            println!("skipped: mosquitto and its clients are not installed");
            return None;
        }
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let file = dir.join("mosquitto.conf");
        std::fs::write(
            &file,
            format!("listener {port} 127.0.0.1\nallow_anonymous true\npersistence false\nlog_type none\n"),
        )
        .unwrap();
        let broker = Command::new("mosquitto").arg("-c").arg(&file).stderr(Stdio::null()).spawn().unwrap();
        let until = Instant::now() + PATIENCE;
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            assert!(Instant::now() < until, "mosquitto does not listen");
            thread::sleep(Duration::from_millis(20));
        }
        Some(Self { broker, port })
    }

    fn client(&self, program: &str, version: &str) -> Command {
        let mut client = Command::new(program);
        client.args(["-h", "127.0.0.1", "-p", &self.port.to_string(), "-V", version, "-q", "1"]);
        client
    }

    fn publish(&self, topic: &str, payload: &str, version: &str) {
        let mut client = self.client("mosquitto_pub", version);
        let mut client = client.args(["-t", topic, "-s"]).stdin(Stdio::piped()).spawn().unwrap();
        std::io::Write::write_all(&mut client.stdin.take().unwrap(), payload.as_bytes()).unwrap();
        assert!(client.wait().unwrap().success());
    }

    /// Waits for so many messages: of each its topic, whether it was retained, its expiry and itself.
    fn subscribe(&self, topic: &str, n: usize, version: &str) -> Subscription {
        let format = if version == "mqttv5" { "%t %r %E %p" } else { "%t %r - %p" };
        let mut client = self.client("mosquitto_sub", version);
        client.args(["-t", topic, "-C", &n.to_string(), "-W", "20", "-F", format]).stdout(Stdio::piped());
        let client = client.spawn().unwrap();
        // It does not tell when the broker has its subscription.
        thread::sleep(Duration::from_millis(300));
        Subscription(client)
    }
}

struct Subscription(Child);

impl Subscription {
    fn messages(mut self) -> Vec<[String; 4]> {
        let mut text = String::new();
        self.0.stdout.take().unwrap().read_to_string(&mut text).unwrap();
        self.0.wait().unwrap();
        let line = |line: &str| {
            let mut parts = line.splitn(4, ' ').map(str::to_owned);
            std::array::from_fn(|_| parts.next().unwrap())
        };
        text.lines().map(line).collect()
    }

    fn only(self) -> [String; 4] {
        let [message] = self.messages().try_into().expect("one message came");
        message
    }
}

fn check(version: &str, protocol: &str) {
    let dir = tempfile::tempdir().unwrap();
    let Some(mosquitto) = Mosquitto::start(dir.path()) else { return };
    let premises = Premises::behind(mosquitto.port, protocol);
    let server = Server::start(&premises, &[]);
    assert_eq!(server.said(), "stile works behind the outside broker");
    let status = "stile/v1/sys/stile-test/status";
    let online = mosquitto.subscribe(status, 1, version).only();
    assert_eq!((&*online[1], parse(online[3].as_bytes())["state"].as_str()), ("1", Some("online")));

    let acks = mosquitto.subscribe("stile/v1/+/consent/ack", 2, version);
    for event in grants("ada") {
        mosquitto.publish("stile/v1/ada/consent", &event, version);
    }
    for [topic, retained, _, ack] in acks.messages() {
        assert_eq!((&*topic, &*retained), ("stile/v1/ada/consent/ack", "0"));
        assert_eq!(parse(ack.as_bytes())["state"], "granted");
    }

    let offers = mosquitto.subscribe("stile/v1/+/+/offer", 1, version);
    mosquitto.publish("stile/v1/stranger/phone/fix", "garbage", version);
    mosquitto.publish("stile/v1/ada/phone/fix", &stay(), version);
    let [topic, retained, expiry, offer] = offers.only();
    assert_eq!((&*topic, &*retained), ("stile/v1/ada/phone/offer", "0"));
    if version == "mqttv5" && protocol == "5" {
        assert!((1..=900).contains(&expiry.parse::<u32>().expect("it expires")), "{expiry}");
    }
    let offer: Value = parse(offer.as_bytes());
    assert_eq!(
        (offer["offer"].as_str(), offer["store"].as_str()),
        (Some("paperbacks"), Some("Corner Books, Pine Street"))
    );
    let feedback = format!(r#"{{"v":1,"offer_id":{},"kind":"redeemed"}}"#, offer["offer_id"]);
    mosquitto.publish("stile/v1/ada/phone/feedback", &feedback, version);
    server.status_when("feedback is heard", |status| status["feedback"] == 1);

    let ack = mosquitto.subscribe("stile/v1/ada/consent/ack", 1, version);
    mosquitto.publish("stile/v1/ada/consent", &consent("ada-no", "location", "withdraw"), version);
    assert_eq!(parse(ack.only()[3].as_bytes())["state"], "withdrawn");
    let before = server.status();
    let batch =
        [stay_in_batch("ada", "phone"), record("stranger", "phone", &crate::words::inside(1))].concat();
    mosquitto.publish("stile/v1/batch", &batch, version);
    let after = server.status_when("refused", |status| {
        status["records"].as_u64() == before["records"].as_u64().map(|n| n + 3)
    });
    assert_eq!(after["opened"], before["opened"]);
    assert_eq!(
        (&after["refused"]["unknown_customer"], &after["refused"]["withdrawn"]),
        (&2.into(), &2.into())
    );

    server.stop();
    let offline = mosquitto.subscribe(status, 1, version).only();
    assert_eq!(parse(offline[3].as_bytes())["state"], "offline");
    let told = explain(&premises.data(), "ada");
    let offer = told.iter().find(|said| said["data"]["kind"] == "offer").expect("it is explained");
    assert_eq!(offer["data"]["outcome"], "sent");
}

#[test]
fn mosquitto_and_its_clients_go_the_whole_way_with_mqtt_5() {
    check("mqttv5", "5");
}

#[test]
fn mosquitto_and_its_clients_go_the_whole_way_with_mqtt_3_1_1() {
    check("mqttv311", "3.1.1");
}

#[test]
fn whoever_kills_the_server_leaves_its_will() {
    let dir = tempfile::tempdir().unwrap();
    let Some(mosquitto) = Mosquitto::start(dir.path()) else { return };
    let premises = Premises::behind(mosquitto.port, "5");
    let server = Server::start(&premises, &[]);
    let status = mosquitto.subscribe("stile/v1/sys/stile-test/status", 2, "mqttv5");
    server.kill();
    let states: Vec<_> =
        status.messages().iter().map(|message| parse(message[3].as_bytes())["state"].clone()).collect();
    assert_eq!(states, ["online", "offline"]);
}

#[test]
fn n01_a_broker_that_comes_later_is_found() {
    let dir = tempfile::tempdir().unwrap();
    let Some(gone) = Mosquitto::start(dir.path()) else { return };
    let port = gone.port;
    drop(gone);
    let premises = Premises::behind(port, "5");
    let server = Server::start(&premises, &[]);
    assert_eq!(server.status()["records"], 0, "it works without");
    let file = dir.path().join("mosquitto.conf");
    let broker = Command::new("mosquitto").arg("-c").arg(&file).stderr(Stdio::null()).spawn().unwrap();
    let mosquitto = Mosquitto { broker, port };
    let until = Instant::now() + PATIENCE;
    while server.status()["refused"]["unknown_customer"] == 0 {
        assert!(Instant::now() < until, "it never connects");
        if TcpStream::connect(("127.0.0.1", port)).is_ok() {
            mosquitto.publish("stile/v1/stranger/phone/fix", "x", "mqttv5");
        }
        thread::sleep(Duration::from_millis(200));
    }
    server.stop();
}
