//! `simulator virtual` from outside: what it says to a shell, and that one seed tells one story.

use std::process::{Command, Output};

fn simulator(options: &[&str]) -> Output {
    let program = env!("CARGO_BIN_EXE_simulator");
    Command::new(program).arg("virtual").args(options).output().expect("the program starts")
}

fn check_code(options: &[&str], code: i32) -> Output {
    let output = simulator(options);
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(code), "{options:?}: {said}");
    output
}

#[test]
fn same_seed_same_story() {
    let told = || check_code(&["--seeds", "1..9", "--fixes", "900", "--digest", "--json"], 0).stdout;
    let digests = |told: Vec<u8>| {
        let told: serde_json::Value = serde_json::from_slice(&told).expect("one JSON object");
        told["digests"].as_array().expect("a list").clone()
    };
    let (one, other) = (digests(told()), digests(told()));
    assert_eq!(one.len(), 9, "a digest a seed");
    assert_eq!(one, other, "two processes tell the same");
    assert!(one.windows(2).all(|pair| pair[0][1] != pair[1][1]), "and each seed another story: {one:?}");
}

#[test]
fn a_violation_is_told_as_a_story_with_the_command_that_shows_it_again() {
    let planted = ["--seed", "2", "--fixes", "3000", "--plant", "publishes-twice", "--shrink", "10"];
    let output = check_code(&planted, 1);
    let said = String::from_utf8(output.stderr).expect("text");
    assert!(said.contains("one_offer_per_visit") && said.contains("customer c0"), "{said}");
    let command = said.lines().find_map(|line| line.trim().strip_prefix("simulator virtual "));
    let again: Vec<&str> = command.expect("a command").split(' ').collect();
    let said_again = String::from_utf8(check_code(&again, 1).stderr).expect("text");
    assert!(said_again.contains("one_offer_per_visit"), "{said_again}");
}

#[test]
fn exit_codes_tell_a_shell_what_the_run_is_worth() {
    check_code(&["--seeds", "1..2", "--fixes", "40", "--town", "crowded"], 3);
    check_code(&["--seeds", "all"], 2);
    check_code(&["--keep", "1-3"], 2);
    check_code(&["--seeds", "1..5", "--keep", "3"], 2);
    check_code(&["--seeds", "5..1"], 2);
    check_code(&["--seed", "5", "--fixes", "40", "--keep", "99999"], 2);
}
