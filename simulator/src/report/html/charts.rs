//! What happened second by second.

use std::fmt;

use crate::report::Second;
use crate::report::markup::Markup;
use crate::report::plot::{Axis, Frame, Line, Plot};

/// A line with more points than this cannot be told from one with as many.
const N_POINTS_MAX: usize = 700;

pub(super) fn over_time(seconds: &[Second], page: &mut Markup) {
    if seconds.is_empty() {
        return;
    }
    let (seconds, n_a_point) = thinned(seconds);
    page.tag("<h2>Over time</h2>\n");
    if 1 < n_a_point {
        let told = format!(
            "Each point stands for {n_a_point} seconds: the mean of rates, the worst of percentiles."
        );
        page.element("<p class=\"means\">", &told, "</p>\n");
    }
    messages(&seconds, page);
    offers(&seconds, page);
    latency(&seconds, page);
    connections(&seconds, page);
}

fn messages(seconds: &[Second], page: &mut Markup) {
    let highest = seconds.iter().map(|row| row.sent.max(row.acked)).max().unwrap_or(0) as f64;
    let mut lines = vec![line("sent", "c1", seconds, |row| Some(row.sent as f64))];
    // With QoS 0 only consent is acknowledged, which is no line beside the fixes.
    let all = |of: fn(&Second) -> u64| seconds.iter().map(of).sum::<u64>();
    if all(|row| row.sent) < 10 * all(|row| row.acked) {
        lines.push(line("acknowledged", "c2", seconds, |row| Some(row.acked as f64)));
    }
    let plot = plot(seconds, "Messages a second", Axis::linear("messages a second", highest), lines);
    let means = "Messages sent, and with QoS 1 the acknowledgements that came back. Where the second line falls \
                 below the first, the server is behind.";
    figure("Rates", &plot, means, page);
}

fn offers(seconds: &[Second], page: &mut Markup) {
    let highest = seconds.iter().map(|row| row.offers).max().unwrap_or(0) as f64;
    let lines = vec![line("offers", "c3", seconds, |row| Some(row.offers as f64))];
    let plot = plot(seconds, "Offers a second", Axis::linear("offers a second", highest), lines);
    figure("Offers", &plot, "Offers that arrived at their customers.", page);
}

fn latency(seconds: &[Second], page: &mut Markup) {
    let values = seconds.iter().flat_map(|row| [row.p50_ms, row.p99_ms]).flatten();
    if values.clone().next().is_none() {
        return;
    }
    let lines =
        vec![line("p99", "c1", seconds, |row| row.p99_ms), line("p50", "c2", seconds, |row| row.p50_ms)];
    let plot =
        plot(seconds, "Percentiles of fix to offer", Axis::log("milliseconds, logarithmic", values), lines);
    let means = "From the instant at which a fix was meant to be sent to the arrival of its offer: half of each \
                 second's offers were faster than p50, 99 in 100 faster than p99. A stall of the server counts \
                 in full, since the schedule does not wait for it.";
    figure("Fix to offer", &plot, means, page);
}

fn connections(seconds: &[Second], page: &mut Markup) {
    let connected = || seconds.iter().map(|row| row.connected);
    let (Some(fewest), Some(most)) = (connected().min(), connected().max()) else { return };
    if fewest == most {
        return;
    }
    let lines = vec![line("connected", "c4", seconds, |row| Some(row.connected as f64))];
    let plot = plot(seconds, "Connections", Axis::linear("connections", most as f64), lines);
    figure("Connections", &plot, "Connections that stood at the end of each second.", page);
}

fn plot(seconds: &[Second], about: &str, y: Axis, lines: Vec<Line>) -> Plot {
    let longest_s = seconds.last().map_or(1.0, |row| row.at_s);
    Plot { about: format!("{about} over the run"), frame: Frame::WIDE, x: Axis::seconds(longest_s), y, lines }
}

fn line(
    name: impl fmt::Display,
    class: &'static str,
    seconds: &[Second],
    value: impl Fn(&Second) -> Option<f64>,
) -> Line {
    let points = seconds.iter().map(|row| (row.at_s, value(row))).collect();
    Line { name: name.to_string(), class, points }
}

fn figure(name: &'static str, plot: &Plot, means: &str, page: &mut Markup) {
    page.element("<figure>\n<h3>", name, "</h3>\n").piece(&plot.svg());
    page.element("<figcaption>", means, "</figcaption>\n</figure>\n");
}

/// Rows taken together, so many each, where there are more than a line can show.
fn thinned(seconds: &[Second]) -> (Vec<Second>, usize) {
    let n_a_point = seconds.len().div_ceil(N_POINTS_MAX).max(1);
    let worst =
        |chunk: &[Second], pick: fn(&Second) -> Option<f64>| chunk.iter().filter_map(pick).reduce(f64::max);
    let together = |chunk: &[Second]| {
        let mean = |pick: fn(&Second) -> u64| chunk.iter().map(pick).sum::<u64>() / chunk.len() as u64;
        Second {
            at_s: chunk.last().map_or(0.0, |row| row.at_s),
            connected: mean(|row| row.connected),
            sent: mean(|row| row.sent),
            acked: mean(|row| row.acked),
            offers: mean(|row| row.offers),
            p50_ms: worst(chunk, |row| row.p50_ms),
            p99_ms: worst(chunk, |row| row.p99_ms),
            violations: chunk.iter().map(|row| row.violations).sum(),
        }
    };
    (seconds.chunks(n_a_point).map(together).collect(), n_a_point)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_run_is_thinned_without_losing_its_worst_second() {
        let row = |at: u32| Second {
            at_s: f64::from(at),
            sent: 100,
            p99_ms: Some(if at == 1_234 { 900.0 } else { 2.0 }),
            ..Second::default()
        };
        let seconds: Vec<Second> = (1..=3_600).map(row).collect();
        let (thin, n_a_point) = thinned(&seconds);
        assert_eq!((thin.len(), n_a_point), (600, 6));
        assert!(thin.iter().all(|row| row.sent == 100) && thin.iter().any(|row| row.p99_ms == Some(900.0)));
        assert_eq!(thin.last().map(|row| row.at_s), Some(3_600.0));
    }
}
