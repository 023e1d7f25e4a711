//! The hash by which versions are told apart, of what is too long to be held at once.

use std::io::{self, Read};

/// The hash by which versions are told apart: 32 hexadecimal digits of BLAKE3.
#[must_use]
pub fn hash_of(content: &[u8]) -> Box<str> {
    in_words(blake3::hash(content))
}

/// The same of everything that a reader gives.
///
/// # Errors
/// Those of the reader.
pub fn hash_of_all(content: impl Read) -> io::Result<Box<str>> {
    let mut hasher = blake3::Hasher::new();
    hasher.update_reader(content)?;
    Ok(in_words(hasher.finalize()))
}

/// Passes on what it reads, and hashes it.
pub(super) struct Hashing<R> {
    content: R,
    hasher: blake3::Hasher,
}

impl<R: Read> Hashing<R> {
    pub(super) fn over(content: R) -> Self {
        Self { content, hasher: blake3::Hasher::new() }
    }

    /// The hash of everything, whether or not it was asked for.
    pub(super) fn finish(mut self) -> io::Result<Box<str>> {
        self.hasher.update_reader(self.content)?;
        Ok(in_words(self.hasher.finalize()))
    }
}

impl<R: Read> Read for Hashing<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let n = self.content.read(buffer)?;
        self.hasher.update(&buffer[..n]);
        Ok(n)
    }
}

fn in_words(hash: blake3::Hash) -> Box<str> {
    hash.to_hex()[..32].into()
}
