//! Plays a story, happening by happening, and looks after each.

use std::collections::BTreeMap;
use std::ops::Range;

use consent_gate::{ConsentEvent, Hearing};
use engine::{ClockSource, Door, Letter};
use model::FeedbackKind;
use model::{Fix, Millis, Timestamp};
use wire::{About, Feedback};

use super::compare::Compare;
use super::digest::Digest;
use super::happening::{Fault, Happening, Joins, Step, Story, Timed, Whose};
use super::laws::Broken;
use super::names::Names;
use super::operator::Operator;
use super::plant::Plant;
use super::post::{self, Addresses, Batch, Message};
use super::scene::Scene;
use super::shell::{AnswerSent, Asked, Counts, Died, Sent, Shell};

/// How a story ended.
#[derive(Clone, Debug, Default)]
pub(crate) struct Ending {
    pub(crate) counts: Counts,
    pub(crate) n_published: u64,
    /// What was broken, and at which happening.
    pub(crate) broken: Option<(usize, Broken)>,
    pub(crate) digest: Option<model::Digest>,
}

/// What is wanted of a play.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Wanted {
    pub(crate) is_judged: bool,
    pub(crate) digest: bool,
    pub(crate) plant: Option<Plant>,
}

/// Plays the happenings of a story that are kept, ascending by number.
pub(crate) fn play(scene: &Scene, story: &Story, kept: Option<&[u32]>, wanted: Wanted) -> Ending {
    let names = Names::of(scene);
    let mut play = Play {
        scene,
        story,
        addresses: Addresses::of(scene),
        shell: Shell::new(scene, &names, wanted.is_judged, wanted.plant),
        compare: Compare::default(),
        digest: wanted.digest.then(Digest::new),
        operator: Operator::of(scene),
        ahead: Millis::ZERO,
        last_now: scene.starts_at,
        last_fixes: BTreeMap::new(),
        last_consent: BTreeMap::new(),
        n_tickets: 0,
        n_since_look: 0,
        n_seen: 0,
        messages: Vec::new(),
    };
    if wanted.plant == Some(Plant::WritesPositions) {
        play.shell.disk.leak = story.fixes.first().map(|fix| format!("{:.5}", fix.position.lat()).into());
    }
    let all: Vec<u32> = if kept.is_some() { Vec::new() } else { (0..story.n_happenings()).collect() };
    let broken = play.through(kept.unwrap_or(&all));
    let (counts, n_published) = (play.shell.counts, play.shell.laws.n_published());
    let digest = play.digest.take().map(|digest| digest.finish(&mut play.shell.disk));
    Ending { counts, n_published, broken, digest }
}

struct Play<'a> {
    scene: &'a Scene,
    story: &'a Story,
    addresses: Addresses,
    shell: Shell<'a>,
    compare: Compare,
    digest: Option<Digest>,
    operator: Operator<'a>,
    /// How far the server's clock runs ahead.
    ahead: Millis,
    /// What it showed last.
    last_now: Timestamp,
    last_fixes: BTreeMap<u32, u32>,
    last_consent: BTreeMap<u32, (ConsentEvent, Hearing)>,
    n_tickets: u64,
    n_since_look: u32,
    /// Payloads that the engine had opened, and not turned away after that, when it was last asked.
    n_seen: u64,
    /// Scratch paper of a drain.
    messages: Vec<(Message, Told)>,
}

/// What the judge is told of a message.
enum Told {
    /// Fixes by their places in the story; none of bytes that are no fix.
    Fixes(Range<u32>),
    Asked(Asked),
}

/// Sums are looked at once in so many happenings: they cost as much as a few fixes.
const LOOK_ONCE_IN: u32 = 64;

impl Play<'_> {
    fn through(&mut self, kept: &[u32]) -> Option<(usize, Broken)> {
        let mut at = 0;
        while at < kept.len() {
            let joined = |no: u32| self.story.happenings[no as usize].joins;
            let more = kept[at + 1..].iter().take_while(|no| joined(**no) != Joins::Nothing).count();
            let run = &kept[at..=at + more];
            self.one(run);
            if let Some(broken) = self.shell.laws.broken.take() {
                return Some((run[run.len() - 1] as usize, broken));
            }
            at += run.len();
        }
        self.end();
        let last = kept.last().map_or(0, |no| *no as usize);
        self.shell.laws.broken.take().map(|broken| (last, broken))
    }

    fn happening(&self, no: u32) -> &'_ Timed {
        &self.story.happenings[no as usize]
    }

    /// A happening, or letters that are read together.
    fn one(&mut self, run: &[u32]) {
        let at = self.happening(run[run.len() - 1]).at;
        self.pass_time(at);
        let now = self.clock(at);
        let done = match &self.story.happenings[run[0] as usize].what {
            Happening::Fault(fault) => self.fault(*fault, now),
            Happening::Wait => Ok(()),
            _ => self.letters(run, now),
        };
        self.last_now = self.clock(at);
        let done = done.and_then(|()| self.shell.settle(self.last_now));
        if done.is_err() {
            self.start_again(self.last_now);
        }
        self.look();
    }

    /// The server's clock; one that fixes drive stands still between them.
    fn clock(&self, at: Timestamp) -> Timestamp {
        match self.scene.policy.clock {
            ClockSource::Caller => at + self.ahead,
            ClockSource::Fixes => self.scene.starts_at.max(self.shell.engine.now()),
        }
    }

    fn is_driven_by_fixes(&self) -> bool {
        self.scene.policy.clock == ClockSource::Fixes
    }

    /// The shell sleeps until something is due, as often as something is.
    fn pass_time(&mut self, at: Timestamp) {
        if self.is_driven_by_fixes() {
            return;
        }
        let now = self.clock(at);
        let sleeps = self.shell.plant == Some(Plant::SleepsThroughTimers);
        while let Some(due_at) = self.shell.engine.poll_timeout().filter(|due_at| *due_at <= now && !sleeps) {
            // After a leap of the clock it is late already.
            let at = due_at.max(self.last_now);
            self.shell.engine.handle_timeout(at);
            self.shell.opinion.time(at);
            if self.shell.settle(at).is_err() {
                self.start_again(at);
            }
            self.look();
        }
        if !sleeps {
            self.shell.engine.handle_timeout(now);
        }
        self.shell.opinion.time(now);
    }

    fn start_again(&mut self, now: Timestamp) {
        // What it told till then was told.
        self.look();
        let has_edits = self.operator.take_unseen();
        self.shell.start_again(has_edits.then_some(&self.operator), now);
        self.n_seen = 0;
        self.send_again(now);
    }

    /// Who was not answered sends again.
    fn send_again(&mut self, now: Timestamp) {
        let unsettled = std::mem::take(&mut self.shell.unsettled);
        for (_, Sent { mut message, what }) in unsettled {
            self.n_tickets += 1;
            message.ticket = self.n_tickets;
            self.hand_over(message, what, now);
        }
        // Nothing is in the way of a process that has just started.
        let settled = self.shell.settle(now);
        debug_assert!(settled.is_ok(), "nobody has asked it to die yet");
    }

    fn hand_over(&mut self, message: Message, what: Asked, now: Timestamp) {
        let letter = self.addresses.letter(&message);
        self.shell.engine.handle_letters(&[letter], now);
        self.tell_the_judge(&message, &what, now);
        self.shell.unsettled.insert(message.ticket, Sent { message, what });
    }

    fn tell_the_judge(&mut self, message: &Message, what: &Asked, now: Timestamp) {
        let opinion = &mut self.shell.opinion;
        match what {
            Asked::Consent(event, hearing) => {
                let merchant = self.shell.names.merchant(event.merchant.as_str());
                let merchant = merchant.expect("every merchant is of the scene");
                let effect = opinion.consent(message.who, merchant, (event, *hearing, message.is_own), now);
                self.shell.effects.extend(effect.map(|effect| (message.ticket, effect)));
            }
            Asked::Feedback(answer) => {
                let is_of_use = opinion.feedback(message.who, answer.about, (answer.kind, answer.at), now);
                if is_of_use == Some(true) {
                    self.shell.of_use.insert(message.ticket);
                }
            }
            Asked::Profile(word) => {
                opinion.profile(message.who, word, now);
                self.shell.note_profile(message.who, message.ticket);
                self.shell.laws.unmute(message.who, |what| word.keeps_muted(what));
            }
            Asked::Erasure => self.shell.forget(message.who, now),
        }
    }

    fn letters(&mut self, run: &[u32], now: Timestamp) -> Result<(), Died> {
        if self.is_driven_by_fixes() {
            return run.iter().try_for_each(|no| {
                self.drain(&[*no], self.clock(now))?;
                self.shell.settle(self.clock(now))
            });
        }
        let is_batch = run.last().is_some_and(|no| self.happening(*no).joins == Joins::Batch);
        let all_fixes = || run.iter().all(|no| self.single_fix(*no).is_some());
        if is_batch && all_fixes() { self.batch(run, now) } else { self.drain(run, now) }
    }

    fn single_fix(&self, no: u32) -> Option<(u32, u8, &[Fix])> {
        match &self.happening(no).what {
            Happening::Fixes { who, phone, fixes } if fixes.len() == 1 => {
                Some((*who, *phone, &self.story.fixes[fixes.start as usize..fixes.end as usize]))
            }
            _ => None,
        }
    }

    fn batch(&mut self, run: &[u32], now: Timestamp) -> Result<(), Died> {
        let mut batch = Batch::default();
        for (who, phone, fix) in run.iter().filter_map(|no| self.single_fix(*no)) {
            batch.add(self.scene, who, phone, &fix[0]);
        }
        self.shell.counts.n_fixes += run.len() as u64;
        self.shell.counts.n_letters += 1;
        self.shell.read(&batch.letters(), now)?;
        for no in run {
            if let Some((who, phone, fix)) = self.single_fix(*no) {
                let fix = fix[0];
                self.shell.opinion.message(who, u32::from(phone), &[fix], now);
                self.last_fixes.insert(who, *no);
            }
        }
        self.shell.step(Step::AfterLetters)
    }

    fn drain(&mut self, run: &[u32], now: Timestamp) -> Result<(), Died> {
        let mut messages = std::mem::take(&mut self.messages);
        for no in run {
            messages.extend(self.message(*no));
        }
        let lost = |message: &Message| match self.shell.plant {
            Some(Plant::LosesLetters) => message.door == Door::Fixes && message.body.len().is_multiple_of(17),
            Some(Plant::Mute) => message.door == Door::Consent,
            _ => false,
        };
        let letters: Vec<Letter<'_>> = messages
            .iter()
            .filter(|(message, ..)| !lost(message))
            .map(|(message, ..)| self.addresses.letter(message))
            .collect();
        self.shell.counts.n_letters += letters.len() as u64;
        let read = self.shell.read(&letters, now);
        drop(letters);
        for (message, what) in messages.drain(..) {
            if read.is_ok() {
                self.tell(&message, &what, now);
            }
            if let Told::Asked(what) = what {
                self.await_answer(message, what);
            }
        }
        self.messages = messages;
        read.and_then(|()| self.shell.step(Step::AfterLetters))
    }

    fn await_answer(&mut self, message: Message, what: Asked) {
        match &what {
            Asked::Consent(event, _) if self.shell.plant == Some(Plant::AcknowledgesEarly) => {
                self.shell.acknowledge_early(message.who, event, message.ticket);
            }
            Asked::Consent(..) | Asked::Feedback(_) | Asked::Profile(_) | Asked::Erasure => {
                self.shell.unsettled.insert(message.ticket, Sent { message, what });
            }
        }
    }

    /// Tells the judge what the engine has read.
    fn tell(&mut self, message: &Message, what: &Told, now: Timestamp) {
        match what {
            Told::Asked(what) => self.tell_the_judge(message, what, now),
            Told::Fixes(fixes) => {
                let story = self.story;
                let fixes = &story.fixes[fixes.start as usize..fixes.end as usize];
                self.shell.counts.n_fixes += fixes.len() as u64;
                let now = if self.is_driven_by_fixes() { self.let_drive(fixes, now) } else { now };
                self.shell.opinion.message(message.who, u32::from(message.phone), fixes, now);
                if self.is_driven_by_fixes() {
                    // This clock leaps; what is decided at one of its instants goes out at that instant.
                    self.shell.opinion.stage(now);
                }
            }
        }
    }

    /// The time at which the fix just read was handled: it moved the clock, if it was let in, and the
    /// judge's timers fire first, each with what follows from it.
    fn let_drive(&mut self, fixes: &[Fix], now: Timestamp) -> Timestamp {
        let tally = self.shell.engine.tally();
        let n_seen = tally.n_opened - tally.refused.of_word("background");
        let was_let_in = self.n_seen < n_seen;
        self.n_seen = n_seen;
        let Some(fix) = fixes.last().filter(|_| was_let_in) else { return now };
        let opinion = &mut self.shell.opinion;
        while let Some(due_at) = opinion.next_timer(fix.taken_at) {
            opinion.time(due_at);
            opinion.stage(due_at);
        }
        opinion.time(fix.taken_at);
        now.max(fix.taken_at)
    }

    /// The message of a happening; none when what it speaks of has not happened.
    fn message(&mut self, no: u32) -> Option<(Message, Told)> {
        let story = self.story;
        match &story.happenings[no as usize].what {
            Happening::Fixes { who, phone, fixes } => {
                let start = if self.is_driven_by_fixes() { fixes.end - 1 } else { fixes.start };
                let fixes = start..fixes.end;
                self.last_fixes.insert(*who, no);
                let body = post::body(&story.fixes[fixes.start as usize..fixes.end as usize]);
                Some((fix_message(*who, *phone, body), Told::Fixes(fixes)))
            }
            Happening::FixesAgain { who } => {
                let no = *self.last_fixes.get(who)?;
                self.message(no)
            }
            Happening::Hostile { who, phone, body } => {
                Some((fix_message(*who, *phone, body.to_vec()), Told::Fixes(0..0)))
            }
            Happening::Consent { .. } => {
                let (who, event, hearing) =
                    post::consent_event(self.scene, &story.happenings[no as usize].what)?;
                self.last_consent.insert(who, (event.clone(), hearing));
                Some(self.consent_message(who, event, hearing))
            }
            Happening::ConsentAgain { who } => {
                let (event, hearing) = self.last_consent.get(who)?.clone();
                Some(self.consent_message(*who, event, hearing))
            }
            Happening::Feedback { who, kind, of, ago } => {
                let at = story.happenings[no as usize].at;
                self.feedback_message(*who, *kind, *of, ago.map(|ago| at - ago))
            }
            Happening::Profile { who, word } => {
                self.n_tickets += 1;
                let (body, ticket) = (word.body(self.scene), self.n_tickets);
                let message =
                    Message { door: Door::Profile, who: *who, phone: 0, is_own: false, body, ticket };
                Some((message, Told::Asked(Asked::Profile(word.clone()))))
            }
            Happening::Erasure { who } => {
                self.n_tickets += 1;
                let (body, ticket) = (Vec::new(), self.n_tickets);
                let message =
                    Message { door: Door::Erasure, who: *who, phone: 0, is_own: false, body, ticket };
                Some((message, Told::Asked(Asked::Erasure)))
            }
            Happening::Wait | Happening::Fault(_) => None,
        }
    }

    fn consent_message(&mut self, who: u32, event: ConsentEvent, hearing: Hearing) -> (Message, Told) {
        self.n_tickets += 1;
        let body = post::consent_body(&event);
        self.shell.counts.n_restrictions += u64::from(event.kind.is_a_no());
        let is_own = hearing == Hearing::Live && post::is_from_phone(&event);
        let door = match hearing {
            Hearing::Live => Door::Consent,
            Hearing::Imported { attested } => Door::Imported { attested },
        };
        let message = Message { door, who, phone: 0, is_own, body, ticket: self.n_tickets };
        (message, Told::Asked(Asked::Consent(Box::new(event), hearing)))
    }

    fn feedback_message(
        &mut self,
        who: u32,
        kind: FeedbackKind,
        of: Whose,
        at: Option<Timestamp>,
    ) -> Option<(Message, Told)> {
        let offers = &self.shell.last_offer;
        let named = match of {
            Whose::Own => Some(offers.get(&who)?),
            Whose::Foreign => Some(offers.iter().find(|(other, _)| **other != who)?.1),
            Whose::Till { .. } => None,
        };
        let (about, judged) = match (named, of) {
            (Some(offer), _) => (About::Notification(offer.id), Ok(offer.id)),
            (None, Whose::Till { offer }) => {
                (About::Offer(self.scene.drafts[offer as usize].id.clone()), Err(offer))
            }
            (None, Whose::Own | Whose::Foreign) => return None,
        };
        let phone = named.filter(|_| of == Whose::Own).map_or(0, |offer| offer.phone);
        let body = wire::encode_feedback(&Feedback { about, kind, at });
        self.n_tickets += 1;
        let message =
            Message { door: Door::Feedback, who, phone, is_own: true, body, ticket: self.n_tickets };
        let counts = of == Whose::Own;
        let answer = AnswerSent { about: judged, kind, at, counts };
        Some((message, Told::Asked(Asked::Feedback(answer))))
    }

    fn fault(&mut self, fault: Fault, now: Timestamp) -> Result<(), Died> {
        let is_driven_by_fixes = self.is_driven_by_fixes();
        let weather = &mut self.shell.weather;
        match fault {
            Fault::ClockStep(by) => self.ahead = self.ahead + by,
            Fault::Crash { at, write_survives } => weather.dies = Some((at, write_survives)),
            Fault::Restart => return Err(Died),
            Fault::LedgerSlow(is_slow) => weather.ledger_is_slow = is_slow && !is_driven_by_fixes,
            Fault::AppendsFail(n) => self.shell.disk.n_to_fail = if is_driven_by_fixes { 0 } else { n },
            Fault::AppendInDoubt { survives } => self.shell.disk.in_doubt = Some(survives),
            Fault::PhonesAway(are_away) => weather.phones_are_away = are_away,
            Fault::ErasuresSlow(are_slow) => weather.erasures_are_slow = are_slow && !is_driven_by_fixes,
            Fault::PublishesFail(n) => weather.n_publishes_to_fail = n,
            Fault::NoticesLate(are_late) => {
                weather.notices_are_late = are_late;
                if !are_late {
                    return self.shell.take_notices(now);
                }
            }
            Fault::Edit { fence, edit, at_the_next_start: true } => self.operator.edit_unseen(fence, edit),
            Fault::Edit { fence, edit, at_the_next_start: false } => {
                let alteration = self.operator.edit(self.shell.house(), fence, edit);
                self.shell.alter(&alteration, &self.operator, now);
            }
            Fault::EditOffer { offer, edit, at_the_next_start: true } => {
                self.operator.edit_offer_unseen(offer, edit);
            }
            Fault::EditOffer { offer, edit, at_the_next_start: false } => {
                let alteration = self.operator.edit_offer(self.shell.house(), offer, edit);
                self.shell.alter(&alteration, &self.operator, now);
            }
        }
        Ok(())
    }

    /// Compares what both judges have told, and now and then the sums.
    fn look(&mut self) {
        self.compare.look(&mut self.shell, self.digest.as_mut());
        self.n_since_look += 1;
        if self.n_since_look == LOOK_ONCE_IN {
            self.n_since_look = 0;
            self.compare.sums(&mut self.shell);
        }
    }

    /// Everything that waits comes to rest, and what was written is read once more.
    fn end(&mut self) {
        let last_at = self.story.happenings.last().map_or(self.scene.starts_at, |last| last.at);
        let now = self.clock(last_at);
        self.shell.weather = super::shell::Weather::default();
        (self.shell.disk.n_to_fail, self.shell.disk.in_doubt) = (0, None);
        let settled = self.shell.take_notices(now).and_then(|()| self.shell.settle(now));
        debug_assert!(settled.is_ok(), "nothing goes wrong any more");
        self.look();
        self.compare.sums(&mut self.shell);
        self.compare.end(&mut self.shell, self.story);
    }
}

const fn fix_message(who: u32, phone: u8, body: Vec<u8>) -> Message {
    Message { door: Door::Fixes, who, phone, is_own: true, body, ticket: 0 }
}
