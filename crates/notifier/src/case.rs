//! One candidate before the rules, with what of the customer's past concerns it.

use chrono_tz::Tz;
use model::{Heard, Millis, Standing, Timestamp};

use crate::people::Life;
use crate::{Candidate, NotifierPolicy, Occasion};

/// What the rules look at; they ask it about any instant from now on.
pub(crate) struct Case<'a> {
    pub(crate) policy: &'a NotifierPolicy,
    pub(crate) life: Life<'a>,
    pub(crate) candidate: &'a Candidate<'a>,
    /// The customer is one of those who never hear the offer.
    pub(crate) is_held_out: bool,
    /// The store is a favourite now.
    pub(crate) favourite: bool,
    memory: Millis,
    /// For each that was heard.
    same: Vec<Same>,
}

/// What something heard has in common with the candidate.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Same {
    pub(crate) fence: bool,
    pub(crate) merchant: bool,
    pub(crate) offer: bool,
}

impl<'a> Case<'a> {
    pub(crate) fn new(
        policy: &'a NotifierPolicy,
        life: Life<'a>,
        candidate: &'a Candidate<'a>,
        is_held_out: bool,
    ) -> Self {
        let Occasion { fence, merchant, offer, .. } = candidate.occasion;
        let same = |heard: &Heard| Same {
            fence: heard.fence == *fence,
            merchant: heard.merchant == *merchant,
            offer: heard.offer == *offer,
        };
        Self {
            policy,
            life,
            candidate,
            is_held_out,
            favourite: life.profile.likes(fence),
            memory: policy.memory(),
            same: life.heard.iter().map(same).collect(),
        }
    }

    /// Nothing of it will be said, whatever the rules say.
    ///
    /// Such a one sees the world as if all of its kind had been said; one that may be said
    /// never sees what was not.
    pub(crate) fn is_unsaid(&self) -> bool {
        self.is_held_out || self.candidate.terms.standing != Standing::Sent
    }

    /// What counts at an instant, in order of time.
    pub(crate) fn counted(&self, at: Timestamp) -> impl DoubleEndedIterator<Item = (&'a Heard, Same)> {
        let (sees_all, memory) = (self.is_unsaid(), self.memory);
        let all = self.life.heard.iter().zip(self.same.iter().copied());
        all.filter(move |(heard, _)| {
            (sees_all || heard.standing == Standing::Sent) && at.since(heard.at) < memory
        })
    }

    /// The merchant's last one that counts.
    pub(crate) fn last_of_merchant(&self, at: Timestamp) -> Option<&'a Heard> {
        self.counted(at).rfind(|(_, same)| same.merchant).map(|(heard, _)| heard)
    }

    /// When something that is heard stops to count for anything.
    pub(crate) fn forgotten_at(&self, heard: &Heard) -> Timestamp {
        heard.at + self.memory
    }

    /// The wall clock that counts where only one can.
    pub(crate) fn zone(&self) -> Option<Tz> {
        self.candidate.zones.first().copied()
    }
}
