//! The porter's rules and laws.

mod answers;
mod arbitration;
mod budget;
mod caps;
mod gathering;
mod laws;
mod personas;
mod porter;
mod possible;
mod rules;
mod standing;
mod street;
