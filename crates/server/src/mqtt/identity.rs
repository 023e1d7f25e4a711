//! Who may connect to the embedded listener, and how they prove it.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, PoisonError, RwLock};

use argon2::Argon2;
use argon2::password_hash::PasswordVerifier as _;
use argon2::password_hash::phc::PasswordHash;
use model::CustomerId;
use subtle::ConstantTimeEq as _;

/// What an identity may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Role {
    /// One customer: publishes their fixes, feedback and consent, hears their offers.
    Device,
    /// Publishes for every customer and hears every offer.
    Backend,
    /// Reads `sys`.
    Operator,
}

/// What is kept of a secret. `Debug` does not show it.
#[derive(Clone)]
pub enum Secret {
    /// BLAKE3 of a random 256-bit token, for machines: fast, and a random token needs no salt.
    Token([u8; 32]),
    /// Argon2 in PHC form (`$argon2id$…`), for passwords that people choose.
    Password(Box<str>),
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(not shown)")
    }
}

/// Someone who may connect. `Debug` shows the role, not the name.
///
/// Invariant: the name of a device is a customer id; the secret can be checked.
#[derive(Clone)]
pub struct Identity {
    name: Arc<str>,
    role: Role,
    secret: Secret,
}

impl fmt::Debug for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Identity({:?})", self.role)
    }
}

/// Why an identity was refused; says nothing about whose it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadIdentity {
    /// The name of a device must be its customer's id.
    #[error("the name of a device is its customer's id: 1 to 64 of A-Z a-z 0-9 _ -, and no reserved word")]
    Name,
    /// Empty, or longer than 256 bytes.
    #[error("a name holds 1 to 256 bytes")]
    NameLength,
    /// Not an argon2 hash in PHC form.
    #[error("the hash of a password is argon2 in PHC form: $argon2id$v=19$…")]
    Hash,
}

impl Identity {
    /// An identity with a secret that somebody else hashed.
    pub fn new(name: &str, role: Role, secret: Secret) -> Result<Self, BadIdentity> {
        const NAME_LEN_MAX: usize = 256;
        match role {
            // The name stands in topics, so a `+` or `/` in it would be somebody else's right.
            Role::Device => CustomerId::check(name).map_err(|_| BadIdentity::Name)?,
            Role::Backend | Role::Operator if name.is_empty() || NAME_LEN_MAX < name.len() => {
                return Err(BadIdentity::NameLength);
            }
            Role::Backend | Role::Operator => {}
        }
        if let Secret::Password(phc) = &secret {
            let hash = PasswordHash::new(phc).map_err(|_| BadIdentity::Hash)?;
            if !hash.algorithm.as_str().starts_with("argon2") {
                return Err(BadIdentity::Hash);
            }
        }
        Ok(Self { name: name.into(), role, secret })
    }

    /// An identity that proves itself with a random token; only the hash is kept.
    pub fn with_token(name: &str, role: Role, token: &[u8]) -> Result<Self, BadIdentity> {
        Self::new(name, role, Secret::Token(*blake3::hash(token).as_bytes()))
    }

    /// Who it is; of a device the customer's id.
    #[must_use]
    pub fn name(&self) -> &Arc<str> {
        &self.name
    }

    /// What it may do.
    #[must_use]
    pub fn role(&self) -> Role {
        self.role
    }

    /// Whether the check of its secret costs tens of milliseconds of a core, by design.
    pub(super) fn is_slow(&self) -> bool {
        matches!(self.secret, Secret::Password(_))
    }

    /// Whether this is its secret, in a time that does not depend on how wrong it is.
    #[must_use]
    pub fn proves(&self, secret: &[u8]) -> bool {
        match &self.secret {
            Secret::Token(hash) => bool::from(blake3::hash(secret).as_bytes().ct_eq(hash)),
            Secret::Password(phc) => PasswordHash::new(phc)
                .is_ok_and(|hash| Argon2::default().verify_password(secret, &hash).is_ok()),
        }
    }
}

/// The identities of a listener, by name.
#[derive(Default)]
pub(super) struct Identities {
    by_name: RwLock<HashMap<Arc<str>, Arc<Identity>>>,
}

impl Identities {
    pub(super) fn new(identities: Vec<Identity>) -> Self {
        let by_name = identities.into_iter().map(|identity| (identity.name.clone(), Arc::new(identity)));
        Self { by_name: RwLock::new(by_name.collect()) }
    }

    pub(super) fn find(&self, name: &str) -> Option<Arc<Identity>> {
        self.by_name.read().unwrap_or_else(PoisonError::into_inner).get(name).cloned()
    }

    pub(super) fn insert(&self, identity: Identity) {
        let mut by_name = self.by_name.write().unwrap_or_else(PoisonError::into_inner);
        by_name.insert(identity.name.clone(), Arc::new(identity));
    }

    /// Whether there was one.
    pub(super) fn remove(&self, name: &str) -> bool {
        self.by_name.write().unwrap_or_else(PoisonError::into_inner).remove(name).is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::{BadIdentity, Identity, Role, Secret};

    #[test]
    fn a_token_proves_itself_and_nothing_else_does() {
        let identity = Identity::with_token("c1", Role::Device, b"secret").unwrap();
        assert!(identity.proves(b"secret"));
        assert!(!identity.proves(b"secret "));
        assert!(!identity.proves(b""));
        assert!(!identity.proves(blake3::hash(b"secret").as_bytes()));
    }

    #[test]
    fn a_password_is_checked_against_its_argon2_hash() {
        use argon2::password_hash::PasswordHasher as _;
        let phc = argon2::Argon2::default().hash_password(b"tulip").unwrap().to_string();
        let identity = Identity::new("shop", Role::Backend, Secret::Password(phc.into())).unwrap();
        assert!(identity.proves(b"tulip"));
        assert!(!identity.proves(b"Tulip"));
    }

    #[test]
    fn a_device_is_named_like_a_customer() {
        for name in ["", "+", "#", "a/b", "sys", "batch", "a.b", "ä", &"x".repeat(65)] {
            let refused = Identity::with_token(name, Role::Device, b"t").map(|_| ());
            assert_eq!(refused, Err(BadIdentity::Name), "{name:?}");
        }
        assert!(Identity::with_token("shop.example", Role::Backend, b"t").is_ok());
    }

    #[test]
    fn a_hash_that_cannot_be_checked_is_refused() {
        for phc in ["", "tulip", "$2y$10$abcdefghijklmnopqrstuv", "$scrypt$ln=1$c2FsdHNhbHQ$aGFzaA"] {
            let refused = Identity::new("shop", Role::Backend, Secret::Password(phc.into())).map(|_| ());
            assert_eq!(refused, Err(BadIdentity::Hash), "{phc:?}");
        }
    }

    #[test]
    fn debug_shows_neither_name_nor_secret() {
        let identity = Identity::with_token("canary", Role::Device, b"t").unwrap();
        assert_eq!(format!("{identity:?}"), "Identity(Device)");
    }
}
