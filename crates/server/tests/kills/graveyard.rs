//! Who is to be erased, who is, and that nothing comes back of them.

use std::collections::{BTreeSet, VecDeque};
use std::path::Path;

use ::server::control::{self, Request};
use ::server::officer::Question;
use serde_json::json;

use crate::premises::MERCHANT;
use crate::remains::Remains;
use crate::words::now_ms;

/// People on their way out, and those who are gone.
#[derive(Default)]
pub(crate) struct Graveyard {
    /// Of whom nobody speaks any more.
    leaving: VecDeque<String>,
    /// All who ever were among them.
    asked: BTreeSet<String>,
    /// Whose tombstone stands.
    gone: BTreeSet<String>,
    /// Who of them has not been spoken of since.
    fresh: Vec<String>,
    n_acknowledged: usize,
    n_unacknowledged: usize,
    n_half_way: usize,
    n_looks: usize,
    pub(crate) n_kills_unacknowledged: u64,
}

impl Graveyard {
    /// Somebody may be erased.
    pub(crate) fn let_go(&mut self, customer: String) {
        if self.asked.insert(customer.clone()) {
            self.leaving.push_back(customer);
        }
    }

    pub(crate) fn is_leaving(&self, customer: &str) -> bool {
        self.asked.contains(customer)
    }

    pub(crate) fn has(&self, customer: &str) -> bool {
        self.gone.contains(customer)
    }

    /// Who is to be looked for.
    pub(crate) fn asked(&self) -> BTreeSet<String> {
        self.asked.clone()
    }

    pub(crate) fn n_leaving(&self) -> usize {
        self.leaving.len()
    }

    pub(crate) fn next(&mut self) -> Option<String> {
        self.leaving.pop_front()
    }

    /// Finds out what became of an erasure that was asked for; tells of one that was lost.
    pub(crate) fn bury(
        &mut self,
        customer: &str,
        is_acknowledged: bool,
        remains: &Remains,
    ) -> Option<String> {
        let is_erased = remains.erased.contains(customer);
        self.n_acknowledged += usize::from(is_acknowledged);
        self.n_half_way += usize::from(is_erased && !is_acknowledged);
        if is_erased {
            self.gone.insert(customer.to_owned());
            self.fresh.push(customer.to_owned());
            return None;
        }
        // They are whole, and asked about once more.
        self.leaving.push_front(customer.to_owned());
        is_acknowledged.then(|| format!("{customer} was erased, and has no tombstone"))
    }

    /// How many erasures were under way at a kill.
    pub(crate) fn count(&mut self, n_unacknowledged: usize) {
        self.n_unacknowledged += n_unacknowledged;
        self.n_kills_unacknowledged += u64::from(0 < n_unacknowledged);
    }

    /// Everybody who is gone and of whom there is something.
    pub(crate) fn look_for_anybody(&mut self, remains: &Remains) -> Vec<String> {
        self.n_looks += self.gone.len();
        self.gone.intersection(&remains.left).map(|back| format!("something is left of {back}")).collect()
    }

    /// Says once more what those said who are newly gone; each must be answered that they are erased.
    pub(crate) fn knock(&mut self, data: &Path) -> Option<String> {
        if self.fresh.is_empty() {
            return None;
        }
        let events: Vec<(String, String)> =
            self.fresh.drain(..).map(|customer| (customer, words_of_old())).collect();
        let n = events.len();
        let answer = control::ask(data, &Request::Officer(Question::Import { events })).unwrap().unwrap();
        let n_erased = answer["became"]["erased_before"].as_u64();
        (n_erased != Some(n as u64)).then(|| format!("{n} of the erased spoke, and were answered {answer}"))
    }

    pub(crate) fn account(&self) -> String {
        format!(
            "{} with erasures unacknowledged ({} erasures, {} of them done all the same; {} were acknowledged, and the \
             erased looked for {} times)",
            self.n_kills_unacknowledged,
            self.n_unacknowledged,
            self.n_half_way,
            self.n_acknowledged,
            self.n_looks,
        )
    }
}

/// A yes from before whatever was erased.
fn words_of_old() -> String {
    let then = now_ms() - 86_400_000;
    json!({
        "v": 1, "event_id": "old", "merchant": MERCHANT, "purpose": "location", "kind": "grant",
        "actor": "self", "method": "toggle", "evidence_ts": then,
        "notice": {"id": "n1", "version": 1, "lang": "en", "sha256": "a".repeat(64), "shown_at": then},
    })
    .to_string()
}
