//! Passwords: made of the operating system's randomness, shown by no `Debug`.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use rand::TryRng;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::fmt;

/// The randomness of a password: 32 characters once encoded.
const PASSWORD_BYTES: usize = 24;

/// The system has no randomness.
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error("the operating system gives no randomness; passwords cannot be made")]
pub struct NoRandomness;

/// A password or private key. `Debug` does not show it; [`Secret::expose`] does.
#[derive(Clone, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Secret(String);

impl Secret {
    /// Wraps a secret.
    pub fn new(value: impl Into<String>) -> Self {
        Self(value.into())
    }

    /// The secret itself.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// A new password that needs no quoting in a URI.
    pub(in crate::backend) fn generate() -> Result<Self, NoRandomness> {
        let mut bytes = [0; PASSWORD_BYTES];
        rand::rngs::SysRng.try_fill_bytes(&mut bytes).map_err(|_| NoRandomness)?;
        Ok(Self(URL_SAFE_NO_PAD.encode(bytes)))
    }
}

impl PartialEq for Secret {
    /// Hashes are compared: how long that takes tells nothing of where the secrets differ.
    fn eq(&self, other: &Self) -> bool {
        Sha256::digest(&self.0) == Sha256::digest(&other.0)
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("[redacted]")
    }
}

/// The password of a role, and what PostgreSQL keeps of it: comparing the latter tells whether the role still has it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::backend) struct Login {
    pub(in crate::backend) password: Secret,
    pub(in crate::backend) verifier: Secret,
}

impl Login {
    pub(in crate::backend) fn generate() -> Result<Self, NoRandomness> {
        Secret::generate().map(Self::of)
    }

    /// A password that is there already, with another verifier each time.
    pub(in crate::backend) fn of(password: Secret) -> Self {
        let verifier = Secret::new(postgres_protocol::password::scram_sha_256(password.expose().as_bytes()));
        Self { password, verifier }
    }
}
