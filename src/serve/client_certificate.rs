//! Client certificates: taken as they are in the handshake, verified when somebody wants to believe them.
//!
//! The handshake cannot verify, because several bundles may vouch for a certificate, each for another purpose, and
//! because they change while connections live.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use rustls::client::danger::HandshakeSignatureValid;
use rustls::crypto::{WebPkiSupportedAlgorithms, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, UnixTime};
use rustls::server::WebPkiClientVerifier;
use rustls::server::danger::{ClientCertVerified, ClientCertVerifier};
use rustls::{DigitallySignedStruct, DistinguishedName, RootCertStore, SignatureScheme};
use x509_parser::prelude::{FromDer, X509Certificate, X509Name};

use super::error::Error;
use super::tls::provider;

/// The attribute of a subject that carries a user's unique id.
const UID_OID: &str = "1.3.6.1.4.1.57683.2";

/// Certificate authorities that vouch for client certificates.
#[derive(Clone, Debug)]
pub struct CaBundle {
    id: u64,
    verifier: Arc<dyn ClientCertVerifier>,
}

/// Whom a verified client certificate names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// The subject's common name.
    pub common_name: String,
    /// The subject's organizations.
    pub organizations: Vec<String>,
    /// The subject's unique id; empty when it has none.
    pub uid: String,
    /// Until when the presented chain is valid, in seconds since 1970.
    pub not_after: i64,
}

/// Why a client certificate is not believed.
#[derive(Clone, Debug, thiserror::Error)]
pub enum CertificateError {
    /// The bundle does not vouch for it, or it is expired, not yet valid or not meant for clients.
    #[error("the client certificate is not valid: {0}")]
    Untrusted(rustls::Error),
    /// There is no certificate to verify.
    #[error("the client presented no certificate")]
    Missing,
    /// The certificate cannot be read.
    #[error("the client certificate cannot be parsed")]
    Malformed,
    /// The subject names nobody.
    #[error("the client certificate's subject has no common name")]
    Nameless,
}

impl CaBundle {
    /// Reads a bundle of PEM-encoded certificates.
    pub fn from_pem(pem: &[u8]) -> Result<Self, Error> {
        static NEXT: AtomicU64 = AtomicU64::new(1);
        let mut roots = RootCertStore::empty();
        for certificate in CertificateDer::pem_slice_iter(pem) {
            let certificate = certificate
                .map_err(|source| Error::Pem { what: "the bundle of certificate authorities", source })?;
            roots.add(certificate).map_err(Error::Tls)?;
        }
        if roots.is_empty() {
            return Err(Error::EmptyBundle);
        }
        let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider());
        let verifier = verifier.build().map_err(Error::Verifier)?;
        Ok(Self { id: NEXT.fetch_add(1, Ordering::Relaxed), verifier })
    }

    /// A number no other bundle of this process has; a reloaded bundle is another one.
    pub fn id(&self) -> u64 {
        self.id
    }

    /// The authorities' names, for the list of acceptable ones a handshake advertises.
    pub fn subjects(&self) -> &[DistinguishedName] {
        self.verifier.root_hint_subjects()
    }
}

/// Verifies a presented chain, leaf first, for use by a client and reads whom it names.
pub fn verify_client(chain: &[CertificateDer<'_>], bundle: &CaBundle) -> Result<Identity, CertificateError> {
    let (leaf, intermediates) = chain.split_first().ok_or(CertificateError::Missing)?;
    let verified = bundle.verifier.verify_client_cert(leaf, intermediates, UnixTime::now());
    verified.map_err(CertificateError::Untrusted)?;
    let (_, parsed) = X509Certificate::from_der(leaf).map_err(|_| CertificateError::Malformed)?;
    let subject = parsed.subject();
    let common_name = values(subject.iter_common_name()).next().ok_or(CertificateError::Nameless)?;
    let not_after = chain.iter().filter_map(not_after).min().ok_or(CertificateError::Malformed)?;
    Ok(Identity {
        common_name,
        organizations: values(subject.iter_organization()).collect(),
        uid: uid(subject).unwrap_or_default(),
        not_after,
    })
}

fn not_after(certificate: &CertificateDer<'_>) -> Option<i64> {
    X509Certificate::from_der(certificate).ok().map(|(_, parsed)| parsed.validity().not_after.timestamp())
}

fn uid(subject: &X509Name<'_>) -> Option<String> {
    let found = subject.iter_attributes().filter(|attribute| attribute.attr_type().to_id_string() == UID_OID);
    values(found).next()
}

fn values<'a>(
    attributes: impl Iterator<Item = &'a x509_parser::x509::AttributeTypeAndValue<'a>>,
) -> impl Iterator<Item = String> {
    attributes
        .filter_map(|attribute| attribute.as_str().ok())
        .filter(|text| !text.is_empty())
        .map(str::to_owned)
}

/// Takes any certificate whose key the client proves to have.
#[derive(Debug)]
pub(super) struct DeferredVerifier {
    acceptable: Vec<DistinguishedName>,
    algorithms: WebPkiSupportedAlgorithms,
}

impl DeferredVerifier {
    pub(super) fn new(acceptable: Vec<DistinguishedName>) -> Self {
        Self { acceptable, algorithms: provider().signature_verification_algorithms }
    }
}

impl ClientCertVerifier for DeferredVerifier {
    fn client_auth_mandatory(&self) -> bool {
        false
    }

    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        &self.acceptable
    }

    fn verify_client_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: UnixTime,
    ) -> Result<ClientCertVerified, rustls::Error> {
        Ok(ClientCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls12_signature(message, certificate, signature, &self.algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls13_signature(message, certificate, signature, &self.algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.algorithms.supported_schemes()
    }
}
