//! By which name an offer may come that was exchanged for another.

/// Offers were exchanged for others between two instants of the run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Swap {
    pub(crate) from_ns: u64,
    pub(crate) to_ns: u64,
    /// How many there were; what took the place of offer `n` is `n_offers + n`.
    pub(crate) n_offers: u32,
}

impl Swap {
    /// The number that an offer had before it was exchanged, and whether it came by its new name.
    pub(crate) const fn before(self, no: u32) -> (u32, bool) {
        let is_new = self.n_offers <= no && no < 2 * self.n_offers;
        (if is_new { no - self.n_offers } else { no }, is_new)
    }

    /// Whether what was due at one instant and read at another could be called so.
    ///
    /// The server may have got to it as late as `lag_ns` behind its due instant.
    pub(crate) const fn allows(self, is_new: bool, due_ns: u64, read_ns: u64, lag_ns: u64) -> bool {
        if is_new {
            self.from_ns <= read_ns && self.from_ns <= due_ns.saturating_add(lag_ns)
        } else {
            due_ns <= self.to_ns
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SWAP: Swap = Swap { from_ns: 100, to_ns: 200, n_offers: 3 };
    const LAG: u64 = 10;

    #[test]
    fn an_exchanged_offer_is_known_by_either_name_and_by_no_third() {
        assert_eq!([0, 2, 3, 5].map(|no| SWAP.before(no)), [(0, false), (2, false), (0, true), (2, true)]);
        assert_eq!([6, u32::MAX].map(|no| SWAP.before(no)), [(6, false), (u32::MAX, false)]);
    }

    #[test]
    fn the_old_name_holds_until_the_reload_has_ended_and_for_what_was_due_before() {
        let is_right = |due, read| SWAP.allows(false, due, read, LAG);
        assert!(is_right(50, 60) && is_right(150, 160) && is_right(200, 999));
        assert!(!is_right(201, 202), "the server was told, and goes on with what it had");
    }

    #[test]
    fn the_new_name_holds_from_when_the_reload_began() {
        let is_right = |due, read| SWAP.allows(true, due, read, LAG);
        assert!(is_right(150, 160) && is_right(300, 310));
        assert!(is_right(95, 105), "handled as late as a message may be");
        assert!(!is_right(95, 99), "nobody had told the server yet");
        assert!(!is_right(50, 300), "it was given its name before");
    }
}
