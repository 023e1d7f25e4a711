//! Numbers of the settings in words, and what is known of each purpose.

use consent_gate::Purpose;
use model::Millis;
use settings::{RetentionSettings, Settings};

/// What a purpose is for, and on what ground it rests.
pub(super) struct About {
    /// In plain words, after "to".
    pub(super) plain: &'static str,
    /// For a data protection officer.
    pub(super) why: &'static str,
    /// The legal basis in the GDPR, beside the ePrivacy Directive where it asks for more.
    pub(super) basis: &'static str,
    /// What is done without it.
    pub(super) without: &'static str,
}

/// What is known of a purpose; a new one asks for its words here.
pub(super) const fn about(purpose: Purpose) -> About {
    match purpose {
        Purpose::Location => About {
            plain: "see whether you are at one of a merchant's stores",
            why: "compare a precise position with the merchant's fences, in memory",
            basis: "consent, Art. 6(1)(a) GDPR; location: consent, Art. 9 Dir. 2002/58/EC",
            without: "positions are refused unread",
        },
        Purpose::Background => About {
            plain: "do the same while you are not using the app",
            why: "the same for a fix whose device does not say that the app is in use",
            basis: "consent, Art. 6(1)(a) GDPR; location: consent, Art. 9 Dir. 2002/58/EC",
            without: "such a fix is refused",
        },
        Purpose::OffersPush => About {
            plain: "send you offers to your phone",
            why: "send a location offer as a push message",
            basis: "consent, Art. 6(1)(a) GDPR; Art. 13(1) Dir. 2002/58/EC",
            without: "nothing is sent this way",
        },
        Purpose::OffersSms => About {
            plain: "send you offers as text messages",
            why: "send a location offer as a text message",
            basis: "consent, Art. 6(1)(a) GDPR; Art. 13(1) Dir. 2002/58/EC; 47 CFR 64.1200 in the US",
            without: "nothing is sent this way",
        },
        Purpose::OffersEmail => About {
            plain: "send you offers by e-mail",
            why: "send a location offer by e-mail",
            basis: "consent, Art. 6(1)(a) GDPR; Art. 13(1) Dir. 2002/58/EC",
            without: "nothing is sent this way",
        },
        Purpose::OffersInbox => About {
            plain: "put offers into the app's inbox",
            why: "place a location offer in the app",
            basis: "consent, Art. 6(1)(a) GDPR",
            without: "nothing is placed there",
        },
        Purpose::Personalisation => About {
            plain: "choose offers by what you told a merchant about yourself",
            why: "choose by groups or purchases that the customer declared to this merchant",
            basis: "consent, Art. 6(1)(a) GDPR",
            without: "offers that ask for a group or a purchase are not made",
        },
        Purpose::History => About {
            plain: "keep your visits for longer than they last",
            why: "keep visits beyond the transient window; this version keeps none, whatever was said",
            basis: "consent, Art. 6(1)(a) GDPR; Art. 9 Dir. 2002/58/EC",
            without: "a visit is forgotten when it ends",
        },
        Purpose::Measurement => About {
            plain: "learn whether you used an offer",
            why: "link a redemption to the offer that was made",
            basis: "consent, Art. 6(1)(a) GDPR",
            without: "nothing is linked for reports",
        },
        Purpose::Aggregate => About {
            plain: "count you in reports about many people",
            why: "count in reports about at least 50 people; this version makes no such report",
            basis: "consent, Art. 6(1)(a) GDPR",
            without: "not counted",
        },
        Purpose::ThirdParty => About {
            plain: "give something to others, which never happens, whatever you say",
            why: "disclosure to others: can be asked and recorded, and is never taken for a yes",
            basis: "none: no code sends anything to a third party",
            without: "nothing is disclosed; nor is it with it",
        },
    }
}

/// How long a yes for a purpose lasts that names no end.
pub(super) fn grant_lasts(settings: &Settings, purpose: Purpose) -> Millis {
    if purpose.is_to_see() { settings.gate.location_lasts } else { settings.gate.grant_lasts }
}

/// How long entries are kept.
pub(super) fn retention(settings: &Settings) -> RetentionSettings {
    settings.retention
}

/// `365 days`, `72 hours`, `3 minutes`.
pub(super) fn span(span: Millis) -> String {
    let units =
        [("day", Millis::from_days(1)), ("hour", Millis::from_hours(1)), ("minute", Millis::from_mins(1))];
    let whole = |unit: Millis| (span.ms() % unit.ms() == 0).then_some(span.ms() / unit.ms());
    let found = units.iter().find_map(|(name, unit)| Some((whole(*unit).filter(|n| 0 < *n)?, name)));
    // Three days and a few hours is what everybody calls 72 hours.
    match found {
        Some((n, name)) => format!("{n} {name}{}", if n == 1 { "" } else { "s" }),
        None => span.to_string(),
    }
}

/// `09:00`.
pub(super) fn clock(minute: u16) -> String {
    format!("{:02}:{:02}", minute / 60, minute % 60)
}

/// `1 offer`, `2 offers`, `no offer`.
pub(super) fn offers(n: u32) -> String {
    match n {
        0 => "no offer".to_owned(),
        1 => "1 offer".to_owned(),
        n => format!("{n} offers"),
    }
}
