//! The guest book's rules and laws.

mod laws;
mod rules;
mod world;
