//! town.
