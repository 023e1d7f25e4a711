//! The project's own rules, checked by a machine: who may know whom, and what every file owes.
//!
//! Every rule gives sentences; no sentence means that it is kept. `cargo xtask tidy` runs
//! all of them, and so does `cargo test`. `cargo xtask plant` plants faults and sees that
//! they are found.

mod bed;
mod code;
mod neighbours;
mod paths;
mod planting;
mod plants;
mod purity;
mod sizes;
mod tree;
mod unsafety;

pub use planting::plant;
pub use tree::Tree;

/// Every sentence of every rule.
#[must_use]
pub fn tidy(tree: &Tree) -> Vec<String> {
    let rules: [fn(&Tree) -> Vec<String>; 6] =
        [neighbours::check, purity::check, sizes::check, paths::check, unsafety::check, plants::check];
    rules.iter().flat_map(|rule| rule(tree)).collect()
}
