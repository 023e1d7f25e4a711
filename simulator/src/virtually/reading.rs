//! Law `replay_restores_state`: what the entries add up to is what rows and engine say.

use ledger::{Entry, What, replay};
use oracle::Failed;

use super::happening::clock;
use super::shell::Shell;

/// Rebuilds everybody from the entries.
pub(crate) fn check(shell: &mut Shell<'_>, entries: Vec<Entry>) {
    check_failed(shell, &entries);
    let forgotten_before = shell.engine.now() - shell.scene.policy.notifier.memory();
    for (customer, rebuilt) in replay(entries) {
        let Some(row) = shell.disk.state(&customer) else {
            let who = shell.names.customer(customer.as_str());
            shell.laws.break_law("replay_restores_state", who, "a customer with entries has no row");
            return;
        };
        let live = shell.engine.state_of(&customer);
        let live = live.as_ref().filter(|_| !shell.awaits_an_answer());
        let found = [Some(row), live].into_iter().flatten();
        let disagreement = found.filter_map(|row| rebuilt.check(row, forgotten_before).err()).next();
        if let Some(disagreement) = disagreement {
            let who = shell.names.customer(customer.as_str());
            let sentence = format!("the entries say something else of the row: {disagreement:?}");
            shell.laws.break_law("replay_restores_state", who, sentence);
            return;
        }
    }
}

/// Law `verdicts_agree`: the record of every decision names all rules that failed, as the judge does.
fn check_failed(shell: &mut Shell<'_>, entries: &[Entry]) {
    for entry in entries {
        let What::Decision(decision) = &entry.what else { continue };
        let judged = shell.opinion.decided.failed.get(&(decision.id, entry.at.unix_ms())).copied();
        let told = Failed::of(decision.failed.iter().map(|word| &**word));
        // What won and is not said has no rule that failed, and its verdict says why.
        let told = told.filter(|_| &*decision.verdict != "holdout").or(judged);
        if judged.is_some() && told != judged {
            let words = |failed: Option<Failed>| {
                failed.map_or_else(String::new, |failed| failed.words().collect::<Vec<_>>().join(", "))
            };
            let who = shell.names.customer(entry.customer.as_str());
            let sentence = format!(
                "the offer {} at {}: the record names [{}], the judge [{}]",
                decision.offer.as_str(),
                clock(entry.at),
                words(told),
                words(judged)
            );
            return shell.laws.break_law("verdicts_agree", who, sentence);
        }
    }
}
