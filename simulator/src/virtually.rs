//! The engine in virtual time: seeds make worlds and stories, everything goes wrong in them, and a
//! judge that shares nothing with the engine says what must have happened.

mod answers;
mod chance;
mod compare;
mod coordinates;
mod digest;
mod disk;
mod farewells;
mod happening;
mod hostile;
mod law;
mod laws;
mod names;
mod operator;
mod opinion;
mod plant;
mod play;
mod post;
mod profiles;
mod reading;
mod rules;
mod scene;
mod seed;
mod seeds;
mod shell;
mod shrink;
mod story;
mod streets;
#[cfg(test)]
mod tests;
mod walker;
mod words;

use std::time::Duration;

pub(crate) use chance::Chance;
pub(crate) use plant::Plant;
pub(crate) use seed::n_happenings;
pub(crate) use seeds::{Seeds, Summary, run};
pub(crate) use shrink::parse_ranges;

/// What every seed is played with.
#[derive(Clone, Debug)]
pub(crate) struct Options {
    pub(crate) n_fixes: usize,
    /// As many as the seed draws, when absent.
    pub(crate) n_fences: Option<usize>,
    pub(crate) town: Town,
    pub(crate) faults: Faults,
    pub(crate) is_judged: bool,
    pub(crate) digest: bool,
    pub(crate) plant: Option<Plant>,
    /// Of one seed, the happenings that are played; all when absent.
    pub(crate) keep: Option<Vec<u32>>,
    /// How long a story may be shrunk.
    pub(crate) shrink_max: Duration,
}

/// Where the people of a seed live.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Town {
    /// Streets with stores, and people as they are; rules of a load run, or nearly
    Streets,
    /// Fences side by side: everybody is always near one, and every rule is drawn
    Crowded,
    /// The one or the other, by the seed
    Both,
}

/// What goes wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Faults {
    /// Everything
    All,
    /// Everything but bytes that are no fix
    Honest,
    /// Nothing
    None,
}

impl Faults {
    const fn is_none(self) -> bool {
        matches!(self, Self::None)
    }

    const fn is_hostile(self) -> bool {
        matches!(self, Self::All)
    }
}
