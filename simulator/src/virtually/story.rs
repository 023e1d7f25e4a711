//! From a seed to a story: who sends what when, and what goes wrong meanwhile.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::ops::Range;

use consent_gate::Hearing;
use model::FeedbackKind;
use model::{Fix, Meters, Millis, Position, Timestamp};
use offers::Mode;

use super::Faults;
use super::chance::Chance;
use super::happening::{Edit, Fault, Happening, Joins, OfferEdit, Step, Story, Timed, Whose};
use super::profiles::ProfileWord;
use super::scene::{Grid, Scene};
use super::walker::Walker;
use super::words::Waiting;

/// Writes the story of a crowded place.
pub(crate) fn crowded(seed: u64, scene: &Scene, grid: &Grid, n_fixes: usize, faults: Faults) -> Story {
    let mut writer = Writer::new(seed, scene, n_fixes, faults);
    writer.agree();
    let n_sessions = 1 + writer.chance.below(6);
    for session in 0..n_sessions {
        let n_fixes = n_fixes / n_sessions;
        let mut walkers = walkers(seed, session, scene, grid, writer.now);
        writer.session(&mut walkers, n_fixes, |walker, now, out| {
            walker.message(grid, now, out);
            walker.next_at(now)
        });
        let mins = writer.chance.of_list(&[5, 40, 200, 700, 1_440, 5_000, 12_000]);
        writer.now = writer.now + Millis::from_mins(mins);
    }
    writer.end()
}

fn walkers(seed: u64, session: usize, scene: &Scene, grid: &Grid, now: Timestamp) -> Vec<Walker> {
    let people = 0..scene.people.len() as u64;
    people.map(|no| Walker::new(grid, Chance::of(&[seed, 3, session as u64, no]), now)).collect()
}

/// Puts happenings in order.
pub(crate) struct Writer<'a> {
    pub(super) scene: &'a Scene,
    story: Story,
    pub(super) chance: Chance,
    pub(crate) now: Timestamp,
    /// One fault in so many messages; never when 0.
    pub(super) fault_once_in: usize,
    faults: Faults,
    pub(super) n_consents: u32,
    /// Letters that will be read together with the next one.
    n_to_join: usize,
    joins: Joins,
    /// What ends a fault that lasts, and after how many messages.
    ends: Vec<(usize, Fault)>,
    pub(super) n_messages: usize,
    /// Who agrees to things again, and after how many messages.
    pub(super) back: Vec<(usize, u32)>,
    /// Second words on their way, and after how many messages they come.
    pub(super) confirmations: Vec<(usize, Waiting)>,
    /// How what people say comes.
    pub(super) hearing: Hearing,
}

/// Faults of one story at most: each can cost a start.
const N_FAULTS_MAX: usize = 160;

impl<'a> Writer<'a> {
    pub(crate) fn new(seed: u64, scene: &'a Scene, n_fixes: usize, faults: Faults) -> Self {
        let mut story = Story::default();
        story.fixes.reserve(n_fixes);
        story.happenings.reserve(n_fixes + n_fixes / 8 + 16 * scene.people.len());
        let fault_once_in = if faults.is_none() { 0 } else { 50.max(n_fixes / N_FAULTS_MAX) };
        Self {
            scene,
            story,
            chance: Chance::of(&[seed, 4]),
            now: scene.starts_at,
            fault_once_in,
            faults,
            n_consents: 0,
            n_to_join: 0,
            joins: Joins::Nothing,
            ends: Vec::new(),
            n_messages: 0,
            back: Vec::new(),
            confirmations: Vec::new(),
            hearing: Hearing::Live,
        }
    }

    pub(super) const fn n_happenings(&self) -> usize {
        self.story.happenings.len()
    }

    /// What was written from there on happens at an instant.
    pub(super) fn put_at(&mut self, from: usize, at: Timestamp) {
        self.story.happenings[from..].iter_mut().for_each(|timed| timed.at = at);
    }

    pub(crate) fn push(&mut self, what: Happening) {
        let joins = if what.is_letter() && 0 < self.n_to_join {
            self.n_to_join -= 1;
            self.joins
        } else {
            self.n_to_join = 0;
            Joins::Nothing
        };
        self.story.happenings.push(Timed { at: self.now, what, joins });
    }

    pub(super) fn say_something(&mut self, who: u32) {
        let word = Box::new(ProfileWord::draw(self.scene, &mut self.chance));
        self.push(Happening::Profile { who, word });
    }

    fn answer(&mut self, who: u32) {
        let kind = self.chance.of_list(&FeedbackKind::ALL);
        let offer = self.chance.below(self.scene.drafts.len()) as u32;
        let of = match self.chance.below(10) {
            0 | 1 => Whose::Foreign,
            2 | 3 => Whose::Till { offer },
            _ => Whose::Own,
        };
        // Only what was redeemed can be told without a name.
        let kind = if matches!(of, Whose::Till { .. }) { FeedbackKind::Redeemed } else { kind };
        let ago = [None, None, Some(0), Some(3), Some(30), Some(-90), Some(20_000)];
        let ago = self.chance.of_list(&ago).map(Millis::from_secs);
        self.push(Happening::Feedback { who, kind, of, ago });
    }

    /// Lets everybody walk until so many fixes are told; `step` hands over what a phone has to say
    /// at an instant, and answers when it will speak again.
    pub(crate) fn session<W>(
        &mut self,
        walkers: &mut [W],
        n_fixes: usize,
        mut step: impl FnMut(&mut W, Timestamp, &mut Vec<Fix>) -> Timestamp,
    ) {
        let last = self.story.fixes.len() + n_fixes;
        let mut heap: BinaryHeap<Reverse<(Timestamp, u32)>> = (0..walkers.len() as u32)
            .map(|who| Reverse((self.now + Millis::new(self.chance.whole(0, 60_000)), who)))
            .collect();
        while self.story.fixes.len() < last {
            let Some(mut next) = heap.peek_mut() else { return };
            let Reverse((at, who)) = *next;
            self.now = self.now.max(at);
            let start = self.story.fixes.len() as u32;
            let next_at = step(&mut walkers[who as usize], at, &mut self.story.fixes);
            self.story.fixes[start as usize..].iter_mut().for_each(round);
            *next = Reverse((next_at, who));
            drop(next);
            let fixes = start..self.story.fixes.len() as u32;
            if !fixes.is_empty() {
                self.tell(who, fixes);
                self.between();
            }
        }
    }

    /// Mostly with the first phone; now and then a message comes twice.
    fn tell(&mut self, who: u32, fixes: Range<u32>) {
        let odd = self.chance.below(100);
        let n_phones = self.scene.people[who as usize].phones.len();
        let phone = if odd < 2 { (n_phones - 1) as u8 } else { 0 };
        self.push(Happening::Fixes { who, phone, fixes });
        if odd == 2 {
            self.push(Happening::FixesAgain { who });
        }
    }

    /// What happens between two messages.
    fn between(&mut self) {
        self.n_messages += 1;
        let ended: Vec<Fault> =
            self.ends.extract_if(.., |(n, _)| *n <= self.n_messages).map(|end| end.1).collect();
        for fault in ended {
            self.push(Happening::Fault(fault));
        }
        let n_messages = self.n_messages;
        let back: Vec<u32> = self.back.extract_if(.., |(n, _)| *n <= n_messages).map(|back| back.1).collect();
        for who in back {
            self.agree_to_most(who);
        }
        let due: Vec<_> = self.confirmations.extract_if(.., |(n, _)| *n <= n_messages).collect();
        for (_, waiting) in due {
            self.confirm(waiting);
        }
        let draw = self.chance.below(1_000);
        let who = self.chance.below(self.scene.people.len()) as u32;
        match draw {
            0..8 => self.change_of_mind(who),
            8..10 => self.push(Happening::ConsentAgain { who }),
            10..18 => self.answer(who),
            68..84 => self.answer(who),
            84..90 => self.say_something(who),
            90..92 => self.leave(who),
            92..94 => self.import(),
            18..24 if self.faults.is_hostile() => self.hostile(who),
            24..28 => self.push(Happening::Wait),
            28..68 if self.n_to_join == 0 => {
                self.n_to_join = 1 + self.chance.below(9);
                self.joins = self.chance.of_list(&[Joins::Drain, Joins::Batch]);
            }
            _ => {}
        }
        if 0 < self.fault_once_in && self.chance.below(self.fault_once_in) == 0 {
            self.fault();
        }
    }

    fn hostile(&mut self, who: u32) {
        let body = super::hostile::body(&mut self.chance, self.now);
        self.push(Happening::Hostile { who, phone: 0, body });
    }

    pub(super) fn lasts(&mut self, start: Fault, end: Fault) {
        let most = self.chance.of_list(&[10, 40, 300]);
        let n = self.n_messages + 1 + self.chance.below(most);
        self.push(Happening::Fault(start));
        self.ends.push((n, end));
    }

    fn fault(&mut self) {
        match self.chance.below(22) {
            0..5 => {
                let at = self.chance.of_list(&Step::OFTEN);
                let write_survives = self.chance.per_mille(500);
                self.push(Happening::Fault(Fault::Crash { at, write_survives }));
            }
            5 => self.push(Happening::Fault(Fault::Restart)),
            6 | 7 => self.lasts(Fault::LedgerSlow(true), Fault::LedgerSlow(false)),
            8 => {
                let n = 1 + self.chance.below(5) as u8;
                self.push(Happening::Fault(Fault::AppendsFail(n)));
            }
            9 => {
                let survives = self.chance.per_mille(500);
                self.push(Happening::Fault(Fault::AppendInDoubt { survives }));
            }
            10 | 11 => self.lasts(Fault::PhonesAway(true), Fault::PhonesAway(false)),
            12 => {
                let n = 1 + self.chance.below(5) as u8;
                self.push(Happening::Fault(Fault::PublishesFail(n)));
            }
            13 => self.lasts(Fault::NoticesLate(true), Fault::NoticesLate(false)),
            14 | 15 => {
                let secs = self.chance.of_list(&[-3_600, -300, -20, -1, 1, 20, 300, 3_600, 3_600, 86_400]);
                let by = Millis::from_secs(secs);
                self.lasts(Fault::ClockStep(by), Fault::ClockStep(-by));
            }
            16 | 17 => self.edit_offer(),
            _ => self.edit(),
        }
    }

    fn edit_offer(&mut self) {
        for _ in 0..self.chance.of_list(&[1, 1, 2]) {
            let offer = self.chance.below(self.scene.drafts.len()) as u32;
            let edit = match self.chance.below(12) {
                0 => OfferEdit::Remove,
                1 => OfferEdit::Reword,
                2 => OfferEdit::Reprioritise(self.chance.below(4) as u8),
                3 => OfferEdit::Put(self.chance.of_list(&Mode::ALL)),
                4 => OfferEdit::Stock(self.chance.of_list(&[None, Some(2), Some(30)])),
                5 | 6 => OfferEdit::Pause,
                7 | 8 => OfferEdit::Resume,
                9 if self.chance.per_mille(300) => OfferEdit::Stop,
                _ => OfferEdit::PutBack,
            };
            let at_the_next_start = self.chance.per_mille(200);
            self.push(Happening::Fault(Fault::EditOffer { offer, edit, at_the_next_start }));
        }
    }

    fn edit(&mut self) {
        for _ in 0..self.chance.of_list(&[1, 1, 1, 2, 6]) {
            let fence = self.chance.below(self.scene.fences.len()) as u32;
            let edit = match self.chance.below(6) {
                0 => Edit::Remove,
                1 | 2 => Edit::Move(self.chance.whole(-150, 150) as i16),
                3 => Edit::GiveTo(self.chance.below(self.scene.merchants.len()) as u8),
                _ => Edit::PutBack,
            };
            let at_the_next_start = self.chance.per_mille(200);
            self.push(Happening::Fault(Fault::Edit { fence, edit, at_the_next_start }));
        }
    }

    /// Everything that lasts comes to its end, and a day goes by.
    pub(crate) fn end(mut self) -> Story {
        for (_, fault) in std::mem::take(&mut self.ends) {
            self.push(Happening::Fault(fault));
        }
        self.now = self.now + Millis::from_hours(3);
        self.push(Happening::Wait);
        let mut story = self.story;
        // Letters that are read together are read when the last of them has come.
        for no in (1..story.happenings.len()).rev() {
            if story.happenings[no].joins != Joins::Nothing {
                story.happenings[no - 1].at = story.happenings[no].at;
            }
        }
        story
    }
}

/// Phones tell seven decimals, which is a centimetre.
fn round(fix: &mut Fix) {
    let rounded = |degrees: f64| (degrees * 1e7).round() / 1e7;
    let at = fix.position;
    fix.position = Position::new(rounded(at.lat()), rounded(at.lng())).expect("it stays on earth");
    fix.accuracy = fix.accuracy.map(|Meters(accuracy_m)| Meters((accuracy_m * 10.0).round() / 10.0));
}
