//! Gates, latencies, verdicts, figures, and how the run was made.

use serde_json::Value;

use crate::report::markup::Markup;
use crate::report::number::{grouped, measured};
use crate::report::{Figure, Judged, Judgement, Latencies, QUANTILES, Report};

pub(super) fn gates(gates: &[Judgement], page: &mut Markup) {
    if gates.is_empty() {
        return;
    }
    page.tag(
        "<h2>Gates</h2>\n<p class=\"means\">What was asserted of this run, and what was measured.</p>\n",
    );
    page.tag("<table class=\"gates\">\n<tr><th></th><th>asserted</th><th class=\"n\">measured</th></tr>\n");
    for gate in gates {
        let verdict = if gate.passed { "<span class=\"good\">pass" } else { "<span class=\"bad\">fail" };
        page.tag("<tr><td>").tag(verdict).tag("</span></td>");
        page.element("<td><code>", &gate.gate, "</code></td>");
        let value = gate.value.map_or("nothing".to_owned(), |value| {
            format!("{} {}", measured(value), gate.unit).trim_end().to_owned()
        });
        page.element("<td class=\"n\">", &value, "</td></tr>\n");
    }
    page.tag("</table>\n");
}

pub(super) fn latencies(latencies: &Latencies, page: &mut Markup) {
    let rows = [
        (
            "Fix to offer",
            &latencies.fix_to_offer,
            "from the intended send of a fix to the arrival of its offer",
        ),
        (
            "Consent acknowledged",
            &latencies.consent_ack,
            "from the intended send of a consent change to its acknowledgement: it is on disk by then",
        ),
        ("PUBACK", &latencies.puback, "from the intended send of a message of QoS 1 to the server's receipt"),
    ];
    let mut told = rows.iter().filter(|(_, latency, _)| 0 < latency.n()).peekable();
    if told.peek().is_none() {
        return;
    }
    page.tag("<h2>Latencies</h2>\n<p class=\"means\">In milliseconds, over the whole run. p99 is the time that 99 in 100 did not exceed.</p>\n");
    page.tag("<table>\n<tr><th></th><th class=\"n\">how many</th>");
    for (name, _) in QUANTILES {
        page.element("<th class=\"n\">", if name == "p999" { "p99.9" } else { name }, "</th>");
    }
    page.tag("<th class=\"n\">longest</th></tr>\n");
    for (name, latency, means) in told {
        page.element("<tr><td>", name, "<br><span class=\"means\">").element("", means, "</span></td>");
        page.element("<td class=\"n\">", &grouped(latency.n()), "</td>");
        let values = QUANTILES.iter().map(|(_, share)| latency.quantile_ms(*share)).chain([latency.max_ms()]);
        for value in values {
            page.element("<td class=\"n\">", &value.map_or(String::new(), measured), "</td>");
        }
        page.tag("</tr>\n");
    }
    page.tag("</table>\n");
}

pub(super) fn verdicts(judged: &Judged, page: &mut Markup) {
    page.tag("<h2>Verdicts</h2>\n");
    let named: Vec<(&str, u64)> = judged.verdicts.named().into();
    bars(
        "Offers against the oracle",
        "Every offer that was seen or expected, one for one. All but the first are faults.",
        &named,
        &|word| word != "correct",
        page,
    );
    let sorted = |counts: &std::collections::BTreeMap<String, u64>| {
        let mut rows: Vec<(String, u64)> = counts.iter().map(|(word, n)| (word.clone(), *n)).collect();
        rows.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
        rows
    };
    for (name, means, counts) in [
        (
            "Candidates by reason",
            "Every offer that a transition called for: sent, or why it was kept back.",
            &judged.suppressions,
        ),
        (
            "Records that were not used",
            "Messages and fixes that were refused or dropped, and why.",
            &judged.outcomes,
        ),
        ("Invariants", "What must hold at every moment, and how often each was checked.", &judged.invariants),
    ] {
        let rows = sorted(counts);
        let rows: Vec<(&str, u64)> = rows.iter().map(|(word, n)| (word.as_str(), *n)).collect();
        bars(name, means, &rows, &|_| false, page);
    }
}

fn bars(
    name: &'static str,
    means: &'static str,
    rows: &[(&str, u64)],
    is_wrong: &dyn Fn(&str) -> bool,
    page: &mut Markup,
) {
    let (most, all) =
        (rows.iter().map(|row| row.1).max().unwrap_or(0), rows.iter().map(|row| row.1).sum::<u64>());
    if all == 0 {
        return;
    }
    page.element("<h3>", name, "</h3>\n").element("<p class=\"means\">", means, "</p>\n<table>\n");
    for (word, n) in rows {
        page.element("<tr><td class=\"word\">", &word.replace('_', " "), "</td><td class=\"bar\">");
        if 0 < *n {
            page.tag(if is_wrong(word) { "<span class=\"wrong\"" } else { "<span" });
            page.tag(" style=\"width:").number(100.0 * *n as f64 / most as f64).tag("%\"></span>");
        }
        page.element("</td><td class=\"n\">", &grouped(*n), "</td>");
        let percent = match 100.0 * *n as f64 / all as f64 {
            0.0 => String::new(),
            small if small < 0.1 => "under 0.1 %".to_owned(),
            percent => format!("{percent:.1} %"),
        };
        page.element("<td class=\"n faint\">", &percent, "</td></tr>\n");
    }
    page.tag("</table>\n");
}

pub(super) fn figures(figures: &[Figure], page: &mut Markup) {
    if figures.is_empty() {
        return;
    }
    page.tag("<h2>Further figures</h2>\n<table>\n");
    for figure in figures {
        page.element("<tr><td>", &figure.name, "<br><span class=\"means\">");
        page.element("", &figure.means, "</span></td>");
        let value = format!("{} {}", measured(figure.value), figure.unit);
        page.element("<td class=\"n\">", value.trim_end(), "</td></tr>\n");
    }
    page.tag("</table>\n");
}

/// How it was made, and how to make it again.
pub(super) fn run(report: &Report, page: &mut Markup) {
    let (run, generator) = (&report.run, &report.generator);
    page.tag("<h2>The run</h2>\n<p class=\"means\">The same command with the same seed makes the same people, fixes and schedule.</p>\n");
    page.element("<pre>", &run.command, "</pre>\n");
    page.tag("<h3>Plan</h3>\n<table class=\"facts\">\n");
    fact("seed", &run.seed.to_string(), page);
    for (name, value) in run.plan.iter() {
        fact(&name.replace('_', " "), &told(value), page);
    }
    page.tag("</table>\n<h3>Generator</h3>\n<p class=\"means\">A generator that was late on more than 1 % of its sends has measured itself.</p>\n<table class=\"facts\">\n");
    fact("messages sent", &grouped(generator.sent), page);
    if generator.fixes != generator.sent && 0 < generator.fixes {
        fact("fixes in them", &grouped(generator.fixes), page);
    }
    let late = format!("{} ({:.2} %)", grouped(generator.late), 100.0 * generator.late_share());
    fact("late sends", &late, page);
    fact("largest lag", &format!("{} ms", measured(generator.lag_max_ms)), page);
    let share = if 0.0 < run.took_s { 100.0 * generator.cpu_s / run.took_s } else { 0.0 };
    fact("processor time", &format!("{} s ({share:.0} % of a core)", measured(generator.cpu_s)), page);
    page.tag("</table>\n<h3>Machine</h3>\n<table class=\"facts\">\n");
    let machine = &run.machine;
    fact("processor", &format!("{}, {} cores", machine.processor, machine.cores), page);
    fact("memory", &format!("{} GiB", machine.memory_gib), page);
    fact("system", &machine.system, page);
    fact("load before the run", &format!("{} (threads that wanted a core)", machine.load_before), page);
    fact("program", &run.commit, page);
    fact("began", &run.began_at.replace('T', " ").replace('Z', " UTC"), page);
    page.tag("</table>\n");
}

fn fact(name: &str, value: &str, page: &mut Markup) {
    page.element("<tr><td>", name, "</td>").element("<td>", value, "</td></tr>\n");
}

/// A value as a person reads it.
fn told(value: &Value) -> String {
    match value {
        Value::Null => "none".to_owned(),
        Value::Bool(true) => "yes".to_owned(),
        Value::Bool(false) => "no".to_owned(),
        Value::Number(number) => number.as_u64().map_or_else(|| number.to_string(), grouped),
        Value::String(text) => text.clone(),
        Value::Array(values) => values.iter().map(told).collect::<Vec<_>>().join(", "),
        Value::Object(_) => value.to_string(),
    }
}
