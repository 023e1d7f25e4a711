//! A hash of everything that was seen of a seed: equal in every process (`same_seed_same_story`).

use std::fmt::Write as _;

use engine::Event;
use model::StableHasher;

use super::disk::Disk;

/// What was seen so far.
pub(crate) struct Digest {
    seen: String,
    sum: StableHasher,
}

/// Text that is gathered before it is hashed.
const TEXT_MAX: usize = 64 << 10;

impl Digest {
    pub(crate) fn new() -> Self {
        Self { seen: String::with_capacity(TEXT_MAX), sum: StableHasher::new("stile simulator story v1") }
    }

    pub(crate) fn event(&mut self, event: &Event) {
        writeln!(self.seen, "{event:?}").expect("a string takes what it is given");
        if TEXT_MAX < self.seen.len() {
            self.hash();
        }
    }

    fn hash(&mut self) {
        let sum = std::mem::replace(&mut self.sum, StableHasher::new("taken"));
        self.sum = sum.text(&self.seen);
        self.seen.clear();
    }

    /// The sum over events and over all that was written.
    pub(crate) fn finish(mut self, disk: &mut Disk) -> model::Digest {
        for entry in disk.entries() {
            writeln!(self.seen, "{entry:?}").expect("a string takes what it is given");
        }
        self.hash();
        self.sum.finish()
    }
}
