//! Signing in the name of a ledger, and checking what was signed without it.

use ed25519_dalek::{Signature, Signer as _, SigningKey, VerifyingKey};
use ledger::{Statement, StatementFlaw};
use zeroize::Zeroizing;

/// Signs with a key that follows from the master key; wiped from memory when dropped.
pub(crate) struct Signer(SigningKey);

impl Signer {
    pub(crate) fn new(master_key: &[u8; 32]) -> Self {
        let seed = Zeroizing::new(blake3::derive_key("stile statements v1", master_key));
        Self(SigningKey::from_bytes(&seed))
    }

    pub(crate) fn sign(&self, message: &[u8]) -> [u8; 64] {
        self.0.sign(message).to_bytes()
    }

    pub(crate) fn public_key(&self) -> [u8; 32] {
        self.0.verifying_key().to_bytes()
    }
}

/// Whether a message was signed by whoever has the secret half of a key.
///
/// Strict: a key of small order signs nothing, and no signature has a second form.
#[must_use]
pub fn verify_signature(message: &[u8], signature: &[u8; 64], public_key: &[u8; 32]) -> bool {
    VerifyingKey::from_bytes(public_key)
        .is_ok_and(|key| key.verify_strict(message, &Signature::from_bytes(signature)).is_ok())
}

/// Why a statement proves nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StatementRefused {
    /// It is no statement.
    Flaw(StatementFlaw),
    /// It is signed by another key than the one that was named.
    OtherKey,
    /// It does not say what was signed.
    NotAuthentic,
}

/// Checks a statement by the key that it must be signed with; without one by its own, which proves no
/// more than that it has not changed since.
///
/// # Errors
/// When it is no statement, or the signature does not hold.
pub fn check_statement(json: &str, key: Option<&[u8; 32]>) -> Result<Statement, StatementRefused> {
    let statement = Statement::parse(json).map_err(StatementRefused::Flaw)?;
    if key.is_some_and(|key| *key != statement.public_key) {
        return Err(StatementRefused::OtherKey);
    }
    let text = statement.signed_text();
    if verify_signature(text.as_bytes(), &statement.signature, &statement.public_key) {
        Ok(statement)
    } else {
        Err(StatementRefused::NotAuthentic)
    }
}
