//! What a phone has taken and not yet handed over.

use model::{Fix, Millis, Timestamp};

use crate::chance::Chance;
use crate::troubles::Trouble;

/// Fixes that wait, in the order in which they were put in.
#[derive(Clone, Default)]
pub(crate) struct Pocket {
    kept: Vec<Kept>,
    /// Until then nothing gets out.
    tunnel_until: Option<Timestamp>,
}

#[derive(Clone)]
struct Kept {
    fix: Fix,
    due_at: Timestamp,
    /// Comes after the fix of that moment, not before it.
    behind: bool,
}

/// A tunnel ends when so many fixes wait in it.
const N_KEPT_MAX: usize = 256;

impl Pocket {
    pub(crate) fn is_empty(&self) -> bool {
        self.kept.is_empty() && self.tunnel_until.is_none()
    }

    /// Hands over what gets out at an instant at which a fix was taken.
    pub(crate) fn hand_over(
        &mut self,
        fix: Fix,
        trouble: Option<Trouble>,
        chance: &mut Chance,
        out: &mut Vec<Fix>,
        now: Timestamp,
    ) {
        if trouble == Some(Trouble::Tunnel) && self.tunnel_until.is_none() {
            self.tunnel_until = Some(now + Millis::new(chance.between(60_000.0, 180_000.0) as i64));
        }
        if let Some(until) = self.tunnel_until {
            if now < until && self.kept.len() < N_KEPT_MAX {
                self.keep(fix, until, false);
                return;
            }
            self.tunnel_until = None;
            self.kept.iter_mut().for_each(|kept| kept.due_at = kept.due_at.min(now));
        }
        let was_late = self.kept.len();
        match trouble {
            Some(Trouble::Late) => {
                self.keep(fix, now + Millis::new(chance.between(15_000.0, 115_000.0) as i64), false);
            }
            Some(Trouble::OutOfOrder) => self.keep(fix, now, true),
            Some(Trouble::Twice) => self.keep(fix, now, false),
            Some(Trouble::Liar | Trouble::ColdStart | Trouble::Tunnel | Trouble::Mock) | None => {}
        }
        let handed_over = !matches!(trouble, Some(Trouble::Late | Trouble::OutOfOrder));
        self.release(was_late, handed_over.then_some(fix), out, now);
    }

    fn keep(&mut self, fix: Fix, due_at: Timestamp, behind: bool) {
        self.kept.push(Kept { fix, due_at, behind });
    }

    /// What is due of the first `n`, with the fix of this moment among it.
    fn release(&mut self, n: usize, fix: Option<Fix>, out: &mut Vec<Fix>, now: Timestamp) {
        let due = |kept: &&Kept| kept.due_at <= now;
        out.extend(self.kept[..n].iter().filter(due).filter(|kept| !kept.behind).map(|kept| kept.fix));
        out.extend(fix);
        out.extend(self.kept[..n].iter().filter(due).filter(|kept| kept.behind).map(|kept| kept.fix));
        let mut no = 0;
        self.kept.retain(|kept| {
            no += 1;
            n < no || now < kept.due_at
        });
    }
}
