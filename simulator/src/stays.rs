//! Dwells judged against the truth: how often a rule is right, and how many stays it finds.
//!
//! Everybody walks on known lines, so that the truth is known to the millisecond; a receiver makes fixes
//! of it, every so many seconds and with errors of a stated size; four rules look at the same fixes.

mod judge;
mod noise;
mod people;
mod picture;
mod rules;
mod table;
mod what_if;

use std::io;
use std::ops::Range;
use std::path::Path;

use serde::Serialize;
use town::Chance;

use judge::{Score, judge};
use noise::Receiver;
use people::{Kind, Neighbourhood};
use rules::{BufferedStops, Look, NaiveEnter, Ours, OverlapBands, Rule, Told};
use what_if::{Evidence, WhatIf};

pub(crate) use table::BAR_AT;

/// Seconds between two fixes, give or take a tenth.
pub(crate) const INTERVALS_S: [u32; 5] = [1, 30, 150, 300, 900];
/// Usual errors along each axis, in metres.
pub(crate) const SIGMAS_M: [u32; 3] = [5, 20, 50];
/// A fix a second is so much work that the last of every eight towns is enough.
const TOWNS_A_TOWN_AT_ONE_SECOND: u32 = 8;
/// Fewer people would leave towns out.
pub(crate) const N_PEOPLE_MIN: u32 = TOWNS_A_TOWN_AT_ONE_SECOND * people::N_IN_A_TOWN;

/// Version of the JSON object.
const VERSION: u32 = 1;

/// What was asked for.
#[derive(Clone, Copy, Debug, Serialize)]
pub(crate) struct Plan {
    /// How many people, in towns of twenty each.
    pub(crate) n_people: u32,
    pub(crate) seed: u64,
    /// Whether to judge what our rule might be instead, too.
    pub(crate) what_if: bool,
}

/// What everything came to.
#[derive(Debug, Serialize)]
pub(crate) struct Stays {
    v: u32,
    #[serde(skip)]
    rules: Vec<RuleName>,
    pub(crate) plan: Plan,
    /// By rule, then by interval, then by sigma.
    pub(crate) cells: Vec<Cell>,
}

/// One rule on one kind of fixes.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Cell {
    pub(crate) rule: RuleName,
    pub(crate) interval_s: u32,
    pub(crate) sigma_m: u32,
    /// Fixes that it looked at.
    fixes: u64,
    /// The share of dwells that were right, in 0..1; `null` when none was told.
    pub(crate) precision: Option<f64>,
    /// The share of true stays that were told, in 0..1.
    pub(crate) recall: Option<f64>,
    pub(crate) all: Score,
    /// The same by who the person was.
    pub(crate) by_kind: [OfKind; 5],
}

/// The people of one kind.
#[derive(Clone, Copy, Debug, Serialize)]
pub(crate) struct OfKind {
    pub(crate) kind: Kind,
    pub(crate) score: Score,
}

/// Who says that somebody stays.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum RuleName {
    Stile,
    NaiveEnter,
    Android,
    Radar,
    /// Ours, if every fix inside were evidence of a stay.
    NoDepth,
    /// Ours, if only a fix as deep inside as its accuracy were.
    AllDeep,
    /// Ours, if what is outside did not break a stay for 15 s.
    Forgiving,
}

impl RuleName {
    /// All of them.
    const ALL: [Self; 4] = [Self::Stile, Self::Android, Self::Radar, Self::NaiveEnter];
    /// What ours might be instead.
    const WHAT_IF: [Self; 3] = [Self::NoDepth, Self::AllDeep, Self::Forgiving];

    /// The name as a reader knows it.
    pub(crate) const fn words(self) -> &'static str {
        match self {
            Self::Stile => "Stile",
            Self::NaiveEnter => "naive enter",
            Self::Android => "Android bands",
            Self::Radar => "Radar stops",
            Self::NoDepth => "no depth",
            Self::AllDeep => "all deep",
            Self::Forgiving => "15 s forgiven",
        }
    }

    fn begin(self, people: &Neighbourhood) -> Box<dyn Rule> {
        let (plane, n_fences) = (people.town().plane(), people.fences.len());
        let what_if = |evidence| Box::new(WhatIf::new(evidence, plane, n_fences));
        match self {
            Self::Stile => Box::new(Ours::new(plane)),
            Self::NaiveEnter => Box::new(NaiveEnter::new(n_fences)),
            Self::Android => Box::new(OverlapBands::new(n_fences)),
            Self::Radar => Box::new(BufferedStops::new(n_fences)),
            Self::NoDepth => what_if(Evidence { depth: 0.0, ..Evidence::SHIPPED }),
            Self::AllDeep => what_if(Evidence { depth: 1.0, ..Evidence::SHIPPED }),
            Self::Forgiving => what_if(Evidence { forgives_ms: 15_000, ..Evidence::SHIPPED }),
        }
    }
}

/// Judges everybody. Takes some 5 ms a person.
///
/// # Errors
/// What is wrong with the plan.
pub(crate) fn stays(plan: Plan) -> Result<Stays, String> {
    let what_if = if plan.what_if { &RuleName::WHAT_IF[..] } else { &[] };
    let rules = [&RuleName::ALL, what_if].concat();
    let mut cells = empty_cells(&rules);
    for town_no in 0..plan.n_people.div_ceil(people::N_IN_A_TOWN) {
        let people = Neighbourhood::settle(plan.seed, town_no)?;
        for no in 0..people::N_IN_A_TOWN {
            for interval_s in INTERVALS_S {
                if interval_s != 1 || (town_no + 1).is_multiple_of(TOWNS_A_TOWN_AT_ONE_SECOND) {
                    follow(&people, no, interval_s, &rules, &mut cells);
                }
            }
        }
    }
    for cell in &mut cells {
        (cell.precision, cell.recall) = (cell.all.precision(), cell.all.recall());
    }
    Ok(Stays { v: VERSION, rules, plan, cells })
}

impl Stays {
    /// What a rule came to.
    pub(crate) fn cell(&self, rule: RuleName, interval_s: u32, sigma_m: u32) -> &Cell {
        let is_it = |cell: &&Cell| (cell.rule, cell.interval_s, cell.sigma_m) == (rule, interval_s, sigma_m);
        self.cells.iter().find(is_it).expect("there is a cell for each")
    }

    /// Writes `stays.json`, `stays.md` and `stays.svg` into a folder, which is made if need be.
    ///
    /// # Errors
    /// What the file system says.
    pub(crate) fn write_into(&self, folder: &Path) -> io::Result<()> {
        std::fs::create_dir_all(folder)?;
        let json = serde_json::to_string_pretty(self).expect("scores hold nothing that JSON cannot say");
        std::fs::write(folder.join("stays.json"), json + "\n")?;
        std::fs::write(folder.join("stays.md"), table::markdown(self))?;
        std::fs::write(folder.join("stays.svg"), picture::svg(self))
    }
}

fn empty_cells(rules: &[RuleName]) -> Vec<Cell> {
    let by_kind = Kind::ALL.map(|kind| OfKind { kind, score: Score::default() });
    let mut cells = Vec::new();
    for &rule in rules {
        for interval_s in INTERVALS_S {
            for sigma_m in SIGMAS_M {
                cells.push(Cell {
                    rule,
                    interval_s,
                    sigma_m,
                    fixes: 0,
                    precision: None,
                    recall: None,
                    all: Score::default(),
                    by_kind,
                });
            }
        }
    }
    cells
}

/// A receiver, the rules that look at its fixes, and what each of them told.
struct Watch {
    sigma_m: u32,
    receiver: Receiver,
    rules: Vec<(RuleName, Box<dyn Rule>, Vec<Told>)>,
}

/// Takes fixes of a person through receivers of every size, and adds what the rules made of them.
fn follow(people: &Neighbourhood, no: u32, interval_s: u32, rules: &[RuleName], cells: &mut [Cell]) {
    let mut person = people.person(no);
    let begin = |rule: RuleName| (rule, rule.begin(people), Vec::new());
    let mut watches = SIGMAS_M.map(|sigma_m| Watch {
        sigma_m,
        receiver: Receiver::new(f64::from(sigma_m), people.seed, u64::from(no)),
        rules: rules.iter().copied().map(begin).collect(),
    });
    let mut outside_m = vec![0.0; people.fences.len()];
    let mut n_fixes = 0;
    for at_ms in Instants::of(people, no, interval_s) {
        n_fixes += 1;
        let truth = person.place(at_ms);
        for watch in &mut watches {
            let reading = watch.receiver.take(truth, at_ms);
            for (outside_m, fence) in outside_m.iter_mut().zip(&people.fences) {
                *outside_m = fence.outside_m(reading.place);
            }
            let look = Look { reading, fences: &people.fences, outside_m: &outside_m };
            for (_, rule, told) in &mut watch.rules {
                rule.look(&look, told);
            }
        }
    }
    for watch in watches {
        for (rule, _, told) in &watch.rules {
            let score = judge(told, &person.stays, &people.span_ms);
            let is_it = |cell: &&mut Cell| {
                (cell.rule, cell.interval_s, cell.sigma_m) == (*rule, interval_s, watch.sigma_m)
            };
            let cell = cells.iter_mut().find(is_it).expect("there is a cell for each");
            cell.fixes += n_fixes;
            cell.all.add(&score);
            let of_kind = cell.by_kind.iter_mut().find(|of_kind| of_kind.kind == person.kind);
            of_kind.expect("there is a score for each").score.add(&score);
        }
    }
}

/// When a phone takes fixes.
struct Instants {
    next_ms: i64,
    span_ms: Range<i64>,
    interval_ms: f64,
    chance: Chance,
}

impl Instants {
    fn of(people: &Neighbourhood, no: u32, interval_s: u32) -> Self {
        let mut chance = Chance::of(&[people.seed, 41, u64::from(no), u64::from(interval_s)]);
        let interval_ms = f64::from(interval_s) * 1e3;
        let next_ms = people.span_ms.start + chance.between(0.0, interval_ms) as i64;
        Self { next_ms, span_ms: people.span_ms.clone(), interval_ms, chance }
    }
}

impl Iterator for Instants {
    type Item = i64;

    fn next(&mut self) -> Option<i64> {
        let at_ms = self.next_ms;
        self.next_ms += (self.interval_ms * self.chance.between(0.9, 1.1)) as i64;
        self.span_ms.contains(&at_ms).then_some(at_ms)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_tells_the_same_and_another_does_not() {
        let check = |seed| {
            serde_json::to_string(&stays(Plan { n_people: 20, seed, what_if: true }).unwrap()).unwrap()
        };
        assert_eq!(check(4), check(4));
        assert_ne!(check(4), check(5));
    }

    #[test]
    fn a_dwell_is_worth_more_than_an_enter_and_every_dwell_is_accounted_for() {
        let told = stays(Plan { n_people: 140, seed: 4, what_if: false }).unwrap();
        for cell in &told.cells {
            let Score { told, right, again, short, afterwards, outside, stays, found } = cell.all;
            assert_eq!(told, right + again + short + afterwards + outside, "{cell:?}");
            assert!(found <= right && found <= stays, "{cell:?}");
        }
        let precision = |rule| told.cell(rule, 150, 20).precision.unwrap();
        assert!(2.0 * precision(RuleName::NaiveEnter) < precision(RuleName::Stile));
    }
}
