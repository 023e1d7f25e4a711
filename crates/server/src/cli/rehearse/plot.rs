//! Pressure day by day, in blocks of an eighth.

use std::io::{self, Write};

use rehearsal::{Account, Pressure};

const BLOCKS: [char; 9] = [' ', '▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
/// Longer rehearsals are drawn by the highest of several days.
const N_COLUMNS: usize = 56;

pub(super) fn write(out: &mut impl Write, account: &Account) -> io::Result<()> {
    let n_days = account.n_days as usize;
    let a_column = n_days.div_ceil(N_COLUMNS).max(1);
    let unit = if a_column == 1 { "a day".to_owned() } else { format!("{a_column} days") };
    writeln!(
        out,
        "\npressure at 20:00, {unit} a column; a full block is the limit, {:.0} points",
        account.limit
    )?;
    for crew in account.crews() {
        let draw = |of: fn(&Pressure) -> f64| -> String {
            let columns = crew.pressure.chunks(a_column);
            let highest = |days: &[Pressure]| days.iter().map(of).fold(0.0, f64::max);
            columns.map(|days| block(highest(days), account.limit)).collect()
        };
        let top = |of: fn(&Pressure) -> f64| crew.pressure.iter().map(of).fold(0.0, f64::max);
        let (p50, p90) = (|day: &Pressure| day.p50, |day: &Pressure| day.p90);
        writeln!(out, "{:<9} p90 {}  up to {:.0}", crew.persona.word(), draw(p90), top(p90))?;
        writeln!(out, "{:<9} p50 {}  up to {:.0}", "", draw(p50), top(p50))?;
    }
    Ok(())
}

/// Nought is blank, anything else at least an eighth.
fn block(points: f64, limit: f64) -> char {
    let eighths = (points * 8.0 / limit).ceil().clamp(0.0, 8.0);
    BLOCKS[eighths as usize]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_block_is_as_high_as_the_pressure() {
        let drawn: String = [0.0, 0.1, 7.5, 8.0, 30.0, 59.0, 60.0, 90.0]
            .map(|points| block(points, 60.0))
            .into_iter()
            .collect();
        assert_eq!(drawn, " ▁▁▂▄███");
    }
}
