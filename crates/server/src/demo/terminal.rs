//! The terminal: taken over while the demo runs, and given back whatever happens.

use std::io::{self, IsTerminal};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;
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
pub struct Terminal {
    screen: Option<DefaultTerminal>,
    wishes: Receiver<Wish>,
    is_given_back: Arc<AtomicBool>,
}

/// How long the thread that reads keys goes without looking whether it is still wanted.
const PAUSE: Duration = Duration::from_millis(100);

impl Terminal {
    /// Takes the terminal over.
    ///
    /// # Errors
    /// When it cannot be, as when there is none.
    pub fn take() -> io::Result<Self> {
        let mut screen = ratatui::try_init()?;
        screen.clear()?;
        let (tell, wishes) = channel();
        let is_given_back = Arc::new(AtomicBool::new(false));
        let stop = is_given_back.clone();
        // Reading from a terminal that was closed can take for ever, so nobody waits for it.
        thread::spawn(move || read_keys(&stop, &tell));
        Ok(Self { screen: Some(screen), wishes, is_given_back })
    }

    /// Draws a scene.
    ///
    /// # Errors
    /// When the terminal is gone.
    pub fn show(&mut self, scene: &Scene) -> io::Result<()> {
        let Some(screen) = &mut self.screen else { return Ok(()) };
        screen.draw(|frame| screen::draw(frame, scene)).map(|_| ())
    }

    /// What the viewer wants, waited for at most so long.
    pub fn wish(&mut self, wait: Duration) -> Option<Wish> {
        self.wishes.recv_timeout(wait).ok()
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        self.is_given_back.store(true, Ordering::Relaxed);
        // One that is gone needs nothing back.
        let _ = ratatui::try_restore();
        if let Some(mut screen) = self.screen.take()
            && screen.show_cursor().is_err()
        {
            // Its own drop would complain on standard error, which went with the terminal, and panic.
            std::mem::forget(screen);
        }
    }
}

fn read_keys(stop: &AtomicBool, tell: &Sender<Wish>) {
    while !stop.load(Ordering::Relaxed) {
        let wish = match event::poll(PAUSE).and_then(|is_there| is_there.then(event::read).transpose()) {
            Ok(Some(Event::Key(key))) => wish_of(key),
            Ok(
                Some(
                    Event::FocusGained
                    | Event::FocusLost
                    | Event::Mouse(_)
                    | Event::Paste(_)
                    | Event::Resize(..),
                )
                | None,
            ) => None,
            Err(_) => {
                // Nobody is looking any more.
                let _ = tell.send(Wish::Quit);
                return;
            }
        };
        if wish.is_some_and(|wish| tell.send(wish).is_err()) {
            return;
        }
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
