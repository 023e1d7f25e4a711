//! Stored rows, words on consent and answers as the oracle takes them.

use consent_gate::{
    Actor, Block, ConsentEvent, ConsentKind, ConsentState, Hearing, Method, Purpose, TokenHash,
};
use ledger::{DeliveryOutcome, StateRow, StockCount};
use model::{
    DeviceId, FeedbackKind, FenceId, Heard, MerchantId, Notification, NotificationId, OfferId, Profile,
    SilenceOver, SilenceReason, Timestamp, Tolerance,
};
use oracle::{
    Answer, Answers, Consent, Leaving, Over, Patience, Said, StoredConsent, StoredCustomer, StoredNotice,
    StoredVisit, Why, Word,
};

use super::second;

/// From names to numbers.
pub(crate) trait Numbers {
    /// Of a merchant.
    fn merchant(&self, id: &MerchantId) -> Option<u32>;
    /// Of a fence.
    fn fence(&self, id: &FenceId) -> Option<u32>;
    /// Of an offer.
    fn offer(&self, id: &OfferId) -> Option<u32>;
    /// Of a phone of a customer.
    fn device(&self, customer: u32, id: &DeviceId) -> Option<u32>;
    /// What a name of a decided offer stands for, and its words when it was decided.
    fn said(&self, id: NotificationId) -> Option<(Said, String)>;

    /// A customer's row.
    fn stored(&self, customer: u32, row: &StateRow) -> StoredCustomer {
        let consent = |row: &consent_gate::ConsentRow| {
            Some(StoredConsent {
                merchant: self.merchant(&row.merchant)?,
                purpose: purpose(row.purpose),
                state: state(row.state),
                restricted_at_ms: row.restricted_at.map(Timestamp::unix_ms),
                version: row.notice.as_ref().map(|notice| notice.version),
                is_reminded: row.reminded,
            })
        };
        let visit = |visit: &ledger::OpenVisit| {
            Some(StoredVisit {
                device: self.device(customer, &visit.device)?,
                fence: self.fence(&visit.fence)?,
                entered_at_ms: visit.entered_at.unix_ms(),
                last_at_ms: visit.last_at.unix_ms(),
                initial: visit.initial,
                dwelled: visit.dwelled,
            })
        };
        StoredCustomer {
            customer,
            consents: row.consents.iter().filter_map(consent).collect(),
            agreed_at_ms: row.consented_since.map(Timestamp::unix_ms),
            profile: self.profile(&row.profile),
            patience: self.patience(&row.tolerance),
            heard: row.heard.iter().filter_map(|heard| self.heard(heard)).collect(),
            outbox: row.outbox.iter().filter_map(|notification| self.notice(notification)).collect(),
            visits: row.visits.iter().filter_map(visit).collect(),
        }
    }

    /// What a customer said about themselves.
    fn profile(&self, profile: &Profile) -> oracle::Profile {
        let Profile { favourites, categories, segments, dial, .. } = profile;
        let fences = |ids: &[FenceId]| ids.iter().filter_map(|id| self.fence(id)).collect();
        let segment =
            |(merchant, name): &(MerchantId, Box<str>)| Some((self.merchant(merchant)?, name.to_string()));
        let place = |place: Option<model::Jurisdiction>| place.map(|place| place.as_str().to_owned());
        oracle::Profile {
            residence: place(profile.residence),
            phone_region: place(profile.phone_region),
            tz: profile.tz.as_deref().and_then(|name| name.parse().ok()),
            minor: profile.minor,
            favourites: fences(favourites),
            categories: categories.iter().map(ToString::to_string).collect(),
            segments: segments.iter().filter_map(segment).collect(),
            dial: oracle::Dial {
                per_week: dial.per_week,
                quiet: dial.quiet,
                muted_merchants: dial.muted_merchants.iter().filter_map(|id| self.merchant(id)).collect(),
                muted_fences: fences(&dial.muted_fences),
            },
        }
    }

    /// What a customer bears.
    fn patience(&self, tolerance: &Tolerance) -> Patience {
        let over = |over: &SilenceOver| {
            Some(match over {
                SilenceOver::All => Over::All,
                SilenceOver::Merchant(id) => Over::Merchant(self.merchant(id)?),
                SilenceOver::Fence(id) => Over::Fence(self.fence(id)?),
                SilenceOver::Offer(id) => Over::Offer(self.offer(id)?),
            })
        };
        let mut patience = Patience {
            limit_milli: tolerance.limit_milli,
            nudge_milli: tolerance.nudge_milli,
            nudge_at_ms: tolerance.nudge_at.unix_ms(),
            n_ignored: tolerance.n_ignored,
            settled_to_ms: tolerance.settled_to.unix_ms(),
            halved_until_ms: tolerance.halved_until.map(Timestamp::unix_ms),
            ..Patience::default()
        };
        for silence in &tolerance.silences {
            let Some(over) = over(&silence.over) else { continue };
            let for_ever = silence.until == Timestamp::MAX;
            let until_ms = if for_ever { i64::MAX } else { silence.until.unix_ms() };
            let until = patience.silences.entry((over, why(silence.why))).or_insert(until_ms);
            *until = (*until).max(until_ms);
        }
        let told = tolerance.told.iter();
        patience.told.extend(told.filter_map(|(id, n)| Some((self.offer(id)?, u32::from(*n)))));
        patience
    }

    /// What a customer heard.
    fn heard(&self, heard: &Heard) -> Option<oracle::Heard> {
        let (said, _) = self.said(heard.notification())?;
        let mut answers = Answers::default();
        answers.fast = heard.answers.is_fast();
        for kind in FeedbackKind::ALL.into_iter().filter(|kind| heard.answers.has(*kind)) {
            answers.add(answer(kind));
        }
        Some(oracle::Heard {
            said,
            at_ms: heard.at.unix_ms(),
            merchant: self.merchant(&heard.merchant)?,
            tz: heard.zone.as_deref().and_then(|zone| zone.parse().ok()),
            channel: second::channel(heard.channel),
            standing: match heard.standing {
                model::Standing::Sent => oracle::Standing::Sent,
                model::Standing::HeldOut => oracle::Standing::HeldOut,
                model::Standing::Observed => oracle::Standing::Observed,
            },
            cost: heard.cost,
            favourite: heard.favourite,
            answers,
            shown_at_ms: heard.shown_at.map(Timestamp::unix_ms),
        })
    }

    /// What stands in an outbox.
    fn notice(&self, notification: &Notification) -> Option<StoredNotice> {
        let (said, words) = self.said(notification.id)?;
        Some(StoredNotice {
            said,
            expires_at_ms: notification.expires_at.unix_ms(),
            kind: second::kind(notification.trigger),
            merchant: self.merchant(&notification.merchant)?,
            channel: second::channel(notification.channel),
            words,
        })
    }

    /// How often offers went out.
    fn stock(&self, counts: &[StockCount]) -> oracle::Counts {
        let day = |days: i32| chrono::NaiveDate::from_epoch_days(days).expect("a day of the calendar");
        let count = |count: &StockCount| Some(((self.offer(&count.offer)?, count.day.map(day)), count.n));
        counts.iter().filter_map(count).collect()
    }
}

const fn why(reason: SilenceReason) -> Why {
    match reason {
        SilenceReason::Dismissed => Why::Dismissed,
        SilenceReason::TooOften => Why::TooOften,
        SilenceReason::Creepy => Why::Creepy,
        SilenceReason::Redeemed => Why::Redeemed,
        SilenceReason::NotRelevant => Why::NotRelevant,
    }
}

/// An answer.
pub(crate) const fn answer(kind: FeedbackKind) -> Answer {
    match kind {
        FeedbackKind::Delivered => Answer::Delivered,
        FeedbackKind::Failed => Answer::Failed,
        FeedbackKind::Received => Answer::Received,
        FeedbackKind::Shown => Answer::Shown,
        FeedbackKind::Opened => Answer::Opened,
        FeedbackKind::Dismissed => Answer::Dismissed,
        FeedbackKind::Redeemed => Answer::Redeemed,
        FeedbackKind::NotRelevant => Answer::NotRelevant,
        FeedbackKind::TooOften => Answer::TooOften,
        FeedbackKind::Creepy => Answer::Creepy,
    }
}

/// What consent is asked for.
pub(crate) const fn purpose(purpose: Purpose) -> oracle::Purpose {
    match purpose {
        Purpose::Location => oracle::Purpose::Location,
        Purpose::OffersPush => oracle::Purpose::OffersPush,
        Purpose::OffersSms => oracle::Purpose::OffersSms,
        Purpose::OffersEmail => oracle::Purpose::OffersEmail,
        Purpose::OffersInbox => oracle::Purpose::OffersInbox,
        Purpose::Personalisation => oracle::Purpose::Personalisation,
        Purpose::Background => oracle::Purpose::Background,
        Purpose::History => oracle::Purpose::History,
        Purpose::Measurement => oracle::Purpose::Measurement,
        Purpose::Aggregate => oracle::Purpose::Aggregate,
        Purpose::ThirdParty => oracle::Purpose::ThirdParty,
    }
}

/// A word on consent with its evidence, and how it came.
pub(crate) fn consent(event: &ConsentEvent, hearing: Hearing, is_from_phone: bool) -> Consent {
    Consent {
        word: word(event.kind),
        shown_at_ms: event.notice.as_ref().map(|notice| notice.shown_at.unix_ms()),
        version: event.notice.as_ref().map(|notice| notice.version),
        evidence_at_ms: event.evidence_at.map(Timestamp::unix_ms),
        can_say_yes: event.method != Method::Gpc,
        hearing: match hearing {
            Hearing::Live => oracle::Hearing::Live,
            Hearing::Imported { attested } => oracle::Hearing::Imported { attested },
        },
        is_from_phone,
        is_their_own: event.actor == Actor::Own,
    }
}

fn word(kind: ConsentKind) -> Word {
    match kind {
        ConsentKind::Show => Word::Show,
        ConsentKind::Grant { until, confirm } => {
            Word::Grant { until_ms: until.map(Timestamp::unix_ms), token: confirm.map(token) }
        }
        ConsentKind::Confirm { token: hash } => Word::Confirm { token: token(hash) },
        ConsentKind::Refuse => Word::Refuse,
        ConsentKind::Withdraw => Word::Withdraw,
        ConsentKind::Pause { until } => Word::Pause { until_ms: until.map(Timestamp::unix_ms) },
        ConsentKind::Resume => Word::Resume,
        ConsentKind::Supersede => Word::Supersede,
        ConsentKind::Block { why } => Word::Block { is_minor: why == Block::Minor },
        ConsentKind::Unblock => Word::Unblock,
    }
}

/// The beginning of a hash is name enough.
fn token(hash: TokenHash) -> u64 {
    u64::from_str_radix(&hash.to_hex()[..16], 16).expect("digits of a hash")
}

fn state(state: ConsentState) -> oracle::ConsentState {
    match state {
        ConsentState::Unknown => oracle::ConsentState::Unknown,
        ConsentState::Granted { until } => oracle::ConsentState::Granted { until_ms: until.unix_ms() },
        ConsentState::Paused { until, granted_until } => oracle::ConsentState::Paused {
            until_ms: until.unix_ms(),
            granted_until_ms: granted_until.unix_ms(),
        },
        ConsentState::Refused => oracle::ConsentState::Refused,
        ConsentState::Withdrawn => oracle::ConsentState::Withdrawn,
        ConsentState::Requested => oracle::ConsentState::Requested,
        ConsentState::PendingConfirmation { until, granted_until, token: hash, renews } => {
            oracle::ConsentState::Pending {
                until_ms: until.unix_ms(),
                granted_until_ms: granted_until.unix_ms(),
                token: token(hash),
                renews_ms: renews.map(Timestamp::unix_ms),
            }
        }
        ConsentState::Expired => oracle::ConsentState::Expired,
        ConsentState::Superseded => oracle::ConsentState::Superseded,
        ConsentState::Suppressed { why } => {
            oracle::ConsentState::Suppressed { is_minor: why == Block::Minor }
        }
    }
}

/// The word that acknowledgements use.
pub(crate) const fn effect_word(effect: oracle::Effect) -> &'static str {
    match effect {
        oracle::Effect::Applied => "applied",
        oracle::Effect::LateGrant => "late_grant",
        oracle::Effect::NoEvidence => "no_evidence",
        oracle::Effect::NothingToChange => "nothing_to_change",
        oracle::Effect::NotAttested => "not_attested",
        oracle::Effect::Erased => "erased",
        oracle::Effect::BackendOnly => "backend_only",
    }
}

/// How something left, for the oracle.
pub(crate) const fn leaving(outcome: DeliveryOutcome) -> Leaving {
    match outcome {
        DeliveryOutcome::Sent => Leaving::Sent,
        DeliveryOutcome::Expired => Leaving::Expired,
        DeliveryOutcome::Revoked => Leaving::Revoked,
        DeliveryOutcome::Refused => Leaving::Refused,
        DeliveryOutcome::Lapsed => Leaving::Lapsed,
        DeliveryOutcome::FenceGone => Leaving::FenceGone,
        DeliveryOutcome::OfferGone => Leaving::OfferGone,
    }
}

/// How the oracle says that something leaves.
pub(crate) const fn outcome(leaving: Leaving) -> DeliveryOutcome {
    match leaving {
        Leaving::Sent => DeliveryOutcome::Sent,
        Leaving::Expired => DeliveryOutcome::Expired,
        Leaving::Revoked => DeliveryOutcome::Revoked,
        Leaving::Refused => DeliveryOutcome::Refused,
        Leaving::Lapsed => DeliveryOutcome::Lapsed,
        Leaving::FenceGone => DeliveryOutcome::FenceGone,
        Leaving::OfferGone => DeliveryOutcome::OfferGone,
    }
}
