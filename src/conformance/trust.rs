//! Whom a client of a database believes.

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::aws_lc_rs::default_provider;
use rustls::crypto::{WebPkiSupportedAlgorithms, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{ClientConfig, DigitallySignedStruct, Error, RootCertStore, SignatureScheme};
use std::sync::Arc;

/// Whom it believes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Trust {
    /// It does not encrypt.
    Plain,
    /// It encrypts, and takes whoever answers, as libpq does by `sslmode=require` where it has no authority.
    Anybody,
    /// It encrypts, and takes a certificate for the host's name that one of these authorities (PEM) signed.
    Authority(String),
}

/// How it encrypts, if it does; what cannot be is told in words.
pub(super) fn client(trust: &Trust) -> Result<Option<ClientConfig>, String> {
    let provider = Arc::new(default_provider());
    let algorithms = provider.signature_verification_algorithms;
    let builder = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
    let builder = builder.map_err(|error| error.to_string())?;
    let builder = match trust {
        Trust::Plain => return Ok(None),
        Trust::Anybody => builder.dangerous().with_custom_certificate_verifier(Arc::new(Anybody(algorithms))),
        Trust::Authority(pem) => builder.with_root_certificates(authorities(pem)?),
    };
    Ok(Some(builder.with_no_client_auth()))
}

fn authorities(pem: &str) -> Result<RootCertStore, String> {
    let mut roots = RootCertStore::empty();
    for certificate in CertificateDer::pem_slice_iter(pem.as_bytes()) {
        let certificate = certificate.map_err(|error| format!("certificates are no PEM: {error}"))?;
        roots.add(certificate).map_err(|error| format!("certificates are no authority's: {error}"))?;
    }
    Ok(roots)
}

/// Takes every certificate whose key the server has.
#[derive(Debug)]
struct Anybody(WebPkiSupportedAlgorithms);

type Signed = Result<HandshakeSignatureValid, Error>;

impl ServerCertVerifier for Anybody {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        said: &[u8],
        by: &CertificateDer<'_>,
        how: &DigitallySignedStruct,
    ) -> Signed {
        verify_tls12_signature(said, by, how, &self.0)
    }

    fn verify_tls13_signature(
        &self,
        said: &[u8],
        by: &CertificateDer<'_>,
        how: &DigitallySignedStruct,
    ) -> Signed {
        verify_tls13_signature(said, by, how, &self.0)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.supported_schemes()
    }
}
