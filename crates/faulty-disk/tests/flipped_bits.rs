//! One bit of one file is another one: a start, or a reading of everything, notices, or it says nothing.
//!
//! Sampled; all of them, which takes long: `BIT_STRIDE=1 cargo test -p faulty-disk --test flipped_bits -- --nocapture`.

use std::collections::BTreeMap;
use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use faulty_disk::check::Found;
use faulty_disk::script::STARTED_AT;
use faulty_disk::{Disk, Loss, Platter, Record, Run, copy_dir, data_of, room};
use model::Millis;
use store::Reader;

const PROGRAM: &str = env!("CARGO_BIN_EXE_scripted-run");

/// Bits of a file that are tried at most, where nobody asks for all.
const N_BITS_MAX: usize = 120;

/// What came of a flipped bit.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Outcome {
    /// A start refuses the directory.
    Refused,
    /// A start closes a partition.
    Closed,
    /// `stile audit verify` names the place.
    Audited,
    /// A reading of everything fails, or the rows do not say what the entries say.
    Read,
    /// The same is read from it as before.
    Meaningless,
}

#[test]
fn v09_a_flipped_bit_is_noticed_or_means_nothing() {
    let run = Run::play(&Disk::build(), PROGRAM.as_ref(), None);
    assert!(run.told.is_done, "{} {}", run.said, run.complaints);
    let outcomes = Mutex::new(BTreeMap::<(String, Outcome), usize>::new());
    let wrong = Mutex::new(Vec::new());
    // Killed on its first day, with everything still in the logs; and stopped in good order after its last.
    let killed = room();
    let records = run.journal.records();
    let said = |record: &Record, what: &str| record.done.said() == Some(what);
    let end_of_day = records.iter().position(|record| said(record, "closed\n")).unwrap();
    let last_ack = records[..end_of_day].iter().rposition(|record| said(record, "ack\n")).unwrap();
    Platter::after(&records[..=last_ack]).leave(Loss::Nothing, 0, killed.path()).unwrap();
    for (what, dir) in [("killed", data_of(killed.path())), ("stopped", run.dir())] {
        let before = Found::read(&copied(&dir).1).unwrap();
        let bits = bits_of(&dir);
        let next = AtomicUsize::new(0);
        std::thread::scope(|scope| {
            for _ in 0..2 {
                scope.spawn(|| {
                    while let Some((file, bit)) = bits.get(next.fetch_add(1, Ordering::Relaxed)) {
                        match flip(&dir, file, *bit, &before) {
                            Ok(outcome) => {
                                let name = format!("{what}: {}", file.display());
                                *outcomes.lock().unwrap().entry((name, outcome)).or_default() += 1;
                            }
                            Err(why) => wrong
                                .lock()
                                .unwrap()
                                .push(format!("{what}: bit {bit} of {}: {why}", file.display())),
                        }
                    }
                });
            }
        });
    }
    let (outcomes, wrong) = (outcomes.into_inner().unwrap(), wrong.into_inner().unwrap());
    print(&outcomes, wrong.len());
    assert!(wrong.is_empty(), "{:#?}", &wrong[..wrong.len().min(10)]);
}

/// Flips one bit of a copy and looks what that comes to. The error is a change that nobody may overlook.
fn flip(dir: &Path, file: &Path, bit: usize, before: &Found) -> Result<Outcome, String> {
    let (_room, copy) = copied(dir);
    let path = copy.join(file);
    let mut bytes = fs::read(&path).unwrap();
    bytes[bit / 8] ^= 1 << (bit % 8);
    fs::write(&path, bytes).unwrap();
    let looked = catch_unwind(AssertUnwindSafe(|| {
        // Before a start puts anything in order.
        let audited = audit(&copied(&copy).1);
        (audited, Found::read(&copy))
    }));
    let (audited, found) = looked.map_err(|_| "it panicked".to_owned())?;
    match found {
        Err(why) if why.starts_with("refused") => Ok(Outcome::Refused),
        Err(why) if why.contains("is closed") => Ok(Outcome::Closed),
        Err(_) if audited.is_err() => Ok(Outcome::Audited),
        Err(_) => Ok(Outcome::Read),
        Ok(found) => {
            let differences = before.differences(&found);
            match (differences.first().copied(), audited) {
                (None, Ok(())) => Ok(Outcome::Meaningless),
                (_, Err(_)) => Ok(Outcome::Audited),
                (Some(what), Ok(())) => Err(format!("the {what} say something else, and nobody noticed")),
            }
        }
    }
}

/// What `stile audit verify` does.
fn audit(dir: &Path) -> Result<(), String> {
    let mut reader = Reader::open(dir).map_err(|error| error.to_string())?;
    let now = STARTED_AT + Millis::from_days(30);
    for partition in reader.partitions() {
        let audited = reader.audit(partition, &mut || (), now).map_err(|error| error.to_string())?;
        let (_, rows) = audited.map_err(|fault| fault.wrong.to_string())?;
        rows.faults.first().map_or(Ok(()), |fault| Err(fault.wrong.text().to_owned()))?;
    }
    let flaws = reader.flaws().map_err(|error| error.to_string())?;
    flaws.first().map_or(Ok(()), |flaw| Err(flaw.to_string()))
}

fn copied(dir: &Path) -> (tempfile::TempDir, PathBuf) {
    let room = room();
    let copy = room.path().join("data");
    copy_dir(dir, &copy);
    (room, copy)
}

/// Of every file some bits, evenly spread and never twice at the same place of a byte in turn.
fn bits_of(dir: &Path) -> Vec<(PathBuf, usize)> {
    let stride: Option<usize> = std::env::var("BIT_STRIDE").ok().and_then(|stride| stride.parse().ok());
    let mut bits = Vec::new();
    for file in files_of(dir, Path::new("")) {
        let n_bits = 8 * fs::metadata(dir.join(&file)).unwrap().len() as usize;
        // Odd and no multiple of eight, so that every bit of a byte has its turn.
        let stride = stride.unwrap_or((n_bits / N_BITS_MAX) | 1);
        bits.extend((0..n_bits).step_by(stride).map(|bit| (file.clone(), bit)));
    }
    bits
}

fn files_of(dir: &Path, below: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(dir.join(below)).unwrap().map(Result::unwrap) {
        let path = below.join(entry.file_name());
        if entry.path().is_dir() {
            files.extend(files_of(dir, &path));
        } else if entry.file_name() != "lock" {
            files.push(path);
        }
    }
    files.sort();
    files
}

fn print(outcomes: &BTreeMap<(String, Outcome), usize>, n_wrong: usize) {
    let n: usize = outcomes.values().sum();
    let of = |wanted: fn(&Outcome) -> bool| -> usize {
        outcomes.iter().filter(|((_, outcome), _)| wanted(outcome)).map(|(_, n)| n).sum()
    };
    println!(
        "{} flipped bits: {} refused, {} closed a partition, {} found by the audit, {} by reading everything, \
         {} without meaning; silent in consents, entries, erasures, stock or lists {n_wrong}",
        n + n_wrong,
        of(|outcome| *outcome == Outcome::Refused),
        of(|outcome| *outcome == Outcome::Closed),
        of(|outcome| *outcome == Outcome::Audited),
        of(|outcome| *outcome == Outcome::Read),
        of(|outcome| *outcome == Outcome::Meaningless),
    );
    for ((file, outcome), n) in outcomes {
        println!("{n:5}  {file}: {outcome:?}");
    }
}
