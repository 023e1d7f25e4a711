//! What people make of an offer: shares from studies, drawn by seed.

use std::collections::VecDeque;

use model::{FeedbackKind, Millis, Timestamp};
use town::{Chance, Persona};

/// How one person takes offers.
pub(super) struct Temper {
    persona: Persona,
    chance: Chance,
    /// So many in a week are too many for them.
    too_many: usize,
    declares_favourite: bool,
    /// When they last heard something, of the last seven days.
    heard: VecDeque<Timestamp>,
}

/// Something that is said about an offer.
pub(super) struct Said {
    /// So long after it came.
    pub(super) after: Millis,
    /// What.
    pub(super) kind: FeedbackKind,
}

const WEEK: Millis = Millis::from_days(7);

impl Temper {
    pub(super) fn of(persona: Persona, seed: u64, person: usize) -> Self {
        let mut chance = Chance::of(&[seed, 25, person as u64]);
        // One in ten would switch push off at one a week, 37 % at two to five (Localytics, 2017).
        let too_many = match chance.unit() {
            share if share < 0.10 => 1,
            share if share < 0.37 => 2,
            _ => 6,
        };
        let declares_favourite = match persona {
            Persona::Loyal => true,
            Persona::Neighbour => chance.once_in(10.0),
            Persona::Commuter | Persona::MallGoer | Persona::Courier | Persona::NightWorker => false,
        };
        Self { persona, chance, too_many, declares_favourite, heard: VecDeque::new() }
    }

    /// Whether they say which store they like best: the loyal do, and one in ten of the crowd.
    pub(super) const fn declares_favourite(&self) -> bool {
        self.declares_favourite
    }

    /// What they will say about an offer that came just now.
    pub(super) fn answer(&mut self, is_greeting: bool, now: Timestamp) -> Vec<Said> {
        while self.heard.front().is_some_and(|at| WEEK <= now.since(*at)) {
            self.heard.pop_front();
        }
        self.heard.push_back(now);
        let mut said = vec![self.within(FeedbackKind::Shown, 1.0, 8.0)];
        if self.persona == Persona::Loyal {
            self.welcome(&mut said);
        } else {
            self.judge(is_greeting, &mut said);
        }
        said
    }

    /// Opens most, and redeems half.
    fn welcome(&mut self, said: &mut Vec<Said>) {
        let share = self.chance.unit();
        if share < 0.8 {
            said.push(self.within(FeedbackKind::Opened, 15.0, 240.0));
        }
        if share < 0.5 {
            said.push(self.within(FeedbackKind::Redeemed, 300.0, 1_500.0));
        }
    }

    fn judge(&mut self, is_greeting: bool, said: &mut Vec<Said>) {
        if self.too_many <= self.heard.len() && self.chance.once_in(2.0) {
            said.push(self.within(FeedbackKind::TooOften, 15.0, 120.0));
            return;
        }
        // Two in three find being greeted creepy (RichRelevance, 2016); few of them say so.
        if self.chance.unit() < if is_greeting { 0.10 } else { 0.01 } {
            said.push(self.within(FeedbackKind::Creepy, 15.0, 120.0));
            return;
        }
        match self.chance.unit() {
            share if share < 0.05 => {
                said.push(self.within(FeedbackKind::Opened, 15.0, 240.0));
                said.push(self.within(FeedbackKind::Redeemed, 300.0, 1_500.0));
            }
            share if share < 0.15 => said.push(self.within(FeedbackKind::Opened, 15.0, 600.0)),
            share if share < 0.23 => said.push(self.within(FeedbackKind::Dismissed, 9.5, 15.0)),
            share if share < 0.60 => said.push(self.within(FeedbackKind::Dismissed, 60.0, 7_200.0)),
            share if share < 0.63 => said.push(self.within(FeedbackKind::NotRelevant, 15.0, 120.0)),
            _ => {}
        }
    }

    fn within(&mut self, kind: FeedbackKind, least_s: f64, most_s: f64) -> Said {
        Said { after: Millis::new((self.chance.between(least_s, most_s) * 1_000.0) as i64), kind }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shares(persona: Persona, every: Millis, is_greeting: bool) -> impl Fn(FeedbackKind) -> f64 {
        let mut said = Vec::new();
        for person in 0..2_000 {
            let mut temper = Temper::of(persona, 7, person);
            for nth in 0..10 {
                let at = Timestamp::from_unix_ms(every.ms() * nth);
                said.extend(temper.answer(is_greeting, at).into_iter().map(|said| said.kind));
            }
        }
        move |kind| said.iter().filter(|one| **one == kind).count() as f64 / 20_000.0
    }

    #[test]
    fn the_loyal_redeem_half_and_never_complain() {
        let share = shares(Persona::Loyal, Millis::from_days(4), false);
        assert!((0.48..0.52).contains(&share(FeedbackKind::Redeemed)));
        assert!(share(FeedbackKind::TooOften) + share(FeedbackKind::Creepy) == 0.0);
    }

    #[test]
    fn more_a_week_is_too_often_for_more_people() {
        let rare = shares(Persona::Neighbour, Millis::from_days(8), false);
        let often = shares(Persona::Neighbour, Millis::from_days(3), false);
        let (rare, often) = (rare(FeedbackKind::TooOften), often(FeedbackKind::TooOften));
        assert!((0.04..0.06).contains(&rare) && 3.0 * rare < often, "{rare} {often}");
    }

    #[test]
    fn to_be_greeted_is_ten_times_as_creepy() {
        let share =
            |is_greeting| shares(Persona::Neighbour, Millis::from_days(8), is_greeting)(FeedbackKind::Creepy);
        assert!(5.0 * share(false) < share(true));
    }
}
