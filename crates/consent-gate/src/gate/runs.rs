//! The rows of all customers, side by side.

use std::ops::Range;

use super::row::Row;

/// Runs of rows in one array, where those of a customer lie together and nothing lies between: a million
/// boxes of their own took 28 bytes a customer more (`gate/memory`).
#[derive(Debug, Default)]
pub(super) struct Runs {
    rows: Vec<Row>,
    /// Where runs begin that nobody has, by their length.
    free: Vec<Vec<u32>>,
}

/// One customer's rows.
///
/// Invariant: no other run holds any of them.
#[derive(Debug, Default)]
pub(super) struct Run {
    first: u32,
    len: u16,
}

impl Runs {
    pub(super) fn of(&self, run: &Run) -> &[Row] {
        &self.rows[run.range()]
    }

    pub(super) fn of_mut(&mut self, run: &Run) -> &mut [Row] {
        &mut self.rows[run.range()]
    }

    /// # Panics
    /// With more rows than anybody may have.
    pub(super) fn put(&mut self, rows: Vec<Row>) -> Run {
        let len = u16::try_from(rows.len()).expect("nobody says so much");
        if let Some(first) = self.free.get_mut(rows.len()).and_then(Vec::pop) {
            let run = Run { first, len };
            for (place, row) in self.of_mut(&run).iter_mut().zip(rows) {
                *place = row;
            }
            return run;
        }
        let first = u32::try_from(self.rows.len()).expect("there is less to say");
        self.rows.extend(rows);
        Run { first, len }
    }

    /// Takes all rows out, and leaves an empty run.
    pub(super) fn take(&mut self, run: &mut Run) -> Vec<Row> {
        let run = std::mem::take(run);
        let rows = self.of_mut(&run).iter_mut().map(|row| std::mem::replace(row, Row::NOBODYS)).collect();
        if 0 < run.len {
            let len = usize::from(run.len);
            if self.free.len() <= len {
                self.free.resize_with(len + 1, Vec::new);
            }
            self.free[len].push(run.first);
        }
        rows
    }
}

impl Run {
    pub(super) const fn len(&self) -> u16 {
        self.len
    }

    const fn range(&self) -> Range<usize> {
        let first = self.first as usize;
        first..first + self.len as usize
    }
}

#[cfg(test)]
mod tests {
    use model::MerchantNo;

    use super::*;
    use crate::Purpose;

    fn rows(merchants: Range<u32>) -> Vec<Row> {
        merchants.map(|merchant| Row::unknown(MerchantNo(merchant), Purpose::Location)).collect()
    }

    fn merchants(runs: &Runs, run: &Run) -> Vec<u32> {
        runs.of(run).iter().map(|row| row.merchant.0).collect()
    }

    #[test]
    fn whoever_says_more_moves_and_leaves_room_for_others() {
        let mut runs = Runs::default();
        let mut all: Vec<Run> = (0..50).map(|_| Run::default()).collect();
        for n_rows in 1..=4 {
            for (i, run) in (0..).zip(&mut all) {
                let mut longer = runs.take(run);
                longer.extend(rows(10 * i + n_rows..10 * i + n_rows + 1));
                *run = runs.put(longer);
            }
        }
        for (i, run) in (0..).zip(&all) {
            assert_eq!(merchants(&runs, run), (10 * i + 1..10 * i + 5).collect::<Vec<_>>());
        }
        let n_rows = runs.rows.len();
        for run in all.iter_mut().take(7) {
            assert_eq!(runs.take(run).len(), 4);
            assert!(runs.of(run).is_empty());
        }
        let again: Vec<Run> = (0..7).map(|_| runs.put(rows(900..904))).collect();
        assert_eq!(runs.rows.len(), n_rows, "those who come take the places of those who went");
        assert!(again.iter().all(|run| merchants(&runs, run) == [900, 901, 902, 903]));
        assert_eq!(merchants(&runs, &all[8]), [81, 82, 83, 84]);
    }
}
