//! Where the demo is seen: a picture on a terminal, or lines.

use std::io::{self, Write as _};
use std::thread;
use std::time::Duration;

use super::lines::Lines;
use super::scene::Scene;
use super::terminal::{self, Terminal, Wish};

/// The audience's side.
pub(super) enum Front {
    Picture { terminal: Terminal, is_gone: bool },
    Lines(Box<Printed>),
}

/// Lines on the standard output, or aside on standard error.
#[derive(Default)]
pub(super) struct Printed {
    lines: Lines,
    last: Scene,
    aside: bool,
}

impl Front {
    /// A picture where it is wanted and possible; else lines, aside on standard error when the
    /// standard output is for a machine.
    pub(super) fn open(picture: bool, json: bool) -> Self {
        let taken = if picture && terminal::is_there() { Terminal::take().ok() } else { None };
        taken.map_or_else(
            || Self::Lines(Box::new(Printed { aside: json, ..Printed::default() })),
            |terminal| Self::Picture { terminal, is_gone: false },
        )
    }

    pub(super) const fn is_picture(&self) -> bool {
        matches!(self, Self::Picture { .. })
    }

    /// Shows a moment.
    pub(super) fn show(&mut self, scene: &Scene, elapsed: Duration) {
        match self {
            Self::Picture { is_gone: true, .. } => {}
            Self::Picture { terminal, is_gone } => *is_gone = terminal.show(scene).is_err(),
            Self::Lines(printed) => {
                if let Some(line) = printed.lines.next(scene, elapsed) {
                    printed.tell(&line);
                }
                printed.last.clone_from(scene);
            }
        }
    }

    /// What the viewer wants; waits for it so long.
    pub(super) fn wish(&mut self, wait: Duration) -> Option<Wish> {
        match self {
            // Where nobody can look, nobody can wish for more.
            Self::Picture { is_gone: true, .. } => {
                thread::sleep(wait);
                Some(Wish::Quit)
            }
            Self::Picture { terminal, .. } => terminal.wish(wait),
            Self::Lines(_) => {
                thread::sleep(wait);
                None
            }
        }
    }

    /// Says what has not been said yet, and gives the terminal back.
    pub(super) fn close(self) {
        if let Self::Lines(mut printed) = self {
            let Printed { lines, last, .. } = &mut *printed;
            for line in lines.rest(last) {
                printed.tell(&line);
            }
        }
    }
}

impl Printed {
    fn tell(&self, line: &str) {
        // A reader who has left misses nothing.
        let _ = if self.aside { writeln!(io::stderr(), "{line}") } else { writeln!(io::stdout(), "{line}") };
    }
}
