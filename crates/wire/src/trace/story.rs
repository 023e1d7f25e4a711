//! The lines that a replay writes.

use std::io::{self, Write};

use model::{Timestamp, VisitId};
use serde::Serialize;

/// One line of a replay's story; it holds no coordinate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TraceLine<'a> {
    /// When, in the time of the recording.
    pub at: Timestamp,
    /// To whom.
    pub customer: &'a str,
    /// With which phone.
    pub device: &'a str,
    /// What: `enter`, `dwell`, `exit`, `cross`, `offer`, `suppressed`, `refused` or `dropped`.
    pub kind: &'a str,
    /// Where.
    pub fence: Option<&'a str>,
    /// In which visit.
    pub visit: Option<VisitId>,
    /// Why.
    pub reason: Option<&'a str>,
    /// Which offer.
    pub offer: Option<&'a str>,
}

impl TraceLine<'_> {
    /// Writes the line as JSON with its end; the same line is always the same bytes.
    ///
    /// # Errors
    /// When `out` does not take it.
    pub fn write(&self, out: &mut impl Write) -> io::Result<()> {
        #[derive(Serialize)]
        struct Written<'a> {
            at: i64,
            customer: &'a str,
            device: &'a str,
            kind: &'a str,
            #[serde(skip_serializing_if = "Option::is_none")]
            fence: Option<&'a str>,
            #[serde(skip_serializing_if = "Option::is_none")]
            visit: Option<String>,
            #[serde(skip_serializing_if = "Option::is_none")]
            reason: Option<&'a str>,
            #[serde(skip_serializing_if = "Option::is_none")]
            offer: Option<&'a str>,
        }

        let Self { at, customer, device, kind, fence, visit, reason, offer } = *self;
        let visit = visit.map(|visit| visit.0.to_string());
        let written = Written { at: at.unix_ms(), customer, device, kind, fence, visit, reason, offer };
        serde_json::to_writer(&mut *out, &written)?;
        out.write_all(b"\n")
    }
}
