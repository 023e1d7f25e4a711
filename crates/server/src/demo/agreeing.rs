//! The days before: everybody who agrees says so, through the door that everybody uses.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use model::Timestamp;
use tokio::runtime::Handle;
use town::{PersonNo, Town};
use wire::{Topics, encode_consent};

use super::lodging::{BACKEND_LINE, Lodging};
use super::phones::{Heard, Mail, Phones};
use super::server_process::{ServerClock, ServerProcess};
use super::{Broken, premises, wall_now};

/// Further connections of the backend: acknowledgements on one connection are serial, and what
/// arrives on many at a time shares a commit.
const N_HELPERS: usize = 24;
/// How long a server may take to start, and the town to agree.
pub(super) const PATIENCE: Duration = Duration::from_secs(60);
const PAUSE: Duration = Duration::from_millis(3);

/// Runs the server once for each moment at which somebody agreed; early leave when told to.
pub(super) fn agree(
    (town, starts_at): (&Town, Timestamp),
    lodging: &Lodging,
    runtime: &Handle,
    cancelled: &AtomicBool,
) -> Result<(), Broken> {
    let mut said: BTreeMap<Timestamp, Vec<PersonNo>> = BTreeMap::new();
    for no in (0..town.people().len() as u32).map(PersonNo) {
        said.entry(premises::agreed_at(town, no, starts_at)).or_default().push(no);
    }
    let is_cancelled = || cancelled.load(Ordering::Relaxed);
    for (at, people) in said {
        let mut server =
            ServerProcess::start(lodging, ServerClock { start_at: at, started: wall_now(), speed: 1 })?;
        let waiting = Waiting::until(PATIENCE);
        let port = loop {
            match server.port()? {
                Some(port) => break port,
                None if is_cancelled() => return Ok(()),
                None => waiting.pause("the server to start")?,
            }
        };
        speak(
            town,
            lodging,
            &mut Phones::connect(runtime, port, &logins(town, lodging)),
            (at, &people),
            &is_cancelled,
        )?;
        server.stop();
    }
    Ok(())
}

fn logins(town: &Town, lodging: &Lodging) -> Vec<super::phones::Login> {
    lodging.logins(town, &Topics::new(super::PREFIX), N_HELPERS)
}

fn speak(
    town: &Town,
    lodging: &Lodging,
    phones: &mut Phones,
    (at, people): (Timestamp, &[PersonNo]),
    is_cancelled: &impl Fn() -> bool,
) -> Result<(), Broken> {
    let topics = Topics::new(super::PREFIX);
    let waiting = Waiting::until(PATIENCE);
    while !phones.are_ready() {
        if is_cancelled() {
            return Ok(());
        }
        hear(phones)?;
        waiting.check("the phones to connect")?;
    }
    let n_lines = lodging.n_lines();
    for &person in people {
        let line = match lodging.line_of(person) {
            BACKEND_LINE => n_lines + person.slot() % N_HELPERS,
            own => own,
        };
        let topic = topics.consent(town.people()[person.slot()].customer.as_str());
        for event in premises::grants(town, person, at) {
            if !phones.post(line, &topic, encode_consent(&event), Mail::Consent(person)) {
                return Err(Broken::Line("it takes no consent".to_owned()));
            }
        }
    }
    while 0 < phones.n_unacknowledged() && !is_cancelled() {
        hear(phones)?;
        waiting.check("the town's consent to be durable")?;
    }
    Ok(())
}

fn hear(phones: &mut Phones) -> Result<(), Broken> {
    match phones.hear(PAUSE).map(|news| news.heard) {
        Some(Heard::Down(why)) => Err(Broken::Line(why)),
        Some(Heard::Ready | Heard::Hushed | Heard::Acknowledged(_) | Heard::Offer { .. }) | None => Ok(()),
    }
}

/// Patience with an end.
pub(super) struct Waiting {
    give_up_at: Instant,
}

impl Waiting {
    pub(super) fn until(patience: Duration) -> Self {
        Self { give_up_at: Instant::now() + patience }
    }

    pub(super) fn since(since: Instant, patience: Duration) -> Self {
        Self { give_up_at: since + patience }
    }

    pub(super) fn check(&self, what: &'static str) -> Result<(), Broken> {
        if Instant::now() < self.give_up_at { Ok(()) } else { Err(Broken::Patience(what)) }
    }

    fn pause(&self, what: &'static str) -> Result<(), Broken> {
        thread::sleep(PAUSE);
        self.check(what)
    }
}
