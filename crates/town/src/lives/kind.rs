//! Whom a rehearsal is played by.

/// A way to live that an offer has to do right by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Persona {
    /// Walks past two stores on the way to work and back, five days a week.
    Commuter,
    /// Eight stores in two hours, every Saturday.
    MallGoer,
    /// Three visits a week to the store they love.
    Loyal,
    /// Through forty fences a day, some minutes in each, six days a week.
    Courier,
    /// Up and out between eight in the evening and nine in the morning only.
    NightWorker,
    /// Anybody: works or not, errands on foot and by car, strolls, weekends.
    Neighbour,
}

impl Persona {
    /// All of them.
    pub const ALL: [Self; 6] =
        [Self::Commuter, Self::MallGoer, Self::Loyal, Self::Courier, Self::NightWorker, Self::Neighbour];

    /// The persona in one word.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Commuter => "commuter",
            Self::MallGoer => "mall",
            Self::Loyal => "loyal",
            Self::Courier => "courier",
            Self::NightWorker => "night",
            Self::Neighbour => "crowd",
        }
    }

    /// The persona of a word, if it is one.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|persona| persona.word() == word)
    }

    /// How many places this life needs.
    #[must_use]
    pub const fn n_places_wanted(self) -> usize {
        match self {
            Self::Commuter => 2,
            Self::MallGoer | Self::Neighbour => 8,
            Self::Loyal => 1,
            Self::Courier => 40,
            Self::NightWorker => 3,
        }
    }

    /// How far apart those places may lie at most, in metres.
    pub(super) const fn reach_m(self) -> f64 {
        match self {
            Self::Commuter | Self::MallGoer | Self::NightWorker => 1_500.0,
            Self::Loyal | Self::Neighbour => 4_000.0,
            Self::Courier => 10_000.0,
        }
    }

    /// Of each twenty people one is of each of the five.
    pub(super) const fn of_a_crowd(no: u32) -> Self {
        match no % 20 {
            0 => Self::Commuter,
            4 => Self::MallGoer,
            8 => Self::Loyal,
            12 => Self::Courier,
            16 => Self::NightWorker,
            _ => Self::Neighbour,
        }
    }
}
