//! The scripted run: what a server does with its data directory, one thing after the other.
//!
//! The same bytes go to the disk in every run, but for SQLite's salts: time stands in the script, and
//! chance is a count. What fails for want of room or by the device is tried again, as the server does;
//! what leaves the disk in doubt ends the run, and nothing is written after it.

mod shell;
mod words;

use std::fmt::Display;
use std::path::Path;

use engine::Door;
use model::{Millis, OfferId, Timestamp};
use offers::OperatorState;
use server::officer::notices::{Draft, Registry, RegistryError};
use server::orders::{Order, Orders};
use store::{Authorship, FenceSetError, FenceSets};

use self::shell::Shell;
pub use self::words::STARTED_AT;
use self::words::{FENCES, OFFER, consent, fix};

/// Who is in the script.
pub const CUSTOMERS: [&str; 6] = ["ada", "ben", "cleo", "dora", "emil", "fay"];

/// How often anything is tried.
const TRIES: usize = 3;

/// Plays the script on a data directory that is not there yet.
///
/// # Errors
/// Why it ended before its end, in words.
pub fn play(dir: &Path) -> Result<(), String> {
    let mut shell = retried(|| Shell::open(dir, STARTED_AT))?;
    put_fences(dir, STARTED_AT)?;
    first_day(&mut shell)?;
    order(dir, OperatorState::Paused, STARTED_AT)?;
    register(dir, 1, STARTED_AT)?;
    shell.close();
    let second_day = STARTED_AT + Millis::from_days(20);
    let mut shell = retried(|| Shell::open(dir, second_day))?;
    put_fences(dir, second_day)?;
    order(dir, OperatorState::Running, second_day)?;
    register(dir, 2, second_day)?;
    another_day(&mut shell)?;
    shell.erase("emil")?;
    back_up(dir, second_day)?;
    shell.close();
    // Whoever was erased is gone, and the others go on.
    let mut shell = retried(|| Shell::open(dir, second_day + Millis::from_days(1)))?;
    shell.erase("cleo")?;
    let at = shell.now();
    shell.deliver(&[(Door::Consent, "fay", consent("offers.push", "withdraw", None, at))])?;
    shell.close();
    Ok(())
}

/// Backs up beside the data directory, as a command does while the server runs.
fn back_up(dir: &Path, now: Timestamp) -> Result<(), String> {
    for _ in 0..TRIES {
        match store::back_up(dir, &dir.with_file_name("backup"), now) {
            Ok(_) => {
                println!("backup-ack");
                return Ok(());
            }
            // It was renamed, and then its folder could not be synced.
            Err(error @ store::BackupError::Exists { .. }) => return Err(error.to_string()),
            Err(error) => println!("failed {error}"),
        }
    }
    Err("no backup can be made".into())
}

/// All agree, three come by, and two think better of it.
fn first_day(shell: &mut Shell) -> Result<(), String> {
    for customer in CUSTOMERS {
        let at = shell.now();
        let letters = ["location", "offers.push"]
            .map(|purpose| (Door::Consent, customer, consent(purpose, "grant", None, at)));
        shell.deliver(&letters)?;
    }
    shell.deliver(&[(
        Door::Profile,
        "ada",
        r#"{"v":1,"lang":"en","segments":{"books":["students"]}}"#.into(),
    )])?;
    shell.phones_are_there = true;
    stay(shell, "ada")?;
    stay(shell, "ben")?;
    // Cleo's phone is away: the offer stays in her outbox.
    shell.phones_are_there = false;
    stay(shell, "cleo")?;
    let opened = format!(r#"{{"v":1,"offer":"{OFFER}","kind":"opened"}}"#);
    shell.deliver(&[(Door::Feedback, "ada", opened)])?;
    let at = shell.now();
    shell.deliver(&[
        (Door::Consent, "ben", consent("offers.push", "withdraw", None, at)),
        (Door::Consent, "dora", consent("location", "pause", Some(at + Millis::from_days(2)), at)),
    ])
}

/// After a restart: what waited has expired, one agrees again, and others come by.
fn another_day(shell: &mut Shell) -> Result<(), String> {
    shell.wait()?;
    shell.phones_are_there = true;
    let at = shell.now();
    shell.deliver(&[(Door::Consent, "ben", consent("offers.push", "grant", None, at))])?;
    for customer in ["ben", "dora", "emil"] {
        stay(shell, customer)?;
    }
    let at = shell.now();
    shell.deliver(&[(Door::Consent, "ada", consent("location", "withdraw", None, at))])
}

/// Ten minutes in the store.
fn stay(shell: &mut Shell, customer: &'static str) -> Result<(), String> {
    for _ in 0..2 {
        shell.pass(Millis::from_mins(5));
        let at = shell.now();
        shell.deliver(&[(Door::Fixes, customer, fix(at))])?;
    }
    Ok(())
}

/// Keeps one more version of the fence set.
fn put_fences(dir: &Path, now: Timestamp) -> Result<(), String> {
    let mut sets = told(FenceSets::open(dir, 5))?;
    let no = sets.next_no();
    println!("fences-try {no}");
    for _ in 0..TRIES {
        let made = Authorship { n_fences: 1, ..Authorship::default() };
        match sets.add(FENCES.as_bytes(), None, made, None, now) {
            Ok(no) => {
                println!("fences-ack {no}");
                return Ok(());
            }
            Err(error @ (FenceSetError::Suspect { .. } | FenceSetError::NotTrusted)) => {
                return in_doubt(&error, || sets.note_file("x").err().map(|error| error.to_string()));
            }
            Err(error) => println!("failed {error}"),
        }
    }
    Err("the fences cannot be kept".into())
}

/// Gives an operator's order.
fn order(dir: &Path, state: OperatorState, now: Timestamp) -> Result<(), String> {
    let mut orders = told(Orders::read(dir))?;
    let offer = OfferId::new(OFFER).map_err(|_| "the offer has an id")?;
    let order = Order { offer, state, at: now, by: "script".into(), why: None };
    println!("order-try {}", orders.given().len() + 1);
    for _ in 0..TRIES {
        match orders.give(order.clone()) {
            Ok(()) => {
                println!("order-ack {}", orders.given().len());
                return Ok(());
            }
            Err(
                error @ (server::orders::OrdersError::Suspect { .. }
                | server::orders::OrdersError::NotTrusted),
            ) => {
                return in_doubt(&error, || orders.give(order.clone()).err().map(|error| error.to_string()));
            }
            Err(error) => println!("failed {error}"),
        }
    }
    Err("the order cannot be given".into())
}

/// Registers a version of a notice's text.
fn register(dir: &Path, version: u32, now: Timestamp) -> Result<(), String> {
    let mut registry = told(Registry::read(dir))?;
    println!("notice-try {version}");
    for _ in 0..TRIES {
        match registry.register(notice(version), "script", now) {
            Ok(_) => {
                println!("notice-ack {version}");
                return Ok(());
            }
            Err(error @ RegistryError::Suspect { .. }) => {
                return in_doubt(&error, || {
                    registry.register(notice(version), "script", now).err().map(|error| error.to_string())
                });
            }
            Err(error) => println!("failed {error}"),
        }
    }
    Err("the notice cannot be registered".into())
}

fn notice(version: u32) -> Draft {
    let text = "We would like to know when you are near our stores.".to_owned();
    let [id, lang, system, attested_by] = ["near-stores", "en", "the old till", "dpo"].map(str::to_owned);
    Draft { id, version, lang, text, system, attested_by, shown_from_ms: None, shown_until_ms: Some(1) }
}

/// Nobody knows what is on the disk: says so, and that nothing more is taken.
fn in_doubt(error: &dyn Display, again: impl FnOnce() -> Option<String>) -> Result<(), String> {
    println!("suspect {error}");
    match again() {
        Some(refusal) => println!("still-suspect {refusal}"),
        None => println!("went-on"),
    }
    Err(error.to_string())
}

/// Opens something; a server that cannot is started again.
fn retried<T>(mut open: impl FnMut() -> Result<T, String>) -> Result<T, String> {
    let mut tried = Err(String::new());
    for _ in 0..TRIES {
        tried = open();
        match &tried {
            Ok(_) => return tried,
            Err(why) => println!("refused {why}"),
        }
    }
    tried
}

fn told<T, E: Display>(result: Result<T, E>) -> Result<T, String> {
    result.map_err(|error| {
        println!("refused {error}");
        error.to_string()
    })
}
