//! The laws of the gate, over random histories of every kind of event.

mod coming_back;
mod histories;
mod standing;
