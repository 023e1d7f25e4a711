//! After a crash: what was lost, and going on from what is left.

use std::fmt::Debug;

use crate::customer::{Customer, Durability, Outgoing};
use crate::kept::Kept;
use crate::presence::{Device, Visit};
use crate::row::{Row, Stood};
use crate::screening::UsedBefore;
use crate::speaking::is_said_by;
use crate::{Counts, Heard, Oracle, Patience, Profile, Restored, StoredCustomer, StoredNotice};

impl Oracle {
    /// The engine starts again after a crash, with what its storage gave back.
    ///
    /// Says in sentences, each beginning with the name of an invariant, what was lost though it had
    /// been acknowledged or could have been sent; then goes on from what was given back: a visit read
    /// back stays open and its evidence begins anew, all else that a look finds was there before, what
    /// stood in the outbox passes the gate again, and what was gathered was never decided.
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
        if !self.stock.may_be(|known| there_are(known) == there_are(&restored.stock)) {
            sentences.push(different(
                "stock_holds: the counts of offers",
                self.stock.durable(),
                &restored.stock,
            ));
        }
        self.stock = Kept::stored(restored.stock.clone());
        for ((no, known), stored) in (0_u32..).zip(&self.customers).zip(&stored_of) {
            let known = self.graves.stored(no).unwrap_or(known);
            let lost = known.lost(stored.unwrap_or(&nothing), now_ms, now_ms.saturating_sub(memory_ms));
            sentences.extend(lost.into_iter().map(|what| format!("{what} (customer {no})")));
        }
        self.graves.start_again();
        self.reminders.start_again();
        self.due_gatherings.clear();
        self.spoken = crate::hearing::Spoken::default();
        self.timers.clear();
        self.edits.called_off.clear();
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
        self.reminders.open(now_ms);
        for no in 0..self.customers.len() as u32 {
            let known = &self.customers[no as usize];
            let goes_on = |outgoing: &&Outgoing| {
                now_ms < outgoing.expires_at_ms
                    && self.is_fence_of(outgoing.said.fence, outgoing.merchant)
                    && is_said_by(outgoing, &self.offers)
                    && known.may_be_told(outgoing.merchant, outgoing.channel, now_ms)
            };
            let outbox: Vec<Outgoing> = known.outbox.iter().filter(goes_on).cloned().collect();
            if outbox.len() != known.outbox.len() {
                self.spoken.touched.insert(no);
            }
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
        let row = |row: &crate::StoredConsent| Row::stored(row.merchant, row.purpose, row.stood());
        let outgoing = |notice: &StoredNotice| Outgoing {
            said: notice.said,
            expires_at_ms: notice.expires_at_ms,
            n_restrictions,
            durability: Durability::Durable,
            kind: notice.kind,
            merchant: notice.merchant,
            channel: notice.channel,
            words: notice.words.clone(),
        };
        let is_homeless = !self.rules.law.knows_home_of(&stored.profile);
        self.customers[no as usize] = Customer {
            is_homeless,
            rows: stored.consents.iter().map(row).collect(),
            n_restrictions,
            heard: Kept::stored(stored.heard.clone()),
            profile: Kept::stored(stored.profile.clone()),
            patience: Kept::stored(stored.patience.clone()),
            agreed_at_ms: Kept::stored(stored.agreed_at_ms),
            stood: Kept::stored(stored.outbox.iter().map(|notice| notice.said).collect()),
            outbox: stored.outbox.iter().map(outgoing).collect(),
            ..Customer::default()
        };
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
            let before_ms = device.track.used_before.map_or(i64::MIN, |before| before.at_ms);
            let at_ms = before_ms.max(visit.last_at_ms);
            device.track.used_before = Some(UsedBefore { at_ms, n_visits: device.visits.len() });
        }
    }
}

impl crate::StoredConsent {
    const fn stood(&self) -> Stood {
        let &Self { state, restricted_at_ms, version, is_reminded, .. } = self;
        Stood { state, restricted_at_ms, version, is_reminded }
    }
}

impl Customer {
    /// What a storage should have given back and did not, and what it made up.
    fn lost(&self, stored: &StoredCustomer, now_ms: i64, forgotten_before_ms: i64) -> Vec<String> {
        let mut sentences = self.lost_consents(stored);
        let recent = |heard: &[Heard]| -> Vec<Heard> {
            heard.iter().filter(|heard| forgotten_before_ms < heard.at_ms).copied().collect()
        };
        if !self.agreed_at_ms.may_be(|known| *known == stored.agreed_at_ms) {
            let known = self.agreed_at_ms.durable();
            sentences.push(different(
                "acknowledged_is_durable: when they agreed to offers",
                known,
                &stored.agreed_at_ms,
            ));
        }
        if !self.profile.may_be(|known| in_order(known) == in_order(&stored.profile)) {
            let known = self.profile.durable();
            sentences.push(different("acknowledged_is_durable: their profile", known, &stored.profile));
        }
        if !self.patience.may_be(|known| bears(known, now_ms) == bears(&stored.patience, now_ms)) {
            let known = self.patience.durable();
            sentences.push(different("acknowledged_is_durable: what they bear", known, &stored.patience));
        }
        if !self.heard.may_be(|known| recent(known) == recent(&stored.heard)) {
            let known = self.heard.durable();
            sentences.push(different("caps_hold: what they heard", known, &stored.heard));
        }
        let outbox: Vec<_> = stored.outbox.iter().map(|notice| notice.said).collect();
        if !self.stood.may_be(|known| *known == outbox) {
            let known = self.stood.durable();
            sentences.push(different("ledger_precedes_delivery: what was to be sent", known, &outbox));
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
            let kept = kept.map_or_else(Default::default, crate::StoredConsent::stood);
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

fn different<T: Debug>(what: &str, durable: &T, read: &T) -> String {
    format!("{what} was durable as {durable:?} and read back as {read:?}")
}

/// Lists of a profile have no order.
fn in_order(profile: &Profile) -> Profile {
    let mut profile = profile.clone();
    profile.favourites.sort_unstable();
    profile.categories.sort_unstable();
    profile.segments.sort_unstable();
    profile.dial.muted_merchants.sort_unstable();
    profile.dial.muted_fences.sort_unstable();
    profile
}

/// What of it still means something.
fn bears(patience: &Patience, now_ms: i64) -> Patience {
    let mut patience = patience.in_force(now_ms);
    patience.told.retain(|_, n| *n != 0);
    patience
}

/// Days are kept for a week and a day.
fn there_are(counts: &Counts) -> Counts {
    let newest = |no: u32| counts.keys().filter(|(of, _)| *of == no).filter_map(|(_, day)| *day).max();
    let is_kept = |(of, day): &(u32, Option<chrono::NaiveDate>)| {
        day.zip(newest(*of)).is_none_or(|(day, newest)| (newest - day).num_days() < 8)
    };
    counts.iter().filter(|(of, n)| **n != 0 && is_kept(of)).map(|(of, n)| (*of, *n)).collect()
}
