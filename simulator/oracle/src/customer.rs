//! One customer: what they agreed to, what they heard, and their phones.

use crate::gathering::Gathering;
use crate::kept::Kept;
use crate::patience::Patience;
use crate::presence::Device;
use crate::row::{Row, allow};
use crate::rules::DAY;
use crate::{Answer, Channel, ConsentState, Heard, Kind, Profile, Purpose, Rules, Said, Standing, Word};

/// How far something that must become durable has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Durability {
    Said,
    OnItsWay,
    Durable,
}

/// A decided offer, as it waits to be published.
#[derive(Clone, Debug)]
pub(crate) struct Outgoing {
    pub(crate) said: Said,
    pub(crate) expires_at_ms: i64,
    /// The customer's restrictions when the gate let it out.
    pub(crate) n_restrictions: u32,
    pub(crate) durability: Durability,
    pub(crate) kind: Kind,
    pub(crate) merchant: u32,
    pub(crate) channel: Channel,
    /// Its words, as the offer had them.
    pub(crate) words: String,
}

#[derive(Debug, Default)]
pub(crate) struct Customer {
    /// Something was said of consent once, with evidence.
    pub(crate) is_known: bool,
    /// Nobody knows where they live, and that is asked.
    pub(crate) is_homeless: bool,
    /// In the order in which they were first spoken of.
    pub(crate) rows: Vec<Row>,
    /// Rises with every restriction; what was decided under fewer is void.
    pub(crate) n_restrictions: u32,
    /// Since when they have agreed to be spoken to.
    pub(crate) agreed_at_ms: Kept<Option<i64>>,
    pub(crate) profile: Kept<Profile>,
    pub(crate) patience: Kept<Patience>,
    /// In the order in which it was decided.
    pub(crate) heard: Kept<Vec<Heard>>,
    pub(crate) outbox: Vec<Outgoing>,
    /// What stood in the outbox when it was written down.
    pub(crate) stood: Kept<Vec<Said>>,
    /// What waits to be decided together.
    pub(crate) gathering: Option<Gathering>,
    /// Fences that they came into, with when; not stored.
    pub(crate) entered: Vec<(u32, i64)>,
    /// In the order in which they were first heard of.
    pub(crate) devices: Vec<Device>,
}

const OFFERS: [Purpose; 4] =
    [Purpose::OffersPush, Purpose::OffersSms, Purpose::OffersEmail, Purpose::OffersInbox];

impl Customer {
    /// Why a message is refused unread, if it is: no merchant may see the customer, and the first one
    /// spoken of has this reason.
    pub(crate) fn refusal(&self, now_ms: i64) -> Option<&'static str> {
        if !self.is_known {
            return Some("unknown_customer");
        }
        if self.profile().minor {
            return Some("suppressed");
        }
        if self.is_homeless {
            return Some("no_jurisdiction");
        }
        let locations = || self.rows.iter().filter(|row| row.purpose == Purpose::Location);
        if locations().any(|row| row.in_force.refusal(now_ms).is_none()) {
            return None;
        }
        let first = locations().next().and_then(|row| row.in_force.refusal(now_ms));
        Some(first.unwrap_or("not_granted"))
    }

    /// Nobody may see or tell them anything, whatever they agreed to.
    pub(crate) fn is_barred(&self) -> bool {
        self.profile().minor || self.is_homeless
    }

    pub(crate) fn allows(&self, merchant: u32, purpose: Purpose, now_ms: i64) -> bool {
        !self.is_barred() && allow(&self.rows, merchant, purpose, now_ms)
    }

    /// Whether some merchant may see them while the app is not in use.
    pub(crate) fn is_seen_in_background(&self, now_ms: i64) -> bool {
        let sees = |row: &Row| self.allows(row.merchant, Purpose::Background, now_ms);
        let located = |row: &&Row| {
            row.purpose == Purpose::Location && self.allows(row.merchant, Purpose::Location, now_ms)
        };
        self.rows.iter().filter(located).any(sees)
    }

    pub(crate) fn may_be_told(&self, merchant: u32, channel: Channel, now_ms: i64) -> bool {
        [Purpose::Location, channel.purpose()].iter().all(|purpose| self.allows(merchant, *purpose, now_ms))
    }

    /// The first yes to any offers, or the first after none was left: a day of silence begins.
    pub(crate) fn is_first_yes(&self, purpose: Purpose, word: Word, now_ms: i64) -> bool {
        let agrees = |row: &Row| OFFERS.contains(&row.purpose) && row.said.state.refusal(now_ms).is_none();
        OFFERS.contains(&purpose)
            && matches!(word, Word::Grant { .. } | Word::Confirm { .. })
            && !self.rows.iter().any(agrees)
    }

    pub(crate) fn place_of(&self, merchant: u32, purpose: Purpose) -> Option<usize> {
        self.rows.iter().position(|row| row.merchant == merchant && row.purpose == purpose)
    }

    /// Whether a pause of somebody who may look has ended by itself since this was last asked.
    pub(crate) fn has_a_pause_ended(&mut self, now_ms: i64) -> bool {
        let mut has_ended = false;
        let sees = |row: &&mut Row| matches!(row.purpose, Purpose::Location | Purpose::Background);
        for row in self.rows.iter_mut().filter(sees) {
            let ConsentState::Paused { until_ms, .. } = row.in_force else { continue };
            if row.pause_seen_over_ms != Some(until_ms) && row.in_force.refusal(now_ms).is_none() {
                row.pause_seen_over_ms = Some(until_ms);
                has_ended = true;
            }
        }
        has_ended
    }

    /// What the next look of every phone finds was there before.
    pub(crate) fn look_anew(&mut self) {
        self.devices.iter_mut().for_each(|device| device.is_new = true);
    }

    pub(crate) fn device(&self, no: u32) -> Option<usize> {
        self.devices.iter().position(|device| device.no == no)
    }

    pub(crate) const fn agreed_at_ms(&self) -> Option<i64> {
        *self.agreed_at_ms.now()
    }

    pub(crate) const fn profile(&self) -> &Profile {
        self.profile.now()
    }

    pub(crate) const fn patience(&self) -> &Patience {
        self.patience.now()
    }

    pub(crate) fn heard(&self) -> impl Iterator<Item = &Heard> {
        self.heard.now().iter()
    }

    /// What they ignored by now is counted, and what no longer counts for anything is forgotten.
    pub(crate) fn settle(&mut self, rules: &Rules, now_ms: i64) {
        self.patience.now_mut().settle(self.heard.now(), rules, now_ms);
        let memory_ms = rules.memory_ms();
        self.heard.now_mut().retain(|heard| now_ms.saturating_sub(heard.at_ms) < memory_ms);
    }

    /// How many different fences they came into within a day.
    pub(crate) fn n_fences_entered(&self, now_ms: i64) -> usize {
        let lately = self.entered.iter().filter(|(_, at_ms)| now_ms - at_ms < DAY);
        lately.map(|(fence, _)| *fence).collect::<std::collections::BTreeSet<u32>>().len()
    }

    /// Something was decided: it counts from here on.
    pub(crate) fn hear(&mut self, heard: Heard) {
        if heard.standing == Standing::Sent {
            *self.patience.now_mut().told.entry(heard.said.offer).or_default() += 1;
        }
        self.heard.now_mut().push(heard);
    }

    /// What was decided counts no longer.
    pub(crate) fn unhear(&mut self, said: &Said) -> Option<Heard> {
        let place = self.heard().position(|heard| heard.said == *said)?;
        if let Some(n) = self.patience.now_mut().told.get_mut(&said.offer) {
            *n = n.saturating_sub(1);
        }
        Some(self.heard.now_mut().remove(place))
    }

    /// Whether an answer to something that they heard is of use: each is, once; who never heard it can
    /// only have used it.
    pub(crate) fn awaits(&self, said: &Said, answer: Answer) -> bool {
        self.heard().any(|heard| {
            let can_answer = match heard.standing {
                Standing::Sent => true,
                Standing::HeldOut => answer == Answer::Redeemed,
                Standing::Observed => false,
            };
            heard.said == *said && can_answer && !heard.answers.has_any(&[answer])
        })
    }

    /// Takes an answer that is of use.
    pub(crate) fn answer(
        &mut self,
        said: &Said,
        answer: Answer,
        at_ms: Option<i64>,
        rules: &Rules,
        now_ms: i64,
    ) {
        // Settling may have forgotten it.
        let Some(place) = self.heard().position(|heard| heard.said == *said) else { return };
        let heard = &mut self.heard.now_mut()[place];
        let at_ms = at_ms.filter(|at_ms| (heard.at_ms..=now_ms).contains(at_ms)).unwrap_or(now_ms);
        heard.answers.add(answer);
        match answer {
            Answer::Shown => heard.shown_at_ms = Some(at_ms),
            Answer::Received if heard.shown_at_ms.is_none() => heard.shown_at_ms = Some(at_ms),
            Answer::Dismissed => {
                let since_ms = at_ms - heard.shown_at_ms.unwrap_or(heard.at_ms);
                heard.answers.fast = since_ms < rules.answers.dismissed_fast_ms;
            }
            _ => {}
        }
        let heard = *heard;
        if heard.standing == Standing::Sent {
            let sent = self.heard().filter(|heard| heard.standing == Standing::Sent);
            let pressure_milli = self.patience().pressure_milli(sent, &rules.budget, now_ms);
            self.patience.now_mut().hear(answer, &heard, pressure_milli, rules, now_ms);
        }
    }

    /// All that was said or decided is being written down.
    pub(crate) fn write(&mut self) {
        self.agreed_at_ms.write();
        self.profile.write();
        self.patience.write();
        self.heard.write();
        *self.stood.now_mut() = self.outbox.iter().map(|outgoing| outgoing.said).collect();
        self.stood.write();
        self.outbox.iter_mut().for_each(|outgoing| outgoing.durability = outgoing.durability.written());
    }

    /// What was written down is durable.
    pub(crate) fn confirm(&mut self) {
        self.agreed_at_ms.confirm();
        self.profile.confirm();
        self.patience.confirm();
        self.heard.confirm();
        self.stood.confirm();
        self.outbox.iter_mut().for_each(|outgoing| outgoing.durability = outgoing.durability.confirmed());
    }
}

impl Durability {
    const fn written(self) -> Self {
        match self {
            Self::Said | Self::OnItsWay => Self::OnItsWay,
            Self::Durable => Self::Durable,
        }
    }

    const fn confirmed(self) -> Self {
        match self {
            Self::Said => Self::Said,
            Self::OnItsWay | Self::Durable => Self::Durable,
        }
    }
}
