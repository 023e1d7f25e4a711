//! What might be said: an occasion, the terms of its offer, and what is known when it is decided.

use chrono_tz::Tz;
use model::{
    Channel, DeviceNo, FenceId, MerchantId, NotificationId, OfferId, Standing, Timestamp, TransitionKind,
    VisitId, WeekHours,
};

use crate::Suppression;

/// A transition that called for an offer, as it was when it happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Occasion {
    /// The notification that it would become.
    pub notification: NotificationId,
    /// The phone.
    pub device: DeviceNo,
    /// What would be said.
    pub offer: OfferId,
    /// Whose it is.
    pub merchant: MerchantId,
    /// Where.
    pub fence: FenceId,
    /// The stay.
    pub visit: VisitId,
    /// What called for it.
    pub trigger: TransitionKind,
    /// When that was.
    pub triggered_at: Timestamp,
    /// When the visit began.
    pub entered_at: Timestamp,
    /// Said later than this it is stale.
    pub expires_at: Timestamp,
    /// The visit began before we could see its beginning.
    pub initial: bool,
    /// The deciding fix was fresh, honest and exact enough.
    pub may_trigger: bool,
    /// Speed of the deciding fix in millimetres a second.
    pub speed_mm_s: Option<u32>,
    /// Whether the app was open, if the device said so.
    pub foreground: Option<bool>,
}

/// What the notifier needs to know of an offer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Terms<'a> {
    /// How it is said.
    pub channel: Channel,
    /// The higher goes first.
    pub priority: u8,
    /// What it is worth to the customer, among others.
    pub value: u32,
    /// What kind of thing it is about.
    pub category: Option<&'a str>,
    /// The category is one that many do not want to be seen with.
    pub is_delicate: bool,
    /// The fence lies in the ring that a law draws round a sensitive place.
    pub is_in_ring: bool,
    /// It rests on what the customer bought.
    pub uses_purchases: bool,
    /// Its text names the store.
    pub names_store: bool,
    /// Its text names a street.
    pub names_street: bool,
    /// Of a thousand customers so many never hear it.
    pub holdout_permille: u16,
    /// `Sent` when it may go out; anything else when an operator only looks on.
    pub standing: Standing,
    /// What the law asks of text messages; `None` when it asks nothing, or it is none.
    pub law: Option<SmsLaw>,
}

/// What the law asks of text messages to one customer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SmsLaw {
    /// Only in these hours, on every wall clock that may hang where the customer is.
    pub hours: WeekHours,
    /// In 24 hours at most, of all merchants.
    pub per_24h_max: Option<u8>,
}

/// An occasion at the moment of its decision.
#[derive(Clone)]
pub struct Candidate<'a> {
    /// What called for it.
    pub occasion: &'a Occasion,
    /// Its offer.
    pub terms: Terms<'a>,
    /// Every wall clock that may hang where the customer is; none when nobody knows.
    pub zones: &'a [Tz],
    /// How large the fence is, in metres.
    pub radius_m: u32,
    /// Still there; of an exit or a cross, still gone.
    pub is_there: bool,
    /// What other rooms say no to, in order.
    pub barred: Vec<Suppression>,
    /// The first instant from one on at which dates, schedule and store hours would let the offer pass.
    pub possible_from: &'a dyn Fn(Timestamp) -> Option<Timestamp>,
}
