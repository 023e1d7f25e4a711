//! Exactly as many offers go out as there are, whoever races for them.

use std::sync::atomic::{AtomicU32, Ordering};

use model::{FenceId, MerchantId, OfferId};
use offers::{Catalogue, CivilDay, Counted, Draft, Left, Limits, Offer, Stock};

const TODAY: CivilDay = CivilDay::new(20_000);
const TOMORROW: CivilDay = CivilDay::new(20_001);

fn offer(total: Option<u32>, per_day: Option<u32>) -> Offer {
    let (id, merchant) = (OfferId::new("soup").unwrap(), MerchantId::new("market").unwrap());
    let fences = vec![FenceId::new("hall").unwrap()];
    let stock = Limits { total, per_day };
    let draft = Draft { fences, stock, ..Draft::new(id, merchant, "Soup", "Half the price") };
    Catalogue::new(vec![draft]).unwrap().offers()[0].clone()
}

/// How many of so many tries on one day find one.
fn n_found(stock: &Stock, offer: &Offer, day: CivilDay, n_tries: usize) -> usize {
    (0..n_tries).filter(|_| stock.take(offer, day)).count()
}

#[test]
fn as_many_go_out_as_there_are_ever_and_a_day() {
    let stock = Stock::default();
    let soup = offer(Some(5), Some(3));
    assert_eq!(n_found(&stock, &soup, TODAY, 10), 3);
    assert_eq!(stock.left(&soup, TODAY), Left { total: Some(2), today: Some(0) });
    assert!(stock.is_out(&soup, TODAY) && !stock.is_out(&soup, TOMORROW));
    assert_eq!(n_found(&stock, &soup, TOMORROW, 10), 2);
    assert_eq!(stock.left(&soup, TOMORROW), Left { total: Some(0), today: Some(1) });
    assert!(stock.is_out(&soup, TOMORROW));
}

#[test]
fn c05_a_stock_of_nought_is_never_and_no_stock_is_without_end() {
    let stock = Stock::default();
    assert_eq!(n_found(&stock, &offer(Some(0), None), TODAY, 5), 0);
    assert_eq!(n_found(&stock, &offer(None, Some(0)), TODAY, 5), 0);
    assert_eq!(n_found(&stock, &offer(None, None), TODAY, 5), 5);
    assert_eq!(stock.left(&offer(None, None), TODAY), Left { total: None, today: None });
}

#[test]
fn what_is_put_back_can_be_taken_again() {
    let stock = Stock::default();
    let soup = offer(Some(1), Some(1));
    assert!(stock.take(&soup, TODAY) && !stock.take(&soup, TODAY));
    stock.put_back(soup.id(), TODAY);
    assert!(stock.take(&soup, TODAY) && !stock.take(&soup, TODAY));
    stock.put_back(soup.id(), TODAY);
    stock.put_back(soup.id(), TODAY);
    assert_eq!(n_found(&stock, &soup, TODAY, 5), 1);
}

#[test]
fn l04_a_limit_that_changes_counts_what_went_before() {
    let stock = Stock::default();
    assert_eq!(n_found(&stock, &offer(None, None), TODAY, 4), 4);
    assert_eq!(n_found(&stock, &offer(Some(6), None), TODAY, 9), 2);
    assert_eq!(n_found(&stock, &offer(Some(3), None), TODAY, 9), 0);
    assert_eq!(stock.left(&offer(Some(3), None), TODAY).total, Some(0));
    assert_eq!(n_found(&stock, &offer(Some(7), None), TODAY, 9), 1);
}

#[test]
fn counts_that_were_read_back_go_on() {
    let soup = offer(Some(10), Some(4));
    let id = || soup.id().clone();
    let stock = Stock::new([(id(), Counted::Total, 7), (id(), Counted::On(TODAY), 2)]);
    assert_eq!(n_found(&stock, &soup, TODAY, 9), 2);
    assert_eq!(n_found(&stock, &soup, TOMORROW, 9), 1);
    assert_eq!(stock.n_taken(soup.id(), Counted::Total), 10);
    assert_eq!(stock.n_taken(soup.id(), Counted::On(TODAY)), 4);
}

#[test]
fn a_clock_that_goes_back_finds_no_new_stock() {
    let stock = Stock::default();
    let soup = offer(None, Some(1));
    for n in 0..20 {
        assert!(stock.take(&soup, CivilDay::new(20_000 + n)));
    }
    for n in 0..20 {
        assert!(!stock.take(&soup, CivilDay::new(20_000 + n)), "day {n}");
    }
}

/// Eight shards with a thousand devices each, all at once.
fn race(stock: &Stock, soup: &Offer) -> u32 {
    let n_out = AtomicU32::new(0);
    std::thread::scope(|threads| {
        for shard in 0..8 {
            let n_out = &n_out;
            threads.spawn(move || {
                for device in 0..1_000 {
                    let day = if (shard + device) % 2 == 0 { TODAY } else { TOMORROW };
                    if stock.take(soup, day) {
                        n_out.fetch_add(1, Ordering::Relaxed);
                        // Some cannot be delivered, and somebody else gets them.
                        if device % 5 == 0 {
                            n_out.fetch_sub(1, Ordering::Relaxed);
                            stock.put_back(soup.id(), day);
                        }
                    }
                }
            });
        }
    });
    n_out.into_inner()
}

#[test]
fn l06_a_thousand_devices_a_shard_race_for_a_stock_and_exactly_so_many_get_one() {
    for (total, per_day, n_expected) in
        [(Some(777), None, 777), (Some(5_000), Some(100), 200), (Some(1), Some(1), 1), (None, Some(250), 500)]
    {
        let (stock, soup) = (Stock::default(), offer(total, per_day));
        assert_eq!(race(&stock, &soup), n_expected, "{total:?} {per_day:?}");
        assert_eq!(stock.n_taken(soup.id(), Counted::Total), n_expected);
    }
}
