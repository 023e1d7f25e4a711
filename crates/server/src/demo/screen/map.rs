//! The map: streets, fences, people and the offers that just went out.

use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::style::{Color, Modifier, Style};
use ratatui::symbols::Marker;
use ratatui::text::{Line, Span};
use ratatui::widgets::Paragraph;
use ratatui::widgets::canvas::{Canvas, Context, Line as Stroke};
use town::Point;

use super::ink;
use crate::demo::scene::{DotKind, Flash, Scene};

/// Offers shown at a time; more would hide the town.
const N_FLASHES_MAX: usize = 4;

pub(super) fn draw(frame: &mut Frame<'_>, area: Rect, scene: &Scene) {
    let legend_rows = if 16 <= area.height { 2 } else { 1 };
    let [canvas_area, legend_area] =
        Layout::vertical([Constraint::Min(0), Constraint::Length(legend_rows)]).areas(area);
    let window = Window::fit(scene.map.half_size_m, canvas_area);
    let canvas = Canvas::default()
        .marker(Marker::Braille)
        .x_bounds([-window.half_x_m, window.half_x_m])
        .y_bounds([-window.half_y_m, window.half_y_m])
        .paint(|context| paint(context, scene));
    frame.render_widget(canvas, canvas_area);
    let first = scene.flashes.len().saturating_sub(N_FLASHES_MAX);
    for flash in &scene.flashes[first..] {
        pop_up(frame, canvas_area, &window, flash);
    }
    legend(frame, legend_area, scene);
}

/// The stretch of plane that an area shows; a dot of it is as wide as it is high.
struct Window {
    half_x_m: f64,
    half_y_m: f64,
}

impl Window {
    fn fit(half_size_m: (f64, f64), area: Rect) -> Self {
        let (n_across, n_up) = (f64::from(area.width.max(1)) * 2.0, f64::from(area.height.max(1)) * 4.0);
        let m_per_dot = (half_size_m.0 * 2.0 / n_across).max(half_size_m.1 * 2.0 / n_up).max(1.0);
        Self { half_x_m: m_per_dot * n_across / 2.0, half_y_m: m_per_dot * n_up / 2.0 }
    }

    /// The cell of a point, if the area shows it.
    fn cell(&self, at: Point, area: Rect) -> Option<(u16, u16)> {
        let across = (at.x_m / self.half_x_m + 1.0) / 2.0;
        let down = (1.0 - at.y_m / self.half_y_m) / 2.0;
        let inside = (0.0..1.0).contains(&across) && (0.0..1.0).contains(&down);
        let column = area.x + (across * f64::from(area.width)) as u16;
        let row = area.y + (down * f64::from(area.height)) as u16;
        inside.then_some((column, row))
    }
}

fn paint(context: &mut Context<'_>, scene: &Scene) {
    for &(from, to) in &scene.map.streets {
        context.draw(&Stroke::new(from.x_m, from.y_m, to.x_m, to.y_m, ink::STREET));
    }
    context.layer();
    for fence in &scene.map.fences {
        let color = merchant_color(fence.merchant);
        for pair in fence.lines.iter().flat_map(|line| line.windows(2)) {
            context.draw(&Stroke::new(pair[0].x_m, pair[0].y_m, pair[1].x_m, pair[1].y_m, color));
        }
    }
    context.layer();
    let mut dots: Vec<_> = scene.dots.iter().collect();
    dots.sort_by_key(|dot| dot.kind);
    for dot in dots {
        let (sign, style) = sign(dot.kind);
        context.print(dot.at.x_m, dot.at.y_m, Line::styled(sign, style));
    }
}

fn merchant_color(merchant: usize) -> Color {
    ink::MERCHANTS[merchant % ink::MERCHANTS.len()]
}

fn sign(kind: DotKind) -> (&'static str, Style) {
    match kind {
        DotKind::Unseen => ("◦", ink::faint()),
        DotKind::Seen => ("•", ink::bold()),
        DotKind::OptedOut => ("✕", ink::bold().fg(ink::NAIVE)),
        DotKind::Protagonist => ("◉", ink::bold().fg(ink::STILE)),
    }
}

/// An offer's title beside the person who got it, moved left where it would run out of the map.
fn pop_up(frame: &mut Frame<'_>, area: Rect, window: &Window, flash: &Flash) {
    let Some((column, row)) = window.cell(flash.at, area) else { return };
    let room = usize::from(area.width.saturating_sub(2));
    let title: String = flash.title.chars().take(room.saturating_sub(2)).collect();
    let text = format!(" {title} ");
    let width = text.chars().count() as u16;
    let x = (column + 1).min(area.right().saturating_sub(width)).max(area.x);
    let y = if row == area.y { row + 1 } else { row - 1 };
    let color = merchant_color(flash.merchant);
    let style = Style::new().fg(Color::Black).bg(color).add_modifier(Modifier::BOLD);
    frame.buffer_mut().set_stringn(x, y, text, usize::from(area.right() - x), style);
}

fn legend(frame: &mut Frame<'_>, area: Rect, scene: &Scene) {
    let mut people = vec![Span::raw(" ")];
    let name = scene.story.name.as_str();
    let opted_out = if 66 <= area.width { " opted out" } else { " out" };
    let unseen = if 66 <= area.width { " never agreed: the engine never looks" } else { " unseen" };
    for (kind, text) in [
        (DotKind::Protagonist, format!(" {name}  ")),
        (DotKind::Seen, " agreed  ".to_owned()),
        (DotKind::Unseen, format!("{unseen}  ")),
        (DotKind::OptedOut, opted_out.to_owned()),
    ] {
        let (sign, style) = sign(kind);
        people.extend([Span::styled(sign, style), Span::styled(text, ink::faint())]);
    }
    let mut merchants = vec![Span::raw(" ")];
    for (no, merchant) in scene.map.merchants.iter().enumerate() {
        merchants.push(Span::styled("○ ", Style::new().fg(merchant_color(no))));
        merchants.push(Span::styled(format!("{merchant} "), ink::faint()));
    }
    frame.render_widget(Paragraph::new(vec![Line::from(people), Line::from(merchants)]), area);
}
