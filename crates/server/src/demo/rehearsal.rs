//! A rehearsal without the engine: a plain model of its rules plays the town to the stage.
//!
//! It shows that the town has what the demo promises, and lets one look at the picture.

use std::collections::BTreeMap;
use std::time::Duration;

use model::{Fix, Millis, Timestamp};
use notifier::Suppression;
use town::{Agreement, PersonNo, Plan, Report, StoreNo, Town};

use super::scene::Figures;
use super::script::Script;
use super::stage::{Received, Stage, Tiding};

/// Presence and restraint in their plainest form, with the default settings.
#[derive(Default)]
struct Understudy {
    visits: BTreeMap<(PersonNo, StoreNo), Visit>,
    last: BTreeMap<PersonNo, Timestamp>,
    heard: BTreeMap<PersonNo, Vec<(Timestamp, StoreNo)>>,
}

struct Visit {
    first_in_at: Timestamp,
    dwelled: bool,
    n_outside: u32,
}

impl Understudy {
    fn take(&mut self, town: &Town, person: PersonNo, fix: &Fix) -> Vec<Tiding> {
        let last = self.last.entry(person).or_insert(Timestamp::MIN);
        if fix.taken_at <= *last || fix.position.is_null_island() {
            return Vec::new();
        }
        *last = fix.taken_at;
        let mut tidings = Vec::new();
        for store in (0..town.stores().len() as u32).map(StoreNo) {
            self.at_store(town, person, store, fix, &mut tidings);
        }
        tidings
    }

    fn at_store(&mut self, town: &Town, who: PersonNo, at: StoreNo, fix: &Fix, tidings: &mut Vec<Tiding>) {
        let store = &town.stores()[at.slot()];
        let point = town.plane().point(fix.position);
        let inside = store.holds(point);
        let Some(visit) = self.visits.get_mut(&(who, at)) else {
            if inside {
                let visit = Visit { first_in_at: fix.taken_at, dwelled: false, n_outside: 0 };
                self.visits.insert((who, at), visit);
                tidings.push(Tiding::Entered(who, at));
            }
            return;
        };
        // Forty metres stand for the margin and the accuracy.
        let around = [(40.0, 0.0), (-40.0, 0.0), (0.0, 40.0), (0.0, -40.0)];
        let near = |(dx, dy)| store.holds(town::Point { x_m: point.x_m + dx, y_m: point.y_m + dy });
        if inside {
            visit.n_outside = 0;
            if !visit.dwelled && Millis::from_mins(3) <= fix.taken_at.since(visit.first_in_at) {
                visit.dwelled = true;
                tidings.push(Tiding::Dwelled(who, at));
                tidings.push(self.decide(town, who, at, fix.taken_at));
            }
        } else if !around.into_iter().any(near) {
            visit.n_outside += 1;
            visit.first_in_at = fix.taken_at;
            if 2 <= visit.n_outside {
                self.visits.remove(&(who, at));
                tidings.push(Tiding::Left(who, at));
            }
        }
    }

    fn decide(&mut self, town: &Town, who: PersonNo, at: StoreNo, now: Timestamp) -> Tiding {
        let person = &town.people()[who.slot()];
        let heard = self.heard.entry(who).or_default();
        let why = if person.agreements[town.stores()[at.slot()].merchant] != Agreement::Offers {
            Suppression::NoConsent
        } else if heard.iter().any(|(_, store)| *store == at) {
            Suppression::FenceCooldown
        } else if !heard.is_empty() {
            Suppression::Rest
        } else if person.agreed_late {
            Suppression::SettlingIn
        } else {
            heard.push((now, at));
            return Tiding::Sent(who, at);
        };
        Tiding::HeldBack(who, at, why)
    }
}

/// Plays one report to the stage.
fn play(town: &Town, stage: &mut Stage<'_>, understudy: &mut Understudy, report: &Report, elapsed: Duration) {
    let (person, now) = (report.person, report.sent_at);
    stage.fix_sent(report);
    if stage.is_opted_out(person) || town.people()[person.slot()].agreed_most() == Agreement::Nothing {
        stage.told(Tiding::Refused(person), now);
        return;
    }
    for tiding in understudy.take(town, person, &report.fix) {
        stage.told(tiding, now);
        if let Tiding::Sent(person, store) = tiding {
            let offer_id = format!("{}-{}", person.0, store.0);
            const TITLES: [&str; 5] = [
                "The second cup is on us",
                "Three paperbacks for two",
                "Yesterday's loaf, half the price",
                "Listen before you buy",
                "Your basket, cycled home",
            ];
            let title = TITLES[town.stores()[store.slot()].merchant].to_owned();
            stage.offer_received(Received { offer_id, person, store, title }, now, elapsed);
        }
    }
}

fn start(town: &Town) -> Timestamp {
    town.midnight_at() + Millis::from_hours(10)
}

/// Half an hour of a town, with everything that is on the script; `show` sees every tenth of a second.
pub(super) fn rehearse(seed: u64, mut show: impl FnMut(&mut Stage<'_>, Timestamp, Duration) -> bool) {
    let town = Town::build(&Plan { seed, ..Plan::default() }).unwrap();
    let (from, speed) = (start(&town), 60);
    let script = Script::choose(&town, from, speed, None);
    let mut stage = Stage::new(&town, script, speed);
    let mut understudy = Understudy::default();
    let mut shown = Duration::ZERO;
    for report in town.reports(from, from + Millis::from_mins(30)) {
        let elapsed =
            Duration::from_millis(report.sent_at.since(from).ms().cast_unsigned() / u64::from(speed));
        while shown <= elapsed {
            let at = from + Millis::new((shown.as_millis() * u128::from(speed)) as i64);
            direct(&mut stage, &script, at, shown);
            if !show(&mut stage, at, shown) {
                return;
            }
            shown += Duration::from_millis(100);
        }
        play(&town, &mut stage, &mut understudy, &report, elapsed);
    }
    show(&mut stage, from + Millis::from_mins(30), Duration::from_secs(30));
}

fn direct(stage: &mut Stage<'_>, script: &Script, at: Timestamp, elapsed: Duration) {
    let due = |moment: Duration| moment <= elapsed && elapsed < moment + Duration::from_millis(100);
    if due(script.opts_out_after)
        && let Some(person) = stage.who_opts_out(at)
    {
        stage.opt_out_asked(person, at);
        stage.opt_out_durable(Duration::from_micros(1_840));
    }
    if due(script.killed_after) {
        stage.killed();
    }
    if due(script.killed_after + Duration::from_millis(400)) {
        stage.came_back(Duration::from_millis(400));
    }
    if due(Duration::from_secs(3)) {
        stage.measured(Figures { fixes_per_s_per_core: Some(812_345.0), ratio_to_rstar: Some(7.4) });
    }
}

#[test]
fn half_an_hour_has_five_offers_and_five_rules_that_said_no() {
    use super::difference::Why;
    for seed in 0..12 {
        let mut reasons = Vec::new();
        let mut n = (0, 0);
        let mut spoke = false;
        rehearse(seed, |stage, at, elapsed| {
            let scene = stage.show(at, elapsed);
            spoke = scene.story.lines.iter().any(|line| line.spoke);
            n = (stage.n_naive(), stage.n_received().0);
            reasons = stage.reasons();
            true
        });
        let rules = reasons.iter().filter(|(why, _)| matches!(why, Why::Rule(_))).count();
        let silences = reasons.iter().filter(|(why, _)| !matches!(why, Why::Sent | Why::Undecided)).count();
        println!("seed {seed}: naive {}, sent {}, {rules} rules, {silences} silences, {reasons:?}", n.0, n.1);
        assert!(5 <= n.1 && 5 * n.1 < n.0, "seed {seed}: {n:?}");
        assert!(3 <= rules && 5 <= silences, "seed {seed}: {reasons:?}");
        assert!(spoke, "seed {seed}: the story has no offer");
        assert_eq!(reasons.iter().map(|(_, n)| n).sum::<u64>(), n.0, "seed {seed}");
    }
}

/// `cargo test -p server -- --ignored look_at_it --nocapture`, on a terminal.
#[test]
#[ignore = "draws on the terminal"]
fn look_at_it() {
    use super::terminal::{Terminal, Wish};
    let mut terminal = Terminal::take().unwrap();
    rehearse(32, |stage, at, elapsed| {
        terminal.show(stage.show(at, elapsed)).unwrap();
        match terminal.wish(Duration::from_millis(95)).unwrap() {
            Some(Wish::Quit) => return false,
            Some(Wish::OptOut) => {
                if let Some(person) = stage.who_opts_out(at) {
                    stage.opt_out_asked(person, at);
                    stage.opt_out_durable(Duration::from_micros(1_840));
                }
            }
            None => {}
        }
        true
    });
}

/// The lines that are printed without a terminal, for one town.
#[test]
fn without_a_terminal_the_story_is_told_in_lines() {
    let mut lines = super::lines::Lines::default();
    let mut told = Vec::new();
    rehearse(32, |stage, at, elapsed| {
        told.extend(lines.next(stage.show(at, elapsed), elapsed));
        true
    });
    println!("{}", told.join("\n"));
    assert!((25..=31).contains(&told.len()), "{}", told.len());
    assert!(told.iter().any(|line| line.contains("walks past")));
    assert!(told.iter().any(|line| line.contains("stays three minutes")));
    assert!(told.iter().any(|line| line.contains("refused unread")));
    assert!(told.iter().any(|line| line.contains("Killed, and back")));
}
