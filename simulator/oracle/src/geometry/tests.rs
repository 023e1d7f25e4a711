//! Geometry against known answers.
