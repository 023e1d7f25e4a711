//! kill -9 of the real program, again and again, while offers are committed, consent changes and people are erased.
//!
//! 200 kills; more: `KILLS=5000 cargo test -p server --test kills -- --nocapture`. `KILL_SEED` chooses the moments.

mod backend;
mod book;
mod graveyard;
#[path = "../e2e/premises.rs"]
#[allow(dead_code, reason = "shared with the tests that go the whole way")]
mod premises;
mod remains;
#[path = "../e2e/server.rs"]
#[allow(dead_code, reason = "shared with the tests that go the whole way")]
mod server;
#[path = "../e2e/words.rs"]
#[allow(dead_code, reason = "shared with the tests that go the whole way")]
mod words;

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use ::server::control::{self, Request};
use ::server::officer::Question;

use crate::backend::Backend;
use crate::book::{Book, Kind};
use crate::premises::Premises;
use crate::remains::Remains;
use crate::server::Server;
use crate::words::{now_ms, stay_in_batch};

/// How long anything may take before the run gives up on it.
const PATIENCE: Duration = Duration::from_secs(20);

/// Kills where nobody asks for more.
const N_KILLS: usize = 200;

/// Who comes by between two kills: half of them with a phone that is there, half with one that is away.
const N_WALKERS: usize = 4;

/// Who may be erased when the kill comes near; the others are before: what is read back stays small.
const N_LEAVING_MAX: usize = 8;

/// Whose consent goes to and fro all the time.
const N_POOL: usize = 48;

/// After so many lives others take their place, and they may be erased.
const POOL_LIVES: u64 = 16;

/// The latest that a kill comes after the changes of consent begin to come in.
const KILLED_WITHIN_US: u64 = 30_000;

#[test]
fn acknowledged_is_durable_and_nothing_is_told_after_a_withdrawal_however_often_it_is_killed() {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    runtime.block_on(kill_again_and_again());
}

async fn kill_again_and_again() {
    let number = |name: &str| std::env::var(name).ok().and_then(|text| text.parse().ok());
    let n_kills = number("KILLS").unwrap_or(N_KILLS as u64);
    let mut chance = number("KILL_SEED").unwrap_or(1);
    let premises = Premises::new(&[]);
    let book = Arc::new(Mutex::new(Book::default()));
    let started = Instant::now();
    for round in 0..n_kills {
        chance = chance.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let delay = Duration::from_micros((chance >> 33) % KILLED_WITHIN_US);
        live_and_die(&premises, &book, round, delay).await;
        let mut book = book.lock().unwrap();
        let remains = Remains::of(&premises.data(), &book.graveyard.asked());
        book.hold_against(&remains);
    }
    // A last life, in which whatever waits is told.
    let server = Server::try_start(&premises, &[], "warn").unwrap_or_else(|(_, log)| panic!("{log}"));
    knock(&premises, &book);
    let mut backend = Backend::open(server.address(), "backend-0", &book).await;
    backend.subscribe("stile/v1/+/+/offer").await;
    tokio::time::sleep(Duration::from_secs(2)).await;
    server.stop();
    let mut book = book.lock().unwrap();
    let remains = Remains::of(&premises.data(), &book.graveyard.asked());
    book.hold_against(&remains);
    println!("{} kills in {:.0} s: {}", n_kills, started.elapsed().as_secs_f64(), book.account());
    assert_eq!((&book.losses[..], &book.leaks[..]), (&[][..], &[][..]));
    assert!(n_kills * 9 / 10 <= book.n_kills_unacknowledged, "consent was on its way at most kills");
    assert!(n_kills * 9 / 10 <= book.n_kills_in_flight, "an outbox row was in flight at most kills");
    let n_erasures = book.graveyard.n_kills_unacknowledged;
    assert!(n_kills * 9 / 10 <= n_erasures, "an erasure was on its way at most kills");
}

/// One life of the server, from its start to its kill.
async fn live_and_die(premises: &Premises, book: &Arc<Mutex<Book>>, round: u64, delay: Duration) {
    let server =
        Server::try_start(premises, &[], "warn").unwrap_or_else(|(status, log)| panic!("{status} {log}"));
    knock(premises, book);
    let mut backend = Backend::open(server.address(), "backend-0", book).await;
    let mut others = Vec::new();
    for no in 1..3 {
        others.push(Backend::open(server.address(), &format!("backend-{no}"), book).await);
    }
    // Phones that were away when the last server was killed are there again, but for some who withdraw first.
    if let Some(last) = round.checked_sub(2) {
        backend.change(&walker(last, 0), "offers.push", Kind::Withdraw).await;
        backend.settled().await;
        for known in last.saturating_sub(2)..=last {
            backend.subscribe(&format!("stile/v1/+/away{known}/offer")).await;
        }
    }
    backend.subscribe("stile/v1/+/here/offer").await;
    agree(&mut backend, &mut others, round).await;
    let_go(book, round);
    erase(&premises.data(), book, N_LEAVING_MAX);
    let away = format!("away{round}");
    let device = |no: usize| if no < N_WALKERS / 2 { away.as_str() } else { "here" };
    let stays: String = (0..N_WALKERS).map(|no| stay_in_batch(&walker(round, no), device(no))).collect();
    backend.send("stile/v1/batch", stays, None).await;
    // In two of three lives offers are out by then; in the third they are being decided and written.
    if !round.is_multiple_of(3) {
        backend.heard_something().await;
        backend.answer_offers().await;
    }
    let eraser = erase_until_killed(premises.data(), book.clone());
    let killer = kill_after(server.pid(), delay);
    let mut all = vec![backend];
    all.extend(others);
    change_until_killed(&mut all, round).await;
    killer.join().unwrap();
    drop(server);
    eraser.join().unwrap();
    for backend in all {
        backend.closed().await;
    }
}

/// From now on nobody speaks of those who came by long ago, nor of a pool that another has followed.
fn let_go(book: &Mutex<Book>, round: u64) {
    let graveyard = &mut book.lock().unwrap().graveyard;
    (0..leavers_of(round)).for_each(|no| graveyard.let_go(leaver(round, no)));
    if let Some(long_ago) = round.checked_sub(5) {
        (0..N_WALKERS).for_each(|no| graveyard.let_go(walker(long_ago, no)));
    }
    if let Some(before) = (round / POOL_LIVES).checked_sub(1) {
        (0..N_POOL).for_each(|no| graveyard.let_go(format!("pool-{before}-{no}")));
    }
}

/// Who was erased says something that was said before.
fn knock(premises: &Premises, book: &Mutex<Book>) {
    let mut book = book.lock().unwrap();
    let complaint = book.graveyard.knock(&premises.data());
    book.losses.extend(complaint);
}

/// Erases one after another until nobody answers.
fn erase_until_killed(data: PathBuf, book: Arc<Mutex<Book>>) -> std::thread::JoinHandle<()> {
    std::thread::spawn(move || erase(&data, &book, 0))
}

/// Erases one after another until few are left who may go.
fn erase(data: &Path, book: &Mutex<Book>, n_left: usize) {
    let next = || {
        let mut book = book.lock().unwrap();
        if n_left < book.graveyard.n_leaving() { book.erase() } else { None }
    };
    while let Some((no, customer)) = next() {
        let question = Request::Officer(Question::CustomerErase { customer });
        match control::ask(data, &question) {
            Ok(Some(answer)) if answer["erased_at"].is_string() => book.lock().unwrap().acknowledged(no),
            Ok(_) | Err(_) => return,
        }
    }
}

/// Later there are those who came by long ago.
const fn leavers_of(round: u64) -> usize {
    if round < 6 { 6 } else { 1 }
}

fn leaver(round: u64, no: usize) -> String {
    format!("leaver-{round}-{no}")
}

/// A connection has one change acknowledged after the other, so all of them speak.
async fn agree(backend: &mut Backend, others: &mut [Backend], round: u64) {
    for no in 0..N_WALKERS {
        let voice = others.get_mut(no % 3).unwrap_or(backend);
        for purpose in ["location", "offers.push"] {
            voice.change(&walker(round, no), purpose, Kind::Grant).await;
        }
    }
    for no in 0..leavers_of(round) {
        others[no % 2].change(&leaver(round, no), "location", Kind::Grant).await;
    }
    for voice in others {
        voice.settled().await;
    }
    backend.settled().await;
}

fn walker(round: u64, no: usize) -> String {
    format!("walker-{round}-{no}")
}

/// Changes of consent over all connections, one after another, until nobody answers.
async fn change_until_killed(all: &mut [Backend], round: u64) {
    // Of those whose offers wait for their phones, some withdraw now.
    all[0].change(&walker(round, 1), "offers.push", Kind::Withdraw).await;
    let until = Instant::now() + PATIENCE;
    let mut no = 0;
    while all.iter().any(Backend::is_open) {
        assert!(Instant::now() < until, "it is not killed");
        // Whatever happens, something is on its way when the kill comes.
        if no < N_POOL || all.iter().all(Backend::is_settled) {
            let customer = format!("pool-{}-{}", round / POOL_LIVES, no % N_POOL);
            let n = all.len();
            all[no % n].toggle(&customer, "offers.push").await;
            no += 1;
        } else {
            tokio::time::sleep(Duration::from_micros(200)).await;
        }
    }
}

fn kill_after(pid: u32, delay: Duration) -> std::thread::JoinHandle<()> {
    std::thread::spawn(move || {
        std::thread::sleep(delay);
        let killed = std::process::Command::new("kill").args(["-KILL", &pid.to_string()]).status().unwrap();
        assert!(killed.success(), "it lived until it was killed, at {} ms", now_ms());
    })
}
