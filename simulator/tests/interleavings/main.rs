//! `simulator interleavings` from outside: the honest run is clean, and a shell that does not ask is found.

use std::process::Command;

const N: u64 = 5_000;

/// What a run said, when it ended with this code.
fn told(options: &[&str], code: i32) -> serde_json::Value {
    let mut command = Command::new(env!("CARGO_BIN_EXE_simulator"));
    let command = command.args(["interleavings", "--json", "--n", &N.to_string()]).args(options);
    let output = command.output().expect("the program starts");
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(code), "{options:?}: {said}");
    serde_json::from_slice(&output.stdout).expect("one JSON object")
}

fn n(told: &serde_json::Value, what: &str) -> u64 {
    told[what].as_u64().unwrap_or_else(|| panic!("{what} is no number"))
}

#[test]
fn no_offer_after_withdrawal_in_any_interleaving() {
    let told = told(&[], 0);
    let (n_withdrawals, n_between) = (n(&told, "n_withdrawals"), n(&told, "n_between"));
    assert_eq!(n(&told, "n"), N);
    assert!(27 * n_withdrawals < 100 * n_between && 100 * n_between < 33 * n_withdrawals, "{told}");
    let by_moment = told["by_moment"].as_array().expect("a list");
    assert!(by_moment.iter().all(|n| n.as_u64().is_some_and(|n| 100 < n)), "every boundary: {told}");
    assert!(N / 10 < n(&told, "n_unseen") && N / 10 < n(&told, "n_called_off"), "{told}");
    for nothing in ["n_leaks", "n_after_reading", "n_looks", "n_mute", "n_unanswered", "n_unbalanced"] {
        assert_eq!(n(&told, nothing), 0, "{nothing}: {told}");
    }
}

#[test]
fn a_shell_that_does_not_ask_the_back_door_is_found() {
    let told = told(&["--without-back-door"], 1);
    assert!(N / 1_000 <= n(&told, "n_leaks"), "a thousand in a million at the least: {told}");
    assert_eq!(n(&told, "n_called_off"), 0, "nobody asked: {told}");
    assert_eq!(n(&told, "n_looks"), 0, "the front door is another matter: {told}");
}
