//! What the operator decides about restraint.

use model::{Channel, Millis};

use crate::DailyHours;

/// The rules' numbers; the defaults and their reasons stand in `config/default.toml`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NotifierPolicy {
    /// How many in which window.
    pub caps: Caps,
    /// How long to rest after which.
    pub cooldowns: Cooldowns,
    /// The hours in which anything may be said, on every wall clock in question.
    pub hours: DailyHours,
    /// How fast a visitor may be.
    pub speeds: Speeds,
    /// What a customer bears.
    pub budget: Budget,
    /// What an offer costs of it.
    pub costs: Costs,
    /// What answers bring.
    pub answers: AnswerPolicy,
    /// How long candidates of one customer are waited for, to be decided together; zero decides at once.
    pub gather: Millis,
    /// A gathering that could not be decided within this is dropped, never sent late.
    pub decide_within: Millis,
    /// Goes into the draws of holdouts and ties: another key draws other people.
    pub key: Box<str>,
}

/// At most so many in a window; 0 is never.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Caps {
    /// Push in any 24 hours.
    pub per_24h_max: u32,
    /// Push in one day of the local calendar.
    pub per_civil_day_max: u32,
    /// Push in any 7 days.
    pub per_7d_max: u32,
    /// The same, when a favourite store is among them.
    pub per_7d_favourite_max: u32,
    /// Push in any 30 days.
    pub per_30d_max: u32,
    /// The same, when a favourite store is among them.
    pub per_30d_favourite_max: u32,
    /// Of every channel in any 7 days.
    pub all_channels_per_7d_max: u32,
    /// Text messages in any 7 days.
    pub sms_per_7d_max: u32,
    /// Text messages in any 30 days.
    pub sms_per_30d_max: u32,
}

/// Rests.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cooldowns {
    /// Of one fence.
    pub fence: Millis,
    /// Of one fence that is a favourite.
    pub favourite_fence: Millis,
    /// Of one offer.
    pub offer: Millis,
    /// How often one offer may be told to one customer, ever; above 255 is without end.
    pub offer_ever_max: u32,
    /// Of one merchant.
    pub merchant: Millis,
    /// Between any two.
    pub rest: Millis,
    /// Silence after a customer first agreed to offers.
    pub settle_in: Millis,
}

/// Speeds, in millimetres a second.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Speeds {
    /// Faster than this an enter triggers nothing.
    pub enter_max_mm_s: u32,
    /// Faster than this nothing triggers.
    pub max_mm_s: u32,
    /// From this on somebody is going somewhere.
    pub stroll_from_mm_s: u32,
    /// Up to this they may still listen, at a cost.
    pub stroll_to_mm_s: u32,
}

/// How pressure wears off, and how much of it a customer bears; points in thousandths.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Budget {
    /// Whether pressure above the limit holds anything back; if not it is only reckoned.
    pub enforced: bool,
    /// After this half of it is gone.
    pub half_life: Millis,
    /// What somebody bears who has not let us know otherwise.
    pub limit_milli: u32,
    /// No answer brings it below.
    pub limit_min_milli: u32,
    /// No answer brings it above.
    pub limit_max_milli: u32,
}

/// What raises and lowers the cost of an offer, in points.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Costs {
    /// By channel.
    pub push: u8,
    /// By channel.
    pub sms: u8,
    /// By channel.
    pub email: u8,
    /// By channel.
    pub inbox: u8,
    /// No less than this, whatever lowers it; at least 1.
    pub floor: u8,
    /// What raises it.
    pub raises: Raises,
    /// What lowers it.
    pub lowers: Lowers,
    /// Hours that cost more, in the morning.
    pub early: DailyHours,
    /// Hours that cost more, in the evening.
    pub late: DailyHours,
    /// Hours of a Saturday or Sunday that cost more.
    pub weekend: DailyHours,
    /// A fence is small below this radius, in metres.
    pub small_radius_m: u32,
    /// So many different fences entered in 24 hours are those of somebody at work.
    pub many_fences: u8,
}

/// Points that raise a cost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Raises {
    /// The app is not known to be open.
    pub background: u8,
    /// Entered or crossed, and no stay.
    pub enter: u8,
    /// Going somewhere.
    pub stroll: u8,
    /// In one of the hours that cost more.
    pub hour: u8,
    /// A small fence.
    pub small_fence: u8,
    /// The text names the store.
    pub names_store: u8,
    /// The text names a street.
    pub names_street: u8,
    /// For each earlier offer at this fence in 30 days.
    pub earlier_here: u8,
    /// For all of those together at most.
    pub earlier_here_max: u8,
    /// Many fences today.
    pub many_fences: u8,
    /// Rests on what was bought.
    pub purchases: u8,
    /// Of a delicate category.
    pub delicate: u8,
    /// Beside a sensitive place.
    pub sensitive_ring: u8,
}

/// Points that lower a cost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lowers {
    /// A favourite store.
    pub favourite: u8,
    /// Something was redeemed at this fence in 30 days.
    pub redeemed_here: u8,
    /// The merchant's last one was opened.
    pub opened_last: u8,
    /// The app is open.
    pub app_open: u8,
    /// On the way out.
    pub exit: u8,
    /// Of a category that the customer declared.
    pub category: u8,
}

/// What answers bring; points and limits in thousandths, factors in hundredths.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AnswerPolicy {
    /// Opened takes away so much pressure.
    pub opened_milli: u32,
    /// Redeemed takes away so much pressure.
    pub redeemed_milli: u32,
    /// Redeemed changes the limit.
    pub redeemed_limit_pct: u32,
    /// After redeemed the merchant is silent.
    pub redeemed_silence: Millis,
    /// Wiped away sooner than this is an answer.
    pub dismissed_fast: Millis,
    /// Wiped away at once adds so much pressure.
    pub dismissed_milli: u32,
    /// After wiped away at once all are silent.
    pub dismissed_silence: Millis,
    /// "Too often."
    pub too_often: Complaint,
    /// "Too often" halves all caps for so long.
    pub too_often_halves: Millis,
    /// "This felt creepy."
    pub creepy: Complaint,
    /// After "creepy" the fence is silent.
    pub creepy_fence: Millis,
    /// After "creepy" the merchant is silent.
    pub creepy_merchant: Millis,
    /// Without an answer for so long it is ignored.
    pub ignored_after: Millis,
    /// So many ignored in a row count.
    pub ignored_in_a_row: u8,
    /// So many ignored in a row change the limit.
    pub ignored_limit_pct: u32,
}

/// What a complaint brings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Complaint {
    /// Pressure that it adds.
    pub milli: u32,
    /// What is left of the limit.
    pub limit_pct: u32,
    /// All are silent.
    pub silence: Millis,
}

impl NotifierPolicy {
    /// Entries of a gathering at most: more than any street can bring in its seconds, and little memory.
    pub const OCCASIONS_MAX: usize = 256;

    /// How long what was heard still counts for anything.
    #[must_use]
    pub fn memory(&self) -> Millis {
        let Cooldowns { fence, favourite_fence, offer, merchant, rest, .. } = self.cooldowns;
        [fence, favourite_fence, offer, merchant, rest].into_iter().fold(Millis::from_days(30), Millis::max)
    }
}

impl Costs {
    /// What a channel costs by itself.
    #[must_use]
    pub const fn of_channel(&self, channel: Channel) -> u8 {
        match channel {
            Channel::Push => self.push,
            Channel::Sms => self.sms,
            Channel::Email => self.email,
            Channel::Inbox => self.inbox,
        }
    }
}

impl Default for NotifierPolicy {
    fn default() -> Self {
        Self {
            caps: Caps::default(),
            cooldowns: Cooldowns::default(),
            hours: DailyHours::default(),
            speeds: Speeds::default(),
            budget: Budget::default(),
            costs: Costs::default(),
            answers: AnswerPolicy::default(),
            gather: Millis::from_secs(20),
            decide_within: Millis::from_secs(30),
            key: "stile".into(),
        }
    }
}

impl Default for Caps {
    fn default() -> Self {
        Self {
            per_24h_max: 1,
            per_civil_day_max: 1,
            per_7d_max: 2,
            per_7d_favourite_max: 3,
            per_30d_max: 6,
            per_30d_favourite_max: 8,
            all_channels_per_7d_max: 3,
            sms_per_7d_max: 1,
            sms_per_30d_max: 2,
        }
    }
}

impl Default for Cooldowns {
    fn default() -> Self {
        Self {
            fence: Millis::from_days(6),
            favourite_fence: Millis::from_days(3),
            offer: Millis::from_days(30),
            offer_ever_max: 2,
            merchant: Millis::from_hours(72),
            rest: Millis::from_hours(4),
            settle_in: Millis::from_hours(24),
        }
    }
}

impl Default for Speeds {
    fn default() -> Self {
        Self { enter_max_mm_s: 2_500, max_mm_s: 7_000, stroll_from_mm_s: 1_500, stroll_to_mm_s: 2_500 }
    }
}

impl Default for Budget {
    fn default() -> Self {
        Self {
            enforced: true,
            half_life: Millis::from_hours(72),
            limit_milli: 60_000,
            limit_min_milli: 30_000,
            limit_max_milli: 80_000,
        }
    }
}

impl Default for Costs {
    fn default() -> Self {
        Self {
            push: 25,
            sms: 40,
            email: 12,
            inbox: 4,
            floor: 8,
            raises: Raises::default(),
            lowers: Lowers::default(),
            early: DailyHours::of_hours(9, 10),
            late: DailyHours::of_hours(19, 20),
            weekend: DailyHours::of_hours(0, 12),
            small_radius_m: 150,
            many_fences: 15,
        }
    }
}

impl Default for Raises {
    fn default() -> Self {
        Self {
            background: 10,
            enter: 10,
            stroll: 5,
            hour: 5,
            small_fence: 5,
            names_store: 5,
            names_street: 15,
            earlier_here: 10,
            earlier_here_max: 40,
            many_fences: 15,
            purchases: 5,
            delicate: 30,
            sensitive_ring: 10,
        }
    }
}

impl Default for Lowers {
    fn default() -> Self {
        Self { favourite: 15, redeemed_here: 10, opened_last: 5, app_open: 15, exit: 5, category: 5 }
    }
}

impl Default for AnswerPolicy {
    fn default() -> Self {
        Self {
            opened_milli: 5_000,
            redeemed_milli: 10_000,
            redeemed_limit_pct: 105,
            redeemed_silence: Millis::from_days(3),
            dismissed_fast: Millis::from_secs(10),
            dismissed_milli: 5_000,
            dismissed_silence: Millis::from_hours(72),
            too_often: Complaint { milli: 20_000, limit_pct: 80, silence: Millis::from_days(14) },
            too_often_halves: Millis::from_days(90),
            creepy: Complaint { milli: 40_000, limit_pct: 70, silence: Millis::from_days(7) },
            creepy_fence: Millis::from_days(90),
            creepy_merchant: Millis::from_days(30),
            ignored_after: Millis::from_hours(24),
            ignored_in_a_row: 3,
            ignored_limit_pct: 90,
        }
    }
}
