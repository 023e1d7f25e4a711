//! What happens in random stories of several customers.

use consent_gate::ConsentKind;
use proptest::prelude::*;
use wire::FeedbackKind;

use crate::street::{Edit, OfferEdit};

pub(crate) const CUSTOMERS: [&str; 4] = ["anna", "bert", "carl", "dora"];
pub(crate) const MERCHANTS: [&str; 2] = ["corner", "bricks"];
pub(crate) const PLACES: [&str; 6] = ["books", "cafe", "toys", "door", "bank", "school"];
/// Stands behind the places for [`edited`] alone.
pub(crate) const ATTIC: usize = PLACES.len();

/// Something that happens to one of the customers, or to all.
#[derive(Clone, Debug)]
pub(crate) enum Happening {
    Fixes {
        device: usize,
        place: usize,
        aside_m: f64,
        late_secs: i64,
        n: usize,
        still: bool,
        mock: bool,
        acc_m: f64,
    },
    Garbage(Vec<u8>),
    Consent {
        merchant: usize,
        purpose: usize,
        kind: ConsentKind,
        seen_secs_ago: i64,
    },
    /// The last consent event of the customer again.
    Again,
    Feedback(FeedbackKind),
    /// They say something about themselves.
    Profile(&'static str),
    Wait,
    Restart,
    LedgerSlow(bool),
    PhonesAway(bool),
    /// An operator's edit of one fence.
    Edit(usize, Edit),
    /// And of one offer.
    EditOffer(&'static str, OfferEdit),
}

/// A happening, so many seconds after the one before.
#[derive(Clone, Debug)]
pub(crate) struct Step {
    pub(crate) secs: i64,
    pub(crate) who: usize,
    pub(crate) what: Happening,
}

/// What somebody may say about themselves.
const PROFILES: [&str; 4] = [
    r#"{"v":1,"favourites":["books","cafe"],"dial":null}"#,
    r#"{"v":1,"dial":{"per_week":1,"muted_fences":["toys"]}}"#,
    r#"{"v":1,"dial":{"per_week":null,"quiet":"12:00-13:00"}}"#,
    r#"{"v":1,"minor":null,"categories":["coffee"],"tz":"Europe/Berlin"}"#,
];

pub(crate) fn happening() -> impl Strategy<Value = Happening> {
    let fixes =
        (
            (
                prop_oneof![5 => Just(0_usize), 1 => 0..3_usize],
                prop_oneof![6 => Just(0_usize), 3 => Just(1), 2 => 0..PLACES.len()],
            ),
            prop_oneof![6 => -90.0..90.0, 1 => -400.0..400.0],
            prop_oneof![12 => Just(0), 1 => -90..1_000_i64, 1 => 0..30_000_i64],
            prop_oneof![5 => Just(1_usize), 1 => 2..6_usize],
            (any::<bool>(), prop::bool::weighted(0.1)),
            prop_oneof![5 => 1.0..50.0, 1 => 50.0..400.0],
        )
            .prop_map(|((device, place), aside_m, late_secs, n, (still, mock), acc_m)| {
                Happening::Fixes { device, place, aside_m, late_secs, n, still, mock, acc_m }
            });
    let kind = prop_oneof![
        9 => Just(ConsentKind::Grant { until: None, confirm: None }),
        2 => Just(ConsentKind::Withdraw),
        1 => Just(ConsentKind::Refuse),
        1 => Just(ConsentKind::Pause { until: None }),
        1 => Just(ConsentKind::Resume),
    ];
    let consent = (0..2_usize, 0..3_usize, kind, prop_oneof![9 => Just(0), 1 => 0..50_000_i64]).prop_map(
        |(merchant, purpose, kind, seen_secs_ago)| Happening::Consent {
            merchant,
            purpose,
            kind,
            seen_secs_ago,
        },
    );
    prop_oneof![
        40 => fixes,
        2 => prop::collection::vec(any::<u8>(), 0..40).prop_map(Happening::Garbage),
        9 => consent,
        1 => Just(Happening::Again),
        2 => prop::sample::select(&FeedbackKind::ALL[..]).prop_map(Happening::Feedback),
        1 => prop::sample::select(&PROFILES[..]).prop_map(Happening::Profile),
        4 => Just(Happening::Wait),
        1 => Just(Happening::Restart),
        2 => any::<bool>().prop_map(Happening::LedgerSlow),
        1 => any::<bool>().prop_map(Happening::PhonesAway),
        1 => (0..PLACES.len(), edit()).prop_map(|(place, edit)| Happening::Edit(place, edit)),
        1 => (prop::sample::select(&["bye", "hello", "ten"][..]), prop::sample::select(&OFFER_EDITS[..]))
            .prop_map(|(offer, edit)| Happening::EditOffer(offer, edit)),
    ]
}

/// All but those for which every way between two places is looked at.
const OFFER_EDITS: [OfferEdit; 4] =
    [OfferEdit::Stop, OfferEdit::PutBack, OfferEdit::Reword, OfferEdit::Prefer];

fn edit() -> impl Strategy<Value = Edit> {
    prop_oneof![
        1 => Just(Edit::Nothing),
        1 => Just(Edit::Remove),
        2 => Just(Edit::PutBack),
        1 => (-300.0..300.0).prop_map(|by_m| Edit::Move { by_m }),
        1 => Just(Edit::GiveTo("bricks")),
    ]
}

pub(crate) fn steps() -> impl Strategy<Value = Vec<Step>> {
    let secs = prop_oneof![8 => 30..240_i64, 2 => 0..3_600_i64, 1 => 0..40_000_i64];
    let step = (secs, prop_oneof![3 => Just(0_usize), 1 => 0..CUSTOMERS.len()], happening())
        .prop_map(|(secs, who, what)| Step { secs, who, what });
    prop::collection::vec(step, 1..120)
}
