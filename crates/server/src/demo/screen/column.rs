//! The right column: two counters, the reasons, the story, and what happens on stage.

use std::collections::BTreeSet;

use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::style::Style;
use ratatui::text::{Line, Span};
use ratatui::widgets::Paragraph;

use super::{digits, ink};
use crate::demo::scene::{Reason, Scene, StoryLine, thousands};

/// Rows from which on there is room for big digits.
const TALL: u16 = 26;

pub(super) fn draw(frame: &mut Frame<'_>, area: Rect, scene: &Scene) {
    let tall = TALL <= area.height;
    let counter_rows = if tall { 6 } else { 2 };
    let [counter_area, rest] =
        Layout::vertical([Constraint::Length(counter_rows), Constraint::Min(0)]).areas(area);
    if tall {
        big_counters(frame, counter_area, scene);
    } else {
        small_counters(frame, counter_area, scene);
    }
    let gap = u16::from(tall);
    let notes = notes(scene, rest.width, tall);
    let note_rows = (notes.len() as u16 + gap).min(rest.height / 2);
    let free = rest.height.saturating_sub(note_rows);
    let reason_rows = (scene.reasons.len().max(3) as u16 + 1 + gap).min(free.div_ceil(2));
    let [reason_area, story_area, note_area] = Layout::vertical([
        Constraint::Length(reason_rows),
        Constraint::Min(0),
        Constraint::Length(note_rows),
    ])
    .areas(rest);
    reasons(frame, reason_area, gap, scene);
    story(frame, story_area, scene);
    frame.render_widget(Paragraph::new(notes), note_area);
}

fn big_counters(frame: &mut Frame<'_>, area: Rect, scene: &Scene) {
    let halves: [Rect; 2] = Layout::horizontal([Constraint::Fill(3), Constraint::Fill(2)]).areas(area);
    let counters = [
        ("A naive geofence", "would have sent", scene.counters.n_naive, ink::NAIVE),
        ("Stile", "sent", scene.counters.n_sent, ink::STILE),
    ];
    for (half, (who, did, n, color)) in halves.into_iter().zip(counters) {
        let mut lines = vec![Line::styled(who, ink::bold()), Line::styled(did, ink::faint())];
        lines.extend(digits::rows(n).map(|row| Line::styled(row, Style::new().fg(color))));
        frame.render_widget(Paragraph::new(lines), half);
    }
}

fn small_counters(frame: &mut Frame<'_>, area: Rect, scene: &Scene) {
    let row = |who: &'static str, n: u64, color| {
        Line::from(vec![Span::raw(who), Span::styled(thousands(n), ink::bold().fg(color))])
    };
    let lines = vec![
        row("A naive geofence would have sent ", scene.counters.n_naive, ink::NAIVE),
        row("Stile sent ", scene.counters.n_sent, ink::STILE),
    ];
    frame.render_widget(Paragraph::new(lines), area);
}

fn title(text: String) -> Line<'static> {
    Line::styled(text, ink::bold())
}

/// The rows that fit, the rarest folded into one where they do not; they add up to the naive count.
fn reasons(frame: &mut Frame<'_>, area: Rect, gap: u16, scene: &Scene) {
    let room = usize::from(area.height.saturating_sub(1 + gap));
    let mut rows: Vec<Reason> = scene.reasons.clone();
    if room < rows.len() {
        let folded = rows.split_off(room.saturating_sub(1));
        let n = folded.iter().map(|reason| reason.n).sum();
        let is_silence = folded.iter().any(|reason| reason.is_silence);
        let text = if is_silence { "other reasons" } else { "sent by both, or not decided yet" };
        rows.push(Reason { text: text.to_owned(), n, is_silence });
    }
    let silences = match scene.n_silences() {
        1 => "1 reason for silence".to_owned(),
        n => format!("{n} reasons for silence"),
    };
    let mut lines = vec![title(format!("Why the difference: {silences}"))];
    let width = rows.iter().map(|row| thousands(row.n).len()).max().unwrap_or(1).max(3);
    for row in rows {
        let style = if row.is_silence { Style::new() } else { ink::faint() };
        let number = format!("{:>width$}  ", thousands(row.n));
        lines.push(Line::from(vec![Span::styled(number, ink::bold()), Span::styled(row.text, style)]));
    }
    frame.render_widget(Paragraph::new(lines), area);
}

/// The newest sentences that fit, in the order in which they happened; the last offer stays.
fn story(frame: &mut Frame<'_>, area: Rect, scene: &Scene) {
    if area.height < 2 || scene.story.name.is_empty() {
        return;
    }
    let sentences: Vec<_> =
        scene.story.lines.iter().map(|sentence| sentence_lines(sentence, area.width)).collect();
    let mut room = usize::from(area.height - 1);
    let spoken = scene.story.lines.iter().rposition(|sentence| sentence.spoke);
    let mut shown = BTreeSet::new();
    let newest = (0..sentences.len()).rev().filter(|&no| Some(no) != spoken);
    for no in spoken.into_iter().chain(newest) {
        let Some(left) = room.checked_sub(sentences[no].len()) else { break };
        room = left;
        shown.insert(no);
    }
    let mut told = vec![title(format!("The morning of {}", scene.story.name))];
    if shown.is_empty() {
        told.push(Line::styled("sets out …", ink::faint()));
    }
    told.extend(shown.into_iter().flat_map(|no| sentences[no].clone()));
    frame.render_widget(Paragraph::new(told), area);
}

fn sentence_lines(sentence: &StoryLine, width: u16) -> Vec<Line<'static>> {
    let style = if sentence.spoke { ink::bold().fg(ink::STILE) } else { Style::new() };
    let indent = sentence.clock.chars().count() + 1;
    let rows = wrap(&sentence.text, usize::from(width).saturating_sub(indent));
    let row = |(no, text): (usize, String)| {
        let margin = if no == 0 { format!("{} ", sentence.clock) } else { " ".repeat(indent) };
        Line::from(vec![Span::styled(margin, ink::faint()), Span::styled(text, style)])
    };
    rows.into_iter().enumerate().map(row).collect()
}

/// What never agreed, who opts out, and the restart.
fn notes(scene: &Scene, width: u16, tall: bool) -> Vec<Line<'static>> {
    let mut lines = Vec::new();
    let unread = format!("{} messages refused, unread.", thousands(scene.counters.n_refused));
    let (opt_out, restart) = if tall {
        (scene.opt_out.text(), scene.restart.text())
    } else {
        (scene.opt_out.short_text(), scene.restart.short_text())
    };
    let notes = [("No consent", unread), ("Opting out", opt_out), ("Restart   ", restart)];
    for (name, text) in notes {
        let indent = name.len() + 2;
        for (no, row) in wrap(&text, usize::from(width).saturating_sub(indent)).into_iter().enumerate() {
            let margin = if no == 0 { format!("{name}  ") } else { " ".repeat(indent) };
            lines.push(Line::from(vec![Span::styled(margin, ink::bold()), Span::raw(row)]));
        }
    }
    lines
}

/// Breaks a text at spaces, so that no row is longer than `width` unless a word is.
fn wrap(text: &str, width: usize) -> Vec<String> {
    let mut rows = vec![String::new()];
    for word in text.split(' ') {
        let last = rows.last_mut().expect("there is a row from the start");
        let len = last.chars().count();
        if 0 < len && width < len + 1 + word.chars().count() {
            rows.push(word.to_owned());
        } else {
            if 0 < len {
                last.push(' ');
            }
            last.push_str(word);
        }
    }
    rows
}
