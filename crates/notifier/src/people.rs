//! What is known of each customer, by dense number.

use model::{CustomerNo, Dial, Heard, OfferId, Profile, Standing, Timestamp, Tolerance};

use crate::entered::Entered;

/// What the ledger holds of a customer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Known {
    /// What they have heard, or would have.
    pub heard: Vec<Heard>,
    /// Since when they agree to offers.
    pub agreed_at: Option<Timestamp>,
    /// What they declared.
    pub profile: Profile,
    /// What they bear.
    pub tolerance: Tolerance,
}

/// Everybody; somebody of whom nothing but a yes is known costs 32 bytes and no heap.
#[derive(Debug, Default)]
pub(crate) struct People {
    slots: Vec<Option<Person>>,
}

#[derive(Debug)]
pub(crate) struct Person {
    generation: u32,
    pub(crate) agreed_at: Option<Timestamp>,
    more: Option<Box<More>>,
}

/// What most people do not have.
#[derive(Debug, Default)]
pub(crate) struct More {
    /// In order of time.
    pub(crate) heard: Vec<Heard>,
    pub(crate) entered: Entered,
    profile: Option<Box<Profile>>,
    tolerance: Option<Box<Tolerance>>,
}

/// All of it, to look at.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Life<'a> {
    pub(crate) agreed_at: Option<Timestamp>,
    pub(crate) heard: &'a [Heard],
    pub(crate) entered: &'a Entered,
    pub(crate) profile: &'a Profile,
    pub(crate) tolerance: &'a Tolerance,
}

pub(crate) static NO_PROFILE: Profile = Profile {
    lang: None,
    tz: None,
    minor: false,
    residence: None,
    phone_region: None,
    favourites: Vec::new(),
    categories: Vec::new(),
    segments: Vec::new(),
    dial: Dial { per_week: None, quiet: None, muted_merchants: Vec::new(), muted_fences: Vec::new() },
};

pub(crate) static NO_TOLERANCE: Tolerance = Tolerance {
    limit_milli: None,
    nudge_milli: 0,
    nudge_at: Timestamp::from_unix_ms(0),
    n_ignored: 0,
    settled_to: Timestamp::from_unix_ms(0),
    halved_until: None,
    silences: Vec::new(),
    told: Vec::new(),
};

static NOWHERE: Entered = Entered::NONE;

impl People {
    pub(crate) fn get(&self, customer: CustomerNo) -> Option<&Person> {
        let person = self.slots.get(customer.slot())?.as_ref()?;
        (person.generation == customer.generation()).then_some(person)
    }

    pub(crate) fn get_mut(&mut self, customer: CustomerNo) -> Option<&mut Person> {
        let person = self.slots.get_mut(customer.slot())?.as_mut()?;
        (person.generation == customer.generation()).then_some(person)
    }

    /// The person of a number; a new one where nobody or somebody before them stood.
    pub(crate) fn meet(&mut self, customer: CustomerNo) -> &mut Person {
        if self.slots.len() <= customer.slot() {
            self.slots.resize_with(customer.slot() + 1, || None);
        }
        let generation = customer.generation();
        let slot = &mut self.slots[customer.slot()];
        if slot.as_ref().is_some_and(|person| person.generation != generation) {
            *slot = None;
        }
        slot.get_or_insert_with(|| Person { generation, agreed_at: None, more: None })
    }

    pub(crate) fn forget(&mut self, customer: CustomerNo) {
        if self.get(customer).is_some() {
            self.slots[customer.slot()] = None;
        }
    }

    pub(crate) fn life(&self, customer: CustomerNo) -> Life<'_> {
        self.get(customer).map_or(Life::BLANK, Person::life)
    }
}

impl Person {
    pub(crate) fn load(&mut self, known: Known) {
        let Known { mut heard, agreed_at, profile, tolerance } = known;
        heard.sort_by_key(|heard| heard.at);
        self.agreed_at = agreed_at;
        self.more = None;
        if !heard.is_empty() {
            self.more().heard = heard;
        }
        self.set_profile(profile);
        if !tolerance.is_blank() {
            *self.more().tolerance() = tolerance;
        }
    }

    pub(crate) fn set_profile(&mut self, profile: Profile) {
        match (&mut self.more, profile.is_blank()) {
            (None, true) => {}
            (Some(more), true) => more.profile = None,
            (_, false) => self.more().profile = Some(Box::new(profile)),
        }
    }

    /// Notes what was decided; only what is really said was told.
    pub(crate) fn record(&mut self, heard: Heard) {
        let more = self.more();
        if heard.standing == Standing::Sent {
            let told = &mut more.tolerance().told;
            match told.iter_mut().find(|(offer, _)| *offer == heard.offer) {
                Some((_, n)) => *n = n.saturating_add(1),
                None => told.push((heard.offer.clone(), 1)),
            }
        }
        let place = more.heard.partition_point(|other| other.at <= heard.at);
        more.heard.insert(place, heard);
    }

    /// Undoes [`Person::record`].
    pub(crate) fn give_back(&mut self, place: usize) -> Heard {
        let more = self.more();
        let heard = more.heard.remove(place);
        if heard.standing == Standing::Sent {
            more.untell(&heard.offer);
        }
        heard
    }

    pub(crate) fn more(&mut self) -> &mut More {
        self.more.get_or_insert_default()
    }

    pub(crate) fn more_if_any(&mut self) -> Option<&mut More> {
        self.more.as_deref_mut()
    }

    pub(crate) fn life(&self) -> Life<'_> {
        let Some(more) = &self.more else { return Life { agreed_at: self.agreed_at, ..Life::BLANK } };
        Life {
            agreed_at: self.agreed_at,
            heard: &more.heard,
            entered: &more.entered,
            profile: more.profile.as_deref().unwrap_or(&NO_PROFILE),
            tolerance: more.tolerance.as_deref().unwrap_or(&NO_TOLERANCE),
        }
    }
}

impl More {
    pub(crate) fn tolerance(&mut self) -> &mut Tolerance {
        self.tolerance.get_or_insert_default()
    }

    /// What was heard, and what they bear.
    pub(crate) fn heard_and_tolerance(&mut self) -> (&mut [Heard], &mut Tolerance) {
        (&mut self.heard, self.tolerance.get_or_insert_default())
    }

    fn untell(&mut self, offer: &OfferId) {
        let told = &mut self.tolerance().told;
        if let Some(i) = told.iter().position(|(known, _)| known == offer) {
            told[i].1 -= 1;
            if told[i].1 == 0 {
                told.remove(i);
            }
        }
    }
}

impl Life<'_> {
    /// Of whom nothing is known.
    pub(crate) const BLANK: Life<'static> = Life {
        agreed_at: None,
        heard: &[],
        entered: &NOWHERE,
        profile: &NO_PROFILE,
        tolerance: &NO_TOLERANCE,
    };
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn somebody_of_whom_only_a_yes_is_known_takes_32_bytes_and_no_heap() {
        assert_eq!(size_of::<Option<Person>>(), 32);
        let mut people = People::default();
        let (anna, later) = (CustomerNo::new(3, 0), CustomerNo::new(3, 1));
        people.meet(anna).load(Known { agreed_at: Some(Timestamp::from_unix_ms(5)), ..Known::default() });
        assert!(people.get(anna).is_some_and(|person| person.more.is_none()));
        people.meet(anna).set_profile(Profile::default());
        assert!(people.get(anna).is_some_and(|person| person.more.is_none()));
        // Whoever gets the number next is somebody else.
        assert!(people.get(later).is_none());
        people.forget(later);
        assert!(people.get(anna).is_some());
        assert_eq!(people.meet(later).agreed_at, None);
        assert!(people.get(anna).is_none());
    }
}
