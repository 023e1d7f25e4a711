//! What the front door answers about one customer, worked out beforehand.

use model::{CustomerNo, Timestamp};

use crate::{ConsentState, Epoch, Refusal};

/// All that the front door has to read of one customer: 16 bytes, so that a *no* costs one look into
/// memory (`gate/admit`).
///
/// Invariant: it says what the customer's rows say at every instant, or to ask them; whatever changes them
/// issues another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Pass {
    generation: u32,
    epoch: Epoch,
    /// Until when somebody may look, in milliseconds shifted by [`SHIFT`]; below that what holds afterwards.
    packed: i64,
}

/// An answer of the front door.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Answer {
    /// At least one merchant may look.
    Look,
    /// Nobody may.
    Refused(Refusal),
    /// It is in the rows.
    AskRows,
}

/// What the rows come to, as time goes by.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Outlook {
    /// Someone may look until then.
    look_until: Option<Timestamp>,
    /// Why not after that, when it does not change any more.
    refusal: Option<Refusal>,
    /// What holds after that changes with time.
    changes: bool,
}

const SHIFT: u32 = 8;
const REFUSAL: i64 = 0x0F;
const LACKS_HOME: i64 = 0x40;
/// No refusal has this number.
const ASK_ROWS: i64 = 0x0F;
/// The first and the last instant that there is room for; a million years from now.
const FIRST_MS: i64 = i64::MIN >> SHIFT;
const LAST_MS: i64 = i64::MAX >> SHIFT;

impl Pass {
    /// The pass of a number of which nothing is known.
    pub(super) const fn of_nobody(generation: u32) -> Self {
        Self { generation, epoch: Epoch(0), packed: FIRST_MS << SHIFT | Refusal::UnknownCustomer as i64 }
    }

    pub(super) fn issue(&mut self, outlook: Outlook, lacks_home: bool) {
        let Outlook { look_until, refusal, changes } = outlook;
        let until_ms = look_until.map_or(FIRST_MS, |until| until.unix_ms().clamp(FIRST_MS, LAST_MS));
        let is_exact = look_until.is_none_or(|until| FIRST_MS < until.unix_ms() && until.unix_ms() < LAST_MS);
        let after = match refusal.unwrap_or(Refusal::NotGranted) {
            refusal if is_exact && !changes => refusal as i64,
            _ => ASK_ROWS,
        };
        self.packed = until_ms << SHIFT | if lacks_home { LACKS_HOME } else { 0 } | after;
    }

    pub(super) const fn is_of(self, customer: CustomerNo) -> bool {
        self.generation == customer.generation()
    }

    pub(super) const fn generation(self) -> u32 {
        self.generation
    }

    pub(super) const fn epoch(self) -> Epoch {
        self.epoch
    }

    pub(super) const fn set_epoch(&mut self, epoch: Epoch) {
        self.epoch = epoch;
    }

    /// No rule knows where the customer lives, who is not refused anyway.
    pub(super) const fn lacks_home(self) -> bool {
        self.packed & LACKS_HOME != 0
    }

    pub(super) fn answer(self, now: Timestamp) -> Answer {
        if now.unix_ms().clamp(FIRST_MS, LAST_MS) < self.packed >> SHIFT {
            return Answer::Look;
        }
        let after = (self.packed & REFUSAL) as usize;
        Refusal::ALL.get(after).map_or(Answer::AskRows, |refusal| Answer::Refused(*refusal))
    }
}

impl Outlook {
    /// Refused whatever the rows say.
    pub(super) const fn refused(refusal: Refusal) -> Self {
        Self { look_until: None, refusal: Some(refusal), changes: false }
    }

    /// The outlook on the consents of a customer to be seen, in their order.
    pub(super) fn on(states: impl Iterator<Item = ConsentState>) -> Self {
        states.fold(Self::default(), Self::and)
    }

    fn and(self, state: ConsentState) -> Self {
        let Self { look_until, refusal, changes } = self;
        let is_no = |why| Self { refusal: refusal.or(Some(why)), ..self };
        match state {
            ConsentState::Granted { until } => Self {
                look_until: look_until.max(Some(until)),
                refusal: refusal.or(Some(Refusal::Expired)),
                changes,
            },
            ConsentState::Paused { .. } | ConsentState::PendingConfirmation { .. } => {
                Self { changes: true, ..self }
            }
            ConsentState::Unknown | ConsentState::Requested => is_no(Refusal::NotGranted),
            ConsentState::Refused => is_no(Refusal::Refused),
            ConsentState::Withdrawn => is_no(Refusal::Withdrawn),
            ConsentState::Expired => is_no(Refusal::Expired),
            ConsentState::Superseded => is_no(Refusal::Superseded),
            ConsentState::Suppressed { .. } => is_no(Refusal::Suppressed),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pass_takes_16_bytes() {
        assert_eq!(size_of::<Pass>(), 16);
    }

    #[test]
    fn every_refusal_has_its_own_place_on_a_pass() {
        for (place, refusal) in Refusal::ALL.into_iter().enumerate() {
            assert_eq!(refusal as usize, place);
            let mut pass = Pass::of_nobody(3);
            pass.issue(Outlook::refused(refusal), false);
            assert_eq!(pass.answer(Timestamp::MIN), Answer::Refused(refusal));
        }
        assert!(Refusal::ALL.len() <= ASK_ROWS as usize);
    }

    #[test]
    fn an_instant_that_a_pass_has_no_room_for_is_left_to_the_rows() {
        for until in [Timestamp::MIN, Timestamp::from_unix_ms(FIRST_MS), Timestamp::MAX] {
            let mut pass = Pass::of_nobody(0);
            pass.issue(Outlook::on([ConsentState::Granted { until }].into_iter()), false);
            for now in [Timestamp::MIN, Timestamp::MAX] {
                assert_eq!(
                    pass.answer(now) == Answer::Look,
                    now == Timestamp::MIN && until == Timestamp::MAX
                );
                assert_ne!(pass.answer(now), Answer::Refused(Refusal::Expired));
            }
        }
    }
}
