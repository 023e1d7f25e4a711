//! Holds a report to what it says of a run: whether it counts, whether it passed, and its JSON.

use super::*;

fn full() -> Report {
    let mut report = Report::new(Run::begin(Mode::Load, 7));
    report.generator = Generator { sent: 1_000, ..Generator::default() };
    report.judged.counts = Counts::FULL;
    report.judged.needed = Counts::FULL;
    report
}

fn check(gates: &[&str], change: impl FnOnce(&mut Report)) -> (Outcome, Vec<String>) {
    let gates = Gates::new(gates.iter().map(|gate| gate.parse().unwrap()).collect());
    let mut report = full();
    change(&mut report);
    report.close(&gates);
    (report.outcome(), report.verdict.invalid)
}

fn violation() -> Violation {
    Violation {
        name: "no_offer_after_withdrawal".to_owned(),
        sentence: "An offer was published after the withdrawal was acknowledged.".to_owned(),
        seed: 7,
        customer: Some("c000012".to_owned()),
        range: (3, 9),
        replay: "simulator virtual --seed 7".to_owned(),
    }
}

#[test]
fn a_full_run_without_a_fault_passes() {
    assert_eq!(check(&["leaked==0"], |_| ()), (Outcome::Passed, vec![]));
}

#[test]
fn a_shut_gate_fails_a_run() {
    assert_eq!(check(&["leaked==0", "sent>5000"], |_| ()).0, Outcome::Failed);
}

#[test]
fn a_run_proves_nothing_when_the_generator_was_late_on_more_than_one_percent() {
    assert_eq!(check(&[], |report| report.generator.late = 10).0, Outcome::Passed);
    let (outcome, why) = check(&["sent>5000"], |report| report.generator.late = 11);
    assert_eq!(outcome, Outcome::Invalid);
    assert!(why[0].contains("late on 1.1 % of its sends"), "{why:?}");
}

#[test]
fn a_run_proves_nothing_when_it_judged_less_than_it_needs() {
    let (outcome, why) = check(&[], |report| report.judged.counts.offers = 4_999);
    assert_eq!((outcome, why.len()), (Outcome::Invalid, 1));
    assert!(why[0].contains("4,999 offers were judged, fewer than the 5,000"), "{why:?}");
    let stopped = Ended::Stopped("the server hung up".to_owned());
    assert_eq!(check(&[], |report| report.run.ended = stopped).0, Outcome::Invalid);
    assert_eq!(check(&[], |report| report.run.ended = Ended::Interrupted).0, Outcome::Passed);
}

#[test]
fn a_violation_fails_a_run_that_proves_nothing_too() {
    let (outcome, _) = check(&[], |report| {
        report.generator.late = 500;
        report.violations.note(violation());
    });
    assert_eq!(outcome, Outcome::Failed);
}

#[test]
fn a_hundred_violations_are_kept_and_all_are_counted() {
    let mut violations = Violations::default();
    (0..250).for_each(|_| violations.note(violation()));
    assert_eq!((violations.n, violations.first.len()), (250, N_VIOLATIONS_KEPT));
}

#[test]
fn a_run_that_asks_for_less_is_short() {
    let mut report = full();
    assert!(!report.is_short());
    report.judged.needed.withdrawals -= 1;
    assert!(report.is_short());
}

#[test]
fn the_json_has_its_version_first_and_the_plan_in_order() {
    let mut report = full();
    report.run.plan.note("customers", 100_000);
    report.run.plan.note("at", "127.0.0.1:1883");
    let json = report.json();
    assert!(json.starts_with("{\n  \"v\": 1,\n  \"run\": {\n    \"mode\": \"load\""), "{json}");
    assert!(json.find("customers").unwrap() < json.find("127.0.0.1:1883").unwrap(), "{json}");
}
