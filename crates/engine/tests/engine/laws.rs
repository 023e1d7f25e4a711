//! The laws of the engine, over random letters of several customers.

use std::collections::{BTreeMap, BTreeSet};

use consent_gate::{ConsentKind, Purpose};
use engine::{ClockSource, Door, Event, EventKind, Policy};
use model::{CustomerId, Fix, Meters, Millis, NotificationId, Timestamp};
use notifier::{Cooldowns, NotifierPolicy};
use proptest::prelude::*;
use wire::Feedback;

use crate::happening::{ATTIC, CUSTOMERS, Happening, MERCHANTS, PLACES, Step, happening, steps};
use crate::shell::{Left, Message, Shell};
use crate::street::{Edit, clock, consent, edited, fix_at, fixes, house, offers_edited, x_of};

/// Lively enough that offers come, and still bounded.
fn policy(clock: ClockSource) -> Policy {
    let mut notifier = NotifierPolicy::default();
    let caps = &mut notifier.caps;
    (caps.per_24h_max, caps.per_civil_day_max, caps.per_7d_max) = (3, 2, 9);
    (caps.per_30d_max, caps.all_channels_per_7d_max) = (20, 9);
    notifier.cooldowns = Cooldowns {
        fence: Millis::from_hours(1),
        offer: Millis::from_hours(1),
        offer_ever_max: 9,
        merchant: Millis::from_mins(30),
        rest: Millis::from_mins(20),
        settle_in: Millis::ZERO,
        ..notifier.cooldowns
    };
    notifier.budget.limit_milli = notifier.budget.limit_max_milli;
    Policy { notifier, devices_max: 2, clock, ..Policy::default() }
}

/// Everything that can be seen of a run.
#[derive(Default)]
struct Run {
    events: Vec<Event>,
    sent: Vec<Sent>,
    /// Customers whose withdrawal was acknowledged, and what went out to them after that.
    n_after_withdrawal: usize,
    n_of_no_fence: usize,
    /// What had gone out at a restart, and no ledger knew that yet: it goes out once more by its name.
    unnoted: Vec<NotificationId>,
    n_unbalanced: usize,
    n_restarts: usize,
    story: String,
}

struct Sent {
    id: NotificationId,
    customer: String,
    decided_at: Timestamp,
    published_at: Timestamp,
    triggered_at: Timestamp,
}

struct Runner {
    shell: Shell,
    now: Timestamp,
    last: BTreeMap<usize, Message>,
    withdrawn: BTreeSet<(String, String)>,
    run: Run,
}

/// What random words are about; most offers need the first two.
const PURPOSES: [Purpose; 3] = [Purpose::Location, Purpose::OffersPush, Purpose::Background];

/// Everybody but Dora has agreed, or most letters would be refused.
fn runner(clock_source: ClockSource) -> Runner {
    let now = clock(1, "09:30");
    let shell = Shell::new(house(), policy(clock_source), now);
    let (last, withdrawn, run) = (BTreeMap::new(), BTreeSet::new(), Run::default());
    let mut runner = Runner { shell, now, last, withdrawn, run };
    for who in 0..3 {
        for (merchant, purpose) in [(0, 0), (0, 1), (1, 0), (1, 1)] {
            let kind = ConsentKind::Grant { until: None, confirm: None };
            runner.step(&Step {
                secs: 0,
                who,
                what: Happening::Consent { merchant, purpose, kind, seen_secs_ago: 0 },
            });
        }
    }
    runner
}

fn play(steps: &[Step], clock_source: ClockSource) -> (Shell, Run) {
    let mut runner = runner(clock_source);
    for step in steps {
        runner.step(step);
    }
    runner.shell.ledger_is_slow = false;
    runner.shell.settle(runner.now);
    runner.look();
    (runner.shell, runner.run)
}

impl Runner {
    /// What is due on the way is done at its own instant.
    fn wake_until(&mut self, now: Timestamp) {
        while let Some(due_at) = self.shell.engine.poll_timeout().filter(|due_at| *due_at < now) {
            self.now = self.now.max(due_at);
            self.shell.leap(self.now);
            self.look();
        }
    }

    fn step(&mut self, step: &Step) {
        let now = self.now + Millis::from_secs(step.secs);
        // Now and then the machine stands still and wakes late.
        if step.secs % 5 != 0 {
            self.wake_until(now);
        }
        self.now = now;
        let who = CUSTOMERS[step.who];
        match &step.what {
            Happening::Wait => self.shell.leap(now),
            Happening::Restart => {
                self.run.n_restarts += 1;
                let names = CUSTOMERS.map(|name| CustomerId::new(name).expect("it is a name"));
                let rows = names.iter().filter_map(|name| self.shell.storage.state(name));
                let waiting = rows.flat_map(|row| row.outbox.iter().map(|waiting| waiting.id));
                self.run.unnoted.extend(waiting.filter(|id| self.shell.published.contains(id)));
                self.shell.restart(now);
            }
            Happening::LedgerSlow(is_slow) => {
                self.shell.ledger_is_slow = *is_slow;
                self.shell.settle(now);
            }
            Happening::PhonesAway(are_away) => {
                self.shell.phones_are_away = *are_away;
                self.shell.settle(now);
            }
            Happening::Edit(place, edit) => {
                let name = PLACES.get(*place).copied().unwrap_or("attic");
                let fences = edited(&self.shell.house, edit, name);
                let alteration = self.shell.to_fences(fences);
                self.shell.edit(&alteration, now);
            }
            Happening::EditOffer(offer, edit) => {
                let offers = offers_edited(&self.shell.house, *edit, offer);
                let alteration = self.shell.to_offers(offers);
                self.shell.edit(&alteration, now);
            }
            Happening::Fixes { .. }
            | Happening::Garbage(_)
            | Happening::Consent { .. }
            | Happening::Again
            | Happening::Feedback(_)
            | Happening::Profile(_) => {
                if let Some(message) = self.message(who, step) {
                    self.shell.deliver(&[message], now);
                }
            }
        }
        self.look();
    }

    fn message(&mut self, who: &str, step: &Step) -> Option<Message> {
        let now = self.now;
        match &step.what {
            Happening::Fixes { device, place, aside_m, late_secs, n, still, mock, acc_m } => {
                let x_m = x_of(PLACES[*place]) + aside_m;
                let fix = |i: usize| Fix {
                    still: *still,
                    mock: *mock,
                    accuracy: Some(Meters(*acc_m)),
                    // The others need one consent more.
                    foreground: (*device == 0).then_some(true),
                    ..fix_at(now - Millis::from_secs(late_secs + 60 * i as i64), x_m)
                };
                let all: Vec<Fix> = (0..*n).map(fix).collect();
                Some(fixes(who, ["phone", "tablet", "watch"][*device], &all))
            }
            Happening::Garbage(body) => {
                let (customer, device) = (who.to_owned(), "phone".to_owned());
                Some(Message { door: Door::Fixes, customer, device, body: body.clone(), ticket: 0 })
            }
            Happening::Consent { merchant, purpose, kind, seen_secs_ago } => {
                let acted_at = now - Millis::from_secs(*seen_secs_ago);
                let (merchant, purpose) = (MERCHANTS[*merchant], PURPOSES[*purpose]);
                let message = consent(who, merchant, purpose, *kind, acted_at, 1).0;
                self.last.insert(step.who, message.clone());
                Some(message)
            }
            Happening::Again => self.last.get(&step.who).cloned(),
            Happening::Feedback(kind) => {
                let offer = self.run.sent.last()?.id;
                let feedback = Feedback { about: wire::About::Notification(offer), kind: *kind, at: None };
                let (customer, device) = (who.to_owned(), "phone".to_owned());
                let body = wire::encode_feedback(&feedback);
                Some(Message { door: Door::Feedback, customer, device, body, ticket: 1 })
            }
            Happening::Profile(body) => {
                let (customer, device) = (who.to_owned(), String::new());
                Some(Message {
                    door: Door::Profile,
                    customer,
                    device,
                    body: body.as_bytes().into(),
                    ticket: 1,
                })
            }
            Happening::Wait
            | Happening::Restart
            | Happening::LedgerSlow(_)
            | Happening::PhonesAway(_)
            | Happening::Edit(..)
            | Happening::EditOffer(..) => None,
        }
    }

    fn look(&mut self) {
        self.run.n_unbalanced += usize::from(!self.shell.engine.tally().is_balanced());
        self.run.events.extend(self.shell.events());
        for left in std::mem::take(&mut self.shell.left) {
            self.run.story += &format!("{left:?}\n");
            match left {
                Left::Sent(notification) => {
                    let key = (
                        notification.customer.as_str().to_owned(),
                        notification.merchant.as_str().to_owned(),
                    );
                    self.run.n_after_withdrawal += usize::from(self.withdrawn.contains(&key));
                    let still_there = self.shell.house.facts().any(|facts| {
                        facts.id == notification.fence
                            && facts.merchant.as_ref() == Some(&notification.merchant)
                    });
                    self.run.n_of_no_fence += usize::from(!still_there);
                    let customer = notification.customer.as_str().to_owned();
                    let (decided_at, triggered_at) = (notification.issued_at, notification.triggered_at);
                    let published_at = self.now;
                    self.run.sent.push(Sent {
                        id: notification.id,
                        customer,
                        decided_at,
                        published_at,
                        triggered_at,
                    });
                }
                // An offer can rest on what was seen with the app open.
                Left::Acknowledged(ack) if ack.answer.purpose == "background" => {}
                Left::Acknowledged(ack) => {
                    let key = (ack.customer.as_str().to_owned(), ack.answer.merchant.clone());
                    match &*ack.answer.state {
                        "withdrawn" | "refused" | "paused" => self.withdrawn.insert(key),
                        // Both purposes must stand again before anything may go out; to be sure
                        // of the law it is enough to forget at the first that does.
                        _ => self.withdrawn.remove(&key),
                    };
                }
                Left::Shown(_) | Left::Dropped(..) | Left::Settled(_) | Left::Reminded(_) | Left::Erased => {}
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 250, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_record_has_one_outcome(steps in steps()) {
        let (shell, run) = play(&steps, ClockSource::Caller);
        prop_assert_eq!(run.n_unbalanced, 0);
        if run.n_restarts == 0 {
            // The trace tells the same as the counters.
            let n = |of: fn(&EventKind) -> bool| run.events.iter().filter(|event| of(&event.kind)).count() as u64;
            let tally = shell.engine.tally();
            prop_assert_eq!(tally.n_decided, n(|kind| matches!(kind, EventKind::Offer { .. })));
            prop_assert_eq!(tally.suppressed.total(), n(|kind| matches!(kind, EventKind::Suppressed { .. })));
            prop_assert_eq!(tally.transitions.total(), n(|kind| matches!(kind, EventKind::Transition { .. })));
            prop_assert_eq!(tally.refused.total(), n(|kind| matches!(kind, EventKind::Refused { .. })));
        }
    }

    #[test]
    fn replay_restores_state(steps in steps(), by_fixes in any::<bool>()) {
        let clock = if by_fixes { ClockSource::Fixes } else { ClockSource::Caller };
        let (mut shell, _) = play(&steps, clock);
        shell.check_replay();
    }

    #[test]
    fn one_offer_per_visit(steps in steps()) {
        let (_, run) = play(&steps, ClockSource::Caller);
        for sent in &run.sent {
            let n_sent = run.sent.iter().filter(|other| other.id == sent.id).count();
            let n_unnoted = run.unnoted.iter().filter(|id| **id == sent.id).count();
            prop_assert!(n_sent <= 1 + n_unnoted, "what the ledger knows to be out never goes out twice");
        }
    }

    #[test]
    fn how_many_letters_are_drained_at_once_decides_nothing(
        letters in prop::collection::vec((0..CUSTOMERS.len(), happening()), 1..40),
        cuts in prop::collection::vec(any::<bool>(), 40),
    ) {
        // Grants take effect by their commits, which come between drains.
        let is_no_grant = |what: &Happening| match what {
            Happening::Consent { kind, .. } => matches!(kind, ConsentKind::Withdraw | ConsentKind::Refuse | ConsentKind::Pause { .. }),
            Happening::Fixes { .. } | Happening::Garbage(_) => true,
            Happening::Again
            | Happening::Feedback(_)
            | Happening::Profile(_)
            | Happening::Wait
            | Happening::Restart => false,
            Happening::LedgerSlow(_) | Happening::PhonesAway(_) => false,
            Happening::Edit(..) | Happening::EditOffer(..) => false,
        };
        let letters: Vec<_> = letters.into_iter().filter(|(_, what)| is_no_grant(what)).collect();
        let told = |cuts: &[bool]| {
            let mut runner = runner(ClockSource::Caller);
            runner.now = runner.now + Millis::from_hours(1);
            let step = |(who, what): &(usize, Happening)| Step { secs: 0, who: *who, what: what.clone() };
            let messages: Vec<_> = letters.iter().filter_map(|letter| runner.message(CUSTOMERS[letter.0], &step(letter))).collect();
            let mut drain = Vec::new();
            for (message, cut) in messages.into_iter().zip(cuts) {
                drain.push(message);
                if *cut {
                    runner.shell.engine.handle_letters(&drain.iter().map(Message::letter).collect::<Vec<_>>(), runner.now);
                    drain.clear();
                }
            }
            runner.shell.engine.handle_letters(&drain.iter().map(Message::letter).collect::<Vec<_>>(), runner.now);
            runner.shell.settle(runner.now);
            runner.look();
            let mut events: Vec<String> = runner.run.events.iter().map(|event| format!("{event:?}")).collect();
            events.sort();
            (events, runner.shell.engine.tally())
        };
        prop_assert_eq!(told(&cuts), told(&[true; 40]));
    }

    #[test]
    fn caps_hold(steps in steps()) {
        let (_, run) = play(&steps, ClockSource::Caller);
        let day = |sent: &Sent| sent.decided_at.unix_ms().div_euclid(Millis::from_days(1).ms());
        for customer in CUSTOMERS {
            // What went out before a crash could be noted goes out once more, and is the same offer.
            let mut ids = BTreeSet::new();
            let theirs = run.sent.iter().filter(|sent| sent.customer == customer);
            let heard: Vec<_> = theirs.filter(|sent| ids.insert(sent.id)).collect();
            for one in &heard {
                let within = |span| heard.iter().filter(|other| {
                    one.decided_at <= other.decided_at && other.decided_at < one.decided_at + span
                }).count();
                prop_assert!(within(Millis::from_hours(24)) <= 3);
                prop_assert!(within(Millis::from_days(7)) <= 9);
                prop_assert!(within(Millis::from_mins(20)) <= 1);
                prop_assert!(heard.iter().filter(|other| day(other) == day(one)).count() <= 2);
            }
        }
    }

    #[test]
    fn quiet_hours_hold(steps in steps()) {
        let (_, run) = play(&steps, ClockSource::Caller);
        for sent in run.sent {
            let hour = sent.published_at.unix_ms().div_euclid(Millis::from_hours(1).ms()).rem_euclid(24);
            prop_assert!((9..20).contains(&hour), "published at {hour} h");
            prop_assert!(sent.published_at.since(sent.triggered_at) < Millis::from_mins(15), "nothing is said late");
        }
    }

    #[test]
    fn no_offer_after_withdrawal(steps in steps()) {
        let (_, run) = play(&steps, ClockSource::Caller);
        prop_assert_eq!(run.n_after_withdrawal, 0);
    }

    #[test]
    fn g14_no_offer_goes_out_about_a_fence_that_is_gone(steps in steps()) {
        prop_assert_eq!(play(&steps, ClockSource::Caller).1.n_of_no_fence, 0);
    }

    #[test]
    fn g17_edits_elsewhere_change_nothing_for_anybody(steps in steps()) {
        // Nobody goes to the attic, and without it every fence has another number.
        let mut has_attic = true;
        let touches_attic = |step: &Step| match step.what {
            Happening::Edit(..) => {
                has_attic = !has_attic;
                let edit = if has_attic { Edit::PutBack } else { Edit::Remove };
                Step { what: Happening::Edit(ATTIC, edit), ..step.clone() }
            }
            _ => step.clone(),
        };
        let edited: Vec<Step> = steps.iter().map(touches_attic).collect();
        let touches_nothing = |step: &Step| match step.what {
            Happening::Edit(..) => Step { what: Happening::Edit(ATTIC, Edit::Nothing), ..step.clone() },
            _ => step.clone(),
        };
        let left_alone: Vec<Step> = steps.iter().map(touches_nothing).collect();
        let (edited, left_alone) = (play(&edited, ClockSource::Caller).1, play(&left_alone, ClockSource::Caller).1);
        prop_assert_eq!(edited.events, left_alone.events);
        prop_assert_eq!(edited.story, left_alone.story);
    }

    #[test]
    fn same_seed_same_story(steps in steps(), by_fixes in any::<bool>()) {
        let clock = if by_fixes { ClockSource::Fixes } else { ClockSource::Caller };
        let told = |(shell, run): (Shell, Run)| {
            let events: Vec<String> = run.events.iter().map(|event| format!("{event:?}")).collect();
            (events.join("\n").into_bytes(), run.story.into_bytes(), format!("{:?}", shell.engine.tally()))
        };
        prop_assert_eq!(told(play(&steps, clock)), told(play(&steps, clock)));
    }
}

#[test]
fn random_letters_are_lively_enough_to_mean_something() {
    use proptest::strategy::ValueTree;
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let (mut n_sent, mut n_refused, mut n_restarts) = (0, 0, 0);
    for _ in 0..100 {
        let steps = steps().new_tree(&mut runner).expect("a story").current();
        let (_, run) = play(&steps, ClockSource::Caller);
        n_sent += run.sent.len();
        n_restarts += run.n_restarts;
        n_refused +=
            run.events.iter().filter(|event| matches!(event.kind, EventKind::Refused { .. })).count();
    }
    assert!(
        100 < n_sent && 100 < n_refused && 50 < n_restarts,
        "{n_sent} sent, {n_refused} refused, {n_restarts} restarts"
    );
}
