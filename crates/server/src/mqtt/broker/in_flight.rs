//! What has been given to the client and not been answered.

use std::collections::{HashMap, VecDeque};
use std::time::Duration;

use tokio::sync::oneshot;
use tokio::time::Instant;

use super::super::ingress::Delivered;

/// Publishes in the order the client got them, then by packet id.
///
/// rumqttc gives a packet its id when it sends it, and tells so in that order. Whoever is
/// dropped here without an answer reads it as an interruption.
#[derive(Default)]
pub(super) struct InFlight {
    unsent: VecDeque<Waiting>,
    sent: HashMap<u16, Waiting>,
}

struct Waiting {
    /// Nobody for messages of our own.
    answer: Option<oneshot::Sender<Delivered>>,
    since: Instant,
}

impl InFlight {
    pub(super) fn push(&mut self, answer: Option<oneshot::Sender<Delivered>>) {
        self.unsent.push_back(Waiting { answer, since: Instant::now() });
    }

    /// The oldest unsent message went out, under this id; 0 at QoS 0, where that is the end.
    pub(super) fn sent(&mut self, packet_id: u16) {
        let Some(waiting) = self.unsent.pop_front() else { return };
        if packet_id == 0 {
            waiting.resolve(Delivered::Sent);
        } else {
            self.sent.insert(packet_id, waiting);
        }
    }

    /// The broker answered.
    pub(super) fn answered(&mut self, packet_id: u16, delivered: Delivered) {
        if let Some(waiting) = self.sent.remove(&packet_id) {
            waiting.resolve(delivered);
        }
    }

    /// Whether anything waits for longer than it should.
    pub(super) fn is_overdue(&self, time_max: Duration) -> bool {
        let mut all = self.unsent.iter().chain(self.sent.values());
        all.any(|waiting| time_max < waiting.since.elapsed())
    }

    pub(super) fn is_empty(&self) -> bool {
        self.unsent.is_empty() && self.sent.is_empty()
    }
}

impl Waiting {
    fn resolve(self, delivered: Delivered) {
        if let Some(answer) = self.answer {
            // Who asked may have stopped waiting.
            let _ = answer.send(delivered);
        }
    }
}

#[cfg(test)]
mod tests {
    use tokio::sync::oneshot;

    use super::InFlight;
    use crate::mqtt::Delivered;

    #[tokio::test]
    async fn answers_find_their_message_in_any_order() {
        let mut in_flight = InFlight::default();
        let (first, first_answer) = oneshot::channel();
        let (second, second_answer) = oneshot::channel();
        in_flight.push(Some(first));
        in_flight.push(Some(second));
        in_flight.sent(7);
        in_flight.sent(8);
        in_flight.answered(8, Delivered::Refused);
        in_flight.answered(9, Delivered::Sent);
        assert_eq!(second_answer.await, Ok(Delivered::Refused));
        assert!(!in_flight.is_empty());
        drop(in_flight);
        assert!(first_answer.await.is_err());
    }
}
