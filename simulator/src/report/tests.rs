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

/// A run as `load` would tell it, with everything in it.
fn telling() -> Report {
    let mut report = full();
    report.generator = Generator {
        cpu_s: 31.4,
        sent: 6_000_000,
        acked: 0,
        fixes: 6_000_000,
        late: 1_200,
        lag_max_ms: 14.2,
        rate_per_s: 99_870.0,
    };
    report.run.took_s = 72.0;
    for (name, value) in [("customers", 100_000), ("fences", 12), ("rate_per_s", 100_000)] {
        report.run.plan.note(name, value);
    }
    report.judged.counts = Counts { transitions: 61_234, offers: 12_001, withdrawals: 1_322 };
    report.judged.verdicts = Verdicts { correct: 12_000, leaked: 1, ..Verdicts::default() };
    let reasons = [("sent", 12_001), ("already_inside", 9_000), ("quiet_hours", 310), ("<b>&</b>", 1)];
    report.judged.suppressions = reasons.map(|(word, n)| (word.to_owned(), n)).into();
    for i in 0..72_u32 {
        let wave = f64::from(i % 9);
        let p50_ms = (20 <= i).then_some(2.0 + wave / 10.0);
        let p99_ms = (20 <= i).then_some(if i == 44 { 95.0 } else { 9.0 + wave });
        let sent = 100_000.min(u64::from(i) * 10_000);
        report.seconds.push(Second {
            at_s: f64::from(i + 1),
            connected: 64,
            sent,
            acked: sent * 99 / 100,
            offers: u64::from(i % 7) * 30,
            p50_ms,
            p99_ms,
            violations: 0,
        });
    }
    (0..12_000_u64).for_each(|i| report.latencies.fix_to_offer.record_us(1_500 + i % 9_000));
    (0..1_322_u64).for_each(|i| report.latencies.consent_ack.record_us(3_000 + i * 7));
    report.figures.push(Figure {
        name: "Fixes a second a core".to_owned(),
        value: 512_345.0,
        unit: "/s".to_owned(),
        means: "Fixes that the server took, by the processor time that it used for them.".to_owned(),
    });
    for i in 0..12_u32 {
        let (lat, lng) = (44.05 + f64::from(i % 4) * 0.004, -91.64 + f64::from(i / 4) * 0.007);
        let corners = [(0.0, 0.0), (0.0, 0.002), (0.0015, 0.0022), (0.001, 0.0)];
        let ring = corners.map(|(north, east)| (lat + north, lng + east)).to_vec();
        report.map.push(MapFence {
            name: format!("Bean & Leaf <script>alert({i})</script>"),
            centre: (lat, lng),
            radius_m: 60.0 + f64::from(i) * 12.0,
            rings: if i == 5 { vec![ring] } else { Vec::new() },
            enters: u64::from(i).pow(3),
            dwells: u64::from(i),
            offers: u64::from(i / 2),
        });
    }
    report
        .violations
        .note(Violation { sentence: "<script>alert(1)</script> & more.".to_owned(), ..violation() });
    report
        .close(&Gates::new(["p99_fix_to_offer<20ms", "leaked==0"].map(|gate| gate.parse().unwrap()).into()));
    report
}

#[test]
fn a09_the_page_holds_what_others_named_as_text() {
    let page = telling().html();
    assert!(!page.contains("<script") && page.contains("Bean &amp; Leaf &lt;script&gt;alert(11)"), "{page}");
    assert!(page.contains("&lt;b&gt;&amp;&lt;/b&gt;"));
}

#[test]
fn the_page_needs_no_network_and_no_script() {
    let page = telling().html();
    for outside in ["http:", "https:", "url(", "@import", "src=", "href=", "<script", "<link"] {
        assert!(!page.contains(outside), "{outside}");
    }
    assert!(!page.contains("NaN") && !page.contains("inf\""));
}

#[test]
fn the_page_tells_all_that_a_colleague_asks_for() {
    let page = telling().html();
    for told in [
        "failed</span>",
        "99,870",
        "61,234",
        "p99_fix_to_offer&lt;20ms",
        "no_offer_after_withdrawal",
        "simulator virtual --seed 7",
        "already inside",
        "Fixes a second a core",
        "milliseconds, logarithmic",
        "load before the run",
    ] {
        assert!(page.contains(told), "{told}");
    }
}

#[test]
fn many_violations_do_not_hide_the_rest_of_the_page() {
    let mut report = full();
    (0..250).for_each(|_| report.violations.note(violation()));
    let page = report.html();
    assert!(page.contains("These are the first 100 of 250.") && page.contains("<summary>95 more</summary>"));
    assert_eq!(page.matches("class=\"violation\"").count(), N_VIOLATIONS_KEPT);
}

#[test]
fn a_report_is_written_beside_its_page() {
    let folder = tempfile::tempdir().unwrap();
    let inside = folder.path().join("a/b");
    telling().write_into(&inside).unwrap();
    let json: Value = serde_json::from_slice(&std::fs::read(inside.join("report.json")).unwrap()).unwrap();
    assert_eq!(json["judged"]["verdicts"]["leaked"], 1);
    assert_eq!(json["verdict"]["gates"][1]["passed"], false);
    assert!(std::fs::read_to_string(inside.join("report.html")).unwrap().starts_with("<!doctype html>"));
}

#[test]
fn the_summary_says_what_failed_and_how_to_see_it_again() {
    let summary = telling().to_string();
    for told in [
        "FAILED",
        "sent         6,000,000 messages, 99,870/s, late on 0.02 %, largest lag 14.2 ms",
        "fix to offer p50 4.50 ms  p90 9.30 ms  p99 10.4 ms  p999 10.5 ms  max 10.5 ms",
        "correct 12,000, leaked 1",
        "FAIL  leaked==0  (it was 1)",
        "simulator virtual --seed 7",
    ] {
        assert!(summary.contains(told), "{told} is not in\n{summary}");
    }
    assert!(full().to_string().starts_with("passed"), "{}", full());
}
