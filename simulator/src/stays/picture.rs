//! Precision and recall against the time between fixes, as one picture.

use crate::report::markup::Markup;
use crate::report::plot::{Axis, Frame, Line, Plot};
use crate::stays::{Cell, INTERVALS_S, RuleName, SIGMAS_M, Stays};

const WIDTH: f64 = 850.0;
const HEIGHT: f64 = 572.0;
/// Of the panels' planes: where the first begins, how large each is, and how far apart.
const LEFT: f64 = 48.0;
const TOP: f64 = 92.0;
const PANEL: (f64, f64) = (186.0, 160.0);
const APART: (f64, f64) = (52.0, 70.0);

/// What a panel shows of a cell.
type Measure = fn(&Cell) -> Option<f64>;

const STYLE: &str = "<style>
text { font: 12px system-ui, sans-serif; fill: #24292f }
.title { font-size: 16px; font-weight: 600 }
.panel { font-weight: 600 }
.small, .unit { font-size: 11px; fill: #57606a }
.grid { stroke: #d0d7de; stroke-width: 1 } .tick { stroke: #57606a; stroke-width: 1 }
.ground { fill: #ffffff }
.line { fill: none; stroke-width: 2; stroke-linejoin: round; stroke-linecap: round }
.line.c1 { stroke: #d9480f; stroke-width: 3 } .line.c2 { stroke: #1c7ed6 } .line.c3 { stroke: #2b8a3e } .line.c4 { stroke: #868e96 }
text.c1 { fill: #d9480f; font-weight: 600 } text.c2 { fill: #1c7ed6 } text.c3 { fill: #2b8a3e } text.c4 { fill: #868e96 }
@media (prefers-color-scheme: dark) {
  text { fill: #e6edf3 } .small, .unit { fill: #9198a1 } .grid { stroke: #30363d } .tick { stroke: #9198a1 } .ground { fill: #0d1117 }
}
</style>
";

/// The picture: a row of panels each for precision and recall, a column each for sigma.
pub(super) fn svg(stays: &Stays) -> String {
    let mut svg = Markup::default();
    svg.tag("<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 ").number(WIDTH).tag(" ").number(HEIGHT);
    svg.tag("\" width=\"").number(WIDTH).tag("\" height=\"").number(HEIGHT);
    svg.tag(
        "\" role=\"img\" aria-label=\"Precision and recall of dwell by time between fixes and sigma\">\n",
    );
    svg.tag(STYLE).tag("<rect class=\"ground\" width=\"100%\" height=\"100%\"/>\n");
    svg.tag("<text class=\"title\" x=\"").number(LEFT);
    svg.tag("\" y=\"28\">Did they stay? Dwells judged against the truth, more is better</text>\n");
    for (column, sigma_m) in (0..).map(f64::from).zip(SIGMAS_M) {
        svg.tag("<text class=\"panel\" x=\"").number(LEFT + column * (PANEL.0 + APART.0)).tag("\" y=\"58\">");
        svg.text(&format!("errors of {sigma_m} m")).tag("</text>\n");
        let measures: [(&str, Measure); 2] =
            [("precision, %", |cell| cell.precision), ("recall, %", |cell| cell.recall)];
        for (row, (name, measure)) in (0..).map(f64::from).zip(measures) {
            svg.piece(&panel(stays, (column, row), sigma_m, name, measure).inside()).tag("\n");
        }
    }
    svg.tag("<text class=\"small\" x=\"").number(LEFT).tag("\" y=\"").number(HEIGHT - 16.0).tag("\">");
    let n_people = crate::report::number::grouped(stays.plan.n_people.into());
    svg.text(&format!(
        "{n_people} people for four hours, 4 in 10 of them where it is hard; seed {}.",
        stays.plan.seed
    ));
    svg.tag("</text>\n</svg>\n");
    svg.into_string()
}

fn panel(stays: &Stays, (column, row): (f64, f64), sigma_m: u32, name: &str, measure: Measure) -> Plot {
    let line = |(rule, class): (RuleName, &'static str)| {
        let value = |interval_s| measure(stays.cell(rule, interval_s, sigma_m)).map(|share| 100.0 * share);
        let points = (0..).map(f64::from).zip(INTERVALS_S.map(value)).collect();
        Line { name: rule.words().to_owned(), class, points }
    };
    let (left, top) = (LEFT + column * (PANEL.0 + APART.0), TOP + row * (PANEL.1 + APART.1));
    Plot {
        about: String::new(),
        frame: Frame {
            left,
            right: left + PANEL.0,
            top,
            bottom: top + PANEL.1,
            has_names: column as usize + 1 == SIGMAS_M.len(),
        },
        x: Axis::named("between fixes", &INTERVALS_S.map(|interval_s| format!("{interval_s} s"))),
        y: Axis::linear(name, 100.0),
        lines: RuleName::ALL.into_iter().zip(["c1", "c2", "c3", "c4"]).map(line).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stays::{Plan, stays};

    #[test]
    fn every_rule_is_drawn_in_every_panel() {
        let told = stays(Plan { n_people: 20, seed: 4, what_if: false }).unwrap();
        let svg = svg(&told);
        assert_eq!(svg.matches("class=\"line ").count(), 24);
        assert!(!svg.contains("NaN") && !svg.contains("inf"), "{svg}");
    }
}
