//! A plain second opinion: which offers are due, worked out without any room of the engine.
