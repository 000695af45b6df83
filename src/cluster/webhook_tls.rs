//! Whom a webhook's configuration lets the server trust.

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::{WebPkiServerVerifier, verify_server_name};
use rustls::crypto::CryptoProvider;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::{CertificateError, ClientConfig, DigitallySignedStruct, Error, RootCertStore, SignatureScheme};
use std::sync::Arc;
use x509_parser::prelude::{ASN1Time, FromDer, X509Certificate};

/// How to connect to a webhook whose caBundle, in PEM, this is.
pub(super) fn config(ca: &[u8]) -> Result<ClientConfig, String> {
    let builder = ClientConfig::builder_with_provider(provider()).with_safe_default_protocol_versions();
    let builder = builder.map_err(|error| error.to_string())?;
    let verifier = Arc::new(verifier(ca)?);
    Ok(builder.dangerous().with_custom_certificate_verifier(verifier).with_no_client_auth())
}

/// The authorities of the bundle alone, or those of this machine where there is none.
fn verifier(ca: &[u8]) -> Result<Verifier, String> {
    let wrong = |error: &dyn std::fmt::Display| format!("its caBundle cannot be read: {error}");
    let mut roots = RootCertStore::empty();
    let bundle: Vec<CertificateDer<'static>> =
        CertificateDer::pem_slice_iter(ca).collect::<Result<_, _>>().map_err(|error| wrong(&error))?;
    for certificate in &bundle {
        roots.add(certificate.clone()).map_err(|error| wrong(&error))?;
    }
    if ca.is_empty() {
        roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    }
    let by_authority = WebPkiServerVerifier::builder_with_provider(Arc::new(roots), provider());
    let by_authority = by_authority.build().map_err(|error| wrong(&error))?;
    Ok(Verifier { bundle, by_authority })
}

fn provider() -> Arc<CryptoProvider> {
    Arc::new(rustls::crypto::aws_lc_rs::default_provider())
}

/// Takes what an authority of the bundle vouches for, and what the bundle itself holds: many webhooks have a certificate
/// that is its own authority, and kube-apiserver takes it.
#[derive(Debug)]
struct Verifier {
    bundle: Vec<CertificateDer<'static>>,
    by_authority: Arc<WebPkiServerVerifier>,
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
        if !self.bundle.iter().any(|held| held == end_entity) {
            return self.by_authority.verify_server_cert(end_entity, intermediates, name, ocsp, now);
        }
        verify_server_name(&ParsedCertificate::try_from(end_entity)?, name)?;
        check_use(end_entity, now)?;
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.by_authority.verify_tls12_signature(message, certificate, signature)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.by_authority.verify_tls13_signature(message, certificate, signature)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.by_authority.supported_verify_schemes()
    }
}

/// It must be valid now and, where it says what it is for, for servers.
fn check_use(certificate: &CertificateDer<'_>, now: UnixTime) -> Result<(), Error> {
    let wrong = |reason| Error::InvalidCertificate(reason);
    let (_, parsed) =
        X509Certificate::from_der(certificate).map_err(|_| wrong(CertificateError::BadEncoding))?;
    let seconds = i64::try_from(now.as_secs()).unwrap_or(i64::MAX);
    let now = ASN1Time::from_timestamp(seconds).map_err(|_| wrong(CertificateError::BadEncoding))?;
    if now < parsed.validity().not_before {
        return Err(wrong(CertificateError::NotValidYet));
    }
    if now > parsed.validity().not_after {
        return Err(wrong(CertificateError::Expired));
    }
    let uses = parsed
        .extended_key_usage()
        .map_err(|_| wrong(CertificateError::BadEncoding))?
        .map(|found| found.value);
    match uses {
        Some(uses) if !uses.any && !uses.server_auth => Err(wrong(CertificateError::InvalidPurpose)),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rcgen::{BasicConstraints, CertificateParams, ExtendedKeyUsagePurpose, IsCa, KeyPair};

    struct Own {
        names: &'static [&'static str],
        until: i32,
        purpose: Option<ExtendedKeyUsagePurpose>,
    }

    /// A certificate that is its own authority.
    fn own(own: Own) -> (String, CertificateDer<'static>) {
        let names: Vec<String> = own.names.iter().map(|name| (*name).to_owned()).collect();
        let mut params = CertificateParams::new(names).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.not_after = rcgen::date_time_ymd(own.until, 1, 1);
        params.extended_key_usages = own.purpose.into_iter().collect();
        let made = params.self_signed(&KeyPair::generate().unwrap()).unwrap();
        (made.pem(), made.der().clone())
    }

    fn verified(bundle: &str, shown: &CertificateDer<'_>) -> Result<(), String> {
        let name = ServerName::try_from("hook.demo.svc").unwrap();
        let verdict =
            verifier(bundle.as_bytes()).unwrap().verify_server_cert(shown, &[], &name, &[], UnixTime::now());
        verdict.map(drop).map_err(|error| error.to_string())
    }

    #[test]
    fn a_certificate_that_is_its_own_authority_is_taken() {
        let good = || Own { names: &["hook.demo.svc"], until: 2100, purpose: None };
        let (pem, shown) = own(good());
        assert_eq!(verified(&pem, &shown), Ok(()));
        let (_, other) = own(good());
        assert!(verified(&pem, &other).is_err());
        for (bad, reason) in [
            (Own { names: &["other.demo.svc"], ..good() }, "not valid for name"),
            (Own { until: 2021, ..good() }, "Expired"),
            (Own { purpose: Some(ExtendedKeyUsagePurpose::ClientAuth), ..good() }, "InvalidPurpose"),
        ] {
            let (pem, shown) = own(bad);
            let error = verified(&pem, &shown).unwrap_err();
            assert!(error.contains(reason), "{error}");
        }
    }
}
