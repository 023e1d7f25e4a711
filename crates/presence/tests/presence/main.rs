//! The guest book's rules and laws.

mod answers;
mod crossings;
mod dwells;
mod edits;
mod laws;
mod rules;
mod world;
