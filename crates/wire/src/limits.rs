//! How much one message may hold.

/// Bounds of messages; above is a flaw, and the connection stays.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Longest message with fixes of one device, and longest record of a batch, in bytes.
    pub fix_bytes_max: usize,
    /// Longest consent event, and longest feedback, in bytes.
    pub consent_bytes_max: usize,
    /// Longest batch, in bytes.
    pub batch_bytes_max: usize,
    /// Most fixes in one message of one device.
    pub n_fixes_max: usize,
    /// Most records in one batch.
    pub n_batch_fixes_max: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            fix_bytes_max: 256 << 10,
            consent_bytes_max: 16 << 10,
            batch_bytes_max: 1 << 20,
            n_fixes_max: 1_000,
            n_batch_fixes_max: 10_000,
        }
    }
}
