//! One customer and a porter, and a language to tell of them.
//!
//! One event a line, a day and a time of June 2026 on UTC first (the 1st is a Monday):
//!
//! ```text
//! 1 10:00 books          => told
//! 1 12:00 cafe           => rest_between_offers cap_24h cap_civil_day, next 2 10:00
//! ```
//!
//! A candidate is a dwell in a fence; behind its name may stand `enter`, `exit`, `in ZONE`,
//! `speed MPS`, `initial`, `unfit`, `rude` (its words break a rule), `again` (the visit and
//! offer of the line before), `waits` (it passes and is not let out). `let_out` takes the
//! first out of the line; `give_back` gives the last one told back.

use model::{
    CustomerId, CustomerNo, DeviceId, FenceId, MerchantId, Millis, Notification, NotificationId, OfferId,
    Timestamp, TransitionKind, VisitId, Words,
};
use notifier::{Candidate, Notifier, NotifierPolicy, Suppressed};

pub(crate) const ANNA: CustomerNo = CustomerNo::new(0, 0);

/// Midnight on UTC of 1 June 2026, a Monday.
pub(crate) fn june() -> Timestamp {
    Timestamp::from_unix_ms(1_780_272_000_000)
}

pub(crate) struct Porter {
    pub(crate) notifier: Notifier,
    n_visits: i64,
    last: Option<NotificationId>,
}

impl Porter {
    /// A porter to whom the customer agreed long ago.
    pub(crate) fn new(policy: NotifierPolicy) -> Self {
        let mut notifier = Notifier::new(policy);
        notifier.agreed(ANNA, june() - Millis::from_days(400));
        Self { notifier, n_visits: 0, last: None }
    }

    pub(crate) fn candidate(&mut self, fence: &str, zone: Option<&str>, now: Timestamp) -> Candidate {
        self.n_visits += 1;
        self.candidate_of_visit(self.n_visits, fence, zone, now)
    }

    fn candidate_of_visit(&self, visit: i64, fence: &str, zone: Option<&str>, now: Timestamp) -> Candidate {
        let (customer, device) = (CustomerId::new("anna").unwrap(), DeviceId::new("phone").unwrap());
        let fence = FenceId::new(fence).unwrap();
        let visit = VisitId::of(&customer, &device, &fence, Timestamp::from_unix_ms(visit));
        let offer = OfferId::new("ten").unwrap();
        let words = Words { title: "t".into(), body: "b".into(), link: None, why: "w".into() };
        let notification = Notification {
            id: NotificationId::of(visit, &offer),
            customer,
            device,
            offer,
            merchant: MerchantId::new("shop").unwrap(),
            fence,
            channel: model::Channel::Push,
            store: "s".into(),
            visit,
            trigger: TransitionKind::Dwell,
            triggered_at: now,
            issued_at: now,
            expires_at: now + Millis::from_mins(15),
            words,
        };
        let zone = zone.map(Into::into);
        Candidate {
            notification,
            zone,
            initial: false,
            may_trigger: true,
            speed_mps: None,
            breaks_a_text_rule: false,
        }
    }

    pub(crate) fn propose(&mut self, candidate: Candidate, now: Timestamp) -> Result<(), Suppressed> {
        self.notifier.propose(ANNA, candidate, now)
    }

    /// Takes the first out of the line; its id, and when it expires, if it goes out.
    pub(crate) fn let_out(&mut self, now: Timestamp) -> Result<(NotificationId, Timestamp), Suppressed> {
        let waiting = self.notifier.next_waiting(now).expect("something waits");
        let id = waiting.notification.id;
        match waiting.refusal {
            Some(suppressed) => {
                self.notifier.give_back(ANNA, id);
                Err(suppressed)
            }
            None => {
                self.notifier.committed(ANNA, id, now);
                self.last = Some(id);
                Ok((id, waiting.notification.expires_at))
            }
        }
    }

    pub(crate) fn give_back(&mut self, id: NotificationId) {
        self.notifier.give_back(ANNA, id);
    }

    fn tell(&mut self, event: &str) -> String {
        let mut words = event.split_whitespace();
        let day: i64 = words.next().and_then(|day| day.parse().ok()).expect("a line begins with a day");
        let now = clock(day, words.next().expect("a time"));
        let answer = match words.next().expect("a fence") {
            "let_out" => self.let_out(now).map(|(_, expires_at)| format!("told, until {}", said(expires_at))),
            "give_back" => {
                let last = self.last.expect("something was told");
                self.give_back(last);
                Ok("given back".to_owned())
            }
            fence => self.ask(fence, words, now),
        };
        answer.unwrap_or_else(|suppressed| reasons(&suppressed))
    }

    fn ask<'a>(
        &mut self,
        fence: &str,
        mut words: impl Iterator<Item = &'a str>,
        now: Timestamp,
    ) -> Result<String, Suppressed> {
        let mut candidate = self.candidate(fence, Some("UTC"), now);
        let mut waits = false;
        while let Some(word) = words.next() {
            match word {
                "enter" => candidate.notification.trigger = TransitionKind::Enter,
                "exit" => candidate.notification.trigger = TransitionKind::Exit,
                "in" => candidate.zone = words.next().map(Into::into),
                "nowhere" => candidate.zone = None,
                "speed" => candidate.speed_mps = words.next().and_then(|mps| mps.parse().ok()),
                "initial" => candidate.initial = true,
                "unfit" => candidate.may_trigger = false,
                "rude" => candidate.breaks_a_text_rule = true,
                "waits" => waits = true,
                "again" => candidate = self.candidate_of_visit(self.n_visits - 1, fence, Some("UTC"), now),
                other => panic!("nobody knows what {other} means"),
            }
        }
        self.propose(candidate, now)?;
        if waits {
            return Ok("waits".to_owned());
        }
        self.let_out(now).map(|_| "told".to_owned())
    }
}

/// Tells a story and compares every line's answer.
pub(crate) fn check(policy: NotifierPolicy, story: &str) {
    let mut porter = Porter::new(policy);
    check_with(&mut porter, story);
}

pub(crate) fn check_with(porter: &mut Porter, story: &str) {
    for line in story.lines().map(str::trim).filter(|line| !line.is_empty()) {
        let (event, expected) = line.split_once("=>").expect("a line says what is expected");
        assert_eq!(porter.tell(event), expected.trim(), "in the line: {line}");
    }
}

pub(crate) fn clock(day: i64, time: &str) -> Timestamp {
    let parts: Vec<i64> = time.split(':').map(|part| part.parse().expect("a number")).collect();
    let secs = parts[0] * 3_600 + parts[1] * 60 + parts.get(2).copied().unwrap_or(0);
    june() + Millis::from_days(day - 1) + Millis::from_secs(secs)
}

fn said(at: Timestamp) -> String {
    let secs = at.since(june()).secs();
    let (day, rest) = (secs.div_euclid(86_400) + 1, secs.rem_euclid(86_400));
    let (hour, minute, second) = (rest / 3_600, rest / 60 % 60, rest % 60);
    if second == 0 {
        return format!("{day} {hour:02}:{minute:02}");
    }
    format!("{day} {hour:02}:{minute:02}:{second:02}")
}

fn reasons(suppressed: &Suppressed) -> String {
    let words: Vec<_> = suppressed.failed().iter().map(|rule| rule.word()).collect();
    let next = suppressed.next_possible_at.map_or(String::new(), |at| format!(", next {}", said(at)));
    words.join(" ") + &next
}
