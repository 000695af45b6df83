//! The server's own certificate authority.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair, KeyUsagePurpose};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use x509_parser::prelude::{FromDer, X509Certificate};

use super::Pair;
use super::error::CertificatesError;
use super::files::Folder;
use super::leaf::{self, Purpose};

/// How long the authority lives.
const LIFETIME: Duration = Duration::from_secs(10 * 365 * 24 * 60 * 60);
/// How far clocks may be apart.
const CLOCK_SKEW: Duration = Duration::from_secs(60 * 60);
const CERTIFICATE: &str = "ca.crt";
const KEY: &str = "ca.key";

/// The authority, able to issue.
pub(super) struct Authority {
    certificate: String,
    issuer: Issuer<'static, KeyPair>,
}

impl Authority {
    /// Reads the authority, or makes one when there is none. The key is written first: a key without a certificate is
    /// what an interrupted start leaves, and gets its certificate now.
    pub(super) fn ensure(folder: &Folder, api: &str) -> Result<Self, CertificatesError> {
        let (certificate, key) = match (folder.read(CERTIFICATE)?, folder.read(KEY)?) {
            (Some(certificate), Some(key)) => (certificate, key),
            (Some(_), None) => return Err(CertificatesError::AuthorityKeyMissing { key: folder.path(KEY) }),
            (None, key) => create(folder, api, key)?,
        };
        folder.restrict(KEY)?;
        let damaged = |name: &str| CertificatesError::AuthorityDamaged { path: folder.path(name) };
        let key = KeyPair::from_pem(&key).map_err(|_| damaged(KEY))?;
        if !is_good(&certificate, &key) {
            return Err(damaged(CERTIFICATE));
        }
        let issuer = Issuer::from_ca_cert_pem(&certificate, key).map_err(|_| damaged(CERTIFICATE))?;
        Ok(Self { certificate, issuer })
    }

    /// The authority's certificate, in PEM.
    pub(super) fn certificate(&self) -> &str {
        &self.certificate
    }

    /// Reads a certificate of this authority, or issues it when it is not good.
    pub(super) fn ensure_leaf(
        &self,
        folder: &Folder,
        purpose: &Purpose<'_>,
    ) -> Result<Pair, CertificatesError> {
        let [certificate_file, key_file] = purpose.files();
        if let (Some(certificate), Some(key)) = (folder.read(certificate_file)?, folder.read(key_file)?) {
            let pair = Pair { certificate, key };
            if leaf::is_good(&pair, purpose, &self.certificate) {
                folder.restrict(key_file)?;
                return Ok(pair);
            }
        }
        let pair = leaf::issue(&self.issuer, purpose)?;
        folder.write(key_file, &pair.key)?;
        folder.write(certificate_file, &pair.certificate)?;
        tracing::info!(file = %folder.path(certificate_file).display(), "certificate issued");
        Ok(pair)
    }
}

fn create(folder: &Folder, api: &str, key: Option<String>) -> Result<(String, String), CertificatesError> {
    let key = match key {
        Some(pem) => KeyPair::from_pem(&pem)
            .map_err(|_| CertificatesError::AuthorityDamaged { path: folder.path(KEY) })?,
        None => KeyPair::generate()?,
    };
    let mut params = CertificateParams::new(Vec::new())?;
    params.distinguished_name.push(DnType::CommonName, format!("{api}-ca@{}", now().as_secs()));
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    set_validity(&mut params, LIFETIME);
    let certificate = params.self_signed(&key)?.pem();
    let key = key.serialize_pem();
    folder.write(KEY, &key)?;
    folder.write(CERTIFICATE, &certificate)?;
    Ok((certificate, key))
}

/// Whether the certificate can be read, is valid now and belongs to the key.
fn is_good(certificate: &str, key: &KeyPair) -> bool {
    let Ok(certificate) = CertificateDer::from_pem_slice(certificate.as_bytes()) else { return false };
    let Ok((_, parsed)) = X509Certificate::from_der(&certificate) else { return false };
    parsed.is_ca() && parsed.validity().is_valid() && belongs(&parsed, key)
}

/// Whether the certificate is about this key.
pub(super) fn belongs(certificate: &X509Certificate<'_>, key: &KeyPair) -> bool {
    *certificate.public_key().subject_public_key.data == *key.public_key_raw()
}

/// Valid from an hour ago for `lifetime` from now.
pub(super) fn set_validity(params: &mut CertificateParams, lifetime: Duration) {
    let epoch = rcgen::date_time_ymd(1970, 1, 1);
    params.not_before = epoch + now().saturating_sub(CLOCK_SKEW);
    params.not_after = epoch + now() + lifetime;
}

/// The time since 1970.
pub(super) fn now() -> Duration {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default()
}
