//! The terminal: taken over while the demo runs, and given back whatever happens.

use std::io::{self, IsTerminal};
use std::time::Duration;

use ratatui::DefaultTerminal;
use ratatui::crossterm::event::{self, Event, KeyCode, KeyEvent, KeyEventKind, KeyModifiers};

use super::scene::Scene;
use super::screen;

/// What the viewer wants.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wish {
    /// To end: `q`, `Esc` or Ctrl-C.
    Quit,
    /// That someone opts out: `o`.
    OptOut,
}

/// Whether there is a terminal to draw on and to take keys from.
#[must_use]
pub fn is_there() -> bool {
    io::stdout().is_terminal() && io::stdin().is_terminal()
}

/// The terminal in our hands; dropping it gives it back, and so does a panic of any thread.
pub struct Terminal(DefaultTerminal);

impl Terminal {
    /// Takes the terminal over.
    ///
    /// # Errors
    /// When it cannot be, as when there is none.
    pub fn take() -> io::Result<Self> {
        let mut terminal = ratatui::try_init()?;
        terminal.clear()?;
        Ok(Self(terminal))
    }

    /// Draws a scene.
    ///
    /// # Errors
    /// When the terminal is gone.
    pub fn show(&mut self, scene: &Scene) -> io::Result<()> {
        self.0.draw(|frame| screen::draw(frame, scene)).map(|_| ())
    }

    /// What the viewer wants, waited for at most so long.
    ///
    /// # Errors
    /// When the terminal is gone.
    pub fn wish(&mut self, wait: Duration) -> io::Result<Option<Wish>> {
        if !event::poll(wait)? {
            return Ok(None);
        }
        Ok(match event::read()? {
            Event::Key(key) => wish_of(key),
            Event::FocusGained | Event::FocusLost | Event::Mouse(_) | Event::Paste(_) | Event::Resize(..) => {
                None
            }
        })
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        ratatui::restore();
    }
}

fn wish_of(key: KeyEvent) -> Option<Wish> {
    if key.kind == KeyEventKind::Release {
        return None;
    }
    match key.code {
        KeyCode::Char('c') if key.modifiers.contains(KeyModifiers::CONTROL) => Some(Wish::Quit),
        KeyCode::Char('q' | 'Q') | KeyCode::Esc => Some(Wish::Quit),
        KeyCode::Char('o' | 'O') => Some(Wish::OptOut),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(code: KeyCode, modifiers: KeyModifiers, wish: Option<Wish>) {
        assert_eq!(wish_of(KeyEvent::new(code, modifiers)), wish);
    }

    #[test]
    fn keys_are_wishes() {
        check(KeyCode::Char('q'), KeyModifiers::NONE, Some(Wish::Quit));
        check(KeyCode::Char('c'), KeyModifiers::CONTROL, Some(Wish::Quit));
        check(KeyCode::Char('c'), KeyModifiers::NONE, None);
        check(KeyCode::Char('o'), KeyModifiers::NONE, Some(Wish::OptOut));
        check(KeyCode::Up, KeyModifiers::NONE, None);
    }
}
