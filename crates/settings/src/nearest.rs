//! The nearest right name for a wrong one.

/// The candidate that a typing slip away from `wrong` would have been, if any is near enough.
///
/// Ties go to the first. Near enough is a third of the longer name's letters, at least one.
#[must_use]
pub fn nearest<'a>(wrong: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let wrong = normal(wrong);
    let mut best: Option<(usize, &str)> = None;
    for candidate in candidates {
        let right = normal(candidate);
        let n_slips = distance(&wrong, &right);
        let n_slips_max = (wrong.len().max(right.len()) / 3).max(1);
        if n_slips <= n_slips_max && best.is_none_or(|(least, _)| n_slips < least) {
            best = Some((n_slips, candidate));
        }
    }
    best.map(|(_, candidate)| candidate)
}

/// Case and the choice between `-` and `_` are no slips at all.
fn normal(name: &str) -> Vec<char> {
    name.chars()
        .take(NAME_LEN_MAX)
        .flat_map(char::to_lowercase)
        .map(|c| if c == '-' { '_' } else { c })
        .collect()
}

/// A longer name is cut before it is compared, since the cost is its square.
const NAME_LEN_MAX: usize = 64;

/// Insertions, deletions, replacements and swaps of neighbours (optimal string alignment).
fn distance(a: &[char], b: &[char]) -> usize {
    let width = b.len() + 1;
    let mut before_last = vec![0; width];
    let mut last: Vec<usize> = (0..width).collect();
    for (i, &from) in a.iter().enumerate() {
        let mut row = vec![i + 1; width];
        for (j, &to) in b.iter().enumerate() {
            let replaced = last[j] + usize::from(from != to);
            row[j + 1] = replaced.min(last[j + 1] + 1).min(row[j] + 1);
            if 0 < i && 0 < j && from == b[j - 1] && a[i - 1] == to {
                row[j + 1] = row[j + 1].min(before_last[j - 1] + 1);
            }
        }
        before_last = core::mem::replace(&mut last, row);
    }
    last[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn c01_a_slip_finds_the_name_that_was_meant() {
        let names = ["dwell", "visit_times_out_after", "late_after", "speed_max_mps"];
        let check = |wrong: &str, right: Option<&str>| assert_eq!(nearest(wrong, names), right, "{wrong}");
        check("dwel", Some("dwell"));
        check("dewll", Some("dwell"));
        check("Late-After", Some("late_after"));
        check("speed_max_ms", Some("speed_max_mps"));
        check("colour", None);
        check("", None);
        check(&"x".repeat(100_000), None);
    }
}
