//! How much one message may hold.

/// Bounds of payloads; above is a flaw, and the connection stays.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Longest payload of fixes of one device, and longest record of a batch, in bytes.
    pub fix_len_max: usize,
    /// Longest batch, in bytes.
    pub batch_len_max: usize,
    /// Longest consent event, in bytes.
    pub consent_len_max: usize,
    /// Longest feedback, in bytes.
    pub feedback_len_max: usize,
    /// Most fixes in one payload of one device.
    pub n_fixes_max: usize,
    /// Most records in one batch.
    pub n_records_max: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            fix_len_max: 256 * 1024,
            batch_len_max: 1024 * 1024,
            consent_len_max: 16 * 1024,
            feedback_len_max: 16 * 1024,
            n_fixes_max: 1_000,
            n_records_max: 10_000,
        }
    }
}
