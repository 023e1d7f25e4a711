//! The list of versions, as it is written.

use std::collections::BTreeSet;

use model::Timestamp;
use serde::{Deserialize, Serialize};

use crate::checked_list::{CheckedList, list_of_bytes, list_to_bytes};

/// Entries of the history that are kept.
const HISTORY_MAX: usize = 1_000;

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct List {
    /// Numbers are never used twice.
    pub(super) last_no: u64,
    pub(super) file_hash: Option<Box<str>>,
    /// The version that the last server had.
    #[serde(default)]
    pub(super) served: Option<u64>,
    pub(super) sets: Vec<SetRecord>,
    pub(super) taken_up: Vec<TakenUp>,
}

/// What is known of one version.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SetRecord {
    /// Counted from 1, never used twice.
    pub no: u64,
    /// Of its content.
    pub hash: Box<str>,
    /// When it was made, in Unix milliseconds.
    pub made_at_ms: i64,
    /// The version that was in force then.
    pub base: Option<u64>,
    /// The version, kept whole, from which its file tells the differences; `None` when it is whole.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub change_of: Option<u64>,
    /// Size of its content.
    pub n_bytes: u64,
    /// What it was made of.
    #[serde(flatten)]
    pub made: Authorship,
}

/// What a version was made of, and how it differs from its base.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Authorship {
    /// Where it comes from, in words.
    pub origin: Box<str>,
    /// Who put it in force.
    pub by: Box<str>,
    /// How many fences it has.
    pub n_fences: usize,
    /// Fences that its base has not.
    pub n_added: usize,
    /// Fences that only its base has.
    pub n_removed: usize,
    /// Fences that differ.
    pub n_changed: usize,
}

/// That a version was put in force.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TakenUp {
    /// Which.
    pub no: u64,
    /// When, in Unix milliseconds.
    pub at_ms: i64,
    /// By whom.
    pub by: Box<str>,
}

impl List {
    pub(super) fn parse(bytes: &[u8]) -> Result<CheckedList<Self>, String> {
        let checked: CheckedList<Self> = list_of_bytes(bytes)?;
        let list = &checked.said;
        let is_kept = |taken_up: &TakenUp| list.sets.iter().any(|set| set.no == taken_up.no);
        if list.in_force().is_some_and(|in_force| !is_kept(in_force)) {
            return Err("the version in force is not among those that are kept".into());
        }
        Ok(checked)
    }

    pub(super) fn to_bytes(&self) -> Vec<u8> {
        list_to_bytes(self)
    }

    pub(super) fn in_force(&self) -> Option<&TakenUp> {
        self.taken_up.last()
    }

    pub(super) fn take_up(&mut self, no: u64, by: Box<str>, now: Timestamp) {
        self.taken_up.push(TakenUp { no, at_ms: now.unix_ms(), by });
    }

    /// Forgets the oldest versions above a number, but never the one in force, its base, the one
    /// that was served, nor one from which another tells the differences.
    pub(super) fn forget_old(&mut self, n_max: usize) {
        let in_force = self.in_force().map(|taken_up| taken_up.no);
        let base = self.sets.iter().find(|set| Some(set.no) == in_force).and_then(|set| set.base);
        let stays = [in_force, base, self.served];
        let mut n_over = self.sets.len().saturating_sub(n_max);
        let mut kept = BTreeSet::new();
        for set in &self.sets {
            let goes = 0 < n_over && !stays.contains(&Some(set.no));
            n_over -= usize::from(goes);
            if !goes {
                kept.extend([set.no].into_iter().chain(set.change_of));
            }
        }
        self.sets.retain(|set| kept.contains(&set.no));
        let n_old = self.taken_up.len().saturating_sub(HISTORY_MAX);
        self.taken_up.drain(..n_old);
    }
}
