//! Every write, sync, rename and the like of the scripted run fails once, in every way in which it can.
//!
//! D02 a full disk, D03 a failing device and short writes, D04 a sync that fails once and then succeeds.
//! `FAULT_STRIDE=7 cargo test -p faulty-disk --test every_call_fails_once` takes every seventh fault.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use faulty_disk::{Call, CallKind, Disk, Fault, FaultKind, Loss, Platter, Run, data_of, room};

const PROGRAM: &str = env!("CARGO_BIN_EXE_scripted-run");

/// What became of one run with a fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Outcome {
    /// It was told, tried again, and the run came to its end.
    ToldAndDone,
    /// It was told and the run ended.
    ToldAndStopped,
    /// Nobody was told, since nothing was at stake: the run came to its end and everything is durable.
    Borne,
}

#[test]
fn d03_d04_whatever_call_fails_what_was_acknowledged_is_there() {
    let stride = std::env::var("FAULT_STRIDE").ok().and_then(|stride| stride.parse().ok());
    fail_calls(stride.unwrap_or(1), false);
}

#[test]
fn d02_a_disk_that_is_full_from_some_call_on_loses_nothing() {
    fail_calls(23, true);
}

/// Lets every `stride`th of the faults there are happen, each in a run of its own.
fn fail_calls(stride: usize, goes_on: bool) {
    let disk = Disk::build();
    let whole = Run::play(&disk, PROGRAM.as_ref(), None);
    assert!(whole.told.is_done && whole.complaints.is_empty(), "{} {}", whole.said, whole.complaints);
    whole.told.check(&whole.dir()).unwrap();
    let calls = whole.journal.calls();
    let kinds = |call: &Call| {
        let kinds =
            if goes_on { &[FaultKind::NoRoom, FaultKind::Device][..] } else { FaultKind::of(call.kind) };
        kinds.iter().copied()
    };
    let faults: Vec<(Fault, &Call)> = calls
        .iter()
        .flat_map(|call| kinds(call).map(move |kind| (Fault { at: call.no, kind, goes_on }, call)))
        .collect();
    let chosen: Vec<_> = faults.iter().step_by(stride).collect();
    let outcomes = Mutex::new(Vec::new());
    let next = AtomicUsize::new(0);
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                while let Some((fault, call)) = chosen.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let outcome = judge(&disk, *fault, call);
                    outcomes.lock().unwrap().push((*fault, *call, outcome));
                }
            });
        }
    });
    let outcomes = outcomes.into_inner().unwrap();
    print(&calls, faults.len(), &outcomes);
    let lost: Vec<_> = outcomes
        .iter()
        .filter_map(|(fault, call, outcome)| Some((fault, call, outcome.as_ref().err()?)))
        .collect();
    assert!(
        lost.is_empty(),
        "{} of {} runs went wrong: {:#?}",
        lost.len(),
        outcomes.len(),
        &lost[..lost.len().min(5)]
    );
}

/// One run, and whether all is as it should be after it.
fn judge(disk: &Disk, fault: Fault, call: &Call) -> Result<Outcome, String> {
    let run = Run::play(disk, PROGRAM.as_ref(), Some(fault));
    let told = &run.told;
    let failed = |why: String| format!("{why}\n{}\n{}", run.said, run.complaints);
    if !run.journal.is_struck() || !run.complaints.is_empty() {
        return Err(failed("it panicked, or was not struck".into()));
    }
    if told.went_on {
        return Err(failed("it went on while nothing could be written".into()));
    }
    told.check(&run.dir()).map_err(&failed)?;
    if call.kind == CallKind::Sync {
        // What the sync was for may never come to the disk, whatever later syncs say.
        for loss in [Loss::Nothing, Loss::Everything] {
            let left = room();
            Platter::after(run.journal.records()).leave(loss, 0, left.path()).unwrap();
            told.check(&data_of(left.path()))
                .map_err(|why| failed(format!("then the power failed: {why}")))?;
        }
    }
    match (told.failures.is_empty(), told.is_done) {
        (true, true) => Ok(Outcome::Borne),
        (true, false) => Err(failed("it ended and did not say why".into())),
        (false, true) => Ok(Outcome::ToldAndDone),
        (false, false) => Ok(Outcome::ToldAndStopped),
    }
}

type Judged<'a> = (Fault, &'a Call, Result<Outcome, String>);

fn print(calls: &[Call], n_faults: usize, outcomes: &[Judged<'_>]) {
    let n_lost = outcomes.iter().filter(|(.., outcome)| outcome.is_err()).count();
    let of = |kind| calls.iter().filter(|call| call.kind == kind).count();
    println!(
        "{} calls ({} writes, {} syncs, {} renames, {} cuts, {} new files, {} removed, {} folders), {n_faults} faults, {} played, losses {n_lost}",
        calls.len(),
        of(CallKind::Write),
        of(CallKind::Sync),
        of(CallKind::Rename),
        of(CallKind::Cut),
        of(CallKind::Create),
        of(CallKind::Unlink),
        of(CallKind::Folder),
        outcomes.len(),
    );
    let mut table = BTreeMap::<_, usize>::new();
    for (fault, call, outcome) in outcomes {
        if let Ok(outcome) = outcome {
            let file = Path::new(&*call.name)
                .file_name()
                .map_or("the folder".into(), |name| name.display().to_string());
            *table.entry((call.kind, fault.kind, *outcome, file)).or_default() += 1;
        }
    }
    for ((call, fault, outcome, file), n) in table {
        println!("{n:5}  {call:?} {} of {file}: {outcome:?}", fault.word());
    }
}
