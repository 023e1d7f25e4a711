//! Who plays a recording, and when: everybody as recorded, moved in time, and in several copies.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::str::FromStr;

use consent_gate::{ConsentEvent, ConsentKind};
use model::{CustomerId, Millis, StableHasher, Timestamp};
use wire::trace::TraceFix;

use crate::recording::{Recording, Source};
use crate::replay::survey::{Span, Survey};

/// Copies of a recording at most: each reads the file by itself.
pub(crate) const COPIES_MAX: u32 = 500;

/// Longest name of a customer, in bytes.
const NAME_LEN_MAX: usize = 64;
/// What is kept of a name that would become too long; its hash follows.
const STEM_LEN: usize = 12;

/// Where in time a recording is put.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Shift {
    /// Where it is.
    None,
    /// Its first fix is taken now.
    Now,
    /// Later by so much, or earlier.
    By(Millis),
}

impl FromStr for Shift {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "none" => Ok(Self::None),
            "now" => Ok(Self::Now),
            span => {
                settings::parse_span(span.strip_prefix('+').unwrap_or(span)).map(Self::By).map_err(|why| {
                    format!("`{text}` {why}; expected `now`, `none` or a span such as \"7 d\" or \"-90 min\"")
                })
            }
        }
    }
}

/// How each recorded customer is played.
///
/// Invariant: no name that it makes is one of the recording's, and no two are the same.
#[derive(Clone, Debug)]
pub(crate) struct Cast {
    n_copies: u32,
    offset: Millis,
    shift: Millis,
    /// What stands between a recorded name and the number of its copy.
    mark: String,
}

impl Cast {
    /// Everybody of a survey `n_copies` times, each copy `offset` after the one before.
    pub(crate) fn new(survey: &Survey, n_copies: u32, offset: Millis, shift: Shift, now: Timestamp) -> Self {
        let mut mark = "-copy".to_owned();
        while survey.customers.keys().any(|customer| customer.as_str().contains(&mark)) {
            mark.push('y');
        }
        let shift = match (shift, survey.span) {
            (Shift::None, _) | (Shift::Now, None) => Millis::ZERO,
            (Shift::Now, Some(span)) => now.since(span.first_at),
            (Shift::By(by), _) => by,
        };
        Self { n_copies, offset, shift, mark }
    }

    /// Everybody once, when it was.
    pub(crate) fn as_recorded(survey: &Survey) -> Self {
        Self::new(survey, 1, Millis::ZERO, Shift::None, Timestamp::MIN)
    }

    pub(crate) const fn n_copies(&self) -> u32 {
        self.n_copies
    }

    /// The name of a customer's copy; the first copy keeps its own.
    pub(crate) fn customer(&self, recorded: &CustomerId, copy: u32) -> CustomerId {
        if copy == 0 {
            return recorded.clone();
        }
        let name = recorded.as_str();
        let mut played = format!("{name}{}{copy}", self.mark);
        if NAME_LEN_MAX < played.len() {
            let digest = StableHasher::new("stile simulator copy v1").text(name).finish();
            played = format!("{}-{digest}{}{copy}", &name[..STEM_LEN], self.mark);
        }
        CustomerId::new(&played).expect("letters, digits and dashes, few enough of them")
    }

    /// When something is played that was recorded at an instant.
    pub(crate) fn at(&self, recorded_at: Timestamp, copy: u32) -> Timestamp {
        recorded_at + self.shift + Millis::new(self.offset.ms() * i64::from(copy))
    }

    /// The span of all that is played.
    pub(crate) fn span(&self, recorded: Span) -> Span {
        Span {
            first_at: self.at(recorded.first_at, 0),
            last_at: self.at(recorded.last_at, self.n_copies - 1),
        }
    }

    /// A consent event at its new place in time; `None` when it stays where it is.
    pub(crate) fn moved(&self, event: &ConsentEvent) -> Option<ConsentEvent> {
        if self.shift == Millis::ZERO {
            return None;
        }
        let later = |at: Option<Timestamp>| at.map(|at| at + self.shift);
        let mut event = event.clone();
        event.evidence_at = later(event.evidence_at);
        if let Some(notice) = &mut event.notice {
            notice.shown_at = notice.shown_at + self.shift;
        }
        event.kind = match event.kind {
            ConsentKind::Grant { until, confirm } => ConsentKind::Grant { until: later(until), confirm },
            ConsentKind::Pause { until } => ConsentKind::Pause { until: later(until) },
            kind @ (ConsentKind::Show
            | ConsentKind::Confirm { .. }
            | ConsentKind::Refuse
            | ConsentKind::Withdraw
            | ConsentKind::Resume
            | ConsentKind::Supersede
            | ConsentKind::Block { .. }
            | ConsentKind::Unblock) => kind,
        };
        Some(event)
    }

    /// All fixes as they are played; copies with an offset merged by time, each in the order of the file.
    ///
    /// # Errors
    /// As [`Source::open`].
    pub(crate) fn fixes(&self, source: &Source) -> Result<Played, String> {
        // Copies at the same time share a reader.
        let n_readers = if self.offset == Millis::ZERO { 1 } else { self.n_copies };
        let readers = (0..n_readers).map(|_| source.open()).collect::<Result<Vec<_>, _>>()?;
        let mut played = Played { cast: self.clone(), readers, heads: BinaryHeap::new(), said: Vec::new() };
        for no in 0..n_readers {
            played.read(no);
        }
        Ok(played)
    }
}

/// The fixes of all copies.
pub(crate) struct Played {
    cast: Cast,
    /// One a copy, or one for all of them.
    readers: Vec<Recording>,
    /// The next fix of each reader, the earliest first.
    heads: BinaryHeap<Reverse<Head>>,
    /// What is to be given out next, last first.
    said: Vec<TraceFix>,
}

impl Played {
    /// Reads on to the next fix; the survey has counted the lines that are none.
    fn read(&mut self, no: u32) {
        if let Some(seen) = self.readers[no as usize].by_ref().flatten().next() {
            let at = self.cast.at(seen.fix.taken_at, no);
            self.heads.push(Reverse(Head { at, no, seen }));
        }
    }
}

impl Iterator for Played {
    type Item = TraceFix;

    fn next(&mut self) -> Option<TraceFix> {
        if let Some(seen) = self.said.pop() {
            return Some(seen);
        }
        let Reverse(Head { no, seen, .. }) = self.heads.pop()?;
        self.read(no);
        let copies = if self.readers.len() == 1 { 0..self.cast.n_copies } else { no..no + 1 };
        for copy in copies.rev() {
            let mut played = seen.clone();
            played.customer = self.cast.customer(&seen.customer, copy);
            played.fix.taken_at = self.cast.at(seen.fix.taken_at, copy);
            self.said.push(played);
        }
        self.said.pop()
    }
}

/// A fix that waits for its turn.
struct Head {
    at: Timestamp,
    no: u32,
    seen: TraceFix,
}

impl PartialEq for Head {
    fn eq(&self, other: &Self) -> bool {
        (self.at, self.no) == (other.at, other.no)
    }
}

impl Eq for Head {}

impl PartialOrd for Head {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Head {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        (self.at, self.no).cmp(&(other.at, other.no))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    const NOW: Timestamp = Timestamp::from_unix_ms(1_780_000_000_000);

    fn recorded(lines: &[(&str, i64)]) -> (tempfile::TempDir, Source) {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("fixes.csv");
        let lines = lines
            .iter()
            .map(|(name, secs)| format!("{name},phone,{},1,2\n", 1_700_000_000_000 + secs * 1_000));
        std::fs::write(&file, format!("customer,device,ts_unix_ms,lat,lon\n{}", lines.collect::<String>()))
            .unwrap();
        (dir, Source::new(&file, None))
    }

    /// Who is played, and how many seconds after the first fix of the recording.
    fn check(lines: &[(&str, i64)], n_copies: u32, offset: &str, shift: &str) -> Vec<(String, i64)> {
        let (_dir, source) = recorded(lines);
        let survey = Survey::of(source.open().unwrap());
        let offset = settings::parse_span(offset).unwrap();
        let cast = Cast::new(&survey, n_copies, offset, shift.parse().unwrap(), NOW);
        let fixes: Vec<TraceFix> = cast.fixes(&source).unwrap().collect();
        let span = cast.span(survey.span.unwrap());
        let times = || fixes.iter().map(|seen| seen.fix.taken_at);
        assert_eq!((times().min(), times().max()), (Some(span.first_at), Some(span.last_at)));
        let since = |seen: TraceFix| {
            (seen.customer.as_str().to_owned(), seen.fix.taken_at.unix_ms() / 1_000 - 1_700_000_000)
        };
        fixes.into_iter().map(since).collect()
    }

    fn told(fixes: &[(&str, i64)]) -> Vec<(String, i64)> {
        fixes.iter().map(|(name, secs)| ((*name).to_owned(), *secs)).collect()
    }

    #[test]
    fn one_copy_is_the_recording_itself_in_its_own_order() {
        let lines = [("b", 0), ("a", 60), ("b", 30)];
        assert_eq!(check(&lines, 1, "0 s", "none"), told(&lines));
    }

    #[test]
    fn copies_come_after_one_another_and_in_order_of_time() {
        let expected =
            [("a", 0), ("a-copy1", 45), ("a", 60), ("a-copy2", 90), ("a-copy1", 105), ("a-copy2", 150)];
        assert_eq!(check(&[("a", 0), ("a", 60)], 3, "45 s", "none"), told(&expected));
    }

    #[test]
    fn copies_without_an_offset_walk_side_by_side() {
        let expected = [("a", 0), ("a-copy1", 0), ("b", 1), ("b-copy1", 1)];
        assert_eq!(check(&[("a", 0), ("b", 1)], 2, "0 s", "none"), told(&expected));
    }

    #[test]
    fn a_shift_moves_everybody_alike() {
        assert_eq!(check(&[("a", 0), ("a", 5)], 1, "0 s", "-1 h"), told(&[("a", -3_600), ("a", -3_595)]));
        let now = NOW.unix_ms() / 1_000 - 1_700_000_000;
        assert_eq!(check(&[("a", 7), ("a", 12)], 1, "0 s", "now"), told(&[("a", now), ("a", now + 5)]));
    }

    #[test]
    fn names_of_copies_are_legal_and_no_two_are_the_same() {
        let (long, longer) = ("x".repeat(64), "x".repeat(59) + "y1234");
        let names = ["a", "a-copy1", "a-copyy1", "a-1", &long, &longer];
        let lines: Vec<_> = names.iter().map(|name| (*name, 0)).collect();
        let played = check(&lines, 120, "0 s", "none");
        let distinct: BTreeSet<_> = played.iter().map(|(name, _)| name.clone()).collect();
        assert_eq!((played.len(), distinct.len()), (6 * 120, 6 * 120));
        assert!(distinct.iter().all(|name| CustomerId::new(name).is_ok()));
        assert!(names.iter().all(|name| distinct.contains(*name)), "the first copy keeps its name");
    }

    #[test]
    fn what_is_no_shift_is_refused_with_what_would_be_one() {
        for text in ["", "soon", "7", "1.5 h", "++1 h"] {
            let why = text.parse::<Shift>().unwrap_err();
            assert!(why.contains("`now`"), "{why}");
        }
        assert_eq!("+2 h".parse(), Ok(Shift::By(Millis::from_hours(2))));
    }
}
