//! What is not wrong with offers and yet hardly meant.

use model::{Millis, Timestamp};
use offers::{Catalogue, Offer};

use super::{OffersFile, Written};
use crate::Problem;

impl OffersFile {
    /// What an operator hardly meant: offers that will never be said, each with its reason.
    ///
    /// # Panics
    /// As [`OffersFile::catalogue`]: never.
    #[must_use]
    pub fn warnings(&self, now: Timestamp) -> Vec<Problem> {
        let catalogue: Catalogue = self.catalogue();
        let offers = self.offers.iter().zip(catalogue.offers());
        offers.flat_map(|(written, offer)| self.warnings_of(written, offer, now)).collect()
    }

    fn warnings_of(&self, written: &Written, offer: &Offer, now: Timestamp) -> Vec<Problem> {
        let mut warnings = Vec::new();
        let limits = written.draft.stock;
        for (key, limit) in [("stock_total", limits.total), ("stock_per_day", limits.per_day)] {
            if limit == Some(0) {
                warnings.push(self.problem(written, key, "is 0, so it is never said"));
            }
        }
        let season = &written.draft.season;
        if let Some(ends_on) = season.ends_on.filter(|ends_on| is_over(ends_on.to_epoch_days(), now)) {
            warnings.push(self.problem(written, "ends_on", format!("was {ends_on}, so it is never said")));
        } else if !offer.comes_after(now) {
            let reason = "never comes between its dates within 400 days, so it is never said";
            warnings.push(self.problem(written, "schedule", reason));
        }
        warnings
    }
}

/// Whether a day has passed everywhere; the last clocks are twelve hours behind.
fn is_over(days_since_1970: i32, now: Timestamp) -> bool {
    const DAY_MS: i64 = 86_400_000;
    let last_clock = now - Millis::from_hours(12);
    i64::from(days_since_1970) < last_clock.unix_ms().div_euclid(DAY_MS)
}
