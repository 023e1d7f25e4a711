//! spatial-index.
