//! Lines over two axes, as SVG that is readable on light and dark ground.

use crate::report::markup::Markup;
use crate::report::number::grouped;

/// Lines that share their axes.
pub(crate) struct Plot {
    /// What a screen reader says of it.
    pub(crate) about: String,
    pub(crate) frame: Frame,
    pub(crate) x: Axis,
    pub(crate) y: Axis,
    pub(crate) lines: Vec<Line>,
}

/// One of them. Its class is its colour: `c1` to `c4`.
pub(crate) struct Line {
    pub(crate) name: String,
    pub(crate) class: &'static str,
    /// Ascending; where there is no value, the line has a gap.
    pub(crate) points: Vec<(f64, Option<f64>)>,
}

/// An axis from one value to another.
#[derive(Clone, Debug)]
pub(crate) struct Axis {
    pub(crate) unit: String,
    low: f64,
    high: f64,
    ticks: Vec<(f64, String)>,
    is_log: bool,
}

impl Axis {
    /// From nought to what is needed, in steps of one, two or five.
    pub(crate) fn linear(unit: &str, highest: f64) -> Self {
        let highest = if highest.is_finite() && 0.0 < highest { highest } else { 1.0 };
        let step = step(highest / 4.0);
        let n_steps = (highest / step).ceil().max(1.0);
        let ticks = (0..=n_steps as u32).map(|i| f64::from(i) * step).map(|at| (at, label(at)));
        Self { unit: unit.to_owned(), low: 0.0, high: n_steps * step, ticks: ticks.collect(), is_log: false }
    }

    /// Seconds of a run, to its end and no further.
    pub(crate) fn seconds(longest_s: f64) -> Self {
        let longest_s = longest_s.max(1.0);
        let (unit, size) = if longest_s <= 120.0 { ("seconds", 1.0) } else { ("minutes", 60.0) };
        let step = step(longest_s / size / 6.0);
        let n_ticks = (longest_s / size / step + 1e-9) as u32;
        let ticks = (0..=n_ticks).map(|i| f64::from(i) * step).map(|at| (at * size, label(at)));
        Self { unit: unit.to_owned(), low: 0.0, high: longest_s, ticks: ticks.collect(), is_log: false }
    }

    /// Over the decades that hold all values, or parts of them where they are few.
    pub(crate) fn log(unit: &str, values: impl Iterator<Item = f64>) -> Self {
        let (mut low, mut high) = (f64::INFINITY, 0.0_f64);
        for value in values.filter(|value| value.is_finite() && 0.0 < *value) {
            low = low.min(value);
            high = high.max(value);
        }
        if high <= 0.0 {
            (low, high) = (1.0, 10.0);
        }
        let fine = |at: i32| [1.0, 2.0, 5.0][at.rem_euclid(3) as usize] * 10_f64.powi(at.div_euclid(3));
        let decade = |at: i32| 10_f64.powi(at);
        let is_fine = high / low < 100.0;
        let of: &dyn Fn(i32) -> f64 = if is_fine { &fine } else { &decade };
        let first = (-40..40).rev().find(|&at| of(at) <= low).unwrap_or(-40);
        let last = (first + 1..41).find(|&at| high <= of(at)).unwrap_or(41);
        let ticks = (first..=last).map(|at| (of(at), label(of(at)))).collect();
        Self { unit: unit.to_owned(), low: of(first), high: of(last), ticks, is_log: true }
    }

    /// At named places only, evenly apart.
    pub(crate) fn named(unit: &str, names: &[String]) -> Self {
        let ticks = (0..).map(f64::from).zip(names.iter().cloned()).collect();
        Self { unit: unit.to_owned(), low: 0.0, high: (names.len().max(2) - 1) as f64, ticks, is_log: false }
    }

    /// Which share of the axis lies below a value, in 0..1.
    fn share(&self, value: f64) -> f64 {
        let share = if self.is_log {
            (value.max(f64::MIN_POSITIVE) / self.low).ln() / (self.high / self.low).ln()
        } else {
            (value - self.low) / (self.high - self.low)
        };
        share.clamp(0.0, 1.0)
    }
}

/// Where the plane between the axes lies.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Frame {
    pub(crate) left: f64,
    pub(crate) right: f64,
    pub(crate) top: f64,
    pub(crate) bottom: f64,
    /// Whether each line's name stands at its end.
    pub(crate) has_names: bool,
}

impl Frame {
    /// One plot as wide as a page.
    pub(crate) const WIDE: Self =
        Self { left: 56.0, right: 640.0, top: 24.0, bottom: 190.0, has_names: true };
}

/// Size of a plot as wide as a page.
const WIDTH: f64 = 760.0;
const HEIGHT: f64 = 230.0;
/// Labels nearer to each other would touch.
const LABEL_HEIGHT: f64 = 15.0;

impl Plot {
    /// As an `svg` element; its colours come from the page.
    pub(crate) fn svg(&self) -> Markup {
        let mut svg = Markup::default();
        svg.tag("<svg class=\"plot\" viewBox=\"0 0 ").number(WIDTH).tag(" ").number(HEIGHT);
        svg.tag("\" role=\"img\" aria-label=\"").text(&self.about).tag("\">");
        svg.piece(&self.inside());
        svg.tag("</svg>\n");
        svg
    }

    /// What is in that element, to be put elsewhere.
    pub(crate) fn inside(&self) -> Markup {
        let mut svg = Markup::default();
        self.axes(&mut svg);
        for line in &self.lines {
            self.line(line, &mut svg);
        }
        if self.frame.has_names {
            self.names(&mut svg);
        }
        svg
    }

    fn x(&self, value: f64) -> f64 {
        let Frame { left, right, .. } = self.frame;
        left + (right - left) * self.x.share(value)
    }

    fn y(&self, value: f64) -> f64 {
        let Frame { top, bottom, .. } = self.frame;
        bottom - (bottom - top) * self.y.share(value)
    }

    fn axes(&self, svg: &mut Markup) {
        let Frame { left, right, top, bottom, .. } = self.frame;
        svg.tag("<text class=\"unit\" x=\"").number(left).tag("\" y=\"").number(top - 10.0);
        svg.element("\">", &self.y.unit, "</text>");
        for (at, name) in &self.y.ticks {
            let y = self.y(*at);
            svg.tag("<path class=\"grid\" d=\"M")
                .number(left)
                .tag(" ")
                .number(y)
                .tag("H")
                .number(right)
                .tag("\"/>");
            svg.tag("<text text-anchor=\"end\" x=\"").number(left - 8.0).tag("\" y=\"").number(y + 4.0);
            svg.element("\">", name, "</text>");
        }
        for (at, name) in &self.x.ticks {
            let x = self.x(*at);
            svg.tag("<path class=\"tick\" d=\"M").number(x).tag(" ").number(bottom).tag("v4\"/>");
            svg.tag("<text text-anchor=\"middle\" x=\"").number(x).tag("\" y=\"").number(bottom + 18.0);
            svg.element("\">", name, "</text>");
        }
        svg.tag("<text class=\"unit\" text-anchor=\"middle\" x=\"").number(f64::midpoint(left, right));
        svg.tag("\" y=\"").number(bottom + 36.0).element("\">", &self.x.unit, "</text>");
    }

    fn line(&self, line: &Line, svg: &mut Markup) {
        svg.tag("<path class=\"line ").tag(line.class).tag("\" d=\"");
        let mut is_drawing = false;
        for (x, y) in &line.points {
            if let Some(y) = y {
                svg.tag(if is_drawing { "L" } else { "M" });
                svg.number(self.x(*x)).tag(" ").number(self.y(*y));
                // A point with a gap on either side is seen as well.
                svg.tag(if is_drawing { "" } else { "h0" });
            }
            is_drawing = y.is_some();
        }
        svg.tag("\"/>\n");
    }

    /// Each line's name at its end, moved apart where they would touch.
    fn names(&self, svg: &mut Markup) {
        let Frame { right, top, bottom, .. } = self.frame;
        let end = |line: &Line| line.points.iter().rev().find_map(|(_, y)| *y);
        let mut ends: Vec<(f64, &Line)> =
            self.lines.iter().filter_map(|line| Some((self.y(end(line)?), line))).collect();
        ends.sort_by(|a, b| a.0.total_cmp(&b.0));
        let n = ends.len();
        let mut free_from = top;
        for (i, (y, line)) in ends.into_iter().enumerate() {
            // Those that follow need their room above the axis, too.
            let last = bottom - LABEL_HEIGHT * (n - 1 - i) as f64;
            let y = y.clamp(free_from.min(last), last);
            free_from = y + LABEL_HEIGHT;
            svg.tag("<text class=\"name ").tag(line.class).tag("\" x=\"").number(right + 8.0);
            svg.tag("\" y=\"").number(y + 4.0).element("\">", &line.name, "</text>\n");
        }
    }
}

/// One, two or five of a power of ten, not below a number.
fn step(least: f64) -> f64 {
    let power = 10_f64.powf(least.max(1e-9).log10().floor());
    let fits = |times: &f64| least <= times * power * (1.0 + 1e-9);
    [1.0, 2.0, 5.0].into_iter().find(fits).unwrap_or(10.0) * power
}

fn label(value: f64) -> String {
    match value {
        1e6.. => format!("{} M", short(value / 1e6)),
        1e4.. => format!("{} k", short(value / 1e3)),
        1e3.. => grouped(value.round() as u64),
        _ => short(value),
    }
}

/// Without the noughts behind, and without what binary fractions add.
fn short(value: f64) -> String {
    let text = format!("{value:.3}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ticks(axis: &Axis) -> Vec<&str> {
        axis.ticks.iter().map(|(_, name)| name.as_str()).collect()
    }

    #[test]
    fn a_linear_axis_begins_at_nought_and_holds_the_highest() {
        assert_eq!(ticks(&Axis::linear("", 99_000.0)), ["0", "50 k", "100 k"]);
        assert_eq!(ticks(&Axis::linear("", 7.0)), ["0", "2", "4", "6", "8"]);
        assert_eq!(ticks(&Axis::linear("", 0.0)), ["0", "0.5", "1"]);
        assert_eq!(ticks(&Axis::linear("", f64::NAN)), ["0", "0.5", "1"]);
    }

    #[test]
    fn a_logarithmic_axis_has_decades_or_parts_of_them() {
        assert_eq!(ticks(&Axis::log("", [0.3, 450.0].into_iter())), ["0.1", "1", "10", "100", "1,000"]);
        assert_eq!(ticks(&Axis::log("", [3.0, 45.0].into_iter())), ["2", "5", "10", "20", "50"]);
        assert_eq!(ticks(&Axis::log("", [4.0, 4.0].into_iter())), ["2", "5"]);
        assert_eq!(ticks(&Axis::log("", [0.0, f64::NAN].into_iter())), ["1", "2", "5", "10"]);
    }

    #[test]
    fn a_run_of_minutes_is_told_in_minutes() {
        assert_eq!(ticks(&Axis::seconds(60.0)), ["0", "10", "20", "30", "40", "50", "60"]);
        assert_eq!(ticks(&Axis::seconds(600.0)), ["0", "2", "4", "6", "8", "10"]);
    }

    #[test]
    fn a_line_has_a_gap_where_nothing_was_measured() {
        let points = vec![(0.0, Some(1.0)), (1.0, None), (2.0, Some(1.0)), (3.0, Some(2.0))];
        let line = Line { name: "a <b>".to_owned(), class: "c1", points };
        let plot = Plot {
            about: "\"x\"".to_owned(),
            frame: Frame::WIDE,
            x: Axis::seconds(3.0),
            y: Axis::linear("offers/s", 2.0),
            lines: vec![line],
        };
        let svg = plot.svg().into_string();
        assert!(svg.contains("aria-label=\"&quot;x&quot;\"") && svg.contains(">a &lt;b&gt;</text>"), "{svg}");
        let path = svg.split("class=\"line c1\" d=\"").nth(1).unwrap().split('"').next().unwrap();
        assert_eq!((path.matches('M').count(), path.matches('L').count()), (2, 1), "{path}");
        assert!(!svg.contains("NaN") && !svg.contains("inf"), "{svg}");
    }
}
