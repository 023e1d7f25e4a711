//! The picture: a pure function from a [`Scene`] to a frame.
//!
//! At 120 by 36 and more it shows everything; a smaller terminal loses the big digits first,
//! then the map, and keeps the two numbers to the last.

mod column;
mod digits;
mod map;

use ratatui::Frame;
use ratatui::layout::{Alignment, Constraint, Layout, Rect};
use ratatui::style::{Color, Modifier, Style};
use ratatui::text::{Line, Span};
use ratatui::widgets::Paragraph;

use super::scene::{Scene, thousands};

/// Colours that read on dark and on light grounds.
mod ink {
    use super::{Color, Modifier, Style};

    pub(super) const MERCHANTS: [Color; 6] = [
        Color::Indexed(80),
        Color::Indexed(211),
        Color::Indexed(220),
        Color::Indexed(114),
        Color::Indexed(111),
        Color::Indexed(215),
    ];
    pub(super) const STREET: Color = Color::Indexed(239);
    pub(super) const FAINT: Color = Color::Indexed(244);
    pub(super) const NAIVE: Color = Color::Indexed(203);
    pub(super) const STILE: Color = Color::Indexed(78);

    pub(super) const fn bold() -> Style {
        Style::new().add_modifier(Modifier::BOLD)
    }

    pub(super) const fn faint() -> Style {
        Style::new().fg(FAINT)
    }
}

/// Room that the right column needs to say its sentences.
const COLUMN_WIDTH: u16 = 46;
/// A map narrower than this shows nothing.
const MAP_WIDTH_MIN: u16 = 34;

/// Draws a scene.
pub fn draw(frame: &mut Frame<'_>, scene: &Scene) {
    let area = frame.area();
    if area.width < 40 || area.height < 10 {
        tiny(frame, area, scene);
        return;
    }
    let header_rows = if 20 <= area.height { 2 } else { 1 };
    let [header_area, body, footer_area] =
        Layout::vertical([Constraint::Length(header_rows), Constraint::Min(0), Constraint::Length(1)])
            .areas(area);
    header(frame, header_area, scene);
    footer(frame, footer_area, scene);
    let column_width = COLUMN_WIDTH.min(area.width / 2 + 3);
    if area.width < column_width + MAP_WIDTH_MIN {
        column::draw(frame, body, scene);
        return;
    }
    let [map_area, _, column_area] =
        Layout::horizontal([Constraint::Min(0), Constraint::Length(1), Constraint::Length(column_width)])
            .areas(body);
    map::draw(frame, map_area, scene);
    column::draw(frame, column_area, scene);
}

fn header(frame: &mut Frame<'_>, area: Rect, scene: &Scene) {
    let clock = format!("{} · {}x ", scene.clock, scene.speed);
    let [left, right] =
        Layout::horizontal([Constraint::Min(0), Constraint::Length(clock.chars().count() as u16)])
            .areas(area);
    let sentence = if 100 <= area.width {
        "Every dot is a phone. Stile speaks only to people who agreed, when they stay, and rarely."
    } else {
        "speaks to those who agreed and stay, rarely."
    };
    let title = Line::from(vec![Span::styled(" Stile  ", ink::bold().fg(ink::STILE)), Span::raw(sentence)]);
    frame.render_widget(Paragraph::new(title), left);
    frame.render_widget(Paragraph::new(clock).style(ink::bold()).alignment(Alignment::Right), right);
}

fn footer(frame: &mut Frame<'_>, area: Rect, scene: &Scene) {
    let wide = 90 <= area.width;
    let opt_out = if wide { " someone opts out   " } else { " opt out  " };
    let keys = Line::from(vec![
        Span::styled(" o", ink::bold()),
        Span::styled(opt_out, ink::faint()),
        Span::styled("q", ink::bold()),
        Span::styled(" quit", ink::faint()),
    ]);
    frame.render_widget(Paragraph::new(keys), area);
    let figures = scene.figures.text();
    let width = figures.chars().count() as u16 + 1;
    let keys_width = if wide { 32 } else { 20 };
    if width + keys_width <= area.width {
        let right = Rect { x: area.right() - width, width, ..area };
        frame.render_widget(Paragraph::new(figures).style(ink::faint()), right);
    }
}

/// Two numbers, for a terminal in which nothing else fits.
fn tiny(frame: &mut Frame<'_>, area: Rect, scene: &Scene) {
    let lines = vec![
        Line::from(vec![
            Span::raw("naive "),
            Span::styled(thousands(scene.counters.n_naive), ink::bold().fg(ink::NAIVE)),
        ]),
        Line::from(vec![
            Span::raw("Stile "),
            Span::styled(thousands(scene.counters.n_sent), ink::bold().fg(ink::STILE)),
        ]),
        Line::styled(scene.clock.clone(), ink::faint()),
    ];
    frame.render_widget(Paragraph::new(lines), area);
}

#[cfg(test)]
mod tests;
