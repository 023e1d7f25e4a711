//! One interleaving, drawn: who walks in, what they say, and between which two steps.

use consent_gate::{ConsentKind, Purpose};

use crate::virtually::Chance;

/// Between which two steps a *no* comes; in the order of the steps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Moment {
    /// Acknowledged before the fix comes.
    Before,
    /// In front of the fix, in one drain with it.
    Ahead,
    /// Behind the fix, in one drain with it: the offer is a candidate.
    Behind,
    /// The candidate waits for its decision.
    Waiting,
    /// The decision is staged and not written.
    Staged,
    /// It is written, and the engine was not told.
    Committed,
    /// The offer is on its way out of the engine.
    Told,
    /// The shell has the offer, and has not asked the back door.
    HandedOut,
    /// The back door said yes, the publish failed, and it is to be tried again.
    Asked,
    /// The publish began.
    Published,
    /// All of it is over.
    After,
}

impl Moment {
    pub(super) const ALL: [Self; 11] = [
        Self::Before,
        Self::Ahead,
        Self::Behind,
        Self::Waiting,
        Self::Staged,
        Self::Committed,
        Self::Told,
        Self::HandedOut,
        Self::Asked,
        Self::Published,
        Self::After,
    ];

    /// Between candidate and publish.
    const BETWEEN: [Self; 7] = [
        Self::Behind,
        Self::Waiting,
        Self::Staged,
        Self::Committed,
        Self::Told,
        Self::HandedOut,
        Self::Asked,
    ];
    const OUTSIDE: [Self; 4] = [Self::Before, Self::Ahead, Self::Published, Self::After];

    pub(super) fn is_between(self) -> bool {
        Self::BETWEEN.contains(&self)
    }

    /// Whether the offer had gone out by then.
    pub(super) const fn is_too_late(self) -> bool {
        matches!(self, Self::Published | Self::After)
    }

    pub(super) const fn words(self) -> &'static str {
        match self {
            Self::Before => "acknowledged before the fix",
            Self::Ahead => "ahead of the fix, in one drain",
            Self::Behind => "behind the fix, in one drain",
            Self::Waiting => "before the decision",
            Self::Staged => "decided, not written",
            Self::Committed => "written, engine not told",
            Self::Told => "told, not handed out",
            Self::HandedOut => "handed out, not asked",
            Self::Asked => "asked, to be tried again",
            Self::Published => "publish begun",
            Self::After => "all over",
        }
    }
}

/// What a customer says to take something back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum No {
    Withdraw(Purpose),
    Refuse(Purpose),
    Pause(Purpose),
    Erase,
}

impl No {
    /// Of what; everything when there is none.
    pub(super) const fn purpose(self) -> Option<Purpose> {
        match self {
            Self::Withdraw(purpose) | Self::Refuse(purpose) | Self::Pause(purpose) => Some(purpose),
            Self::Erase => None,
        }
    }

    pub(super) const fn event(self) -> Option<(Purpose, ConsentKind)> {
        match self {
            Self::Withdraw(purpose) => Some((purpose, ConsentKind::Withdraw)),
            Self::Refuse(purpose) => Some((purpose, ConsentKind::Refuse)),
            Self::Pause(purpose) => Some((purpose, ConsentKind::Pause { until: None })),
            Self::Erase => None,
        }
    }
}

/// What an offer needs here.
pub(super) const NEEDED: [Purpose; 3] = [Purpose::Location, Purpose::Background, Purpose::OffersPush];

/// One interleaving.
#[derive(Clone, Copy, Debug)]
pub(super) struct Story {
    pub(super) no: Option<(Moment, No)>,
    /// Offers wait in the shell until everything else is durable and told.
    pub(super) line_waits: bool,
    pub(super) foreground: Option<bool>,
    /// Somebody who was here before; a new customer otherwise.
    pub(super) is_known: bool,
}

impl Story {
    /// One in ten goes by without a *no*; of the others 30 % come between candidate and publish.
    pub(super) fn draw(chance: &mut Chance) -> Self {
        let no = (!chance.per_mille(100)).then(|| (moment(chance), no(chance)));
        let foreground = match no {
            Some((_, no)) if no.purpose() == Some(Purpose::Background) => {
                [None, Some(false)][chance.below(2)]
            }
            _ => [None, Some(false), Some(true)][chance.below(3)],
        };
        Self { no, line_waits: chance.per_mille(500), foreground, is_known: chance.per_mille(500) }
    }
}

fn moment(chance: &mut Chance) -> Moment {
    if chance.per_mille(300) { chance.of_list(&Moment::BETWEEN) } else { chance.of_list(&Moment::OUTSIDE) }
}

fn no(chance: &mut Chance) -> No {
    let purpose = chance.of_list(&NEEDED);
    match chance.below(10) {
        0..=4 => No::Withdraw(purpose),
        5 | 6 => No::Refuse(purpose),
        7 | 8 => No::Pause(purpose),
        _ => No::Erase,
    }
}
