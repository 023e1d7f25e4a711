//! Settings, fences and offers of a test, in a directory of their own.

use std::fs;
use std::path::PathBuf;

use tempfile::TempDir;

/// The middle of the one store.
pub(crate) const LAT: f64 = 47.620_512;
pub(crate) const LON: f64 = -122.349_303;
/// Well outside of it: some 280 m north.
pub(crate) const LAT_OUTSIDE: f64 = LAT + 0.002_5;

pub(crate) const MERCHANT: &str = "corner-books";

/// One store with a radius of 100 m and one offer for whoever stays there; no cap stands in the
/// way, at any hour.
pub(crate) struct Premises {
    dir: TempDir,
}

const LENIENT: &str = r#"
[notifier]
per_24h_max = 1000
per_7d_max = 1000
per_30d_max = 1000
per_civil_day_max = 1000
all_channels_per_7d_max = 1000
fence_cooldown = "0 s"
rest = "0 s"
settle_in = "0 s"
hours = "00:00-24:00"
gather = "0 s"
[notifier.cooldowns]
offer = "0 s"
offer_ever_max = 256
merchant = "0 s"
[notifier.budget]
enforced = false
"#;

impl Premises {
    /// With a backend, an operator and the devices of these customers; everybody's token is their name.
    pub(crate) fn new(customers: &[&str]) -> Self {
        let premises = Self { dir: tempfile::tempdir().unwrap() };
        premises.write("fences.geojson", &fences());
        premises.write("offers.toml", &offers("dwell"));
        premises.write("stile.toml", &settings(customers, "[listener]\nbind = \"127.0.0.1:0\"", LENIENT));
        premises
    }

    /// The same with an outside broker instead of the listener.
    pub(crate) fn behind(port: u16, protocol: &str) -> Self {
        let premises = Self::new(&[]);
        let broker = format!(
            "[listener]\nenabled = false\n[broker]\nhost = \"127.0.0.1\"\nport = {port}\nprotocol = \"{protocol}\"\nclient_id = \"stile-test\"",
        );
        premises.write("stile.toml", &settings(&[], &broker, LENIENT));
        premises
    }

    pub(crate) fn write(&self, name: &str, text: &str) -> PathBuf {
        let path = self.path(name);
        fs::write(&path, text).unwrap();
        path
    }

    /// Replaces a piece of the settings.
    pub(crate) fn change(&self, name: &str, from: &str, to: &str) {
        let text = fs::read_to_string(self.path(name)).unwrap();
        assert!(text.contains(from), "{from:?} is not in {name}");
        self.write(name, &text.replace(from, to));
    }

    /// With the restraint that is shipped.
    pub(crate) fn restrain(&self) {
        self.change("stile.toml", LENIENT, "");
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    pub(crate) fn data(&self) -> PathBuf {
        self.path("data")
    }
}

fn settings(customers: &[&str], doors: &str, more: &str) -> String {
    let users = customers.iter().map(|customer| (*customer, "device"));
    let users = users.chain([("backend", "backend"), ("operator", "operator")]);
    let users: String = users
        .map(|(name, role)| {
            let hash = blake3::hash(name.as_bytes()).to_hex();
            format!("[[listener.user]]\nname = \"{name}\"\nrole = \"{role}\"\nsecret = \"blake3:{hash}\"\n")
        })
        .collect();
    let users = if doors.contains("enabled = false") { String::new() } else { users };
    format!(
        "{doors}\n{users}[consent]\ndefault_residence = \"US-TX\"\n[data]\ndir = \"data\"\n[fences]\nfile = \"fences.geojson\"\n[offers]\nfile = \"offers.toml\"\n{more}"
    )
}

fn fences() -> String {
    format!(
        r#"{{"type":"FeatureCollection","features":[{{"type":"Feature","id":"books-pine-street","properties":{{"name":"Corner Books, Pine Street","merchant":"{MERCHANT}","tags":["books"],"tz":"America/Los_Angeles","radius_m":100}},"geometry":{{"type":"Point","coordinates":[{LON},{LAT}]}}}}]}}"#
    )
}

/// One offer with this trigger.
pub(crate) fn offers(trigger: &str) -> String {
    format!(
        "[[offer]]\nid = \"paperbacks\"\nmerchant = \"{MERCHANT}\"\ntags = [\"books\"]\ntrigger = \"{trigger}\"\ntitle = \"Three paperbacks for two\"\nbody = \"The cheapest of three is free at {{{{ store }}}}.\"\nlink = \"https://corner-books.example/paperbacks\"\nholdout_permille = 0\n"
    )
}
