//! Encryption at rest: what stands between the values that an owner knows and those that an engine keeps.
//!
//! The form is that of Kubernetes' API server, so that each reads what the other wrote. In front of an encrypted value stands
//! which provider wrote it and with which key; behind that, what its cipher makes of it:
//!
//! ```text
//! k8s:enc:aesgcm:v1:KEYNAME:…      k8s:enc:secretbox:v1:KEYNAME:…      k8s:enc:aescbc:v1:KEYNAME:…
//! k8s:enc:kms:v2:KMSNAME:…
//! ```
//! Of the providers of a [`Transformer`] the first writes, and any reads (E-0D). What another than the first wrote is told as stale,
//! so that its owner writes it anew when the occasion arises.
//!
//! A value is decrypted where it is decoded, once, and encrypted where it is encoded, once; an engine and a cache see nothing
//! else than what is stored. A key is not to be seen: not by `Debug`, and not in an error.

mod cipher;
mod key;
pub mod kms;
mod providers;
#[cfg(test)]
mod tests;

use std::borrow::Cow;
use std::sync::Arc;

use arc_swap::ArcSwap;
use bytes::Bytes;
use futures_util::future::BoxFuture;

use crate::Error;

pub use key::{Algorithm, Key, Unfit};
pub use providers::{Provider, Providers};

/// A value as its owner knows it.
#[derive(Debug, PartialEq, Eq)]
pub struct Plain<'a> {
    /// Its bytes; borrowed where they are stored as they are.
    pub value: Cow<'a, [u8]>,
    /// Whether another provider or key would write it today.
    pub stale: bool,
}

/// How the values of some keys are stored. A clone is the same transformer. The default stores them as they are, and costs
/// nothing.
#[derive(Clone, Default)]
pub struct Transformer(Option<Arc<Rule>>);

struct Rule {
    /// What stands in front of every key where the values lie.
    root: String,
    providers: ArcSwap<Providers>,
}

impl Transformer {
    /// A transformer for values that lie at `root` followed by their key: [`crate::engine::Config::root`].
    pub fn new(root: impl Into<String>, providers: Providers) -> Self {
        Self(Some(Arc::new(Rule { root: root.into(), providers: ArcSwap::from_pointee(providers) })))
    }

    /// From now on these providers count. The default has none that could be replaced.
    pub fn replace(&self, providers: Providers) {
        if let Some(rule) = &self.0 {
            rule.providers.store(Arc::new(providers));
        }
    }

    /// The value as it is to be stored under `key`.
    ///
    /// # Errors
    /// [`Error::Io`] when it cannot be encrypted.
    pub fn encrypt(&self, key: &str, value: Bytes) -> Result<Bytes, Error> {
        match &self.0 {
            None => Ok(value),
            Some(rule) => rule.providers.load().encrypt(|| rule.place(key), value),
        }
    }

    /// What must be waited for before a stored value can be decrypted: a KMS that is to give its key. Nothing in most cases.
    pub fn prepare(&self, value: &[u8]) -> Option<BoxFuture<'static, ()>> {
        self.0.as_ref()?.providers.load().prepare(value)
    }

    /// The value that is stored under `key`.
    ///
    /// # Errors
    /// Why it cannot be read, which shows nothing of it but the names in front of it.
    pub fn decrypt<'a>(&self, key: &str, value: &'a [u8]) -> Result<Plain<'a>, String> {
        match &self.0 {
            None => providers::plain(value),
            Some(rule) => rule.providers.load().decrypt(|| rule.place(key), value),
        }
    }
}

impl Rule {
    /// Where a value lies, which is authenticated with it: moved elsewhere it cannot be read.
    fn place(&self, key: &str) -> String {
        [&self.root, key].concat()
    }
}
