//! Providers in order: the first writes, any reads.

use std::borrow::Cow;
use std::fmt;

use bytes::Bytes;
use futures_util::future::BoxFuture;

use super::Plain;
use super::cipher::LARGEST_OVERHEAD;
use super::key::{Algorithm, Key, Unfit};
use super::kms::Kms;
use crate::Error;

/// What every encrypted value begins with. No object does: JSON begins with a brace.
pub(super) const ENCRYPTED: &str = "k8s:enc:";
/// A longer name is not shown.
const LONGEST_NAME: usize = 64;

/// How a value may be stored.
#[derive(Clone)]
pub enum Provider {
    /// As it is.
    Identity,
    /// Encrypted with this key.
    Key(Key),
    /// Encrypted with keys of this KMS.
    Kms(Kms),
}

impl fmt::Debug for Provider {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Identity => out.write_str("identity"),
            Self::Key(key) => key.fmt(out),
            Self::Kms(kms) => kms.fmt(out),
        }
    }
}

/// Providers in order.
#[derive(Clone, Debug)]
pub struct Providers(Vec<Provider>);

impl Default for Providers {
    /// Values are stored as they are.
    fn default() -> Self {
        Self(vec![Provider::Identity])
    }
}

impl Providers {
    /// These providers, of which the first writes.
    ///
    /// # Errors
    /// [`Unfit`] when there is none, or the first cannot write.
    pub fn new(providers: Vec<Provider>) -> Result<Self, Unfit> {
        match providers.first() {
            None => Err(Unfit::Empty),
            Some(Provider::Key(Key { algorithm: algorithm @ Algorithm::AesCbc, .. })) => {
                Err(Unfit::ReadsOnly(*algorithm))
            }
            Some(_) => Ok(Self(providers)),
        }
    }

    /// The one that writes.
    pub fn first(&self) -> &Provider {
        &self.0[0]
    }

    pub(super) fn encrypt(&self, place: impl Fn() -> String, value: Bytes) -> Result<Bytes, Error> {
        let key = match self.first() {
            Provider::Identity => return Ok(value),
            Provider::Kms(kms) => return kms.encrypt(&place(), &value).map(Bytes::from),
            Provider::Key(key) => key,
        };
        let mut stored = Vec::with_capacity(key.prefix.len() + LARGEST_OVERHEAD + value.len());
        stored.extend_from_slice(key.prefix.as_bytes());
        let place = place();
        match key.cipher.encrypt(&place, &value, &mut stored) {
            Ok(()) => Ok(stored.into()),
            Err(_) => Err(Error::Io(format!("the value of {place} cannot be encrypted with the {key:?}"))),
        }
    }

    pub(super) fn decrypt<'a>(
        &self,
        place: impl Fn() -> String,
        value: &'a [u8],
    ) -> Result<Plain<'a>, String> {
        let mut failed: Option<String> = None;
        for (index, provider) in self.0.iter().enumerate() {
            let found = match provider {
                Provider::Identity => (!is_encrypted(value)).then_some(Ok((Cow::Borrowed(value), false))),
                Provider::Key(key) => value.strip_prefix(key.prefix.as_bytes()).map(|stored| {
                    let decrypted = key.cipher.decrypt(&place(), stored);
                    decrypted.map(|value| (Cow::Owned(value), false)).map_err(|_| wrong(key))
                }),
                Provider::Kms(kms) => kms
                    .decrypt(&place(), value)
                    .map(|decrypted| decrypted.map(|(value, stale)| (Cow::Owned(value), stale))),
            };
            match found {
                None => {}
                Some(Ok((value, stale))) => return Ok(Plain { value, stale: stale || index > 0 }),
                Some(Err(reason)) => failed = failed.or(Some(reason)),
            }
        }
        Err(failed.unwrap_or_else(|| unreadable(value)))
    }

    /// What must be waited for before a value can be decrypted.
    pub(super) fn prepare(&self, value: &[u8]) -> Option<BoxFuture<'static, ()>> {
        let wanted = self.0.iter().find_map(|provider| match provider {
            Provider::Kms(kms) => Some((kms.clone(), kms.wanted(value)?)),
            Provider::Identity | Provider::Key(_) => None,
        });
        let (kms, sealed) = wanted?;
        Some(Box::pin(async move {
            kms.open(sealed).await;
        }))
    }
}

fn wrong(key: &Key) -> String {
    format!(
        "it cannot be decrypted with the {key:?}: the value was written with another key of that name, or was damaged or moved"
    )
}

/// A value that is stored as it is.
pub(super) fn plain(value: &[u8]) -> Result<Plain<'_>, String> {
    match is_encrypted(value) {
        false => Ok(Plain { value: Cow::Borrowed(value), stale: false }),
        true => Err(unreadable(value)),
    }
}

fn is_encrypted(value: &[u8]) -> bool {
    value.starts_with(ENCRYPTED.as_bytes())
}

/// Why no provider reads a value.
fn unreadable(value: &[u8]) -> String {
    let Some(envelope) = value.strip_prefix(ENCRYPTED.as_bytes()) else {
        return "it is not encrypted, and the configuration of encryption must name the provider identity to read it"
            .to_owned();
    };
    let mut words = envelope.split(|byte| *byte == b':').map(word);
    let (provider, _version, name) = (words.next().flatten(), words.next(), words.next().flatten());
    match (provider, name) {
        (Some(provider), Some(name)) => format!(
            "it is encrypted by {provider} with a key named {name:?}, which the configuration of encryption must name"
        ),
        _ => "it is encrypted in a way that is not known here".to_owned(),
    }
}

/// What may be shown: a name, and not what could be a part of a value.
fn word(bytes: &[u8]) -> Option<&str> {
    let fits = (1..=LONGEST_NAME).contains(&bytes.len()) && bytes.iter().all(u8::is_ascii_graphic);
    std::str::from_utf8(bytes).ok().filter(|_| fits)
}
