//! Compares what the engine told with what the judge says must have happened, one for one.

use model::TransitionKind;

use super::coordinates::Coordinates;
use super::digest::Digest;
use super::happening::Story;
use super::names::{Fact, What};
use super::plant::Plant;
use super::shell::{Asked, Sent, Shell};

/// Facts of both sides, and what is counted between two looks.
#[derive(Default)]
pub(crate) struct Compare {
    engine: Vec<Fact>,
    judge: Vec<Fact>,
    n_facts: u64,
    n_plant: u64,
}

/// Words for what is wrong with a payload, which the judge never opens.
fn is_flaw(what: What) -> bool {
    match what {
        What::Dropped { reason } => !JUDGED_DROPS.contains(&reason),
        What::Transition { .. } | What::Offer { .. } | What::Suppressed { .. } | What::Refused { .. } => {
            false
        }
    }
}

const JUDGED_DROPS: [&str; 7] =
    ["future", "stale", "out_of_order", "duplicate", "null_island", "jump", "too_many_devices"];

impl Compare {
    /// Everything that both have told since the last time.
    pub(crate) fn look(&mut self, shell: &mut Shell<'_>, mut digest: Option<&mut Digest>) {
        self.engine.clear();
        self.judge.clear();
        while let Some(event) = shell.next_event() {
            if let Some(digest) = &mut digest {
                digest.event(&event);
            }
            let Some(fact) = shell.names.fact_of(&event, shell.scene) else {
                shell.laws.break_law("not_mute", None, "the engine tells of something that nobody knows");
                return;
            };
            self.take(shell, fact);
        }
        shell.opinion.told(&mut self.judge);
        for who in std::mem::take(&mut shell.gone) {
            shell.laws.forget_visits(who);
        }
        if shell.opinion.is_asked() {
            self.compare(shell);
        }
    }

    fn take(&mut self, shell: &mut Shell<'_>, fact: Fact) {
        self.n_facts += 1;
        let counts = &mut shell.counts;
        match fact.what {
            What::Transition { .. } => counts.n_transitions += 1,
            What::Offer { .. } => counts.n_offers += 1,
            What::Suppressed { .. } => counts.n_suppressed += 1,
            What::Refused { .. } => counts.n_refused += 1,
            What::Dropped { .. } => counts.n_dropped += 1,
        }
        let fact = self.spoil(shell, fact);
        shell.laws.follow(&fact);
        if !is_flaw(fact.what) {
            self.engine.push(fact);
        }
    }

    /// What a plant makes of a fact.
    fn spoil(&mut self, shell: &mut Shell<'_>, fact: Fact) -> Fact {
        let Some(plant) = shell.plant else { return fact };
        let is_transition = matches!(fact.what, What::Transition { .. });
        self.n_plant += u64::from(is_transition);
        let is_due = self.n_plant.is_multiple_of(40);
        match (plant, fact.what) {
            (
                Plant::TellsTwice,
                What::Transition { kind: TransitionKind::Enter | TransitionKind::Exit, .. },
            ) if is_due => {
                shell.laws.follow(&fact);
                self.engine.push(fact);
                fact
            }
            (Plant::MixesFencesUp, What::Transition { kind, fence, visit, reason }) if is_due => {
                let fence = (fence + 1) % shell.scene.fences.len() as u32;
                Fact { what: What::Transition { kind, fence, visit, reason }, ..fact }
            }
            (Plant::DecidesTooEarly, What::Offer { .. }) => Fact { at_ms: fact.at_ms - 3_600_000, ..fact },
            _ => fact,
        }
    }

    fn compare(&mut self, shell: &mut Shell<'_>) {
        // Letters of one drain are judged one by one, in whatever order.
        self.engine.sort_unstable();
        self.judge.sort_unstable();
        if self.engine == self.judge {
            return;
        }
        let at = self.engine.iter().zip(&self.judge).take_while(|(engine, judge)| engine == judge).count();
        let (engine, judge) = (self.engine.get(at), self.judge.get(at));
        let told = |fact: Option<&Fact>| fact.map_or("nothing".into(), |fact| fact.told(shell.scene));
        let mut sentence = format!("the engine tells: {}; the judge: {}", told(engine), told(judge));
        let other = self.engine.iter().find(|fact| judge.is_some_and(|judge| fact.is_about_that_of(judge)));
        if let Some(other) = other.filter(|other| Some(*other) != engine) {
            sentence += &format!("; of that the engine tells: {}", other.told(shell.scene));
        }
        // Both are in order: the lesser is the one that the other side lacks.
        let first = engine.into_iter().chain(judge).min();
        let name = first.map_or("not_mute", |fact| name_of(fact.what));
        shell.laws.break_law(name, first.map(|fact| fact.who), sentence);
    }

    /// Law `every_record_has_one_outcome`, and that no payload was opened of anybody who was refused.
    pub(crate) fn sums(&mut self, shell: &mut Shell<'_>) {
        let tally = shell.engine.tally();
        shell.laws.hold(tally.is_balanced(), "every_record_has_one_outcome", None, || {
            format!("{} records came in, and they do not add up", tally.n_records)
        });
        // Whether the app was in use is read in the payload.
        let n_refused = tally.refused.total() - tally.refused.of_word("background");
        let n_answered = tally.n_opened + n_refused;
        // What has no length that may be, is let in and not opened.
        let n_unopened = tally.malformed.of_word("empty") + tally.malformed.of_word("too_large");
        let is_each_answered = n_answered <= shell.n_read && shell.n_read <= n_answered + n_unopened;
        let n_read = shell.n_read;
        shell.laws.hold(is_each_answered, "no_look_without_consent", None, || {
            format!("of {n_read} messages {n_refused} were refused and {} opened", tally.n_opened)
        });
    }

    /// The end of a story: everything that was decided has left, and all that was written holds.
    pub(crate) fn end(&mut self, shell: &mut Shell<'_>, story: &Story) {
        let is_at_rest = shell.is_at_rest();
        shell.laws.hold(is_at_rest, "not_mute", None, || {
            "nothing goes wrong any more, and still something waits".into()
        });
        let mut people = (0..).zip(&shell.scene.people);
        let left_over = people.find_map(|(who, person)| {
            let row = shell.engine.state_of(&person.customer)?;
            Some((who, row.outbox.first()?.offer.clone()))
        });
        if let Some((who, offer)) = left_over {
            let sentence = format!("the offer {} was decided, and neither went out nor left", offer.as_str());
            shell.laws.break_law("not_mute", Some(who), sentence);
        }
        Self::check_answers(shell);
        shell.check_all_gone();
        let n_to_remind = shell.opinion.n_to_remind();
        shell.laws.hold(n_to_remind == 0, "reminders_agree", None, || {
            format!("{n_to_remind} grants end soon, and nobody told their merchants")
        });
        let entries = shell.disk.entries();
        shell.laws.check_durable(&entries);
        Coordinates::of(&story.fixes).check(shell, &entries);
        super::reading::check(shell, entries);
    }

    /// Law `every_letter_is_answered`: whoever waits for an answer sends again and again, for ever.
    fn check_answers(shell: &mut Shell<'_>) {
        let Some(Sent { message, what }) = shell.unsettled.values().next() else { return };
        let letter = match what {
            Asked::Consent(event, _) => format!("the consent event {}", event.id.as_str()),
            Asked::Feedback(answer) => format!("{} to an offer", answer.kind.word()),
            Asked::Profile(_) => "what they said about themselves".into(),
            Asked::Erasure => "the wish to be forgotten".into(),
        };
        let sentence = format!("{letter} got no answer, and nothing waits any more");
        shell.laws.break_law("every_letter_is_answered", Some(message.who), sentence);
    }
}

/// The invariant that speaks of such a fact.
const fn name_of(what: What) -> &'static str {
    match what {
        What::Refused { .. } => "no_look_without_consent",
        What::Dropped { .. } => "every_record_has_one_outcome",
        What::Transition { .. } => "transitions_agree",
        What::Suppressed { .. } | What::Offer { .. } => "not_mute",
    }
}
