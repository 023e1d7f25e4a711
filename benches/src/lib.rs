//! Nothing but the benches in `benches/`: a crate of their own, so that what they compare with is built for nobody else.
