//! What a replay says at its end.

use std::io::Write as _;
use std::time::Duration;

use model::StableHasher;
use serde_json::{Map, Value, json};

use super::playing::Player;
use crate::cli::report::Failure;
use crate::control::tally_as_json;

/// The last line of the trace, and a few words on stderr.
pub(super) fn write(mut player: Player, seed: u64, n_bad_lines: u64, took: Duration) -> Result<(), Failure> {
    let tally = player.engine.tally();
    let mut summary = tally_as_json(&tally);
    let offers: Map<String, Value> =
        player.offers.iter().map(|(offer, n)| (offer.clone(), (*n).into())).collect();
    let of_devices =
        player.transitions_of.iter().fold(StableHasher::new("stile transitions v1"), |hasher, (who, n)| {
            hasher.text(who.0.as_str()).text(who.1.as_str()).number(n.cast_signed())
        });
    let more = json!({
        "kind": "summary",
        "seed": seed,
        "bad_lines": n_bad_lines,
        "offers": offers,
        "open_visits": player.engine.n_open_visits(),
        "devices_with_transitions": player.transitions_of.len(),
        "transitions_digest": of_devices.finish().to_string(),
    });
    if let (Value::Object(summary), Value::Object(more)) = (&mut summary, more) {
        summary.extend(more);
    }
    writeln!(player.out, "{summary}").map_err(|error| player.out.failure(error))?;
    player.out.finish()?;
    let n_fixes = tally.n_records;
    let n_transitions = tally.transitions.total();
    eprintln!(
        "{n_fixes} fixes of {} customers in {:.1} s ({:.0} fixes/s): {n_transitions} transitions, {} candidates, {} offers{}",
        player.engine.n_customers(),
        took.as_secs_f64(),
        n_fixes as f64 / took.as_secs_f64().max(1e-9),
        tally.n_candidates,
        tally.n_decided,
        if tally.is_balanced() { "" } else { "; THE SUMS DO NOT BALANCE" },
    );
    if 0 < n_bad_lines {
        eprintln!("{n_bad_lines} lines could not be read");
    }
    Ok(())
}
