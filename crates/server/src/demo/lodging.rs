//! Where the demo's server lives: a directory of its own, gone when the demo is.

use std::fs::{self, DirBuilder};
use std::io;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};

use town::{Agreement, PersonNo, Town};
use wire::Topics;

use super::phones::Login;
use super::premises;
use super::script::Script;

/// A temporary directory with settings, fences and offers; dropping it removes it with all that is in it.
pub(super) struct Lodging {
    dir: PathBuf,
    tokens: Vec<String>,
    /// Who has a connection of their own; line 0 is the backend's, theirs follow.
    devices: Vec<PersonNo>,
}

/// Phones that connect by themselves; all others speak through the backend.
const N_DEVICES: usize = 8;
const BACKEND: &str = "town-backend";
/// The line that carries everybody without one of their own.
pub(super) const BACKEND_LINE: usize = 0;

impl Lodging {
    /// Makes the directory and writes what the server reads.
    pub(super) fn furnish(town: &Town, script: &Script) -> io::Result<Self> {
        let dir =
            std::env::temp_dir().join(format!("stile-demo-{}-{}", std::process::id(), random_hex::<4>()?));
        DirBuilder::new().mode(0o700).create(&dir)?;
        let devices = devices(town, script);
        let tokens = (0..=devices.len()).map(|_| random_hex::<32>()).collect::<io::Result<_>>()?;
        let lodging = Self { dir, tokens, devices };
        fs::create_dir(lodging.data())?;
        fs::write(
            lodging.dir.join("fences.geojson"),
            spatial_index::geojson::write(&premises::fences(town)),
        )?;
        let told_of = script.stores.map(|(_, stays)| stays);
        fs::write(lodging.dir.join("offers.toml"), premises::offers_file(town, told_of))?;
        fs::write(lodging.settings(), lodging.settings_text(town))?;
        Ok(lodging)
    }

    pub(super) fn settings(&self) -> PathBuf {
        self.dir.join("demo.toml")
    }

    /// The data directory.
    pub(super) fn data(&self) -> PathBuf {
        self.dir.join("data")
    }

    /// What the server writes to its standard error.
    pub(super) fn log(&self) -> PathBuf {
        self.dir.join("serve.log")
    }

    /// The line that a person's phone speaks on.
    pub(super) fn line_of(&self, person: PersonNo) -> usize {
        self.devices.iter().position(|&device| device == person).map_or(BACKEND_LINE, |no| no + 1)
    }

    /// Lines of the backend and the devices.
    pub(super) fn n_lines(&self) -> usize {
        1 + self.devices.len()
    }

    /// How the backend and the devices get in, with so many further backends behind them.
    pub(super) fn logins(&self, town: &Town, topics: &Topics, n_helpers: usize) -> Vec<Login> {
        let backend = |client_id: String, offers: String| Login {
            client_id,
            name: BACKEND.to_owned(),
            token: self.tokens[0].clone(),
            offers,
        };
        let device = |(&person, token): (&PersonNo, &String)| {
            let customer = town.people()[person.slot()].customer.as_str();
            let offers = topics.offers_of(customer);
            Login {
                client_id: format!("{customer}-app"),
                name: customer.to_owned(),
                token: token.clone(),
                offers,
            }
        };
        let mut logins = vec![backend("town".to_owned(), topics.every_offer())];
        logins.extend(self.devices.iter().zip(&self.tokens[1..]).map(device));
        logins.extend((0..n_helpers).map(|no| backend(format!("town-helper-{no}"), String::new())));
        logins
    }

    fn settings_text(&self, town: &Town) -> String {
        let user = |name: &str, role: &str, token: &String| {
            let hash = blake3::hash(token.as_bytes()).to_hex();
            format!("[[listener.user]]\nname = \"{name}\"\nrole = \"{role}\"\nsecret = \"blake3:{hash}\"\n\n")
        };
        let mut users = user(BACKEND, "backend", &self.tokens[0]);
        for (person, token) in self.devices.iter().zip(&self.tokens[1..]) {
            users += &user(town.people()[person.slot()].customer.as_str(), "device", token);
        }
        // At sixty times the speed of life the default is half a second, which a busy machine may take.
        format!(
            "[listener]\nbind = \"127.0.0.1:0\"\n\n{users}[consent]\ndefault_residence = \"US-TX\"\n\n[data]\ndir = \"data\"\n\n\
             [fences]\nfile = \"fences.geojson\"\n\n[offers]\nfile = \"offers.toml\"\n\n\
             [notifier]\ndecide_within = \"5 min\"\n"
        )
    }
}

impl Drop for Lodging {
    fn drop(&mut self) {
        remove(&self.dir);
    }
}

fn remove(dir: &Path) {
    // What cannot be removed is the system's to clear away; there is nobody left to tell.
    let _ = fs::remove_dir_all(dir);
}

/// The protagonist, the one who opts out, and the first others who agreed to offers.
fn devices(town: &Town, script: &Script) -> Vec<PersonNo> {
    let mut devices = vec![script.protagonist];
    devices.extend(script.opts_out);
    let others = (0..town.people().len() as u32).map(PersonNo);
    let others = others.filter(|no| town.people()[no.slot()].agreed_most() == Agreement::Offers);
    for other in others {
        if devices.len() < N_DEVICES && !devices.contains(&other) {
            devices.push(other);
        }
    }
    devices
}

fn random_hex<const N: usize>() -> io::Result<String> {
    let mut bytes = [0_u8; N];
    getrandom::fill(&mut bytes).map_err(io::Error::other)?;
    Ok(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
}
