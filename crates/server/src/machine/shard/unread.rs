//! What a shard has taken from its queue and not read yet.

use std::collections::VecDeque;

use engine::{Engine, Letter};
use model::Timestamp;

use super::Task;

/// Letters handled in one drain at most: bounds how long a withdrawal waits behind fixes.
const DRAIN_LETTERS_MAX: usize = 4_096;

/// Parcels in their order; of the first one some letters may be read already.
#[derive(Default)]
pub(super) struct Unread {
    tasks: VecDeque<Task>,
    n_read: usize,
}

impl Unread {
    pub(super) fn is_empty(&self) -> bool {
        self.tasks.is_empty()
    }

    pub(super) fn put(&mut self, tasks: &mut Vec<Task>) {
        self.tasks.extend(tasks.drain(..));
    }

    /// Hands everything to the engine, in drains.
    pub(super) fn read_all(&mut self, engine: &mut Engine, now: Timestamp) {
        let mut letters: Vec<Letter<'_>> = Vec::new();
        for task in &self.tasks {
            match task {
                Task::Parcel { parcel, .. } => parcel.unpack(&mut letters),
                Task::Unaddressed(flaw) => engine.handle_unaddressed(*flaw),
            }
        }
        for drain in letters.chunks(DRAIN_LETTERS_MAX) {
            engine.handle_letters(drain, now);
        }
        self.tasks.clear();
    }

    /// Hands one letter to the engine; false when there is none.
    pub(super) fn read_one(&mut self, engine: &mut Engine, now: Timestamp) -> bool {
        match self.tasks.front() {
            None => return false,
            Some(Task::Unaddressed(flaw)) => engine.handle_unaddressed(*flaw),
            Some(Task::Parcel { parcel, .. }) => {
                engine.handle_letters(&[parcel.letter(self.n_read)], now);
                self.n_read += 1;
                if self.n_read < parcel.n_letters() {
                    return true;
                }
            }
        }
        self.n_read = 0;
        self.tasks.pop_front();
        true
    }
}
