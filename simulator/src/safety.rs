//! Keeps made-up load away from brokers that belong to someone else (O02).

use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::str::FromStr;

/// Where a broker listens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Broker {
    host: String,
    port: u16,
}

impl Broker {
    /// The host as MQTT clients want it: an IPv6 address in brackets.
    pub(crate) fn host(&self) -> &str {
        &self.host
    }

    pub(crate) const fn port(&self) -> u16 {
        self.port
    }

    /// Lets only loopback through, unless the caller says that the broker is theirs.
    ///
    /// A name other than `localhost` is not looked up: what it means may change between
    /// this check and the connection.
    pub(crate) fn check(self, owned: bool) -> Result<Self, NotOurs> {
        if owned || self.is_loopback() { Ok(self) } else { Err(NotOurs(self)) }
    }

    fn is_loopback(&self) -> bool {
        let bare = self.host.trim_start_matches('[').trim_end_matches(']');
        self.host.eq_ignore_ascii_case("localhost")
            || bare.parse::<IpAddr>().is_ok_and(|address| address.to_canonical().is_loopback())
    }
}

impl fmt::Display for Broker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.host, self.port)
    }
}

impl FromStr for Broker {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text.contains("://") || text.contains('@') {
            return Err("expected HOST:PORT without a scheme or a user; secrets go into a file".to_owned());
        }
        if let Ok(SocketAddr::V6(address)) = text.parse() {
            return Ok(Self { host: format!("[{}]", address.ip()), port: address.port() });
        }
        let expected = || format!("expected HOST:PORT, such as 127.0.0.1:1883, and not `{text}`");
        let (host, port) = text.rsplit_once(':').ok_or_else(expected)?;
        let port = port.parse().ok().filter(|&port| port != 0).ok_or_else(expected)?;
        if host.is_empty() || host.contains([':', '/', '[', ']', ' ']) {
            return Err(expected());
        }
        Ok(Self { host: host.to_owned(), port })
    }
}

/// The refusal of a broker that is not on this machine.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct NotOurs(Broker);

impl fmt::Display for NotOurs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} is not this machine, and replayed people would look real there. \
             If the broker is yours and nobody depends on it, add --i-own-this-broker",
            self.0
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, owned: bool) -> Result<Broker, String> {
        text.parse::<Broker>()?.check(owned).map_err(|refused| refused.to_string())
    }

    #[test]
    fn o02_loopback_passes_in_every_spelling() {
        for text in [
            "127.0.0.1:1883",
            "127.9.9.9:1",
            "localhost:1883",
            "LOCALHOST:1",
            "[::1]:1883",
            "[::ffff:127.0.0.1]:1",
        ] {
            assert!(check(text, false).is_ok(), "{text}");
        }
    }

    #[test]
    fn o02_any_other_broker_is_refused_by_name() {
        for text in [
            "10.0.0.5:1883",
            "0.0.0.0:1883",
            "[2001:db8::1]:1883",
            "[::]:1883",
            "broker.example:8883",
            "localhost.example.org:1883",
            "127.0.0.1.example.org:1883",
        ] {
            let refused = check(text, false).unwrap_err();
            assert!(refused.contains(text) && refused.contains("--i-own-this-broker"), "{refused}");
            assert!(check(text, true).is_ok(), "{text}");
        }
    }

    #[test]
    fn what_is_no_address_is_refused_even_of_an_owner() {
        for text in
            ["", "1883", "127.0.0.1", "127.0.0.1:", "127.0.0.1:0", ":1883", "a:b:c", "h:70000", "::1:1883"]
        {
            assert!(check(text, true).is_err(), "{text}");
        }
    }

    #[test]
    fn o07_a_secret_in_the_address_is_refused_without_repeating_it() {
        for text in ["mqtt://me:hunter2@127.0.0.1:1883", "me:hunter2@127.0.0.1:1883"] {
            assert!(!check(text, true).unwrap_err().contains("hunter2"), "{text}");
        }
    }
}
