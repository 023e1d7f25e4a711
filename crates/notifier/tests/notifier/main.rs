//! The porter's rules and laws.

mod laws;
mod porter;
mod rules;
