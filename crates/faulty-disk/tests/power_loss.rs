//! Power fails at any point of the scripted run: what was not synced is gone, torn, scattered or zero.
//!
//! `cargo test` takes some hundred points; more: `POWER_LOSSES=20000 cargo test -p faulty-disk --test power_loss -- --nocapture`.

use faulty_disk::check::Told;
use faulty_disk::{Disk, Done, Loss, Platter, Record, Run, data_of, room};

const PROGRAM: &str = env!("CARGO_BIN_EXE_scripted-run");

/// Points and losses that are tried where nobody asks for more.
const N_LOSSES: usize = 600;

#[test]
fn d06_acknowledged_is_durable_whenever_the_power_fails() {
    let wanted = std::env::var("POWER_LOSSES").ok().and_then(|n| n.parse().ok()).unwrap_or(N_LOSSES);
    let wrong = lose_power(&recorded(), wanted);
    assert!(wrong.is_empty(), "{:#?}", &wrong[..wrong.len().min(10)]);
}

/// The judge is good for something only when it finds a program that does not sync.
#[test]
fn d06_a_log_a_list_or_a_folder_that_is_not_synced_is_found_out() {
    for never_synced in
        ["ledger.db-wal", "keys.db-wal", "heads.new", "versions.new", "offers.new", "fences", "data"]
    {
        let mut records = recorded();
        records.retain(|record| record.done != Done::Sync || !record.name.ends_with(never_synced));
        let n_wrong = lose_power(&records, N_LOSSES / 2).len();
        assert_ne!(n_wrong, 0, "nobody noticed that {never_synced} is never synced");
    }
}

/// What the scripted run does to its files, and says.
fn recorded() -> Vec<Record> {
    let run = Run::play(&Disk::build(), PROGRAM.as_ref(), None);
    assert!(run.told.is_done, "{} {}", run.said, run.complaints);
    run.journal.records().to_vec()
}

/// Lets the power fail so many times; what was wrong afterwards.
fn lose_power(records: &[Record], wanted: usize) -> Vec<String> {
    let mut wrong = Vec::new();
    let (mut n_acknowledged, mut n_untried) = (0, 0);
    for no in 0..wanted {
        // The stride shares no factor with any likely length, so that points differ from round to round.
        let at = no * 7_919 % (records.len() + 1);
        let loss = Loss::ALL[no % Loss::ALL.len()];
        let said: String = records[..at].iter().filter_map(|record| record.done.said()).collect();
        let told = Told::read(&said);
        n_acknowledged += told.n_acknowledged();
        n_untried += usize::from(said.is_empty());
        let left = room();
        Platter::after(&records[..at]).leave(loss, no as u64, left.path()).unwrap();
        if let Err(why) = told.check(&data_of(left.path())) {
            wrong.push(format!("{loss:?} after {at} of {} records, seed {no}: {why}", records.len()));
        }
    }
    println!(
        "{wanted} losses of power at {} points, {n_untried} of them before anything was tried; \
         {n_acknowledged} acknowledged entries looked for, losses {}",
        records.len() + 1,
        wrong.len()
    );
    wrong
}
