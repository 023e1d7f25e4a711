//! The numbers of restraint, in the groups in which the settings have them.

use crate::Channel;
use crate::rules::{DAY, HOUR};

/// At most so many in a window; 0 is never.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Caps {
    /// Push in any 24 hours.
    pub push_24h: u32,
    /// Push in one day of the local calendar.
    pub push_civil_day: u32,
    /// Push in any 7 days.
    pub push_7d: u32,
    /// The same with a favourite store among them.
    pub push_7d_favourite: u32,
    /// Push in any 30 days.
    pub push_30d: u32,
    /// The same with a favourite store among them.
    pub push_30d_favourite: u32,
    /// Of every channel in any 7 days.
    pub all_7d: u32,
    /// Text messages in any 7 days.
    pub sms_7d: u32,
    /// Text messages in any 30 days.
    pub sms_30d: u32,
}

/// Rests.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rests {
    /// Of one fence.
    pub fence_ms: i64,
    /// Of one fence that is a favourite.
    pub favourite_fence_ms: i64,
    /// Of one offer.
    pub offer_ms: i64,
    /// How often one offer is told to one customer, ever.
    pub offer_ever_max: u32,
    /// Of one merchant.
    pub merchant_ms: i64,
    /// Between any two.
    pub between_ms: i64,
    /// Silence after a customer first agreed.
    pub settle_in_ms: i64,
}

/// How much a customer bears, in thousandths of a point.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Budget {
    /// Whether it holds anything back.
    pub enforced: bool,
    /// After this half of the pressure is gone.
    pub half_life_ms: i64,
    /// What somebody bears who let us know nothing else.
    pub limit_milli: u32,
    /// No answer brings the limit below.
    pub limit_min_milli: u32,
    /// No answer brings the limit above.
    pub limit_max_milli: u32,
}

/// What an offer costs, in points.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Costs {
    /// Push, text message, letter, a place in the app.
    pub of_channel: [u8; 4],
    /// No less than this.
    pub floor: u8,
    /// The app is not known to be open.
    pub background: u8,
    /// Entered or crossed, and no stay.
    pub enter: u8,
    /// At these speeds, both ends included, in millimetres a second.
    pub stroll: u8,
    /// See there.
    pub stroll_mm_s: (u32, u32),
    /// In one of these spans of the wall clock.
    pub hour: u8,
    /// See there.
    pub dear_spans: Vec<(u16, u16)>,
    /// The same on Saturdays and Sundays.
    pub dear_weekend_spans: Vec<(u16, u16)>,
    /// A fence of a smaller radius than this.
    pub small_fence: u8,
    /// See there.
    pub small_radius_m: u32,
    /// The text names the store.
    pub names_store: u8,
    /// The text names a street.
    pub names_street: u8,
    /// Each earlier one at this fence in 30 days.
    pub earlier_here: u8,
    /// All of these together at most.
    pub earlier_here_max: u8,
    /// So many different fences entered in 24 hours, or more.
    pub many_fences: u8,
    /// See there.
    pub n_many_fences: usize,
    /// Rests on what was bought.
    pub purchases: u8,
    /// Of a category that many do not want to be seen with.
    pub delicate: u8,
    /// Less for a favourite store.
    pub favourite: u8,
    /// Less when something was redeemed at this fence in 30 days.
    pub redeemed_here: u8,
    /// Less when the merchant's last one was opened.
    pub opened_last: u8,
    /// Less while the app is open.
    pub app_open: u8,
    /// Less on the way out.
    pub exit: u8,
    /// Less for a category that the customer declared.
    pub category: u8,
}

/// What answers bring; thousandths of a point, and limits in hundredths of what they were.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AnswerRules {
    /// Opened takes so much pressure away.
    pub opened_milli: i64,
    /// Redeemed takes so much pressure away.
    pub redeemed_milli: i64,
    /// And changes the limit.
    pub redeemed_limit_pct: u32,
    /// And silences the merchant.
    pub redeemed_silence_ms: i64,
    /// Wiped away sooner than this is a no.
    pub dismissed_fast_ms: i64,
    /// It adds so much pressure.
    pub dismissed_milli: i64,
    /// And silences all.
    pub dismissed_silence_ms: i64,
    /// "Too often" adds so much pressure.
    pub too_often_milli: i64,
    /// And changes the limit.
    pub too_often_limit_pct: u32,
    /// And silences all.
    pub too_often_silence_ms: i64,
    /// And halves all caps.
    pub too_often_halves_ms: i64,
    /// "Creepy" adds so much pressure.
    pub creepy_milli: i64,
    /// And changes the limit.
    pub creepy_limit_pct: u32,
    /// And silences all.
    pub creepy_silence_ms: i64,
    /// And the fence.
    pub creepy_fence_ms: i64,
    /// And the merchant.
    pub creepy_merchant_ms: i64,
    /// Without an answer for so long it is ignored.
    pub ignored_after_ms: i64,
    /// So many in a row.
    pub ignored_in_a_row: u8,
    /// Change the limit.
    pub ignored_limit_pct: u32,
}

impl Costs {
    pub(crate) const fn of(&self, channel: Channel) -> u8 {
        self.of_channel[channel as usize]
    }
}

impl Default for Caps {
    fn default() -> Self {
        Self {
            push_24h: 1,
            push_civil_day: 1,
            push_7d: 2,
            push_7d_favourite: 3,
            push_30d: 6,
            push_30d_favourite: 8,
            all_7d: 3,
            sms_7d: 1,
            sms_30d: 2,
        }
    }
}

impl Default for Rests {
    fn default() -> Self {
        Self {
            fence_ms: 6 * DAY,
            favourite_fence_ms: 3 * DAY,
            offer_ms: 30 * DAY,
            offer_ever_max: 2,
            merchant_ms: 72 * HOUR,
            between_ms: 4 * HOUR,
            settle_in_ms: DAY,
        }
    }
}

impl Default for Budget {
    fn default() -> Self {
        Self {
            enforced: true,
            half_life_ms: 72 * HOUR,
            limit_milli: 60_000,
            limit_min_milli: 30_000,
            limit_max_milli: 80_000,
        }
    }
}

impl Default for Costs {
    fn default() -> Self {
        Self {
            of_channel: [25, 40, 12, 4],
            floor: 8,
            background: 10,
            enter: 10,
            stroll: 5,
            stroll_mm_s: (1_500, 2_500),
            hour: 5,
            dear_spans: vec![(540, 600), (1_140, 1_200)],
            dear_weekend_spans: vec![(0, 720)],
            small_fence: 5,
            small_radius_m: 150,
            names_store: 5,
            names_street: 15,
            earlier_here: 10,
            earlier_here_max: 40,
            many_fences: 15,
            n_many_fences: 15,
            purchases: 5,
            delicate: 30,
            favourite: 15,
            redeemed_here: 10,
            opened_last: 5,
            app_open: 15,
            exit: 5,
            category: 5,
        }
    }
}

impl Default for AnswerRules {
    fn default() -> Self {
        Self {
            opened_milli: 5_000,
            redeemed_milli: 10_000,
            redeemed_limit_pct: 105,
            redeemed_silence_ms: 3 * DAY,
            dismissed_fast_ms: 10_000,
            dismissed_milli: 5_000,
            dismissed_silence_ms: 72 * HOUR,
            too_often_milli: 20_000,
            too_often_limit_pct: 80,
            too_often_silence_ms: 14 * DAY,
            too_often_halves_ms: 90 * DAY,
            creepy_milli: 40_000,
            creepy_limit_pct: 70,
            creepy_silence_ms: 7 * DAY,
            creepy_fence_ms: 90 * DAY,
            creepy_merchant_ms: 30 * DAY,
            ignored_after_ms: DAY,
            ignored_in_a_row: 3,
            ignored_limit_pct: 90,
        }
    }
}
