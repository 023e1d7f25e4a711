//! From a story that breaks a law to the smallest one that still does.

use std::time::{Duration, Instant};

use super::happening::Story;
use super::laws::Broken;
use super::play::Ending;

/// The happenings that are left, and what they break.
pub(crate) struct Shrunk {
    pub(crate) kept: Vec<u32>,
    pub(crate) broken: Broken,
}

/// Leaves out what is not needed to break the same law: first all that comes after, then other
/// people, then all that goes wrong, then ever smaller parts; stops when the time is up.
pub(crate) fn shrink(
    story: &Story,
    at: usize,
    broken: Broken,
    time_max: Duration,
    play: impl Fn(&[u32]) -> Ending,
) -> Shrunk {
    let mut search = Search { play, until: Instant::now() + time_max, name: broken.name };
    let mut shrunk = Shrunk { kept: (0..=at as u32).collect(), broken };
    // Laws that are looked at last are broken by the whole story only.
    if !search.tries(&mut shrunk, None) {
        shrunk.kept = (0..story.n_happenings()).collect();
    }
    let who = |no: u32| story.happenings[no as usize].what.who();
    let customers: std::collections::BTreeSet<u32> = shrunk.kept.iter().filter_map(|no| who(*no)).collect();
    for half in [2, 1] {
        for customers in halves(&customers.iter().copied().collect::<Vec<_>>(), half) {
            let kept = shrunk.kept.iter().copied();
            let fewer = kept.filter(|no| who(*no).is_none_or(|who| !customers.contains(&who))).collect();
            search.tries(&mut shrunk, Some(fewer));
        }
    }
    for customer in customers {
        let fewer = shrunk.kept.iter().copied().filter(|no| who(*no) != Some(customer)).collect();
        search.tries(&mut shrunk, Some(fewer));
    }
    let calm = shrunk.kept.iter().copied().filter(|no| who(*no).is_some()).collect();
    search.tries(&mut shrunk, Some(calm));
    search.halve(&mut shrunk);
    shrunk
}

fn halves(all: &[u32], n: usize) -> Vec<Vec<u32>> {
    all.chunks(all.len().div_ceil(2 * n).max(1)).map(<[u32]>::to_vec).collect()
}

struct Search<P> {
    play: P,
    until: Instant,
    name: &'static str,
}

impl<P: Fn(&[u32]) -> Ending> Search<P> {
    /// Takes fewer happenings when they break the same law.
    fn tries(&mut self, shrunk: &mut Shrunk, fewer: Option<Vec<u32>>) -> bool {
        let kept = fewer.unwrap_or_else(|| shrunk.kept.clone());
        if self.until < Instant::now() {
            return false;
        }
        match (self.play)(&kept).broken.filter(|(_, broken)| broken.name == self.name) {
            Some((at, broken)) => {
                shrunk.kept = kept.into_iter().filter(|no| *no as usize <= at).collect();
                shrunk.broken = broken;
                true
            }
            None => false,
        }
    }

    /// Leaves out parts of half the length, then a quarter, down to single happenings, and again
    /// until none can be left out.
    fn halve(&mut self, shrunk: &mut Shrunk) {
        let mut len = shrunk.kept.len().div_ceil(2);
        while self.until > Instant::now() {
            let n_before = shrunk.kept.len();
            let mut start = 0;
            while start < shrunk.kept.len() {
                let end = (start + len).min(shrunk.kept.len());
                let fewer = [&shrunk.kept[..start], &shrunk.kept[end..]].concat();
                if !self.tries(shrunk, Some(fewer)) {
                    start = end;
                }
            }
            if len == 1 && shrunk.kept.len() == n_before {
                return;
            }
            len = (len / 2).max(1);
        }
    }
}

/// Numbers as a command takes them: `3,7-9`.
pub(crate) fn ranges(kept: &[u32]) -> String {
    let runs = kept.chunk_by(|a, b| a + 1 == *b);
    let run = |run: &[u32]| match run {
        [one] => one.to_string(),
        [first, .., last] => format!("{first}-{last}"),
        [] => String::new(),
    };
    runs.map(run).collect::<Vec<_>>().join(",")
}

/// Numbers of a command.
///
/// # Errors
/// A sentence.
pub(crate) fn parse_ranges(text: &str) -> Result<Vec<u32>, String> {
    let number =
        |text: &str| text.parse::<u32>().map_err(|_| format!("{text:?} is no number of a happening"));
    let mut kept = Vec::new();
    for part in text.split(',') {
        let (first, last) = part.split_once('-').unwrap_or((part, part));
        let run = number(first)?..=number(last)?;
        if run.is_empty() {
            return Err(format!("{part:?} ends before it begins"));
        }
        kept.extend(run);
    }
    kept.sort_unstable();
    kept.dedup();
    Ok(kept)
}

#[cfg(test)]
mod tests {
    use model::Timestamp;

    use super::super::happening::{Happening, Joins, Timed};
    use super::*;

    #[test]
    fn ranges_go_there_and_back() {
        assert_eq!(ranges(&[1, 2, 3, 7, 9, 10]), "1-3,7,9-10");
        assert_eq!(parse_ranges("1-3,7,9-10"), Ok(vec![1, 2, 3, 7, 9, 10]));
        assert!(parse_ranges("1-x").is_err());
        assert!(parse_ranges("9-7").is_err());
    }

    #[test]
    fn what_is_not_needed_is_left_out() {
        let feedback = |who| Happening::FixesAgain { who };
        let timed = |no: u32| Timed {
            at: Timestamp::from_unix_ms(i64::from(no)),
            what: if no.is_multiple_of(10) { Happening::Wait } else { feedback(no % 7) },
            joins: Joins::Nothing,
        };
        let story = Story { happenings: (0..500).map(timed).collect(), fixes: Vec::new() };
        let broken = Broken { name: "a_law", sentence: String::new(), customer: None };
        // Needs 123 and 340; nothing else matters.
        let play = |kept: &[u32]| {
            let breaks = kept.contains(&123) && kept.contains(&340);
            Ending { broken: breaks.then(|| (340, broken.clone())), ..Ending::default() }
        };
        let shrunk = shrink(&story, 400, broken.clone(), Duration::from_secs(10), play);
        assert_eq!(shrunk.kept, [123, 340]);
    }
}
