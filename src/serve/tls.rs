//! The TLS side of the listener: TLS 1.2 and above, one provider, a configuration that can be replaced while serving.

use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use arc_swap::ArcSwap;
use rustls::crypto::CryptoProvider;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{DistinguishedName, ServerConfig};

use super::client_certificate::{CaBundle, DeferredVerifier};
use super::error::Error;

/// What the server shows in a handshake.
#[derive(Debug)]
pub struct TlsMaterial {
    certificates: Vec<CertificateDer<'static>>,
    key: PrivateKeyDer<'static>,
    acceptable: Vec<DistinguishedName>,
}

/// The TLS configuration of a listener. A clone is the same configuration.
#[derive(Clone, Debug)]
pub struct Tls {
    shown: Arc<Mutex<Shown>>,
    current: Arc<ArcSwap<ServerConfig>>,
}

/// What the configuration is made of.
#[derive(Debug)]
struct Shown {
    material: TlsMaterial,
    /// The authorities advertised for client certificates, beside those of the material.
    acceptable: Vec<DistinguishedName>,
}

impl TlsMaterial {
    /// Reads the serving certificate, leaf first, and its key from PEM.
    pub fn from_pem(certificates: &[u8], key: &[u8]) -> Result<Self, Error> {
        let certificates = CertificateDer::pem_slice_iter(certificates)
            .collect::<Result<Vec<_>, _>>()
            .map_err(|source| Error::Pem { what: "the serving certificate", source })?;
        if certificates.is_empty() {
            return Err(Error::NoCertificate);
        }
        let key = PrivateKeyDer::from_pem_slice(key)
            .map_err(|source| Error::Pem { what: "the private key of the serving certificate", source })?;
        Ok(Self { certificates, key, acceptable: Vec::new() })
    }

    /// Reads the serving certificate and its key from files.
    pub fn from_files(certificates: &Path, key: &Path) -> Result<Self, Error> {
        let read =
            |path: &Path| std::fs::read(path).map_err(|source| Error::Read { path: path.to_owned(), source });
        Self::from_pem(&read(certificates)?, &read(key)?)
    }

    /// Advertises the authorities of `bundle` as acceptable for client certificates. Clients with certificates of
    /// other authorities then present none; without any advertised, they present what they have.
    pub fn accepting(mut self, bundle: &CaBundle) -> Self {
        self.acceptable.extend_from_slice(bundle.subjects());
        self
    }

    fn config(&self, more: &[DistinguishedName]) -> Result<Arc<ServerConfig>, Error> {
        let verifier = Arc::new(DeferredVerifier::new([&self.acceptable, more].concat()));
        let mut config = ServerConfig::builder_with_provider(provider())
            .with_safe_default_protocol_versions()
            .map_err(Error::Tls)?
            .with_client_cert_verifier(verifier)
            .with_single_cert(self.certificates.clone(), self.key.clone_key())
            .map_err(Error::Tls)?;
        config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        Ok(Arc::new(config))
    }
}

impl Tls {
    /// Starts with this material.
    pub fn new(material: TlsMaterial) -> Result<Self, Error> {
        let current = Arc::new(ArcSwap::new(material.config(&[])?));
        let shown = Shown { material, acceptable: Vec::new() };
        Ok(Self { shown: Arc::new(Mutex::new(shown)), current })
    }

    /// Serves the next handshakes with this material; on an error the present one stays. Sessions of the old
    /// configuration cannot be resumed, because each configuration keeps its own.
    pub fn reload(&self, material: TlsMaterial) -> Result<(), Error> {
        let mut shown = self.shown.lock().unwrap_or_else(PoisonError::into_inner);
        self.current.store(material.config(&shown.acceptable)?);
        shown.material = material;
        Ok(())
    }

    /// Advertises the authorities of these bundles from the next handshake on, in place of those before.
    pub fn accept(&self, bundles: &[&CaBundle]) -> Result<(), Error> {
        let acceptable: Vec<_> = bundles.iter().flat_map(|bundle| bundle.subjects()).cloned().collect();
        let mut shown = self.shown.lock().unwrap_or_else(PoisonError::into_inner);
        self.current.store(shown.material.config(&acceptable)?);
        shown.acceptable = acceptable;
        Ok(())
    }

    pub(super) fn current(&self) -> Arc<ServerConfig> {
        self.current.load_full()
    }
}

/// The one cryptography provider, named explicitly so that no process-wide default is needed.
pub(super) fn provider() -> Arc<CryptoProvider> {
    Arc::new(rustls::crypto::aws_lc_rs::default_provider())
}
