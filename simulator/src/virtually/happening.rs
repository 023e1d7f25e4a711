//! Everything that can happen in a story, fixed before it is played.

use std::fmt;
use std::ops::Range;

use consent_gate::{ConsentKind, Hearing, Purpose};
use model::{FeedbackKind, Fix, Millis, Timestamp};
use offers::Mode;

use super::profiles::ProfileWord;
use super::scene::Scene;

/// A story: nothing in it depends on what the engine answers, so that any part of it can be left out.
#[derive(Clone, Debug, Default)]
pub(crate) struct Story {
    /// Ascending by time.
    pub(crate) happenings: Vec<Timed>,
    /// All fixes, message by message.
    pub(crate) fixes: Vec<Fix>,
}

impl Story {
    pub(crate) const fn n_happenings(&self) -> u32 {
        self.happenings.len() as u32
    }
}

/// A happening and its time by a clock that is right.
#[derive(Clone, Debug)]
pub(crate) struct Timed {
    pub(crate) at: Timestamp,
    pub(crate) what: Happening,
    pub(crate) joins: Joins,
}

/// Whether a letter is read together with the one before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Joins {
    Nothing,
    /// In one drain of the queue.
    Drain,
    /// In one message of a backend.
    Batch,
}

/// What happens.
#[derive(Clone, Debug)]
pub(crate) enum Happening {
    Fixes {
        who: u32,
        phone: u8,
        fixes: Range<u32>,
    },
    /// The last message of fixes of somebody comes again.
    FixesAgain {
        who: u32,
    },
    Hostile {
        who: u32,
        phone: u8,
        body: Box<[u8]>,
    },
    Consent {
        who: u32,
        merchant: u32,
        purpose: Purpose,
        kind: ConsentKind,
        acted_at: Timestamp,
        no: u32,
        hearing: Hearing,
    },
    /// The last consent event of somebody comes again.
    ConsentAgain {
        who: u32,
    },
    /// An answer to the last offer that somebody got.
    Feedback {
        who: u32,
        kind: FeedbackKind,
        of: Whose,
        /// When it was given, before it is sent; unsaid when absent.
        ago: Option<Millis>,
    },
    /// Somebody says something about themselves.
    Profile {
        who: u32,
        word: Box<ProfileWord>,
    },
    /// Somebody wants everything forgotten that is known of them.
    Erasure {
        who: u32,
    },
    /// Nothing but time.
    Wait,
    Fault(Fault),
}

/// By whom and to what an answer is given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Whose {
    /// By the customer, with the name of the notification.
    Own,
    /// By another customer.
    Foreign,
    /// By a till, which knows the offer alone.
    Till { offer: u32 },
}

/// Something that goes wrong, or that an operator does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// The clock of the server jumps.
    ClockStep(Millis),
    /// The process dies at the next step of a kind; what was being written survives or does not.
    Crash { at: Step, write_survives: bool },
    /// The process stops and starts.
    Restart,
    /// Commits stay under way until the ledger is fast again.
    LedgerSlow(bool),
    /// The next appends fail, and nothing of them is written.
    AppendsFail(u8),
    /// The next append leaves the ledger in doubt: the process ends, and starts with what is there.
    AppendInDoubt { survives: bool },
    /// Nothing can be published until the phones are back.
    PhonesAway(bool),
    /// The next publishes fail and are tried again.
    PublishesFail(u8),
    /// Notices of what was delivered are held back; then they come in reverse order, and twice.
    NoticesLate(bool),
    /// Erasures are done one at a time, with other things between them.
    ErasuresSlow(bool),
    /// An operator's edit, in force at once or with the next start.
    Edit { fence: u32, edit: Edit, at_the_next_start: bool },
    /// The same of an offer.
    EditOffer { offer: u32, edit: OfferEdit, at_the_next_start: bool },
}

/// What an operator does to an offer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum OfferEdit {
    Remove,
    /// As it was at first.
    PutBack,
    /// Other words.
    Reword,
    /// Another rank.
    Reprioritise(u8),
    /// Another mode.
    Put(Mode),
    /// Another stock in all.
    Stock(Option<u32>),
    Pause,
    Resume,
    Stop,
}

/// What an operator does to a fence.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Edit {
    Remove,
    /// As it was at first.
    PutBack,
    /// Its place at first, so many metres further north and a little larger.
    Move(i16),
    GiveTo(u8),
}

/// Where a process can die: between any two things that the shell does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Step {
    BeforeLetters,
    AfterLetters,
    Staged,
    Written,
    Committed,
    OutputTaken,
    Asked,
    Published,
    Delivered,
    Erasing,
    Erased,
}

impl Step {
    /// Those that every story comes to.
    pub(crate) const OFTEN: [Self; 9] = [
        Self::BeforeLetters,
        Self::AfterLetters,
        Self::Staged,
        Self::Written,
        Self::Committed,
        Self::OutputTaken,
        Self::Asked,
        Self::Published,
        Self::Delivered,
    ];
    /// Those on the way of an erasure.
    pub(crate) const OF_ERASURES: [Self; 6] = [
        Self::BeforeLetters,
        Self::AfterLetters,
        Self::OutputTaken,
        Self::Erasing,
        Self::Erased,
        Self::Committed,
    ];

    const fn words(self) -> &'static str {
        match self {
            Self::BeforeLetters => "before it reads a letter",
            Self::AfterLetters => "after it has read a letter",
            Self::Staged => "before it writes to the ledger",
            Self::Written => "after it wrote to the ledger, before the engine is told",
            Self::Committed => "after the engine was told of a commit",
            Self::OutputTaken => "after it took an output of the engine",
            Self::Asked => "after it asked whether an offer may go, before it goes",
            Self::Published => "after an offer went, before that is noted",
            Self::Delivered => "after the engine was told of a delivery",
            Self::Erasing => "before it erases somebody",
            Self::Erased => "after it erased somebody, before the engine is told",
        }
    }
}

impl Happening {
    /// Whose it is; nobody's when it concerns all.
    pub(crate) const fn who(&self) -> Option<u32> {
        match self {
            Self::Fixes { who, .. }
            | Self::FixesAgain { who }
            | Self::Hostile { who, .. }
            | Self::Consent { who, .. }
            | Self::ConsentAgain { who }
            | Self::Feedback { who, .. }
            | Self::Profile { who, .. }
            | Self::Erasure { who } => Some(*who),
            Self::Wait | Self::Fault(_) => None,
        }
    }

    /// Whether it comes through the letterbox.
    pub(crate) const fn is_letter(&self) -> bool {
        self.who().is_some()
    }

    /// A line that a person reads.
    pub(crate) fn told(&self, scene: &Scene, story: &Story) -> String {
        let name = |who: &u32| scene.people[*who as usize].customer.as_str();
        let merchant = |no: &u32| scene.merchants[*no as usize].as_str();
        match self {
            Self::Fixes { who, phone, fixes } => {
                let fixes = &story.fixes[fixes.start as usize..fixes.end as usize];
                let phone = scene.people[*who as usize].phones[usize::from(*phone)].as_str();
                format!("{} sends with {phone} {}", name(who), told_fixes(fixes))
            }
            Self::FixesAgain { who } => format!("{}'s last fixes come again", name(who)),
            Self::Hostile { who, body, .. } => {
                format!("{} sends {} bytes that are no fix", name(who), body.len())
            }
            Self::Consent { who, merchant: of, purpose, kind, acted_at, hearing, .. } => format!(
                "{} says {} to {} of {}, at {}{}",
                name(who),
                kind.word(),
                purpose.word(),
                merchant(of),
                clock(*acted_at),
                if *hearing == Hearing::Live { String::new() } else { format!(", {}", hearing.word()) }
            ),
            Self::ConsentAgain { who } => format!("{}'s last word on consent comes again", name(who)),
            Self::Feedback { who, kind, of, ago } => {
                let whose = match of {
                    Whose::Own => "the last offer",
                    Whose::Foreign => "somebody else's offer",
                    Whose::Till { offer } => scene.drafts[*offer as usize].id.as_str(),
                };
                let ago = ago.map_or(String::new(), |ago| format!(", given {ago} ago"));
                format!("{} answers {} to {whose}{ago}", name(who), kind.word())
            }
            Self::Profile { who, word } => {
                format!("{} says {}", name(who), String::from_utf8_lossy(&word.body(scene)))
            }
            Self::Erasure { who } => format!("{} wants to be forgotten", name(who)),
            Self::Wait => "time passes".into(),
            Self::Fault(fault) => fault.told(scene),
        }
    }
}

impl Fault {
    fn told(self, scene: &Scene) -> String {
        let on = |is: bool, yes: &'static str, no: &'static str| String::from(if is { yes } else { no });
        match self {
            Self::ClockStep(by) => format!("the server's clock jumps by {by}"),
            Self::Crash { at, write_survives } => format!(
                "the process will die {}; a write under way {}",
                at.words(),
                if write_survives { "survives" } else { "is lost" }
            ),
            Self::Restart => "the process stops and starts".into(),
            Self::LedgerSlow(is) => on(is, "the ledger grows slow", "the ledger is fast again"),
            Self::AppendsFail(n) => format!("the next {n} writes to the ledger fail"),
            Self::AppendInDoubt { survives } => on(
                survives,
                "the next write ends in doubt, and is there after the start",
                "the next write ends in doubt, and is lost",
            ),
            Self::PhonesAway(is) => on(is, "all phones are away", "the phones are back"),
            Self::PublishesFail(n) => format!("the next {n} publishes fail"),
            Self::NoticesLate(is) => {
                on(is, "notices of deliveries are held back", "the notices come, in reverse and twice")
            }
            Self::ErasuresSlow(is) => on(is, "erasures grow slow", "erasures are fast again"),
            Self::EditOffer { offer, edit, at_the_next_start } => {
                let id = scene.drafts[offer as usize].id.as_str();
                let when = if at_the_next_start { ", seen at the next start" } else { "" };
                format!("the offer {id} is edited: {edit:?}{when}")
            }
            Self::Edit { fence, edit, at_the_next_start } => {
                let id = scene.fences[fence as usize].facts.id.as_str();
                let when = if at_the_next_start { ", seen at the next start" } else { "" };
                match edit {
                    Edit::Remove => format!("the fence {id} is removed{when}"),
                    Edit::PutBack => format!("the fence {id} is put as it was{when}"),
                    Edit::Move(by_m) => format!("the fence {id} is put {by_m} m further north{when}"),
                    Edit::GiveTo(merchant) => {
                        let merchant = scene.merchants[usize::from(merchant)].as_str();
                        format!("the fence {id} is given to {merchant}{when}")
                    }
                }
            }
        }
    }
}

fn told_fixes(fixes: &[Fix]) -> String {
    let one = |fix: &Fix| {
        let marks = [(fix.mock, " mock"), (fix.still, " still")];
        let marks: String = marks.iter().filter(|(is, _)| *is).map(|(_, mark)| *mark).collect();
        let accuracy = fix.accuracy.map_or(String::new(), |accuracy| format!(" ±{:.0} m", accuracy.0));
        let (lat, lng) = (fix.position.lat(), fix.position.lng());
        format!("{} {lat:.6},{lng:.6}{accuracy}{marks}", clock(fix.taken_at))
    };
    fixes.iter().map(one).collect::<Vec<_>>().join("; ")
}

/// An instant as people of a story read it.
pub(crate) fn clock(at: Timestamp) -> impl fmt::Display {
    let utc = chrono::DateTime::from_timestamp_millis(at.unix_ms());
    utc.map_or_else(|| at.unix_ms().to_string(), |utc| utc.format("%Y-%m-%dT%H:%M:%S%.3fZ").to_string())
}
