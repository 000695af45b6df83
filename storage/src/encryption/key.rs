//! A key, and what it is for.

use std::fmt;
use std::sync::Arc;

use super::cipher::{self, Cipher};

/// How values are encrypted.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub enum Algorithm {
    /// AES-GCM with a random nonce. A key is to be changed long before it has written 2^32 values.
    AesGcm,
    /// XSalsa20 and Poly1305.
    Secretbox,
    /// AES-CBC, which is read alone.
    AesCbc,
}

impl Algorithm {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::AesGcm, Self::Secretbox, Self::AesCbc];

    /// Its name in configurations and in front of values.
    pub fn name(self) -> &'static str {
        match self {
            Self::AesGcm => "aesgcm",
            Self::Secretbox => "secretbox",
            Self::AesCbc => "aescbc",
        }
    }

    /// How many bytes its keys may have, in words.
    fn lengths(self) -> &'static str {
        match self {
            Self::AesGcm | Self::AesCbc => "16, 24 or 32",
            Self::Secretbox => "32",
        }
    }
}

impl fmt::Debug for Algorithm {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.name())
    }
}

/// Why a configuration cannot be used.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unfit {
    /// A key has no name.
    #[error("a key needs a name: it is written in front of every value")]
    Nameless,
    /// A KMS has a name that cannot stand in front of values.
    #[error("a KMS needs a name without `:`, which is written in front of every value")]
    Misnamed,
    /// A key is of another length.
    #[error("the key has {length} bytes and {algorithm:?} takes {}", algorithm.lengths())]
    Length {
        /// Whose key it is.
        algorithm: Algorithm,
        /// Its length.
        length: usize,
    },
    /// There is nothing to write with.
    #[error("at least one provider is needed; `identity` stores values as they are")]
    Empty,
    /// The first provider cannot write.
    #[error(
        "{0:?} only reads here, because anybody can change what it writes; put aesgcm, secretbox or identity first"
    )]
    ReadsOnly(Algorithm),
}

/// A key, ready to use. A clone is the same key.
#[derive(Clone)]
pub struct Key {
    /// What it is for.
    pub algorithm: Algorithm,
    /// Its name.
    pub name: Arc<str>,
    /// What stands in front of the values it wrote.
    pub(super) prefix: Arc<str>,
    pub(super) cipher: Arc<dyn Cipher>,
}

impl Key {
    /// A key of that name. The secret is not needed any more after this.
    ///
    /// # Errors
    /// [`Unfit`] when there is no name, or the secret is of a length that the algorithm does not take.
    pub fn new(algorithm: Algorithm, name: &str, secret: &[u8]) -> Result<Self, Unfit> {
        if name.is_empty() {
            return Err(Unfit::Nameless);
        }
        let length = secret.len();
        let cipher = cipher::of(algorithm, secret).ok_or(Unfit::Length { algorithm, length })?;
        let prefix = format!("{}{}:v1:{name}:", super::providers::ENCRYPTED, algorithm.name());
        Ok(Self { algorithm, name: name.into(), prefix: prefix.into(), cipher: cipher.into() })
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{:?} key {:?}", self.algorithm, self.name)
    }
}
