//! Lines over two logarithmic axes, as SVG that is readable on light and dark ground.

use std::fmt::Write as _;

/// What is drawn and kept as CSV.
#[derive(Clone, Debug, PartialEq)]
pub struct Figures {
    /// Machine, day and commit.
    pub caption: String,
    /// Name of each line.
    pub lines: Vec<String>,
    /// Number of fences, ascending, and nanoseconds a point of each line.
    pub rows: Vec<(f64, Vec<f64>)>,
}

impl Figures {
    /// A comment with the caption, a header, a row each.
    #[must_use]
    pub fn as_csv(&self) -> String {
        // The names hold commas of their own.
        let names: Vec<String> = self.lines.iter().map(|name| format!("\"{name}\"")).collect();
        let mut csv = format!("# {}\nfences,{}\n", self.caption, names.join(","));
        for (n_fences, row) in &self.rows {
            let row: Vec<String> = row.iter().map(|ns| format!("{ns:.1}")).collect();
            let _ = writeln!(csv, "{n_fences},{}", row.join(","));
        }
        csv
    }

    /// What [`Figures::as_csv`] has written.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn from_csv(csv: &str) -> Result<Self, String> {
        let mut lines = csv.lines();
        let caption = lines.next().and_then(|line| line.strip_prefix("# ")).ok_or("no caption")?.to_owned();
        let head = lines.next().and_then(|line| line.strip_prefix("fences,")).ok_or("no header")?;
        let names: Vec<String> = head.trim_matches('"').split("\",\"").map(str::to_owned).collect();
        let row = |line: &str| -> Result<(f64, Vec<f64>), String> {
            let numbers: Result<Vec<f64>, _> = line.split(',').map(str::parse).collect();
            let numbers = numbers.map_err(|error| format!("{line}: {error}"))?;
            let are_all_good = numbers.iter().all(|number| number.is_finite() && 0.0 < *number);
            match numbers.split_first() {
                Some((n_fences, row)) if row.len() == names.len() && are_all_good => {
                    Ok((*n_fences, row.to_vec()))
                }
                Some(_) | None => {
                    Err(format!("{line}: not a positive number for each of {} lines", names.len()))
                }
            }
        };
        let rows: Vec<_> = lines.map(row).collect::<Result<_, _>>()?;
        if rows.is_empty() {
            return Err("no rows".to_owned());
        }
        Ok(Self { caption, lines: names, rows })
    }
}

const WIDTH: f64 = 800.0;
const HEIGHT: f64 = 500.0;
/// Of the plane between the axes.
const LEFT: f64 = 64.0;
const RIGHT: f64 = 560.0;
const TOP: f64 = 56.0;
const BOTTOM: f64 = 412.0;
/// Labels nearer to each other would touch.
const LABEL_HEIGHT: f64 = 17.0;
/// Of those that a light and a dark ground both show, and that the colour-blind can tell apart.
const COLOURS: [&str; 6] = ["#d9480f", "#e8890c", "#1c7ed6", "#5c9bd1", "#2b8a3e", "#69a878"];

struct Plane {
    x: Span,
    y: Span,
}

/// Decades that an axis shows.
struct Span {
    low: f64,
    high: f64,
}

impl Span {
    fn of(values: impl Iterator<Item = f64> + Clone) -> Self {
        let low = values.clone().map(f64::log10).fold(f64::INFINITY, f64::min).floor();
        let high = values.map(f64::log10).fold(f64::NEG_INFINITY, f64::max).ceil();
        Self { low, high: high.max(low + 1.0) }
    }

    fn share(&self, value: f64) -> f64 {
        (value.log10() - self.low) / (self.high - self.low)
    }

    fn decades(&self) -> impl Iterator<Item = f64> {
        (self.low as i32..=self.high as i32).map(|power| 10_f64.powi(power))
    }
}

impl Plane {
    fn x(&self, value: f64) -> f64 {
        LEFT + (RIGHT - LEFT) * self.x.share(value)
    }

    fn y(&self, value: f64) -> f64 {
        BOTTOM - (BOTTOM - TOP) * self.y.share(value)
    }
}

/// The picture.
#[must_use]
pub fn draw(figures: &Figures) -> String {
    let plane = Plane {
        x: Span::of(figures.rows.iter().map(|row| row.0)),
        y: Span::of(figures.rows.iter().flat_map(|row| row.1.iter().copied())),
    };
    let mut svg = format!(
        r#"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" height="{HEIGHT}" role="img" aria-label="Nanoseconds a point against the number of fences">
<style>
text {{ font: 13px system-ui, sans-serif; fill: #24292f }}
.title {{ font-size: 16px; font-weight: 600 }}
.small {{ font-size: 11px; fill: #57606a }}
.grid {{ stroke: #d0d7de; stroke-width: 1 }}
.ground {{ fill: #ffffff }}
.line {{ fill: none; stroke-width: 2.5; stroke-linejoin: round }}
@media (prefers-color-scheme: dark) {{
  text {{ fill: #e6edf3 }} .small {{ fill: #9198a1 }} .grid {{ stroke: #30363d }} .ground {{ fill: #0d1117 }}
}}
</style>
<rect class="ground" width="{WIDTH}" height="{HEIGHT}"/>
<text class="title" x="{LEFT}" y="28">Which fences hold this point? One thread, less is better</text>
"#
    );
    axes(&plane, &mut svg);
    lines(figures, &plane, &mut svg);
    let _ = writeln!(
        svg,
        r#"<text class="small" x="{LEFT}" y="{}">Circles of 150 m, points anywhere, 6 % of them in a circle.</text>
<text class="small" x="{LEFT}" y="{}">{}</text>
</svg>"#,
        HEIGHT - 28.0,
        HEIGHT - 12.0,
        escaped(&figures.caption)
    );
    svg
}

fn axes(plane: &Plane, svg: &mut String) {
    for decade in plane.y.decades() {
        let y = plane.y(decade);
        let _ = writeln!(svg, r#"<path class="grid" d="M{LEFT} {y:.1}H{RIGHT}"/>"#);
        let _ =
            writeln!(svg, r#"<text text-anchor="end" x="{}" y="{:.1}">{decade}</text>"#, LEFT - 8.0, y + 4.0);
    }
    for decade in plane.x.decades() {
        let x = plane.x(decade);
        let _ = writeln!(svg, r#"<path class="grid" d="M{x:.1} {TOP}V{BOTTOM}"/>"#);
        let _ = writeln!(
            svg,
            r#"<text text-anchor="middle" x="{x:.1}" y="{}">{}</text>"#,
            BOTTOM + 20.0,
            short(decade)
        );
    }
    let middle = f64::midpoint(LEFT, RIGHT);
    let _ = writeln!(svg, r#"<text text-anchor="middle" x="{middle}" y="{}">fences</text>"#, BOTTOM + 42.0);
    let height = f64::midpoint(TOP, BOTTOM);
    let _ = writeln!(
        svg,
        r#"<text text-anchor="middle" transform="translate(18 {height}) rotate(-90)">ns a point</text>"#
    );
}

fn lines(figures: &Figures, plane: &Plane, svg: &mut String) {
    let Some((_, last)) = figures.rows.last() else { return };
    let mut ends: Vec<(usize, f64)> = last.iter().map(|&ns| plane.y(ns)).enumerate().collect();
    ends.sort_by(|a, b| a.1.total_cmp(&b.1));
    let mut free_from = TOP - LABEL_HEIGHT;
    for (line, end) in ends {
        let colour = COLOURS[line % COLOURS.len()];
        let points: Vec<String> = figures
            .rows
            .iter()
            .map(|(n_fences, row)| format!("{:.1},{:.1}", plane.x(*n_fences), plane.y(row[line])))
            .collect();
        let _ = writeln!(svg, r#"<polyline class="line" stroke="{colour}" points="{}"/>"#, points.join(" "));
        let y = end.max(free_from);
        free_from = y + LABEL_HEIGHT;
        let x = figures.rows.last().map_or(RIGHT, |row| plane.x(row.0)) + 8.0;
        let _ = writeln!(
            svg,
            r#"<text x="{x:.1}" y="{:.1}" style="fill:{colour}">{}: {:.0}</text>"#,
            y + 4.0,
            escaped(&figures.lines[line]),
            last[line]
        );
    }
}

fn short(number: f64) -> String {
    match number {
        1e3.. if number < 1e6 => format!("{} k", number / 1e3),
        1e6.. => format!("{} M", number / 1e6),
        _ => number.to_string(),
    }
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

/// A day since 1970-01-01 in the Gregorian calendar, `YYYY-MM-DD`.
#[must_use]
pub fn civil_date(days: u64) -> String {
    let is_leap =
        |year: u64| year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    let (mut year, mut left) = (1970, days);
    while 365 + u64::from(is_leap(year)) <= left {
        left -= 365 + u64::from(is_leap(year));
        year += 1;
    }
    let lengths = [31, 28 + u64::from(is_leap(year)), 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
    let mut month = 0;
    while lengths[month] <= left {
        left -= lengths[month];
        month += 1;
    }
    format!("{year}-{:02}-{:02}", month + 1, left + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn figures() -> Figures {
        let lines = vec!["one, in batches".to_owned(), "other".to_owned()];
        Figures {
            caption: "A <fast> machine".to_owned(),
            lines,
            rows: vec![(1e4, vec![16.0, 234.5]), (1e5, vec![20.0, 300.0])],
        }
    }

    #[test]
    fn figures_come_back_from_csv() {
        assert_eq!(Figures::from_csv(&figures().as_csv()), Ok(figures()));
        assert!(Figures::from_csv("# c\nfences,\"a\"\n10,x\n").is_err());
        assert!(Figures::from_csv("# c\nfences,\"a\"\n10,-1\n").is_err());
    }

    #[test]
    fn every_line_is_drawn_and_named() {
        let svg = draw(&figures());
        assert_eq!(svg.matches("<polyline").count(), 2);
        assert!(svg.contains("one, in batches: 20") && svg.contains("A &lt;fast&gt; machine"));
    }

    #[test]
    fn days_are_dates() {
        for (days, date) in
            [(0, "1970-01-01"), (59, "1970-03-01"), (11_016, "2000-02-29"), (20_779, "2026-11-22")]
        {
            assert_eq!(civil_date(days), date);
        }
    }
}
