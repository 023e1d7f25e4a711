//! What many interleavings came to.

use std::fmt;

use serde::Serialize;

use super::story::Moment;
use crate::report::number::grouped;

/// Numbers that add up, or the run is a violation.
#[derive(Clone, Debug, Default, Serialize)]
pub(crate) struct Counts {
    /// Interleavings.
    pub(crate) n: u64,
    pub(crate) n_withdrawals: u64,
    pub(crate) n_between: u64,
    pub(crate) n_erasures: u64,
    /// Withdrawals by the step that they came at.
    pub(super) by_moment: [u64; Moment::ALL.len()],
    /// Decided and written offers that reached the shell.
    pub(crate) n_handed_out: u64,
    pub(crate) n_published: u64,
    pub(crate) n_called_off: u64,
    /// Fixes that came after a *no* which hides them.
    pub(crate) n_unseen: u64,
    /// Publishes that began after the acknowledgement.
    pub(crate) n_leaks: u64,
    /// Publishes that began after the *no* was read, acknowledged or not.
    pub(crate) n_after_reading: u64,
    /// Payloads opened or matched although the *no* hides them.
    pub(crate) n_looks: u64,
    /// Offers that should have gone out and did not, and steps that were never reached.
    pub(crate) n_mute: u64,
    /// Withdrawals that were not answered as applied.
    pub(crate) n_unanswered: u64,
    /// Engines whose sums do not balance.
    pub(crate) n_unbalanced: u64,
    /// The *no* of this story is an erasure.
    #[serde(skip)]
    pub(super) is_erasing: bool,
}

impl Counts {
    /// Whether every law held.
    pub(crate) const fn is_clean(&self) -> bool {
        self.n_leaks
            + self.n_after_reading
            + self.n_looks
            + self.n_mute
            + self.n_unanswered
            + self.n_unbalanced
            == 0
    }

    pub(super) fn add(&mut self, other: &Self) {
        self.n += other.n;
        self.n_withdrawals += other.n_withdrawals;
        self.n_between += other.n_between;
        self.n_erasures += other.n_erasures;
        for (mine, theirs) in self.by_moment.iter_mut().zip(other.by_moment) {
            *mine += theirs;
        }
        self.n_handed_out += other.n_handed_out;
        self.n_published += other.n_published;
        self.n_called_off += other.n_called_off;
        self.n_unseen += other.n_unseen;
        self.n_leaks += other.n_leaks;
        self.n_after_reading += other.n_after_reading;
        self.n_looks += other.n_looks;
        self.n_mute += other.n_mute;
        self.n_unanswered += other.n_unanswered;
        self.n_unbalanced += other.n_unbalanced;
    }
}

impl fmt::Display for Counts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let lines = [
            (self.n, "interleavings"),
            (self.n_withdrawals, "withdrawals, refusals, pauses and erasures"),
            (self.n_erasures, "of them erasures"),
            (self.n_between, "of them between candidate and publish"),
        ];
        for (n, what) in lines {
            writeln!(f, "{:>11}  {what}", grouped(n))?;
        }
        for (moment, n) in Moment::ALL.into_iter().zip(self.by_moment) {
            writeln!(f, "{:>11}    {}", grouped(n), moment.words())?;
        }
        let lines = [
            (self.n_handed_out, "offers handed out"),
            (self.n_published, "published"),
            (self.n_called_off, "called off at the back door"),
            (self.n_unseen, "fixes sent after a no that hides them"),
            (self.n_leaks, "leaks: published after the acknowledgement (no_offer_after_withdrawal)"),
            (self.n_after_reading, "published after the no was read, acknowledged or not"),
            (self.n_looks, "opened or matched after the no (no_look_without_consent)"),
            (self.n_mute, "not said, or a step not reached (not_mute)"),
            (self.n_unanswered, "withdrawals not answered as applied"),
            (self.n_unbalanced, "sums that do not balance (every_record_has_one_outcome)"),
        ];
        for (n, what) in lines {
            writeln!(f, "{:>11}  {what}", grouped(n))?;
        }
        Ok(())
    }
}
