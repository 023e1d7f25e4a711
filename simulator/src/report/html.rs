//! The report as one page that needs no network: for a colleague, on a screen or on paper.

mod charts;
mod map;
mod tables;

use crate::report::markup::Markup;
use crate::report::number::{grouped, measured};
use crate::report::{Ended, Outcome, Report};
use crate::violation::Violation;

/// So many violations stand open on the page; the others unfold.
const N_SHOWN: usize = 5;

/// The whole page.
pub(super) fn page(report: &Report) -> String {
    let mut page = Markup::default();
    page.tag("<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n");
    page.tag("<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n");
    page.element("<title>", &title(report), "</title>\n");
    page.tag("<style>\n").tag(include_str!("html/style.css")).tag("</style>\n</head>\n<body>\n");
    head(report, &mut page);
    tiles(report, &mut page);
    tables::gates(&report.verdict.gates, &mut page);
    violations(report, &mut page);
    charts::over_time(&report.seconds, &mut page);
    tables::latencies(&report.latencies, &mut page);
    tables::verdicts(&report.judged, &mut page);
    map::map(&report.map, &mut page);
    tables::figures(&report.figures, &mut page);
    tables::run(report, &mut page);
    page.tag("</body>\n</html>\n");
    page.into_string()
}

fn title(report: &Report) -> String {
    format!("Load run, seed {}", report.run.seed)
}

fn head(report: &Report, page: &mut Markup) {
    page.element("<header>\n<h1>", &title(report), ": ");
    page.tag(match report.outcome() {
        Outcome::Passed => "<span class=\"verdict good\">passed</span>",
        Outcome::Failed => "<span class=\"verdict bad\">failed</span>",
        Outcome::Invalid => "<span class=\"verdict doubt\">proves nothing</span>",
    });
    page.tag("</h1>\n");
    let (run, machine) = (&report.run, &report.run.machine);
    let cores = if machine.cores == 1 { "core" } else { "cores" };
    let place = format!("{}, {} {cores}, {} GiB", machine.processor, machine.cores, machine.memory_gib);
    let began_at = run.began_at.replace('T', " ").replace('Z', " UTC");
    page.tag("<p class=\"faint\">").text(&format!("{began_at}, on {place}. "));
    page.text(&format!("Stile {}. Took {} s.", run.commit, measured(run.took_s))).tag("</p>\n</header>\n");
    let mut notices = report.verdict.invalid.clone();
    if run.ended == Ended::Interrupted {
        notices
            .push("somebody stopped it before its end; what follows is what was done until then".to_owned());
    }
    if report.is_short() {
        notices.push("it is a short run: it asks for less than 50,000 transitions, 5,000 offers and 1,000 withdrawals to be judged".to_owned());
    }
    if notices.is_empty() {
        return;
    }
    page.tag("<div class=\"notice\">\n");
    for notice in &notices {
        page.element("<p>About this run: ", notice, ".</p>\n");
    }
    page.tag("</div>\n");
}

/// The few numbers that one asks for first.
fn tiles(report: &Report, page: &mut Markup) {
    page.tag("<dl class=\"tiles\">\n");
    let rate_per_s = report.generator.rate_per_s;
    tile("Messages sent", &grouped(rate_per_s.round() as u64), " /s", page);
    if let Some(p99_ms) = report.latencies.fix_to_offer.quantile_ms(0.99) {
        tile("Fix to offer, p99", &measured(p99_ms), " ms", page);
    }
    tile("Transitions judged", &grouped(report.judged.counts.transitions), "", page);
    tile("Offers judged", &grouped(report.judged.counts.offers), "", page);
    tile("Violations", &grouped(report.violations.n), "", page);
    page.tag("</dl>\n");
}

fn tile(name: &str, value: &str, unit: &str, page: &mut Markup) {
    page.element("<div><dt>", name, "</dt>").element("<dd>", value, "");
    if !unit.is_empty() {
        page.element("<small>", unit, "</small>");
    }
    page.tag("</dd></div>\n");
}

fn violations(report: &Report, page: &mut Markup) {
    page.tag("<h2>Violations</h2>\n");
    if report.violations.n == 0 {
        let counts = report.judged.counts;
        let (n_transitions, n_offers) = (grouped(counts.transitions), grouped(counts.offers));
        page.element(
            "<p>None in ",
            &format!(
                "{n_offers} offers and {} withdrawals that were held against the oracle's, \
                 which come of {n_transitions} transitions",
                grouped(counts.withdrawals)
            ),
            ".</p>\n",
        );
        return;
    }
    page.tag("<p class=\"means\">What must not happen, and did. The command under each shows it again.");
    let n_kept = report.violations.first.len() as u64;
    if n_kept < report.violations.n {
        page.text(&format!(" These are the first {n_kept} of {}.", grouped(report.violations.n)));
    }
    page.tag("</p>\n");
    let (shown, folded) = report.violations.first.split_at(N_SHOWN.min(report.violations.first.len()));
    shown.iter().for_each(|violation| tell(violation, page));
    if !folded.is_empty() {
        page.element("<details>\n<summary>", &format!("{} more", folded.len()), "</summary>\n");
        folded.iter().for_each(|violation| tell(violation, page));
        page.tag("</details>\n");
    }
}

fn tell(violation: &Violation, page: &mut Markup) {
    page.element("<div class=\"violation\">\n<p><code class=\"bad\">", &violation.name, "</code></p>\n");
    page.element("<p>", &violation.sentence, "</p>\n");
    let customer = violation.customer.as_ref().map_or(String::new(), |who| format!(", customer {who}"));
    let (from, to) = violation.range;
    let place = format!("Seed {}{customer}, between {from} and {to}", violation.seed);
    page.element("<p class=\"faint\">", &place, "</p>\n");
    page.element("<pre>", &violation.replay, "</pre>\n</div>\n");
}
