//! A bar on the terminal while a large file is read.

use std::fs::File;
use std::io::{self, IsTerminal as _, Read};
use std::time::Duration;

use indicatif::{HumanCount, ProgressBar, ProgressDrawTarget, ProgressStyle};

/// Shorter files are read before anybody could look at a bar.
const LEN_MIN: u64 = 4 << 20;

/// Follows how much of a file was read; gone when it is dropped.
///
/// Shown on standard error when that is a terminal, and never for short files.
pub struct FileBar {
    bar: ProgressBar,
    noun: &'static str,
}

impl FileBar {
    /// A bar for a file of so many bytes: `reading ━━━━  40 %  400,000 fences  230,000/s  3s left`.
    #[must_use]
    pub fn new(verb: &'static str, noun: &'static str, n_bytes: u64, is_quiet: bool) -> Self {
        let is_shown = !is_quiet && LEN_MIN <= n_bytes && io::stderr().is_terminal();
        let target = if is_shown { ProgressDrawTarget::stderr() } else { ProgressDrawTarget::hidden() };
        let bar = ProgressBar::with_draw_target(Some(n_bytes), target);
        let template = "{prefix} {bar:30} {percent:>3} %  {msg}  {eta} left";
        bar.set_style(ProgressStyle::with_template(template).expect("the template is one"));
        bar.set_prefix(verb);
        Self { bar, noun }
    }

    /// The file, read through the bar.
    pub fn follow(&self, file: File) -> impl Read + Send + use<> {
        self.bar.wrap_read(file)
    }

    /// Says how many things were found in the file so far.
    pub fn tell(&self, n: u64) {
        // Nobody sees it, and it takes longer than reading a line.
        if self.bar.is_hidden() {
            return;
        }
        self.bar.set_message(told(n, self.noun, self.bar.elapsed()));
    }
}

impl Drop for FileBar {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}

fn told(n: u64, noun: &str, elapsed: Duration) -> String {
    let per_second = n as f64 / elapsed.as_secs_f64().max(1e-3);
    format!("{} {noun}  {}/s", HumanCount(n), HumanCount(per_second as u64))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bar_follows_the_bytes_that_were_read() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("f");
        std::fs::write(&path, vec![b'x'; 1_000]).unwrap();
        let bar = FileBar::new("reading", "fences", 1_000, false);
        let mut read = bar.follow(File::open(&path).unwrap());
        read.read_exact(&mut [0; 400]).unwrap();
        assert_eq!((bar.bar.position(), bar.bar.length()), (400, Some(1_000)));
    }

    #[test]
    fn the_count_comes_with_its_rate() {
        assert_eq!(told(1_234, "fences", Duration::from_secs(2)), "1,234 fences  617/s");
        assert_eq!(told(0, "points", Duration::ZERO), "0 points  0/s");
    }

    #[test]
    fn a_bar_that_nobody_asked_for_is_hidden() {
        for bar in [FileBar::new("a", "b", u64::MAX, true), FileBar::new("a", "b", 10, false)] {
            assert!(bar.bar.is_hidden());
        }
    }
}
