//! What the rules came to, as tables for a terminal and for Markdown.

use std::fmt::{self, Write as _};

use crate::report::number::grouped;
use crate::stays::{Cell, INTERVALS_S, OfKind, Plan, RuleName, SIGMAS_M, Score, Stays};

/// The cell that the bar is about: seconds between fixes, and sigma.
pub(crate) const BAR_AT: (u32, u32) = (150, 20);

/// What the words mean, for whoever reads the figures.
const DEFINITIONS: [&str; 5] = [
    "A dwell is right when it is told within a true stay of three minutes or more in that fence, without a break, or up \
     to a minute after its end, and that stay was not told before. Precision is the share of dwells that are right.",
    "Recall is the share of true stays of three minutes or more, while fixes were taken, that got their dwell. A stay \
     shorter than the time between two fixes can hardly be seen by anybody.",
    "Sigma is the usual error along each axis. Four fifths of it hold on for about a minute; one fix in fifty has an \
     error three to eight times as large, which the phone notices seven times in ten; one in 500 is 200 m off and \
     claims 2 m. No phone says that it stands still.",
    "Of ten people six are a town's (they pass by, shop, drive, deliver), and one each stands 3 to 60 m outside a fence \
     for hours, walks along its rim from 10 m inside to 30 m outside, waits up to two and a half minutes just inside, \
     and visits for 4 to 60 minutes. Fences are circles of 60 to 150 m. Everybody is followed for four hours.",
    "Naive enter tells every fix inside after one outside. Android bands: 85 % of the accuracy's circle inside to enter \
     and 15 % to leave (75 and 25 % below 100 m), dwell with the first fix three minutes later that is no exit. Radar \
     stops: the whole circle inside to enter, on a stop of less than 70 m in 140 s, the whole circle outside to leave, \
     one dwell a visit.",
];

impl fmt::Display for Stays {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}: precision / recall in %\n", head(self))?;
        write!(f, "{:<14}", "sigma, fixes")?;
        for rule in &self.rules {
            write!(f, "  {:>13}", rule.words())?;
        }
        writeln!(f)?;
        for sigma_m in SIGMAS_M {
            for interval_s in INTERVALS_S {
                write!(f, "{:<14}", format!("{sigma_m:>3} m {interval_s:>5} s"))?;
                for rule in &self.rules {
                    write!(f, "  {:>13}", pair(self.cell(*rule, interval_s, sigma_m)))?;
                }
                writeln!(f)?;
            }
        }
        let (interval_s, sigma_m) = BAR_AT;
        writeln!(f, "\nStile at {interval_s} s and {sigma_m} m, by who it was:\n")?;
        writeln!(
            f,
            "{:<15} {:>6} {:>6} {:>6} {:>6} {:>6} {:>8}   {:>6} {:>6}",
            "", "told", "right", "again", "short", "after", "outside", "stays", "found"
        )?;
        for (words, score) in rows(self) {
            let Score { told, right, again, short, afterwards, outside, stays, found } = score;
            writeln!(
                f,
                "{words:<15} {told:>6} {right:>6} {again:>6} {short:>6} {afterwards:>6} {outside:>8}   {stays:>6} {found:>6}"
            )?;
        }
        for definition in DEFINITIONS {
            write!(f, "\n{}", wrapped(definition, 100))?;
        }
        Ok(())
    }
}

/// The same for a page.
pub(super) fn markdown(stays: &Stays) -> String {
    let mut page = format!("# Stays against the truth\n\n{}. Precision / recall in %.\n\n", head(stays));
    let Plan { n_people, seed, what_if } = stays.plan;
    let what_if = if what_if { " --what-if" } else { "" };
    let _ = writeln!(
        page,
        "`cargo run --release -p simulator -- stays --people {n_people} --seed {seed}{what_if} --out target/stays` makes \
         this page and its picture again, to the byte.\n"
    );
    page.push_str("![Precision and recall of dwell, by time between fixes and sigma](stays.svg)\n\n| sigma | between fixes |");
    for rule in &stays.rules {
        let _ = write!(page, " {} |", rule.words());
    }
    let _ = writeln!(page, "\n|--:|--:|{}", "--:|".repeat(stays.rules.len()));
    for sigma_m in SIGMAS_M {
        for interval_s in INTERVALS_S {
            let _ = write!(page, "| {sigma_m} m | {interval_s} s |");
            for rule in &stays.rules {
                let _ = write!(page, " {} |", pair(stays.cell(*rule, interval_s, sigma_m)));
            }
            page.push('\n');
        }
    }
    let (interval_s, sigma_m) = BAR_AT;
    let _ = writeln!(page, "\nWhere Stile's dwells at {interval_s} s and {sigma_m} m come from:\n");
    page.push_str("| | told | right | told again | stay under 3 min | afterwards | was outside | true stays | found |\n");
    page.push_str("|:--|--:|--:|--:|--:|--:|--:|--:|--:|\n");
    for (words, score) in rows(stays) {
        let Score { told, right, again, short, afterwards, outside, stays, found } = score;
        let _ = writeln!(
            page,
            "| {words} | {told} | {right} | {again} | {short} | {afterwards} | {outside} | {stays} | {found} |"
        );
    }
    page.push('\n');
    for definition in DEFINITIONS {
        let _ = writeln!(page, "- {}", wrapped(definition, 110).trim_end().replace('\n', "\n  "));
    }
    page
}

fn head(stays: &Stays) -> String {
    let (interval_s, sigma_m) = BAR_AT;
    let n_stays = stays.cell(RuleName::Stile, interval_s, sigma_m).all.stays;
    let (n_people, n_stays) = (grouped(stays.plan.n_people.into()), grouped(n_stays));
    format!("{n_people} people, {n_stays} true stays of 3 min or more, seed {}", stays.plan.seed)
}

fn rows(stays: &Stays) -> Vec<(&'static str, Score)> {
    let (interval_s, sigma_m) = BAR_AT;
    let cell = stays.cell(RuleName::Stile, interval_s, sigma_m);
    let by_kind = cell.by_kind.iter().map(|OfKind { kind, score }| (kind.words(), *score));
    by_kind.chain([("all", cell.all)]).collect()
}

fn pair(cell: &Cell) -> String {
    let percent = |share: Option<f64>| share.map_or("-".to_owned(), |share| format!("{:.1}", 100.0 * share));
    format!("{} / {}", percent(cell.precision), percent(cell.recall))
}

/// In lines of at most so many letters.
fn wrapped(text: &str, width: usize) -> String {
    let mut lines = String::new();
    let mut n_in_line = 0;
    for word in text.split_whitespace() {
        let n = word.chars().count();
        if 0 < n_in_line && width < n_in_line + 1 + n {
            lines.push('\n');
            n_in_line = 0;
        } else if 0 < n_in_line {
            lines.push(' ');
            n_in_line += 1;
        }
        lines.push_str(word);
        n_in_line += n;
    }
    lines.push('\n');
    lines
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stays::stays;

    #[test]
    fn both_tables_have_a_row_a_cell_and_a_column_a_rule() {
        let told = stays(Plan { n_people: 20, seed: 4, what_if: true }).unwrap();
        let (text, page) = (told.to_string(), markdown(&told));
        let n_rows = INTERVALS_S.len() * SIGMAS_M.len();
        assert_eq!(page.lines().filter(|line| line.contains(" m | ")).count(), n_rows);
        let row = page.lines().find(|line| line.starts_with("| 20 m | 150 s |")).unwrap();
        assert_eq!(row.matches(" / ").count(), told.rules.len());
        for rule in &told.rules {
            assert!(text.contains(rule.words()) && page.contains(rule.words()), "{}", rule.words());
        }
    }

    #[test]
    fn lines_are_wrapped_between_words() {
        assert_eq!(wrapped("one two  three\nfour", 9), "one two\nthree\nfour\n");
    }
}
