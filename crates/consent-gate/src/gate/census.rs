//! Walks over everybody: whose grant is about to end, and who agreed on an old text.

use model::{CustomerNo, MerchantNo, Timestamp};

use super::Gate;
use crate::{ConsentState, NoticeName, Purpose};

/// A grant that is about to end, of which its merchant is to be told once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reminder {
    /// Whose.
    pub customer: CustomerNo,
    /// Towards whom.
    pub merchant: MerchantNo,
    /// For what.
    pub purpose: Purpose,
    /// When it ends.
    pub until: Timestamp,
}

impl Gate {
    /// Goes on with a walk over everybody, `n_max` places at most, and appends each grant to be seen
    /// that ends within [`remind_before`](crate::GatePolicy::remind_before) and was not told of before.
    ///
    /// They count as told from here on. True once the walk has been all the way round; the next
    /// call begins it anew.
    pub fn due_reminders(&mut self, n_max: usize, due: &mut Vec<Reminder>, now: Timestamp) -> bool {
        let from = self.walked_to;
        let to = from.saturating_add(n_max).min(self.customers.n_slots()).max(from);
        let soon = now + self.policy.remind_before;
        self.customers.note_in(from..to, |customer, rows| {
            for row in rows.iter_mut().filter(|row| row.purpose.is_to_see() && !row.reminded) {
                let ends_at = row.weighed().granted_until();
                let Some(until) = ends_at.filter(|until| now < *until && *until <= soon) else { continue };
                row.reminded = true;
                due.push(Reminder { customer, merchant: row.merchant, purpose: row.purpose, until });
            }
        });
        let is_round = to == self.customers.n_slots();
        self.walked_to = if is_round { 0 } else { to };
        is_round
    }

    /// Every consent that rests on an older version of a notice, or on nobody knows which text: those
    /// that lose their force when the text changes materially.
    pub fn granted_under(
        &self,
        notice: &NoticeName,
    ) -> impl Iterator<Item = (CustomerNo, MerchantNo, Purpose)> {
        self.customers.iter().flat_map(move |(customer, rows)| {
            let is_meant = move |row: &&super::row::Row| {
                // Of a grant that is being renewed nobody knows which version it was to.
                let renews =
                    matches!(row.weighed(), ConsentState::PendingConfirmation { renews: Some(_), .. });
                let is_older = |agreed_on: &NoticeName| {
                    agreed_on.is_before(notice) || renews && agreed_on.id == notice.id
                };
                row.notice.as_ref().is_none_or(|agreed_on| is_older(agreed_on)) && row.weighed().is_a_yes()
            };
            rows.iter().filter(is_meant).map(move |row| (customer, row.merchant, row.purpose))
        })
    }
}

#[cfg(test)]
mod tests;
