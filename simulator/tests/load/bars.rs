//! The two measurements of consent, small, on the real server in this process.

use std::process::Command;

use serde_json::Value;

use crate::stage::{Stage, told};

fn measure(stage: &Stage, command: &str, options: &[&str]) -> (i32, Value, String) {
    let mut simulator = Command::new(env!("CARGO_BIN_EXE_simulator"));
    simulator.args([command, "--json", "--broker", &format!("127.0.0.1:{}", stage.port)]).args(options);
    told(&simulator.env_remove("STILE_SECRET").output().unwrap())
}

#[test]
fn withdrawals_under_load_are_acknowledged_and_nothing_leaks() {
    let stage = Stage::set();
    let disk = stage.dir.path().to_str().unwrap().to_owned();
    let options =
        ["--fences", "60", "--customers", "2000", "--rate", "2000", "--offers", "2", "--withdrawals"];
    let times = ["20", "--warm-up", "2s", "--for", "4s", "--disk", &disk, "--p99-max", "10s"];
    let (code, told, said) = measure(&stage, "withdrawals", &[&options[..], &times].concat());
    assert!(code == 0 || told["invalid"] != serde_json::json!([]), "{told:#} {said}");
    assert_eq!((&told["n_leaked"], &told["n_not_applied"]), (&0.into(), &0.into()), "{told:#}");
    assert_eq!(told["ack"]["n"], 80);
    assert!(0 < told["fsync"]["n"].as_u64().unwrap());
    let share = |of: &str| told[of]["reached"].as_f64().unwrap();
    assert!((share("consented") - 0.9).abs() < 0.03 && (share("inside") - 0.1).abs() < 0.03, "{told:#}");
    assert_eq!(std::fs::read_dir(&disk).unwrap().filter(is_probe).count(), 0, "it is gone");
    assert!(stage.close().is_balanced());
}

fn is_probe(file: &std::io::Result<std::fs::DirEntry>) -> bool {
    file.as_ref().is_ok_and(|file| file.path().extension().is_some_and(|kind| kind == "fsync"))
}

#[test]
fn every_change_that_is_counted_changed_something() {
    let stage = Stage::set();
    let options = ["--connections", "8", "--for", "1s", "--customers", "2000", "--at-least", "1"];
    for _ in 0..2 {
        let (code, told, said) = measure(&stage, "changes", &options);
        assert_eq!(code, 0, "{told:#} {said}");
        let trials = told["trials"].as_array().unwrap();
        assert_eq!(trials.iter().map(|trial| &trial["n_in_flight"]).collect::<Vec<_>>(), [&1, &16]);
        assert!(trials.iter().all(|trial| 100 < trial["n_changes"].as_u64().unwrap()), "{told:#}");
    }
    stage.close();
}
