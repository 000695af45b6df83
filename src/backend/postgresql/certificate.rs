//! Serving certificates: signed by an authority of ours, or given by somebody.

use super::Secret;
use jiff::{Timestamp, ToSpan, civil::Date, tz::TimeZone};
use rcgen::{
    BasicConstraints, CertificateParams, DnType, Error, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose,
};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use serde::{Deserialize, Serialize};

/// For how long an authority, and what it signs, is valid, in years.
const AUTHORITY_YEARS: i32 = 20;
const LEAF_YEARS: i32 = 1;
/// How long before its end a certificate is replaced.
const RENEW_DAYS: i64 = 60;

/// Who signs certificates.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::backend) struct Authority {
    /// Its certificate, PEM.
    pub(in crate::backend) certificate: String,
    pub(in crate::backend) key: Secret,
}

/// A certificate of ours.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::backend) struct Issued {
    pub(in crate::backend) chain: String,
    pub(in crate::backend) key: Secret,
    /// The certificate of who signed it.
    pub(in crate::backend) ca: String,
    /// When to replace it, in seconds since 1970.
    pub(in crate::backend) renew_at: i64,
}

impl Authority {
    /// A new one of that name.
    pub(in crate::backend) fn generate(name: &str) -> Result<Self, Error> {
        let mut params = CertificateParams::new(Vec::new())?;
        params.distinguished_name.push(DnType::CommonName, name);
        params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        validity(&mut params, AUTHORITY_YEARS);
        let key = KeyPair::generate()?;
        let certificate = params.self_signed(&key)?.pem();
        Ok(Authority { certificate, key: Secret::new(key.serialize_pem()) })
    }

    /// Signs a certificate for a server that is reached by these names and addresses.
    pub(in crate::backend) fn issue(&self, server: &str, names: Vec<String>) -> Result<Issued, Error> {
        let issuer = Issuer::from_ca_cert_pem(&self.certificate, KeyPair::from_pem(self.key.expose())?)?;
        let mut params = CertificateParams::new(names)?;
        params.distinguished_name.push(DnType::CommonName, server);
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        let end = validity(&mut params, LEAF_YEARS);
        let key = KeyPair::generate()?;
        let chain = params.signed_by(&key, &issuer)?.pem();
        let renew = end.saturating_sub(RENEW_DAYS.days());
        let renew_at = renew.to_zoned(TimeZone::UTC).map_or(0, |zoned| zoned.timestamp().as_second());
        Ok(Issued { chain, key: Secret::new(key.serialize_pem()), ca: self.certificate.clone(), renew_at })
    }
}

impl Issued {
    /// Whether it should be replaced by now.
    pub(in crate::backend) fn is_stale(&self) -> bool {
        Timestamp::now().as_second() >= self.renew_at
    }
}

/// Whether PostgreSQL could serve a certificate that somebody gives, PEM; why not, where it could not.
pub(in crate::backend) fn check(chain: &str, key: &Secret) -> Result<(), String> {
    let chain: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(chain.as_bytes()).collect();
    let chain = chain.map_err(|error| error.to_string())?;
    if chain.is_empty() {
        return Err("it holds no PEM certificate".to_owned());
    }
    let key = PrivateKeyDer::from_pem_slice(key.expose().as_bytes());
    let key = key.map_err(|error| format!("its private key: {error}"))?;
    let provider = rustls::crypto::aws_lc_rs::default_provider();
    rustls::sign::CertifiedKey::from_der(chain, key, &provider).map(drop).map_err(|error| error.to_string())
}

/// Makes it valid from yesterday, so that a clock a little behind accepts it, and gives its last day.
fn validity(params: &mut CertificateParams, years: i32) -> Date {
    let today = Timestamp::now().to_zoned(TimeZone::UTC).date();
    let moment = |date: Date| rcgen::date_time_ymd(date.year().into(), date.month() as u8, date.day() as u8);
    let end = today.saturating_add(years.years());
    params.not_before = moment(today.saturating_sub(1.day()));
    params.not_after = moment(end);
    end
}
