//! Stile.

fn main() {}
