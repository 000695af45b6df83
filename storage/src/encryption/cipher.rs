//! The ciphers, each in the form in which Kubernetes' API server stores values.
//!
//! | algorithm | what is stored | authenticated |
//! |---|---|---|
//! | `aesgcm` | nonce (12 bytes), ciphertext, tag (16) | the value and where it lies |
//! | `secretbox` | nonce (24), tag (16), ciphertext | the value |
//! | `aescbc` | initialization vector (16), blocks padded by PKCS #7 | nothing |
//!
//! Each wipes its key from memory when it is dropped.

use aws_lc_rs::aead::{self, Aad, LessSafeKey, Nonce, UnboundKey};
use aws_lc_rs::cipher::{self, DecryptionContext, PaddedBlockDecryptingKey, UnboundCipherKey};
use aws_lc_rs::error::Unspecified;
use aws_lc_rs::iv::FixedLength;
use aws_lc_rs::rand;
use crypto_secretbox::aead::{AeadInPlace, KeyInit};
use crypto_secretbox::{Key, XSalsa20Poly1305};

use super::Algorithm;

const GCM_NONCE: usize = 12;
const SECRETBOX_NONCE: usize = 24;
const CBC_VECTOR: usize = 16;
const TAG: usize = 16;

/// A cipher with its key. `place` is where the value lies.
pub(super) trait Cipher: Send + Sync {
    /// Appends what is to be stored of a value.
    fn encrypt(&self, place: &str, value: &[u8], out: &mut Vec<u8>) -> Result<(), Failed>;

    /// The value of what is stored.
    fn decrypt(&self, place: &str, stored: &[u8]) -> Result<Vec<u8>, Failed>;
}

/// It did not work. The reasons cannot be told apart, and must not be.
#[derive(Debug)]
pub(super) struct Failed;

impl From<Unspecified> for Failed {
    fn from(_: Unspecified) -> Self {
        Self
    }
}

/// What a cipher writes beside the value.
pub(super) const LARGEST_OVERHEAD: usize = SECRETBOX_NONCE + TAG;

/// The cipher of an algorithm; `None` where the key has a length that it does not take.
pub(super) fn of(algorithm: Algorithm, key: &[u8]) -> Option<Box<dyn Cipher>> {
    Some(match algorithm {
        Algorithm::AesGcm => Box::new(AesGcm::new(key)?),
        Algorithm::Secretbox => Box::new(Secretbox::new(key)?),
        Algorithm::AesCbc => Box::new(AesCbc::new(key)?),
    })
}

pub(super) struct AesGcm(LessSafeKey);

impl AesGcm {
    pub(super) fn of(key: LessSafeKey) -> Self {
        Self(key)
    }

    pub(super) fn new(key: &[u8]) -> Option<Self> {
        let algorithm = match key.len() {
            16 => &aead::AES_128_GCM,
            24 => &aead::AES_192_GCM,
            32 => &aead::AES_256_GCM,
            _ => return None,
        };
        Some(Self(LessSafeKey::new(UnboundKey::new(algorithm, key).ok()?)))
    }
}

impl Cipher for AesGcm {
    fn encrypt(&self, place: &str, value: &[u8], out: &mut Vec<u8>) -> Result<(), Failed> {
        let mut nonce = [0; GCM_NONCE];
        rand::fill(&mut nonce)?;
        out.extend_from_slice(&nonce);
        let start = out.len();
        out.extend_from_slice(value);
        let (nonce, place) = (Nonce::assume_unique_for_key(nonce), Aad::from(place));
        let tag = self.0.seal_in_place_separate_tag(nonce, place, &mut out[start..])?;
        out.extend_from_slice(tag.as_ref());
        Ok(())
    }

    fn decrypt(&self, place: &str, stored: &[u8]) -> Result<Vec<u8>, Failed> {
        let (nonce, rest) = stored.split_first_chunk::<GCM_NONCE>().ok_or(Failed)?;
        let (ciphertext, tag) = rest.split_last_chunk::<TAG>().ok_or(Failed)?;
        let mut value = vec![0; ciphertext.len()];
        let (nonce, place) = (Nonce::assume_unique_for_key(*nonce), Aad::from(place));
        self.0.open_separate_gather(nonce, place, ciphertext, tag, &mut value)?;
        Ok(value)
    }
}

struct Secretbox(XSalsa20Poly1305);

impl Secretbox {
    fn new(key: &[u8]) -> Option<Self> {
        let key: &[u8; 32] = key.try_into().ok()?;
        let key: &Key = key.into();
        Some(Self(XSalsa20Poly1305::new(key)))
    }
}

impl Cipher for Secretbox {
    fn encrypt(&self, _: &str, value: &[u8], out: &mut Vec<u8>) -> Result<(), Failed> {
        let mut nonce = [0; SECRETBOX_NONCE];
        rand::fill(&mut nonce)?;
        out.extend_from_slice(&nonce);
        let start = out.len() + TAG;
        out.resize(start, 0);
        out.extend_from_slice(value);
        let tag = self.0.encrypt_in_place_detached(&nonce.into(), &[], &mut out[start..]);
        out[start - TAG..start].copy_from_slice(&tag.map_err(|_| Failed)?);
        Ok(())
    }

    fn decrypt(&self, _: &str, stored: &[u8]) -> Result<Vec<u8>, Failed> {
        let (nonce, rest) = stored.split_first_chunk::<SECRETBOX_NONCE>().ok_or(Failed)?;
        let (tag, ciphertext) = rest.split_first_chunk::<TAG>().ok_or(Failed)?;
        let mut value = ciphertext.to_vec();
        let opened = self.0.decrypt_in_place_detached(nonce.into(), &[], &mut value, tag.into());
        opened.map(|()| value).map_err(|_| Failed)
    }
}

/// Reads alone: what it would write, anybody could change.
struct AesCbc(PaddedBlockDecryptingKey);

impl AesCbc {
    fn new(key: &[u8]) -> Option<Self> {
        let algorithm = match key.len() {
            16 => &cipher::AES_128,
            24 => &cipher::AES_192,
            32 => &cipher::AES_256,
            _ => return None,
        };
        let key = UnboundCipherKey::new(algorithm, key).ok()?;
        Some(Self(PaddedBlockDecryptingKey::cbc_pkcs7(key).ok()?))
    }
}

impl Cipher for AesCbc {
    fn encrypt(&self, _: &str, _: &[u8], _: &mut Vec<u8>) -> Result<(), Failed> {
        Err(Failed)
    }

    fn decrypt(&self, _: &str, stored: &[u8]) -> Result<Vec<u8>, Failed> {
        let (vector, blocks) = stored.split_first_chunk::<CBC_VECTOR>().ok_or(Failed)?;
        let mut value = blocks.to_vec();
        let context = DecryptionContext::Iv128(FixedLength::from(*vector));
        let length = self.0.decrypt(&mut value, context)?.len();
        value.truncate(length);
        Ok(value)
    }
}
