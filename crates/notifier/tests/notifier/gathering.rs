//! Occasions that wait for others of their customer.

use model::{CustomerNo, Millis, Timestamp};
use notifier::{NotifierPolicy, Place};

use crate::porter::{ANNA, Ask, Porter, clock, lenient_but, usual};

const BERT: CustomerNo = CustomerNo::new(1, 0);

fn gather(porter: &mut Porter, customer: CustomerNo, fence: &str, now: Timestamp) -> Place {
    let occasion = porter.dwell(fence, now).occasion;
    porter.notifier.gather(customer, occasion, now)
}

fn fences(occasions: &[notifier::Occasion]) -> Vec<&str> {
    occasions.iter().map(|occasion| occasion.fence.as_str()).collect()
}

#[test]
fn what_comes_within_twenty_seconds_of_the_first_is_decided_with_it() {
    let mut porter = Porter::new(usual());
    assert_eq!(porter.notifier.poll_timeout(), None);
    assert_eq!(gather(&mut porter, ANNA, "books", clock(1, "10:00:00")), Place::Waits);
    assert_eq!(gather(&mut porter, ANNA, "cafe", clock(1, "10:00:19")), Place::Waits);
    assert_eq!(porter.notifier.n_waiting(), 2);
    assert_eq!(porter.notifier.poll_timeout(), Some(clock(1, "10:00:20")));
    assert_eq!(porter.notifier.next_due(clock(1, "10:00:19")), None);
    let gathered = porter.notifier.next_due(clock(1, "10:00:20")).unwrap();
    assert_eq!((gathered.customer, gathered.since, gathered.is_too_late), (ANNA, clock(1, "10:00"), false));
    assert_eq!(fences(&gathered.occasions), ["books", "cafe"]);
    assert_eq!((porter.notifier.n_waiting(), porter.notifier.poll_timeout()), (0, None));
    assert_eq!(gather(&mut porter, ANNA, "bank", clock(1, "10:00:20")), Place::Waits);
    assert_eq!(porter.notifier.poll_timeout(), Some(clock(1, "10:00:40")));
}

#[test]
fn gatherings_are_due_in_the_order_in_which_they_began() {
    let mut porter = Porter::new(usual());
    for (customer, fence, at) in [
        (BERT, "books", "10:00"),
        (ANNA, "cafe", "10:00"),
        (BERT, "bank", "10:00:05"),
        (ANNA, "park", "10:00:06"),
    ] {
        gather(&mut porter, customer, fence, clock(1, at));
    }
    for (customer, expected) in [(BERT, ["books", "bank"]), (ANNA, ["cafe", "park"])] {
        let gathered = porter.notifier.next_due(clock(1, "10:00:25")).expect("it is due");
        assert_eq!((gathered.customer, fences(&gathered.occasions)), (customer, expected.to_vec()));
    }
    assert!(porter.notifier.next_due(clock(1, "10:00:25")).is_none());
}

#[test]
fn without_a_wait_it_is_due_at_once() {
    let mut porter = Porter::new(lenient_but(|policy| policy.gather = Millis::ZERO));
    gather(&mut porter, ANNA, "books", clock(1, "10:00"));
    assert_eq!(porter.notifier.poll_timeout(), Some(clock(1, "10:00")));
    assert!(porter.notifier.next_due(clock(1, "10:00")).is_some());
}

#[test]
fn what_could_not_be_decided_in_thirty_seconds_is_too_late() {
    for (at, is_too_late) in [("10:00:30", false), ("10:00:30", false), ("10:00:31", true)] {
        let mut porter = Porter::new(usual());
        gather(&mut porter, ANNA, "books", clock(1, "10:00"));
        assert_eq!(porter.notifier.next_due(clock(1, at)).unwrap().is_too_late, is_too_late, "{at}");
    }
}

#[test]
fn the_same_offer_of_the_same_visit_waits_once() {
    let mut porter = Porter::new(usual());
    let now = clock(1, "10:00");
    let occasion = Ask::dwell("books", 1, now).occasion;
    assert_eq!(porter.notifier.gather(ANNA, occasion.clone(), now), Place::Waits);
    assert_eq!(porter.notifier.gather(ANNA, occasion.clone(), now), Place::Repeated);
    assert_eq!(
        porter.notifier.gather(ANNA, Ask::dwell("books", 1, now).offer("ten").occasion, now),
        Place::Waits
    );
    assert_eq!(porter.notifier.n_waiting(), 2);
    porter.notifier.next_due(clock(1, "10:00:20"));
    assert_eq!(porter.notifier.gather(ANNA, occasion, now), Place::Waits, "the decision tells it apart");
}

#[test]
fn a_crowd_is_not_let_in_whole() {
    let mut porter = Porter::new(usual());
    for i in 0..NotifierPolicy::OCCASIONS_MAX {
        assert_eq!(gather(&mut porter, ANNA, &format!("store{i}"), clock(1, "10:00")), Place::Waits);
    }
    assert_eq!(gather(&mut porter, ANNA, "one-more", clock(1, "10:00")), Place::Full);
    assert_eq!(gather(&mut porter, BERT, "one-more", clock(1, "10:00")), Place::Waits);
    assert_eq!(porter.notifier.n_waiting(), NotifierPolicy::OCCASIONS_MAX + 1);
}

#[test]
fn who_is_forgotten_leaves_nothing_waiting() {
    let mut porter = Porter::new(usual());
    gather(&mut porter, BERT, "cafe", clock(1, "10:00"));
    gather(&mut porter, ANNA, "books", clock(1, "10:00:01"));
    assert_eq!(fences(&porter.notifier.forget(BERT)), ["cafe"]);
    assert_eq!(
        (porter.notifier.n_waiting(), porter.notifier.poll_timeout()),
        (1, Some(clock(1, "10:00:21")))
    );
    assert!(porter.notifier.forget(BERT).is_empty());
}

#[test]
fn another_policy_counts_for_what_waits() {
    let mut porter = Porter::new(usual());
    gather(&mut porter, ANNA, "books", clock(1, "10:00"));
    porter.notifier.set_policy(lenient_but(|policy| policy.gather = Millis::from_secs(5)));
    assert_eq!(porter.notifier.poll_timeout(), Some(clock(1, "10:00:05")));
    assert_eq!(porter.notifier.policy().gather, Millis::from_secs(5));
}
