//! The town's own account: what its phones sent and received, against what the server says.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use model::Timestamp;
use serde::Serialize;
use town::PersonNo;
use wire::Offer;

use super::observer::Told;
use super::stage::TWICE_WITHIN;

/// One number as the town's clients have it and as the server has it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Sides {
    /// Counted by the town's clients.
    pub clients: u64,
    /// Counted by the server, over all its lives.
    pub server: u64,
}

/// What must hold for the demo to be balanced.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Checks {
    /// Fixes sent are fixes with an outcome, or held for one.
    pub fixes: Sides,
    /// Different offers received are offers sent.
    pub offers: Sides,
    /// Offers that a customer had heard the same day under another id.
    pub told_twice: u64,
    /// Offers received by those whose withdrawal was acknowledged.
    pub received_after_withdrawal: u64,
    /// The server's own sums agree.
    pub server_balanced: bool,
}

impl Checks {
    /// Whether all hold.
    #[must_use]
    pub const fn hold(&self) -> bool {
        self.fixes.clients == self.fixes.server
            && self.offers.clients == self.offers.server
            && self.told_twice == 0
            && self.received_after_withdrawal == 0
            && self.server_balanced
    }
}

/// What an offer that came in is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Arrived {
    /// The first time.
    New,
    /// The same on another line: the backend hears what devices hear.
    OnAnotherLine,
    /// The same on the same line: sent again under its own id.
    Again,
}

/// The books.
#[derive(Default)]
pub(super) struct Account {
    lives: Vec<Told>,
    n_fixes_before: u64,
    n_fixes_of_life: u64,
    /// The lines on which each offer id arrived.
    arrived: BTreeMap<String, BTreeSet<usize>>,
    /// Who was told what, and when last.
    told: BTreeMap<(PersonNo, String), Timestamp>,
    n_told_twice: u64,
    n_retried: u64,
    withdrawn: BTreeMap<PersonNo, Withdrawn>,
    n_after_withdrawal: u64,
}

struct Withdrawn {
    line: usize,
    at: Instant,
}

/// An offer that was published before the acknowledgement may still be on its way on another socket.
const ON_ITS_WAY_MAX: Duration = Duration::from_millis(250);

impl Account {
    /// A phone says that it sent a fix.
    pub(super) fn fix_sent(&mut self) {
        self.n_fixes_of_life += 1;
    }

    /// Fixes sent in this life of the server.
    pub(super) fn n_fixes_of_life(&self) -> u64 {
        self.n_fixes_of_life
    }

    /// An offer came in on a line.
    pub(super) fn offer_arrived(
        &mut self,
        line: usize,
        person: PersonNo,
        offer: &Offer,
        at: Instant,
    ) -> Arrived {
        if self.withdrawn.get(&person).is_some_and(|withdrawn| withdrawn.forbids(line, at)) {
            self.n_after_withdrawal += 1;
        }
        let lines = self.arrived.entry(offer.id.0.to_string()).or_default();
        let is_new = lines.is_empty();
        if !lines.insert(line) {
            self.n_retried += 1;
            return Arrived::Again;
        }
        if !is_new {
            return Arrived::OnAnotherLine;
        }
        let told_before = self.told.insert((person, offer.offer.as_str().to_owned()), offer.issued_at);
        let again = told_before.is_some_and(|before| offer.issued_at < before + TWICE_WITHIN);
        self.n_told_twice += u64::from(again);
        Arrived::New
    }

    /// Somebody's withdrawal was acknowledged on a line.
    pub(super) fn withdrew(&mut self, person: PersonNo, line: usize, at: Instant) {
        self.withdrawn.insert(person, Withdrawn { line, at });
    }

    /// Whether somebody's withdrawal was acknowledged.
    pub(super) fn is_withdrawn(&self, person: PersonNo) -> bool {
        self.withdrawn.contains_key(&person)
    }

    /// The server's last words before it was killed or stopped; a new life counts from nought.
    pub(super) fn life_ended(&mut self, told: Told) {
        self.lives.push(told);
        self.n_fixes_before += std::mem::take(&mut self.n_fixes_of_life);
    }

    /// The last words of each life.
    pub(super) fn lives(&self) -> &[Told] {
        &self.lives
    }

    /// Different offers received.
    pub(super) fn n_received(&self) -> u64 {
        self.arrived.len() as u64
    }

    /// Offers that came again under their own id.
    pub(super) const fn n_retried(&self) -> u64 {
        self.n_retried
    }

    /// Fixes that phones say they sent.
    pub(super) const fn n_fixes(&self) -> u64 {
        self.n_fixes_before + self.n_fixes_of_life
    }

    /// Both sides of everything.
    pub(super) fn checks(&self) -> Checks {
        let sum = |of: fn(&Told) -> u64| self.lives.iter().map(of).sum();
        Checks {
            fixes: Sides { clients: self.n_fixes(), server: sum(Told::n_outcomes) },
            offers: Sides { clients: self.n_received(), server: sum(Told::n_sent) },
            told_twice: self.n_told_twice,
            received_after_withdrawal: self.n_after_withdrawal,
            server_balanced: self.lives.iter().all(|told| told.balanced),
        }
    }
}

impl Withdrawn {
    fn forbids(&self, line: usize, at: Instant) -> bool {
        let grace = if line == self.line { Duration::ZERO } else { ON_ITS_WAY_MAX };
        self.at + grace < at
    }
}

#[cfg(test)]
mod tests {
    use model::{FenceId, MerchantId, NotificationId, OfferId, StableHasher, Timestamp, Words};

    use super::*;

    const WHO: PersonNo = PersonNo(3);

    fn offer(id: &str, offer: &str) -> Offer {
        Offer {
            id: NotificationId(StableHasher::new("test").text(id).finish()),
            offer: OfferId::new(offer).unwrap(),
            merchant: MerchantId::new("m").unwrap(),
            channel: model::Channel::Push,
            fence: FenceId::new("f").unwrap(),
            store: "Store".into(),
            words: Words { title: "T".into(), body: "B".into(), link: None, why: "W".into() },
            issued_at: Timestamp::from_unix_ms(0),
            expires_at: Timestamp::from_unix_ms(1),
        }
    }

    fn told(used: u64, sent: u64) -> Told {
        let delivered = [("sent".to_owned(), sent)].into();
        Told { records: used, used, delivered, balanced: true, ..Told::default() }
    }

    /// Two fixes and one offer in the first life, a fix in the second.
    fn check(tell: impl FnOnce(&mut Account, Instant), holds: bool) {
        let mut account = Account::default();
        let now = Instant::now();
        account.fix_sent();
        account.fix_sent();
        assert_eq!(account.offer_arrived(0, WHO, &offer("a", "tea"), now), Arrived::New);
        account.life_ended(told(2, 1));
        tell(&mut account, now);
        account.fix_sent();
        account.life_ended(told(1, 0));
        assert_eq!(account.checks().hold(), holds, "{:?}", account.checks());
    }

    #[test]
    fn the_sums_of_both_lives_are_added() {
        check(|_, _| {}, true);
    }

    #[test]
    fn a_fix_claimed_and_not_sent_is_missed() {
        check(|account, _| account.fix_sent(), false);
    }

    #[test]
    fn a_retry_is_no_second_offer_and_a_second_id_is() {
        check(
            |account, now| {
                assert_eq!(account.offer_arrived(1, WHO, &offer("a", "tea"), now), Arrived::OnAnotherLine);
                assert_eq!(account.offer_arrived(1, WHO, &offer("a", "tea"), now), Arrived::Again);
            },
            true,
        );
        check(
            |account, now| assert_eq!(account.offer_arrived(0, WHO, &offer("b", "tea"), now), Arrived::New),
            false,
        );
    }

    #[test]
    fn an_offer_after_the_acknowledged_withdrawal_is_found() {
        let later = Duration::from_millis(1);
        let tell = |line: usize, after: Duration| {
            move |account: &mut Account, now: Instant| {
                account.withdrew(WHO, 0, now);
                account.offer_arrived(line, WHO, &offer("a", "tea"), now + after);
            }
        };
        check(tell(0, later), false);
        check(tell(1, later), true);
        check(tell(1, ON_ITS_WAY_MAX * 2), false);
    }
}
