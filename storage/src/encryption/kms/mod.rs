//! Keys of a KMS, in the form of Kubernetes' version 2 (E-0E).
//!
//! A server makes a seed, lets the KMS wrap it, and writes with it until the KMS has another key; in front of each value stands
//! the wrapped seed. What others wrote has seeds of theirs, which the KMS gives back once each. Asking takes time, and a value
//! is decrypted where nobody can wait: so [`Kms::prepare`] is waited for before, which asks where it must. What the KMS does not
//! give is asked for again later, by [`Kms::retry`], and until then a value that needs it cannot be read.

mod envelope;
mod seed;
mod seeds;
#[cfg(test)]
mod tests;

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use arc_swap::ArcSwapOption;
use async_trait::async_trait;
use aws_lc_rs::rand;
use tokio::time::Instant;

use envelope::Kind;
pub use envelope::Sealed;
use seed::{SEED, Seed};
use seeds::Seeds;

use super::key::Unfit;
use super::providers::ENCRYPTED;
use crate::Error;

/// Why a KMS did not give a secret.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Failure {
    /// It does not answer.
    #[error("{0}")]
    Unavailable(String),
    /// It does not give this one.
    #[error("{0}")]
    Refused(String),
}

/// What gives secrets back.
#[async_trait]
pub trait Unseal: Send + Sync + 'static {
    /// The secret that was wrapped.
    async fn unseal(&self, sealed: &Sealed) -> Result<Vec<u8>, Failure>;

    /// A value was read with what this key had wrapped, or written.
    fn used(&self, _key_id: &str, _is_read: bool) {}
}

/// Keys of a KMS. A clone is the same.
#[derive(Clone)]
pub struct Kms(Arc<Inner>);

struct Inner {
    name: Arc<str>,
    prefix: String,
    unseal: Box<dyn Unseal>,
    writing: ArcSwapOption<Writing>,
    seeds: Mutex<Seeds>,
}

/// What is written with, and until when.
struct Writing {
    sealed: Arc<Sealed>,
    seed: Arc<Seed>,
    until: Instant,
}

impl Kms {
    /// The KMS of that name, which cannot write yet.
    ///
    /// # Errors
    /// [`Unfit`] when the name cannot stand in front of values.
    pub fn new(name: &str, unseal: impl Unseal) -> Result<Self, Unfit> {
        if name.is_empty() || name.contains(':') {
            return Err(Unfit::Misnamed);
        }
        Ok(Self(Arc::new(Inner {
            name: name.into(),
            prefix: format!("{ENCRYPTED}kms:v2:{name}:"),
            unseal: Box::new(unseal),
            writing: ArcSwapOption::empty(),
            seeds: Mutex::default(),
        })))
    }

    /// Bytes that nobody can guess, to be wrapped by the KMS.
    ///
    /// # Errors
    /// [`Error::Io`] when the system has none.
    pub fn fresh_seed() -> Result<[u8; SEED], Error> {
        let mut seed = [0; SEED];
        let told = |_| Error::Io("the system gives no random bytes".to_owned());
        rand::fill(&mut seed).map(|()| seed).map_err(told)
    }

    /// Writes with this seed from now on, until then.
    pub fn write_with(&self, seed: &[u8; SEED], sealed: Sealed, until: Instant) {
        let Some(seed) = Seed::new(Kind::Seed, seed).map(Arc::new) else { return };
        let sealed = Arc::new(sealed);
        self.seeds().insert(sealed.clone(), seed.clone());
        self.0.writing.store(Some(Arc::new(Writing { sealed, seed, until })));
    }

    /// Goes on with the present seed until then, if the KMS's key is still the one that wrapped it; whether it is.
    pub fn extend(&self, key_id: &str, until: Instant) -> bool {
        let Some(writing) = self.0.writing.load_full().filter(|writing| writing.sealed.key_id == key_id)
        else {
            return false;
        };
        let (sealed, seed) = (writing.sealed.clone(), writing.seed.clone());
        self.0.writing.store(Some(Arc::new(Writing { sealed, seed, until })));
        true
    }

    /// How many secrets it gave that are kept.
    pub fn known(&self) -> usize {
        self.seeds().len()
    }

    /// Asks again for what the KMS did not give; whether it gave anything.
    pub async fn retry(&self) -> bool {
        let due = self.seeds().due(Instant::now());
        let mut any = false;
        for sealed in due {
            any |= self.open(sealed).await;
        }
        any
    }

    /// What must be asked for before a stored value can be decrypted.
    pub(super) fn wanted(&self, value: &[u8]) -> Option<Arc<Sealed>> {
        let (sealed, _) = envelope::decode(value.strip_prefix(self.0.prefix.as_bytes())?).ok()?;
        let sealed = Arc::new(sealed);
        self.seeds().is_wanted(&sealed, Instant::now()).then_some(sealed)
    }

    /// Asks for a secret, if it is time to; whether it came.
    pub(super) async fn open(&self, sealed: Arc<Sealed>) -> bool {
        if !self.seeds().is_wanted(&sealed, Instant::now()) {
            return false;
        }
        let given = self.0.unseal.unseal(&sealed).await.and_then(|secret| {
            let fits = Seed::new(sealed.kind, &secret).map(Arc::new);
            fits.ok_or_else(|| Failure::Refused(format!("it gave a secret of {} bytes", secret.len())))
        });
        match given {
            Ok(seed) => {
                self.seeds().insert(sealed, seed);
                true
            }
            Err(failure) => {
                self.seeds().failed(sealed, &failure, Instant::now());
                false
            }
        }
    }

    pub(super) fn encrypt(&self, place: &str, value: &[u8]) -> Result<Vec<u8>, Error> {
        let told =
            |what: &str| Error::Io(format!("the value of {place} cannot be encrypted: {self:?} {what}"));
        let writing = self.0.writing.load();
        let writing = writing.as_ref().ok_or_else(|| told("has not given a key yet"))?;
        if writing.until < Instant::now() {
            return Err(told("has not answered for too long; its present key is not used any more"));
        }
        let data = writing.seed.encrypt(place, value).map_err(|_| told("gave a key that does not work"))?;
        self.0.unseal.used(&writing.sealed.key_id, false);
        Ok([self.0.prefix.as_bytes(), &envelope::encode(&writing.sealed, data)].concat())
    }

    /// The value, and whether another key would write it today; `None` when another provider wrote it.
    pub(super) fn decrypt(&self, place: &str, value: &[u8]) -> Option<Result<(Vec<u8>, bool), String>> {
        let stored = value.strip_prefix(self.0.prefix.as_bytes())?;
        Some(self.decrypt_stored(place, stored))
    }

    fn decrypt_stored(&self, place: &str, stored: &[u8]) -> Result<(Vec<u8>, bool), String> {
        let told = |why: &str| format!("it cannot be decrypted with keys of {self:?}: {why}");
        let (sealed, data) = envelope::decode(stored).map_err(|why| told(&why))?;
        let seed = self.seeds().get(&sealed);
        let seed = seed.map_err(|why| told(&format!("{why}; it is asked for the key again")))?;
        let value = seed.decrypt(place, &data).map_err(|_| told("the value was damaged or moved"))?;
        self.0.unseal.used(&sealed.key_id, true);
        let writing = self.0.writing.load();
        let stale = writing.as_ref().is_some_and(|writing| {
            (&writing.sealed.key_id, writing.sealed.kind) != (&sealed.key_id, sealed.kind)
        });
        Ok((value, stale))
    }

    fn seeds(&self) -> MutexGuard<'_, Seeds> {
        self.0.seeds.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Kms {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "the KMS {:?}", self.0.name)
    }
}
