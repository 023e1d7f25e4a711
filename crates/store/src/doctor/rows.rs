//! State rows against their entries, and keys against both.

use super::databases::Opened;
use super::findings::Findings;
use crate::audit::Rows;
use crate::restore::customers_of;

/// Tells what came of holding every state row against its entries.
pub(super) fn tell(rows: &Rows, findings: &mut Findings) {
    const CHECK: &str = "states";
    for fault in &rows.faults {
        let advice = "restore a backup: stile restore";
        findings.fault(CHECK, format!("partition {}", fault.partition.no()), fault.wrong.text(), advice);
    }
    if rows.faults.is_empty() {
        let partly = match rows.n_partly {
            0 => String::new(),
            n => format!(", {n} of them as far as entries were kept"),
        };
        findings.ok(CHECK, "", format!("{} rows are what their entries add up to{partly}", rows.n));
    }
}

/// Holds the keys against the customers of whom there are rows.
pub(super) fn keys(opened: &mut Opened, findings: &mut Findings) {
    const CHECK: &str = "keys";
    let Opened { ledger, keys, .. } = opened;
    let count = || -> rusqlite::Result<(usize, usize, usize)> {
        let of_rows = customers_of(ledger)?;
        let of_keys = keys.customers()?;
        let n_without_rows = of_keys.difference(&of_rows).count();
        Ok((of_rows.len(), of_rows.difference(&of_keys).count(), n_without_rows))
    };
    match count() {
        Ok((_, 0, 0)) => findings.ok(CHECK, "", "one for every customer, and none too many"),
        Ok((n, 0, n_without_rows)) => {
            // A crash between the key and the first row of somebody leaves one.
            let told =
                format!("one for each of {n} customers, and {n_without_rows} of whom there is nothing");
            findings.ok(CHECK, "", told);
        }
        Ok((n, n_without_key, _)) => {
            let told = format!("{n_without_key} of {n} customers have rows and no key: nobody can read them");
            findings.fault(CHECK, "keys.db", told, "put the newest backup of the keys back");
        }
        Err(error) => findings.fault(CHECK, "keys.db", error.to_string(), "put a backup of the keys back"),
    }
}
