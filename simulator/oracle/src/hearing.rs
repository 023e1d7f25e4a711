//! Words on consent, from being said to being durable.

use std::collections::BTreeSet;

use crate::row::{Row, Terms};
use crate::{Consent, ConsentState, Effect, Hearing, Oracle, Purpose, Rules};

/// Words about consent on their way to be durable.
#[derive(Debug, Default)]
pub(crate) struct Spoken {
    said: Vec<Spoke>,
    on_its_way: Vec<Spoke>,
    /// Customers of whom something is to be written down.
    pub(crate) touched: BTreeSet<u32>,
    touched_on_its_way: BTreeSet<u32>,
}

#[derive(Clone, Copy, Debug)]
struct Spoke {
    customer: u32,
    merchant: u32,
    purpose: Purpose,
    n_said: u32,
}

impl Spoken {
    /// A row changed without a word.
    pub(crate) fn note(&mut self, customer: u32, row: &Row) {
        let &Row { merchant, purpose, .. } = row;
        self.said.push(Spoke { customer, merchant, purpose, n_said: row.n_said() });
        self.touched.insert(customer);
    }

    /// Nothing more is written down of a customer; what is on its way arrives.
    pub(crate) fn forget(&mut self, customer: u32) {
        self.said.retain(|spoke| spoke.customer != customer);
        self.touched.remove(&customer);
    }
}

impl Oracle {
    /// A customer's word on one purpose of one merchant: what it takes away holds at once, what it
    /// gives once [`Oracle::committed`] follows [`Oracle::stage`].
    pub fn consent(
        &mut self,
        customer: u32,
        merchant: u32,
        purpose: Purpose,
        consent: &Consent,
        now_ms: i64,
    ) -> Effect {
        let now_ms = self.advance(now_ms);
        if consent.is_presumed() {
            return Effect::BackendOnly;
        }
        if self.is_of_an_erased_life(customer, consent) {
            return Effect::Erased;
        }
        let terms = self.terms(customer, merchant, purpose, consent, now_ms);
        if consent.proves_nothing(terms.is_double, now_ms) {
            return Effect::NoEvidence;
        }
        // Nobody is known by what nobody vouches for.
        if consent.is_hearsay() && consent.yes_at_ms().is_some() && !self.is_known(customer) {
            return Effect::NotAttested;
        }
        let is_homeless = !self.rules.law.knows_home_of(&self.profile_of(customer));
        let known = self.customer_mut(customer);
        (known.is_known, known.is_homeless) = (true, is_homeless);
        let was_seen = known.allows(merchant, Purpose::Background, now_ms);
        let is_first_yes = known.is_first_yes(purpose, consent.word, now_ms);
        let place = known.place_of(merchant, purpose);
        let mut row = place.map_or(Row::unknown(merchant, purpose), |place| known.rows[place]);
        let (effect, takes_away) = row.hear(consent, &terms, now_ms);
        if effect == Effect::Applied {
            match place {
                Some(place) => known.rows[place] = row,
                None => known.rows.push(row),
            }
            known.n_restrictions += u32::from(takes_away);
            if is_first_yes && matches!(row.said.state, ConsentState::Granted { .. }) {
                *known.agreed_at_ms.now_mut() = Some(now_ms);
            }
            self.spoken.said.push(Spoke { customer, merchant, purpose, n_said: row.n_said() });
        }
        self.spoken.touched.insert(customer);
        if purpose == Purpose::Location {
            self.stop_seeing(customer, now_ms);
        }
        if was_seen && !self.customers[customer as usize].allows(merchant, Purpose::Background, now_ms) {
            self.leave_all(customer, merchant);
        }
        effect
    }

    /// By what a word is weighed; whoever vouches for old words vouches for how they were said, too.
    fn terms(&self, customer: u32, merchant: u32, purpose: Purpose, consent: &Consent, now_ms: i64) -> Terms {
        let Rules { law, grant_lasts_ms, location_lasts_ms, token_lasts_ms, .. } = &self.rules;
        let profile = self.profile_of(customer);
        let is_vouched_for = consent.hearing == Hearing::Imported { attested: true };
        let sees = matches!(purpose, Purpose::Location | Purpose::Background);
        let by_law_ms = law.grant_lasts_max_ms(&profile, merchant, purpose, now_ms);
        Terms {
            is_double: !is_vouched_for && law.asks_twice(&profile, merchant, purpose, now_ms),
            grant_lasts_ms: if sees { *location_lasts_ms } else { *grant_lasts_ms },
            lasts_max_ms: by_law_ms.into_iter().chain(sees.then_some(*location_lasts_ms)).min(),
            token_lasts_ms: *token_lasts_ms,
            erased_at_ms: self.graves.erased_at_ms(customer),
        }
    }

    /// The engine was asked what to record, and nothing it gave out before is on its way: what has
    /// been gathered for long enough gets its verdicts, and all that was said up to here is written down.
    pub fn stage(&mut self, now_ms: i64) {
        let now_ms = self.advance(now_ms);
        self.decide_due(now_ms);
        self.stock.write();
        let Spoken { said, on_its_way, touched, touched_on_its_way } = &mut self.spoken;
        for spoke in said.drain(..) {
            let known = &mut self.customers[spoke.customer as usize];
            let place = known.place_of(spoke.merchant, spoke.purpose).expect("it was spoken of");
            known.rows[place].write();
            on_its_way.push(spoke);
        }
        for customer in std::mem::take(touched) {
            self.customers[customer as usize].write();
            touched_on_its_way.insert(customer);
        }
    }

    /// What was staged is durable: grants are in force, and the next look is a first one for whom
    /// somebody may see now who could not before.
    pub fn committed(&mut self, now_ms: i64) {
        let now_ms = self.advance(now_ms);
        self.stock.confirm();
        for spoke in std::mem::take(&mut self.spoken.on_its_way) {
            if let Some(stored) = self.graves.stored_mut(spoke.customer) {
                let place = stored.place_of(spoke.merchant, spoke.purpose).expect("it was spoken of");
                stored.rows[place].confirm(spoke.n_said);
                continue;
            }
            let known = &mut self.customers[spoke.customer as usize];
            let place = known.place_of(spoke.merchant, spoke.purpose).expect("it was spoken of");
            let was_hidden = known.rows[place].in_force.refusal(now_ms).is_some();
            known.rows[place].confirm(spoke.n_said);
            let is_seen = known.rows[place].in_force.refusal(now_ms).is_none();
            let sees = matches!(spoke.purpose, Purpose::Location | Purpose::Background);
            if was_hidden && is_seen && sees {
                known.look_anew();
            }
        }
        for customer in std::mem::take(&mut self.spoken.touched_on_its_way) {
            let stored = self.graves.stored_mut(customer);
            stored.unwrap_or(&mut self.customers[customer as usize]).confirm();
        }
    }
}
