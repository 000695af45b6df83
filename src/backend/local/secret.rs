//! Passwords: made of the operating system's randomness, shown by no `Debug`.

use super::error::Error;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use rand::TryRng;
use serde::{Deserialize, Serialize};
use std::fmt;

/// The randomness of a password: 32 characters once encoded.
const PASSWORD_BYTES: usize = 24;

/// A password or private key. `Debug` does not show it; [`Secret::expose`] does.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
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
    pub(super) fn generate() -> Result<Self, Error> {
        let mut bytes = [0; PASSWORD_BYTES];
        rand::rngs::SysRng.try_fill_bytes(&mut bytes).map_err(|_| Error::Randomness)?;
        Ok(Self(URL_SAFE_NO_PAD.encode(bytes)))
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("[redacted]")
    }
}

/// The password of a role, and what PostgreSQL keeps of it: comparing the latter tells whether the role still has it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Login {
    pub(super) password: Secret,
    pub(super) verifier: Secret,
}

impl Login {
    pub(super) fn generate() -> Result<Self, Error> {
        let password = Secret::generate()?;
        let verifier = Secret::new(postgres_protocol::password::scram_sha_256(password.expose().as_bytes()));
        Ok(Self { password, verifier })
    }
}
