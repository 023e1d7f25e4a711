//! How many different fences somebody came into lately: fifteen in a day are those of a courier.

use model::{FenceId, Millis, Timestamp};

/// The fences entered last, each with its last time; kept in memory only.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Entered {
    /// Hashes of fences and instants, in order of time.
    last: Vec<(u64, Timestamp)>,
}

/// What was entered longer ago is forgotten.
const WINDOW: Millis = Millis::from_hours(24);

impl Entered {
    pub(crate) const NONE: Self = Self { last: Vec::new() };

    /// Notes an entry; only the `n_max` newest fences are kept, since more change nothing.
    pub(crate) fn note(&mut self, fence: &FenceId, n_max: usize, now: Timestamp) {
        let fence = hash(fence.as_str());
        self.last.retain(|(other, at)| *other != fence && now.since(*at) < WINDOW);
        self.last.push((fence, now));
        let n_over = self.last.len().saturating_sub(n_max);
        self.last.drain(..n_over);
    }

    /// How many different ones.
    pub(crate) fn count(&self, now: Timestamp) -> usize {
        self.last.iter().filter(|(_, at)| now.since(*at) < WINDOW).count()
    }

    /// When the count falls.
    pub(crate) fn falls_at(&self) -> impl Iterator<Item = Timestamp> {
        self.last.iter().map(|(_, at)| *at + WINDOW)
    }
}

/// FNV-1a: two of fifteen fences are taken for one once in 10^17 days.
fn hash(text: &str) -> u64 {
    let fold = |hash: u64, byte: u8| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
    text.bytes().fold(0xcbf2_9ce4_8422_2325, fold)
}
