//! The numbers that stand for the words of closed lists. A number is given once and for all.

use consent_gate::{Actor, Block, Effect, Hearing, Method, Purpose};
use model::{Channel, FeedbackKind, SilenceReason, Standing, TransitionKind};

use crate::DeliveryOutcome;

/// A word that a byte stands for.
pub(super) trait Coded: Sized {
    /// Its number.
    fn code(self) -> u8;

    /// What a number stands for, if for anything.
    fn from_code(code: u8) -> Option<Self>;
}

macro_rules! coded {
    ($type:ty { $($code:literal = $word:path),* $(,)? }) => {
        impl Coded for $type {
            fn code(self) -> u8 {
                match self { $($word => $code),* }
            }

            fn from_code(code: u8) -> Option<Self> {
                match code {
                    $($code => Some($word),)*
                    _ => None,
                }
            }
        }
    };
}

coded!(Purpose {
    0 = Purpose::Location,
    1 = Purpose::Background,
    2 = Purpose::OffersPush,
    3 = Purpose::OffersSms,
    4 = Purpose::OffersEmail,
    5 = Purpose::OffersInbox,
    6 = Purpose::Personalisation,
    7 = Purpose::History,
    8 = Purpose::Measurement,
    9 = Purpose::Aggregate,
    10 = Purpose::ThirdParty,
});
coded!(Actor { 0 = Actor::Own, 1 = Actor::Agent, 2 = Actor::System });
coded!(Method {
    0 = Method::Toggle,
    1 = Method::Checkbox,
    2 = Method::SmsReply,
    3 = Method::Api,
    4 = Method::Tcf,
    5 = Method::Gpp,
    6 = Method::Gpc,
    7 = Method::OsPermission,
    8 = Method::Staff,
});
coded!(Effect {
    0 = Effect::Applied,
    1 = Effect::LateGrant,
    2 = Effect::NoEvidence,
    3 = Effect::NothingToChange,
    4 = Effect::NotAttested,
    5 = Effect::Erased,
});
coded!(Block { 0 = Block::Minor, 1 = Block::Legal });
coded!(Channel { 0 = Channel::Push, 1 = Channel::Sms, 2 = Channel::Email, 3 = Channel::Inbox });
coded!(Standing { 0 = Standing::Sent, 1 = Standing::HeldOut, 2 = Standing::Observed });
coded!(TransitionKind {
    0 = TransitionKind::Enter,
    1 = TransitionKind::Dwell,
    2 = TransitionKind::Exit,
    3 = TransitionKind::Cross,
});
coded!(SilenceReason {
    0 = SilenceReason::Dismissed,
    1 = SilenceReason::TooOften,
    2 = SilenceReason::Creepy,
    3 = SilenceReason::Redeemed,
    4 = SilenceReason::NotRelevant,
});
coded!(FeedbackKind {
    0 = FeedbackKind::Delivered,
    1 = FeedbackKind::Failed,
    2 = FeedbackKind::Received,
    3 = FeedbackKind::Shown,
    4 = FeedbackKind::Opened,
    5 = FeedbackKind::Dismissed,
    6 = FeedbackKind::Redeemed,
    7 = FeedbackKind::NotRelevant,
    8 = FeedbackKind::TooOften,
    9 = FeedbackKind::Creepy,
});
coded!(DeliveryOutcome {
    0 = DeliveryOutcome::Sent,
    1 = DeliveryOutcome::Expired,
    2 = DeliveryOutcome::Revoked,
    3 = DeliveryOutcome::Refused,
    4 = DeliveryOutcome::Lapsed,
    5 = DeliveryOutcome::FenceGone,
    6 = DeliveryOutcome::OfferGone,
});

impl Coded for Hearing {
    fn code(self) -> u8 {
        match self {
            Self::Live => 0,
            Self::Imported { attested: false } => 1,
            Self::Imported { attested: true } => 2,
        }
    }

    fn from_code(code: u8) -> Option<Self> {
        match code {
            0 => Some(Self::Live),
            1 => Some(Self::Imported { attested: false }),
            2 => Some(Self::Imported { attested: true }),
            _ => None,
        }
    }
}
