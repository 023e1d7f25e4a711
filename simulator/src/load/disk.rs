//! What the disk itself needs to make a few bytes durable, beside whatever else writes to it.

use std::fs::{File, OpenOptions};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use crate::report::Latency;

/// A page, as a ledger appends them.
const N_BYTES: usize = 4_096;
/// Seldom enough to slow nobody down.
const EVERY: Duration = Duration::from_millis(50);

/// A file to which pages are appended; it is gone afterwards.
pub(crate) struct Disk {
    file: File,
    path: PathBuf,
}

impl Disk {
    /// Makes the file in a folder on the disk that is asked about.
    ///
    /// # Errors
    /// A sentence when it cannot be made.
    pub(crate) fn under(folder: &Path) -> Result<Self, String> {
        let path = folder.join(format!("simulator-{}.fsync", std::process::id()));
        let made = OpenOptions::new().create_new(true).append(true).open(&path);
        let file = made.map_err(|error| format!("cannot write to {}: {error}", path.display()))?;
        Ok(Self { file, path })
    }

    /// Appends a page and makes it durable, over and over, until it is told to stop.
    ///
    /// # Errors
    /// The disk failed.
    pub(crate) fn measure(mut self, stop: &AtomicBool) -> io::Result<Latency> {
        let mut latency = Latency::default();
        while !stop.load(Ordering::Relaxed) {
            let began = Instant::now();
            self.file.write_all(&[0x5a; N_BYTES])?;
            self.file.sync_data()?;
            latency.record_us(u64::try_from(began.elapsed().as_micros()).unwrap_or(u64::MAX));
            std::thread::sleep(EVERY);
        }
        Ok(latency)
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        // A page too many in a folder of a load run harms nobody.
        let _ = std::fs::remove_file(&self.path);
    }
}
