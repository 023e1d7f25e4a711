//! Acknowledgements whose session is busy: one bounded line a shard, tried again in turns.

use std::collections::{HashMap, VecDeque};
use std::time::Duration;

use model::CustomerId;
use tokio::time::Instant;

use crate::mqtt::{Delivered, OutMessage};

/// Bytes that wait in one shard at most, some 4,000 answers: a backend may hand in thousands of
/// consent events before it reads its first answer.
const WAITING_LEN_MAX: usize = 1 << 20;

/// The same of one customer, some 60 answers, so that one who floods cannot fill the line.
const OF_CUSTOMER_LEN_MAX: usize = 16 << 10;

/// How long an answer is offered to a session that is busy, and how soon again.
const ACK_TIME_MAX: Duration = Duration::from_secs(10);
const BUSY_RETRY_AFTER: Duration = Duration::from_millis(20);

/// Sessions found busy in one round at most: a town that reads nothing must not cost a core.
const BUSY_MAX: usize = 64;

/// What waits, by customer, in the order in which it came.
///
/// The newest is dropped when there is no room: what was promised first is kept.
#[derive(Default)]
pub(super) struct Patience {
    of_customer: HashMap<CustomerId, Waiting>,
    /// Every customer who waits, once; whoever had a turn goes to the back.
    turns: VecDeque<CustomerId>,
    len: usize,
    due_at: Option<Instant>,
}

#[derive(Default)]
struct Waiting {
    messages: VecDeque<(Instant, OutMessage)>,
    len: usize,
}

impl Patience {
    /// Whether something for this customer waits already, so that the next must queue behind it.
    pub(super) fn holds(&self, customer: &CustomerId) -> bool {
        self.of_customer.contains_key(customer)
    }

    /// Lets a message wait; false when there is no room for it.
    pub(super) fn put(&mut self, customer: &CustomerId, message: OutMessage, now: Instant) -> bool {
        let len = message.packet_len_max();
        let len_of_customer = self.of_customer.get(customer).map_or(0, |waiting| waiting.len);
        if WAITING_LEN_MAX < self.len + len || OF_CUSTOMER_LEN_MAX < len_of_customer + len {
            return false;
        }
        if len_of_customer == 0 {
            self.turns.push_back(customer.clone());
        }
        let waiting = self.of_customer.entry(customer.clone()).or_default();
        waiting.messages.push_back((now + ACK_TIME_MAX, message));
        waiting.len += len;
        self.len += len;
        self.due_at.get_or_insert(now + BUSY_RETRY_AFTER);
        true
    }

    /// When to try again; `None` while nothing waits.
    pub(super) fn due_at(&self) -> Option<Instant> {
        self.due_at
    }

    /// Offers what waits once more, customer by customer; how many were given up.
    pub(super) async fn try_again<F: Future<Output = Delivered>>(
        &mut self,
        now: Instant,
        deliver: impl Fn(OutMessage) -> F,
    ) -> u64 {
        let (mut n_busy, mut n_given_up) = (0, 0);
        for _ in 0..self.turns.len() {
            let Some(customer) = self.turns.pop_front() else { break };
            let Some(waiting) = self.of_customer.get_mut(&customer) else { continue };
            let len_before = waiting.len;
            while let Some((until, message)) = waiting.messages.front() {
                if deliver(message.clone()).await == Delivered::Busy {
                    n_busy += 1;
                    if now < *until {
                        break;
                    }
                    n_given_up += 1;
                }
                waiting.len -= message.packet_len_max();
                waiting.messages.pop_front();
            }
            self.len -= len_before - waiting.len;
            if waiting.messages.is_empty() {
                self.of_customer.remove(&customer);
            } else {
                self.turns.push_back(customer);
            }
            if BUSY_MAX <= n_busy {
                break;
            }
        }
        self.due_at = (!self.turns.is_empty()).then(|| now + BUSY_RETRY_AFTER);
        n_given_up
    }
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;
    use std::future::ready;

    use super::*;

    fn customer(name: &str) -> CustomerId {
        CustomerId::new(name).unwrap()
    }

    fn put(patience: &mut Patience, name: &str, text: &str, now: Instant) -> bool {
        patience.put(&customer(name), OutMessage::new(name, text.to_owned()), now)
    }

    /// Tries everything again with sessions of which these are busy; what was taken, and how many
    /// were given up.
    async fn check(patience: &mut Patience, busy: &[&str], now: Instant) -> (Vec<String>, u64) {
        let taken = RefCell::new(Vec::new());
        let n_given_up = patience
            .try_again(now, |message| {
                if busy.contains(&&*message.topic) {
                    return ready(Delivered::Busy);
                }
                let text = String::from_utf8(message.payload.to_vec()).unwrap();
                taken.borrow_mut().push(format!("{} {text}", message.topic));
                ready(Delivered::Sent)
            })
            .await;
        (taken.into_inner(), n_given_up)
    }

    #[tokio::test]
    async fn answers_keep_their_order_and_one_who_is_busy_holds_up_nobody_else() {
        let (mut patience, now) = (Patience::default(), Instant::now());
        for (name, text) in [("ada", "1"), ("bob", "2"), ("ada", "3"), ("bob", "4")] {
            assert!(put(&mut patience, name, text, now));
        }
        assert!(patience.holds(&customer("ada")) && !patience.holds(&customer("eve")));
        assert_eq!(check(&mut patience, &["ada"], now).await, (vec!["bob 2".into(), "bob 4".into()], 0));
        assert!(!patience.holds(&customer("bob")));
        assert_eq!(patience.due_at(), Some(now + BUSY_RETRY_AFTER));
        assert_eq!(check(&mut patience, &[], now).await, (vec!["ada 1".into(), "ada 3".into()], 0));
        assert_eq!((patience.due_at(), patience.len), (None, 0));
    }

    #[tokio::test]
    async fn one_who_floods_fills_a_small_part_and_loses_the_newest() {
        let (mut patience, now) = (Patience::default(), Instant::now());
        let n_taken = (0..40_000).filter(|i| put(&mut patience, "ada", &i.to_string(), now)).count();
        assert!((10..1_000).contains(&n_taken), "{n_taken} wait");
        assert!(put(&mut patience, "bob", "0", now));
        let (taken, _) = check(&mut patience, &[], now).await;
        let expected: Vec<_> = (0..n_taken).map(|i| format!("ada {i}")).chain(["bob 0".into()]).collect();
        assert_eq!(taken, expected);
    }

    #[tokio::test]
    async fn many_who_are_busy_cost_little_and_each_has_a_turn() {
        let (mut patience, now) = (Patience::default(), Instant::now());
        let names: Vec<_> = (0..100_000).map(|i| format!("c{i}")).collect();
        let n_waiting = names.iter().take_while(|name| put(&mut patience, name, "0", now)).count();
        assert!((BUSY_MAX..50_000).contains(&n_waiting), "{n_waiting} wait");
        let n_tries = RefCell::new(HashMap::<String, usize>::new());
        for _ in 0..n_waiting.div_ceil(BUSY_MAX) {
            let before: usize = n_tries.borrow().values().sum();
            let try_one = |message: OutMessage| {
                *n_tries.borrow_mut().entry(message.topic.to_string()).or_default() += 1;
                ready(Delivered::Busy)
            };
            patience.try_again(now, try_one).await;
            assert!(n_tries.borrow().values().sum::<usize>() <= before + BUSY_MAX);
        }
        assert_eq!(n_tries.borrow().len(), n_waiting);
    }

    #[tokio::test]
    async fn an_answer_that_nobody_takes_in_time_is_given_up() {
        let (mut patience, now) = (Patience::default(), Instant::now());
        put(&mut patience, "ada", "1", now);
        let late = now + ACK_TIME_MAX;
        put(&mut patience, "ada", "2", late);
        assert_eq!(check(&mut patience, &["ada"], late).await, (vec![], 1));
        assert_eq!(check(&mut patience, &[], late).await, (vec!["ada 2".into()], 0));
    }
}
