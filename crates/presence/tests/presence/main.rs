//! The guest book's rules and laws.

mod edits;
mod laws;
mod rules;
mod world;
