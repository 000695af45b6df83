//! What a KMS gave back: a key, or a seed of which each value gets a key of its own.
//!
//! A key is used once, so that no nonce can meet its like, however much is written. What is stored of a value is its 32 bytes of
//! `info`, from which HKDF-SHA256 makes the key, and what AES-GCM makes of the value.

use aws_lc_rs::aead::{AES_256_GCM, LessSafeKey, UnboundKey};
use aws_lc_rs::hkdf::{HKDF_SHA256, Prk};
use aws_lc_rs::rand;

use super::envelope::Kind;
use crate::encryption::cipher::{AesGcm, Cipher, Failed};

/// The bytes of a seed that is made here; others may be longer.
pub(super) const SEED: usize = 32;
const INFO: usize = 32;

/// A secret, ready to use.
pub(super) enum Seed {
    Key(AesGcm),
    Seed(Prk),
}

impl Seed {
    /// `None` where the secret has a length that it cannot have.
    pub(super) fn new(kind: Kind, secret: &[u8]) -> Option<Self> {
        match kind {
            Kind::Key => AesGcm::new(secret).map(Self::Key),
            Kind::Seed => (secret.len() >= SEED).then(|| Self::Seed(Prk::new_less_safe(HKDF_SHA256, secret))),
        }
    }

    /// What is to be stored of a value.
    pub(super) fn encrypt(&self, place: &str, value: &[u8]) -> Result<Vec<u8>, Failed> {
        let Self::Seed(seed) = self else { return Err(Failed) };
        let mut info = [0; INFO];
        rand::fill(&mut info)?;
        let mut out = info.to_vec();
        derive(seed, &info)?.encrypt(place, value, &mut out)?;
        Ok(out)
    }

    /// The value of what is stored.
    pub(super) fn decrypt(&self, place: &str, stored: &[u8]) -> Result<Vec<u8>, Failed> {
        match self {
            Self::Key(key) => key.decrypt(place, stored),
            Self::Seed(seed) => {
                let (info, rest) = stored.split_first_chunk::<INFO>().ok_or(Failed)?;
                derive(seed, info)?.decrypt(place, rest)
            }
        }
    }
}

fn derive(seed: &Prk, info: &[u8; INFO]) -> Result<AesGcm, Failed> {
    let info: [&[u8]; 1] = [info];
    let key = seed.expand(&info, &AES_256_GCM)?;
    Ok(AesGcm::of(LessSafeKey::new(UnboundKey::from(key))))
}
