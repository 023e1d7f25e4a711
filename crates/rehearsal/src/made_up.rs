//! Fences and offers for who has none yet.

use model::{FenceFacts, FenceId, MerchantId, OfferId};
use offers::Draft;
use spatial_index::{Fence, Shape};

const MERCHANTS: [(&str, &str); 6] = [
    ("bean-and-leaf", "coffee"),
    ("corner-books", "books"),
    ("good-crumb", "bakery"),
    ("spin-records", "music"),
    ("green-cart", "grocery"),
    ("stitch-and-co", "clothes"),
];

/// What each of the merchants has to offer.
const OFFERS: [(&str, &str); 8] = [
    ("second-cup", "The second one is on us"),
    ("bring-a-friend", "Bring a friend, pay once"),
    ("try-the-new", "Try what is new today"),
    ("early-week", "A little off, early in the week"),
    ("thank-you", "A small thank you"),
    ("refill", "Bring your own, get a third off"),
    ("bundle", "Three for the price of two"),
    ("season", "This season's favourite for less"),
];

/// So many stores of six merchants, in one made-up city; ascending by id.
#[must_use]
pub fn made_up_fences(n_stores: u32, seed: u64) -> Vec<Fence> {
    let stores = town::made_up(n_stores, MERCHANTS.len(), seed).into_iter();
    let fence = |(no, store): (usize, town::MadeUp)| {
        let (merchant, tag) = MERCHANTS[store.merchant];
        let town::Shape::Circle { centre, radius } = store.shape else { return None };
        let id = format!("store-{no:06}");
        let facts = FenceFacts {
            name: id.as_str().into(),
            id: FenceId::new(&id).expect("the name obeys the rule of ids"),
            merchant: Some(MerchantId::new(merchant).expect("the name obeys the rule of ids")),
            tags: vec![tag.into()],
            tz: Some("America/Chicago".into()),
            country: Some("US".into()),
            region: None,
            opening_hours: None,
            radius,
        };
        Some(Fence { facts, shape: Shape::Circle { center: centre, radius } })
    };
    stores.enumerate().filter_map(fence).collect()
}

/// Eight offers of each merchant for those who stay, with nobody held out.
#[must_use]
pub fn made_up_offers() -> Vec<Draft> {
    let offer = |(merchant, tag): (&str, &str), (id, title): (&str, &str)| {
        let id = OfferId::new(&format!("{tag}-{id}")).expect("the name obeys the rule of ids");
        let merchant = MerchantId::new(merchant).expect("the name obeys the rule of ids");
        Draft {
            tags: vec![tag.into()],
            category: Some(tag.into()),
            holdout_permille: 0,
            ..Draft::new(id, merchant, title, "Today, for whoever drops in.")
        }
    };
    MERCHANTS.into_iter().flat_map(|merchant| OFFERS.map(|written| offer(merchant, written))).collect()
}
