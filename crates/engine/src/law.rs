//! Which law counts for a customer, a merchant and a fence.

use std::collections::BTreeMap;
use std::sync::Arc;

use consent_gate::rules::SmsDemands;
use consent_gate::{Binding, OptIn, Purpose, RuleBook, Whereabouts};
use model::{FenceFacts, Jurisdiction, MerchantId, Profile, Timestamp};
use notifier::SmsLaw;

/// The rules, and what the operator has said of places.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Law {
    /// All rules; all shards share them.
    pub rules: Arc<RuleBook>,
    /// Where customers live of whom nobody knows better.
    pub default_residence: Option<Jurisdiction>,
    /// Where merchants sit.
    pub seats: BTreeMap<MerchantId, Jurisdiction>,
}

impl Law {
    /// Where a customer lives, as far as anybody knows; with `None` nothing of theirs may be looked at.
    #[must_use]
    pub fn residence(&self, profile: &Profile) -> Option<Jurisdiction> {
        profile.residence.or(self.default_residence)
    }

    /// The places whose law counts.
    #[must_use]
    pub fn whereabouts(
        &self,
        profile: &Profile,
        merchant: Option<&MerchantId>,
        fence: Option<&FenceFacts>,
    ) -> Whereabouts {
        let whereabouts = Whereabouts {
            residence: self.residence(profile),
            phone_region: profile.phone_region,
            seat: merchant.and_then(|merchant| self.seats.get(merchant).copied()),
            ..Whereabouts::default()
        };
        fence.map_or(whereabouts, |fence| whereabouts.at(fence))
    }

    /// The rules that bind.
    #[must_use]
    pub fn binding(
        &self,
        profile: &Profile,
        merchant: Option<&MerchantId>,
        fence: Option<&FenceFacts>,
        now: Timestamp,
    ) -> Binding<'_> {
        self.rules.binding(&self.whereabouts(profile, merchant, fence), now)
    }

    /// How often a customer must say yes to a merchant before it counts.
    #[must_use]
    pub fn opt_in(
        &self,
        profile: &Profile,
        merchant: &MerchantId,
        purpose: Purpose,
        now: Timestamp,
    ) -> OptIn {
        self.binding(profile, Some(merchant), None, now).opt_in(purpose)
    }

    /// What is asked of text messages about a fence, and by which rules; `None` when nothing is.
    pub(crate) fn of_sms(
        &self,
        profile: &Profile,
        merchant: &MerchantId,
        fence: &FenceFacts,
        now: Timestamp,
    ) -> Option<(SmsLaw, Box<str>)> {
        let binding = self.binding(profile, Some(merchant), Some(fence), now);
        let law = SmsLaw { hours: binding.sms_hours(), per_24h_max: binding.sms_per_24h_max() };
        if law.hours.is_always() && law.per_24h_max.is_none() {
            return None;
        }
        let sms = binding.why().iter().map(|bound| bound.rule);
        let of_sms = sms.filter(|rule| rule.demands.sms != SmsDemands::default()).map(|rule| &*rule.id);
        let filled = binding.is_filled().then_some("strict");
        Some((law, of_sms.chain(filled).collect::<Vec<_>>().join(" ").into()))
    }
}
