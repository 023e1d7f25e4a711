//! The cipher that seals: what it gives opens only under its key and for its place.

use std::fmt;

use chacha20poly1305::aead::{AeadInOut, KeyInit};
use chacha20poly1305::{Tag, XChaCha20Poly1305, XNonce};
use zeroize::Zeroizing;

use crate::seal::{Nonce, Place, Unreadable};

pub(crate) const KEY_LEN: usize = 32;
const NONCE_LEN: usize = size_of::<Nonce>();
const TAG_LEN: usize = 16;

/// How rows are sealed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub(crate) enum Cipher {
    #[default]
    XChaCha20Poly1305,
    /// Nothing is hidden, so that a test can look for what should not be there under a cipher either.
    #[cfg(feature = "null-cipher")]
    Null,
}

/// A key and what it is for. It stays where it is in memory until it is dropped and wiped.
pub(crate) struct Key {
    bytes: Box<Zeroizing<[u8; KEY_LEN]>>,
    cipher: Cipher,
}

impl Key {
    pub(crate) fn new(bytes: [u8; KEY_LEN], cipher: Cipher) -> Self {
        let bytes = Zeroizing::new(bytes);
        Self { bytes: Box::new(bytes), cipher }
    }

    pub(crate) const fn cipher(&self) -> Cipher {
        self.cipher
    }

    pub(crate) fn bytes(&self) -> &[u8; KEY_LEN] {
        &self.bytes
    }

    /// Nonce, ciphertext, tag.
    pub(crate) fn seal(&self, place: &Place, nonce: &Nonce, encode: impl FnOnce(&mut Vec<u8>)) -> Vec<u8> {
        let mut sealed = Vec::with_capacity(512);
        sealed.extend_from_slice(nonce);
        encode(&mut sealed);
        let tag: [u8; TAG_LEN] = match self.cipher {
            Cipher::XChaCha20Poly1305 => XChaCha20Poly1305::new((&**self.bytes).into())
                .encrypt_inout_detached(
                    &XNonce::from(*nonce),
                    &place.bytes(),
                    sealed[NONCE_LEN..].as_mut().into(),
                )
                .expect("a row is shorter than what the cipher can seal")
                .into(),
            #[cfg(feature = "null-cipher")]
            Cipher::Null => self.check(place, &sealed),
        };
        sealed.extend_from_slice(&tag);
        sealed
    }

    pub(crate) fn open(&self, place: &Place, sealed: &[u8]) -> Result<Vec<u8>, Unreadable> {
        let mut text = Vec::new();
        self.open_onto(place, sealed, &mut text).map(|()| text)
    }

    /// Appends what was sealed; on an error nothing is appended.
    pub(crate) fn open_onto(
        &self,
        place: &Place,
        sealed: &[u8],
        out: &mut Vec<u8>,
    ) -> Result<(), Unreadable> {
        let (nonce, rest) = sealed.split_first_chunk::<NONCE_LEN>().ok_or(Unreadable::NotAuthentic)?;
        let (text, tag) = rest.split_last_chunk::<TAG_LEN>().ok_or(Unreadable::NotAuthentic)?;
        let begin = out.len();
        out.extend_from_slice(text);
        let is_authentic = match self.cipher {
            Cipher::XChaCha20Poly1305 => XChaCha20Poly1305::new((&**self.bytes).into())
                .decrypt_inout_detached(
                    &XNonce::from(*nonce),
                    &place.bytes(),
                    out[begin..].as_mut().into(),
                    &Tag::from(*tag),
                )
                .is_ok(),
            #[cfg(feature = "null-cipher")]
            Cipher::Null => self.check(place, &sealed[..sealed.len() - TAG_LEN]) == *tag,
        };
        if is_authentic {
            return Ok(());
        }
        out.truncate(begin);
        Err(Unreadable::NotAuthentic)
    }

    /// What stands in the place of a tag where nothing is hidden.
    #[cfg(feature = "null-cipher")]
    fn check(&self, place: &Place, text: &[u8]) -> [u8; TAG_LEN] {
        let mut tag = [0; TAG_LEN];
        let mut hasher = blake3::Hasher::new_keyed(&self.bytes);
        hasher.update(&place.bytes()).update(text).finalize_xof().fill(&mut tag);
        tag
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Key(not shown)")
    }
}
