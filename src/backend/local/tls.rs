//! Serving certificates: the caller's own, or one signed by the CA of the data root.

use super::account::{Account, Readers};
use super::desired::Certificate;
use super::error::Error;
use super::layout::Layout;
use super::state::Issued;
use crate::backend::postgresql::Secret;
use jiff::{Timestamp, ToSpan, civil::Date, tz::TimeZone};
use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose,
};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};

/// For how long the CA, and what it signs, is valid, in years.
const CA_YEARS: i32 = 20;
const LEAF_YEARS: i32 = 1;
/// How long before its end a certificate is replaced.
const RENEW_DAYS: i64 = 60;
/// How servers are reached.
const NAMES: [&str; 3] = ["localhost", "127.0.0.1", "::1"];

/// Signs a certificate with the CA of the data root, which is made when there is none.
pub(super) fn issue(layout: &Layout, account: &Account, name: &str) -> Result<Issued, Error> {
    let (ca, key) = authority(layout, account)?;
    let issuer = Issuer::from_ca_cert_pem(&ca, KeyPair::from_pem(&key)?)?;
    let today = Timestamp::now().to_zoned(TimeZone::UTC).date();
    let mut params = CertificateParams::new(NAMES.map(str::to_owned))?;
    params.distinguished_name.push(DnType::CommonName, name);
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    let end = validity(&mut params, today, LEAF_YEARS);
    let key = KeyPair::generate()?;
    let chain = params.signed_by(&key, &issuer)?.pem();
    let renew = end.saturating_sub(RENEW_DAYS.days());
    let renew_at = renew.to_zoned(TimeZone::UTC).map_or(0, |zoned| zoned.timestamp().as_second());
    Ok(Issued { chain, key: Secret::new(key.serialize_pem()), ca, renew_at })
}

impl Issued {
    /// Whether it should be replaced by now.
    pub(super) fn is_stale(&self) -> bool {
        Timestamp::now().as_second() >= self.renew_at
    }

    /// The same as what a caller gives.
    pub(super) fn certificate(&self) -> Certificate {
        Certificate { chain: self.chain.clone(), key: self.key.clone(), ca: Some(self.ca.clone()) }
    }
}

/// Refuses a caller's certificate that PostgreSQL could not serve.
pub(super) fn check(certificate: &Certificate) -> Result<(), Error> {
    let invalid = |message: String| Error::InvalidCertificate(message);
    let chain: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(certificate.chain.as_bytes()).collect();
    let chain = chain.map_err(|error| invalid(error.to_string()))?;
    if chain.is_empty() {
        return Err(invalid("it holds no PEM certificate".to_owned()));
    }
    let key = PrivateKeyDer::from_pem_slice(certificate.key.expose().as_bytes());
    let key = key.map_err(|error| invalid(format!("its private key: {error}")))?;
    let provider = rustls::crypto::aws_lc_rs::default_provider();
    rustls::sign::CertifiedKey::from_der(chain, key, &provider)
        .map_err(|error| invalid(error.to_string()))?;
    Ok(())
}

/// The CA's certificate and key.
fn authority(layout: &Layout, account: &Account) -> Result<(String, String), Error> {
    let (cert_file, key_file) = (layout.ca().join("ca.crt"), layout.ca().join("ca.key"));
    let read = |path: &std::path::Path| std::fs::read_to_string(path).map_err(Error::io("read", path));
    if cert_file.exists() {
        return Ok((read(&cert_file)?, read(&key_file)?));
    }
    let mut params = CertificateParams::new(Vec::new())?;
    params.distinguished_name.push(DnType::CommonName, "databases.standard.k8s.io local PostgreSQL");
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    validity(&mut params, Timestamp::now().to_zoned(TimeZone::UTC).date(), CA_YEARS);
    let key = KeyPair::generate()?;
    let ca = params.self_signed(&key)?.pem();
    account.write(&key_file, key.serialize_pem().as_bytes(), Readers::Us)?;
    account.write(&cert_file, ca.as_bytes(), Readers::Us)?;
    Ok((ca, key.serialize_pem()))
}

/// Makes it valid from yesterday, so that a clock a little behind accepts it, and gives its last day.
fn validity(params: &mut CertificateParams, today: Date, years: i32) -> Date {
    let moment = |date: Date| rcgen::date_time_ymd(date.year().into(), date.month() as u8, date.day() as u8);
    let end = today.saturating_add(years.years());
    params.not_before = moment(today.saturating_sub(1.day()));
    params.not_after = moment(end);
    end
}
