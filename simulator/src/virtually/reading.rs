//! Law `replay_restores_state`: what the entries add up to is what rows and engine say.

use ledger::{Entry, replay};

use super::shell::Shell;

/// Rebuilds everybody from the entries.
pub(crate) fn check(shell: &mut Shell<'_>, entries: Vec<Entry>) {
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
