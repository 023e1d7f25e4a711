//! Law `no_position_on_disk`: no coordinate of anybody stands in what was written or told.

use std::collections::HashSet;

use ledger::Entry;
use model::Fix;

use super::shell::Shell;

/// The coordinates of all fixes of a story, as a leak would show them.
pub(crate) struct Coordinates {
    /// Ten thousandths of a degree, cut off.
    decimals: HashSet<i64>,
    /// Numbers of an `f64`, its bits.
    bits: HashSet<u64>,
}

/// Entries that are looked through: each costs as much as ten fixes.
const N_ENTRIES_MAX: usize = 200;
/// Fewer decimals are no position: 11 m and more.
const N_DECIMALS: usize = 4;

impl Coordinates {
    pub(crate) fn of(fixes: &[Fix]) -> Self {
        let step = (fixes.len() / 2_000).max(1);
        let some = fixes.iter().step_by(step);
        let numbers: Vec<f64> = some.flat_map(|fix| [fix.position.lat(), fix.position.lng()]).collect();
        Self {
            decimals: numbers.iter().map(|number| (number.abs() * 1e4) as i64).collect(),
            bits: numbers
                .iter()
                .flat_map(|number| [number.to_bits(), number.to_bits().swap_bytes()])
                .collect(),
        }
    }

    pub(crate) fn check(&self, shell: &mut Shell<'_>, entries: &[Entry]) {
        let step = (entries.len() / N_ENTRIES_MAX).max(1);
        for entry in entries.iter().step_by(step) {
            let text = format!("{entry:?}");
            if let Some(found) = self.found_in(&text) {
                let who = shell.names.customer(entry.customer.as_str());
                let sentence = format!("an entry of the ledger holds the coordinate {found}");
                return shell.laws.break_law("no_position_on_disk", who, sentence);
            }
        }
        let rows = shell.scene.people.iter().filter_map(|person| shell.disk.state(&person.customer));
        let texts: Vec<String> = rows.take(N_ENTRIES_MAX).map(|row| format!("{row:?}")).collect();
        if let Some(found) = texts.iter().find_map(|text| self.found_in(text)) {
            let sentence = format!("a row of the ledger holds the coordinate {found}");
            shell.laws.break_law("no_position_on_disk", None, sentence);
        }
    }

    /// The first coordinate of somebody in a text: in decimals, scaled to a whole number, or in bits.
    fn found_in<'t>(&self, text: &'t str) -> Option<&'t str> {
        let words = text.split(|c: char| !c.is_ascii_alphanumeric() && c != '.');
        words.filter(|word| N_DECIMALS + 2 < word.len()).find(|word| self.is_coordinate(word))
    }

    fn is_coordinate(&self, word: &str) -> bool {
        if let Some((whole, decimals)) = word.split_once('.') {
            let is_exact = N_DECIMALS <= decimals.len() && decimals.is_ascii();
            let number: Option<f64> = is_exact.then(|| word.parse().ok()).flatten();
            return whole.len() <= 3 && number.is_some_and(|number| self.holds(number));
        }
        let scaled = |scale: f64| word.parse::<i64>().is_ok_and(|number| self.holds(number as f64 / scale));
        let is_whole = word.bytes().all(|byte| byte.is_ascii_digit());
        if is_whole && word.len() <= 10 && (scaled(1e5) || scaled(1e6) || scaled(1e7)) {
            return true;
        }
        let is_bits = word.len() == 16 && word.bytes().all(|byte| byte.is_ascii_hexdigit());
        is_bits && u64::from_str_radix(word, 16).is_ok_and(|bits| self.bits.contains(&bits))
    }

    fn holds(&self, number: f64) -> bool {
        self.decimals.contains(&((number.abs() * 1e4) as i64))
    }
}

#[cfg(test)]
mod tests {
    use model::{Position, Timestamp};

    use super::*;

    #[test]
    fn a_coordinate_is_found_however_it_is_written() {
        let position = Position::new(44.052_139, -91.639_321).expect("on earth");
        let coordinates = Coordinates::of(&[Fix::at(Timestamp::from_unix_ms(0), position)]);
        let check =
            |text: &str, is_found: bool| assert_eq!(coordinates.found_in(text).is_some(), is_found, "{text}");
        check("at 44.0521, somewhere", true);
        check("(lat: 44.052139)", true);
        check("lng=-91.63932", true);
        check("440521390", true);
        check("44052139", true);
        check("4405213", true);
        check(&format!("{:016x}", 44.052_139_f64.to_bits()), true);
        check("1780722000000 44.1 0.0521 44.9521", false);
        check("9f3c5e7a00112233", false);
    }
}
