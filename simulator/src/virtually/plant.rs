//! Wrongs that the harness can be made to do: a judge that cannot fail is worthless.

use clap::ValueEnum;

/// One wrong, on purpose.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Plant {
    /// The shell publishes without asking the back door.
    ForgetsToAsk,
    /// The ledger says yes and keeps nothing, now and then.
    LosesCommits,
    /// An offer is published twice, now and then.
    PublishesTwice,
    /// An offer that was decided is never published, now and then.
    SwallowsOffers,
    /// A change of consent is acknowledged before it is durable.
    AcknowledgesEarly,
    /// Nothing is read back at a start.
    ForgetsAtTheStart,
    /// The gate is opened before anything was read back.
    OpensTooEarly,
    /// Timers do not fire.
    SleepsThroughTimers,
    /// The engine never hears who agreed.
    Mute,
    /// A letter gets lost on the way to the engine, now and then.
    LosesLetters,
    /// A transition is told twice, now and then.
    TellsTwice,
    /// A transition happens in the wrong fence, now and then.
    MixesFencesUp,
    /// What was decided is told an hour early.
    DecidesTooEarly,
    /// An acknowledgement tells another effect, now and then.
    MistakesEffects,
    /// A sender never hears that a letter is settled, now and then.
    NeverAnswers,
    /// The ledger says that somebody is erased, and keeps their row, now and then.
    KeepsTheErased,
    /// The ledger holds a coordinate.
    WritesPositions,
}
