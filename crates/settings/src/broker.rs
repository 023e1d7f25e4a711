//! An outside broker.

use std::path::PathBuf;

use model::Millis;

use crate::SecretText;
use crate::section::Section;

/// A broker that the program connects to as a client.
#[derive(Clone, Debug, PartialEq)]
pub struct BrokerSettings {
    /// Name or address.
    pub host: String,
    /// Port.
    pub port: u16,
    /// MQTT version.
    pub protocol: Protocol,
    /// Client id; two engines must not share one.
    pub client_id: String,
    /// User name.
    pub username: Option<String>,
    /// The file that holds the password.
    pub password_file: Option<PathBuf>,
    /// The password, read from that file by [`crate::load`].
    pub password: Option<SecretText>,
    /// Longest silence before the broker asks whether we live.
    pub keep_alive: Millis,
}

/// A version of MQTT.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Protocol {
    /// 3.1.1: every broker speaks it.
    V311,
    /// 5: with message expiry and reasons.
    V5,
}

pub(crate) fn read_broker(section: &Section<'_>) -> Option<BrokerSettings> {
    let host = if section.is_present() { section.required_text("host") } else { section.text("host") };
    let port = section.count("port", 1..=u16::MAX, 1883);
    let protocol = section.word("protocol", &[("3.1.1", Protocol::V311), ("5", Protocol::V5)], Protocol::V5);
    let client_id = section.text("client_id");
    let username = section.text("username");
    let password_file = section.path("password_file");
    let keep_alive =
        section.span("keep_alive", Millis::from_secs(5)..=Millis::from_mins(20), Millis::from_secs(30));
    if let (None, Some(password_file)) = (&username, &password_file) {
        section.wrong("password_file", password_file.bytes.clone(), "needs a username beside it", None);
    }
    let host = host?;
    if host.value.contains("://") || host.value.contains('/') || host.value.contains('@') {
        let reason = "is a URL; the name or address of the host alone is wanted";
        section.wrong("host", host.bytes.clone(), reason, None);
    }
    Some(BrokerSettings {
        host: host.value,
        port,
        protocol,
        client_id: client_id.map_or_else(|| "stile".to_owned(), |id| id.value),
        username: username.map(|name| name.value),
        password_file: password_file.map(|path| path.value),
        password: None,
        keep_alive,
    })
}
