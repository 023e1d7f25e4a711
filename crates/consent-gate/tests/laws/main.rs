//! The laws of the gate, over random histories of every kind of event.

mod coming_back;
mod front_door;
mod histories;
mod standing;
