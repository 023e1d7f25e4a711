//! After a crash: what was lost, and going on from what is left.

use crate::consent::Row;
use crate::customer::{Customer, Durability, Heard, Outgoing};
use crate::presence::{Device, Visit};
use crate::speaking::Line;
use crate::{Oracle, Restored, StoredCustomer, StoredNotice};

impl Oracle {
    /// The engine starts again after a crash, with what its storage gave back.
    ///
    /// Says in sentences, each beginning with the name of an invariant, what was lost though it had
    /// been acknowledged or could have been sent; then goes on from what was given back: a visit read
    /// back stays open and its evidence begins anew, all else that a look finds was there before, what
    /// stood in the outbox passes the gate again, and what waited in line was never decided. That an edit
    /// ended a visit is not stored, so it is forgotten: an offer about it goes on if the fence is there.
    /// The clock begins anew too, wherever that of the engine before stood.
    pub fn restart(&mut self, restored: &Restored, now_ms: i64) -> Vec<String> {
        let sentences = self.read_back(restored, now_ms);
        self.open(now_ms);
        sentences
    }

    /// The first half of [`Oracle::restart`]; fences that were edited meanwhile come next, by
    /// [`Oracle::fences`], and then [`Oracle::open`].
    ///
    /// Another engine begins here, and knows of no time before its own.
    pub fn read_back(&mut self, restored: &Restored, now_ms: i64) -> Vec<String> {
        self.now_ms = now_ms;
        let mut sentences = Vec::new();
        let nothing = StoredCustomer::default();
        let last = restored.customers.iter().map(|stored| stored.customer).max();
        self.customer_mut(last.unwrap_or(0));
        let mut stored_of: Vec<Option<&StoredCustomer>> = vec![None; self.customers.len()];
        for stored in &restored.customers {
            stored_of[stored.customer as usize] = Some(stored);
        }
        let memory_ms = self.rules.memory_ms();
        for ((no, known), stored) in (0_u32..).zip(&self.customers).zip(&stored_of) {
            let lost = known.lost(stored.unwrap_or(&nothing), now_ms.saturating_sub(memory_ms));
            sentences.extend(lost.into_iter().map(|what| format!("{what} (customer {no})")));
        }
        self.line = Line::default();
        self.spoken = crate::oracle::Spoken::default();
        self.timers.clear();
        self.edits.ended.clear();
        for (no, stored) in (0..).zip(stored_of) {
            self.adopt(no, stored.unwrap_or(&nothing));
            self.customers[no as usize].is_known = stored.is_some();
        }
        sentences
    }

    /// The gate opens: what stood in the outbox goes on or leaves, and whoever is in a fence is waited
    /// for anew.
    ///
    /// How long a device was silent while nobody listened is not known, if it was heard of lately.
    pub fn open(&mut self, now_ms: i64) {
        let now_ms = self.advance(now_ms);
        for no in 0..self.customers.len() as u32 {
            let known = &self.customers[no as usize];
            let goes_on = |outgoing: &&Outgoing| {
                let merchant = self.offers[outgoing.said.offer as usize].merchant;
                now_ms < outgoing.expires_at_ms
                    && self.stands(&outgoing.said, merchant)
                    && known.may_be_told(merchant, now_ms)
            };
            let outbox = known.outbox.iter().filter(goes_on).copied().collect();
            self.customers[no as usize].outbox = outbox;
            for place in 0..self.customers[no as usize].devices.len() {
                let device = &mut self.customers[no as usize].devices[place];
                let is_recent = now_ms.saturating_sub(device.last_at_ms()) <= self.rules.stale_max_ms;
                if is_recent && !device.visits.is_empty() {
                    device.heard_at(now_ms);
                }
                self.arm(no, place);
            }
        }
    }

    fn adopt(&mut self, no: u32, stored: &StoredCustomer) {
        let n_restrictions = self.customers[no as usize].n_restrictions;
        let row = |row: &crate::StoredConsent| {
            Row::stored(row.merchant, row.purpose, row.state, row.restricted_at_ms)
        };
        let heard = |notice: &StoredNotice| Heard {
            said: notice.said,
            at_ms: notice.at_ms,
            tz: notice.tz,
            durability: Durability::Durable,
        };
        let mut known = Customer::default();
        known.rows = stored.consents.iter().map(row).collect();
        known.n_restrictions = n_restrictions;
        known.heard = stored.heard.iter().map(heard).collect();
        known.adopt_agreed_at(stored.agreed_at_ms);
        let outgoing = |notice: &StoredNotice| Outgoing {
            said: notice.said,
            expires_at_ms: notice.expires_at_ms,
            n_restrictions,
            durability: Durability::Durable,
        };
        known.outbox = stored.outbox.iter().map(outgoing).collect();
        self.customers[no as usize] = known;
        self.resume_visits(no, stored);
    }

    /// Visits in fences that went before are over, silently.
    fn resume_visits(&mut self, no: u32, stored: &StoredCustomer) {
        let known = &mut self.customers[no as usize];
        for visit in &stored.visits {
            if self.map.fence(visit.fence).is_none() {
                continue;
            }
            let place = known.device(visit.device).unwrap_or(known.devices.len());
            if place == known.devices.len() {
                known.devices.push(Device::new(visit.device));
            }
            let device = &mut known.devices[place];
            device.heard_at(visit.last_at_ms);
            let at = device.visits.partition_point(|open| open.fence < visit.fence);
            let open = Visit::stored(visit.fence, visit.entered_at_ms, visit.initial, visit.dwelled);
            device.visits.insert(at, open);
        }
    }
}

impl Customer {
    /// What a storage should have given back and did not, and what it made up.
    fn lost(&self, stored: &StoredCustomer, forgotten_before_ms: i64) -> Vec<String> {
        let mut sentences = self.lost_consents(stored);
        if !self.may_have_agreed_at(stored.agreed_at_ms) {
            sentences.push("acknowledged_is_durable: when they agreed to offers was lost".to_owned());
        }
        for heard in self.heard.iter().filter(|heard| forgotten_before_ms < heard.at_ms) {
            let is_kept =
                stored.heard.iter().any(|kept| kept.said == heard.said && kept.at_ms == heard.at_ms);
            if heard.durability == Durability::Durable && !is_kept {
                sentences.push(format!("caps_hold: a durable decision was forgotten, {:?}", heard.said));
            }
        }
        for kept in &stored.heard {
            let is_it = |heard: &&Heard| heard.said == kept.said && heard.durability != Durability::Said;
            if !self.heard.iter().any(|heard| is_it(&heard)) && !self.given_back.contains(&kept.said) {
                sentences.push(format!("caps_hold: nobody decided what was heard, {:?}", kept.said));
            }
        }
        for outgoing in &self.outbox {
            let is_kept = stored.outbox.iter().any(|kept| kept.said == outgoing.said);
            if outgoing.durability == Durability::Durable && !is_kept {
                let said = outgoing.said;
                sentences.push(format!("ledger_precedes_delivery: what was to be sent is lost, {said:?}"));
            }
        }
        sentences
    }

    fn lost_consents(&self, stored: &StoredCustomer) -> Vec<String> {
        let mut sentences = Vec::new();
        for row in &self.rows {
            let kept = stored
                .consents
                .iter()
                .find(|kept| kept.merchant == row.merchant && kept.purpose == row.purpose);
            let kept = kept.map_or_else(Default::default, |kept| (kept.state, kept.restricted_at_ms));
            if !row.may_be_stored_as(kept) {
                let &Row { merchant, purpose, durable, .. } = row;
                sentences.push(format!(
                    "acknowledged_is_durable: the word on {purpose:?} of merchant {merchant} was durable as \
                     {durable:?} and read back as {kept:?}"
                ));
            }
        }
        for kept in &stored.consents {
            if self.place_of(kept.merchant, kept.purpose).is_none() {
                sentences.push(format!("acknowledged_is_durable: nobody gave the consent {kept:?}"));
            }
        }
        sentences
    }
}
