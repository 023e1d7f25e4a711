//! Counts of offers: written with what they count, per day and for all days.

use ledger::{MemoryStorage, STOCK_DAYS_KEPT, StockChange, StockCount, Storage as _, commit, stage};
use model::OfferId;

fn change(day: i32, delta: i8) -> StockChange {
    StockChange { offer: OfferId::new("loaf").unwrap(), day, delta }
}

fn counts(changes: Vec<StockChange>) -> Vec<(Option<i32>, u32)> {
    let mut storage = MemoryStorage::new();
    for change in changes {
        let staged = stage(Vec::new(), Vec::new(), Vec::new(), 0).with_stock(vec![change]);
        commit(&mut storage, vec![staged]).unwrap();
    }
    let mut counts = Vec::new();
    storage.scan_stock(&mut |StockCount { day, n, .. }| counts.push((day, n))).unwrap();
    counts
}

#[test]
fn what_goes_out_is_counted_by_day_and_in_all() {
    assert_eq!(
        counts(vec![change(7, 1), change(7, 1), change(8, 1)]),
        [(None, 3), (Some(7), 2), (Some(8), 1)]
    );
    assert_eq!(counts(vec![change(7, 1), change(7, -1)]), [(None, 0), (Some(7), 0)]);
}

#[test]
fn old_days_are_forgotten_and_count_in_all() {
    assert_eq!(counts(vec![change(0, 1), change(STOCK_DAYS_KEPT, 1)]).len(), 3);
    assert_eq!(
        counts(vec![change(0, 1), change(STOCK_DAYS_KEPT + 1, 1)]),
        [(None, 2), (Some(STOCK_DAYS_KEPT + 1), 1)]
    );
}
