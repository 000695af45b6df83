//! Encryption of connections to servers of others, as `sslmode` asks for it.

use super::server::{Server, SslMode};
use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{CertificateError, ClientConfig, DigitallySignedStruct, Error, RootCertStore, SignatureScheme};
use std::sync::Arc;

/// How to connect to a server; what cannot be is told in words.
pub(super) fn config(server: &Server) -> Result<ClientConfig, String> {
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let builder = ClientConfig::builder_with_provider(provider.clone()).with_safe_default_protocol_versions();
    let builder = builder.map_err(|error| error.to_string())?;
    let verifier = match server.mode {
        SslMode::VerifyCa | SslMode::VerifyFull => {
            Some(by_authority(server.authorities.as_deref(), &provider)?)
        }
        SslMode::Disable | SslMode::Prefer | SslMode::Require => None,
    };
    let held = held(server.authorities.as_deref());
    let names = server.mode == SslMode::VerifyFull;
    let verifier = Verifier { provider, by_authority: verifier, held, names };
    Ok(builder.dangerous().with_custom_certificate_verifier(Arc::new(verifier)).with_no_client_auth())
}

/// By the Secret's authorities alone, or by those of this machine where it has none.
fn by_authority(
    pem: Option<&str>,
    provider: &Arc<CryptoProvider>,
) -> Result<Arc<WebPkiServerVerifier>, String> {
    let mut roots = RootCertStore::empty();
    match pem {
        Some(pem) => {
            for certificate in CertificateDer::pem_slice_iter(pem.as_bytes()) {
                let added = certificate
                    .map_err(|error| error.to_string())
                    .and_then(|certificate| roots.add(certificate).map_err(|error| error.to_string()));
                added.map_err(|error| {
                    format!("the authorities in its key certificates cannot be read: {error}")
                })?;
            }
        }
        None => drop(roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs)),
    }
    WebPkiServerVerifier::builder_with_provider(Arc::new(roots), provider.clone())
        .build()
        .map_err(|error| format!("no authority vouches for the server: {error}"))
}

/// The certificates of the authorities.
fn held(pem: Option<&str>) -> Vec<CertificateDer<'static>> {
    CertificateDer::pem_slice_iter(pem.unwrap_or_default().as_bytes()).flatten().collect()
}

/// Takes whom the authorities vouch for, under any name where names do not count, or whoever answers where there are none. A
/// server's certificate may be its own authority, as libpq takes it.
#[derive(Debug)]
struct Verifier {
    provider: Arc<CryptoProvider>,
    by_authority: Option<Arc<WebPkiServerVerifier>>,
    held: Vec<CertificateDer<'static>>,
    names: bool,
}

impl ServerCertVerifier for Verifier {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        ocsp: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let Some(by_authority) = &self.by_authority else { return Ok(ServerCertVerified::assertion()) };
        match by_authority.verify_server_cert(end_entity, intermediates, name, ocsp, now) {
            // A name is judged last: everything else holds.
            Err(Error::InvalidCertificate(
                CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. },
            )) if !self.names => Ok(ServerCertVerified::assertion()),
            // Everything else was judged before: an authority may be no server, in WebPKI's eyes.
            Err(Error::InvalidCertificate(CertificateError::Other(_)))
                if !self.names && self.held.iter().any(|held| held == end_entity) =>
            {
                Ok(ServerCertVerified::assertion())
            }
            other => other,
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        verify_tls12_signature(message, certificate, signature, algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        verify_tls13_signature(message, certificate, signature, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::backend::postgresql::Secret;
    use rcgen::{BasicConstraints, CertificateParams, IsCa, KeyPair};

    /// Whether a server of that certificate is taken, by these authorities.
    fn takes(certificate: &CertificateDer<'_>, authorities: &str, mode: SslMode) -> bool {
        let server = Server {
            secret: String::new(),
            host: "shop".into(),
            port: 5432,
            username: String::new(),
            password: Secret::new(""),
            database: String::new(),
            mode,
            authorities: Some(authorities.into()),
            superuser: false,
        };
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let by_authority = by_authority(server.authorities.as_deref(), &provider).expect("authorities");
        let (held, names) = (held(server.authorities.as_deref()), mode == SslMode::VerifyFull);
        let verifier = Verifier { provider, by_authority: Some(by_authority), held, names };
        let name = ServerName::try_from("shop").expect("a name");
        verifier.verify_server_cert(certificate, &[], &name, &[], UnixTime::now()).is_ok()
    }

    #[test]
    fn a_servers_certificate_may_be_its_own_authority() {
        let signed = |is_ca: IsCa| {
            let mut params = CertificateParams::new(vec!["other".into()]).expect("names");
            params.is_ca = is_ca;
            params.self_signed(&KeyPair::generate().expect("a key")).expect("a certificate")
        };
        for is_ca in [IsCa::Ca(BasicConstraints::Unconstrained), IsCa::NoCa] {
            let (own, other) = (signed(is_ca), signed(is_ca));
            assert!(takes(own.der(), &own.pem(), SslMode::VerifyCa));
            assert!(!takes(own.der(), &other.pem(), SslMode::VerifyCa), "another vouches for nobody");
            assert!(!takes(own.der(), &own.pem(), SslMode::VerifyFull), "it is of another name");
        }
    }
}
