//! How often offers went out to all customers together: counts that are written with what they count.

use model::OfferId;

/// One more of an offer, or one given back; written in the transaction of the decision or delivery.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StockChange {
    /// Of what.
    pub offer: OfferId,
    /// The civil day that it counts for, in days since 1970-01-01.
    pub day: i32,
    /// 1 for one that goes out, -1 for one given back.
    pub delta: i8,
}

/// A count that was read back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StockCount {
    /// Of what.
    pub offer: OfferId,
    /// The civil day, in days since 1970-01-01; `None` for all days together.
    pub day: Option<i32>,
    /// How many went out.
    pub n: u32,
}

/// Days for which counts are kept: today all around the world, and a clock that goes back a few days.
pub const STOCK_DAYS_KEPT: i32 = 8;
