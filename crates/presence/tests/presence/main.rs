//! The guest book's rules and laws.

mod answers;
mod crossings;
mod crowds;
mod dwells;
mod edits;
mod laws;
mod plain;
mod rules;
mod stories;
mod world;
